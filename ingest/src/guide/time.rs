//! The times of XMLTV: `20250101060000 +0100` and what else people write.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// How the times of a guide are meant.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// The zone of times without an offset. Spec: UTC, unless the source's settings know better.
    pub(crate) zone: TimeZone,
}

impl Default for Clock {
    fn default() -> Self {
        Self { zone: TimeZone::UTC }
    }
}

impl Clock {
    /// One whose times without an offset are those of the zone called `name`.
    ///
    /// # Errors
    /// There is no such zone, in words.
    pub(crate) fn of(name: &str) -> Result<Self, String> {
        let zone = TimeZone::get(name);
        let zone =
            zone.map_err(|_| format!("there is no time zone {name:?}; expected one such as Europe/London"))?;
        Ok(Self { zone })
    }

    /// Unix seconds of an XMLTV time. `None` for what is no time, or has an impossible offset.
    pub(crate) fn parse(&self, text: &str) -> Option<i64> {
        let (civil, rest) = civil(text.trim())?;
        match rest {
            "" if self.zone == TimeZone::UTC => Some(civil),
            "" => local(civil, &self.zone),
            rest => Some(civil - offset(rest, civil)?),
        }
    }
}

/// Unix seconds of a time on the wall in a zone, which is given as if it were UTC. In the hour that comes twice it is the
/// first; in the one that is left out the clock has not been put forward yet.
fn local(civil: i64, zone: &TimeZone) -> Option<i64> {
    let wall: DateTime = TimeZone::UTC.to_datetime(jiff::Timestamp::from_second(civil).ok()?);
    Some(zone.to_ambiguous_timestamp(wall).compatible().ok()?.as_second())
}

/// The seconds between 1970 and what is written, as if that were UTC, and the offset behind it.
fn civil(text: &str) -> Option<(i64, &str)> {
    let mut digits = [0_i64; 14];
    let mut found = 0;
    let mut rest = text;
    let iso = text.as_bytes().get(4) == Some(&b'-');
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'0'..=b'9' if found < 14 => {
                digits[found] = (byte - b'0').into();
                found += 1;
            }
            b'-' if iso && found < 8 => {}
            b':' | b'T' | b't' if iso && found >= 8 => {}
            b' ' if iso && found == 8 => {}
            _ => break,
        }
        rest = &text[at + 1..];
    }
    if !matches!(found, 8 | 10 | 12 | 14) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits[range].iter().fold(0, |sum, digit| sum * 10 + digit);
    let (year, month, day) = (number(0..4), number(4..6), number(6..8));
    let (hour, minute, second) = (number(8..10), number(10..12), number(12..14));
    // Hour 24 is the beginning of the next day, and second 60 of the next minute.
    let fits = (1970..=2105).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour <= 24
        && minute <= 59
        && second <= 60;
    let fraction = rest.strip_prefix('.').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    fits.then(|| (seconds, fraction.unwrap_or(rest).trim()))
}

/// Seconds east of Greenwich of an offset, or of a zone by one of the short names people write, or by its tzdb name.
fn offset(text: &str, civil: i64) -> Option<i64> {
    if let Some(numeric) = numeric_offset(text) {
        return Some(numeric * 60);
    }
    let minutes = match text.to_ascii_uppercase().as_str() {
        "Z" | "UT" | "UTC" | "GMT" | "WET" => 0,
        "BST" | "CET" | "MEZ" | "WEST" => 60,
        "CEST" | "MESZ" | "EET" | "SAST" => 120,
        "EEST" | "MSK" | "TRT" => 180,
        "IST" => return None, // India, Ireland or Israel
        "JST" | "KST" => 540,
        "AEST" => 600,
        "AEDT" => 660,
        "NZST" => 720,
        "NZDT" => 780,
        "AST" | "EDT" => -240,
        "EST" | "CDT" => -300,
        "CST" | "MDT" => -360,
        "MST" | "PDT" => -420,
        "PST" => -480,
        _ if text.contains('/') => return Some(civil - local(civil, &TimeZone::get(text).ok()?)?),
        _ => return None,
    };
    Some(minutes * 60)
}

/// Minutes of `+0100`, `-01:00`, `+01`, `+1` or `UTC+1`. No place is further than 14 hours from Greenwich.
fn numeric_offset(text: &str) -> Option<i64> {
    let text = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text).trim_start();
    let (sign, number) = match text.split_at_checked(1)? {
        ("+", number) => (1, number.trim()),
        ("-", number) => (-1, number.trim()),
        _ => return None,
    };
    let (hours, minutes) = match number.split_once(':') {
        Some(parts) => parts,
        None => number
            .split_at_checked(number.len().checked_sub(2).filter(|at| *at > 0).unwrap_or(number.len()))?,
    };
    let digits = |text: &str, most: usize| {
        let fits = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.bytes().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
    };
    let minutes = if minutes.is_empty() { 0 } else { digits(minutes, 2)? };
    let offset = digits(hours, 2)? * 60 + minutes;
    (minutes <= 59 && offset <= 14 * 60).then_some(sign * offset)
}

/// Days since 1970 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Counting years from March puts the leap day at a year's end.
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `YYYYMMDDhhmmss +0000`.
pub(crate) fn written(seconds: u32) -> [u8; 20] {
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // The reverse of `days`, for years that begin in March.
    let from_march = days + 719_468;
    let era = from_march / 146_097;
    let of_era = from_march % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + u32::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let mut text = *b"00000000000000 +0000";
    let mut put = |at: usize, width: usize, mut number: u32| {
        for digit in text[at..at + width].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    };
    for (at, width, number) in
        [(0, 4, year), (4, 2, month), (6, 2, day), (8, 2, hour), (10, 2, minute), (12, 2, second)]
    {
        put(at, width, number);
    }
    text
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    const NOON: i64 = 1_735_732_800; // 2025-01-01 12:00 UTC

    fn parse(text: &str) -> Option<i64> {
        Clock::default().parse(text)
    }

    #[test]
    fn a_time_is_understood_in_every_spelling() {
        for text in [
            "20250101120000 +0000",
            "20250101120000 -0000",
            "20250101130000 +0100",
            "20250101120000",
            "202501011200",
            "2025010112",
            "202501011300 +0100",
            "2025010113 +0100",
            "20250101120000+0000",
            "20250101130000+0100",
            "20250101120000   +0000",
            "  20250101130000\t+0100  ",
            "20250101120000 ",
            "20250101120000Z",
            "20250101120000 z",
            "20250101120000 UTC",
            "20250101120000 GMT",
            "20250101130000 CET",
            "20250101140000 CEST",
            "20250101070000 EST",
            "20250101130000 +01:00",
            "20250101130000 +01",
            "20250101130000 +1",
            "20250101130000 +100",
            "2025-01-01T12:00:00Z",
            "2025-01-01T12:00Z",
            "2025-01-01 12:00:00",
            "2025-01-01t13:00:00+01:00",
            "2025-01-01T12:00:00.000Z",
            "20250101120000.5 +0000",
            "20250101173000 +0530",
            "20250101174500 +0545",
            "20250101070000 -0500",
            "20250102020000 +1400",
            "20250101000000 -1200",
            "20250101120000 GMT+0",
            "20250101130000 UTC+1",
            "20250101130000 BST",
            "20250101130000 Europe/Berlin",
            "20250101240000 +1200",
            "20250101115960 +0000",
        ] {
            assert_eq!(parse(text), Some(NOON), "{text}");
        }
        assert_eq!(parse("20250101"), Some(NOON - 43_200));
        assert_eq!(parse("20250101 +0100"), Some(NOON - 46_800));
        assert_eq!(parse("20250101240000 +0000"), parse("20250102000000 +0000"));
        assert_eq!(parse("20251231240000"), parse("20260101000000"));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2025",
            "202501",
            "2025010112000",
            "20251301120000",
            "20250230",
            "20250101250000",
            "20250101126000",
            "00000000000000 +0000",
            "20250101120000 +9900",
            "20250101120000 +1500",
            "20250101120000 +1401",
            "20250101120000 +0060",
            "20250101120000 +01000",
            "20250101120000 +",
            "20250101120000 +é",
            "20250101120000 XYZ",
            "20250101120000 No/Where",
            "1735732800",
            "soon",
            "é",
            "2025é101120000",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_without_an_offset_is_that_of_the_sources_zone() {
        let berlin = Clock { zone: TimeZone::get("Europe/Berlin").unwrap() };
        for (text, utc) in [
            ("20250101130000", "20250101120000"),
            ("20250701140000", "20250701120000"),
            ("202507011400", "20250701120000"),
            ("20250701120000 +0000", "20250701120000"),
            ("20250330023000", "20250330013000"), // left out
            ("20251026023000", "20251026003000"), // comes twice
        ] {
            assert_eq!(berlin.parse(text), parse(utc), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again_and_is_what_the_calendar_says(seconds in 0_u32..4_200_000_000) {
            let text = String::from_utf8(written(seconds).to_vec()).unwrap();
            prop_assert_eq!(parse(&text), Some(seconds.into()));
            let zoned = jiff::Timestamp::from_second(seconds.into()).unwrap().to_zoned(TimeZone::UTC);
            prop_assert_eq!(text, zoned.strftime("%Y%m%d%H%M%S +0000").to_string());
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = parse(&text);
        }
    }
}
