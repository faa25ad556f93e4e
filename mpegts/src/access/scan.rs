//! Looks through a unit for start codes, whichever packets they fall into.

use super::{h264, hevc, mpeg2};
use crate::codec::Codec;

/// What is known after some bytes of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is a random access point.
    Yes,
    /// It is none.
    No,
    /// More bytes are needed.
    More,
}

/// A search through one unit.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    /// The last four bytes, of which the first three may be a start code.
    window: u32,
    syntax: Syntax,
}

#[derive(Clone, Debug)]
enum Syntax {
    H264(h264::Unit),
    Hevc(hevc::Unit),
    Mpeg2(mpeg2::Unit),
    /// A coding that nobody here reads: hints alone can tell.
    Opaque,
}

impl Scan {
    pub(super) fn new(codec: Codec) -> Self {
        let syntax = match codec {
            Codec::H264 => Syntax::H264(h264::Unit::default()),
            Codec::Hevc => Syntax::Hevc(hevc::Unit::default()),
            Codec::Mpeg1Video | Codec::Mpeg2Video => Syntax::Mpeg2(mpeg2::Unit::default()),
            _ => Syntax::Opaque,
        };
        Self { window: u32::MAX, syntax }
    }

    /// Whether the unit calls itself intra without proving that decoding can start here.
    pub(super) fn hinted(&self) -> bool {
        match &self.syntax {
            Syntax::H264(unit) => unit.hinted(),
            Syntax::Mpeg2(unit) => unit.hinted(),
            Syntax::Hevc(_) | Syntax::Opaque => false,
        }
    }

    /// Takes the next bytes of the unit.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Answer {
        let window = &mut self.window;
        match &mut self.syntax {
            Syntax::H264(unit) => walk(window, bytes, unit, h264::Unit::start, h264::Unit::byte),
            Syntax::Hevc(unit) => walk(window, bytes, unit, hevc::Unit::start, |_, _| Answer::More),
            Syntax::Mpeg2(unit) => walk(window, bytes, unit, mpeg2::Unit::start, mpeg2::Unit::byte),
            Syntax::Opaque => Answer::No,
        }
    }
}

/// Calls `start` with each byte that follows a start code 00 00 01 and `byte` with every other, until one of them knows.
fn walk<U>(
    window: &mut u32,
    bytes: &[u8],
    unit: &mut U,
    start: fn(&mut U, u8) -> Answer,
    byte: fn(&mut U, u8) -> Answer,
) -> Answer {
    for &next in bytes {
        *window = *window << 8 | u32::from(next);
        let answer = if *window >> 8 == 0x00_0001 { start(unit, next) } else { byte(unit, next) };
        if answer != Answer::More {
            return answer;
        }
    }
    Answer::More
}
