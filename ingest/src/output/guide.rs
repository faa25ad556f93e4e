//! `guide.xml` and `guide.xml.gz`: channels in the line-up's order, then their programmes by start.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use contract::bundle::GuideRange;
use contract::release::{Artefact, Draft, FileFact, GUIDE, GUIDE_GZ};
use flate2::Compression;
use flate2::write::GzEncoder;
use quick_xml::escape::{escape, partial_escape};

use super::Notes;
use crate::guide::{Ahead, Record, time};
use crate::line_up::LineUp;

/// Bytes that go to the compressor together, and how many such pieces may wait for it.
const PIECE: usize = 1 << 18;
const WAITING: usize = 8;
/// 4 packs a guide almost as small as 6 does, at twice the speed.
const LEVEL: u32 = 4;
/// How long a programme is at most that has no end, in seconds, and how long the last one of a channel is.
const LONGEST: u32 = 6 * 3600;
const LAST: u32 = 3600;

/// Writes both files at once: one thread writes, another compresses.
pub(super) fn write(draft: &Draft, line_up: &LineUp, notes: &mut Notes) -> io::Result<Vec<FileFact>> {
    let plain = draft.artefact(GUIDE)?;
    let packed = draft.artefact(GUIDE_GZ)?;
    let (sender, receiver) = sync_channel(WAITING);
    thread::scope(|scope| {
        let packing =
            thread::Builder::new().name("gzip".into()).spawn_scoped(scope, || pack(receiver, packed))?;
        let written = document(Both { plain, sender, piece: Vec::with_capacity(PIECE) }, line_up, notes);
        // Only now, so that the other thread has seen the end.
        let packed = packing.join().map_err(|_| io::Error::other("the compressor broke"))?;
        Ok(vec![written?, packed?])
    })
}

fn pack(pieces: Receiver<Vec<u8>>, out: Artefact) -> io::Result<FileFact> {
    let mut encoder = GzEncoder::new(out, Compression::new(LEVEL));
    for piece in pieces {
        encoder.write_all(&piece)?;
    }
    encoder.finish()?.finish()
}

/// The plain file, with a copy to the compressor.
struct Both {
    plain: Artefact,
    sender: SyncSender<Vec<u8>>,
    piece: Vec<u8>,
}

impl Both {
    fn hand_over(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.sender.send(piece).map_err(|_| io::Error::other("the compressor stopped"))
    }

    fn finish(mut self) -> io::Result<FileFact> {
        self.hand_over()?;
        self.plain.finish()
    }
}

impl Write for Both {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.plain.write_all(bytes)?;
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.hand_over()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A channel of the guide.
struct GuideChannel<'a> {
    id: &'a str,
    /// Of all channels that share it, each once.
    names: Vec<&'a str>,
    icon: &'a str,
}

fn document(mut out: Both, line_up: &LineUp, notes: &mut Notes) -> io::Result<FileFact> {
    let channels = channels(line_up);
    out.write_all(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE tv SYSTEM \"xmltv.dtd\">\n")?;
    out.write_all(b"<tv generator-info-name=\"coax\">\n")?;
    for channel in &channels {
        let start = out.plain.position();
        describe(&mut out, channel)?;
        let range = (start, out.plain.position());
        notes.ranges.push(GuideRange { id: channel.id.to_owned(), channel: range, programmes: (0, 0) });
    }
    let records = sorted(line_up, &channels);
    let mut ahead: Vec<Ahead> = line_up.parts.iter().map(|_| Ahead::default()).collect();
    let mut rest = records.as_slice();
    for (at, range) in notes.ranges.iter_mut().enumerate() {
        let many = rest.iter().take_while(|entry| entry.channel as usize == at).count();
        let (own, others) = rest.split_at(many);
        rest = others;
        let start = out.plain.position();
        programmes(&mut out, line_up, &range.id, own, &mut ahead)?;
        range.programmes = (start, out.plain.position());
    }
    out.write_all(b"</tv>\n")?;
    out.finish()
}

/// The guide's channels in the order in which the line-up names them first.
fn channels(line_up: &LineUp) -> Vec<GuideChannel<'_>> {
    let mut channels: Vec<GuideChannel<'_>> = Vec::new();
    let mut at: HashMap<&str, usize> = HashMap::new();
    for placed in &line_up.live {
        let (_, channel) = line_up.channel(placed);
        if channel.guide.is_empty() {
            continue;
        }
        let at = *at.entry(&channel.guide).or_insert_with(|| {
            channels.push(GuideChannel { id: &channel.guide, names: Vec::new(), icon: "" });
            channels.len() - 1
        });
        let found = &mut channels[at];
        if !found.names.contains(&channel.name.as_str()) {
            found.names.push(&channel.name);
        }
        if found.icon.is_empty() {
            found.icon = &channel.icon;
        }
    }
    channels
}

fn describe(out: &mut impl Write, channel: &GuideChannel<'_>) -> io::Result<()> {
    write!(out, "<channel id=\"{}\">", escape(channel.id))?;
    for name in &channel.names {
        write!(out, "<display-name>{}</display-name>", partial_escape(*name))?;
    }
    if !channel.icon.is_empty() {
        write!(out, "<icon src=\"{}\"/>", escape(channel.icon))?;
    }
    out.write_all(b"</channel>\n")
}

/// A programme of the line-up.
#[derive(Clone, Copy)]
struct Entry {
    /// Position in the guide's channels.
    channel: u32,
    /// Whose spool it is in.
    part: u32,
    record: Record,
}

/// Everything that belongs to a channel of the guide, by channel and start; of two that start together the longer text
/// first.
fn sorted(line_up: &LineUp, channels: &[GuideChannel<'_>]) -> Vec<Entry> {
    let at: HashMap<&str, u32> = channels.iter().map(|channel| channel.id).zip(0..).collect();
    let mut entries = Vec::new();
    for (part, spool) in
        line_up.parts.iter().enumerate().filter_map(|(at, part)| Some((at, part.guide.as_ref()?)))
    {
        let of_spool: Vec<Option<u32>> = spool.ids().iter().map(|id| at.get(id.as_str()).copied()).collect();
        entries.reserve_exact(spool.records().len());
        entries.extend(spool.records().iter().filter_map(|record| {
            Some(Entry { channel: of_spool[record.channel as usize]?, part: part as u32, record: *record })
        }));
    }
    entries.sort_by_key(|entry| (entry.channel, entry.record.start, u32::MAX - entry.record.length));
    entries
}

/// The programmes of one channel: one for each start, none beyond the start of the next, each with an end.
fn programmes(
    out: &mut impl Write,
    line_up: &LineUp,
    channel: &str,
    entries: &[Entry],
    ahead: &mut [Ahead],
) -> io::Result<()> {
    let tail = format!(" channel=\"{}\">", escape(channel));
    let same_start = |a: &Entry, b: &Entry| a.record.start == b.record.start;
    let mut each = entries.chunk_by(same_start).map(|same| &same[0]).peekable();
    while let Some(Entry { part, record, .. }) = each.next() {
        let next = each.peek().map(|entry| entry.record.start);
        let given = Some(record.stop).filter(|stop| *stop > record.start);
        let stop = match (given, next) {
            (Some(stop), Some(next)) => stop.min(next),
            (Some(stop), None) => stop,
            (None, Some(next)) => next.min(record.start + LONGEST),
            (None, None) => record.start + LAST,
        };
        out.write_all(b"<programme start=\"")?;
        time::write(out, record.start)?;
        out.write_all(b"\" stop=\"")?;
        time::write(out, stop)?;
        out.write_all(b"\"")?;
        out.write_all(tail.as_bytes())?;
        let spool = line_up.parts[*part as usize].guide.as_ref().expect("its record came from there");
        out.write_all(spool.text(record, &mut ahead[*part as usize])?)?;
        out.write_all(b"</programme>\n")?;
    }
    Ok(())
}
