//! MPEG-1 and MPEG-2 video (ISO/IEC 13818-2, 6.2): a sequence or group header, then an I picture.

use super::scan::Answer;

/// What one access unit has shown so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    /// A sequence header or a group of pictures header has come.
    entry: bool,
    intra: bool,
    /// Bytes of the picture header that were read; none while elsewhere.
    picture: Option<u8>,
}

impl Unit {
    pub(super) fn hinted(&self) -> bool {
        self.intra
    }

    /// A start code ends with `code`.
    pub(super) fn start(&mut self, code: u8) -> Answer {
        self.picture = None;
        match code {
            0x00 => self.picture = Some(0),
            0x01..=0xAF => return Answer::No, // a slice
            0xB3 | 0xB8 => self.entry = true,
            _ => {}
        }
        Answer::More
    }

    /// The next byte: temporal_reference has 10 bits, picture_coding_type 3.
    pub(super) fn byte(&mut self, byte: u8) -> Answer {
        match self.picture {
            Some(0) => {
                self.picture = Some(1);
                Answer::More
            }
            Some(_) => {
                self.intra = byte >> 3 & 7 == 1;
                if self.intra && self.entry { Answer::Yes } else { Answer::No }
            }
            None => Answer::More,
        }
    }
}
