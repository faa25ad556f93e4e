//! All reception of one relay: which channels are tuned, who watches them, and what is let go for whom.
//!
//! A tuner belongs to those who watch it; the map only finds it. When the last one leaves, it lingers for a while in
//! case he comes back, unless somebody needs its account's connection.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use contract::bundle::{Playable, Protocol};
use contract::release::Follower;
use contract::source::Origin;
use contract::user::User;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::feed::Feed;
use crate::metrics::Page;
use crate::play::{self, Play};
use crate::refusal::{Failure, Refusal};
use crate::seat::{Asking, Seats};
use crate::settings::Settings;
use crate::signal::State;
use crate::sizes::Sizes;
use crate::slot::{Holder, Slot, Slots, Used};
use crate::tally::Tally;
use crate::tuner::Tuner;
use crate::upstream::Dialler;

/// What is let go has closed its connection after this at the latest; as a rule at once.
const RELEASE: Duration = Duration::from_secs(1);

/// The reception of one relay.
pub(crate) struct Headend {
    pub(crate) settings: Settings,
    pub(crate) dialler: Arc<Dialler>,
    pub(crate) slots: Arc<Slots>,
    pub(crate) seats: Arc<Seats>,
    pub(crate) sizes: Sizes,
    pub(crate) tally: Arc<Tally>,
    follower: Arc<Follower>,
    house: Mutex<House>,
    runtime: Handle,
}

#[derive(Default)]
struct House {
    tuners: HashMap<u32, Weak<Tuner>>,
    plays: HashMap<play::Key, Weak<Play>>,
    /// Counts plays and what lingers.
    last: u64,
    /// Oldest first.
    lingering: Vec<Lingering>,
    /// Channels that could not be received a moment ago.
    failed: HashMap<u32, (Instant, Failure)>,
    closed: bool,
}

/// What nobody watches any more.
struct Lingering {
    number: u64,
    what: Idle,
}

enum Idle {
    Channel(Arc<Tuner>),
    Film(Arc<Play>),
}

impl Idle {
    fn holder(&self) -> Holder {
        match self {
            Self::Channel(tuner) => tuner.holder(),
            Self::Film(play) => play.holder(),
        }
    }
}

/// The right of one viewer to the tuner of his channel. Given back by dropping it.
pub(crate) struct Viewing {
    headend: Arc<Headend>,
    tuner: Arc<Tuner>,
}

impl Headend {
    /// Called within the runtime that the channels shall run in.
    pub(crate) fn new(settings: Settings, dialler: Arc<Dialler>, follower: Arc<Follower>) -> Arc<Self> {
        Arc::new(Self {
            slots: Slots::new(settings.release_delay),
            seats: Arc::default(),
            sizes: Sizes::default(),
            tally: Arc::default(),
            house: Mutex::default(),
            runtime: Handle::current(),
            settings,
            dialler,
            follower,
        })
    }

    /// Watches a channel. Returns at once: connecting happens in the tuner, so simultaneous calls make one connection.
    ///
    /// # Errors
    /// The channel could not be received a moment ago, or the relay is closing.
    pub(crate) fn tune(self: &Arc<Self>, channel: Playable, asking: &Asking) -> Result<Viewing, Failure> {
        let mut house = self.house();
        if house.closed {
            return Err(Failure::Closing);
        }
        let id = channel.id;
        let running = house.tuners.get(&id).and_then(Weak::upgrade).filter(|tuner| !tuner.feed.ended());
        // It does not linger any more; nor does one that has ended and seems to hold what a new one takes.
        house.lingering.retain(|each| each.what.holder() != Holder::Channel(id));
        if let Some(tuner) = running {
            tuner.feed.viewers.fetch_add(1, Ordering::Relaxed);
            return Ok(Viewing { headend: self.clone(), tuner });
        }
        let memory = self.settings.failure_memory;
        house.failed.retain(|_, (since, _)| since.elapsed() < memory);
        if let Some((_, failure)) = house.failed.get(&id) {
            return Err(failure.clone());
        }
        house.tuners.retain(|_, tuner| tuner.strong_count() > 0);
        let tuner = Arc::new(Tuner::start(self.clone(), channel, asking.clone()));
        tuner.feed.viewers.fetch_add(1, Ordering::Relaxed);
        house.tuners.insert(id, Arc::downgrade(&tuner));
        Ok(Viewing { headend: self.clone(), tuner })
    }

    /// How long somebody waits for the first byte of `channel`.
    pub(crate) fn start_budget(&self, channel: &Playable) -> Duration {
        let ace = channel.upstreams.iter().any(|upstream| upstream.protocol == Protocol::Ace);
        if ace { self.settings.ace_start_budget } else { self.settings.start_budget }
    }

    /// Begins to answer a request for a part of a film. Requests of one client for one film are one play.
    ///
    /// # Errors
    /// The user has no seat for it, or the relay is closing.
    pub(crate) fn play(self: &Arc<Self>, key: play::Key, user: &User) -> Result<play::Request, Refusal> {
        let mut house = self.house();
        if house.closed {
            return Err(Failure::Closing.into());
        }
        let running = house.plays.get(&key).and_then(Weak::upgrade).filter(|play| !play.closed());
        if let Some(play) = running {
            house.lingering.retain(|each| each.what.holder() != play.holder());
            return Ok(play.enter(self.clone()));
        }
        house.last += 1;
        let number = house.last;
        let (seat, replaced) = self.seats.take(user, &key.client).ok_or(Refusal::Seats)?;
        let play = Play::new(number, seat);
        house.plays.retain(|_, play| play.strong_count() > 0);
        house.plays.insert(key, Arc::downgrade(&play));
        let request = play.enter(self.clone());
        drop(house);
        drop(replaced); // which lets its channel go, and for that needs the house
        Ok(request)
    }

    /// A connection of `account` if there is one that nobody has any use for.
    pub(crate) fn spare(&self, account: &str, holder: Holder) -> Option<Slot> {
        self.slots.take(account, self.allowed(account).ok()?, holder).ok()
    }

    /// A connection of `account`. Whoever lingers on it makes room, oldest first, and then the other stream of the
    /// client who asks; else this waits a moment for somebody to leave.
    ///
    /// # Errors
    /// [`Failure::Full`], [`Failure::NoSource`].
    pub(crate) async fn claim(
        &self,
        account: &str,
        holder: Holder,
        asking: &Asking,
        patience: Duration,
    ) -> Result<Slot, Failure> {
        let most = self.allowed(account)?;
        let deadline = Instant::now() + patience;
        let mut leaving = Instant::now(); // until when somebody who was sent away may take
        loop {
            let mut freed = std::pin::pin!(self.slots.freed.notified());
            freed.as_mut().enable(); // before looking, so that nothing is missed
            let cooled = match self.slots.take(account, most, holder) {
                Ok(slot) => return Ok(slot),
                Err(cooled) => cooled,
            };
            if Instant::now() >= leaving && self.make_room(account, asking) {
                leaving = Instant::now() + RELEASE; // and nobody else is sent away meanwhile
            }
            let until = cooled.map_or(deadline, |cooled| deadline.max(cooled)).max(leaving);
            if Instant::now() >= until {
                return Err(Failure::Full);
            }
            let until = cooled.map_or(until, |cooled| until.min(cooled));
            let _ = tokio::time::timeout_at(until, freed).await;
        }
    }

    /// Remembers that a channel could not be received, so that viewers who try again at once do not hammer the
    /// provider.
    pub(crate) fn failed(&self, channel: u32, failure: Failure) {
        self.house().failed.insert(channel, (Instant::now(), failure));
    }

    /// Why `id` could not be received a moment ago.
    pub(crate) fn recent_failure(&self, id: u32) -> Option<Failure> {
        let memory = self.settings.failure_memory;
        let house = self.house();
        let (since, failure) = house.failed.get(&id)?;
        (since.elapsed() < memory).then(|| failure.clone())
    }

    /// Ends everything and begins nothing more.
    pub(crate) fn close(&self) {
        let (lingering, tuners) = {
            let mut house = self.house();
            house.closed = true;
            (std::mem::take(&mut house.lingering), std::mem::take(&mut house.tuners))
        };
        drop(lingering);
        tuners.values().filter_map(Weak::upgrade).for_each(|tuner| tuner.feed.end(Some(Failure::Closing)));
        self.seats.cut_unless(|_| false);
    }

    /// The channels that are tuned now, by id.
    pub(crate) fn tuners(&self) -> Vec<Arc<Tuner>> {
        let mut tuners: Vec<_> = self.house().tuners.values().filter_map(Weak::upgrade).collect();
        tuners.sort_by_key(|tuner| tuner.channel);
        tuners
    }

    /// The connections of accounts that something was received with.
    pub(crate) fn slots_used(&self) -> Vec<Used> {
        let used = self.slots.used().into_iter();
        let limit = |account: &str| self.allowed(account).ok().filter(|limit| *limit < u32::MAX);
        used.map(|(account, used)| Used { limit: limit(&account), account, used }).collect()
    }

    pub(crate) fn render(&self, page: &mut Page) {
        let tuners = self.tuners();
        let mut channels = page.gauge("coax_relay_channels", "Channels that are tuned.");
        for state in State::ALL {
            let count = tuners.iter().filter(|tuner| tuner.signal.now().state == state).count();
            channels = channels.with(&[("state", state.word())], count);
        }
        let viewers: u32 = tuners.iter().map(|tuner| tuner.feed.watching()).sum();
        page.gauge("coax_relay_viewers", "Viewers of channels, in whatever form.").value(viewers);
        let buffered: usize = tuners.iter().map(|tuner| tuner.feed.buffer().bytes).sum();
        page.gauge("coax_relay_buffer_bytes", "Bytes that channels remember.").value(buffered);
        let slots = self.slots_used();
        let mut used = page.gauge("coax_relay_slots_used", "Connections of provider accounts in use.");
        for slot in &slots {
            used = used.with(&[("account", &slot.account)], slot.used);
        }
        let mut limits = page.gauge(
            "coax_relay_slots_limit",
            "Connections that provider accounts allow, if they set a limit.",
        );
        for (slot, limit) in slots.iter().filter_map(|slot| Some((slot, slot.limit?))) {
            limits = limits.with(&[("account", &slot.account)], limit);
        }
    }

    /// Connections that `account` allows. What the configuration says counts (0: no limit), else what the provider
    /// says; one that says nothing allows one.
    fn allowed(&self, account: &str) -> Result<u32, Failure> {
        let source = self.dialler.source(account).ok_or(Failure::NoSource)?;
        let configured = match &source.origin {
            Origin::Xtream(panel) => panel.accounts.first().and_then(|account| account.max_connections),
            Origin::M3u(list) => Some(list.max_connections),
            Origin::Xmltv(_) | Origin::Scrape(_) | Origin::Acestream(_) => Some(0),
        };
        if let Some(configured) = configured {
            return Ok(if configured == 0 { u32::MAX } else { configured });
        }
        let release = self.follower.release();
        let accounts = release.as_deref().map_or(&[][..], |release| release.index.accounts());
        Ok(accounts
            .iter()
            .find(|known| known.name == account)
            .map_or(1, |known| known.max_connections.max(1)))
    }

    /// Lets something go that has a connection of `account` and is not needed as much.
    fn make_room(&self, account: &str, asking: &Asking) -> bool {
        if self.oust(account) {
            return true;
        }
        let zapped = self.seats.zap(asking, account, &self.slots);
        if zapped {
            self.oust(account); // what he has left lingers now
        }
        zapped
    }

    /// Lets go what has lingered longest on a connection of `account`. Whether there was something.
    fn oust(&self, account: &str) -> bool {
        let lingering = {
            let mut house = self.house();
            let on_account = |each: &Lingering| self.slots.holds(account, each.what.holder());
            house.lingering.iter().position(on_account).map(|place| house.lingering.remove(place))
        };
        lingering.is_some()
    }

    /// A viewer has left.
    fn left(self: &Arc<Self>, tuner: &Arc<Tuner>) {
        let house = self.house();
        let last = tuner.feed.viewers.fetch_sub(1, Ordering::Relaxed) == 1;
        // What never sent anything is not worth keeping.
        if !last || house.closed || tuner.feed.ended() || !tuner.feed.started() {
            return;
        }
        self.linger(house, Idle::Channel(tuner.clone()), self.settings.linger);
    }

    /// A request for a part of a film has ended.
    pub(crate) fn paused(self: &Arc<Self>, play: &Arc<Play>, request: u64) {
        let house = self.house();
        if play.leave(request) && !house.closed {
            self.linger(house, Idle::Film(play.clone()), play.linger(&self.settings));
        }
    }

    /// Keeps `what` for a while.
    fn linger(self: &Arc<Self>, mut house: MutexGuard<'_, House>, what: Idle, time: Duration) {
        house.last += 1;
        let number = house.last;
        house.lingering.push(Lingering { number, what });
        drop(house);
        let headend = Arc::downgrade(self);
        self.runtime.spawn(async move {
            tokio::time::sleep(time).await;
            if let Some(headend) = headend.upgrade() {
                headend.lingered(number);
            }
        });
    }

    fn lingered(&self, number: u64) {
        let mut house = self.house();
        let found = house.lingering.iter().position(|lingering| lingering.number == number);
        let over = found.map(|place| house.lingering.remove(place));
        drop(house);
        drop(over);
    }

    fn house(&self) -> MutexGuard<'_, House> {
        self.house.lock().expect("nobody panics while holding this lock")
    }
}

impl Viewing {
    pub(crate) fn feed(&self) -> Arc<Feed> {
        self.tuner.feed.clone()
    }

    /// Whether a connection of `account` is in use for this viewer and nobody else.
    pub(crate) fn is_alone_on(&self, account: &str, slots: &Slots) -> bool {
        self.tuner.feed.watching() == 1 && slots.holds(account, self.tuner.holder())
    }

    /// Lets the viewer's connection notice what has changed.
    pub(crate) fn nudge(&self) {
        self.tuner.feed.nudge();
    }
}

impl Drop for Viewing {
    fn drop(&mut self) {
        self.headend.left(&self.tuner);
    }
}
