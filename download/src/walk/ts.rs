//! ISO/IEC 13818-1: packets of 188 bytes, each of which begins with 0x47. Nothing says how many there are.

use std::io::{Read, Seek};

use super::{Container, Defect, Look, Walked};

/// The length of a packet of a transport stream, in bytes.
pub const PACKET: usize = 188;
const SYNC: u8 = 0x47;
/// So many packets in a row are looked at, in each of three places.
const ROW: usize = 5;

pub(super) fn begins(head: &[u8]) -> bool {
    // Of a file that is shorter, what there is.
    head.len() > PACKET && head.iter().step_by(PACKET).all(|byte| *byte == SYNC)
        || head.len() == PACKET && head[0] == SYNC
}

pub(super) fn walk(look: &mut Look<'_, impl Read + Seek>) -> Result<Walked, Defect> {
    let packets = look.size / PACKET as u64;
    let last = packets.saturating_sub(ROW as u64);
    for first in [0, last / 2, last] {
        let at = first * PACKET as u64;
        let mut row = [0; ROW * PACKET];
        let read = look.read(at, &mut row)? / PACKET * PACKET;
        if let Some(lost) = row[..read].iter().step_by(PACKET).position(|byte| *byte != SYNC) {
            return Err(Defect::Broken(at + (lost * PACKET) as u64));
        }
    }
    let ragged = !look.size.is_multiple_of(PACKET as u64);
    Ok(Walked { container: Container::Ts, duration: None, picture: None, ragged })
}
