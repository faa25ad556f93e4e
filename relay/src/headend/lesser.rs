//! Those who do not watch: what they fetch, and that they give way.

use std::sync::{Arc, Weak};

use contract::bundle::Playable;
use contract::ticket::pass::Class;

use super::{Claim, Headend, Viewing};
use crate::play::{self, Play};
use crate::refusal::{Failure, Refusal};
use crate::slot::Holder;

impl Headend {
    /// Begins to answer a request of somebody who does not watch. It takes no seat, and shares nothing with others.
    ///
    /// # Errors
    /// The relay is closing.
    pub(crate) fn fetch(self: &Arc<Self>, class: Class) -> Result<play::Request, Failure> {
        let mut house = self.house();
        if house.closed {
            return Err(Failure::Closing);
        }
        house.last += 1;
        let play = Play::lesser(house.last, class);
        house.lesser.retain(|play| play.strong_count() > 0);
        house.lesser.push(Arc::downgrade(&play));
        Ok(play.enter(self.clone()))
    }

    /// Records a channel. It takes no seat; whoever watches the same one shares it.
    ///
    /// # Errors
    /// The channel could not be received a moment ago, or the relay is closing.
    pub(crate) fn record(self: &Arc<Self>, channel: Playable) -> Result<Viewing, Refusal> {
        self.tuned(channel, None)
    }

    /// Ends what is received for a lesser class than that of `claim` on a connection that would do, having told which login
    /// that is: the least first, and of those the one that began last, which has the least to lose. Whether there was
    /// something.
    pub(super) fn give_way(&self, claim: Claim<'_>, tell: impl Fn(usize)) -> bool {
        let would_do = |holder| self.would_do(claim, holder);
        let mut plays = self.lesser();
        plays.retain(|play| play.class < claim.class);
        plays.sort_by_key(|play| play.class); // those that began last stay before the others
        let play = plays.into_iter().find_map(|play| Some((would_do(play.holder())?, play)));
        if let Some((login, play)) = play {
            self.dismissed(play.holder(), login, tell);
            play.close();
            return true;
        }
        let mut tuners = if claim.class > Class::Record { self.tuners() } else { Vec::new() };
        tuners.retain(|tuner| tuner.feed.class() == Class::Record);
        let tuner = tuners.into_iter().find_map(|tuner| Some((would_do(tuner.holder())?, tuner)));
        if let Some((login, tuner)) = &tuner {
            self.dismissed(tuner.holder(), *login, tell);
            tuner.close();
        }
        tuner.is_some()
    }

    fn dismissed(&self, holder: Holder, login: usize, tell: impl Fn(usize)) {
        tell(login);
        self.slots.give_way(holder);
        self.tally.gave_way.add(1);
    }

    /// Ends all of it.
    pub(super) fn end_lesser(&self) {
        self.lesser().iter().for_each(|play| play.close());
    }

    /// What is fetched, the youngest first.
    fn lesser(&self) -> Vec<Arc<Play>> {
        let mut plays: Vec<_> = self.house().lesser.iter().filter_map(Weak::upgrade).collect();
        plays.reverse();
        plays
    }
}
