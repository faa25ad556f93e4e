//! One channel that is being received: one upstream connection, one task, whoever watches.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use contract::bundle::{Playable, Upstream};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};
use tracing::{Instrument, debug, info, info_span};

use crate::cutter::Cutter;
use crate::feed::{Feed, Limits};
use crate::headend::{Claim, Headend};
use crate::refusal::Failure;
use crate::remedy::{Next, remedy};
use crate::seat::Asking;
use crate::signal::Signal;
use crate::slot::{Holder, Slot};
use crate::upstream::{Received, Reception};

/// Waits before the attempts to get a lost channel back; the last one is repeated. Each is up to a fifth longer or
/// shorter, so that the channels of a provider that went down do not come back in step.
const BACK_OFF: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5)];
/// A connection that held this long was a good one: the next loss is a new story.
const STABLE: Duration = Duration::from_secs(30);
/// An upstream that ends by itself sooner than this was a clip and no channel.
const CLIP: Duration = Duration::from_secs(15);
/// Refusals in a row after which a lost channel is given up: a provider that says no means it.
const REFUSALS: u32 = 3;
/// Where a refusal may only mean that the provider still counts the connection we have just closed, it is asked again
/// after these many seconds each.
const ASK_AGAIN: [u64; 3] = [1, 2, 4];
/// A connection closed this recently may still be counted.
const STILL_COUNTED: Duration = Duration::from_secs(10);
/// Viewers get a sign of life when there is nothing else for this long.
const QUIET: Duration = Duration::from_millis(500);

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
    asking: Asking,
    cutter: Cutter,
    slot: Option<Slot>,
}

impl Tuner {
    /// Begins to receive `channel` for its first viewer.
    pub(crate) fn start(headend: Arc<Headend>, channel: Playable, asking: Asking) -> Self {
        let feed = Arc::new(Feed::new(Limits::new(&headend.settings), headend.tally.clone()));
        let signal = Arc::new(Signal::new());
        let (id, cutter) = (channel.id, Cutter::new(&headend.settings));
        let pump =
            Pump { headend, feed: feed.clone(), signal: signal.clone(), channel, asking, cutter, slot: None };
        let pump = tokio::spawn(pump.run().instrument(info_span!("channel", id))).abort_handle();
        Self { channel: id, feed, signal, pump }
    }

    pub(crate) fn holder(&self) -> Holder {
        Holder::Channel(self.channel)
    }
}

impl Drop for Tuner {
    fn drop(&mut self) {
        self.pump.abort();
        self.feed.end(Some(Failure::Closing));
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
        let why = match self.begin().await {
            Ok((upstream, why)) => self.go_on(&upstream, why).await,
            Err(why) => why,
        };
        info!(%why, "off the air");
        self.slot = None;
        if !matches!(why, Failure::Full | Failure::Changed) {
            self.headend.failed(self.channel.id, why.clone());
        }
        self.feed.end(Some(why));
    }

    /// Tries every upstream in order until one sends. Returns when that one is lost: which it was, and why.
    ///
    /// # Errors
    /// None of them sends.
    async fn begin(&mut self) -> Result<(Upstream, Failure), Failure> {
        let mut why = Failure::NoSource;
        for upstream in self.channel.upstreams.clone() {
            why = self.receive(&upstream).await;
            if self.feed.started() {
                return Ok((upstream, why));
            }
            debug!(account = upstream.account, %why, "no upstream");
        }
        Err(why)
    }

    /// Holds the viewers while the channel is received anew, again and again. Returns why that had to end.
    async fn go_on(&mut self, upstream: &Upstream, mut why: Failure) -> Failure {
        let (mut attempt, mut refusals, mut lost) = (0, 0, Instant::now());
        loop {
            refusals = if why.is_refusal() { refusals + 1 } else { 0 };
            let given_up = lost.elapsed() > self.headend.settings.give_up;
            let unwatched = self.feed.watching() == 0; // lingering, for nobody
            if given_up || unwatched || refusals >= REFUSALS || why == Failure::Changed {
                return why;
            }
            info!(account = upstream.account, %why, attempt, "lost; receiving again");
            self.wait(jitter(BACK_OFF[BACK_OFF.len().min(attempt + 1) - 1])).await;
            attempt += 1;
            self.feed.restarted(self.cutter.lost_packets());
            let began = Instant::now();
            why = self.receive(upstream).await;
            if self.cutter.running() {
                lost = Instant::now();
                attempt = if began.elapsed() > STABLE { 0 } else { attempt };
            }
        }
    }

    /// Connects with one login of the account after the other, and receives until that ends; says why.
    async fn receive(&mut self, upstream: &Upstream) -> Failure {
        let mut tried = Vec::new();
        let mut before = None;
        loop {
            self.cutter.begin();
            self.signal.dialling(upstream);
            if let Err(why) = self.take(upstream, &tried).await {
                return before.unwrap_or(why); // that there is no further login says less
            }
            let why = match self.open(upstream).await {
                Ok(reception) => self.pump(reception).await,
                Err(why) => why,
            };
            self.headend.tally.failed(&why);
            let (next, blame) = remedy(&why);
            let Some(slot) = &self.slot else { return why };
            if self.cutter.running() {
                slot.accepted(false);
                return why;
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
        if self.slot.as_ref().is_none_or(|slot| slot.account() != upstream.account) {
            self.slot = None;
            let (account, holder) = (&upstream.account, Holder::Channel(self.channel.id));
            let claim = Claim { account, holder, asking: &self.asking, except: tried };
            self.slot = Some(self.headend.claim(claim).await?);
        }
        Ok(())
    }

    async fn open(&mut self, upstream: &Upstream) -> Result<Reception, Failure> {
        let slot = self.slot.as_ref().ok_or(Failure::Full)?;
        let mut again = ASK_AGAIN.iter();
        loop {
            let opening = Reception::open(&self.headend.dialler, upstream, slot.login());
            let opened = self.held(opening).await;
            let Err(Failure::Refused(status)) = opened else { return opened };
            let counted = !matches!(status, 401 | 404 | 410 | 451)
                && slot.still_counted().is_some_and(|since| since < STILL_COUNTED);
            match again.next().filter(|_| counted && !self.feed.started()) {
                Some(seconds) => sleep(Duration::from_secs(*seconds)).await,
                None => return opened,
            }
        }
    }

    /// Feeds what comes in. One timer for the channel: when the pending chunk is due, or the viewers have heard nothing
    /// for too long.
    async fn pump(&mut self, mut reception: Reception) -> Failure {
        let began = Instant::now();
        let mut timer = pin!(sleep(QUIET));
        loop {
            tokio::select! {
                biased;
                read = reception.next() => match read {
                    Ok(Some(Received::Splice)) => {
                        self.publish(true);
                        self.cutter.begin();
                    }
                    Ok(Some(Received::Bytes(bytes))) => {
                        let pending = self.cutter.due();
                        self.feed.received(bytes.len(), self.cutter.lost_packets());
                        if let Some(time) = self.signal.receiving() {
                            self.headend.tally.first_bytes.add(time);
                        }
                        self.cutter.push(&bytes, std::time::Instant::now());
                        if let Some(foreign) = self.cutter.foreign() {
                            return Failure::Foreign(foreign);
                        }
                        if self.cutter.changed() {
                            return Failure::Changed;
                        }
                        if self.publish(false) || pending != self.cutter.due() {
                            timer.as_mut().reset(self.next_turn());
                        }
                    }
                    Ok(None) => return self.ended(began),
                    Err(why) => {
                        self.publish(true);
                        return why;
                    }
                },
                () = &mut timer => {
                    let turn = if self.publish(true) {
                        self.next_turn()
                    } else {
                        self.feed.fill();
                        Instant::now() + QUIET // what is held back may be due, and stays so
                    };
                    timer.as_mut().reset(turn);
                }
            }
        }
    }

    /// Gives the feed what is ready, or `all` of what is pending. Whether there was something.
    fn publish(&mut self, all: bool) -> bool {
        let due = self.cutter.due().is_some_and(|due| due <= std::time::Instant::now());
        let mut published = false;
        while let Some(cut) = self.cutter.take(all || due) {
            self.feed.push(cut);
            published = true;
        }
        published
    }

    fn next_turn(&self) -> Instant {
        self.cutter.due().map_or_else(|| Instant::now() + QUIET, Instant::from_std)
    }

    fn ended(&mut self, began: Instant) -> Failure {
        self.publish(true);
        match self.cutter.foreign_at_end() {
            Some(foreign) => Failure::Foreign(foreign),
            None if began.elapsed() < CLIP => Failure::Clip,
            None => Failure::Ended,
        }
    }

    async fn wait(&self, time: Duration) {
        self.held(sleep(time)).await;
    }

    /// Does `something` and meanwhile gives viewers a sign of life, if they have seen anything yet.
    async fn held<T>(&self, something: impl Future<Output = T>) -> T {
        let mut something = pin!(something);
        loop {
            match tokio::time::timeout(QUIET, &mut something).await {
                Ok(done) => return done,
                Err(_) => self.feed.fill(),
            }
        }
    }
}

/// Up to a fifth more or less.
fn jitter(time: Duration) -> Duration {
    time.mul_f64(rand::random_range(0.8..1.2))
}
