//! How fast a user may begin to receive channels and films: whoever holds down a key of his remote control is not to
//! get the account banned. Joining what runs costs the provider nothing and is not counted. Pure: no clock of its own.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use crate::refusal::Refusal;

/// Users who are remembered. Those who have been quiet are forgotten first, and if all are busy everybody is.
const CAPACITY: usize = 4096;

/// What users have begun lately.
pub(crate) struct Starts {
    per_minute: u32,
    users: Mutex<HashMap<String, Left>>,
}

/// How much a user may begin at once.
struct Left {
    starts: f64,
    since: Instant,
}

impl Starts {
    /// So many a minute, a quarter of them at once; 0: as many as one likes.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute, users: Mutex::default() }
    }

    /// Counts a start.
    ///
    /// # Errors
    /// [`Refusal::Haste`]: there were too many.
    pub(crate) fn admit(&self, user: &str, now: Instant) -> Result<(), Refusal> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let (each_second, most) =
            (f64::from(self.per_minute) / 60.0, (f64::from(self.per_minute) / 4.0).max(1.0));
        let left = |user: &Left| {
            (user.starts + now.duration_since(user.since).as_secs_f64() * each_second).min(most)
        };
        let mut users = self.users.lock().expect("nobody panics while holding this lock");
        let starts = users.get(user).map_or(most, left);
        if starts < 1.0 {
            return Err(Refusal::Haste);
        }
        if users.len() >= CAPACITY && !users.contains_key(user) {
            users.retain(|_, user| left(user) < most);
            if users.len() >= CAPACITY {
                users.clear();
            }
        }
        users.insert(user.to_owned(), Left { starts: starts - 1.0, since: now });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_quarter_at_once_and_the_rest_as_time_goes_by() {
        let (starts, now) = (Starts::new(120), Instant::now());
        let admitted = |user, at| (0..100).filter(|_| starts.admit(user, at).is_ok()).count();
        assert_eq!(admitted("ann", now), 30);
        assert_eq!(admitted("bob", now), 30, "each for himself");
        assert_eq!(admitted("ann", now + Duration::from_secs(5)), 10);
        assert_eq!(admitted("ann", now + Duration::from_secs(3600)), 30);
    }

    #[test]
    fn one_may_always_be_begun_and_nobody_is_counted_who_need_not_be() {
        assert!(Starts::new(1).admit("ann", Instant::now()).is_ok());
        let starts = Starts::new(0);
        assert!((0..1000).all(|_| starts.admit("ann", Instant::now()).is_ok()));
        let (starts, now) = (Starts::new(60), Instant::now());
        (0..2 * CAPACITY).for_each(|user| drop(starts.admit(&user.to_string(), now)));
        assert!(starts.users.lock().unwrap().len() <= CAPACITY);
    }
}
