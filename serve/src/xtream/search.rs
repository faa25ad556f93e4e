//! Finding a programme in a run of them without reading them all.

use jiff::Timestamp;
use memchr::memmem;

/// How every programme of our guide begins, and where its times stand behind that: `START +0000" stop="STOP +0000"`.
const BEGIN: &[u8] = b"<programme start=\"";
/// Where a programme says when it begins.
pub(super) const START: usize = BEGIN.len();
/// Where it says when it ends.
pub(super) const STOP: usize = START + "20251009080000 +0000\" stop=\"".len();

/// A time as it stands in the guide: `20251009080000`, in UTC.
pub(super) fn written(unix: u64) -> String {
    let time = i64::try_from(unix).ok().and_then(|unix| Timestamp::from_second(unix).ok());
    time.unwrap_or_default().strftime("%Y%m%d%H%M%S").to_string()
}

/// Where the first of `programmes` begins whose time at `offset` `is` so, as is that of all that follow: they are sorted,
/// and do not overlap. Looks at a few of them only.
pub(super) fn first_of(programmes: &[u8], offset: usize, is: impl Fn(&[u8]) -> bool) -> usize {
    // No programme that begins before `low` is so; all that begin at `high` or later are.
    let (mut low, mut high) = (0, programmes.len());
    let mut found = programmes.len();
    while low < high {
        let middle = low + (high - low) / 2;
        let until = (high + BEGIN.len() - 1).min(programmes.len());
        match memmem::find(&programmes[middle..until], BEGIN).map(|at| middle + at) {
            Some(at) if !is(programmes.get(at + offset..at + offset + 14).unwrap_or_default()) => {
                low = at + 1
            }
            Some(at) => (found, high) = (at, middle),
            None => high = middle,
        }
    }
    found
}

/// The first so many of `programmes`.
pub(super) fn first(programmes: &[u8], count: usize) -> &[u8] {
    let end = memmem::find_iter(programmes, BEGIN).nth(count);
    &programmes[..end.unwrap_or(programmes.len())]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: u64 = 3600;

    fn programmes(count: u64, text: &str) -> String {
        let one = |n: u64| {
            let (start, stop) = (written(n * HOUR), written((n + 1) * HOUR));
            format!(
                "<programme start=\"{start} +0000\" stop=\"{stop} +0000\" channel=\"a\">{text}</programme>\n"
            )
        };
        (0..count).map(one).collect()
    }

    proptest! {
        #[test]
        fn the_first_is_found_wherever_it_is(count in 0u64..40, at in 0u64..45, text in "[a-z<>&\"]{0,60}") {
            let text = text.replace("<p", "");
            let xml = programmes(count, &text);
            let found = first_of(xml.as_bytes(), START, |start| start >= written(at * HOUR).as_bytes());
            prop_assert_eq!(found, programmes(at.min(count), &text).len());
            let expected = programmes(at.min(count), &text);
            prop_assert_eq!(first(xml.as_bytes(), at as usize), expected.as_bytes());
        }

        #[test]
        fn arbitrary_bytes_are_no_panic(text in "(<programme start=\"|2025|x){0,20}", count in 0usize..5) {
            prop_assert!(first_of(text.as_bytes(), STOP, |stop| stop > b"2".as_slice()) <= text.len());
            prop_assert!(first(text.as_bytes(), count).len() <= text.len());
        }
    }
}
