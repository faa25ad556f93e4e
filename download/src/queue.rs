//! Who comes first, and when: what is decided without asking anybody.

mod window;

use contract::bundle::Kind;
use jiff::Timestamp;

pub use window::Window;

use crate::job::{Priority, Wish};

/// By what a film is before others, and how long something waits until it comes up a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A film of this year, or of at most so many years before, is of class high.
    pub high_years: u32,
    /// A film of more than so many years before is of class low.
    pub low_years: u32,
    /// Whoever waited so long is one class better, in days; 0: never.
    pub age_days: u32,
}

impl Rules {
    /// The class of a wish that says none, in the year `now`. What is no film, or of no known year, is medium.
    pub fn class(&self, wish: &Wish, now: i16) -> Priority {
        let (Kind::Movie, Ok(year)) = (wish.kind, wish.year.parse::<i64>()) else { return Priority::Medium };
        match i64::from(now) - year {
            ..0 => Priority::High,
            old if old <= i64::from(self.high_years) => Priority::High,
            old if old > i64::from(self.low_years) => Priority::Low,
            _ => Priority::Medium,
        }
    }
}

/// The year at `now`, Unix time in seconds.
pub fn year(now: i64) -> i16 {
    let time = Timestamp::from_second(now).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(jiff::tz::TimeZone::UTC).year()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::film;

    #[test]
    fn new_films_come_first_old_ones_last_and_everything_else_between() {
        let rules = Rules { high_years: 2, low_years: 5, age_days: 7 };
        for (kind, year, expected) in [
            (Kind::Movie, "2026", Priority::High),
            (Kind::Movie, "2027", Priority::High),
            (Kind::Movie, "2024", Priority::High),
            (Kind::Movie, "2023", Priority::Medium),
            (Kind::Movie, "2021", Priority::Medium),
            (Kind::Movie, "2020", Priority::Low),
            (Kind::Movie, "", Priority::Medium),
            (Kind::Episode, "2026", Priority::Medium),
            (Kind::Episode, "1999", Priority::Medium),
        ] {
            let wish = Wish { kind, year: year.into(), ..film(1) };
            assert_eq!(rules.class(&wish, 2026), expected, "{kind:?} {year}");
        }
    }

    #[test]
    fn a_year_is_the_one_of_its_time() {
        assert_eq!((year(0), year(1_767_225_600), year(1_767_225_599)), (1970, 2026, 2025));
    }
}
