//! Making an element readable that is not quite JSON.

use std::borrow::Cow;

use serde_json::Error;

/// Reads an element with `read`. When that fails because of bytes that are no UTF-8, half a surrogate pair or raw
/// control characters inside strings, those are replaced and it is tried again.
///
/// # Errors
/// That of the second attempt.
pub(crate) fn readable<T>(element: &[u8], read: impl Fn(&str) -> Result<T, Error>) -> Result<T, Error> {
    let text = String::from_utf8_lossy(element);
    read(&text).or_else(|_| read(&mended(&text)))
}

fn mended(text: &str) -> Cow<'_, str> {
    let blanked = if text.bytes().any(|byte| byte < b' ') {
        // Between tokens a blank does no harm either.
        Cow::Owned(text.replace(|letter: char| letter < ' ', " "))
    } else {
        Cow::Borrowed(text)
    };
    match lone_surrogates(&blanked) {
        places if places.is_empty() => blanked,
        places => {
            let mut owned = blanked.into_owned();
            for place in places {
                owned.replace_range(place..place + 6, "\\ufffd");
            }
            Cow::Owned(owned)
        }
    }
}

/// The places of `\ud800` to `\udfff` that have no other half.
fn lone_surrogates(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut lone = Vec::new();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]) {
        at += found;
        match (escape(bytes, at), escape(bytes, at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => at += 12,
            (Some(0xd800..0xe000), _) => {
                lone.push(at);
                at += 6;
            }
            _ => at += 2,
        }
        if at >= bytes.len() {
            break;
        }
    }
    lone
}

/// The number in a `\uXXXX` at `at`.
fn escape(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(element: &[u8]) -> String {
        readable(element, |text| serde_json::from_str::<String>(text)).unwrap()
    }

    #[test]
    fn strings_that_are_almost_json_are_read() {
        assert_eq!(text(br#""a\/b""#), "a/b");
        assert_eq!(text(br#""\ud83d\ude00 \ud83d \ude00""#), "😀 \u{fffd} \u{fffd}");
        assert_eq!(text(br#""x\\ud83d""#), r"x\ud83d");
        assert_eq!(text(b"\"caf\xe9\""), "caf\u{fffd}");
        assert_eq!(text(b"\"a\nb\x01\""), "a b ");
    }

    proptest::proptest! {
        #[test]
        fn mending_never_panics(text: String) {
            let _ = mended(&text);
        }
    }
}
