//! `key="value"` after `key='value'` after `key=value`, until the name begins.
//!
//! The dialect which has no grammar: quotes are missing, or stand inside values; commas are in
//! groups and names, and between attributes. What follows a quote tells whether it closes its value. Every step goes
//! forward, so a line costs time in proportion to its length, whatever is in it.

use memchr::{memchr, memchr_iter, memrchr};

/// A place in the text of an entry, in bytes. At letters' bounds, because it was found by ASCII at its ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// From `start` to `end`; what is held of an entry is far below 4 GiB.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end.max(start) as u32 }
    }

    /// What stands there; nothing for a place that `text` does not have.
    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }

    /// Whether nothing stands there.
    pub(crate) const fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// The longest name of an attribute.
const LONGEST_KEY: usize = 40;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// An attribute.
    Pair {
        /// As written.
        key: Span,
        /// Without its quotes.
        value: Span,
        /// Whether there are `\"` in it, which stand for quotes.
        escaped: bool,
    },
    /// The name, and with it the end.
    Name(Span),
    /// The end, and no name behind a comma: what follows the last attribute, if anything does.
    Rest(Span),
}

/// What a line's attributes belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// `#EXTM3U`: no name, and commas are part of bare values.
    Header,
    /// `#EXTINF`: a name behind a comma.
    Entry,
}

/// Goes through one line.
pub(crate) struct Scanner {
    of: Of,
    at: usize,
    /// Where the last attribute ends.
    tail: usize,
    /// By kind of quote: whether none that is still to come closes a value as it should.
    hopeless: [bool; 2],
    /// The line's last comma, once it was asked for.
    comma: Option<Option<usize>>,
    /// Whether a value ran to the end of the line: its quote may be on another line.
    pub(crate) open: bool,
}

impl Scanner {
    /// From `at` on.
    pub(crate) const fn new(of: Of, at: usize) -> Self {
        Self { of, at, tail: at, hopeless: [false; 2], comma: None, open: false }
    }

    /// The next token of `text`, which is the same in every call. `known` tells names of attributes.
    pub(crate) fn next(&mut self, text: &str, known: impl Fn(&str) -> bool) -> Token {
        let bytes = text.as_bytes();
        loop {
            self.at = skip_blanks(bytes, self.at);
            match bytes.get(self.at) {
                None => return Token::Rest(trimmed(text, self.tail, bytes.len())),
                Some(b',') => {
                    self.at += 1;
                    if self.of == Of::Entry && !attribute_follows(text, self.at, &known) {
                        return Token::Name(trimmed(text, self.at, bytes.len()));
                    }
                    self.tail = self.at;
                }
                Some(b'"' | b'\'') => self.at += 1,
                Some(_) => match key(bytes, self.at) {
                    Some(found) => return self.pair(text, found),
                    None => self.at += word(&bytes[self.at..], true),
                },
            }
        }
    }

    fn pair(&mut self, text: &str, (key, mut at): (Span, usize)) -> Token {
        let bytes = text.as_bytes();
        let directly = at;
        at = skip_blanks(bytes, at);
        let (value, next, escaped) = match bytes.get(at) {
            Some(quote @ (b'"' | b'\'')) => self.quoted(text, at + 1, *quote),
            // `tvg-id= tvg-name="x"`: the first has no value.
            Some(_) if at > directly && self::key(bytes, at).is_some() => (Span::new(at, at), at, false),
            _ => {
                let end = at + word(&bytes[at..], self.of == Of::Entry);
                // `tvg-id=a"` lost its first quote.
                let quotes = bytes[at..end].iter().rev().take_while(|byte| **byte == b'"').count();
                (Span::new(at, end - quotes), end, false)
            }
        };
        (self.at, self.tail) = (next, next);
        Token::Pair { key, value, escaped }
    }

    /// The value that begins at `from`, where it ends, and whether there are `\"` in it.
    fn quoted(&mut self, text: &str, from: usize, quote: u8) -> (Span, usize, bool) {
        let bytes = text.as_bytes();
        let kind = usize::from(quote == b'\'');
        let mut escaped = false;
        if !self.hopeless[kind] {
            for at in memchr_iter(quote, &bytes[from..]).map(|at| from + at) {
                if at > from && bytes[at - 1] == b'\\' {
                    escaped = true;
                } else if closes(bytes, at) {
                    return (trimmed(text, from, at), at + 1, escaped);
                } else if let Some(key) = opened_by(bytes, from, at) {
                    // `tvg-id="a group-title="b"`: the first quote has no partner.
                    let end = bytes[..key].iter().rposition(|byte| !is_blank(*byte) && *byte != b',');
                    return (trimmed(text, from, end.map_or(from, |end| end + 1)), key, escaped);
                }
            }
            self.hopeless[kind] = true;
        }
        self.unclosed(text, from, quote)
    }

    /// A value that no quote closes as it should. With an odd number of quotes in all, one is missing, and the value ends
    /// at the comma before the name.
    fn unclosed(&mut self, text: &str, from: usize, quote: u8) -> (Span, usize, bool) {
        let bytes = text.as_bytes();
        let rest = &bytes[from..];
        let last = *self.comma.get_or_insert_with(|| memrchr(b',', bytes));
        let comma = last.filter(|last| *last >= from && self.of == Of::Entry);
        let next = memchr(quote, rest);
        // Counting no further than this keeps a line of nothing but quotes cheap.
        let missing = memchr_iter(quote, rest).take(17).count().is_multiple_of(2);
        match (next, comma) {
            (Some(next), _) if !missing => (trimmed(text, from, from + next), from + next + 1, false),
            (_, Some(comma)) => (trimmed(text, from, comma), comma, false),
            (Some(next), None) => (trimmed(text, from, from + next), from + next + 1, false),
            (None, None) => {
                self.open = true;
                (trimmed(text, from, bytes.len()), bytes.len(), false)
            }
        }
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\x0b' | b'\x0c')
}

fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    let at = at.min(bytes.len());
    at + bytes[at..].iter().take_while(|byte| is_blank(**byte)).count()
}

/// How long the word is that `bytes` begin with.
fn word(bytes: &[u8], ends_at_comma: bool) -> usize {
    let ends = |byte: &u8| is_blank(*byte) || (ends_at_comma && *byte == b',');
    bytes.iter().position(ends).unwrap_or(bytes.len())
}

fn trimmed(text: &str, start: usize, end: usize) -> Span {
    let (mut start, mut end) = (start, end.max(start));
    let bytes = text.as_bytes();
    while start < end && is_blank(bytes[start]) {
        start += 1;
    }
    while end > start && is_blank(bytes[end - 1]) {
        end -= 1;
    }
    Span::new(start, end)
}

const fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// The name of the attribute that begins at `at`, and what is behind its `=`.
fn key(bytes: &[u8], at: usize) -> Option<(Span, usize)> {
    let rest = bytes.get(at..)?;
    let length = rest.iter().take(LONGEST_KEY + 1).take_while(|byte| is_key(**byte)).count();
    if length == 0 || length > LONGEST_KEY || !rest[0].is_ascii_alphabetic() {
        return None;
    }
    let equals = skip_blanks(bytes, at + length);
    (bytes.get(equals) == Some(&b'=')).then(|| (Span::new(at, at + length), equals + 1))
}

/// Whether what follows a comma is one more attribute and not a name such as `E=mc2`.
fn attribute_follows(text: &str, at: usize, known: impl Fn(&str) -> bool) -> bool {
    let bytes = text.as_bytes();
    let Some((key, value)) = key(bytes, skip_blanks(bytes, at)) else { return false };
    known(key.of(text)) || matches!(bytes.get(skip_blanks(bytes, value)), Some(b'"' | b'\''))
}

/// Whether the quote at `at` is followed by what may follow a value: nothing, a comma, or an attribute, even glued.
fn closes(bytes: &[u8], at: usize) -> bool {
    let next = skip_blanks(bytes, at + 1);
    matches!(bytes.get(next), None | Some(b',')) || key(bytes, next).is_some()
}

/// Whether the quote at `at` opens a value: where the name of that attribute begins.
fn opened_by(bytes: &[u8], from: usize, at: usize) -> Option<usize> {
    let before = bytes[from..at].strip_suffix(b"=")?;
    let length = before.iter().rev().take(LONGEST_KEY + 1).take_while(|byte| is_key(**byte)).count();
    let start = before.len().checked_sub(length + 1)?;
    let apart = is_blank(before[start]) || before[start] == b',';
    (length > 0 && length <= LONGEST_KEY && apart).then_some(from + start + 1)
}
