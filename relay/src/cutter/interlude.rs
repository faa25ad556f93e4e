//! What viewers are given between two pieces: a card.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Cutter;
use crate::card::Card;
use crate::feed::{Cut, Point};

impl Cutter {
    /// The part of `card` that is due, on the channel's own time line; `None` if there is none, or a piece has begun.
    pub(crate) fn interlude(&mut self, card: &mut Card, now: Instant) -> Option<Cut> {
        if self.running {
            return None;
        }
        let part = card.take(now)?;
        let (mut bytes, mut points) = (Vec::new(), Vec::new());
        if let Some(round) = part.begins {
            match round {
                1.. => self.restamper.again(part.card.length()),
                0 if self.flagged => self.restamper.flag(part.card.start(), &mut bytes),
                0 => self.restamper.splice(part.card.start(), None),
            }
            // The tables are in the clip.
            let (tables, program) = (Bytes::new(), Some(part.card.start().program.clone()));
            points.push(Point { offset: 0, time: part.time.start, tables, program, splice: round == 0 });
        }
        let ready = bytes.len(); // announcements of a jump
        bytes.extend_from_slice(part.packets);
        self.restamper.apply(&mut bytes[ready..]);
        self.line.reach(part.time.end);
        Some(Cut { bytes: bytes.into(), time: part.time.end, points })
    }

    /// The channel's own time, up to now.
    pub(crate) fn time(&self) -> Duration {
        self.line.time()
    }
}
