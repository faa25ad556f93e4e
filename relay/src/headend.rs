//! All reception of one relay: which channels are tuned, who watches them, and what is let go for whom.
//!
//! A tuner belongs to those who watch it; the map only finds it. When the last one leaves, it lingers for a while in
//! case he comes back, unless somebody needs its account's connection.

mod claim;
mod lesser;
mod linger;
mod report;

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use contract::bundle::{Playable, Protocol};
use contract::release::Follower;
use contract::user::User;
use tokio::runtime::Handle;
use tokio::time::Instant;

pub(crate) use claim::Claim;
use linger::Lingering;
pub(crate) use report::Used;

use crate::feed::Feed;
use crate::play::{self, Play};
use crate::refusal::{Failure, Refusal};
use crate::seat::{Asking, Seats, What};
use crate::segmented::Segmented;
use crate::settings::Settings;
use crate::sizes::Sizes;
use crate::slot::{Holder, Slots};
use crate::starts::Starts;
use crate::tally::Tally;
use crate::tuner::Tuner;
use crate::upstream::Dialler;

/// The reception of one relay.
pub(crate) struct Headend {
    pub(crate) settings: Settings,
    pub(crate) dialler: Arc<Dialler>,
    pub(crate) slots: Arc<Slots>,
    pub(crate) seats: Arc<Seats>,
    pub(crate) sizes: Sizes,
    pub(crate) segmented: Segmented,
    pub(crate) starts: Starts,
    pub(crate) tally: Arc<Tally>,
    follower: Arc<Follower>,
    house: Mutex<House>,
    runtime: Handle,
}

#[derive(Default)]
struct House {
    tuners: HashMap<u32, Weak<Tuner>>,
    plays: HashMap<play::Key, Weak<Play>>,
    /// Those of whoever does not watch.
    lesser: Vec<Weak<Play>>,
    /// Counts plays and what lingers.
    last: u64,
    /// Oldest first.
    lingering: Vec<Lingering>,
    /// Channels that could not be received a moment ago.
    failed: HashMap<u32, (Instant, Failure)>,
    closed: bool,
}

/// The right of one viewer to the tuner of his channel. Given back by dropping it.
pub(crate) struct Viewing {
    headend: Arc<Headend>,
    tuner: Arc<Tuner>,
    /// He does not watch, but records.
    records: bool,
}

impl Headend {
    /// Called within the runtime that the channels shall run in.
    pub(crate) fn new(settings: Settings, dialler: Arc<Dialler>, follower: Arc<Follower>) -> Arc<Self> {
        Arc::new(Self {
            slots: Slots::new(settings.release_delay, settings.courtesy()),
            seats: Arc::default(),
            sizes: Sizes::default(),
            segmented: Segmented::default(),
            starts: Starts::new(settings.starts_per_minute),
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
    /// The channel could not be received a moment ago, the user tunes too fast, or the relay is closing.
    pub(crate) fn tune(self: &Arc<Self>, channel: Playable, asking: &Asking) -> Result<Viewing, Refusal> {
        self.tuned(channel, Some(asking))
    }

    /// The same for somebody who records, who is nobody if there is no `asking`.
    pub(super) fn tuned(
        self: &Arc<Self>,
        channel: Playable,
        asking: Option<&Asking>,
    ) -> Result<Viewing, Refusal> {
        let mut house = self.house();
        if house.closed {
            return Err(Failure::Closing.into());
        }
        let id = channel.id;
        let running = house.tuners.get(&id).and_then(Weak::upgrade).filter(|tuner| !tuner.feed.ended());
        // It does not linger any more; nor does one that has ended and seems to hold what a new one takes.
        house.lingering.retain(|each| each.holder() != Holder::Channel(id));
        if let Some(tuner) = running {
            return Ok(self.joined(tuner, asking.is_none()));
        }
        let memory = self.settings.failure_memory;
        house.failed.retain(|_, (since, _)| since.elapsed() < memory);
        if let Some((_, failure)) = house.failed.get(&id) {
            return Err(failure.clone().into());
        }
        if let Some(asking) = asking {
            self.starts.admit(&asking.user, std::time::Instant::now())?;
        }
        house.tuners.retain(|_, tuner| tuner.strong_count() > 0);
        let tuner = Arc::new(Tuner::start(self.clone(), channel, asking.cloned()));
        house.tuners.insert(id, Arc::downgrade(&tuner));
        Ok(self.joined(tuner, asking.is_none()))
    }

    /// One more has what `tuner` receives.
    fn joined(self: &Arc<Self>, tuner: Arc<Tuner>, records: bool) -> Viewing {
        tuner.feed.viewers.fetch_add(1, Ordering::Relaxed);
        tuner.feed.recorders.fetch_add(u32::from(records), Ordering::Relaxed);
        self.classed(&tuner);
        Viewing { headend: self.clone(), tuner, records }
    }

    /// Others have what `tuner` receives than before.
    fn classed(&self, tuner: &Tuner) {
        if tuner.feed.recorders.load(Ordering::Relaxed) > 0 {
            self.slots.reclass(tuner.holder(), tuner.feed.class());
        }
    }

    /// How long somebody waits for the first byte of `channel`.
    pub(crate) fn start_budget(&self, channel: &Playable) -> Duration {
        let ace = channel.upstreams.iter().any(|upstream| upstream.protocol == Protocol::Ace);
        if ace { self.settings.ace_start_budget } else { self.settings.start_budget }
    }

    /// Begins to answer a request for a part of a film. Requests of one client for one film are one play.
    ///
    /// # Errors
    /// The user has no seat for it or asks too fast, or the relay is closing.
    pub(crate) fn play(self: &Arc<Self>, key: play::Key, user: &User) -> Result<play::Request, Refusal> {
        let mut house = self.house();
        if house.closed {
            return Err(Failure::Closing.into());
        }
        let running = house.plays.get(&key).and_then(Weak::upgrade).filter(|play| !play.closed());
        if let Some(play) = running {
            house.lingering.retain(|each| each.holder() != play.holder());
            return Ok(play.enter(self.clone()));
        }
        self.starts.admit(&user.name, std::time::Instant::now())?;
        house.last += 1;
        let number = house.last;
        let (seat, replaced) =
            self.seats.take(user, &key.client, What::File(key.film)).ok_or(Refusal::Seats)?;
        let play = Play::new(number, seat);
        house.plays.retain(|_, play| play.strong_count() > 0);
        house.plays.insert(key, Arc::downgrade(&play));
        let request = play.enter(self.clone());
        drop(house);
        drop(replaced); // which lets its channel go, and for that needs the house
        Ok(request)
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
        self.seats.cut_unless(|_, _, _| false);
        self.end_lesser();
    }

    /// The channels that are tuned now, by id.
    pub(crate) fn tuners(&self) -> Vec<Arc<Tuner>> {
        let mut tuners: Vec<_> = self.house().tuners.values().filter_map(Weak::upgrade).collect();
        tuners.sort_by_key(|tuner| tuner.channel);
        tuners
    }

    fn house(&self) -> MutexGuard<'_, House> {
        self.house.lock().expect("nobody panics while holding this lock")
    }
}

impl Viewing {
    pub(crate) fn feed(&self) -> Arc<Feed> {
        self.tuner.feed.clone()
    }

    /// What is received for this viewer and nobody else, he having it so many times.
    pub(crate) fn alone(&self, shares: usize) -> Option<Holder> {
        (self.tuner.feed.watching() as usize == shares).then(|| self.tuner.holder())
    }

    /// Lets the viewer's connection notice what has changed.
    pub(crate) fn nudge(&self) {
        self.tuner.feed.nudge();
    }
}

impl Drop for Viewing {
    fn drop(&mut self) {
        self.headend.left(&self.tuner, self.records);
    }
}
