//! Channels of Ace Stream, through an engine beside us: a closed program that finds the peers and speaks HTTP.
//!
//! ```text
//!  Reception ──▶ Engine ──▶ Channel: ONE session per broadcast ══▶ Source ══╦══▶ Pipe ──▶ tuner
//!                │ books    └ start ▶ media + statistics ▶ stop             ╚══▶ Pipe ──▶ tuner
//!                └ by infohash, by every id that turned out to mean it
//! ```
//!
//! The engine has one session per broadcast and one reader per session: who starts it again takes it from whoever has it,
//! and a stop by anybody stops it for all. So channels of ours that are the same broadcast share one [`Channel`], whatever
//! they are listed as. Sessions stop by being dropped, once each.
//!
//! What is read is one transport stream. Some builds, and some contents, give none: then the engine's HLS is read, whose
//! segments it cuts at a price, and not of every channel.

mod answer;
mod api;
mod channel;
mod events;
mod media;
mod pipe;
mod poller;
mod session;
mod vigil;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use contract::ace::{AceId, Kind};
use contract::bundle::Upstream;
use contract::source::BaseUrl;
use tokio::sync::watch;
use url::Url;

use api::Api;
pub(crate) use channel::Snapshot;
use channel::{Channel, Shared};
use pipe::Pipe;

use super::Received;
use crate::refusal::{Ace, Failure};
use crate::settings::Settings;

/// Ids of which it is remembered what they are; when it is full, all are forgotten.
const KNOWN: usize = 4096;
/// How long somebody who has lost a session waits to hear that it was we who took it.
const UNKNOWN: Duration = Duration::from_secs(5);

/// Asks the engine at `base`, of which only host and port count, for its version.
///
/// # Errors
/// Why it does not tell, in words.
pub async fn engine_version(base: &BaseUrl) -> Result<String, String> {
    let api = Api::new(base).map_err(|error| error.without_url().to_string())?;
    api.version().await.map_err(|why| why.to_string())
}

/// The engine, and what is received through it.
pub(crate) struct Engine {
    api: Api,
    pub(super) settings: Settings,
    books: Mutex<Books>,
    /// Starts that are under way of ids of which it is not known what broadcast they are.
    unknown: watch::Sender<usize>,
}

#[derive(Default)]
struct Books {
    /// By every id that means it.
    channels: HashMap<AceId, Weak<Channel>>,
    known: HashMap<AceId, Known>,
    failed: HashMap<AceId, (Instant, Ace)>,
}

/// What an id turned out to be.
#[derive(Clone)]
struct Known {
    kind: Kind,
    infohash: Option<AceId>,
}

/// Who else receives a broadcast that was started.
enum Found {
    /// Nobody.
    First,
    Running(Arc<Channel>),
}

/// A start under way.
struct Unknown(Arc<Engine>);

impl Drop for Unknown {
    fn drop(&mut self) {
        self.0.unknown.send_modify(|starts| *starts -= 1);
    }
}

/// A channel that is coming in. The last one to be dropped stops the session.
pub(crate) struct Stream {
    _channel: Arc<Channel>,
    pipe: Arc<Pipe>,
}

impl Engine {
    /// The engine of `[relay] ace_engine`; nobody asks it anything before there is a viewer. Called within the runtime
    /// that its channels shall run in.
    pub(super) fn new(settings: &Settings) -> reqwest::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            api: Api::new(&settings.ace_engine)?,
            settings: settings.clone(),
            books: Mutex::default(),
            unknown: watch::Sender::new(0),
        }))
    }

    /// Receives what `upstream` names, with whoever receives it already. Returns at once.
    ///
    /// # Errors
    /// It is no id, or could not be received a moment ago.
    pub(super) fn receive(self: &Arc<Self>, upstream: &Upstream) -> Result<Stream, Failure> {
        let id = AceId::parse(&upstream.path).map_err(|_| Failure::Dead("it is no Ace Stream id"))?;
        let mut books = self.books();
        if let Some(channel) = books.running(&id) {
            let pipe = channel.pipe();
            return Ok(Stream { _channel: channel, pipe });
        }
        books.failed.retain(|_, (since, _)| since.elapsed() < self.settings.failure_memory);
        let infohash = books.known.get(&id).and_then(|known| known.infohash.clone());
        let failed = [Some(&id), infohash.as_ref()].into_iter().flatten().find_map(|id| books.failed.get(id));
        if let Some((_, why)) = failed {
            return Err(Failure::Ace(*why));
        }
        books.channels.retain(|_, channel| channel.strong_count() > 0);
        let channel = Channel::start(self.clone(), id.clone());
        let weak = Arc::downgrade(&channel);
        books.channels.extend(infohash.into_iter().chain([id]).map(|id| (id, weak.clone())));
        drop(books);
        let pipe = channel.pipe();
        Ok(Stream { _channel: channel, pipe })
    }

    /// How a channel is doing that `upstream` names, if it is being received.
    pub(crate) fn snapshot(&self, upstream: &Upstream) -> Option<Snapshot> {
        let id = AceId::parse(&upstream.path).ok()?;
        let channel = self.books().running(&id)?;
        Some(channel.snapshot())
    }

    /// The engine's version.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) async fn version(&self) -> Result<String, Failure> {
        Ok(self.api.version().await?)
    }

    /// At most so many bytes of what is at an address that the engine has given.
    ///
    /// # Errors
    /// It has none, or says that the session is no more.
    pub(super) async fn piece(&self, given: &Url, most: usize) -> Result<Vec<u8>, Failure> {
        self.api.piece(given, most).await
    }

    /// Waits until every session is stopped, at most some seconds.
    pub(crate) async fn stopped_all(&self) {
        self.api.all_stopped().await;
    }

    /// Waits until a session of `id` that nobody has any more is stopped.
    async fn stopped(&self, id: &AceId) {
        let infohash = self.books().known.get(id).and_then(|known| known.infohash.clone());
        let hexes = [Some(id), infohash.as_ref()].into_iter().flatten().map(|id| id.hex().to_owned());
        self.api.stopped(&hexes.collect::<Vec<_>>()).await;
    }

    /// Says that `id` is being started, until it is dropped.
    fn starting(self: &Arc<Self>, id: &AceId) -> Option<Unknown> {
        let known = self.books().known.get(id).is_some_and(|known| known.infohash.is_some());
        (!known).then(|| {
            self.unknown.send_modify(|starts| *starts += 1);
            Unknown(self.clone())
        })
    }

    /// Waits until nothing is being started that might be the same as something else, but not for long.
    async fn starts_known(&self) {
        let mut unknown = self.unknown.subscribe();
        let _ = tokio::time::timeout(UNKNOWN, unknown.wait_for(|starts| *starts == 0)).await;
    }

    /// The kinds that `id` is asked for as, one after the other.
    fn kinds(&self, id: &AceId) -> Vec<Kind> {
        channel::kinds(id.kind(), self.books().known.get(id).map(|known| known.kind))
    }

    /// `id` was started as a `kind` and is the broadcast `infohash`, for the channel that has `shared`.
    fn started(&self, id: &AceId, kind: Kind, infohash: Option<AceId>, shared: &Arc<Shared>) -> Found {
        let mut books = self.books();
        if books.known.len() >= KNOWN {
            books.known.clear();
        }
        books.known.insert(id.clone(), Known { kind, infohash: infohash.clone() });
        let Some(infohash) = infohash else { return Found::First };
        match books.running(&infohash) {
            Some(other) if !Arc::ptr_eq(&other.shared, shared) => Found::Running(other),
            Some(_) => Found::First,
            None => {
                if let Some(channel) = books.channels.get(id).cloned() {
                    books.channels.insert(infohash, channel);
                }
                Found::First
            }
        }
    }

    /// Remembers for a moment that `id` could not be received, so that nobody hammers the engine.
    fn failed(&self, id: &AceId, why: &Ace) {
        let mut books = self.books();
        let infohash = books.known.get(id).and_then(|known| known.infohash.clone());
        let now = Instant::now();
        books.failed.extend(infohash.into_iter().chain([id.clone()]).map(|id| (id, (now, *why))));
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nobody panics while holding this lock")
    }
}

impl Books {
    fn running(&self, id: &AceId) -> Option<Arc<Channel>> {
        let direct = self.channels.get(id).and_then(Weak::upgrade);
        let by_hash = || self.channels.get(self.known.get(id)?.infohash.as_ref()?)?.upgrade();
        direct.or_else(by_hash).filter(|channel| !channel.ended())
    }
}

impl Stream {
    /// What comes next. May be dropped while it waits.
    ///
    /// # Errors
    /// The engine has given it up.
    pub(super) async fn next(&mut self) -> Result<Option<Received>, Failure> {
        self.pipe.next().await.map(Some)
    }
}
