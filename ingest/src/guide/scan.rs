//! Cuts a guide into its channels and programmes, so that damage in one does not reach the next: whatever is missing or
//! too much in a programme, the next `<programme` begins another.
//!
//! Only as much XML is understood as that takes: tags, comments, CDATA and the DOCTYPE, in which nothing begins.
//! What stands inside a piece is the business of a real parser.

use std::io::{BufRead, ErrorKind};

use memchr::memmem::{self, Finder};
use memchr::{memchr, memchr2};

/// The longest piece, comment or DOCTYPE, in bytes. Some icons are not addresses but pictures, of 100 kB.
const LONGEST: usize = 1 << 20;
/// The longest word that is looked for, with the letter after it.
const WORD: usize = 12;
/// The longest end tag, with blanks in it.
const TAG: usize = 64;

/// What is found in a guide, in its order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// The root begins.
    Root,
    /// A `<channel>`, whole.
    Channel(Piece<'a>),
    /// A `<programme>`, whole.
    Programme(Piece<'a>),
    /// The root ends.
    End,
}

/// An element from its `<` to its end, or to where the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// UTF-8, if the input is: it begins and ends at a `<` or a `>`, so no letter is cut.
    pub(super) text: &'a [u8],
    /// Whether its end tag was there. An element without content has none.
    pub(super) closed: bool,
    /// Whether a `<` stands in it that begins no tag, but is a letter of somebody's text.
    pub(super) odd: bool,
}

/// Reads a document (which [`super::decoded`] made) piece by piece, in little memory.
pub(super) struct Scan<R> {
    input: R,
    /// A part of the document.
    window: Vec<u8>,
    /// Where in the window reading goes on.
    at: usize,
    /// Bytes of the document before the window.
    before: u64,
    /// Whether the document ends where it does because the input broke.
    pub(super) broken: bool,
    /// Places where the XML was wrong, so far.
    pub(super) faults: u64,
    /// Whether a DOCTYPE may still come.
    prologue: bool,
    comment: Section,
    cdata: Section,
    doctype: Section,
}

/// A stretch in which nothing begins.
struct Section {
    end: Finder<'static>,
    /// Up to here in the document no end was found, so that nobody has to look twice.
    searched: u64,
}

impl Section {
    fn new(end: &'static [u8]) -> Self {
        Self { end: Finder::new(end), searched: 0 }
    }
}

/// What a `<` begins.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Root,
    Channel,
    Programme,
    RootEnd,
    ChannelEnd,
    ProgrammeEnd,
    Comment,
    Cdata,
    Doctype,
    /// Another tag.
    Tag,
    /// No tag.
    Letter,
}

impl Mark {
    /// By what follows the `<`.
    fn of(text: &[u8]) -> Self {
        let named = |name: &[u8]| {
            let boundary =
                |byte: &u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'.' | b':');
            text.strip_prefix(name).is_some_and(|rest| rest.first().is_none_or(boundary))
        };
        match text.first() {
            Some(b'p') if named(b"programme") => Self::Programme,
            Some(b'c') if named(b"channel") => Self::Channel,
            Some(b't') if named(b"tv") => Self::Root,
            Some(b'/') if named(b"/programme") => Self::ProgrammeEnd,
            Some(b'/') if named(b"/channel") => Self::ChannelEnd,
            Some(b'/') if named(b"/tv") => Self::RootEnd,
            Some(b'!') if text.starts_with(b"!--") => Self::Comment,
            Some(b'!') if text.starts_with(b"![CDATA[") => Self::Cdata,
            Some(b'!') if text.starts_with(b"!DOCTYPE") => Self::Doctype,
            Some(b'/' | b'?' | b'!' | b'_' | b':') => Self::Tag,
            Some(byte) if byte.is_ascii_alphabetic() || !byte.is_ascii() => Self::Tag,
            _ => Self::Letter,
        }
    }
}

impl<R: BufRead> Scan<R> {
    /// Nothing is read yet.
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            window: Vec::new(),
            at: 0,
            before: 0,
            broken: false,
            faults: 0,
            prologue: true,
            comment: Section::new(b"-->"),
            cdata: Section::new(b"]]>"),
            doctype: Section::new(b"]"),
        }
    }

    /// What comes next; `None` when there is nothing more.
    pub(super) fn next(&mut self) -> Option<Found<'_>> {
        loop {
            self.seek_tag()?;
            match self.mark(0) {
                Mark::Root => {
                    self.at += 1;
                    return Some(Found::Root);
                }
                Mark::RootEnd => {
                    self.at += 1;
                    return Some(Found::End);
                }
                Mark::Channel => {
                    if let Some(cut) = self.cut(Mark::ChannelEnd) {
                        return Some(Found::Channel(self.piece(cut)));
                    }
                }
                Mark::Programme => {
                    if let Some(cut) = self.cut(Mark::ProgrammeEnd) {
                        return Some(Found::Programme(self.piece(cut)));
                    }
                }
                mark @ (Mark::Comment | Mark::Cdata) => self.at += self.over_section(0, mark),
                // Only one: that what follows it is looked through is paid once.
                Mark::Doctype if std::mem::take(&mut self.prologue) => self.at += self.over_doctype(),
                mark => {
                    self.faults += u64::from(matches!(mark, Mark::ChannelEnd | Mark::ProgrammeEnd));
                    self.at += 1;
                }
            }
        }
    }

    /// What is in the window from here on.
    fn rest(&self) -> &[u8] {
        &self.window[self.at..]
    }

    /// Makes [`Scan::rest`] longer. `false` if nothing more comes.
    fn more(&mut self) -> bool {
        self.window.drain(..self.at);
        self.before += self.at as u64;
        self.at = 0;
        match self.input.fill_buf() {
            Ok([]) => false,
            Ok(bytes) => {
                let length = bytes.len();
                self.window.extend_from_slice(bytes);
                self.input.consume(length);
                true
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            // A connection that broke, or an archive that did: what has come is all there is.
            Err(_) => {
                self.broken = true;
                false
            }
        }
    }

    /// Goes to the next `<`.
    fn seek_tag(&mut self) -> Option<()> {
        loop {
            if let Some(found) = memchr(b'<', self.rest()) {
                self.at += found;
                return Some(());
            }
            self.at = self.window.len();
            if !self.more() {
                return None;
            }
        }
    }

    /// What the `<` begins that stands `offset` from here.
    fn mark(&mut self, offset: usize) -> Mark {
        while self.rest().len() < offset + WORD && self.more() {}
        Mark::of(&self.rest()[offset + 1..])
    }

    /// Finds the end of the element that begins here. `None` when it is too long: then its beginning is passed over.
    fn cut(&mut self, end: Mark) -> Option<Cut> {
        let (mut length, mut odd) = (1, false);
        loop {
            let Some(found) = memchr(b'<', &self.rest()[length..]) else {
                if self.rest().len() > LONGEST {
                    self.faults += 1;
                    self.at += 1;
                    return None;
                }
                length = self.rest().len();
                if self.more() {
                    continue;
                }
                return Some(Cut { length, closed: false, odd });
            };
            length += found;
            match self.mark(length) {
                mark if mark == end => {
                    length = self.after_tag(length);
                    return Some(Cut { length, closed: true, odd });
                }
                Mark::Root | Mark::Channel | Mark::Programme | Mark::RootEnd => {
                    return Some(Cut { length, closed: false, odd });
                }
                mark @ (Mark::Comment | Mark::Cdata) => length = self.over_section(length, mark),
                mark => {
                    odd |= mark == Mark::Letter;
                    length += 1;
                }
            }
        }
    }

    /// Behind the `>` of the end tag that stands `offset` from here.
    fn after_tag(&mut self, offset: usize) -> usize {
        while self.rest().len() < offset + TAG && self.more() {}
        let rest = &self.rest()[offset..];
        let end = memchr(b'>', &rest[..rest.len().min(TAG)]);
        offset + end.map_or(1, |end| end + 1)
    }

    /// Behind the section that begins `offset` from here; if it has no end, behind its `<`.
    fn over_section(&mut self, offset: usize, mark: Mark) -> usize {
        loop {
            let here = self.before + self.at as u64;
            let section = match mark {
                Mark::Comment => &mut self.comment,
                Mark::Cdata => &mut self.cdata,
                _ => &mut self.doctype,
            };
            let rest = &self.window[self.at..];
            let from = (section.searched.saturating_sub(here) as usize).max(offset + 2).min(rest.len());
            if let Some(found) = section.end.find(&rest[from..]) {
                return from + found + section.end.needle().len();
            }
            section.searched =
                (here + rest.len() as u64).saturating_sub(section.end.needle().len() as u64 - 1);
            if rest.len() - offset > LONGEST || !self.more() {
                self.faults += 1;
                return offset + 1;
            }
        }
    }

    /// Behind the DOCTYPE that begins here, and what it declares.
    fn over_doctype(&mut self) -> usize {
        loop {
            match memchr2(b'[', b'>', self.rest()) {
                Some(at) if self.rest()[at] == b'[' => return self.over_section(at, Mark::Doctype),
                Some(at) => return at,
                None if self.rest().len() > LONGEST || !self.more() => return 1,
                None => {}
            }
        }
    }

    /// Takes what was cut.
    fn piece(&mut self, cut: Cut) -> Piece<'_> {
        let start = self.at;
        self.at += cut.length;
        Piece { text: &self.window[start..self.at], closed: cut.closed, odd: cut.odd }
    }
}

/// The text of an odd piece, in which every `<` that begins no tag is `&lt;`.
pub(super) fn mended(piece: &[u8]) -> Vec<u8> {
    let mut mended = Vec::with_capacity(piece.len() + 16);
    let mut rest = piece;
    // An end that is not there is looked for once.
    let (mut comments, mut cdata) = (true, true);
    while let Some(at) = memchr(b'<', rest) {
        let mark = Mark::of(&rest[at + 1..]);
        let section = match mark {
            Mark::Comment if comments => memmem::find(&rest[at..], b"-->"),
            Mark::Cdata if cdata => memmem::find(&rest[at..], b"]]>"),
            _ => None,
        };
        comments &= mark != Mark::Comment || section.is_some();
        cdata &= mark != Mark::Cdata || section.is_some();
        let (before, after) = rest.split_at(at + section.unwrap_or(1));
        match before.split_last() {
            Some((b'<', before)) if mark == Mark::Letter => {
                mended.extend_from_slice(before);
                mended.extend_from_slice(b"&lt;");
            }
            _ => mended.extend_from_slice(before),
        }
        rest = after;
    }
    mended.extend_from_slice(rest);
    mended
}

/// Where an element ends.
struct Cut {
    /// From its `<`.
    length: usize,
    closed: bool,
    odd: bool,
}

#[cfg(test)]
mod tests;
