//! Slots: the connections that provider accounts allow. One ledger counts everything that takes one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How many connections of each account are in use.
pub(crate) struct Slots {
    release_delay: Duration,
    accounts: Mutex<HashMap<String, Account>>,
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
}

/// The connections of one account.
#[derive(Debug, Serialize)]
pub(crate) struct Used {
    pub(crate) account: String,
    pub(crate) used: usize,
    /// That the account allows; `None` if it sets no limit, or is not configured any more.
    pub(crate) limit: Option<u32>,
}

#[derive(Default)]
struct Account {
    held: Vec<Holder>,
    /// Until when the provider still counts connections that were closed.
    cooling: Vec<Instant>,
    released: Option<Instant>,
}

/// One connection of an account. Given back by dropping it.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    account: String,
    holder: Holder,
}

impl Slots {
    pub(crate) fn new(release_delay: Duration) -> Arc<Self> {
        Arc::new(Self { release_delay, accounts: Mutex::default(), freed: Notify::new() })
    }

    /// A slot of `account`, which allows `most`.
    ///
    /// # Errors
    /// When one may become free by itself, if that is known.
    pub(crate) fn take(
        self: &Arc<Self>,
        account: &str,
        most: u32,
        holder: Holder,
    ) -> Result<Slot, Option<Instant>> {
        let mut accounts = self.accounts();
        let ledger = accounts.entry(account.to_owned()).or_default();
        let now = Instant::now();
        ledger.cooling.retain(|until| *until > now);
        if ledger.held.len() + ledger.cooling.len() >= most as usize {
            return Err(ledger.cooling.iter().min().copied());
        }
        ledger.held.push(holder);
        Ok(Slot { slots: self.clone(), account: account.to_owned(), holder })
    }

    /// Whether `holder` has a connection of `account`.
    pub(crate) fn holds(&self, account: &str, holder: Holder) -> bool {
        self.accounts().get(account).is_some_and(|ledger| ledger.held.contains(&holder))
    }

    /// Whether a connection of `account` was closed in the last `time`, so that the provider may still count it.
    pub(crate) fn released_within(&self, account: &str, time: Duration) -> bool {
        let accounts = self.accounts();
        let released = accounts.get(account).and_then(|ledger| ledger.released);
        released.is_some_and(|released| released.elapsed() < time)
    }

    /// Slots in use, by account.
    pub(crate) fn used(&self) -> Vec<(String, usize)> {
        let accounts = self.accounts();
        let mut used: Vec<_> =
            accounts.iter().map(|(name, ledger)| (name.clone(), ledger.held.len())).collect();
        used.sort();
        used
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.accounts.lock().expect("nobody panics while holding this lock")
    }
}

impl Slot {
    /// Whose connection it is.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(ledger) = self.slots.accounts().get_mut(&self.account) {
            let now = Instant::now();
            if let Some(place) = ledger.held.iter().position(|holder| *holder == self.holder) {
                ledger.held.swap_remove(place);
            }
            ledger.released = Some(now);
            if !self.slots.release_delay.is_zero() {
                ledger.cooling.push(now + self.slots.release_delay);
            }
        }
        self.slots.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_gives_what_it_allows_and_gets_it_back() {
        let slots = Slots::new(Duration::ZERO);
        let take = |account, most| slots.take(account, most, Holder::Channel(7));
        let one = take("acme", 1).ok().unwrap();
        assert!(take("acme", 1).is_err() && take("other", 1).is_ok());
        assert!(slots.holds("acme", Holder::Channel(7)) && !slots.holds("other", Holder::Channel(7)));
        assert!(!slots.released_within("acme", Duration::from_secs(60)));
        drop(one);
        assert!(take("acme", 1).is_ok() && slots.released_within("acme", Duration::from_secs(60)));
    }

    #[test]
    fn what_the_provider_still_counts_is_not_used() {
        let slots = Slots::new(Duration::from_secs(60));
        let take = |most| slots.take("acme", most, Holder::Film(1));
        drop(take(1).ok());
        assert!(matches!(take(1), Err(Some(_))) && take(2).is_ok());
    }
}
