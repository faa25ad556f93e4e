//! What nobody watches any more, and is kept for a while in case somebody comes back.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use super::{Claim, Headend, House};
use crate::play::Play;
use crate::slot::Holder;
use crate::tuner::Tuner;

/// What nobody watches any more.
pub(super) struct Lingering {
    number: u64,
    what: Idle,
}

enum Idle {
    Channel(Arc<Tuner>),
    Film(Arc<Play>),
}

impl Lingering {
    pub(super) fn holder(&self) -> Holder {
        match &self.what {
            Idle::Channel(tuner) => tuner.holder(),
            Idle::Film(play) => play.holder(),
        }
    }
}

impl Headend {
    /// A viewer has left.
    pub(super) fn left(self: &Arc<Self>, tuner: &Arc<Tuner>, recorded: bool) {
        let house = self.house();
        tuner.feed.recorders.fetch_sub(u32::from(recorded), Ordering::Relaxed);
        let last = tuner.feed.viewers.fetch_sub(1, Ordering::Relaxed) == 1;
        self.classed(tuner);
        // Who has recorded does not come back; what never sent anything is not worth keeping.
        if !last || recorded || house.closed || tuner.feed.ended() || !tuner.feed.started() {
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

    /// Lets go what has lingered longest on a connection that would do, having told which login that is. Whether there
    /// was something.
    pub(super) fn oust(&self, claim: Claim<'_>, tell: impl Fn(usize)) -> bool {
        let lingering = {
            let mut house = self.house();
            let login = |each: &Lingering| self.would_do(claim, each.holder());
            let found = house.lingering.iter().enumerate().find_map(|(at, each)| Some((at, login(each)?)));
            found.map(|(at, login)| {
                tell(login);
                house.lingering.remove(at)
            })
        };
        lingering.is_some()
    }

    /// Lets go what `holder` has, if it lingers.
    pub(super) fn dismiss(&self, holder: Holder) {
        let gone: Vec<Lingering> =
            self.house().lingering.extract_if(.., |each| each.holder() == holder).collect();
        drop(gone); // once the house is free again
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
}
