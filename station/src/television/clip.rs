//! The test card as the encoder left it: pictures and sound, cut into access units with their times.
//!
//! `scripts/make-clip` fixes everything that is taken for granted here: 192 pictures in closed GOPs of 32, in H.264
//! with two B pictures between references, 360 AAC frames, all lasting exactly [`LOOP`].

use bytes::Bytes;

use super::codec::{Picture, Sound};

/// One turn of the loop in ticks of 90 kHz: 7.68 s.
pub(crate) const LOOP: u64 = 691_200;
/// One picture in ticks of 90 kHz: 25 a second.
pub(crate) const PICTURE: u64 = 3600;
/// Pictures from one key picture to the next: 1.28 s.
const GOP: u64 = 32;

pub(crate) const CARD: &[u8] = include_bytes!("../../assets/card.h264");
const CARD_H265: &[u8] = include_bytes!("../../assets/card.h265");
const CARD_M2V: &[u8] = include_bytes!("../../assets/card.m2v");
/// 500 Hz, whatever the channel.
const TONE_MP2: &[u8] = include_bytes!("../../assets/tone-500.mp2");
const TONE_AC3: &[u8] = include_bytes!("../../assets/tone-500.ac3");

/// The tones by their frequency in hertz, so that channels can be told apart by ear and by machine.
pub(crate) const TONES: [(u32, &[u8]); 8] = [
    (300, include_bytes!("../../assets/tone-300.aac")),
    (400, include_bytes!("../../assets/tone-400.aac")),
    (500, include_bytes!("../../assets/tone-500.aac")),
    (600, include_bytes!("../../assets/tone-600.aac")),
    (750, include_bytes!("../../assets/tone-750.aac")),
    (900, include_bytes!("../../assets/tone-900.aac")),
    (1000, include_bytes!("../../assets/tone-1000.aac")),
    (1200, include_bytes!("../../assets/tone-1200.aac")),
];

/// What becomes one PES packet.
#[derive(Clone)]
pub(crate) struct Unit {
    /// Elementary stream bytes.
    pub(crate) bytes: Bytes,
    /// Decoding time from the beginning of the loop, 90 kHz.
    pub(crate) dts: u64,
    /// Presentation time from the beginning of the loop, 90 kHz. May lie behind the end of the loop.
    pub(crate) pts: u64,
    /// A decoder can begin here.
    pub(crate) key: bool,
}

/// The pictures in the order of decoding.
pub(crate) fn pictures(codec: Picture) -> Vec<Unit> {
    let (card, reordered) = match codec {
        Picture::H264 | Picture::NoDelimiters | Picture::RecoveryPoints => (CARD, true),
        Picture::Hevc => (CARD_H265, false),
        Picture::Mpeg2 => (CARD_M2V, false),
    };
    let mut starts = match codec {
        // Every access unit begins with a delimiter (ISO/IEC 14496-10, 7.4.1.2.3; ISO/IEC 23008-2, 7.4.2.4.4).
        Picture::H264 | Picture::NoDelimiters | Picture::RecoveryPoints => places(card, &[0, 0, 0, 1, 9]),
        Picture::Hevc => places(card, &[0, 0, 0, 1, 0x46, 1]),
        // A picture's headers are what is between the end of the one before and its own start code.
        Picture::Mpeg2 => mpeg2_starts(card),
    };
    starts.push(card.len());
    starts
        .windows(2)
        .enumerate()
        .map(|(decoded, ends)| {
            let (gop, place) = (decoded as u64 / GOP, decoded as u64 % GOP);
            // One picture of delay is what two B pictures in a row cost.
            let shown = if reordered { shown(place) + 1 } else { place };
            Unit {
                bytes: codec.written(&card[ends[0]..ends[1]]),
                dts: decoded as u64 * PICTURE,
                pts: (gop * GOP + shown) * PICTURE,
                key: place == 0,
            }
        })
        .collect()
}

fn places(bytes: &[u8], code: &[u8]) -> Vec<usize> {
    bytes.windows(code.len()).enumerate().filter(|(_, w)| *w == code).map(|(at, _)| at).collect()
}

/// Where pictures begin with their sequence header, if they have one (ISO/IEC 13818-2, 6.2.2).
fn mpeg2_starts(card: &[u8]) -> Vec<usize> {
    let mut headers = places(card, &[0, 0, 1, 0xb3]).into_iter().peekable();
    places(card, &[0, 0, 1, 0])
        .into_iter()
        .map(|picture| headers.next_if(|header| *header < picture).unwrap_or(picture))
        .collect()
}

/// The place in a GOP at which the picture decoded at `place` is shown: I P B B P B B … P is shown I B B P B B P … P.
fn shown(place: u64) -> u64 {
    match place {
        0 => 0,
        place if place == GOP - 1 => GOP - 1,
        place if place % 3 == 1 => place + 2,
        place => place - 1,
    }
}

/// The sound of one tone, about a tenth of a second to a unit.
pub(crate) fn sound(codec: Sound, adts: &'static [u8]) -> Vec<Unit> {
    let frames: Vec<&[u8]> = match codec {
        Sound::Aac | Sound::Latm => frames(adts).collect(),
        Sound::Mp2 => TONE_MP2.chunks(192).collect(),
        Sound::Ac3 => TONE_AC3.chunks(256).collect(),
    };
    // Whole frames and whole ticks: 1024 samples of AAC, 1152 of Layer II, 1536 of AC-3 at 48 kHz.
    let length = LOOP / frames.len() as u64;
    let together = if frames.len() == 240 { 3 } else { frames.len() / 72 };
    frames
        .chunks(together)
        .enumerate()
        .map(|(place, frames)| {
            let time = (place * together) as u64 * length;
            Unit { bytes: codec.written(frames), dts: time, pts: time, key: true }
        })
        .collect()
}

/// The frames of an ADTS stream, headers and all.
pub(crate) fn frames(mut adts: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        // aac_frame_length, 13 bits (ISO/IEC 13818-7, 6.2).
        let length = usize::from(adts.get(3)? & 3) << 11
            | usize::from(*adts.get(4)?) << 3
            | usize::from(adts.get(5)? >> 5);
        let (frame, rest) = adts.split_at_checked(length.max(7))?;
        adts = rest;
        Some(frame)
    })
}

/// The NAL units of a byte stream (ISO/IEC 14496-10, annex B), without start codes.
pub(crate) fn nals(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = stream;
    std::iter::from_fn(move || {
        let start = rest.windows(3).position(|window| window == [0, 0, 1])? + 3;
        rest = &rest[start..];
        let end = rest.windows(3).position(|window| window == [0, 0, 1]).unwrap_or(rest.len());
        let nal = &rest[..end];
        // A start code may have a zero more in front of it, and no NAL unit ends with one.
        Some(&nal[..nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)])
    })
    .filter(|nal| !nal.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_and_sound_last_exactly_one_loop() {
        for codec in [Picture::H264, Picture::Hevc, Picture::Mpeg2] {
            let pictures = pictures(codec);
            assert_eq!(pictures.len() as u64 * PICTURE, LOOP);
            assert_eq!(pictures.iter().filter(|picture| picture.key).count(), 6);
            assert!(pictures.iter().all(|picture| picture.pts >= picture.dts));
        }
        for (_, adts) in TONES {
            let units = sound(Sound::Aac, adts);
            assert!(units.len() == 72 && units.iter().all(|unit| unit.bytes[0] == 0xff));
            assert_eq!(frames(adts).count(), 360);
        }
        for (codec, sync) in [(Sound::Mp2, [0xff, 0xfd]), (Sound::Ac3, [0x0b, 0x77])] {
            let units = sound(codec, &[]);
            assert!(units.len() == 80 && units.iter().all(|unit| unit.bytes[..2] == sync));
            assert_eq!(units[79].dts + 8640, LOOP);
        }
    }

    #[test]
    fn every_picture_is_shown_once() {
        let mut shown: Vec<u64> = (0..GOP).map(shown).collect();
        shown.sort_unstable();
        assert_eq!(shown, (0..GOP).collect::<Vec<_>>());
    }
}
