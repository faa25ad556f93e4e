//! Wrong pairs of name and password, by the address they come from.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// A minute begins with its first failure.
const MINUTE: Duration = Duration::from_secs(60);

/// Addresses that are remembered at a time. When there are more, further ones are not counted until a minute is over;
/// that passwords are verified one after the other limits them all together.
const MOST: usize = 10_000;

/// How often addresses were wrong in their current minute, whatever they asked for: programs that run in one process
/// count together.
#[derive(Default)]
pub struct Failures {
    seen: Mutex<HashMap<IpAddr, Minute>>,
}

struct Minute {
    began: Instant,
    failures: u32,
}

impl Failures {
    /// For how many seconds more `address` has used up the failures a minute that are `allowed` (0: as many as it likes),
    /// at least 1; `None` if it has not.
    pub fn wait(&self, address: IpAddr, allowed: u32, now: Instant) -> Option<u32> {
        let seen = self.seen();
        let minute = seen.get(&household(address))?;
        let left = MINUTE.checked_sub(now.saturating_duration_since(minute.began))?;
        (allowed > 0 && minute.failures >= allowed).then(|| left.as_secs() as u32 + 1)
    }

    /// `address` was wrong.
    pub fn note(&self, address: IpAddr, now: Instant) {
        let mut seen = self.seen();
        let over = |minute: &Minute| now.saturating_duration_since(minute.began) >= MINUTE;
        if seen.len() >= MOST {
            seen.retain(|_, minute| !over(minute));
        }
        let address = household(address);
        if seen.len() < MOST || seen.contains_key(&address) {
            let minute = seen.entry(address).or_insert(Minute { began: now, failures: 0 });
            if over(minute) {
                *minute = Minute { began: now, failures: 0 };
            }
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

    #[test]
    fn an_address_waits_until_its_minute_is_over_and_no_other_does() {
        let (failures, now) = (Failures::default(), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        for second in [0, 10, 20] {
            assert_eq!(failures.wait(ip("192.0.2.1"), 3, at(second)), None);
            failures.note(ip("192.0.2.1"), at(second));
        }
        assert_eq!(failures.wait(ip("192.0.2.1"), 3, at(20)), Some(41));
        assert_eq!(failures.wait(ip("::ffff:192.0.2.1"), 3, at(59)), Some(2));
        assert_eq!(failures.wait(ip("192.0.2.2"), 3, at(20)), None);
        assert_eq!(failures.wait(ip("192.0.2.1"), 3, at(61)), None);
        failures.note(ip("192.0.2.1"), at(61));
        assert_eq!(failures.wait(ip("192.0.2.1"), 3, at(61)), None, "a new minute");
    }

    #[test]
    fn the_addresses_of_one_customer_count_as_one_and_none_is_no_limit() {
        let (failures, now) = (Failures::default(), Instant::now());
        failures.note(ip("2001:db8:1:2::1"), now);
        assert!(failures.wait(ip("2001:db8:1:2:3:4:5:6"), 1, now).is_some());
        assert!(failures.wait(ip("2001:db8:1:3::1"), 1, now).is_none());
        assert!(failures.wait(ip("2001:db8:1:2::1"), 0, now).is_none());
    }

    #[test]
    fn so_many_addresses_are_remembered_and_no_more() {
        let (failures, now) = (Failures::default(), Instant::now());
        let nth = |n: u32| IpAddr::V4(n.into());
        (0..MOST as u32 + 100).for_each(|n| failures.note(nth(n), now));
        assert_eq!(failures.seen().len(), MOST);
        assert!(failures.wait(nth(0), 1, now).is_some() && failures.wait(nth(MOST as u32), 1, now).is_none());
        failures.note(nth(MOST as u32), now + MINUTE);
        assert_eq!(failures.seen().len(), 1);
    }
}
