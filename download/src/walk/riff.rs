//! AVI: chunks of RIFF, `AVI ` and then any number of `AVIX`, each with its length before it.

use std::io::{Read, Seek};
use std::time::Duration;

use super::{Container, Defect, Look, Told, Walked};

pub(super) fn walk(look: &mut Look<'_, impl Read + Seek>) -> Result<Walked, Defect> {
    let mut at = 0;
    let mut ragged = false;
    while at < look.size {
        let [r, i, f1, f2, length @ ..]: [u8; 8] = match look.exactly(at) {
            Err(Defect::Cut { .. }) if at > 0 => {
                ragged = true; // what writers leave behind the last chunk
                break;
            }
            head => head?,
        };
        if [r, i, f1, f2] != *b"RIFF" {
            ragged = true;
            break;
        }
        let length = u64::from(u32::from_le_bytes(length)) + 8;
        if length > look.size - at {
            return Err(Defect::Cut { at, missing: length - (look.size - at) });
        }
        at += length + length % 2;
    }
    let (duration, picture) = told(look)?;
    Ok(Walked { container: Container::Avi, duration, picture, ragged })
}

/// What the main header says, which is the first thing in the first list: `RIFF … AVI  LIST … hdrl avih …`.
fn told(look: &mut Look<'_, impl Read + Seek>) -> Result<Told, Defect> {
    const HEADER: usize = 32 + 40;
    let mut head = [0; HEADER];
    if look.read(0, &mut head)? < HEADER || head[24..28] != *b"avih" {
        return Ok((None, None));
    }
    let word = |at: usize| u32::from_le_bytes(*head[32 + at..].first_chunk().expect("it is long enough"));
    let (frame, frames, width, height) = (word(0), word(16), word(32), word(36));
    let duration = Duration::from_micros(u64::from(frame) * u64::from(frames));
    let picture = (width > 0 && height > 0).then_some((width, height));
    Ok((Some(duration).filter(|time| !time.is_zero()), picture))
}
