//! Pictures that come closer together than pictures do.

use super::Fault;
use crate::clock::Timestamp;

/// Steps that must be the same before they are believed to be the duration of a picture.
const STEADY: u8 = 4;
/// Ticks of 90 kHz by which steps are the same: durations such as those of 23.976 a second are rounded.
const ROUNDING: i64 = 2;
/// Pictures are reordered among so many at most (ISO/IEC 14496-10, A.3.1).
const REORDERED: usize = 16;

/// The times of one stream of pictures.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// The last step in decode order, and how often it was the same.
    step: i64,
    same: u8,
    /// The duration of a picture, once there was one.
    picture: Option<i64>,
    shown: [Option<Timestamp>; REORDERED],
    next: usize,
}

impl Pace {
    /// Takes the times of the next picture; `step` is from the decode time of the one before it. Two fields, each with
    /// times of its own, may take the place of a picture: half its duration is allowed.
    pub(super) fn push(&mut self, step: Option<i64>, shown: Option<Timestamp>, faults: &mut Vec<Fault>) {
        let half = self.picture.map_or(0, |picture| picture / 2 - ROUNDING);
        if let Some(ticks) = step {
            if (1..half).contains(&ticks) {
                faults.push(Fault::DecodedTooSoon { ticks });
            }
            self.same = if (ticks - self.step).abs() <= ROUNDING { self.same.saturating_add(1) } else { 0 };
            self.step = ticks;
            if self.same >= STEADY {
                self.picture = Some(ticks);
            }
        }
        let Some(shown) = shown else { return };
        let distance = self.shown.iter().flatten().map(|other| shown.since(*other).abs()).min();
        if let Some(ticks) = distance.filter(|ticks| *ticks < half) {
            faults.push(Fault::ShownTogether { ticks });
        }
        self.shown[self.next] = Some(shown);
        self.next = (self.next + 1) % REORDERED;
    }
}
