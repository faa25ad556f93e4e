//! How often a user may ask. What is answered from mapped files costs less than to count it, so nobody is held back unless
//! the operator wants it: for a line that is slow, or users who share what they pay for.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::refusal::Refusal;

/// So many seconds' worth may be asked at once: apps ask for everything when they start, and some for the listings of each
/// channel by itself.
const AT_ONCE: u32 = 10;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Lists, details, playlists and the guide.
    Lists,
    /// Listings of channels.
    Listings,
}

/// What users have asked for lately.
pub(crate) struct Pace {
    /// So many a second, in the long run; 0 is as many as they like.
    lists: u32,
    listings: u32,
    /// When those who went on in step would have asked for as much as they have. There are no more of them than users.
    due: Mutex<HashMap<(String, Kind), Instant>>,
}

impl Pace {
    pub(crate) fn new(lists: u32, listings: u32) -> Self {
        Self { lists, listings, due: Mutex::default() }
    }

    /// Counts a request of a user.
    ///
    /// # Errors
    /// [`Refusal::Haste`]: there were too many.
    pub(crate) fn admit(&self, user: &str, kind: Kind, now: Instant) -> Result<(), Refusal> {
        let each_second = if kind == Kind::Lists { self.lists } else { self.listings };
        let Some(step) = Duration::from_secs(1).checked_div(each_second) else { return Ok(()) };
        let mut users = self.due.lock().expect("nobody panics while holding this lock");
        let due = users.entry((user.to_owned(), kind)).or_insert(now);
        let ahead = due.saturating_duration_since(now);
        if ahead + step > step * each_second * AT_ONCE {
            return Err(Refusal::Haste);
        }
        *due = now + ahead + step;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_seconds_worth_at_once_and_the_rest_as_time_goes_by() {
        let (pace, now) = (Pace::new(2, 5), Instant::now());
        let admitted = |user, kind, at| (0..1000).filter(|_| pace.admit(user, kind, at).is_ok()).count();
        assert_eq!(admitted("ann", Kind::Lists, now), 20);
        assert_eq!(admitted("ann", Kind::Listings, now), 50, "each by itself");
        assert_eq!(admitted("bob", Kind::Lists, now), 20, "each for himself");
        assert_eq!(admitted("ann", Kind::Lists, now + Duration::from_secs(3)), 6);
        assert_eq!(admitted("ann", Kind::Lists, now + Duration::from_secs(3600)), 20);
        let pace = Pace::new(0, 0);
        assert!((0..1000).all(|_| pace.admit("ann", Kind::Lists, now).is_ok()));
    }
}
