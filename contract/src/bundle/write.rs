//! Writing a bundle as a stream: one line per entry, nothing held.

use std::io::{self, Write};

use serde::Serialize;

use super::{Section, VERSION};

/// Writes the sections in file order. A section that is passed over is written empty.
pub struct Writer<W: Write> {
    out: W,
    /// How many of [`Section::ALL`] are complete; the next is open if `open`.
    done: usize,
    open: bool,
    empty: bool,
}

impl<W: Write> Writer<W> {
    /// Begins a bundle.
    ///
    /// # Errors
    /// Those of `out`, here and below.
    pub fn new(mut out: W) -> io::Result<Self> {
        write!(out, "{{\"version\":{VERSION}")?;
        Ok(Self { out, done: 0, open: false, empty: true })
    }

    /// Adds an entry to `section`. Sections are written in the order of [`Section::ALL`]; going back is a programming
    /// error and panics.
    pub fn push<T: Serialize>(&mut self, section: Section, entry: &T) -> io::Result<()> {
        let place = Section::ALL.iter().position(|each| *each == section).expect("ALL has all sections");
        self.advance(place)?;
        if !self.open {
            self.begin()?;
        }
        self.out.write_all(if self.empty { b"\n" } else { b",\n" })?;
        self.empty = false;
        Ok(serde_json::to_writer(&mut self.out, entry)?)
    }

    /// Completes the bundle and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.advance(Section::ALL.len())?;
        self.out.write_all(b"}\n")?;
        Ok(self.out)
    }

    fn advance(&mut self, place: usize) -> io::Result<()> {
        assert!(self.done <= place, "bundle sections are written in order");
        while self.done < place {
            if !self.open {
                self.begin()?;
            }
            self.out.write_all(b"]")?;
            self.open = false;
            self.done += 1;
        }
        Ok(())
    }

    fn begin(&mut self) -> io::Result<()> {
        write!(self.out, ",\n\"{}\":[", Section::ALL[self.done].key())?;
        self.open = true;
        self.empty = true;
        Ok(())
    }
}
