//! How far a stream's own word is taken where its content proves nothing.
//!
//! A hint is accepted only when no random access point was proved for ten seconds, and never while four of five units
//! carry one: then it means nothing.

use crate::clock::Timestamp;

/// Time without proof after which hints are accepted, in ticks of 90 kHz.
const QUIET: i64 = 10 * Timestamp::HZ;
/// The longest step between two units that is believed to be time; also what a unit without a time counts for.
const STEP: i64 = Timestamp::HZ;
const UNTIMED_STEP: i64 = Timestamp::HZ / 25;
/// Units after which the past counts half.
const MEMORY: u32 = 1024;

/// What was seen of hints in one stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Hints {
    /// Ticks since the last proof.
    quiet: i64,
    last: Option<Timestamp>,
    units: u32,
    /// Units that were hinted at without proof.
    unproved: u32,
}

impl Hints {
    /// Whether a unit is taken for a random access point.
    pub(super) fn accepted(&mut self, proved: bool, hinted: bool, time: Option<Timestamp>) -> bool {
        self.advance(time);
        self.units += 1;
        self.unproved += u32::from(hinted && !proved);
        if self.units >= MEMORY {
            self.units /= 2;
            self.unproved /= 2;
        }
        if proved {
            self.quiet = 0;
        }
        proved || hinted && self.quiet >= QUIET && self.unproved * 5 <= self.units * 4
    }

    fn advance(&mut self, time: Option<Timestamp>) {
        self.quiet += match (self.last, time) {
            (Some(last), Some(time)) => time.since(last).clamp(0, STEP),
            (None, Some(_)) => 0,
            (_, None) => UNTIMED_STEP,
        };
        self.last = time.or(self.last);
    }
}
