//! What a stream looks like, from a few of its bytes: how large its pictures are, which layer of MPEG audio it is.
//!
//! H.264 (ISO/IEC 14496-10, 7.3.2.1.1), HEVC (ISO/IEC 23008-2, 7.3.2.2), MPEG-1 and MPEG-2 video (ISO/IEC 13818-2,
//! 6.2.2.1), MPEG audio (ISO/IEC 11172-3, 2.4.1.3). For whoever asks now and then, not for every packet.

use crate::codec::Codec;
use crate::packet::{Pid, packets};
use crate::pes;

/// No parameter set is longer; what follows the size in it is not read anyway.
const SET: usize = 1024;

/// Width and height of pictures, in pixels, as they are shown.
pub type Size = (u32, u32);

/// The first bytes of the elementary stream on `pid`, at most about `most`, from where a unit of it begins in `bytes`,
/// which are whole packets. Scrambled packets hold none.
pub fn elementary(bytes: &[u8], pid: Pid, most: usize) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut begun = false;
    for packet in packets(bytes).filter(|packet| packet.pid() == pid && !packet.scrambled()) {
        let mut payload = packet.payload();
        if packet.unit_start() {
            let header = pes::Header::read(payload).map_or(0, |header| header.length);
            payload = payload.get(header..).unwrap_or(&[]);
            begun = true;
        }
        if begun {
            stream.extend_from_slice(payload);
        }
        if stream.len() >= most {
            break;
        }
    }
    stream
}

/// How large the pictures are, if `stream` (bytes of an elementary stream) says so.
pub fn size(codec: Codec, stream: &[u8]) -> Option<Size> {
    let unit = |wanted: fn(u8) -> bool| {
        let found = stream.windows(4).position(|at| at[..3] == [0, 0, 1] && wanted(at[3]))?;
        let rest = &stream[found + 4..];
        Some(&rest[..rest.len().min(SET)])
    };
    let found = match codec {
        Codec::H264 => h264(&mut Bits::of_unit(unit(|header| header & 0x1F == 7)?)),
        Codec::Hevc => hevc(&mut Bits::of_unit(unit(|header| header >> 1 & 0x3F == 33)?.get(1..)?)),
        Codec::Mpeg1Video | Codec::Mpeg2Video => {
            let [a, b, c] = unit(|code| code == 0xB3)?.first_chunk::<3>()?.map(u32::from);
            Some((a << 4 | b >> 4, (b & 0xF) << 8 | c))
        }
        _ => None,
    };
    found.filter(|(width, height)| *width > 0 && *height > 0)
}

/// The layer (1 to 3) of MPEG audio in `stream`.
pub fn audio_layer(stream: &[u8]) -> Option<u8> {
    let frame = stream.windows(2).find(|at| at[0] == 0xFF && at[1] & 0xE0 == 0xE0 && at[1] & 0x06 != 0)?;
    Some(4 - (frame[1] >> 1 & 3))
}

/// A sequence parameter set, from behind its header.
fn h264(bits: &mut Bits) -> Option<Size> {
    let profile = bits.take(8)?;
    bits.skip(16)?;
    bits.exp()?;
    let mut chroma = 1;
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        chroma = bits.exp()?;
        if chroma == 3 {
            bits.skip(1)?;
        }
        bits.exp()?;
        bits.exp()?;
        bits.skip(1)?;
        if bits.take(1)? == 1 {
            for list in 0..if chroma == 3 { 12 } else { 8 } {
                if bits.take(1)? == 1 {
                    bits.scaling_list(if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    bits.exp()?;
    match bits.exp()? {
        0 => drop(bits.exp()?),
        1 => {
            bits.skip(1)?;
            bits.exp()?;
            bits.exp()?;
            for _ in 0..bits.exp()?.min(255) {
                bits.exp()?;
            }
        }
        _ => {}
    }
    bits.exp()?;
    bits.skip(1)?;
    let (width, height) = (bits.exp()?, bits.exp()?);
    let frames_only = bits.take(1)?;
    bits.skip(if frames_only == 1 { 1 } else { 2 })?;
    let fields = 2 - frames_only;
    let whole = (blocks(width)?, blocks(height)?.checked_mul(fields)?);
    let (across, down) = subsampling(chroma);
    bits.crop(whole, (across, down * fields))
}

/// A sequence parameter set, from behind its header.
fn hevc(bits: &mut Bits) -> Option<Size> {
    bits.skip(4)?;
    let layers = bits.take(3)?;
    bits.skip(1 + 96)?;
    let mut present = Vec::new();
    for _ in 0..layers {
        present.push((bits.take(1)?, bits.take(1)?));
    }
    if layers > 0 {
        bits.skip(2 * (8 - layers))?;
    }
    for (profile, level) in present {
        bits.skip(88 * profile + 8 * level)?;
    }
    bits.exp()?;
    let chroma = bits.exp()?;
    if chroma == 3 {
        bits.skip(1)?;
    }
    let whole = (bits.exp()?, bits.exp()?);
    bits.crop(whole, subsampling(chroma))
}

/// Pixels in so many macroblocks, given one fewer.
fn blocks(less_one: u32) -> Option<u32> {
    less_one.checked_add(1)?.checked_mul(16)
}

/// Pixels for each sample of colour, across and down, by `chroma_format_idc`.
fn subsampling(chroma: u32) -> (u32, u32) {
    match chroma {
        1 => (2, 2),
        2 => (2, 1),
        _ => (1, 1),
    }
}

/// The bits of a NAL unit, without the bytes that only keep start codes out of it.
struct Bits {
    bytes: Vec<u8>,
    at: usize,
}

impl Bits {
    fn of_unit(unit: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(unit.len());
        let mut zeros = 0;
        for byte in unit {
            if zeros >= 2 && *byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if *byte == 0 { zeros + 1 } else { 0 };
            bytes.push(*byte);
        }
        Self { bytes, at: 0 }
    }

    /// Up to 32 bits.
    fn take(&mut self, bits: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..bits {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    fn skip(&mut self, bits: u32) -> Option<()> {
        self.at += bits as usize;
        Some(())
    }

    /// A number in Exp-Golomb code.
    fn exp(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.take(1)? == 0 {
            zeros += 1;
        }
        let rest = (zeros < 32).then(|| self.take(zeros))??;
        (1_u32 << zeros).checked_add(rest)?.checked_sub(1)
    }

    /// The same with a sign.
    fn signed(&mut self) -> Option<i64> {
        let code = i64::from(self.exp()?);
        Some(if code % 2 == 1 { code / 2 + 1 } else { -code / 2 })
    }

    fn scaling_list(&mut self, size: u32) -> Option<()> {
        let (mut last, mut next) = (8, 8);
        for _ in 0..size {
            if next != 0 {
                next = (last + self.signed()? + 256) % 256;
            }
            last = if next == 0 { last } else { next };
        }
        Some(())
    }

    /// `whole` without what is not shown: left, right, top and bottom, in `units`.
    fn crop(&mut self, whole: Size, units: Size) -> Option<Size> {
        if self.take(1)? == 0 {
            return Some(whole);
        }
        let [left, right, top, bottom] = [self.exp()?, self.exp()?, self.exp()?, self.exp()?];
        let cut =
            |size: u32, a: u32, b: u32, unit: u32| size.checked_sub(a.checked_add(b)?.checked_mul(unit)?);
        Some((cut(whole.0, left, right, units.0)?, cut(whole.1, top, bottom, units.1)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn the_size_is_the_one_that_is_shown() {
        // As x264, x265 and ffmpeg write them.
        let (h264, hevc) = (Codec::H264, Codec::Hevc);
        for (codec, set, expected) in [
            (h264, "67640028acd940780227e5c044000003000400000300c83c60c658", (1920, 1080)),
            (h264, "6764000dacd941519e226c0440000003004000000c83c50a6580", (322, 182)),
            // Interlaced, 4:2:2.
            (h264, "677a001ebcd940b424d8088000000300800000190f8a14cb", (720, 576)),
            (hevc, "420101016000000300900000030000030078a003c08010e596566924caf016", (1920, 1080)),
            (hevc, "42010101600000030090000003000003003ca00a480b9c9596566924caf016", (322, 182)),
            (Codec::Mpeg2Video, "b378043833ffffe018", (1920, 1080)),
        ] {
            assert_eq!(size(codec, &bytes(&format!("000001{set}"))), Some(expected), "{set}");
        }
        assert_eq!(size(Codec::Aac, &bytes("0000016764")), None);
        assert_eq!(size(Codec::H264, &bytes("000001676400")), None);
    }

    #[test]
    fn the_layer_of_mpeg_audio_is_in_its_frame() {
        assert_eq!(audio_layer(&[0, 0xFF, 0xFD, 0x90]), Some(2));
        assert_eq!(audio_layer(&[0xFF, 0xFB, 0x90]), Some(3));
        assert_eq!(audio_layer(&[0xFF, 0xF1, 0x90]), None, "ADTS");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut stream in prop::collection::vec(any::<u8>(), 0..300), codec in 0..3usize) {
            let (codec, header) = [(Codec::H264, 0x67), (Codec::Hevc, 0x42), (Codec::Mpeg2Video, 0xB3)][codec];
            stream.splice(..0, [0, 0, 1, header]);
            let _ = (size(codec, &stream), audio_layer(&stream));
        }
    }
}
