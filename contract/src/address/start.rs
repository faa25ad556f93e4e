//! When a part of the past begins, in every spelling that players have.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Unix time in seconds of a `start`; `None` for what is none.
///
/// Panels tell times in their own zone and take the same back; ours is UTC, and so is a start that names none.
pub(crate) fn instant(text: &str) -> Option<i64> {
    read(text).map(|(time, _)| time)
}

/// The same, and whether it would be the same instant everywhere: it names its zone, or counts seconds.
pub(super) fn read(text: &str) -> Option<(i64, bool)> {
    // Escaped twice by some, once too often.
    let text = text.trim().replace("%3A", ":").replace("%3a", ":");
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = match text.len() {
            10 | 13 => &text[..10], // 13: milliseconds
            _ => return None,
        };
        return seconds.parse().ok().map(|time| (time, true));
    }
    let mut text = Text(text.as_bytes());
    let (civil, zone) = if text.0.get(4) == Some(&b'-') { separated(&mut text)? } else { packed(&mut text)? };
    if !text.0.is_empty() {
        return None;
    }
    let time = civil.to_zoned(TimeZone::fixed(zone.unwrap_or(Offset::UTC))).ok()?;
    Some((time.timestamp().as_second(), zone.is_some()))
}

/// `2025-10-09:08-00-00` and its like, and ISO 8601 with its zone.
fn separated(text: &mut Text<'_>) -> Option<(DateTime, Option<Offset>)> {
    let year = text.digits(4)?;
    text.one_of(b"-")?;
    let month = text.digits(2)?;
    text.one_of(b"-")?;
    let day = text.digits(2)?;
    let iso = matches!(text.one_of(b":_- Tt")?, b'T' | b't' | b' ');
    let hour = text.digits(2)?;
    let between = text.one_of(b":-")?;
    let minute = text.digits(2)?;
    // A minute may be followed by seconds, or by a zone west of Greenwich.
    let second = match text.one_of(&[between]) {
        Some(_) => text.digits(2)?,
        None => 0,
    };
    let zone = if iso && between == b':' { zone(text)? } else { None };
    civil([year, month, day, hour, minute, second]).map(|civil| (civil, zone))
}

/// `20251009-08`
fn packed(text: &mut Text<'_>) -> Option<(DateTime, Option<Offset>)> {
    let (year, month, day) = (text.digits(4)?, text.digits(2)?, text.digits(2)?);
    text.one_of(b"-")?;
    let hour = text.digits(2)?;
    civil([year, month, day, hour, 0, 0]).map(|civil| (civil, None))
}

fn civil(parts: [i16; 6]) -> Option<DateTime> {
    let [year, month, day, hour, minute, second] = parts;
    let small = |part: i16| i8::try_from(part).ok();
    let (month, day, hour) = (small(month)?, small(day)?, small(hour)?);
    DateTime::new(year, month, day, hour, small(minute)?, small(second)?, 0).ok()
}

/// What may follow a time of ISO 8601: a fraction, which does not matter here, and a zone, or none.
fn zone(text: &mut Text<'_>) -> Option<Option<Offset>> {
    if text.one_of(b".").is_some() {
        text.digits(1)?;
        while text.digits(1).is_some() {}
    }
    // The plus of an address that was not escaped arrives as a blank.
    let sign = match text.one_of(b"Zz+- ") {
        None => return Some(None),
        Some(b'Z' | b'z') => return Some(Some(Offset::UTC)),
        Some(b'-') => -1,
        Some(_) => 1,
    };
    let hours = text.digits(2)?;
    text.one_of(b":");
    let minutes = text.digits(2).unwrap_or(0);
    let seconds = sign * (i32::from(hours) * 60 + i32::from(minutes)) * 60;
    (hours < 24 && minutes < 60).then(|| Offset::from_seconds(seconds).ok().map(Some))?
}

/// What is still to be read.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    /// So many digits.
    fn digits(&mut self, count: usize) -> Option<i16> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let number = digits.iter().try_fold(0, |number: i16, byte| {
            byte.is_ascii_digit().then(|| number * 10 + i16::from(byte - b'0'))
        })?;
        self.0 = rest;
        Some(number)
    }

    /// The next byte, if it is one of these.
    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| bytes.contains(first))?;
        self.0 = rest;
        Some(*first)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_is_the_same_instant() {
        for text in [
            "2025-10-09:08-00",
            "2025-10-09:08-00-00",
            "2025-10-09_08-00",
            "2025-10-09:08:00",
            "2025-10-09:08:00:00",
            "2025-10-09 08:00",
            "2025-10-09 08:00:00",
            "2025-10-09-08-00",
            "20251009-08",
            "2025-10-09T08:00",
            "2025-10-09T08:00:00",
            "2025-10-09T08:00Z",
            "2025-10-09T08:00:00Z",
            "2025-10-09T08:00:00.000Z",
            "2025-10-09T09:00+01:00",
            "2025-10-09T13:30:00+05:30",
            "2025-10-09T13:30:00 05:30",
            "2025-10-09T05:00:00-03:00",
            "2025-10-09T05:00-0300",
            "2025-10-09:08%3A00%3a00",
            "1759996800",
            "1759996800123",
            " 1759996800 ",
        ] {
            assert_eq!(instant(text), Some(1_759_996_800), "{text}");
        }
        assert_eq!(instant("2025-10-09:08-00-59"), Some(1_759_996_859));
    }

    #[test]
    fn a_start_says_whether_it_depends_on_a_clock() {
        for text in ["1759996800", "1759996800123", "2025-10-09T08:00Z", "2025-10-09T09:00:00+01:00"] {
            assert_eq!(read(text), Some((1_759_996_800, true)), "{text}");
        }
        for text in ["2025-10-09:08-00", "2025-10-09 08:00:00", "20251009-08", "2025-10-09T08:00:00.5"] {
            assert_eq!(read(text), Some((1_759_996_800, false)), "{text}");
        }
    }

    #[test]
    fn rubbish_is_none() {
        for text in [
            "",
            "now",
            "yesterday",
            "0",
            "175999680",
            "17599968001",
            "2025-10-09",
            "2025-10-09:08",
            "2025-13-09:08-00",
            "2025-02-30:08-00",
            "2025-10-09:24-00",
            "2025-10-09:08-60",
            "2025-10-09:08-00-00-00",
            "2025-10-09:08-00Z",
            "2025-10-09T08:00:00+25:00",
            "2025-10-09T08:00:00+",
            "2025-10-09T08:00:00.Z",
            "2025-10-09T08:00:00Zulu",
            "20251009",
            "20251009-0800",
            "2025_10_09:08-00",
            "２０２５-10-09:08-00",
            "-1759996800",
        ] {
            assert_eq!(instant(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(seconds in 1_000_000_000..9_999_999_999_i64) {
            let time = Timestamp::from_second(seconds).unwrap();
            for (format, lost) in [
                ("%Y-%m-%d:%H-%M", 60),
                ("%Y-%m-%d:%H-%M-%S", 1),
                ("%Y-%m-%d_%H-%M", 60),
                ("%Y-%m-%d:%H:%M", 60),
                ("%Y-%m-%d:%H:%M:%S", 1),
                ("%Y-%m-%d %H:%M", 60),
                ("%Y-%m-%d %H:%M:%S", 1),
                ("%Y-%m-%d-%H-%M", 60),
                ("%Y%m%d-%H", 3600),
                ("%Y-%m-%dT%H:%M:%SZ", 1),
                ("%s", 1),
                ("%s999", 1),
            ] {
                let text = time.strftime(format).to_string();
                prop_assert_eq!(instant(&text), Some(seconds - seconds.rem_euclid(lost)), "{}", text);
            }
            let there = time.to_zoned(TimeZone::get("America/St_Johns").unwrap());
            prop_assert_eq!(instant(&there.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()), Some(seconds));
        }

        #[test]
        fn arbitrary_text_is_no_panic(text in "(2025|10|-|:|_| |T|Z|\\+|%3A|[0-9]|.){0,24}") {
            let _ = instant(&text);
        }
    }
}
