//! RFC 9559 on RFC 8794: elements, each with its length before it. A head of EBML, and a segment that ends with the file.

use std::io::{Read, Seek};
use std::time::Duration;

use super::{Container, Defect, Look, Walked, seconds};

const EBML: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const TRACKS: u32 = 0x1654_AE6B;
const CLUSTER: u32 = 0x1F43_B675;
const SCALE: u32 = 0x2A_D7B1;
const DURATION: u32 = 0x4489;
const TRACK: u32 = 0xAE;
const VIDEO: u32 = 0xE0;
const WIDTH: u32 = 0xB0;
const HEIGHT: u32 = 0xBA;

/// Nanoseconds of a tick, where nothing is said.
const USUAL_SCALE: u64 = 1_000_000;

/// An element: what it is, where its content begins, and where that ends, if it says so.
struct Element {
    id: u32,
    from: u64,
    to: Option<u64>,
}

#[derive(Default)]
struct Told {
    scale: Option<u64>,
    ticks: Option<f64>,
    width: Option<u32>,
    height: Option<u32>,
}

pub(super) fn walk(look: &mut Look<'_, impl Read + Seek>) -> Result<Walked, Defect> {
    let head = next(look, 0, look.size)?;
    let mut at = head.to.filter(|_| head.id == EBML).ok_or(Defect::Broken(0))?;
    let (mut told, mut segment, mut media) = (Told::default(), false, false);
    // Where a length is not known the content follows, as if it stood on the same level: what is live is written so.
    while at < look.size {
        let element = next(look, at, look.size)?;
        match element.id {
            SEGMENT => {
                segment = true;
                let end = element.to.unwrap_or(look.size);
                media |= begin(look, element.from..end, &mut told)?;
            }
            CLUSTER => media = true,
            _ => {}
        }
        at = element.to.unwrap_or(element.from);
        if element.to.is_none() && !matches!(element.id, SEGMENT | CLUSTER) {
            return Err(Defect::Broken(element.from));
        }
    }
    if !segment {
        return Err(Defect::Missing("segment"));
    }
    if !media {
        return Err(Defect::Missing("cluster"));
    }
    Ok(Walked {
        container: Container::Matroska,
        duration: told.duration(),
        picture: told.width.zip(told.height).filter(|(width, height)| *width > 0 && *height > 0),
        ragged: false,
    })
}

impl Told {
    fn duration(&self) -> Option<Duration> {
        let scale = self.scale.unwrap_or(USUAL_SCALE) as f64;
        self.ticks.and_then(|ticks| seconds(ticks * scale / 1e9))
    }
}

/// What a segment says before its first cluster, and whether there is one.
fn begin(
    look: &mut Look<'_, impl Read + Seek>,
    segment: std::ops::Range<u64>,
    told: &mut Told,
) -> Result<bool, Defect> {
    let mut at = segment.start;
    while at < segment.end {
        let element = next(look, at, segment.end)?;
        match (element.id, element.to) {
            (CLUSTER, _) => return Ok(true),
            (INFO | TRACKS, Some(to)) => inside(look, element.from, to, 0, told)?,
            (_, None) => return Ok(false),
            _ => {}
        }
        at = element.to.unwrap_or(segment.end);
    }
    Ok(false)
}

/// What the elements say that lie between two places.
fn inside(
    look: &mut Look<'_, impl Read + Seek>,
    from: u64,
    to: u64,
    depth: u8,
    told: &mut Told,
) -> Result<(), Defect> {
    let mut at = from;
    while at < to {
        let element = next(look, at, to)?;
        let end = element.to.ok_or(Defect::Broken(at))?;
        match element.id {
            TRACK | VIDEO if depth < 2 => inside(look, element.from, end, depth + 1, told)?,
            SCALE => told.scale = Some(unsigned(look, element.from, end)?),
            DURATION => told.ticks = float(look, element.from, end)?,
            // The first track that has a picture: others are covers.
            WIDTH if depth == 2 && told.height.is_none() => {
                told.width = unsigned(look, element.from, end)?.try_into().ok();
            }
            HEIGHT if depth == 2 && told.height.is_none() => {
                told.height = unsigned(look, element.from, end)?.try_into().ok();
            }
            _ => {}
        }
        at = end;
    }
    Ok(())
}

fn unsigned(look: &mut Look<'_, impl Read + Seek>, from: u64, to: u64) -> Result<u64, Defect> {
    let bytes: [u8; 8] = padded(look, from, to)?;
    Ok(u64::from_be_bytes(bytes))
}

fn float(look: &mut Look<'_, impl Read + Seek>, from: u64, to: u64) -> Result<Option<f64>, Defect> {
    Ok(match to - from {
        4 => Some(f32::from_be_bytes(look.exactly(from)?).into()),
        8 => Some(f64::from_be_bytes(look.exactly(from)?)),
        _ => None,
    })
}

/// At most eight bytes, with zeros before them.
fn padded(look: &mut Look<'_, impl Read + Seek>, from: u64, to: u64) -> Result<[u8; 8], Defect> {
    let mut bytes = [0; 8];
    let length = usize::try_from(to - from).ok().filter(|length| *length <= 8);
    let length = length.ok_or(Defect::Broken(from))?;
    match look.read(from, &mut bytes[8 - length..])? {
        read if read == length => Ok(bytes),
        read => Err(Defect::Cut { at: from, missing: (length - read) as u64 }),
    }
}

/// The element at `at`, which may not reach behind `end`.
fn next(look: &mut Look<'_, impl Read + Seek>, at: u64, end: u64) -> Result<Element, Defect> {
    let mut head = [0; 12];
    let read = look.read(at, &mut head)?;
    let cut = |needed: usize| Defect::Cut { at, missing: needed.saturating_sub(read).max(1) as u64 };
    // The number of zeros before the first one says how many bytes follow (RFC 8794, 4).
    let id_length = head[0].leading_zeros() as usize + 1;
    if read == 0 || id_length > 4 {
        return Err(if read == 0 { cut(2) } else { Defect::Broken(at) });
    }
    let size_length = head[id_length].leading_zeros() as usize + 1;
    if size_length > 8 {
        return Err(if read <= id_length { cut(id_length + 1) } else { Defect::Broken(at) });
    }
    let length = id_length + size_length;
    if read < length {
        return Err(cut(length));
    }
    let id = head[..id_length].iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let size = head[id_length..length].iter().fold(0, |size, byte| size << 8 | u64::from(*byte));
    let mask = (1_u64 << (7 * size_length)) - 1;
    let from = at + length as u64;
    let size = Some(size & mask).filter(|size| *size != mask);
    match size {
        None => Ok(Element { id, from, to: None }),
        Some(size) => match from.checked_add(size).filter(|to| *to <= end) {
            Some(to) => Ok(Element { id, from, to: Some(to) }),
            None => Err(Defect::Cut { at, missing: size.saturating_sub(end.saturating_sub(from)) }),
        },
    }
}
