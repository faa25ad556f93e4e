//! The test card as the encoder left it: pictures and sound, cut into access units with their times.
//!
//! `scripts/make-clip` fixes everything that is taken for granted here: 192 pictures in closed GOPs of 32, two B
//! pictures between references, 360 AAC frames, all lasting exactly [`LOOP`].

/// One turn of the loop in ticks of 90 kHz: 7.68 s.
pub(crate) const LOOP: u64 = 691_200;
/// One picture in ticks of 90 kHz: 25 a second.
pub(crate) const PICTURE: u64 = 3600;
/// One AAC frame in ticks of 90 kHz: 1024 samples at 48 kHz.
const FRAME: u64 = 1920;
/// Pictures from one key picture to the next: 1.28 s.
const GOP: u64 = 32;
/// AAC frames in one PES packet, about a tenth of a second.
const FRAMES_PER_PES: usize = 5;

pub(crate) const CARD: &[u8] = include_bytes!("../../assets/card.h264");

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
#[derive(Clone, Copy)]
pub(crate) struct Unit {
    /// Elementary stream bytes.
    pub(crate) bytes: &'static [u8],
    /// Decoding time from the beginning of the loop, 90 kHz.
    pub(crate) dts: u64,
    /// Presentation time from the beginning of the loop, 90 kHz. May lie behind the end of the loop.
    pub(crate) pts: u64,
    /// A decoder can begin here.
    pub(crate) key: bool,
}

/// The pictures in the order of decoding.
pub(crate) fn pictures() -> Vec<Unit> {
    // Every access unit begins with a delimiter (ISO/IEC 14496-10, 7.4.1.2.3).
    const DELIMITER: [u8; 5] = [0, 0, 0, 1, 9];
    let mut starts: Vec<usize> = CARD
        .windows(DELIMITER.len())
        .enumerate()
        .filter(|(_, w)| *w == DELIMITER)
        .map(|(at, _)| at)
        .collect();
    starts.push(CARD.len());
    starts
        .windows(2)
        .enumerate()
        .map(|(decoded, ends)| {
            let (gop, place) = (decoded as u64 / GOP, decoded as u64 % GOP);
            Unit {
                bytes: &CARD[ends[0]..ends[1]],
                dts: decoded as u64 * PICTURE,
                // One picture of delay is what two B pictures in a row cost.
                pts: (gop * GOP + shown(place) + 1) * PICTURE,
                key: place == 0,
            }
        })
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

/// The sound of one tone, several frames to a unit.
pub(crate) fn sound(adts: &'static [u8]) -> Vec<Unit> {
    let mut starts: Vec<usize> = frames(adts)
        .scan(0, |at, frame| {
            *at += frame.len();
            Some(*at - frame.len())
        })
        .collect();
    starts.push(adts.len());
    let frames = starts.len() - 1;
    (0..frames)
        .step_by(FRAMES_PER_PES)
        .map(|first| {
            let time = first as u64 * FRAME;
            let end = starts[(first + FRAMES_PER_PES).min(frames)];
            Unit { bytes: &adts[starts[first]..end], dts: time, pts: time, key: true }
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
        let pictures = pictures();
        assert_eq!(pictures.len() as u64 * PICTURE, LOOP);
        assert_eq!(pictures.iter().filter(|picture| picture.key).count(), 6);
        assert!(pictures.iter().all(|picture| picture.pts >= picture.dts));
        for (_, adts) in TONES {
            let units = sound(adts);
            assert_eq!((units.len() * FRAMES_PER_PES) as u64 * FRAME, LOOP);
            assert!(units.iter().all(|unit| unit.bytes[0] == 0xff));
        }
    }

    #[test]
    fn every_picture_is_shown_once() {
        let mut shown: Vec<u64> = (0..GOP).map(shown).collect();
        shown.sort_unstable();
        assert_eq!(shown, (0..GOP).collect::<Vec<_>>());
    }
}
