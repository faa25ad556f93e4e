//! The HLS proxy: channels whose HLS cannot become a transport stream (fragmented MP4, DRM, sound in a list of its own),
//! passed on as they are, over one connection to the provider.
//!
//! ```text
//!  provider ──▶ fetch ──▶ pump ──playlists──▶ rewrite ──▶ shelf ══╦══▶ answer ──▶ player
//!  (one connection)   ONE task  └──segments───▶ pieces ───────────╩══▶ answer ──▶ player
//!                  per channel                 (kept once)             ▲
//!                       ▲ due, wanted, next                            │ references, no addresses
//!                       └──────────────────────────────────────────────┘
//! ```
//!
//! The pump is the only one who asks the provider, so that one connection is enough for any number of viewers: it follows
//! the playlists that somebody reads and fetches each new segment once, before it is asked for. A viewer finds playlists
//! and pieces on the shelf, or says what he wants and waits.
//!
//! A player never sees an address. What stands for it is a *reference* ([`mod@reference`]): only what the relay itself read in
//! a playlist has one, so nobody can make the relay ask for something else. What leaves is denied by default
//! ([`rewrite`]) and looked at once more ([`guard`]).
//!
//! Dropping a [`Proxy`] ends its pump, and with it the connection.

mod answer;
mod attribute;
mod delivery;
mod fetch;
mod guard;
mod meter;
mod page;
mod piece;
mod pieces;
mod pump;
mod reference;
mod rewrite;
mod shelf;
mod tag;
mod text;
mod trial;
mod variable;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use contract::bundle::Playable;
use contract::ticket::Key;
use httpc::Internet;
use tokio::task::AbortHandle;
use tracing::{Instrument, info_span};

use crate::headend::Headend;
use crate::refusal::{Failure, Refusal};
use crate::seat::Asking;
use crate::slot::Holder;
use httpd::metrics::Page;

pub(crate) use answer::piece;
pub(crate) use shelf::{ROOT, Shelf};
pub(crate) use tag::Kind;
pub(crate) use trial::passed as trial;

use meter::Meter;
use pieces::Pieces;
use pump::Pump;

/// How long it is remembered that a channel cannot become a transport stream. Providers change their minds.
const REMEMBERED: Duration = Duration::from_secs(600);

/// A channel that is passed on as HLS. Dropping it closes the upstream.
pub(crate) struct Proxy {
    channel: u32,
    shelf: Arc<Shelf>,
    began: Instant,
    pump: AbortHandle,
}

/// All of them.
pub(crate) struct Proxies {
    key: Key,
    pieces: Arc<Pieces>,
    internet: Internet,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    running: HashMap<u32, Weak<Proxy>>,
    /// Channels that turned out to be no transport streams, and when.
    foreign: HashMap<u32, Instant>,
}

/// What the operator is told of one.
pub(crate) struct Account {
    pub(crate) channel: u32,
    /// The source that it comes from.
    pub(crate) source: String,
    /// There is something to see.
    pub(crate) on_air: bool,
    pub(crate) viewers: u32,
    pub(crate) uptime: Duration,
    /// Bytes from the provider,
    pub(crate) received: u64,
    /// to viewers,
    pub(crate) sent: u64,
    /// and in memory.
    pub(crate) kept: usize,
}

impl Proxies {
    /// References are made with `key`; `memory` bytes of segments are kept.
    pub(crate) fn new(key: Key, memory: u64, internet: Internet) -> Self {
        Self { key, pieces: Pieces::new(memory), internet, books: Mutex::default() }
    }

    /// Whether `channel` is passed on as it is: it is just now, or a while ago turned out to be nothing else.
    pub(crate) fn takes(&self, channel: u32) -> bool {
        let mut books = self.books();
        books.foreign.retain(|_, since| since.elapsed() < REMEMBERED);
        let runs = books.running.get(&channel).is_some_and(|proxy| proxy.strong_count() > 0);
        runs || books.foreign.contains_key(&channel)
    }

    /// `channel` has turned out not to be a transport stream.
    pub(crate) fn note(&self, channel: u32) {
        self.books().foreign.insert(channel, Instant::now());
    }

    /// The proxy of `channel`, which begins with its first viewer. Returns at once: asking happens in the pump.
    ///
    /// # Errors
    /// The user begins channels too fast.
    pub(crate) fn open(
        &self,
        headend: &Arc<Headend>,
        channel: Playable,
        asking: &Asking,
    ) -> Result<Arc<Proxy>, Refusal> {
        let mut books = self.books();
        books.running.retain(|_, proxy| proxy.strong_count() > 0);
        let id = channel.id;
        let running = books.running.get(&id).and_then(Weak::upgrade);
        if let Some(proxy) = running.filter(|proxy| proxy.shelf.ended().is_none()) {
            return Ok(proxy);
        }
        headend.starts.admit(&asking.user, Instant::now())?;
        let meter = Meter::new(headend.tally.clone());
        let shelf = Shelf::new(self.key.clone(), self.pieces.clone(), meter);
        let (headend, asking, internet) = (headend.clone(), asking.clone(), self.internet.clone());
        let pump = Pump { headend, shelf: shelf.clone(), channel, asking, internet };
        let pump = tokio::spawn(pump.run().instrument(info_span!("channel", id))).abort_handle();
        let proxy = Arc::new(Proxy { channel: id, shelf, began: Instant::now(), pump });
        books.running.insert(id, Arc::downgrade(&proxy));
        Ok(proxy)
    }

    /// What is running, by channel.
    pub(crate) fn running(&self) -> Vec<Account> {
        let proxies: Vec<Arc<Proxy>> = self.books().running.values().filter_map(Weak::upgrade).collect();
        let account = |proxy: &Arc<Proxy>| Account {
            channel: proxy.channel,
            source: proxy.shelf.source(),
            on_air: proxy.shelf.has_begun(),
            viewers: u32::try_from(Arc::strong_count(proxy) - 1).unwrap_or(u32::MAX), // one of them is ours
            uptime: proxy.began.elapsed(),
            received: proxy.shelf.meter.own.received.get(),
            sent: proxy.shelf.meter.own.sent.get(),
            kept: proxy.shelf.kept(),
        };
        let mut running: Vec<Account> = proxies.iter().map(account).collect();
        running.sort_by_key(|account| account.channel);
        running
    }

    pub(crate) fn render(&self, page: &mut Page) {
        let running = self.running();
        let viewers: u32 = running.iter().map(|account| account.viewers).sum();
        page.gauge("coax_relay_passed_channels", "Channels whose HLS is passed on.").value(running.len());
        page.gauge("coax_relay_passed_viewers", "Viewers of channels whose HLS is passed on.").value(viewers);
        page.gauge("coax_relay_segment_bytes", "Bytes of passed segments in memory.")
            .value(self.pieces.held());
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nobody panics while holding this lock")
    }
}

impl Proxy {
    /// What viewers read.
    pub(crate) fn shelf(&self) -> Arc<Shelf> {
        self.shelf.clone()
    }

    /// What its slot is held for.
    pub(crate) fn holder(&self) -> Holder {
        Holder::Channel(self.channel)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.pump.abort();
        self.shelf.end(Failure::Closing);
    }
}
