//! Wrong pairs of name and password, by the address they come from.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// A minute begins with its first failure.
const MINUTE: Duration = Duration::from_secs(60);

/// Addresses that are remembered at a time. When there are more, further ones are not counted until a minute is over;
/// that passwords are verified one after the other limits them all together.
const MOST: usize = 10_000;

/// Pairs of one address that are remembered at a time, the last ones.
const PAIRS: usize = 16;

/// How many different pairs of addresses were wrong in their current minute, whatever they asked for: programs that run in
/// one process count together.
///
/// A player whose password was changed goes on sending the old one, again and again. That is no guessing, and behind a
/// proxy that nobody told us of it would lock everybody else out who shares its address.
#[derive(Default)]
pub struct Failures {
    seen: Mutex<HashMap<IpAddr, Minute>>,
    hasher: RandomState,
}

/// A pair of name and password, as far as it has to be told from others.
#[derive(Clone, Copy)]
pub struct Guess(u64);

struct Minute {
    began: Instant,
    failures: u32,
    last: VecDeque<u64>,
}

impl Minute {
    fn begin(began: Instant) -> Self {
        Self { began, failures: 0, last: VecDeque::new() }
    }
}

impl Failures {
    /// What is noted if this pair turns out to be wrong.
    pub fn guess(&self, name: &str, password: &str) -> Guess {
        Guess(self.hasher.hash_one((name.trim(), password.trim())))
    }

    /// For how many seconds more `address` has used up the failures a minute that are `allowed` (0: as many as it likes),
    /// at least 1; `None` if it has not.
    pub fn wait(&self, address: IpAddr, allowed: u32, now: Instant) -> Option<u32> {
        let seen = self.seen();
        let minute = seen.get(&household(address))?;
        let left = MINUTE.checked_sub(now.saturating_duration_since(minute.began))?;
        (allowed > 0 && minute.failures >= allowed).then(|| left.as_secs() as u32 + 1)
    }

    /// `address` was wrong with this.
    pub fn note(&self, address: IpAddr, guess: Guess, now: Instant) {
        let mut seen = self.seen();
        let over = |minute: &Minute| now.saturating_duration_since(minute.began) >= MINUTE;
        if seen.len() >= MOST {
            seen.retain(|_, minute| !over(minute));
        }
        let address = household(address);
        if seen.len() < MOST || seen.contains_key(&address) {
            let minute = seen.entry(address).or_insert_with(|| Minute::begin(now));
            if over(minute) {
                *minute = Minute::begin(now);
            }
            if minute.last.contains(&guess.0) {
                return;
            }
            if minute.last.len() == PAIRS {
                minute.last.pop_front();
            }
            minute.last.push_back(guess.0);
            minute.failures = minute.failures.saturating_add(1);
        }
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<IpAddr, Minute>> {
        self.seen.lock().expect("nobody panics while holding this lock")
    }
}

/// SECURITY: one customer has 2^64 IPv6 addresses at least (RFC 6177), and so counts as one by the first half.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// `address` is wrong with another pair than ever before.
    fn wrong(failures: &Failures, address: IpAddr, now: Instant) {
        let guess = failures.guess("ann", &rand::random::<u64>().to_string());
        failures.note(address, guess, now);
    }

    #[test]
    fn an_address_waits_until_its_minute_is_over_and_no_other_does() {
        let (failures, now) = (Failures::default(), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        for second in [0, 10, 20] {
            assert_eq!(failures.wait(ip("192.0.2.1"), 3, at(second)), None);
            wrong(&failures, ip("192.0.2.1"), at(second));
        }
        assert_eq!(failures.wait(ip("192.0.2.1"), 3, at(20)), Some(41));
        assert_eq!(failures.wait(ip("::ffff:192.0.2.1"), 3, at(59)), Some(2));
        assert_eq!(failures.wait(ip("192.0.2.2"), 3, at(20)), None);
        assert_eq!(failures.wait(ip("192.0.2.1"), 3, at(61)), None);
        wrong(&failures, ip("192.0.2.1"), at(61));
        assert_eq!(failures.wait(ip("192.0.2.1"), 3, at(61)), None, "a new minute");
    }

    #[test]
    fn the_addresses_of_one_customer_count_as_one_and_none_is_no_limit() {
        let (failures, now) = (Failures::default(), Instant::now());
        wrong(&failures, ip("2001:db8:1:2::1"), now);
        assert!(failures.wait(ip("2001:db8:1:2:3:4:5:6"), 1, now).is_some());
        assert!(failures.wait(ip("2001:db8:1:3::1"), 1, now).is_none());
        assert!(failures.wait(ip("2001:db8:1:2::1"), 0, now).is_none());
    }

    #[test]
    fn the_same_pair_again_is_no_further_guess() {
        let (failures, now, address) = (Failures::default(), Instant::now(), ip("192.0.2.1"));
        let old = failures.guess("ann", "old");
        (0..100).for_each(|_| failures.note(address, old, now));
        failures.note(address, failures.guess("ann ", " old"), now);
        assert_eq!((failures.wait(address, 2, now), failures.wait(address, 1, now)), (None, Some(61)));
        failures.note(address, failures.guess("bob", "old"), now);
        assert!(failures.wait(address, 2, now).is_some());
        (0..PAIRS).for_each(|_| wrong(&failures, address, now));
        failures.note(address, old, now);
        assert!(failures.wait(address, PAIRS as u32 + 3, now).is_some(), "so many are remembered");
        assert_eq!(failures.seen()[&address].last.len(), PAIRS);
    }

    #[test]
    fn so_many_addresses_are_remembered_and_no_more() {
        let (failures, now) = (Failures::default(), Instant::now());
        let nth = |n: u32| IpAddr::V4(n.into());
        (0..MOST as u32 + 100).for_each(|n| wrong(&failures, nth(n), now));
        assert_eq!(failures.seen().len(), MOST);
        assert!(failures.wait(nth(0), 1, now).is_some() && failures.wait(nth(MOST as u32), 1, now).is_none());
        wrong(&failures, nth(MOST as u32), now + MINUTE);
        assert_eq!(failures.seen().len(), 1);
    }
}
