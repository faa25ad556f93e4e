//! The hours of a day in which downloads may go on.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::de::{Deserialize, Deserializer, Error};

/// Hours of each day, by the clock of this machine, such as `01:00-07:00` or `22:30-06:00`; or always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window(Option<(Time, Time)>);

impl Window {
    /// `None` if `now` (Unix time in seconds) is within it, or else when it next begins.
    pub fn closed_until(&self, now: i64, zone: &TimeZone) -> Option<i64> {
        let (from, to) = self.0?;
        let there = Timestamp::from_second(now).ok()?.to_zoned(zone.clone());
        let time = there.time();
        let open = if from <= to { (from..to).contains(&time) } else { time >= from || time < to };
        if open {
            return None;
        }
        // Where clocks are put forward, half past two, which there is not, is half past three.
        let day = if time < from { there.date() } else { there.date().checked_add(1.day()).ok()? };
        let begins = day.to_datetime(from).to_zoned(zone.clone()).ok()?;
        Some(begins.timestamp().as_second())
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let time = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            let two = |text: &str| text.len() == 2 && text.bytes().all(|it| it.is_ascii_digit());
            let fits = two(hour) && two(minute);
            fits.then(|| Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok())?
        };
        let both = text.split_once('-').and_then(|(from, to)| Some((time(from)?, time(to)?)));
        match both {
            Some((from, to)) if from != to => Ok(Self(Some((from, to)))),
            _ => Err("expected hours of the day such as \"01:00-07:00\", or \"\" for always".into()),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("always"),
            Some((from, to)) => write!(f, "{}-{}", from.strftime("%H:%M"), to.strftime("%H:%M")),
        }
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `2026-11-27T12:00Z` and so on, in seconds since 1970.
    fn at(time: &str) -> i64 {
        time.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn a_window_is_open_in_its_hours_and_says_when_it_opens() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (window, now, until) in [
            ("", "2026-11-27T12:00:00Z", None),
            ("01:00-07:00", "2026-11-27T00:00:00Z", None),
            ("01:00-07:00", "2026-11-27T05:59:59Z", None),
            ("01:00-07:00", "2026-11-27T06:00:00Z", Some("2026-11-28T00:00:00Z")),
            ("01:00-07:00", "2026-11-26T23:59:59Z", Some("2026-11-27T00:00:00Z")),
            ("22:30-06:00", "2026-11-27T21:29:59Z", Some("2026-11-27T21:30:00Z")),
            ("22:30-06:00", "2026-11-27T21:30:00Z", None),
            ("22:30-06:00", "2026-11-27T04:59:59Z", None),
            // There is no 02:30 on this day: half past three stands for it, an hour and a half after one.
            ("02:30-04:00", "2026-03-29T00:10:00Z", Some("2026-03-29T01:30:00Z")),
        ] {
            let window: Window = window.parse().unwrap();
            assert_eq!(window.closed_until(at(now), &berlin), until.map(at), "{window} {now}");
        }
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in ["1-7", "01:00", "25:00-07:00", "01:00-01:00", "+1:00-07:00", "01:00-07:00-09:00"] {
            assert!(text.parse::<Window>().is_err(), "{text}");
        }
    }
}
