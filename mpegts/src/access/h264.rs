//! H.264 (ISO/IEC 14496-10, 7.3.1 and annex D).
//!
//! Many broadcasts never send an IDR picture; they mark their entry points with parameter sets or a recovery point.

use super::scan::Answer;

/// What one access unit has shown so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    sequence_set: bool,
    picture_set: bool,
    /// The access unit delimiter promises nothing but I slices.
    intra: bool,
    inside: Inside,
}

/// The NAL unit whose bytes are coming.
#[derive(Clone, Debug, Default)]
enum Inside {
    #[default]
    Anything,
    Delimiter,
    Sei(Sei),
}

impl Unit {
    pub(super) fn hinted(&self) -> bool {
        self.intra
    }

    /// A NAL unit begins with `header`.
    pub(super) fn start(&mut self, header: u8) -> Answer {
        self.inside = Inside::Anything;
        match header & 0x1F {
            5 => return Answer::Yes,
            1 | 2 => return Answer::No,
            6 => self.inside = Inside::Sei(Sei::default()),
            7 => self.sequence_set = true,
            8 => self.picture_set = true,
            9 => self.inside = Inside::Delimiter,
            _ => {}
        }
        if self.sequence_set && self.picture_set { Answer::Yes } else { Answer::More }
    }

    /// The next byte of the NAL unit.
    pub(super) fn byte(&mut self, byte: u8) -> Answer {
        match &mut self.inside {
            Inside::Anything => Answer::More,
            Inside::Delimiter => {
                self.intra = byte >> 5 == 0;
                self.inside = Inside::Anything;
                Answer::More
            }
            Inside::Sei(sei) => sei.byte(byte),
        }
    }
}

/// Walks through the messages of an SEI NAL unit, looking for a recovery point (type 6) at this very picture.
#[derive(Clone, Debug, Default)]
struct Sei {
    /// Zero bytes in a row: after two of them a 3 is not part of the message.
    zeros: u8,
    message_type: u32,
    size: u32,
    at: At,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum At {
    #[default]
    Type,
    Size,
    Body,
}

impl Sei {
    fn byte(&mut self, byte: u8) -> Answer {
        let emulation = self.zeros >= 2 && byte == 3;
        self.zeros = if byte == 0 { self.zeros.saturating_add(1) } else { 0 };
        if emulation {
            return Answer::More;
        }
        match self.at {
            // Type and size are sums that go on as long as the byte is 255.
            At::Type => {
                self.message_type = self.message_type.saturating_add(u32::from(byte));
                if byte != 0xFF {
                    self.at = At::Size;
                }
            }
            At::Size => {
                self.size = self.size.saturating_add(u32::from(byte));
                match (byte, self.size) {
                    (0xFF, _) => {}
                    (_, 0) => self.next_message(),
                    _ => self.at = At::Body,
                }
            }
            // recovery_frame_cnt is the first field, and its code for zero is a single one bit.
            At::Body if self.message_type == 6 && byte & 0x80 != 0 => return Answer::Yes,
            At::Body => {
                // Only the first byte of a message is looked at.
                self.message_type = u32::MAX;
                self.size -= 1;
                if self.size == 0 {
                    self.next_message();
                }
            }
        }
        Answer::More
    }

    fn next_message(&mut self) {
        *self = Self { zeros: self.zeros, ..Self::default() };
    }
}
