//! The slim entries of a harvest that are held; the rest of each is read from its line.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};

use contract::bundle::{Kind, Protocol};
use serde::Deserialize;

use super::writer::add_places;
use super::{Item, Places};
use crate::source::protocol;

/// What is held of an entry; the rest is read from its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) id: Span,
    pub(super) name: Span,
    pub(super) guide: Span,
    pub(super) places: Span,
    /// The source's number for it; 0 without one.
    pub(crate) num: u32,
    /// Of an episode: the position of its series, its season and its number.
    pub(crate) episode: (u32, u32, u32),
    /// Whether the source says where it is received.
    pub(crate) addressed: bool,
    /// Whether that is nothing a relay can receive.
    pub(crate) foreign: bool,
    /// Of a channel: whether its past can be watched.
    pub(crate) archived: bool,
}

/// A part of the text of [`Held`], or of its places.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    start: u32,
    length: u32,
}

/// What is held of all entries.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// By [`Item`], in the source's order.
    pub(super) entries: [Vec<Entry>; Item::ALL.len()],
    /// The names, ids and guide ids of all of them.
    pub(super) text: String,
    pub(super) places: Vec<u32>,
    /// Whether this is all.
    pub(super) whole: bool,
}

impl Held {
    /// Reads all entries.
    ///
    /// # Errors
    /// The disk refuses, or somebody changed the file.
    pub(super) fn read(file: &mut File) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let mut reading = Reading::default();
        let mut lines = BufReader::with_capacity(1 << 18, file);
        let mut line = Vec::new();
        let mut offset = 0;
        loop {
            line.clear();
            let length = lines.read_until(b'\n', &mut line)?;
            if length == 0 {
                break;
            }
            reading.take(offset, line.trim_ascii_end())?;
            offset += length as u64;
        }
        let Reading { mut entries, text, mut places, mut again, .. } = reading;
        again.sort_by_key(|(entry, _)| *entry); // each is put together once, however often it came
        for repeats in again.chunk_by(|one, two| one.0 == two.0) {
            let (item, at) = repeats[0].0;
            let Some(entry) = entries[item as usize].get_mut(at as usize) else { continue };
            let mut all = entry.places.of(&places).to_vec();
            repeats.iter().for_each(|(_, more)| add_places(&mut all, more));
            entry.places = Span { start: places.len() as u32, length: all.len() as u32 };
            places.extend(all);
        }
        Ok(Self { entries, text, places, whole: true })
    }
}

impl Span {
    pub(super) fn text(self, text: &str) -> &str {
        &text[self.start as usize..(self.start + self.length) as usize]
    }

    pub(super) fn of(self, places: &[u32]) -> &[u32] {
        &places[self.start as usize..(self.start + self.length) as usize]
    }
}

/// What is held of every kind of entry.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Slim {
    pub(super) id: String,
    pub(super) name: String,
    guide: String,
    num: Option<u32>,
    pub(super) places: Places,
    address: Option<Told>,
    archive: u32,
    pub(super) series: String,
    pub(super) season: u32,
    pub(super) number: u32,
}

/// That an address is there, and whether it is one for a relay.
#[derive(Deserialize)]
struct Told {
    url: String,
}

#[derive(Default)]
struct Reading {
    entries: [Vec<Entry>; Item::ALL.len()],
    text: String,
    places: Vec<u32>,
    again: Vec<((Item, u32), Places)>,
    /// Positions of series that have episodes behind them, by id.
    series: HashMap<String, u32>,
    /// The guide id before: the same one often stands on neighbours.
    guide: Span,
}

impl Reading {
    fn take(&mut self, offset: u64, line: &[u8]) -> io::Result<()> {
        for item in Item::ALL {
            if let Some(entry) = line.strip_prefix(item.opening().as_bytes()) {
                let entry = entry.strip_suffix(b"}").unwrap_or(entry);
                return self.entry(item, offset + item.opening().len() as u64, entry);
            }
        }
        if let Some(again) = line.strip_prefix(br#"{"again":"#) {
            let (item, at, places) = serde_json::from_slice(again.strip_suffix(b"}").unwrap_or(again))?;
            self.again.push(((item, at), places));
        }
        Ok(())
    }

    fn entry(&mut self, item: Item, offset: u64, line: &[u8]) -> io::Result<()> {
        let slim: Slim = serde_json::from_slice(line)?;
        let series = match item {
            Item::Series => {
                self.series.insert(slim.id.clone(), self.entries[item as usize].len() as u32);
                0
            }
            Item::Episode => *self.series.get(&slim.series).ok_or(io::ErrorKind::InvalidData)?,
            Item::Channel | Item::Movie => 0,
        };
        if slim.guide != self.guide.text(&self.text) {
            self.guide = self.span(&slim.guide)?;
        }
        let places = Span { start: self.places.len() as u32, length: slim.places.len() as u32 };
        self.places.extend(slim.places);
        let entry = Entry {
            offset,
            length: line.len() as u32,
            id: self.span(&slim.id)?,
            name: self.span(&slim.name)?,
            guide: self.guide,
            places,
            num: slim.num.unwrap_or(0),
            episode: (series, slim.season, slim.number),
            foreign: slim
                .address
                .as_ref()
                .is_some_and(|told| protocol(Kind::Live, &told.url) == Protocol::Foreign),
            addressed: slim.address.is_some(),
            archived: slim.archive > 0,
        };
        self.entries[item as usize].push(entry);
        Ok(())
    }

    fn span(&mut self, text: &str) -> io::Result<Span> {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        // Offsets are 32-bit; a harvest of a million entries has some 100 MB of names.
        if self.text.len() > i32::MAX as usize {
            return Err(io::Error::other("the names of the source are too long to be held"));
        }
        Ok(Span { start, length: text.len() as u32 })
    }
}
