//! How long a certificate holds: the one thing that is read of it here (RFC 5280 section 4.1.2.5).

use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::sign::CertifiedKey;

/// The tags of ASN.1 that stand on the way.
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The most that may be left of a certificate that ends soon: whoever renews, does it earlier.
const SOON: u64 = 7 * 86_400;

/// How long it holds; `None` if that cannot be read.
pub(crate) fn of_shown(certificate: &CertifiedKey) -> Option<Range<u64>> {
    of(certificate.cert.first()?)
}

/// When one is to be renewed: when two thirds of its time have passed, as authorities advise.
pub(crate) const fn renewal(holds: &Range<u64>) -> u64 {
    holds.start + (holds.end - holds.start) / 3 * 2
}

/// Whether so little is left at `now` that it should have been renewed: a week, or of one that holds for days, half of the
/// time in which it is renewed.
pub(crate) fn ends_soon(holds: &Range<u64>, now: u64) -> bool {
    holds.end.saturating_sub(now) < SOON.min((holds.end - holds.start) / 6)
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// From when to when a certificate holds, in seconds since 1970.
fn of(certificate: &[u8]) -> Option<Range<u64>> {
    let (body, _) = expect(SEQUENCE, expect(SEQUENCE, certificate)?.0)?;
    // version, if it says one; serial number, signature, issuer; then the validity.
    let (tag, _, after) = element(body)?;
    let mut rest = if tag == VERSION { after } else { body };
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (validity, _) = expect(SEQUENCE, rest)?;
    let (tag, from, rest) = element(validity)?;
    let start = time(tag, from)?;
    let (tag, until, _) = element(rest)?;
    let end = time(tag, until)?;
    (start <= end).then_some(start..end)
}

/// The content of the element that `bytes` begin with, if it is of this kind, and what follows it.
fn expect(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(bytes)?;
    (found == tag).then_some((content, rest))
}

/// Tag, content, and what follows (ITU-T X.690 section 8.1).
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // The length of the length: more than four bytes is longer than any certificate.
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`, in seconds since 1970.
fn time(tag: u8, text: &[u8]) -> Option<u64> {
    let digits = text.strip_suffix(b"Z")?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |digits: &[u8]| digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let (year, rest) = digits.split_at(2);
            (if number(year) < 50 { 2000 } else { 1900 } + number(year), rest)
        }
        (GENERALIZED_TIME, 14) => (number(&digits[..4]), &digits[4..]),
        _ => return None,
    };
    let [month, day, hour, minute, second] = [0, 2, 4, 6, 8].map(|at| number(&rest[at..at + 2]));
    let days = days(year, month, day)?;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Days since 1970; nothing before it.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin in March here, so that a leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    Some(year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_forms() {
        assert_eq!(time(UTC_TIME, b"700101000000Z"), Some(0));
        assert_eq!(time(UTC_TIME, b"261127170000Z"), Some(1_795_798_800));
        assert_eq!(time(GENERALIZED_TIME, b"20261127170000Z"), Some(1_795_798_800));
        assert_eq!(time(GENERALIZED_TIME, b"20000229235959Z"), Some(951_868_799));
        assert_eq!(time(UTC_TIME, b"491231235959Z"), Some(2_524_607_999));
        for (tag, wrong) in
            [(UTC_TIME, &b"20261127170000Z"[..]), (UTC_TIME, b"2611271700Z"), (2, b"261127170000Z")]
        {
            assert_eq!(time(tag, wrong), None);
        }
        assert_eq!(time(UTC_TIME, b"261327170000Z"), None);
        assert_eq!(time(UTC_TIME, b"2611271700xxZ"), None);
    }

    #[test]
    fn one_that_holds_for_days_ends_soon_later_than_one_that_holds_for_months() {
        const DAY: u64 = 86_400;
        let (months, days) = (DAY..91 * DAY, DAY..7 * DAY);
        assert_eq!((renewal(&months), renewal(&days)), (61 * DAY, 5 * DAY));
        assert!(
            !ends_soon(&months, 83 * DAY) && ends_soon(&months, 85 * DAY) && ends_soon(&months, 99 * DAY)
        );
        assert!(!ends_soon(&days, 5 * DAY) && ends_soon(&days, 6 * DAY + 1));
    }

    #[test]
    fn bytes_that_are_no_certificate_tell_nothing() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\x80",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x03\x30\x01\x02",
            &[0xff; 64],
        ] {
            assert_eq!(of(bytes), None);
        }
    }
}
