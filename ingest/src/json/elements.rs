//! Splitting a list into its elements while it arrives.

use memchr::memchr2;

/// How far into a body the JSON may begin: before it come byte order marks and the warnings of PHP.
const PREFACE: usize = 4096;
/// The largest element of a list.
const LARGEST: usize = 1 << 20;

/// Takes a JSON list in pieces and gives its elements, each whole.
///
/// Only the element that is being received is held. An object counts as the list of its values, because PHP turns a
/// list with gaps into one.
#[derive(Debug, Default)]
pub(crate) struct Elements {
    stage: Stage,
    /// What is not complete yet: the preface, or the beginning of an element.
    held: Vec<u8>,
    /// Brackets that are open inside the element.
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// Where the key of an object's member ends.
    colon: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Stage {
    #[default]
    Before,
    Inside(Shape),
    After(Shape),
}

/// What a list turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An array.
    Array,
    /// An object: every element came with its key.
    Object,
    /// `null`, `false` or `""`, which PHP writes for an empty list.
    Nothing,
}

impl Shape {
    const fn ends_with(self, byte: u8) -> bool {
        matches!((self, byte), (Self::Array, b']') | (Self::Object, b'}'))
    }
}

/// Why a body is no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Oddity {
    /// Nothing at all.
    #[error("the answer is empty")]
    Empty,
    /// HTML.
    #[error("the answer is a web page")]
    Page,
    /// Words, such as `blocked`.
    #[error("the answer is text and no JSON")]
    Words,
    /// The end is missing.
    #[error("the answer breaks off in the middle")]
    Truncated,
    /// An element that nobody would want to hold.
    #[error("the answer has an entry of over 1 MiB")]
    Oversized,
}

impl Elements {
    /// Takes the next piece, and gives every element that is now complete to `each`, with its key if the list is an
    /// object.
    ///
    /// # Errors
    /// [`Oddity`]; nothing more should be pushed then.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(Option<&[u8]>, &[u8]),
    ) -> Result<(), Oddity> {
        match self.stage {
            Stage::After(_) => Ok(()), // whatever PHP still had to say
            Stage::Inside(shape) => self.inside(shape, bytes, each),
            Stage::Before => {
                self.held.extend_from_slice(bytes);
                let (at, shape) = match begin(&self.held) {
                    Begin::At(at, shape) => (at, shape),
                    Begin::Page => return Err(Oddity::Page),
                    Begin::Unknown if self.held.len() > PREFACE => return Err(Oddity::Words),
                    Begin::Unknown => return Ok(()),
                };
                self.stage = Stage::Inside(shape);
                let held = std::mem::take(&mut self.held);
                self.inside(shape, &held[at + 1..], each)
            }
        }
    }

    /// Ends the list.
    ///
    /// # Errors
    /// [`Oddity`] if it was none, or not all of it.
    pub(crate) fn finish(self) -> Result<Shape, Oddity> {
        match self.stage {
            Stage::After(shape) => Ok(shape),
            Stage::Inside(_) => Err(Oddity::Truncated),
            Stage::Before => match visible(&self.held) {
                b"" => Err(Oddity::Empty),
                b"null" | b"false" | b"\"\"" => Ok(Shape::Nothing),
                [b'<', ..] => Err(Oddity::Page),
                [b'[' | b'{', ..] => Err(Oddity::Truncated),
                _ => Err(Oddity::Words),
            },
        }
    }

    fn inside(
        &mut self,
        shape: Shape,
        bytes: &[u8],
        each: &mut impl FnMut(Option<&[u8]>, &[u8]),
    ) -> Result<(), Oddity> {
        let mut start = 0;
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                at = self.skip_string(bytes, at);
                continue;
            }
            match bytes[at] {
                b'"' => self.in_string = true,
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' if self.depth > 0 => self.depth -= 1,
                b':' if self.depth == 0 && shape == Shape::Object && self.colon.is_none() => {
                    self.colon = Some(self.held.len() + at - start);
                }
                // A bracket of the other kind is a broken element's, and costs only that.
                byte if self.depth == 0 && (byte == b',' || shape.ends_with(byte)) => {
                    self.complete(&bytes[start..at], each);
                    start = at + 1;
                    if byte != b',' {
                        self.stage = Stage::After(shape);
                        return Ok(());
                    }
                }
                _ => {}
            }
            at += 1;
        }
        self.held.extend_from_slice(&bytes[start..]);
        if self.held.len() > LARGEST { Err(Oddity::Oversized) } else { Ok(()) }
    }

    /// The place behind the string that goes on at `at`, or behind the last byte there is.
    fn skip_string(&mut self, bytes: &[u8], mut at: usize) -> usize {
        if std::mem::take(&mut self.escaped) {
            at += 1;
        }
        while at < bytes.len() {
            let Some(found) = memchr2(b'"', b'\\', &bytes[at..]) else { return bytes.len() };
            at += found;
            if bytes[at] == b'"' {
                self.in_string = false;
                return at + 1;
            }
            if at + 1 == bytes.len() {
                self.escaped = true;
            }
            at += 2;
        }
        bytes.len()
    }

    fn complete(&mut self, rest: &[u8], each: &mut impl FnMut(Option<&[u8]>, &[u8])) {
        let colon = self.colon.take();
        let mut give = |element: &[u8]| match colon {
            Some(colon) => each(Some(visible(&element[..colon])), visible(&element[colon + 1..])),
            None if visible(element).is_empty() => {} // `[]`, or a comma too many
            None => each(None, visible(element)),
        };
        if self.held.is_empty() {
            give(rest);
        } else {
            self.held.extend_from_slice(rest);
            give(&self.held);
            self.held.clear();
        }
    }
}

enum Begin {
    At(usize, Shape),
    Page,
    Unknown,
}

/// Where the list begins. After a warning of PHP a bracket counts only if what follows it can follow it in a list, for
/// the warnings have brackets too.
fn begin(held: &[u8]) -> Begin {
    let rest = visible(held);
    let skipped = held.len() - held.trim_ascii_start().len();
    let bom = if held.trim_ascii_start().starts_with(BOM) { BOM.len() } else { 0 };
    let direct = skipped + bom + rest_offset(&held[skipped + bom..]);
    match rest.first() {
        Some(b'[') => return Begin::At(direct, Shape::Array),
        Some(b'{') => return Begin::At(direct, Shape::Object),
        _ => {}
    }
    let head = rest[..rest.len().min(14)].to_ascii_lowercase();
    if [&b"<!doctype"[..], b"<html", b"<head", b"<?xml", b"<body"].iter().any(|page| head.starts_with(page)) {
        return Begin::Page;
    }
    let limit = held.len().min(PREFACE);
    for (at, byte) in held[..limit].iter().enumerate() {
        let next = held[at + 1..].trim_ascii_start().first();
        match (byte, next) {
            (b'[', Some(b'{' | b']')) => return Begin::At(at, Shape::Array),
            (b'{', Some(b'"' | b'}')) => return Begin::At(at, Shape::Object),
            _ => {}
        }
    }
    Begin::Unknown
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Without blanks at both ends and without a byte order mark.
fn visible(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.trim_ascii();
    bytes.strip_prefix(BOM).unwrap_or(bytes).trim_ascii()
}

fn rest_offset(bytes: &[u8]) -> usize {
    bytes.len() - bytes.trim_ascii_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &[u8], piece: usize) -> Result<(Shape, Vec<String>), Oddity> {
        let mut found = Vec::new();
        let mut elements = Elements::default();
        for chunk in text.chunks(piece) {
            elements.push(chunk, &mut |key, element| {
                let key = key.map(|key| String::from_utf8_lossy(key).into_owned() + "=").unwrap_or_default();
                found.push(key + &String::from_utf8_lossy(element));
            })?;
        }
        Ok((elements.finish()?, found))
    }

    #[test]
    fn a_list_is_the_same_however_it_is_cut() {
        let text = br#" [ {"a":"x]},\"\\", "b":[1,{}]} , 7,"\"",[] ] <b>Warning</b>: ["#;
        let expected = [r#"{"a":"x]},\"\\", "b":[1,{}]}"#, "7", r#""\"""#, "[]"];
        for piece in 1..text.len() {
            let (shape, found) = split(text, piece).unwrap();
            assert_eq!((shape, found), (Shape::Array, expected.map(String::from).to_vec()), "{piece}");
        }
    }

    #[test]
    fn an_object_is_the_list_of_its_values() {
        for piece in 1..20 {
            let (shape, found) = split(br#"{"1" : {"a:":1}, "2":null}"#, piece).unwrap();
            assert_eq!(shape, Shape::Object);
            assert_eq!(found, [r#""1"={"a:":1}"#, r#""2"=null"#]);
        }
        assert_eq!(split(b"{}", 9).unwrap(), (Shape::Object, Vec::new()));
    }

    #[test]
    fn marks_and_warnings_before_the_list_are_passed_over() {
        for before in
            ["\u{feff}", " \r\n\u{feff} ", "<br />\n<b>Warning</b>: Undefined key [foo] in {x}\n", "\n\n"]
        {
            for piece in [1, 3, 4096] {
                let (_, found) = split(format!("{before}[{{\"a\":1}}]").as_bytes(), piece).unwrap();
                assert_eq!(found, [r#"{"a":1}"#], "{before:?} {piece}");
            }
        }
    }

    #[test]
    fn what_is_no_list_says_what_it_is() {
        for (text, oddity) in [
            ("", Oddity::Empty),
            (" \u{feff}\n", Oddity::Empty),
            ("<!DOCTYPE html><script>var a = [{}]</script>", Oddity::Page),
            ("<center>403</center>", Oddity::Page),
            ("blocked", Oddity::Words),
            ("[", Oddity::Truncated),
            (r#"[{"a":1},{"b""#, Oddity::Truncated),
            (r#"[{"a":1}"#, Oddity::Truncated),
            (r#"[{"a":"1]"#, Oddity::Truncated),
        ] {
            assert_eq!(split(text.as_bytes(), 7), Err(oddity), "{text}");
        }
        assert_eq!(split(&b"x".repeat(5000), 100), Err(Oddity::Words));
        assert_eq!(
            split(&[b"[\"", &b"x".repeat(2 * LARGEST)[..], b"\"]"].concat(), 65536),
            Err(Oddity::Oversized)
        );
        for nothing in ["null", "false", "\"\"", " null\n"] {
            assert_eq!(split(nothing.as_bytes(), 2).unwrap(), (Shape::Nothing, Vec::new()));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_in_any_pieces_do_no_harm(bytes: Vec<u8>, piece in 1_usize..50) {
            let _ = split(&bytes, piece);
        }
    }
}
