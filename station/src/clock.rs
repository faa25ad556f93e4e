//! The wall clock, and times written by hand: a big guide has millions of them.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    (micros() / 1_000_000) as i64
}

/// Microseconds since 1970.
pub(crate) fn micros() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}

/// `20250101060000`, UTC.
pub(crate) fn compact(time: i64, out: &mut Vec<u8>) {
    let (year, month, day) = date(time.div_euclid(86_400));
    let second = time.rem_euclid(86_400) as u32;
    digits(out, year, 4);
    for part in [month, day, second / 3600, second / 60 % 60, second % 60] {
        digits(out, part, 2);
    }
}

/// `2025-01-01 06:00:00`, UTC.
pub(crate) fn spelt(time: i64) -> String {
    let (year, month, day) = date(time.div_euclid(86_400));
    let second = time.rem_euclid(86_400);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`: a date of HTTP (RFC 9110, 5.6.7).
pub(crate) fn http_date(time: i64) -> String {
    let time = Timestamp::from_second(time).unwrap_or_default();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The clock of a panel: `2025-01-01 06:00:00` in its zone.
pub(crate) fn shown(time: i64, zone: &TimeZone) -> String {
    spelt(time + ahead(time, zone))
}

/// The time at which a clock in `zone` shows what one in Greenwich shows at `civil`.
pub(crate) fn there(civil: i64, zone: &TimeZone) -> Option<i64> {
    let civil = TimeZone::UTC.to_datetime(Timestamp::from_second(civil).ok()?);
    Some(zone.to_ambiguous_timestamp(civil).compatible().ok()?.as_second())
}

fn ahead(time: i64, zone: &TimeZone) -> i64 {
    Timestamp::from_second(time).map_or(0, |time| zone.to_offset(time).seconds().into())
}

/// Seconds since 1970 of a UTC date and time; `None` if there is no such day or minute.
pub(crate) fn epoch(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<i64> {
    let fits = (1970..2100).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second);
    if !fits {
        return None;
    }
    // Eras of 400 years that begin in March, so that the leap day comes last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (shifted / 400, shifted % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Year, month and day of a count of days since 1970.
fn date(days: i64) -> (u32, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as u32, month as u32, day as u32)
}

fn digits(out: &mut Vec<u8>, number: u32, width: u32) {
    for place in (0..width).rev() {
        out.push(b'0' + (number / 10_u32.pow(place) % 10) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_as_the_calendar_says() {
        let table = [
            (0, "1970-01-01 00:00:00"),
            (951_782_400, "2000-02-29 00:00:00"),
            (1_735_689_599, "2024-12-31 23:59:59"),
            (1_759_996_800, "2025-10-09 08:00:00"),
        ];
        for (time, text) in table {
            assert_eq!(spelt(time), text);
            let mut out = Vec::new();
            compact(time, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text.replace(['-', ' ', ':'], ""));
            let parts: Vec<i64> = text.split(['-', ' ', ':']).map(|part| part.parse().unwrap()).collect();
            assert_eq!(epoch(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]), Some(time));
        }
        let london = TimeZone::get("Europe/London").unwrap();
        for (time, text) in [(1_784_116_800, "2026-07-15 13:00:00"), (1_768_478_400, "2026-01-15 12:00:00")] {
            assert_eq!(shown(time, &london), text);
            assert_eq!(there(time + ahead(time, &london), &london), Some(time));
        }
        assert_eq!(epoch(2025, 13, 1, 0, 0, 0), None);
        assert_eq!(epoch(i64::MAX, i64::MAX, 1, 0, 0, 0), None);
    }
}
