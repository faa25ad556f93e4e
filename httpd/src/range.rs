//! `Range` of RFC 9110 section 14, as far as players use it: one range of bytes.

use http::{HeaderMap, header};

/// What a request asks of a representation whose size is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Everything: no range, one that cannot be understood, or several at once (RFC 9110 lets a server ignore them).
    Whole,
    /// Bytes `start..end` of it, not empty.
    Part {
        /// The first byte.
        start: u64,
        /// One past the last byte.
        end: u64,
    },
    /// A range that lies behind the end: 416.
    Unsatisfiable,
}

/// Reads the `Range` header against a representation of `size` bytes.
pub fn range(headers: &HeaderMap, size: u64) -> Range {
    let Some(value) = headers.get(header::RANGE).and_then(|value| value.to_str().ok()) else {
        return Range::Whole;
    };
    parse(value, size).unwrap_or(Range::Whole)
}

fn parse(value: &str, size: u64) -> Option<Range> {
    let (unit, spec) = value.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || spec.contains(',') {
        return None;
    }
    let (first, last) = spec.trim().split_once('-')?;
    let number = |text: &str| match text.as_bytes() {
        digits if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => text.parse::<u64>().ok(),
        _ => None,
    };
    let (start, end) = match (first.is_empty(), last.is_empty()) {
        (true, true) => return None,
        (true, false) => (size.saturating_sub(number(last)?), size),
        (false, true) => (number(first)?, size),
        (false, false) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            (first, last.saturating_add(1).min(size))
        }
    };
    Some(if start >= end { Range::Unsatisfiable } else { Range::Part { start, end } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_range_has_its_answer() {
        let part = |start, end| Range::Part { start, end };
        for (value, expected) in [
            ("bytes=0-", part(0, 100)),
            ("bytes=0-1", part(0, 2)),
            ("bytes=10-19", part(10, 20)),
            ("bytes=90-500", part(90, 100)),
            ("bytes=-10", part(90, 100)),
            ("bytes=-500", part(0, 100)),
            ("Bytes = 5-5", part(5, 6)),
            ("bytes=100-", Range::Unsatisfiable),
            ("bytes=-0", Range::Unsatisfiable),
            ("bytes=0-1,5-6", Range::Whole),
            ("bytes=9-3", Range::Whole),
            ("bytes=-", Range::Whole),
            ("bytes=+1-2", Range::Whole),
            ("bytes=a-b", Range::Whole),
            ("items=0-1", Range::Whole),
            ("nonsense", Range::Whole),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, value.parse().unwrap());
            assert_eq!(range(&headers, 100), expected, "{value}");
        }
        assert_eq!(range(&HeaderMap::new(), 100), Range::Whole);
    }
}
