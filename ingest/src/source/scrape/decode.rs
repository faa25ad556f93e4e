//! From the bytes of a page to text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// How far into a page its own word on its encoding is looked for, as browsers do.
const HEAD: usize = 1024;

/// A page as text. A byte order mark wins, then the charset of its content type, then its own `charset=`; but text with
/// letters that are UTF-8 is no accident, whatever is declared. U+FFFD stands for what cannot be decoded.
pub(super) fn decoded<'a>(bytes: &'a [u8], content_type: &str) -> Cow<'a, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default()).0;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_ascii() => Cow::Borrowed(text),
        _ => declared(bytes, content_type).decode_without_bom_handling(bytes).0,
    }
}

/// What a page without a byte order mark says of itself.
fn declared(bytes: &[u8], content_type: &str) -> &'static Encoding {
    let head = &bytes[..bytes.len().min(HEAD)];
    charset(content_type.as_bytes())
        .or_else(|| charset(head))
        // A page that can say so in ASCII is not UTF-16.
        .map_or(UTF_8, |encoding| if encoding.is_ascii_compatible() { encoding } else { UTF_8 })
}

/// The encoding behind the first `charset=` that names one.
fn charset(text: &[u8]) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    memchr::memmem::find_iter(&lower, b"charset=").find_map(|at| {
        let rest = lower.get(at + 8..)?.trim_ascii_start();
        let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
        let end = rest.iter().position(|byte| b"\"'; />".contains(byte)).unwrap_or(rest.len());
        Encoding::for_label(&rest[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_decoded_by_what_is_true_of_it() {
        let latin = b"<meta charset='iso-8859-2'>\xb9koda";
        for (bytes, content_type, expected) in [
            (&b"\xef\xbb\xbfOne"[..], "text/html; charset=utf-16", "One"),
            (b"\xff\xfeO\0n\0", "", "On"),
            ("Škoda".as_bytes(), "text/html; charset=iso-8859-1", "Škoda"),
            (b"\xe9t\xe9", "text/html; Charset=\"Windows-1252\"", "été"),
            (latin, "text/html", "<meta charset='iso-8859-2'>škoda"),
            (b"\xcf", "text/html; charset=windows-1251", "П"),
            (b"a\xffb", "", "a\u{fffd}b"),
            (b"ab\xff", "text/html; charset=utf-16le", "ab\u{fffd}"),
            (b"x", "charset=", "x"),
        ] {
            assert_eq!(decoded(bytes, content_type), expected);
        }
    }
}
