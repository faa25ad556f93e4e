//! `guide.xml` and `guide.xml.gz`: channels in the line-up's order, then their programmes by start.

pub(crate) mod merge;

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use contract::bundle::GuideRange;
use contract::release::{Artefact, Draft, FileFact, GUIDE, GUIDE_GZ};
use flate2::Compression;
use flate2::write::GzEncoder;
use memchr::memmem;
use quick_xml::escape::{escape, partial_escape};

use self::merge::merge;
use super::{Notes, Pictures};
use crate::guide::{Programme, programmes, time};
use crate::harvest::{Channel, List};
use crate::line_up::LineUp;

/// Bytes that go to the compressor together, and how many such pieces may wait for it.
const PIECE: usize = 1 << 18;
const WAITING: usize = 8;
/// 4 packs a guide almost as small as 6 does, at twice the speed.
const LEVEL: u32 = 4;
/// How the document begins.
const HEAD: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE tv SYSTEM \"xmltv.dtd\">\n\
    <tv generator-info-name=\"coax\">\n";

/// Writes both files at once: one thread writes, another compresses.
pub(super) fn write(draft: &Draft, line_up: &LineUp, notes: &mut Notes<'_>) -> io::Result<Vec<FileFact>> {
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
    icon: String,
}

fn document(mut out: Both, line_up: &LineUp, notes: &mut Notes<'_>) -> io::Result<FileFact> {
    let channels = channels(line_up, notes.pictures)?;
    out.write_all(HEAD)?;
    for channel in &channels {
        let start = out.plain.position();
        describe(&mut out, channel)?;
        let range = (start, out.plain.position());
        notes.ranges.push(GuideRange { id: channel.id.to_owned(), channel: range, programmes: (0, 0) });
    }
    for range in &mut notes.ranges {
        let guides = line_up.programming.read(&range.id)?;
        let mut merged = merge(guides.iter().map(|bytes| programmes(bytes).collect()));
        let bare: Vec<Vec<u8>> = match notes.pictures.are_ours() {
            true => merged.iter().map(|programme| without_pictures(programme.text)).collect(),
            false => Vec::new(),
        };
        merged.iter_mut().zip(&bare).for_each(|(programme, bare)| programme.text = bare);
        let start = out.plain.position();
        write_programmes(&mut out, &range.id, &merged)?;
        range.programmes = (start, out.plain.position());
    }
    out.write_all(b"</tv>\n")?;
    out.finish()
}

/// The guide's channels in the order in which the line-up names them first.
fn channels<'a>(line_up: &'a LineUp, pictures: &Pictures) -> io::Result<Vec<GuideChannel<'a>>> {
    let mut channels: Vec<GuideChannel<'_>> = Vec::new();
    let mut at: HashMap<&str, usize> = HashMap::new();
    for placed in &line_up.live {
        let (guide, name) = (line_up.guide(placed), line_up.name(List::Live, placed));
        if guide.is_empty() {
            continue;
        }
        let at = *at.entry(guide).or_insert_with(|| {
            channels.push(GuideChannel { id: guide, names: Vec::new(), icon: String::new() });
            channels.len() - 1
        });
        let found = &mut channels[at];
        if !found.names.contains(&name) {
            found.names.push(name);
        }
        if found.icon.is_empty() {
            let (part, entry) = line_up.entry(List::Live, placed);
            let icon = match placed.logo() {
                Some(logo) => logo.to_owned(),
                None => part.harvest.whole::<Channel>(entry)?.icon,
            };
            found.icon = pictures.of((List::Live, placed.id), part.source.name.as_str(), &icon);
        }
    }
    Ok(channels)
}

fn describe(out: &mut impl Write, channel: &GuideChannel<'_>) -> io::Result<()> {
    write!(out, "<channel id=\"{}\">", escape(channel.id))?;
    for name in &channel.names {
        write!(out, "<display-name>{}</display-name>", partial_escape(*name))?;
    }
    if !channel.icon.is_empty() {
        write!(out, "<icon src=\"{}\"/>", escape(&channel.icon))?;
    }
    out.write_all(b"</channel>\n")
}

/// A programme's children, as they were rendered, without addresses of pictures: there are too many of them to be ours.
fn without_pictures(text: &[u8]) -> Vec<u8> {
    let mut bare = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memmem::find(rest, b"<icon ") {
        let (before, element) = rest.split_at(at);
        bare.extend_from_slice(before);
        rest = memmem::find(element, b"/>").map_or(&[][..], |end| &element[end + 2..]);
    }
    bare.extend_from_slice(rest);
    bare
}

/// Writes the programmes of `channel`, which [`merge()`] gave.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_programmes(out: &mut impl Write, channel: &str, all: &[Programme<'_>]) -> io::Result<()> {
    let tail = format!(" channel=\"{}\"", escape(channel));
    for Programme { start, stop, text, catchup } in all {
        out.write_all(b"<programme start=\"")?;
        out.write_all(&time::written(*start))?;
        out.write_all(b"\" stop=\"")?;
        out.write_all(&time::written(*stop))?;
        out.write_all(b"\"")?;
        out.write_all(tail.as_bytes())?;
        if !catchup.is_empty() {
            // Not in the DTD: Kodi's, for addresses of catch-up.
            for piece in [b" catchup-id=\"", *catchup, b"\""] {
                out.write_all(piece)?;
            }
        }
        out.write_all(b">")?;
        out.write_all(text)?;
        out.write_all(b"</programme>\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
