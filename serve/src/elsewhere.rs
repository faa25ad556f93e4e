//! What relays on other machines say of the seats that are taken there, and are told of them ([`contract::mirror`]).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use contract::mirror::{CUT_FOR, HOLDS};
use httpd::Params;

/// Relays that are believed at a time; what another one says is not heard.
const MOST: usize = 256;

/// Seats at relays.
#[derive(Default)]
pub(crate) struct Elsewhere {
    /// By relay.
    relays: Mutex<HashMap<String, Told>>,
    /// Users whose streams shall be cut, since when, and what tells this time from others.
    cut: Mutex<HashMap<String, (Instant, u64)>>,
}

struct Told {
    when: Instant,
    /// By user.
    seats: HashMap<String, u32>,
}

impl Elsewhere {
    /// A relay says who has how many streams open there: `relay=NAME`, and `user=` and `seats=` for each. Whoever is not
    /// named has none. Whether it was heard: a form that is too long arrives as none.
    pub(crate) fn told(&self, params: &Params) -> bool {
        let Some(relay) = params.get("relay") else { return false };
        let seats = params.all("seats").map(|seats| seats.parse().unwrap_or(0));
        let seats = params.all("user").map(str::to_owned).zip(seats).collect();
        let mut relays = self.relays();
        relays.retain(|_, told| told.when.elapsed() < HOLDS);
        let heard = relays.len() < MOST || relays.contains_key(relay);
        if heard {
            relays.insert(relay.to_owned(), Told { when: Instant::now(), seats });
        }
        heard
    }

    /// How many a user has, at all of those who were heard of lately.
    pub(crate) fn of(&self, user: &str) -> u32 {
        let relays = self.relays();
        let lately = relays.values().filter(|told| told.when.elapsed() < HOLDS);
        lately.filter_map(|told| told.seats.get(user)).fold(0, |sum, seats| sum.saturating_add(*seats))
    }

    /// How many everybody has there who has any, by user.
    pub(crate) fn all(&self) -> BTreeMap<String, u32> {
        let relays = self.relays();
        let lately = relays.values().filter(|told| told.when.elapsed() < HOLDS);
        let mut all = BTreeMap::new();
        for (user, seats) in lately.flat_map(|told| &told.seats).filter(|(_, seats)| **seats > 0) {
            let sum: &mut u32 = all.entry(user.clone()).or_default();
            *sum = sum.saturating_add(*seats);
        }
        all
    }

    /// Lets relays cut what the user of this name has open there.
    pub(crate) fn cut(&self, user: &str) {
        let mut cut = self.cut.lock().expect("nobody panics while holding this lock");
        cut.retain(|_, (since, _)| since.elapsed() < CUT_FOR);
        cut.insert(user.to_owned(), (Instant::now(), rand::random()));
    }

    /// Whose streams were cut lately.
    pub(crate) fn lately_cut(&self) -> BTreeMap<String, u64> {
        let cut = self.cut.lock().expect("nobody panics while holding this lock");
        let lately = cut.iter().filter(|(_, (since, _))| since.elapsed() < CUT_FOR);
        lately.map(|(user, (_, time))| (user.clone(), *time)).collect()
    }

    fn relays(&self) -> MutexGuard<'_, HashMap<String, Told>> {
        self.relays.lock().expect("nobody panics while holding this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_relays_said_last_is_added_up() {
        let elsewhere = Elsewhere::default();
        let says = |text: &str| elsewhere.told(&Params::from_query(Some(text)));
        assert!(says("relay=a&user=ann&seats=2&user=bob&seats=1"));
        assert!(says("relay=b&user=ann&seats=3&user=eve&seats=x"));
        assert!(!says("user=ann&seats=7"));
        let of = |user| elsewhere.of(user);
        assert_eq!(elsewhere.all(), [("ann".to_owned(), 5), ("bob".to_owned(), 1)].into());
        assert_eq!((of("ann"), of("bob"), of("eve"), of("tim")), (5, 1, 0, 0));
        says("relay=a&user=bob&seats=4294967295");
        says("relay=b&user=bob&seats=1");
        assert_eq!((of("ann"), of("bob")), (0, u32::MAX));
        let heard = (0..2 * MOST).filter(|relay| says(&format!("relay={relay}&user=ann&seats=1")));
        assert!(heard.count() < MOST);
        assert!(of("ann") <= u32::try_from(MOST).unwrap());
    }
}
