//! The time zone in which a provider tells times, and in which it wants to be asked for the past.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::address::instant;

/// Clocks are told to the second and read a moment later; real offsets are multiples of this, in seconds.
const STEP: i64 = 15 * 60;
/// No zone is further from Greenwich, in seconds.
const FURTHEST: i64 = 15 * 3600;

/// A time zone: one with a name, or a fixed offset. Written as `Europe/London`, `UTC` or `+05:30`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Default for Zone {
    /// UTC.
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    /// The zone of that name, `UTC`, or of an offset such as `+05:30`; `None` if there is none.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.as_bytes() {
            [b'+' | b'-', hours @ .., b':', tens, ones] => {
                let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<u8>().ok();
                let seconds = (i32::from(number(hours)?) * 60 + i32::from(number(&[*tens, *ones])?)) * 60;
                let seconds = if text.starts_with('-') { -seconds } else { seconds };
                Self::fixed(seconds.into())
            }
            // The names are those of the IANA; `Etc/Unknown` and the like are none that a clock could show.
            _ => TimeZone::get(text).ok().filter(|zone| !zone.is_unknown()).map(Self),
        }
    }

    /// The names that there are, beside offsets.
    pub fn names() -> Vec<String> {
        jiff::tz::db()
            .available()
            .map(|name| name.to_string())
            .filter(|name| Self::of(name).is_some())
            .collect()
    }

    /// The zone of a panel whose clock is called `name` and shows `time_now` when it is `timestamp_now` (Unix time, in
    /// seconds). The clock is believed before the name: servers were moved, and their settings were not.
    pub fn told(name: &str, time_now: &str, timestamp_now: Option<i64>) -> Self {
        let named = Self::of(name);
        let time_now = time_now.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = timestamp_now.zip(instant(&time_now)).map(|(now, shown)| {
            let ahead = shown.saturating_sub(now).saturating_add(STEP / 2);
            (now, ahead.div_euclid(STEP) * STEP)
        });
        let Some((now, ahead)) = shown.filter(|(_, ahead)| ahead.abs() <= FURTHEST) else {
            return named.unwrap_or_default();
        };
        let agrees = |zone: &Self| zone.ahead(now) == Some(ahead);
        named.filter(agrees).or_else(|| Self::fixed(ahead)).unwrap_or_default()
    }

    /// What a clock there shows at `time` (Unix time, in seconds), in `strftime`'s words; `None` outside the calendar.
    pub fn shown(&self, time: i64, format: &str) -> Option<String> {
        let shown = Timestamp::from_second(time).ok()?.to_zoned(self.0.clone());
        Some(shown.strftime(format).to_string())
    }

    /// Unix time in seconds at which a clock there shows what a clock in Greenwich shows at `shown`. Of an hour that
    /// comes twice it is the first; in one that is left out, what the clock before it would show.
    pub fn time(&self, shown: i64) -> Option<i64> {
        let civil = TimeZone::UTC.to_datetime(Timestamp::from_second(shown).ok()?);
        Some(self.0.to_ambiguous_timestamp(civil).compatible().ok()?.as_second())
    }

    /// Whether it is UTC.
    pub fn is_utc(&self) -> bool {
        self.0 == TimeZone::UTC
    }

    /// How far ahead of UTC its clocks are, in seconds.
    fn ahead(&self, time: i64) -> Option<i64> {
        Some(self.0.to_offset(Timestamp::from_second(time).ok()?).seconds().into())
    }

    fn fixed(seconds: i64) -> Option<Self> {
        let offset = Offset::from_seconds(i32::try_from(seconds).ok()?).ok()?;
        Some(Self(if seconds == 0 { TimeZone::UTC } else { TimeZone::fixed(offset) }))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.0.iana_name() {
            return f.write_str(name);
        }
        let minutes = self.0.to_offset(Timestamp::UNIX_EPOCH).seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        write!(f, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Zone {
    /// One that is not known here any more, or not yet, is UTC: better an hour off than no television.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of(&String::deserialize(deserializer)?).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-15 12:00 and 2026-07-15 12:00, UTC.
    const WINTER: i64 = 1_768_478_400;
    const SUMMER: i64 = 1_784_116_800;

    #[test]
    fn the_clock_is_believed_before_the_name() {
        for (name, time_now, now, expected) in [
            ("Europe/London", "2026-01-15 12:00:00", Some(WINTER), "Europe/London"),
            ("Europe/London", "2026-07-15 13:00:07", Some(SUMMER), "Europe/London"),
            ("Europe/London", "2026-07-15 12:00:00", Some(SUMMER), "UTC"),
            ("Europe/London", "2026-07-15 14:00:00", Some(SUMMER), "+02:00"),
            ("Asia/Kolkata", "2026-07-15 17:29:58", Some(SUMMER), "Asia/Kolkata"),
            ("", "2026-07-15 17:30:00", Some(SUMMER), "+05:30"),
            ("Nowhere/Else", "2026-07-15 09:00:00", Some(SUMMER), "-03:00"),
            ("America/Sao_Paulo", "2026-07-15 09-00-00", Some(SUMMER), "America/Sao_Paulo"),
            ("America/Sao_Paulo", "2026-07-15-09:00:00", Some(SUMMER), "America/Sao_Paulo"),
            ("America/Sao_Paulo", " 2026-07-15  09:00:00 ", Some(SUMMER), "America/Sao_Paulo"),
            ("America/Sao_Paulo", "", Some(SUMMER), "America/Sao_Paulo"),
            ("America/Sao_Paulo", "2026-07-15 09:00:00", None, "America/Sao_Paulo"),
            ("America/Sao_Paulo", "2019-07-15 09:00:00", Some(SUMMER), "America/Sao_Paulo"),
            ("UTC", "2026-07-15 12:00:00", Some(SUMMER), "UTC"),
            ("", "", None, "UTC"),
        ] {
            assert_eq!(Zone::told(name, time_now, now).to_string(), expected, "{name} {time_now}");
        }
    }

    #[test]
    fn a_zone_tells_the_time_in_summer_and_in_winter() {
        let shown = |zone: &str, time| Zone::of(zone).unwrap().shown(time, "%Y-%m-%d:%H-%M").unwrap();
        assert_eq!(shown("Europe/London", WINTER), "2026-01-15:12-00");
        assert_eq!(shown("Europe/London", SUMMER), "2026-07-15:13-00");
        assert_eq!(shown("America/Sao_Paulo", SUMMER), "2026-07-15:09-00");
        assert_eq!(shown("Asia/Kolkata", WINTER), "2026-01-15:17-30");
        assert_eq!(shown("+05:30", WINTER), "2026-01-15:17-30");
        assert_eq!(shown("-03:30", WINTER), "2026-01-15:08-30");
        assert_eq!(Zone::of("Europe/London").unwrap().shown(i64::MAX, "%Y"), None);
    }

    #[test]
    fn what_a_clock_shows_is_a_time_again() {
        let zone = |name| Zone::of(name).unwrap();
        for time in (0..400).map(|day| WINTER + day * 86_400) {
            for name in ["Europe/London", "Asia/Kolkata", "America/Sao_Paulo", "-03:30"] {
                let ahead = zone(name).ahead(time).unwrap();
                assert_eq!(zone(name).time(time + ahead), Some(time), "{name}");
            }
        }
    }

    #[test]
    fn a_zone_is_written_as_it_is_read() {
        for text in ["UTC", "Europe/London", "+05:30", "-03:00"] {
            let json = serde_json::to_string(&Zone::of(text).unwrap()).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Zone>(&json).unwrap(), Zone::of(text).unwrap());
        }
        assert!(serde_json::from_str::<Zone>("\"Atlantis\"").unwrap().is_utc());
        assert!(Zone::of("+00:00").unwrap().is_utc());
        for text in ["", "+5", "+ab:cd", "+99:00", "London"] {
            assert_eq!(Zone::of(text), None, "{text}");
        }
    }
}
