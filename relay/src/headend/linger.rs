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
    pub(super) fn left(self: &Arc<Self>, tuner: &Arc<Tuner>) {
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

    /// Lets go what has lingered longest on a connection that would do. Whether there was something.
    pub(super) fn oust(&self, claim: Claim<'_>) -> bool {
        let lingering = {
            let mut house = self.house();
            let place = house.lingering.iter().position(|each| self.would_do(claim, each.holder()));
            place.map(|place| house.lingering.remove(place))
        };
        lingering.is_some()
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
