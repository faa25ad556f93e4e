//! Bytes that are counted while they pass, and stop at what no list has.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, Read};

use memchr::memchr2;

use super::{Limits, PREFACE, Refusal, too_many};

/// What begins an entry.
const ENTRY: &[u8; 7] = b"#EXTINF";

/// How far a list is, shared by all who look at it.
#[derive(Default)]
pub(super) struct Passed {
    /// Lines that have ended.
    ended: Cell<u64>,
    /// Bytes of the line that is passing.
    length: Cell<usize>,
    /// What was found that must not be.
    pub(super) refusal: RefCell<Option<Refusal>>,
}

impl Passed {
    /// The line that passes, or the last one.
    pub(super) fn line(&self) -> u64 {
        self.ended.get() + u64::from(self.length.get() > 0)
    }
}

/// A reader that is looked at.
pub(super) struct Watched<'a, R> {
    inner: R,
    passed: &'a Passed,
    /// Bytes that have passed.
    bytes: u64,
    /// Whether they are lines of text; else only their number counts.
    lines: bool,
    limits: Limits,
    /// What the line that is passing begins with.
    head: Vec<u8>,
    /// Lines that begin an entry.
    entries: u64,
    /// The byte before.
    before: u8,
    /// The first of all bytes, until the marker of a list is found among them.
    preface: Option<Vec<u8>>,
    /// What is wrong if there are too many.
    too_large: String,
}

impl<'a, R: BufRead> Watched<'a, R> {
    /// Whose number alone is looked at.
    pub(super) fn of_size(inner: R, passed: &'a Passed, limits: Limits, too_large: String) -> Self {
        let head = Vec::with_capacity(ENTRY.len());
        let (bytes, entries) = (0, 0);
        Self {
            inner,
            passed,
            bytes,
            lines: false,
            limits,
            head,
            entries,
            before: 0,
            preface: None,
            too_large,
        }
    }

    /// Whose lines are looked at.
    pub(super) fn of_lines(inner: R, passed: &'a Passed, limits: Limits, too_large: String) -> Self {
        Self { lines: true, preface: Some(Vec::new()), ..Self::of_size(inner, passed, limits, too_large) }
    }

    fn look(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        if self.bytes > self.limits.bytes {
            self.refuse(0, self.too_large.clone());
        }
        if !self.lines {
            return;
        }
        self.look_for_marker(piece);
        let mut rest = piece;
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            self.pass(&rest[..end]);
            // CR LF is one end.
            let is_second = rest[end] == b'\n' && self.before == b'\r' && self.passed.length.get() == 0;
            self.passed.ended.set(self.passed.ended.get() + u64::from(!is_second));
            self.passed.length.set(0);
            self.head.clear();
            self.before = rest[end];
            rest = &rest[end + 1..];
        }
        self.pass(rest);
    }

    /// A piece of a line.
    fn pass(&mut self, piece: &[u8]) {
        let Some(last) = piece.last() else { return };
        self.before = *last;
        self.passed.length.set(self.passed.length.get() + piece.len());
        if self.passed.length.get() > m3u::LONGEST {
            self.refuse(self.passed.line(), "it is longer than 64 KiB".to_owned());
        }
        if self.head.len() < ENTRY.len() {
            self.head.extend_from_slice(&piece[..piece.len().min(ENTRY.len() - self.head.len())]);
            self.entries += u64::from(self.head.eq_ignore_ascii_case(ENTRY));
            if self.entries > self.limits.entries {
                self.refuse(self.passed.line(), too_many(self.limits));
            }
        }
    }

    fn look_for_marker(&mut self, piece: &[u8]) {
        let Some(head) = &mut self.preface else { return };
        head.extend_from_slice(&piece[..piece.len().min(PREFACE - head.len())]);
        let has = |marker: &[u8]| head.windows(marker.len()).any(|it| it.eq_ignore_ascii_case(marker));
        if has(b"#EXTM3U") || has(b"#EXTINF") {
            self.preface = None;
        } else if head.len() == PREFACE {
            // What it looks like instead is told by whoever reads it, if that can be told from so little.
            let looks = head.trim_ascii_start().first().copied();
            let why = match looks {
                Some(b'<') => "a web page came in place of a list",
                Some(b'{' | b'[') => "JSON came in place of a list",
                _ => "it is no list",
            };
            self.preface = None;
            self.refuse(0, format!("{why}: no #EXTM3U and no #EXTINF in its first {PREFACE} bytes"));
        }
    }

    fn refuse(&self, line: u64, why: String) {
        let mut refusal = self.passed.refusal.borrow_mut();
        refusal.get_or_insert(Refusal { line, why });
    }
}

impl<R: BufRead> BufRead for Watched<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.passed.refusal.borrow().is_some() {
            return Err(io::Error::other("it is refused"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is there costs no I/O.
        if let Ok(bytes) = self.inner.fill_buf() {
            let piece = bytes[..amount.min(bytes.len())].to_vec();
            self.look(&piece);
        }
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Watched<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}
