//! Reading XMLTV.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead};
use std::ops::Range;

use contract::source::Source;
use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;
use quick_xml::events::attributes::Attributes;

use super::children::{Children, is_torn, pairs};
use super::scan::{Found, Piece, Scan, mended};
use super::time::Clock;
use super::{Programme, Spool, Wanted};
use crate::tidy;

/// A programme that is longer has a wrong end, in seconds.
const LONGEST: i64 = 7 * 86_400;
/// The longest `catchup-id`, in bytes.
const LONGEST_ID: usize = 500;
/// How much of a guide must be there, in percent.
const ENOUGH: u64 = 95;

/// How a guide is read: what differs between sources.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// Starts of programmes that are kept, in Unix seconds.
    pub(crate) window: Range<i64>,
    /// How its times are meant.
    pub(crate) clock: Clock,
    /// Seconds that are added to all its times.
    pub(crate) shift: i64,
    /// Seconds that are added to the times of a channel as well, by the guide's id, whatever its case.
    pub(crate) shifts: BTreeMap<String, i64>,
}

impl Default for Reading {
    fn default() -> Self {
        Self { window: 0..u32::MAX.into(), clock: Clock::default(), shift: 0, shifts: BTreeMap::new() }
    }
}

/// What a guide held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Programmes in the document, whoever wants them: by this a guide is compared with the one before.
    pub(crate) all: u64,
    /// Programmes of channels that were wanted.
    pub(crate) programmes: u64,
    /// Wanted programmes whose times mean nothing or lie outside the window, and those of a channel that has too many.
    pub(crate) dropped: u64,
    /// Places where the XML was wrong.
    pub(crate) faults: u64,
    /// Whether the end was there.
    pub(crate) complete: bool,
}

impl Facts {
    /// Whether so much of the document is there that it may replace the one before: all of it, or 95 % (spec 20.3).
    ///
    /// A document without an end does not say how much is missing. So it is compared with how many programmes there
    /// were `before`, which is 0 when there was no guide: then anything is better than nothing. Whoever knows how many
    /// bytes were to come judges by that first, while they come.
    pub(crate) const fn enough(&self, before: u64) -> bool {
        self.complete || (self.all > 0 && self.all.saturating_mul(100) >= before.saturating_mul(ENOUGH))
    }
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

/// Reads a guide from `input` (which [`super::decoded`] made) and spools the programmes of channels that are `wanted`.
///
/// A guide that breaks off is read as far as it goes: [`Facts::enough`] tells what that is worth.
///
/// # Errors
/// [`GuideError`]
pub(crate) fn read(
    input: impl BufRead,
    wanted: &Wanted,
    reading: &Reading,
    source: &Source,
    spool: &mut Spool,
) -> Result<Facts, GuideError> {
    let shifts = reading.shifts.iter().rev(); // of two spellings the first counts
    let mut document = Document {
        source,
        wanted,
        reading,
        spool,
        facts: Facts::default(),
        shifts: shifts.map(|(id, shift)| (id.trim().to_lowercase(), *shift)).collect(),
        last: Last::default(),
        children: Children::new(source, &reading.clock),
        text: Vec::new(),
        catchup: String::new(),
    };
    let mut root = false;
    let mut scan = Scan::new(input);
    while let Some(found) = scan.next() {
        match found {
            Found::Root => (root, document.facts.complete) = (true, false),
            Found::End => document.facts.complete = true,
            Found::Channel(piece) => document.channel(piece),
            Found::Programme(piece) => document.programme(piece).map_err(GuideError::Disk)?,
        }
    }
    let Document { mut facts, spool, .. } = document;
    facts.faults += scan.faults;
    spool.settle().map_err(GuideError::Disk)?;
    if root || facts.all > 0 { Ok(facts) } else { Err(GuideError::NoGuide) }
}

/// The id of a channel, from an attribute as it is written: tidied, because it is written again.
pub(super) fn channel_id(raw: &str) -> Cow<'_, str> {
    match tidy::entities(raw) {
        Cow::Borrowed(raw) => tidy::words(raw),
        Cow::Owned(decoded) => Cow::Owned(tidy::words(&decoded).into_owned()),
    }
}

/// A parser of one piece.
pub(super) fn parser(piece: &[u8]) -> Reader<&[u8]> {
    let mut reader = Reader::from_reader(piece);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    reader
}

/// The attributes of the programme that `text` is, and what follows its start tag, if that is plain.
fn head(text: &str) -> Option<(Attributes<'_>, &str)> {
    const NAME: &str = "<programme";
    let end = memchr::memchr(b'>', text.as_bytes())?;
    let tag =
        text.get(1..end).filter(|tag| text.starts_with(NAME) && !tag.ends_with('/') && !is_torn(tag))?;
    Some((Attributes::new(tag, NAME.len() - 1), &text[end + 1..]))
}

struct Document<'a> {
    source: &'a Source,
    wanted: &'a Wanted,
    reading: &'a Reading,
    spool: &'a mut Spool,
    facts: Facts,
    /// Corrections of channels, by their ids in lower case.
    shifts: HashMap<String, i64>,
    last: Last,
    children: Children<'a>,
    text: Vec<u8>,
    catchup: String,
}

/// The channel of the programme before: guides are mostly grouped by channel.
#[derive(Default)]
struct Last {
    id: String,
    /// Its position in the spool, if it is wanted.
    at: Option<u32>,
    /// Seconds to add to its times.
    shift: i64,
}

/// Channel, start and stop of a programme that is kept.
type Kept = (u32, u32, u32);

impl Document<'_> {
    fn channel(&mut self, piece: Piece<'_>) {
        if let Ok(Event::Start(element) | Event::Empty(element)) = parser(piece.text).read_event()
            && let Some((_, id)) = pairs(element.attributes()).find(|(name, _)| *name == "id")
            && let id = channel_id(&id)
            && self.wanted.has(&id)
        {
            self.spool.channel(&id);
        }
    }

    fn programme(&mut self, piece: Piece<'_>) -> io::Result<()> {
        self.facts.all += 1;
        self.facts.faults += u64::from(piece.odd);
        let text: Cow<'_, [u8]> = if piece.odd { mended(piece.text).into() } else { piece.text.into() };
        let plain = std::str::from_utf8(&text).ok().filter(|_| piece.closed).and_then(head);
        let kept = match plain {
            Some((attributes, inside)) => {
                let kept = self.begin(attributes);
                if kept.is_some() && !self.plain_children(inside) {
                    self.children_of(&mut parser(inside.as_bytes()));
                }
                kept
            }
            None => self.parsed(&text, piece.closed),
        };
        let Some((channel, start, stop)) = kept else { return Ok(()) };
        self.text.clear();
        self.children.render(&mut self.text);
        let programme = Programme { start, stop, text: &self.text, catchup: self.catchup.as_bytes() };
        let added = self.spool.add(channel, programme)?;
        *if added { &mut self.facts.programmes } else { &mut self.facts.dropped } += 1;
        Ok(())
    }

    /// Takes the children the short way. `false` if there is none; then nothing is taken.
    fn plain_children(&mut self, inside: &str) -> bool {
        self.children.clear();
        let taken = self.children.plain(inside);
        if !taken {
            self.children.clear();
        }
        taken
    }

    /// Reads a programme whose start tag is not plain, or whose end is missing.
    fn parsed(&mut self, text: &[u8], closed: bool) -> Option<Kept> {
        let mut parser = parser(text);
        let (kept, closed) = match parser.read_event() {
            Ok(Event::Start(element)) => (self.begin(element.attributes()), closed),
            Ok(Event::Empty(element)) => (self.begin(element.attributes()), true),
            _ => (None, false),
        };
        self.facts.faults += u64::from(!closed);
        if kept.is_some() {
            self.children.clear();
            self.children_of(&mut parser);
        }
        kept
    }

    /// Reads what stands in the programme, as far as that can be read.
    fn children_of(&mut self, parser: &mut Reader<&[u8]>) {
        let children = &mut self.children;
        loop {
            match parser.read_event() {
                Ok(Event::Start(element)) => children.open(element.name().0, element.attributes()),
                Ok(Event::Empty(element)) => {
                    children.open(element.name().0, element.attributes());
                    children.close(element.name().0);
                }
                Ok(Event::End(element)) if element.name().0 == "programme" => return,
                Ok(Event::End(element)) => children.close(element.name().0),
                Ok(Event::Text(text)) => children.text(&text.into_inner()),
                Ok(Event::CData(text)) => children.text(&text.into_inner()),
                Ok(Event::GeneralRef(reference)) => {
                    let name = reference.into_inner();
                    match tidy::entity(&name) {
                        Some(meaning) => children.text(&meaning),
                        None => children.text(&format!("&{name};")),
                    }
                }
                Ok(Event::Eof) => return,
                Ok(_) => {}
                Err(_) => {
                    self.facts.faults += 1;
                    return;
                }
            }
        }
    }

    fn begin(&mut self, attributes: Attributes<'_>) -> Option<Kept> {
        let mut said = Said::default();
        let mut channel = None;
        for (name, value) in pairs(attributes) {
            let place = match name {
                "channel" => &mut channel,
                "start" => &mut said.start,
                "stop" => &mut said.stop,
                "start_timestamp" => &mut said.start_timestamp,
                "stop_timestamp" => &mut said.stop_timestamp,
                "catchup-id" => &mut said.catchup,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        let channel = channel?;
        let (at, shift) = self.wanted(&channel_id(&channel))?;
        let Some((start, stop)) = said.times(self.reading, shift) else {
            self.facts.dropped += 1;
            return None;
        };
        self.catchup.clear();
        if let Some(id) = said.catchup.filter(|id| id.len() <= LONGEST_ID) {
            let plain = tidy::entities(&id);
            let id = tidy::words(&plain);
            // SECURITY: some are addresses. With stars in the place of a credential it would ask for nothing.
            if tidy::masked(Cow::Borrowed(&*id), self.source) == id {
                self.catchup.push_str(&escape(&*id));
            }
        }
        Some((at, start, stop))
    }

    /// The position of a wanted channel, and seconds to add to its times.
    fn wanted(&mut self, id: &str) -> Option<(u32, i64)> {
        if self.last.id != id {
            let at = if self.wanted.has(id) { self.spool.channel(id) } else { None };
            let of_channel = || self.shifts.get(&id.to_lowercase()).copied();
            let shift = if self.shifts.is_empty() { None } else { of_channel() };
            self.last.id.clear();
            self.last.id.push_str(id);
            self.last.at = at;
            self.last.shift = shift.unwrap_or(0).saturating_add(self.reading.shift);
        }
        Some((self.last.at?, self.last.shift))
    }
}

/// What a programme says of its times.
#[derive(Default)]
struct Said<'a> {
    start: Option<Cow<'a, str>>,
    stop: Option<Cow<'a, str>>,
    start_timestamp: Option<Cow<'a, str>>,
    stop_timestamp: Option<Cow<'a, str>>,
    catchup: Option<Cow<'a, str>>,
}

impl Said<'_> {
    /// Start, and stop or 0, in Unix seconds; `None` for what is no time, or not in the window.
    fn times(&self, reading: &Reading, shift: i64) -> Option<(u32, u32)> {
        let parse = |text: &Option<Cow<'_, str>>| reading.clock.parse(&tidy::entities(text.as_deref()?));
        let start = parse(&self.start)?;
        let (start, stop) = match self.timestamps(start) {
            Some((start, stop)) => (start, Some(stop)),
            None => (start, parse(&self.stop)),
        };
        let stop = stop.filter(|stop| *stop > start && *stop - start < LONGEST);
        let start = start.checked_add(shift).filter(|start| reading.window.contains(start))?;
        let stop = stop.and_then(|stop| u32::try_from(stop.checked_add(shift)?).ok());
        Some((u32::try_from(start).ok()?, stop.unwrap_or(0)))
    }

    /// What panels say in Unix seconds. It counts if both are there, make sense, and differ from `start` by nothing,
    /// or by what an offset can be wrong by: quarters of an hour, up to 14 hours.
    fn timestamps(&self, start: i64) -> Option<(i64, i64)> {
        let number = |text: &Option<Cow<'_, str>>| text.as_deref()?.trim().parse::<u32>().ok().map(i64::from);
        let (said, stop) = (number(&self.start_timestamp)?, number(&self.stop_timestamp)?);
        let wrong_by = (said - start).abs();
        let agrees = wrong_by % 900 == 0 && wrong_by <= 14 * 3600;
        (agrees && stop > said && stop - said < LONGEST).then_some((said, stop))
    }
}

#[cfg(test)]
mod tests;
