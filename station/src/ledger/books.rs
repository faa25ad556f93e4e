//! The places that accounts hold, and what is counted of them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{AccountCounts, Claim, Counts};

/// What stands in the ledger.
#[derive(Default)]
pub(super) struct Books {
    pub(super) next: u64,
    pub(super) places: HashMap<u64, Place>,
    /// When documents were asked for in the last second, by account.
    pub(super) arrivals: HashMap<String, VecDeque<Instant>>,
    pub(super) counts: Counts,
}

/// A place that an account holds, or has held a moment ago.
pub(super) struct Place {
    pub(super) account: String,
    pub(super) stream: u32,
    pub(super) session: Option<String>,
    pub(super) linger: Duration,
    /// Connections that use it now.
    pub(super) users: u32,
    /// Open in the true view.
    pub(super) open: bool,
    pub(super) touched: Instant,
    pub(super) kicked: Arc<AtomicBool>,
}

impl Books {
    /// The places an account holds in the panel's view.
    pub(super) fn of(&self, account: &str) -> impl Iterator<Item = (u64, &Place)> {
        self.places
            .iter()
            .filter(move |(_, place)| place.account == account && !place.kicked.load(Ordering::Relaxed))
            .map(|(number, place)| (*number, place))
    }

    pub(super) fn session(&self, claim: &Claim<'_>) -> Option<u64> {
        claim.session.as_ref()?;
        self.of(claim.account).find(|(_, place)| place.session == claim.session).map(|(number, _)| number)
    }

    pub(super) fn account(&mut self, account: &str) -> &mut AccountCounts {
        self.counts.accounts.entry(account.to_owned()).or_default()
    }

    pub(super) fn kick(&mut self, number: u64) {
        let Some(place) = self.places.get(&number) else { return };
        place.kicked.store(true, Ordering::Relaxed);
        let (account, idle, open) = (place.account.clone(), place.users == 0, place.open);
        self.account(&account).kicked += u64::from(open);
        if idle {
            self.closed(number);
        }
    }

    pub(super) fn opened(&mut self, account: &str, stream: u32) {
        let up = |open: &mut u64, peak: &mut u64| {
            *open += 1;
            *peak = (*peak).max(*open);
        };
        up(&mut self.counts.open, &mut self.counts.peak);
        let channel = self.counts.channels.entry(stream).or_default();
        up(&mut channel.open, &mut channel.peak);
        let account = self.account(account);
        up(&mut account.open, &mut account.peak);
    }

    pub(super) fn closed(&mut self, number: u64) {
        let Some(place) = self.places.get_mut(&number) else { return };
        if !std::mem::replace(&mut place.open, false) {
            return;
        }
        let (account, stream) = (place.account.clone(), place.stream);
        self.counts.open -= 1;
        self.counts.channels.entry(stream).or_default().open -= 1;
        self.account(&account).open -= 1;
    }
}
