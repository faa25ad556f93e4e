//! What television is made of: codecs, and how their units are written.

use bytes::Bytes;

use super::clip;

/// How pictures are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Picture {
    H264,
    /// H.264 without access unit delimiters.
    NoDelimiters,
    /// H.264 whose key pictures are announced by a recovery point and are no IDR pictures. For those who read headers:
    /// no decoder can show it.
    RecoveryPoints,
    Hevc,
    Mpeg2,
}

/// How sound is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sound {
    /// AAC in ADTS.
    Aac,
    /// The same in LOAS/LATM.
    Latm,
    /// MPEG-1 Layer II.
    Mp2,
    Ac3,
}

/// What a channel consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Make {
    pub(crate) picture: Option<Picture>,
    pub(crate) sound: Option<Sound>,
}

impl Make {
    pub(crate) const TELEVISION: Self = Self { picture: Some(Picture::H264), sound: Some(Sound::Aac) };
    pub(crate) const RADIO: Self = Self { picture: None, sound: Some(Sound::Aac) };
}

impl Picture {
    /// `stream_type` (ISO/IEC 13818-1, table 2-34).
    pub(super) fn stream_type(self) -> u8 {
        match self {
            Self::H264 | Self::NoDelimiters | Self::RecoveryPoints => 0x1b,
            Self::Hevc => 0x24,
            Self::Mpeg2 => 0x02,
        }
    }

    /// An access unit as this codec has it.
    pub(super) fn written(self, unit: &'static [u8]) -> Bytes {
        match self {
            Self::H264 | Self::Hevc | Self::Mpeg2 => Bytes::from_static(unit),
            Self::NoDelimiters => rewritten(unit, |nal, out| {
                if nal[0] & 0x1f != 9 {
                    out.extend_from_slice(&[0, 0, 0, 1]);
                    out.extend_from_slice(nal);
                }
            }),
            Self::RecoveryPoints => rewritten(unit, |nal, out| {
                let idr = nal[0] & 0x1f == 5;
                if idr {
                    // SEI, payload 6, one byte: recovery_frame_cnt 0, exact match (ISO/IEC 14496-10, D.1.7).
                    out.extend_from_slice(&[0, 0, 0, 1, 6, 6, 1, 0xc4, 0x80]);
                }
                out.extend_from_slice(&[0, 0, 0, 1, if idr { nal[0] & 0xe0 | 1 } else { nal[0] }]);
                out.extend_from_slice(&nal[1..]);
            }),
        }
    }
}

fn rewritten(unit: &[u8], mut write: impl FnMut(&[u8], &mut Vec<u8>)) -> Bytes {
    let mut out = Vec::with_capacity(unit.len() + 16);
    clip::nals(unit).for_each(|nal| write(nal, &mut out));
    out.into()
}

impl Sound {
    /// `stream_type` and descriptors; AC-3 is private data with a descriptor (ETSI EN 300 468, D.3).
    pub(super) fn entry(self) -> (u8, &'static [u8]) {
        const ENGLISH: &[u8] = &[0x0a, 0x04, b'e', b'n', b'g', 0x00]; // ISO_639_language_descriptor
        match self {
            Self::Aac => (0x0f, ENGLISH),
            Self::Latm => (0x11, ENGLISH),
            Self::Mp2 => (0x03, ENGLISH),
            Self::Ac3 => (0x06, &[0x6a, 0x01, 0x00, 0x0a, 0x04, b'e', b'n', b'g', 0x00]),
        }
    }

    /// `stream_id` of its PES packets.
    pub(super) fn stream_id(self) -> u8 {
        match self {
            Self::Aac | Self::Latm | Self::Mp2 => 0xc0,
            Self::Ac3 => 0xbd, // private_stream_1
        }
    }

    /// Frames as this codec has them.
    pub(super) fn written(self, frames: &[&[u8]]) -> Bytes {
        match self {
            Self::Aac | Self::Mp2 | Self::Ac3 => frames.concat().into(),
            Self::Latm => frames.iter().flat_map(|frame| latm(&frame[7..])).collect(),
        }
    }
}

/// One frame of AAC-LC, 48 kHz, one channel, as AudioSyncStream (ISO/IEC 14496-3, 1.7.2 and 1.7.3).
fn latm(frame: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0, 1); // useSameStreamMux: the configuration is in every frame
    bits.push(0, 1); // audioMuxVersion
    bits.push(1, 1); // allStreamsSameTimeFraming
    bits.push(0, 6 + 4 + 3); // one frame, one program, one layer
    bits.push(0x1188, 16); // AudioSpecificConfig
    bits.push(0, 3); // frameLengthType: the length is in front of each
    bits.push(0xff, 8); // latmBufferFullness: variable rate
    bits.push(0, 2); // no other data, no checksum
    let mut left = frame.len();
    while left >= 255 {
        bits.push(255, 8);
        left -= 255;
    }
    bits.push(left as u32, 8);
    frame.iter().for_each(|byte| bits.push(u32::from(*byte), 8));
    let element = bits.bytes;
    let length = element.len() as u16;
    let mut out = vec![0x56, 0xe0 | (length >> 8) as u8, length as u8];
    out.extend(element);
    out
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Bits of the last byte that are taken; 0 when there is none or it is full.
    taken: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for place in (0..count).rev() {
            if self.taken == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> place & 1) as u8) << (7 - self.taken);
            }
            self.taken = (self.taken + 1) % 8;
        }
    }
}
