//! What a video decoder is set up with: the sequence parameters that an access point brings along.

use crate::codec::Codec;
use crate::packet::{Packet, Pid, packets};
use crate::pes;

/// Bytes of a unit that are looked through.
const SEARCHED: usize = 8 * 1024;

/// The sequence parameter set (H.264 7.3.2.1, HEVC 7.3.2.2) or sequence header (MPEG-2 6.2.2.1) of the unit on `pid`
/// with which `stream` begins, from the byte that tells its kind on. `None` if there is none before the first slice, or
/// it is not whole.
///
/// Two units are set up alike if these bytes are the same.
pub fn parameters(codec: Codec, pid: Pid, stream: &[u8]) -> Option<Vec<u8>> {
    if !matches!(codec, Codec::H264 | Codec::Hevc | Codec::Mpeg1Video | Codec::Mpeg2Video) {
        return None;
    }
    let unit = unit(pid, stream);
    let starts = || unit.windows(3).enumerate().filter(|(_, code)| *code == [0, 0, 1]).map(|(at, _)| at + 3);
    for at in starts() {
        match kind(codec, *unit.get(at)?) {
            Kind::Sequence => {
                let end = starts().find(|next| *next > at)? - 3;
                let body = &unit[at..end];
                // A start code may have four bytes, and zeros before it are padding.
                let length = body.iter().rposition(|byte| *byte != 0)? + 1;
                return Some(body[..length].to_vec());
            }
            Kind::Slice => return None,
            Kind::Other => {}
        }
    }
    None
}

/// The beginning of the elementary stream unit, whichever packets it falls into.
fn unit(pid: Pid, stream: &[u8]) -> Vec<u8> {
    let of_unit = |(place, packet): &(usize, Packet<'_>)| *place == 0 || !packet.unit_start();
    let payloads = packets(stream).filter(|packet| packet.pid() == pid).enumerate().take_while(of_unit);
    let mut unit = Vec::new();
    for (_, packet) in payloads {
        unit.extend_from_slice(packet.payload());
        if unit.len() >= SEARCHED {
            break;
        }
    }
    let header = pes::Header::read(&unit).map_or(0, |header| header.length);
    unit.drain(..header.min(unit.len()));
    unit
}

enum Kind {
    Sequence,
    Slice,
    Other,
}

/// What begins with this byte behind a start code.
fn kind(codec: Codec, byte: u8) -> Kind {
    match codec {
        Codec::H264 => match byte & 0x1F {
            7 => Kind::Sequence,
            1..=5 => Kind::Slice,
            _ => Kind::Other,
        },
        Codec::Hevc => match byte >> 1 & 0x3F {
            33 => Kind::Sequence,
            0..=31 => Kind::Slice,
            _ => Kind::Other,
        },
        Codec::Mpeg1Video | Codec::Mpeg2Video => match byte {
            0xB3 => Kind::Sequence,
            0x01..=0xAF => Kind::Slice,
            _ => Kind::Other,
        },
        _ => Kind::Other,
    }
}
