//! Getting a connection of an account, and who makes room for whom.

use std::pin::pin;

use contract::source::Origin;
use contract::ticket::pass::Class;
use tokio::time::{Duration, Instant};

use super::Headend;
use crate::refusal::Failure;
use crate::seat::Asking;
use crate::slot::{Holder, Offer, Slot, Taken};

/// What is let go has closed its connection after this at the latest; as a rule at once.
const RELEASE: Duration = Duration::from_secs(1);

/// Somebody needs a connection.
#[derive(Clone, Copy)]
pub(crate) struct Claim<'a> {
    /// The account.
    pub(crate) account: &'a str,
    /// For what.
    pub(crate) holder: Holder,
    /// Who gives way for it, and for whom it does.
    pub(crate) class: Class,
    /// For whom, if somebody watches.
    pub(crate) asking: Option<&'a Asking>,
    /// Logins of the account that will not do.
    pub(crate) except: &'a [usize],
}

impl Headend {
    /// A connection of `account` if there is one that nobody has any use for.
    pub(crate) fn spare(&self, account: &str, holder: Holder) -> Option<Slot> {
        let allowed = self.allowed(account).ok()?;
        let offer = Offer { account, allowed: &allowed, except: &[], class: Class::Viewer };
        self.slots.take(offer, holder).ok()
    }

    /// A connection of an account. Whoever lingers on it makes room, oldest first, then who has a lesser class, and then the
    /// other stream of the client who asks; else this waits a moment for somebody to leave. For a download nobody makes
    /// room, and it does not wait here.
    ///
    /// # Errors
    /// [`Failure::Full`], [`Failure::NoSource`], or why the provider lets none of the account's logins in.
    pub(crate) async fn claim(&self, claim: Claim<'_>) -> Result<Slot, Failure> {
        let allowed = self.allowed(claim.account)?;
        let offer =
            Offer { account: claim.account, allowed: &allowed, except: claim.except, class: claim.class };
        let deadline = Instant::now() + self.settings.slot_patience;
        let mut leaving = Instant::now(); // until when somebody who was sent away may take
        loop {
            let mut freed = pin!(self.slots.freed.notified());
            freed.as_mut().enable(); // before looking, so that nothing is missed
            let cooled = match self.slots.take(offer, claim.holder) {
                Ok(slot) => return Ok(slot),
                Err(Taken::Resting(why)) => return Err(why),
                Err(Taken::Until(_)) if claim.class == Class::Background => return Err(Failure::Full),
                Err(Taken::Until(cooled)) => cooled,
            };
            // What becomes free by itself needs nobody's place.
            if cooled.is_none() && Instant::now() >= leaving && self.make_room(claim) {
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

    /// Connections that each login of `account` allows. What the configuration says counts (0: no limit), else what the
    /// provider says; one that says nothing allows one.
    pub(super) fn allowed(&self, account: &str) -> Result<Vec<u32>, Failure> {
        let limit = |configured: u32| if configured == 0 { u32::MAX } else { configured };
        let source = self.dialler.source(account).ok_or(Failure::NoSource)?;
        let panel = match &source.origin {
            Origin::Xtream(panel) => panel,
            Origin::M3u(list) => return Ok(vec![limit(list.max_connections)]),
            Origin::Xmltv(_) | Origin::Scrape(_) | Origin::Acestream(_) => return Ok(vec![u32::MAX]),
        };
        let release = self.follower.release();
        let known = release.as_deref().map_or(&[][..], |release| release.index.accounts());
        let said = |login| {
            known
                .iter()
                .find(|known| known.is_login(account, login))
                .map_or(1, |it| it.max_connections.max(1))
        };
        let logins = panel.accounts.iter().enumerate();
        Ok(logins.map(|(number, login)| login.max_connections.map_or_else(|| said(number), limit)).collect())
    }

    /// Lets something go that has a connection which would do, and is not needed as much; the place is kept for who asks.
    fn make_room(&self, claim: Claim<'_>) -> bool {
        let leaves = Instant::now() + RELEASE;
        let reserve = |login| self.slots.reserve(claim.account, login, claim.holder, leaves);
        if self.oust(claim, reserve) || self.give_way(claim, reserve) {
            return true;
        }
        let would_do = |holder| self.would_do(claim, holder).inspect(|login| reserve(*login)).is_some();
        let zapped = claim.asking.and_then(|asking| self.seats.zap(asking, would_do));
        if let Some(holder) = zapped {
            self.dismiss(holder); // what he has left lingers now
        }
        zapped.is_some()
    }

    /// The login whose connection `holder` has, if that would do.
    pub(super) fn would_do(&self, claim: Claim<'_>, holder: Holder) -> Option<usize> {
        let login = self.slots.login_of(claim.account, holder);
        login.filter(|login| !claim.except.contains(login))
    }
}
