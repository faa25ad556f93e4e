//! What the threads of all jobs share, and what each of them has.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::Context;
use contract::disk::Data;
use contract::source::BaseUrl;
use contract::stock::Stock;
use contract::ticket::Key;
use tokio_util::sync::CancellationToken;

use crate::Settings;
use crate::engine::http::Client;
use crate::job::{Job, State};
use crate::pace::Bucket;
use crate::store::{Store, StoreError};
use crate::tmdb::Tmdb;

/// What the threads of all jobs share.
pub(super) struct Work {
    pub(super) store: Store,
    pub(super) client: Client,
    pub(super) tmdb: Tmdb,
    /// What is played from here in place of its provider.
    pub(super) stock: Stock,
    pub(super) data: Data,
    pub(super) settings: Settings,
    pub(super) relay: BaseUrl,
    /// Signs passes for the relay.
    pub(super) key: Key,
    /// The folder in which files are collected.
    pub(super) temp: PathBuf,
    /// The boot of this machine in which that happens.
    pub(super) boot: String,
}

impl Work {
    /// # Errors
    /// The key cannot be used, or the system gives no TLS.
    pub(super) fn new(
        data: &Data,
        settings: Settings,
        relay: BaseUrl,
        store: Store,
        boot: String,
    ) -> anyhow::Result<Self> {
        let key =
            Key::load(&data.key()).with_context(|| format!("{} cannot be used", data.key().display()))?;
        Ok(Self {
            store,
            client: Client::new().context("the system gives no TLS")?.with_clip(settings.clip),
            tmdb: Tmdb::new(settings.tmdb.clone()).context("the system gives no TLS")?,
            stock: Stock::new(data),
            data: data.clone(),
            temp: settings.temp(data),
            settings,
            relay,
            key,
            boot,
        })
    }
}

/// One attempt at one step of a job's life, on its own thread.
pub(super) struct Attempt<'a> {
    pub(super) work: &'a Work,
    pub(super) job: Job,
    pub(super) bytes: &'a AtomicU64,
    pub(super) stop: &'a CancellationToken,
    pub(super) paces: Vec<Arc<Bucket>>,
}

impl Attempt<'_> {
    pub(super) async fn make(self) -> Result<(), StoreError> {
        match (self.job.state, self.job.wish.airing.clone()) {
            (State::Transferring, _) => self.deliver().await,
            (_, Some(airing)) => self.record(&airing).await,
            (_, None) => self.fetch().await,
        }
    }
}
