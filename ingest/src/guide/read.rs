//! Reading XMLTV.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use contract::source::Source;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader};

use super::children::{Children, attribute};
use super::{Programme, Spool, Wanted, time};
use crate::tidy;

/// Faults after which a document is given up.
const FAULTS: u64 = 10_000;
/// The longest tag or text, in bytes. Some icons are not addresses but pictures, of 100 kB.
const LONGEST: usize = 1 << 20;
/// How deep elements may stand in each other; XMLTV needs five, and missing ends are many.
const DEEPEST: usize = 100;

/// What a guide held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Programmes of channels that were wanted.
    pub(crate) programmes: u64,
    /// Programmes whose times mean nothing or lie outside the window, and those of a channel that has too many.
    pub(crate) dropped: u64,
    /// Places where the XML was wrong.
    pub(crate) faults: u64,
    /// Whether the end was there.
    pub(crate) complete: bool,
}

/// Why there is no guide.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuideError {
    /// Something else.
    #[error("it is no XMLTV guide")]
    NoGuide,
    /// Our own disk.
    #[error("it cannot be stored: {0}")]
    Disk(io::Error),
}

/// Reads a guide from `input` (which [`super::decoded`] made) and spools the programmes of channels that are `wanted`
/// and start within `window`.
///
/// A guide that breaks off is read as far as it goes: [`Facts::complete`] tells.
///
/// # Errors
/// [`GuideError`]
pub(crate) fn read(
    input: impl BufRead,
    wanted: &Wanted,
    window: Range<i64>,
    source: &Source,
    spool: &mut Spool,
) -> Result<Facts, GuideError> {
    let mut reading = Reading {
        wanted,
        window,
        spool,
        facts: Facts::default(),
        open: None,
        last: None,
        children: Children::new(source),
        text: Vec::new(),
        root: false,
    };
    let mut reader = configured(Measured { input, left: 0 });
    let mut buffer = Vec::new();
    let mut depth: usize = 0;
    loop {
        buffer.clear();
        reader.get_mut().left = LONGEST;
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => break,
            Ok(event) => {
                match event {
                    Event::Start(_) => depth += 1,
                    Event::End(_) => depth = depth.saturating_sub(1),
                    _ => {}
                }
                reading.take(event).map_err(GuideError::Disk)?;
                if depth > DEEPEST {
                    // The reader remembers the name of every element that is open.
                    reader = configured(reader.into_inner());
                    depth = 0;
                }
            }
            // A connection that broke, or an archive that did: what has come is all there is.
            Err(Error::Io(_)) if reader.get_ref().left > 0 => break,
            Err(_) if reading.facts.faults < FAULTS => {
                reading.facts.faults += 1;
                reader = configured(reader.into_inner());
            }
            Err(_) => return Err(GuideError::NoGuide),
        }
    }
    reading.end_programme().map_err(GuideError::Disk)?;
    let Reading { facts, root, spool, .. } = reading;
    spool.settle().map_err(GuideError::Disk)?;
    if root { Ok(facts) } else { Err(GuideError::NoGuide) }
}

fn configured<R: BufRead>(input: R) -> Reader<R> {
    let mut reader = Reader::from_reader(input);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    reader
}

/// Fails when one event takes too much, which the reader would hold however long it is.
struct Measured<R> {
    input: R,
    /// Bytes the event may still take.
    left: usize,
}

impl<R: BufRead> BufRead for Measured<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let bytes = self.input.fill_buf()?;
        Ok(&bytes[..bytes.len().min(self.left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left -= amount;
        self.input.consume(amount);
    }
}

impl<R: BufRead> Read for Measured<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

struct Reading<'a> {
    wanted: &'a Wanted,
    window: Range<i64>,
    spool: &'a mut Spool,
    facts: Facts,
    /// The programme that is being read: channel, start, stop.
    open: Option<(u32, u32, u32)>,
    /// The channel of the programme before, and its position if it is wanted: guides are mostly grouped by channel.
    last: Option<(String, Option<u32>)>,
    children: Children<'a>,
    text: Vec<u8>,
    root: bool,
}

impl Reading<'_> {
    fn take(&mut self, event: Event<'_>) -> io::Result<()> {
        match event {
            Event::Start(element) => self.start(&element),
            Event::Empty(element) => {
                self.start(&element)?;
                self.end(element.name().0)
            }
            Event::End(element) => self.end(element.name().0),
            Event::Text(text) if self.open.is_some() => {
                self.children.text(&text.into_inner());
                Ok(())
            }
            Event::CData(text) if self.open.is_some() => {
                self.children.text(&text.into_inner());
                Ok(())
            }
            Event::GeneralRef(reference) if self.open.is_some() => {
                let name = reference.into_inner();
                match tidy::entity(&name) {
                    Some(meaning) => self.children.text(&meaning),
                    None => self.children.text(&format!("&{name};")),
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, element: &BytesStart<'_>) -> io::Result<()> {
        match element.name().0 {
            "tv" => self.root = true,
            "programme" => {
                self.end_programme()?; // its end was missing
                self.open = self.begin_programme(element);
            }
            "channel" => {
                if let Some(id) = attribute(element.attributes(), "id").filter(|id| self.wanted.has(id)) {
                    self.spool.channel(&id);
                }
            }
            name if self.open.is_some() => self.children.open(name, element.attributes()),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> io::Result<()> {
        match name {
            "tv" => self.facts.complete = true,
            "programme" => self.end_programme()?,
            _ if self.open.is_some() => self.children.close(name),
            _ => {}
        }
        Ok(())
    }

    /// Channel, start and stop, if this is a programme that is kept.
    fn begin_programme(&mut self, element: &BytesStart<'_>) -> Option<(u32, u32, u32)> {
        let channel = attribute(element.attributes(), "channel")?;
        let channel = self.channel(&channel)?;
        let time = |name| attribute(element.attributes(), name).and_then(|text| time::parse(&text));
        let Some(start) = time("start").filter(|start| self.window.contains(start)) else {
            self.facts.dropped += 1;
            return None;
        };
        let stop = time("stop").filter(|stop| *stop > start && *stop - start < 7 * 86_400).unwrap_or(0);
        self.children.clear();
        Some((channel, start as u32, stop as u32))
    }

    fn channel(&mut self, id: &str) -> Option<u32> {
        match &self.last {
            Some((last, at)) if last == id => *at,
            _ => {
                let at = if self.wanted.has(id) { self.spool.channel(id) } else { None };
                self.last = Some((id.to_owned(), at));
                at
            }
        }
    }

    fn end_programme(&mut self) -> io::Result<()> {
        let Some((channel, start, stop)) = self.open.take() else { return Ok(()) };
        self.text.clear();
        self.children.render(&mut self.text);
        let added = self.spool.add(channel, Programme { start, stop, text: &self.text })?;
        *if added { &mut self.facts.programmes } else { &mut self.facts.dropped } += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
