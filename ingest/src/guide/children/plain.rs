//! The short way for what programmes mostly are: tags and text, without CDATA, comments or damage. Text that is written
//! as we would write it is copied as it is, which makes reading three times as fast.

use std::borrow::Cow;

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memchr2};
use quick_xml::events::attributes::Attributes;

use super::table::{CHILDREN, Shape};
use super::{Children, LONGEST};
use crate::tidy;

impl Children<'_> {
    /// Takes everything between `<programme …>` and its end. `false` if that needs a real parser; then this must be
    /// cleared.
    pub(in super::super) fn plain(&mut self, content: &str) -> bool {
        let mut rest = content;
        loop {
            let Some(at) = memchr(b'<', rest.as_bytes()) else { return false };
            let (text, from_tag) = (&rest[..at], &rest[at + 1..]);
            if self.child.is_some() {
                self.text(&tidy::entities(text));
            }
            let Some(end) = memchr(b'>', from_tag.as_bytes()) else { return false };
            let tag = &from_tag[..end];
            rest = &from_tag[end + 1..];
            if let Some(name) = tag.strip_prefix('/') {
                match name.trim_ascii_end() {
                    "programme" => return true,
                    name => self.close(name),
                }
                continue;
            }
            let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            if !tag.starts_with(|letter: char| letter.is_ascii_alphabetic()) || is_torn(tag) {
                return false;
            }
            let length = tag.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(tag.len());
            let name = &tag[..length];
            self.open(name, Attributes::new(tag, length));
            if empty {
                self.close(name);
            } else {
                rest = self.copied(name, rest);
            }
        }
    }

    /// Finishes the child that is open if its text can be copied. Answers what follows it, or all of `rest`.
    fn copied<'t>(&mut self, name: &str, rest: &'t str) -> &'t str {
        let Some(at) = self.child.filter(|_| self.unknown == 0) else { return rest };
        let kind = &CHILDREN[at];
        let Some(end) = memchr(b'<', rest.as_bytes()) else { return rest };
        let (text, after) = rest.split_at(end);
        let tail = after.strip_prefix("</").and_then(|after| after.strip_prefix(name)?.strip_prefix('>'));
        let out = &mut self.finished[at];
        let room = out.is_empty() || (kind.many && out.len() < LONGEST);
        match tail {
            Some(tail)
                if kind.name == name
                    && matches!(kind.shape, Shape::Text)
                    && room
                    && self.attributes.contains(kind.needs)
                    && self.kept.copies.allow(text) =>
            {
                out.reserve(2 * name.len() + self.attributes.len() + text.len() + 5);
                out.extend(["<", name, &self.attributes, ">", text, "</", name, ">"]);
                self.child = None;
                tail
            }
            _ => rest,
        }
    }
}

/// Whether the `>` that ended a tag stands in a value, or a quote is missing.
pub(in super::super) fn is_torn(tag: &str) -> bool {
    let mut rest = tag.as_bytes();
    while let Some(at) = memchr2(b'"', b'\'', rest) {
        let (quote, after) = (rest[at], &rest[at + 1..]);
        let Some(end) = memchr(quote, after) else { return true };
        rest = &after[end + 1..];
    }
    false
}

/// Whether [`tidy::words`] would certainly leave this as it is: single blanks inside, no control characters, and only
/// letters of those parts of Unicode that have neither blanks nor control characters.
fn is_tidy(text: &[u8]) -> bool {
    // Without a branch for each byte this is done many bytes at a time.
    let odd = |byte: u8| {
        (byte < b' ') | (byte == 0x7f) | (byte == 0xc2) | (0xe1..=0xe3).contains(&byte) | (byte == 0xef)
    };
    let none = !text.iter().fold(false, |found, byte| found | odd(*byte));
    let pairs = text.iter().zip(text.iter().skip(1));
    let single = !pairs.fold(false, |found, (one, next)| found | ((*one == b' ') & (*next == b' ')));
    none && single && text.first() != Some(&b' ') && text.last() != Some(&b' ')
}

/// Which texts are copied.
pub(super) struct Copies {
    /// What must not be published.
    secrets: Vec<Finder<'static>>,
    /// Whether none of them has a letter that is escaped, and could so be hidden.
    open: bool,
}

impl Copies {
    /// Of a source with these secrets.
    pub(super) fn new<'s>(secrets: impl Iterator<Item = Cow<'s, str>>) -> Self {
        let secrets: Vec<Cow<'_, str>> = secrets.filter(|secret| !secret.is_empty()).collect();
        let open = !secrets.iter().any(|secret| secret.contains(['&', '<', '>', '"', '\'']));
        Self { secrets: secrets.iter().map(|secret| Finder::new(&**secret).into_owned()).collect(), open }
    }

    /// Whether `text` is what it would become: tidy, escaped, and without a secret.
    pub(super) fn allow(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let escaped = |at: usize| ENTITIES.iter().any(|entity| bytes[at + 1..].starts_with(entity));
        !bytes.is_empty()
            && bytes.len() <= LONGEST
            && is_tidy(bytes)
            && memchr(b'>', bytes).is_none()
            && memchr_iter(b'&', bytes).all(|at| self.open && escaped(at))
            && self.secrets.iter().all(|secret| secret.find(bytes).is_none())
    }

    /// Whether the value of an attribute is what it would become.
    pub(super) fn allow_value(&self, value: &str) -> bool {
        memchr::memchr3(b'&', b'<', b'"', value.as_bytes()).is_none() && self.allow(value)
    }
}

/// What XML knows without a DTD, behind the `&`.
const ENTITIES: [&[u8]; 5] = [b"amp;", b"lt;", b"gt;", b"quot;", b"apos;"];
