//! One channel that is being received: one upstream connection, one task, whoever watches.
//!
//! ```text
//!  Search: which upstream next ──▶ take: a slot, so which login ──▶ open ──▶ pump ──▶ feed
//!     ▲                              ▲ another login                 │        │
//!     └──────────────────────────────┴─────── remedy ◀── why ◀───────┴────────┘
//! ```

mod air;
mod pump;
mod search;

use std::sync::Arc;
use std::time::Duration;

use contract::bundle::{Playable, Upstream};
use contract::ticket::pass::Class;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tracing::{Instrument, info, info_span};

use crate::feed::{Feed, Limits};
use crate::headend::{Claim, Headend};
use crate::refusal::Failure;
use crate::remedy::{ASK_AGAIN, Next, may_be_counted, remedy};
use crate::seat::Asking;
use crate::settings::Splice;
use crate::signal::Signal;
use crate::slot::{Holder, Slot};
use crate::upstream::Reception;
use air::Air;
use search::{Attempt, Search};

/// A channel on the air. Dropping it closes the upstream.
pub(crate) struct Tuner {
    pub(crate) channel: u32,
    pub(crate) feed: Arc<Feed>,
    pub(crate) signal: Arc<Signal>,
    pump: AbortHandle,
}

/// The one writer of a feed.
struct Pump {
    headend: Arc<Headend>,
    feed: Arc<Feed>,
    signal: Arc<Signal>,
    channel: Playable,
    /// For whom it was begun, if somebody watches.
    asking: Option<Asking>,
    air: Air,
    slot: Option<Slot>,
    /// This connection has given something.
    received: bool,
    /// The provider has refused, perhaps because it still counted a connection that was closed.
    counted: bool,
}

impl Tuner {
    /// Begins to receive `channel` for its first viewer.
    pub(crate) fn start(headend: Arc<Headend>, channel: Playable, asking: Option<Asking>) -> Self {
        let feed = Arc::new(Feed::new(Limits::new(&headend.settings), headend.tally.clone()));
        let signal = Arc::new(Signal::new());
        let (id, air) = (channel.id, Air::new(feed.clone(), &headend.settings));
        let pump = Pump {
            headend,
            feed: feed.clone(),
            signal: signal.clone(),
            channel,
            asking,
            air,
            slot: None,
            received: false,
            counted: false,
        };
        let pump = tokio::spawn(pump.run().instrument(info_span!("channel", id))).abort_handle();
        Self { channel: id, feed, signal, pump }
    }

    pub(crate) fn holder(&self) -> Holder {
        Holder::Channel(self.channel)
    }

    /// Ends it now, whoever has it.
    pub(crate) fn close(&self) {
        self.pump.abort();
        self.feed.end(Some(Failure::Closing));
    }
}

impl Drop for Tuner {
    fn drop(&mut self) {
        self.close();
    }
}

impl Drop for Pump {
    /// However the pump ends, nobody waits for it for ever.
    fn drop(&mut self) {
        self.feed.end(Some(Failure::Ended));
    }
}

impl Pump {
    async fn run(mut self) {
        let why = self.search().await;
        info!(%why, "off the air");
        self.slot = None;
        // What is lost while it lingers has not been looked for: who comes back is not to wait.
        if self.feed.watching() > 0 && !matches!(why, Failure::Full | Failure::Changed) {
            self.headend.failed(self.channel.id, why.clone());
        }
        self.feed.end(Some(why));
    }

    /// Receives the channel from one upstream after the other, and holds the viewers in between, for as long as that
    /// makes sense. Why it does no more.
    async fn search(&mut self) -> Failure {
        let upstreams = self.channel.upstreams.clone();
        let settings = self.headend.settings.clone();
        let mut search = Search::new(upstreams.len(), settings.give_up, Instant::now());
        loop {
            let Some(upstream) = upstreams.get(search.at()) else { return Failure::NoSource };
            let began = Instant::now();
            let why = self.receive(upstream).await;
            let attempt = Attempt { why: &why, received: self.received, lasted: began.elapsed() };
            let pause = search.next(attempt, Instant::now()).or_else(|| self.show_card(&mut search, &why));
            let Some(pause) = pause else { return why };
            let seen = self.feed.started();
            if seen && self.feed.watching() == 0 {
                return why; // it lingers, for nobody
            }
            if seen && settings.splice == Splice::Close {
                return if why.is_refusal() { why } else { Failure::Changed };
            }
            info!(account = upstream.account, %why, next = search.at(), "lost, or not found");
            if self.air.card() {
                self.slot = None; // others may have it meanwhile
            }
            self.air.wait(jitter(pause)).await;
            if seen {
                self.feed.restarted(self.air.cutter.lost_packets());
            }
        }
    }

    /// Where viewers would see the end: gives them the error card instead, if that is wanted and they can see it, and
    /// prolongs the search. How long to wait before the next attempt.
    fn show_card(&mut self, search: &mut Search, why: &Failure) -> Option<Duration> {
        let settings = &self.headend.settings;
        let wanted = settings.error_card && settings.splice != Splice::Close;
        if !wanted || remedy(why).0 == Next::Nowhere || self.feed.watching() == 0 {
            return None;
        }
        let pause = search.prolong(settings.error_card_time, Instant::now())?;
        self.air.show_card().then_some(pause)
    }

    /// Connects with one login of the account after the other, and receives until that ends; says why.
    async fn receive(&mut self, upstream: &Upstream) -> Failure {
        let mut tried = Vec::new();
        let mut before = None;
        let mut refused_as = None;
        loop {
            self.air.cutter.begin();
            self.received = false;
            self.signal.dialling(upstream);
            if let Err(why) = self.take(upstream, &tried).await {
                return before.unwrap_or(why); // that there is no further login says less
            }
            // As whom: other channels of the account may be asked for at the same time.
            let disguised = self.headend.dialler.is_disguised(&upstream.account);
            let why = match self.open(upstream).await {
                Ok(reception) => self.pump(reception).await,
                Err(why) => why,
            };
            self.headend.tally.failed(&why);
            let Some(slot) = &mut self.slot else { return why };
            if self.received {
                slot.closed(&why);
                return why;
            }
            let (next, blame) = remedy(&why);
            let dialler = &self.headend.dialler;
            // Whoever was let in a moment ago is not refused for what he is.
            let other = next == Next::OtherAgent && refused_as.is_none() && !self.feed.started();
            if other && dialler.disguise(&upstream.account, !disguised) {
                refused_as = Some(disguised);
                continue;
            }
            if let Some(disguised) = refused_as.take() {
                dialler.disguise(&upstream.account, disguised); // the other did not help
            }
            slot.refused(self.channel.id, blame, &why);
            if !matches!(next, Next::OtherLogin | Next::OtherAgent) {
                return why;
            }
            tried.push(slot.login());
            self.slot = None;
            before = Some(why);
        }
    }

    /// Makes sure of a connection of the upstream's account, with none of the logins that were `tried`.
    async fn take(&mut self, upstream: &Upstream, tried: &[usize]) -> Result<(), Failure> {
        let fits = |slot: &Slot| slot.account() == upstream.account && slot.is_welcome();
        if !self.slot.as_ref().is_some_and(fits) {
            self.slot = None;
            let (account, holder) = (&upstream.account, Holder::Channel(self.channel.id));
            let class = self.feed.class();
            // Nobody's other stream makes room for what he does not watch any more, and others record.
            let asking = self.asking.as_ref().filter(|_| class == Class::Viewer);
            let claim = Claim { account, holder, class, asking, except: tried };
            self.slot = Some(self.air.held(self.headend.claim(claim)).await?);
            self.headend.slots.reclass(holder, self.feed.class()); // somebody may have come meanwhile
        }
        Ok(())
    }

    async fn open(&mut self, upstream: &Upstream) -> Result<Reception, Failure> {
        let slot = self.slot.as_ref().ok_or(Failure::Full)?;
        self.air.wait(slot.still_busy()).await;
        let mut again = ASK_AGAIN.iter();
        loop {
            let opening = Reception::open(&self.headend.dialler, upstream, slot.login());
            let opened = self.air.held(opening).await;
            let Err(why) = opened else { return opened };
            let counted = may_be_counted(&why) && slot.still_counted();
            self.counted |= counted;
            // While viewers are held, the search comes back often enough.
            let again = again.next().filter(|_| counted && !self.feed.started());
            let Some(seconds) = again else { return Err(why) };
            self.air.wait(Duration::from_secs(*seconds)).await;
        }
    }
}

/// Up to a fifth more or less.
fn jitter(time: Duration) -> Duration {
    time.mul_f64(rand::random_range(0.8..1.2))
}
