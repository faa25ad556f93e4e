//! The times of XMLTV: `20250101060000 +0100` and what else people write.

/// Unix seconds of an XMLTV time; without an offset it is UTC. `None` for what is no time, or has an impossible offset.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
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
    let offset = offset(fraction.unwrap_or(rest).trim())?;
    fits.then(|| ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset)
}

/// Seconds east of Greenwich.
fn offset(text: &str) -> Option<i64> {
    let minutes = match text.to_ascii_uppercase().as_str() {
        "" | "Z" | "UTC" | "GMT" | "WET" => 0,
        "BST" | "CET" | "MEZ" | "WEST" | "IST" => 60,
        "CEST" | "MESZ" | "EET" => 120,
        "EEST" | "MSK" => 180,
        "EDT" => -240,
        "EST" | "CDT" => -300,
        "CST" | "MDT" => -360,
        "MST" | "PDT" => -420,
        "PST" => -480,
        numeric => numeric_offset(numeric)?,
    };
    Some(minutes * 60)
}

/// Minutes of `+0100`, `-01:00`, `+01` or `UTC+1`.
fn numeric_offset(text: &str) -> Option<i64> {
    let text = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text).trim_start();
    let (sign, number) = match text.split_at_checked(1)? {
        ("+", number) => (1, number),
        ("-", number) => (-1, number),
        _ => return None,
    };
    let number = number.trim().replace(':', "");
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: i64 = number.parse().ok()?;
    let (hours, minutes) = match number.len() {
        1 | 2 => (value, 0),
        3 | 4 => (value / 100, value % 100),
        _ => return None,
    };
    (hours <= 14 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
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

/// Writes `YYYYMMDDhhmmss +0000`.
pub(crate) fn write(out: &mut impl std::io::Write, seconds: u32) -> std::io::Result<()> {
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
    out.write_all(&text)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_is_understood_in_every_spelling() {
        const NOON: i64 = 1_735_732_800; // 2025-01-01 12:00 UTC
        for text in [
            "20250101120000 +0000",
            "20250101130000 +0100",
            "20250101120000",
            "202501011200",
            "2025010112",
            "20250101120000+0000",
            "20250101120000   +0000",
            "20250101120000 ",
            "20250101120000Z",
            "20250101120000 UTC",
            "20250101130000 CET",
            "20250101130000 +01:00",
            "2025-01-01T12:00:00Z",
            "2025-01-01 12:00:00",
            "2025-01-01T13:00:00+01:00",
            "20250101173000 +0530",
            "20250101070000 -0500",
            "20250101120000 GMT+0",
            "2025-01-01T12:00:00.000Z",
            "20250101130000 BST",
        ] {
            assert_eq!(parse(text), Some(NOON), "{text}");
        }
        assert_eq!(parse("20250101"), Some(NOON - 43_200));
        assert_eq!(parse("20250101240000 +0000"), parse("20250102000000 +0000"));
        for text in [
            "",
            "2025",
            "20251301120000",
            "20250230",
            "20250101120000 +9900",
            "20250101120000 XYZ",
            "soon",
            "é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again_and_is_what_the_calendar_says(seconds in 0_u32..4_200_000_000) {
            let mut text = Vec::new();
            write(&mut text, seconds).unwrap();
            let text = String::from_utf8(text).unwrap();
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
