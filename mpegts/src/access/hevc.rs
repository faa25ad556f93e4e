//! HEVC (ISO/IEC 23008-2, table 7-1).

use super::scan::Answer;

/// What one access unit has shown so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    /// One bit each for video, sequence and picture parameter set.
    sets: u8,
}

impl Unit {
    /// A NAL unit begins with `header`, the first byte of two.
    pub(super) fn start(&mut self, header: u8) -> Answer {
        match header >> 1 & 0x3F {
            16..=21 => Answer::Yes, // BLA, IDR, CRA
            0..=31 => Answer::No,   // any other slice
            set @ 32..=34 => {
                self.sets |= 1 << (set - 32);
                if self.sets == 0b111 { Answer::Yes } else { Answer::More }
            }
            _ => Answer::More,
        }
    }
}
