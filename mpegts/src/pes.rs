//! PES headers (ISO/IEC 13818-1, 2.4.3.6): when a unit is to be decoded and shown.
//!
//! ```text
//!  0  00 00 01  stream id  length(2)   6  10xxxxxx   7  flags   8  n   9  PTS(5)  DTS(5) ...   9+n  the unit
//! ```

use crate::clock::Timestamp;

/// Bytes of a header after which its length and its times are known.
pub const HEADER: usize = 19;

/// The start of a PES packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// 0xE0 to 0xEF video, 0xC0 to 0xDF audio, 0xBD private, ...
    pub stream_id: u8,
    /// Bytes from the start of the PES packet to the elementary stream.
    pub length: usize,
    /// When to show.
    pub pts: Option<Timestamp>,
    /// When to decode; only if it differs from the PTS.
    pub dts: Option<Timestamp>,
}

impl Header {
    /// Reads the header that begins `bytes`. `None` if none does, or fewer than 9 bytes of one are there; times are
    /// left out when `bytes` ends before them.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let [0, 0, 1, stream_id, _, _, marker, flags, extra] = *bytes.first_chunk::<9>()? else {
            return None;
        };
        if !has_header(stream_id) || marker & 0xC0 != 0x80 {
            return None;
        }
        let [pts, dts] = places(flags, extra).map(|place| place.and_then(|at| read_time(bytes, at)));
        Some(Self { stream_id, length: 9 + usize::from(extra), pts, dts })
    }

    /// When to decode: the DTS, or the PTS where they are the same.
    pub fn decode_time(&self) -> Option<Timestamp> {
        self.dts.or(self.pts)
    }
}

/// Whether `bytes` begin like a PES packet.
pub fn starts(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0, 0, 1])
}

/// Whether the header that begins `bytes` announces times, whether they are there or not.
pub fn has_times(bytes: &[u8]) -> bool {
    Header::read(bytes).is_some() && places(bytes[7], bytes[8])[0].is_some()
        || bytes.len() < 9 && starts(bytes) && has_header(bytes.get(3).copied().unwrap_or(0))
}

/// Moves PTS and DTS of the header that begins `bytes` by `ticks` of 90 kHz, and returns the header as it is then.
/// `None`, and nothing is changed, when there is no header or it goes on in the next packet before its times end.
pub fn shift(bytes: &mut [u8], ticks: i64) -> Option<Header> {
    let header = Header::read(bytes)?;
    let places = places(bytes[7], bytes[8]);
    if places.into_iter().flatten().any(|at| bytes.len() < at + 5) {
        return None;
    }
    let [pts, dts] = [header.pts, header.dts].map(|time| time.map(|time| time.plus(ticks)));
    for (at, time) in places.into_iter().zip([pts, dts]) {
        if let (Some(at), Some(time)) = (at, time) {
            write_time(bytes, at, time);
        }
    }
    Some(Header { pts, dts, ..header })
}

/// Padding, maps and other streams without the long header.
fn has_header(stream_id: u8) -> bool {
    !matches!(stream_id, 0x00..=0xBC | 0xBE | 0xBF | 0xF0..=0xF2 | 0xF8 | 0xFF)
}

/// Where PTS and DTS stand, by the header's flags and the length of its variable part.
fn places(flags: u8, extra: u8) -> [Option<usize>; 2] {
    [(flags & 0x80 != 0 && extra >= 5).then_some(9), (flags & 0xC0 == 0xC0 && extra >= 10).then_some(14)]
}

fn read_time(bytes: &[u8], at: usize) -> Option<Timestamp> {
    let [a, b, c, d, e] = bytes.get(at..)?.first_chunk::<5>()?.map(u64::from);
    Some(Timestamp::new((a & 0x0E) << 29 | b << 22 | (c & 0xFE) << 14 | d << 7 | e >> 1))
}

/// Writes the 33 bits between the marker bits, and leaves the four bits of prefix as they are.
fn write_time(bytes: &mut [u8], at: usize, time: Timestamp) {
    let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<5>()) else { return };
    let ticks = time.ticks();
    *place = [
        place[0] & 0xF0 | (ticks >> 29) as u8 & 0x0E | 1,
        (ticks >> 22) as u8,
        (ticks >> 14) as u8 | 1,
        (ticks >> 7) as u8,
        (ticks << 1) as u8 | 1,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: [u8; 19] = [
        0, 0, 1, 0xE0, 0, 0, 0x80, 0xC0, 10, // PTS and DTS
        0x31, 0x00, 0x01, 0x00, 0x01, 0x11, 0x00, 0x01, 0x00, 0x01,
    ];

    #[test]
    fn both_times_are_moved_and_read_back() {
        let mut bytes = VIDEO;
        let header = Header::read(&bytes).unwrap();
        assert_eq!((header.pts, header.dts), (Some(Timestamp::new(0)), Some(Timestamp::new(0))));
        for ticks in [1, 0x1_2345_6789, -1, -0x1_FFFF_FFFF] {
            let moved = shift(&mut bytes, ticks).unwrap();
            assert_eq!(Header::read(&bytes), Some(moved));
        }
        assert_eq!(Header::read(&bytes).unwrap().pts, Some(Timestamp::new(0x1_2345_678A)));
        assert!([9, 11, 13].into_iter().all(|at| bytes[at] & 1 == 1), "marker bits");
        assert_eq!((bytes[9] & 0xF0, bytes[14] & 0xF0), (0x30, 0x10));
    }

    #[test]
    fn a_header_cut_by_the_packet_is_not_half_changed() {
        let mut bytes = VIDEO;
        assert_eq!(shift(&mut bytes[..18], 5), None);
        assert_eq!(bytes, VIDEO);
        let cut = Header::read(&bytes[..14]).unwrap();
        assert_eq!((cut.pts, cut.dts), (Some(Timestamp::new(0)), None));
    }

    #[test]
    fn padding_and_other_bytes_have_no_header() {
        for stream_id in [0xBE, 0xBF, 0xF0, 0xFF, 0x00] {
            let mut bytes = VIDEO;
            bytes[3] = stream_id;
            assert_eq!(Header::read(&bytes), None);
        }
        assert_eq!(Header::read(&[0, 0, 2, 0xE0, 0, 0, 0x80, 0, 0]), None);
        assert_eq!(Header::read(&VIDEO[..8]), None);
    }
}
