//! Times as people say them.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

/// A time: of a day that is said, or of the day that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// The same everywhere.
    Instant(Timestamp),
    /// By the clock of this machine.
    Day(DateTime),
    /// Likewise.
    Time(Time),
}

impl When {
    /// The first such time from `earliest` on, in Unix seconds; what says its day is of that day, whenever that is. `None` where
    /// clocks know no such time.
    pub(super) fn after(self, earliest: i64, zone: &TimeZone) -> Option<i64> {
        let seconds = |day: DateTime| day.to_zoned(zone.clone()).ok().map(|it| it.timestamp().as_second());
        match self {
            Self::Instant(time) => Some(time.as_second()),
            Self::Day(day) => seconds(day),
            Self::Time(time) => {
                let date = Timestamp::from_second(earliest).ok()?.to_zoned(zone.clone()).date();
                let days = [date, date.tomorrow().ok()?].map(|date| seconds(date.to_datetime(time)));
                days.into_iter().flatten().find(|time| *time >= earliest)
            }
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_time = text.contains(':') && text.len() <= "20:15:00".len();
        let time = || text.parse().ok().filter(|_| is_time).map(Self::Time);
        let day = || text.parse().ok().filter(|_| text.contains(':')).map(Self::Day);
        let found = time().or_else(|| text.parse().ok().map(Self::Instant)).or_else(day);
        found.ok_or_else(|| {
            "expected a time such as 20:15, \"2026-11-27 20:15\" or 2026-11-27T20:15:00Z".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_day_is_the_next_one_and_one_with_a_day_is_of_that_day() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let at = |time: &str| time.parse::<Timestamp>().unwrap().as_second();
        let now = at("2026-11-27T12:00:00Z");
        for (said, expected) in [
            ("20:15", "2026-11-27T19:15:00Z"),
            ("13:00", "2026-11-27T12:00:00Z"),
            ("12:59:59", "2026-11-28T11:59:59Z"),
            ("2026-11-26 20:15", "2026-11-26T19:15:00Z"),
            ("2026-07-01T20:15", "2026-07-01T18:15:00Z"),
            ("2026-11-27T20:15:00Z", "2026-11-27T20:15:00Z"),
            ("2026-11-27T20:15:00+01:00", "2026-11-27T19:15:00Z"),
        ] {
            let when: When = said.parse().unwrap();
            assert_eq!(when.after(now, &berlin), Some(at(expected)), "{said}");
        }
        for none in ["", "20", "2026-11-27", "25:00", "soon"] {
            assert!(none.parse::<When>().is_err(), "{none}");
        }
    }
}
