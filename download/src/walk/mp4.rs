//! ISO/IEC 14496-12: boxes, each with its length before it. Those of the outermost level fill the file exactly, and one of
//! them, `moov`, says what is in the others.

use std::io::{Read, Seek};
use std::ops::Range;

use super::{Container, Defect, Look, Told, Walked, seconds};

/// Boxes that files begin with. Old QuickTime has no `ftyp`.
const FIRST: [&[u8; 4]; 7] = [b"ftyp", b"styp", b"moov", b"mdat", b"wide", b"free", b"skip"];

/// A box: its kind, and where its content is.
struct Found {
    kind: [u8; 4],
    content: Range<u64>,
}

pub(super) fn begins(head: &[u8]) -> bool {
    let length = head.first_chunk().map_or(0, |length| u32::from_be_bytes(*length));
    let kind = head.get(4..8);
    // A length of 0 means "until the end", of 1 that it stands behind the kind.
    (length <= 1 || length >= 8) && kind.is_some_and(|kind| FIRST.iter().any(|first| kind == *first))
}

pub(super) fn walk(look: &mut Look<'_, impl Read + Seek>) -> Result<Walked, Defect> {
    let (mut movie, mut media, mut at) = (None, false, 0);
    while at < look.size {
        let found = next(look, at..look.size)?;
        at = found.content.end;
        match &found.kind {
            b"moov" => movie = movie.or(Some(found.content)),
            b"mdat" | b"moof" => media = true,
            _ => {}
        }
    }
    let movie = movie.ok_or(Defect::Missing("moov"))?;
    if !media {
        return Err(Defect::Missing("mdat"));
    }
    let (duration, picture) = super::told(told(look, movie))?;
    Ok(Walked { container: Container::Mp4, duration, picture, ragged: false })
}

/// What `moov` says.
fn told(look: &mut Look<'_, impl Read + Seek>, movie: Range<u64>) -> Result<Told, Defect> {
    let (mut scale, mut length, mut fragments, mut picture) = (0, 0, 0, None);
    let mut at = movie.start;
    while at < movie.end {
        let found = next(look, at..movie.end)?;
        at = found.content.end;
        match &found.kind {
            b"mvhd" => (scale, length) = header(look, &found.content)?,
            b"trak" => {
                let shown = sized(look, found.content)?;
                picture = picture.max(shown); // the sound has none
            }
            b"mvex" => {
                let header = inside(look, found.content, b"mehd")?;
                fragments = header.map_or(Ok(0), |header| number(look, &header, 0))?;
            }
            _ => {}
        }
    }
    let ticks = if fragments > 0 { fragments } else { length };
    let duration = (scale > 0).then(|| seconds(ticks as f64 / f64::from(scale))).flatten();
    Ok((duration, picture))
}

/// `mvhd`: ticks a second, and how many of them it plays.
fn header(look: &mut Look<'_, impl Read + Seek>, content: &Range<u64>) -> Result<(u32, u64), Defect> {
    let [version] = look.exactly(content.start)?;
    let times = if version == 1 { 16 } else { 8 };
    let scale = u32::from_be_bytes(look.exactly(content.start + 4 + times)?);
    Ok((scale, number(look, content, times + 4)?))
}

/// A number of four bytes, or of eight in version 1, `behind` version and flags. All bits set is "not known".
fn number(look: &mut Look<'_, impl Read + Seek>, content: &Range<u64>, behind: u64) -> Result<u64, Defect> {
    let [version] = look.exactly(content.start)?;
    let at = content.start + 4 + behind;
    let number = match version {
        1 => u64::from_be_bytes(look.exactly(at)?),
        _ => match u32::from_be_bytes(look.exactly(at)?) {
            u32::MAX => u64::MAX,
            number => number.into(),
        },
    };
    Ok(if number == u64::MAX { 0 } else { number })
}

/// Width and height of a track, whole pixels of 16.16 bits; `None` for one without a picture.
fn sized(look: &mut Look<'_, impl Read + Seek>, track: Range<u64>) -> Result<Option<(u32, u32)>, Defect> {
    let Some(header) = inside(look, track, b"tkhd")? else { return Ok(None) };
    let [version] = look.exactly(header.start)?;
    let at = header.start + if version == 1 { 88 } else { 76 };
    if at + 8 > header.end {
        return Ok(None);
    }
    let [w1, w2, _, _, h1, h2, _, _] = look.exactly(at)?;
    let (width, height) = (u16::from_be_bytes([w1, w2]).into(), u16::from_be_bytes([h1, h2]).into());
    Ok((width > 0 && height > 0).then_some((width, height)))
}

/// The content of the first box of this kind directly inside of another one.
fn inside(
    look: &mut Look<'_, impl Read + Seek>,
    outer: Range<u64>,
    kind: &[u8; 4],
) -> Result<Option<Range<u64>>, Defect> {
    let mut at = outer.start;
    while at < outer.end {
        let found = next(look, at..outer.end)?;
        if found.kind == *kind {
            return Ok(Some(found.content));
        }
        at = found.content.end;
    }
    Ok(None)
}

/// The box at the beginning of `room`, which it may not leave.
fn next(look: &mut Look<'_, impl Read + Seek>, room: Range<u64>) -> Result<Found, Defect> {
    let at = room.start;
    let mut head = [0; 16];
    let read = look.read(at, &mut head)?;
    if read < 8 {
        return Err(Defect::Cut { at, missing: 8 - read as u64 });
    }
    let [l1, l2, l3, l4, kind @ .., _, _, _, _, _, _, _, _] = head;
    // Zeros are what is left where nothing was written.
    if !kind.iter().all(|byte| (0x20..0x7F).contains(byte) || *byte == 0xA9) {
        return Err(Defect::Broken(at));
    }
    let (head, length) = match u32::from_be_bytes([l1, l2, l3, l4]) {
        0 => (8, room.end - at),
        1 if read < 16 => return Err(Defect::Cut { at, missing: 16 - read as u64 }),
        1 => (16, u64::from_be_bytes(*head.last_chunk().expect("sixteen bytes"))),
        length => (8, length.into()),
    };
    if length < head {
        return Err(Defect::Broken(at));
    }
    match at.checked_add(length) {
        Some(end) if end <= room.end => Ok(Found { kind, content: at + head..end }),
        _ => Err(Defect::Cut { at, missing: length - (room.end - at) }),
    }
}
