//! A running station.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use http::HeaderValue;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::ace::{self, Content as AceContent};
use crate::catalogue::Catalogue;
use crate::fault::Fault;
use crate::ledger::Counts;
use crate::provider::{Provider, Published};
use crate::service;
use crate::settings::{Settings, Target};
use crate::television::Reels;

/// A provider that answers on a socket of its own. Dropping it cuts its connections and closes the socket.
pub struct Station {
    address: SocketAddr,
    engine: SocketAddr,
    provider: Arc<Provider>,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Station {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Station {
    /// Listens and begins to answer, inside the current tokio runtime.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        let listen = settings.listen;
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("station: listen on {listen}"))?;
        let address = listener.local_addr().context("station: own address")?;
        let listen = settings.ace.listen;
        let for_engine = TcpListener::bind(listen)
            .await
            .with_context(|| format!("station: listen on {listen} as an engine"))?;
        let engine = for_engine.local_addr().context("station: the engine's address")?;
        let provider = Arc::new(Provider::new(settings, engine));
        let answering_engine = tokio::spawn(ace::serve(for_engine, provider.clone()));
        let answering = provider.clone();
        let answer = move |request, _peer| service::answer(answering.clone(), request);
        let task = tokio::spawn(async move {
            httpd::serve(listener, httpd::Settings::default(), answer, std::future::pending()).await;
        });
        Ok(Self { address, engine, provider, tasks: [task, answering_engine] })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://ADDRESS`, without a slash at the end: what a person would type into an app.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has seen so far.
    pub fn counts(&self) -> Counts {
        self.provider.counts()
    }

    /// Forgets what it has seen, all faults and all that is the matter with contents.
    pub fn reset(&self) {
        self.provider.reset();
    }

    /// `http://ADDRESS` of the Ace Stream engine, without a slash at the end. What the engine answers can be had from
    /// [`Station::url`], too, but only here a second reader gets what is no HTTP.
    pub fn engine_url(&self) -> String {
        format!("http://{}", self.engine)
    }

    /// The Ace Stream content id of the channel at a place in the line-up.
    pub fn content_id(&self, index: u32) -> String {
        ace::content_id(self.catalogue().seed, index)
    }

    /// Its infohash.
    pub fn infohash(&self, index: u32) -> String {
        ace::infohash(self.catalogue().seed, index)
    }

    /// What lists say of it: its content id, or, every sixth time, its infohash.
    pub fn listed_id(&self, index: u32) -> String {
        ace::listed_id(self.catalogue().seed, index)
    }

    /// From now on a channel is such a content of the engine, by stream id.
    pub fn set_content(&self, id: u32, content: AceContent) {
        self.provider.set_content(id, content);
    }

    /// From now on this goes wrong there, until [`Station::clear_fault`].
    pub fn set_fault(&self, target: impl Into<Target>, fault: Fault) {
        self.provider.set_fault(target.into(), Some(fault), 0, None);
    }

    /// The next `times` requests go wrong there, and no more.
    pub fn set_fault_times(&self, target: impl Into<Target>, fault: Fault, times: u32) {
        self.provider.set_fault(target.into(), Some(fault), 0, Some(times));
    }

    /// After so many requests that go well, this goes wrong there.
    pub fn set_fault_after(&self, target: impl Into<Target>, fault: Fault, after: u32) {
        self.provider.set_fault(target.into(), Some(fault), after, None);
    }

    /// Nothing goes wrong there any more.
    pub fn clear_fault(&self, target: impl Into<Target>) {
        self.provider.set_fault(target.into(), None, 0, None);
    }

    /// Answers `path` (such as `/list.m3u`) with these bytes from now on, with a validator; `encoding` is how they are
    /// packed for the journey, as in `Content-Encoding`. Counted and afflicted under the path: `action=/list.m3u`.
    ///
    /// # Panics
    /// The type or the encoding is no header value.
    pub fn publish(&self, path: &str, bytes: impl Into<Bytes>, content_type: &str, encoding: Option<&str>) {
        let header = |text: &str| HeaderValue::try_from(text).expect("a header value");
        let document = Published {
            bytes: bytes.into(),
            content_type: header(content_type),
            encoding: encoding.map(header),
        };
        self.provider.publish(path, document);
    }

    /// What is on offer: ids, names, sizes.
    pub fn catalogue(&self) -> &Catalogue {
        &self.provider.catalogue
    }

    /// The frequency in hertz of a channel's tone, by stream id.
    pub fn tone(id: u32) -> u32 {
        Reels::tone(id)
    }

    /// The address of a live channel as a transport stream, by its place in the line-up, for the first account.
    pub fn live_url(&self, index: u32) -> String {
        self.stream_url("live", self.catalogue().live_id(index), "ts")
    }

    /// The address of a stream of the first account: `kind` is `live`, `movie` or `series`.
    pub fn stream_url(&self, kind: &str, id: u32, extension: &str) -> String {
        let (username, password) = match self.provider.settings.accounts.first() {
            Some(account) => (account.username.as_str(), account.password.as_str()),
            None => ("", ""),
        };
        format!("{}/{kind}/{username}/{password}/{id}.{extension}", self.url())
    }

    /// The address of a live channel's transport stream for the first account as another encoder makes it; `variant`
    /// such as `hevc,ac3` or `wrap:5`, see `station --help`.
    pub fn variant_url(&self, variant: &str, id: u32) -> String {
        self.stream_url(&format!("variant/{variant}"), id, "ts")
    }

    /// The address of a live channel on an HLS origin for the first account; `quirks` such as `aes-iv,gap:5` or
    /// `plain`, see `station --help`.
    pub fn origin_url(&self, quirks: &str, id: u32) -> String {
        let account = self.provider.settings.accounts.first().cloned().unwrap_or_default();
        format!("{}/origin/{quirks}/{}/{}/{id}/index.m3u8", self.url(), account.username, account.password)
    }

    /// The address of an action of `player_api.php` for the first account; no action is the account document.
    pub fn api_url(&self, action: &str) -> String {
        let account = self.provider.settings.accounts.first().cloned().unwrap_or_default();
        format!(
            "{}/player_api.php?username={}&password={}&action={action}",
            self.url(),
            account.username,
            account.password
        )
    }
}
