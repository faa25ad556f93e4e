//! Slots: the connections that provider accounts allow. One ledger counts everything that takes one.
//!
//! An account is a pool of logins: each allows so many connections of its own, so a slot says which login it is for. A
//! login that its provider refuses is asked after the others, and rests when that goes on ([`Health`]).
//!
//! A provider goes on counting a connection for a while after it was closed. That long its place is not used again:
//! for as long as the settings say, or as long as it has turned out to take.
//!
//! Who takes a slot has a [`Class`]: viewers before recordings before downloads. The lesser leave some to the greater
//! ([`Courtesy`]), and give way when these need what they have.

mod courtesy;
mod health;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use contract::ticket::pass::Class;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::refusal::Failure;
use crate::remedy::Blame;
use courtesy::Cooling;
pub(crate) use courtesy::Courtesy;
use health::Health;

/// Providers that need longer than this to notice a closed connection are not waited for.
const LONGEST_DELAY: Duration = Duration::from_secs(15);
/// So long after somebody has given way his connection is closed for certain, on both sides.
const CLOSING: Duration = Duration::from_millis(100);

/// How many connections of each login are in use, and how the provider treats it.
pub(crate) struct Slots {
    release_delay: Duration,
    courtesy: Courtesy,
    accounts: Mutex<HashMap<String, Vec<Login>>>,
    last: AtomicU64,
    /// Told when a slot may have become free.
    pub(crate) freed: Notify,
}

/// What a slot is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// The channel of this id, whoever watches.
    Channel(u32),
    /// One viewer's film.
    Film(u64),
    /// A look at how large a film is.
    Probe,
}

/// What somebody may take.
#[derive(Clone, Copy)]
pub(crate) struct Offer<'a> {
    pub(crate) account: &'a str,
    /// How many connections each login allows.
    pub(crate) allowed: &'a [u32],
    /// Logins that will not do.
    pub(crate) except: &'a [usize],
    /// Of what class whoever takes it is.
    pub(crate) class: Class,
}

/// A slot that is taken.
struct Held {
    number: u64,
    holder: Holder,
    class: Class,
    /// Somebody waits for its place, and must not come before it is free.
    awaited: bool,
}

#[derive(Default)]
struct Login {
    held: Vec<Held>,
    /// Connections that were closed and may still be counted.
    cooling: Vec<Cooling>,
    released: Option<Instant>,
    /// For whom somebody has been sent away, and until when the place is kept for him.
    reserved: Vec<(Holder, Instant)>,
    /// How long the provider is known to count a closed connection.
    learnt: Duration,
    health: Health,
}

/// One connection of a login. Given back by dropping it.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    account: String,
    login: usize,
    number: u64,
    /// The provider has refused it and never sent anything, so that it counts nothing.
    uncounted: AtomicBool,
    /// Until when the provider may count the connection that this one takes the place of.
    busy_until: Option<Instant>,
}

/// Why there is no slot.
#[derive(Debug)]
pub(crate) enum Taken {
    /// All are in use. One becomes free by itself, if that is known.
    Until(Option<Instant>),
    /// The provider lets none of the logins in at the moment.
    Resting(Failure),
}

/// How a login stands, for the operator.
pub(crate) struct Standing {
    pub(crate) account: String,
    /// Its place in the configuration, from 0.
    pub(crate) login: usize,
    pub(crate) used: usize,
    /// How many of them each class has, as in [`Class::ALL`].
    pub(crate) classes: [usize; 3],
    /// It rests: for how long, and why.
    pub(crate) resting: Option<(Duration, Failure)>,
}

impl Slots {
    pub(crate) fn new(release_delay: Duration, courtesy: Courtesy) -> Arc<Self> {
        let (accounts, last, freed) = (Mutex::default(), 0.into(), Notify::new());
        Arc::new(Self { release_delay, courtesy, accounts, last, freed })
    }

    /// A slot of the first login that has one, those that were refused last.
    ///
    /// # Errors
    /// There is none now.
    pub(crate) fn take(self: &Arc<Self>, offer: Offer<'_>, holder: Holder) -> Result<Slot, Taken> {
        let mut accounts = self.accounts();
        let logins = logins(&mut accounts, offer);
        let now = Instant::now();
        let (mut willing, mut resting, mut busy) = (Vec::new(), None, false);
        let mut soon = None::<(bool, Instant)>;
        for (number, (login, most)) in logins.iter_mut().zip(offer.allowed).enumerate() {
            login.cooling.retain(|cooling| cooling.until(Class::Background) > now);
            if offer.except.contains(&number) {
                continue;
            }
            let suspect = login.health.is_suspect();
            if let Some((_, why)) = login.health.resting(now) {
                resting.get_or_insert(why);
            } else if login.has_room((holder, offer.class), *most, self.courtesy, now) {
                willing.push((suspect, number));
            } else {
                busy = true;
                let cooled = login.cooled(offer.class, now).map(|until| (suspect, until));
                soon = soon.into_iter().chain(cooled).min();
            }
        }
        // Rather a moment later with a login that is let in than now with one that may not be.
        let rather = soon.is_some_and(|(suspect, _)| !suspect);
        let best = willing.into_iter().min().filter(|(suspect, _)| !(*suspect && rather));
        let Some((_, login)) = best else {
            return Err(match resting {
                Some(why) if !busy => Taken::Resting(why),
                _ => Taken::Until(soon.map(|(_, until)| until)),
            });
        };
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        logins[login].held.push(Held { number, holder, class: offer.class, awaited: false });
        logins[login].reserved.retain(|(whose, _)| *whose != holder);
        let (account, uncounted) = (offer.account.to_owned(), AtomicBool::new(false));
        Ok(Slot { slots: self.clone(), account, login, number, uncounted, busy_until: None })
    }

    /// Keeps the next place of `login` for `holder`, who has had somebody sent away, until `leaves` and as long after it as
    /// the provider needs to notice.
    pub(crate) fn reserve(&self, account: &str, login: usize, holder: Holder, leaves: Instant) {
        if let Some(login) = self.accounts().get_mut(account).and_then(|logins| logins.get_mut(login)) {
            let until = leaves + login.learnt.max(self.release_delay);
            login.reserved.push((holder, until));
        }
    }

    /// The login whose connection `holder` has.
    pub(crate) fn login_of(&self, account: &str, holder: Holder) -> Option<usize> {
        let accounts = self.accounts();
        let has = |login: &Login| login.held.iter().any(|held| held.holder == holder);
        accounts.get(account)?.iter().position(has)
    }

    /// What `holder` has is of another class from now on: somebody watches what was recorded only, or does no more.
    pub(crate) fn reclass(&self, holder: Holder, class: Class) {
        self.each_of(holder, |held| held.class = class);
    }

    /// Somebody waits for what `holder` has and is about to give back.
    pub(crate) fn give_way(&self, holder: Holder) {
        self.each_of(holder, |held| held.awaited = true);
    }

    fn each_of(&self, holder: Holder, change: impl FnMut(&mut Held)) {
        let mut accounts = self.accounts();
        let held = accounts.values_mut().flatten().flat_map(|login| &mut login.held);
        held.filter(|held| held.holder == holder).for_each(change);
    }

    /// Every login that was ever used, by account.
    pub(crate) fn standings(&self) -> Vec<Standing> {
        let accounts = self.accounts();
        let now = Instant::now();
        let standing = |account: &String, number, login: &Login| Standing {
            account: account.clone(),
            login: number,
            used: login.held.len(),
            classes: Class::ALL.map(|class| login.held.iter().filter(|held| held.class == class).count()),
            resting: login.health.resting(now),
        };
        let mut all: Vec<_> = accounts
            .iter()
            .flat_map(|(account, logins)| {
                let logins = logins.iter().enumerate();
                logins.map(move |(number, login)| standing(account, number, login))
            })
            .collect();
        all.sort_by(|a, b| (&a.account, a.login).cmp(&(&b.account, b.login)));
        all
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<String, Vec<Login>>> {
        self.accounts.lock().expect("nobody panics while holding this lock")
    }
}

impl Login {
    /// Whether it has a connection for `holder`, of the `most` that it allows.
    fn has_room(
        &mut self,
        (holder, class): (Holder, Class),
        most: u32,
        courtesy: Courtesy,
        now: Instant,
    ) -> bool {
        let taken = self.held.len() + self.cooled(class, now).count() + self.kept_from(holder, now);
        let lesser = self.held.iter().filter(|held| held.class < Class::Viewer).count();
        taken < most as usize && (class > Class::Background || lesser < courtesy.most(most))
    }

    /// When the places that somebody of this class does not take yet become free.
    fn cooled(&self, class: Class, now: Instant) -> impl Iterator<Item = Instant> {
        self.cooling.iter().map(move |cooling| cooling.until(class)).filter(move |until| *until > now)
    }

    /// Places that are kept for others than `holder`.
    fn kept_from(&mut self, holder: Holder, now: Instant) -> usize {
        self.reserved.retain(|(_, until)| *until > now);
        self.reserved.iter().filter(|(whose, _)| *whose != holder).count()
    }
}

/// The logins of an account, as many as are allowed something.
fn logins<'a>(accounts: &'a mut HashMap<String, Vec<Login>>, offer: Offer<'_>) -> &'a mut Vec<Login> {
    let logins = accounts.entry(offer.account.to_owned()).or_default();
    if logins.len() < offer.allowed.len() {
        logins.resize_with(offer.allowed.len(), Login::default);
    }
    logins
}

impl Slot {
    /// Whose connection it is.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// With which of the account's logins to dial.
    pub(crate) fn login(&self) -> usize {
        self.login
    }

    /// Whether the provider lets its login in.
    pub(crate) fn is_welcome(&self) -> bool {
        self.with(|login| login.health.resting(Instant::now()).is_none()).unwrap_or(false)
    }

    /// Whether a connection of this login was closed so lately that the provider may still count it.
    pub(crate) fn still_counted(&self) -> bool {
        let released = self.with(|login| login.released).flatten();
        released.is_some_and(|released| released.elapsed() < LONGEST_DELAY)
    }

    /// One of several things that came over this connection one after the other is no more.
    pub(crate) fn part_closed(&self) {
        self.with(|login| login.released = Some(Instant::now()));
    }

    /// The provider sends: the login is good. It had to be asked `again` because it still counted a connection that was
    /// closed, and no longer does.
    pub(crate) fn accepted(&self, again: bool) {
        self.uncounted.store(false, Ordering::Relaxed);
        self.with(|login| {
            login.health.accepted();
            let since = login.released.map(|released| released.elapsed()).filter(|_| again);
            if let Some(since) = since.filter(|since| *since > login.learnt) {
                login.learnt = since.min(LONGEST_DELAY);
            }
        });
    }

    /// What was received on this connection is no more, and another will be made in its place.
    pub(crate) fn closed(&mut self, why: &Failure) {
        let now = Instant::now();
        // Whoever has ended it himself knows that; others have to notice.
        let busy = !matches!(why, Failure::Ended | Failure::Clip | Failure::Dead(_));
        let learnt = self.with(|login| {
            login.released = Some(now);
            login.learnt
        });
        let delay = learnt.unwrap_or_default().max(self.slots.release_delay);
        self.busy_until = busy.then(|| now + delay);
    }

    /// For how much longer this connection's predecessor counts.
    pub(crate) fn still_busy(&self) -> Duration {
        self.busy_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    /// The provider refused `channel` to this login, to which it has not sent anything on this connection.
    pub(crate) fn refused(&self, channel: u32, blame: Blame, why: &Failure) {
        self.uncounted.store(why.is_refusal(), Ordering::Relaxed);
        self.with(|login| login.health.refused(channel, blame, why, Instant::now()));
    }

    fn with<T>(&self, change: impl FnOnce(&mut Login) -> T) -> Option<T> {
        self.slots.accounts().get_mut(&self.account)?.get_mut(self.login).map(change)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let (least, rest) = (self.slots.release_delay, self.slots.courtesy.rest);
        self.with(|login| {
            let now = Instant::now();
            let mut given: Vec<Held> = login.held.extract_if(.., |held| held.number == self.number).collect();
            let awaited = given.pop().is_some_and(|held| held.awaited);
            let least = if awaited { least.max(CLOSING) } else { least };
            if self.uncounted.load(Ordering::Relaxed) {
                return;
            }
            login.released = Some(now);
            let delay = login.learnt.max(least);
            if !delay.max(rest).is_zero() {
                login.cooling.push(Cooling { counted: now + delay, left_alone: now + rest });
            }
        });
        self.slots.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
