//! The time of the stream by which segments are cut.

use crate::clock::Timestamp;

/// Decode times may go back this far: some streams tell only when pictures are shown.
const REORDERED: i64 = Timestamp::HZ / 2;

/// The time of the leading stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lead {
    /// When the last unit is decoded, and how much that was after the one before.
    pub(super) last: Option<Timestamp>,
    pub(super) step: i64,
    /// The first unit since a segment could have begun.
    pub(super) waiting: Option<Timestamp>,
    /// The last access point, and the shortest and longest distance of two.
    point: Option<Timestamp>,
    groups: Option<(i64, i64)>,
}

impl Lead {
    /// Another time line begins, of the same channel.
    pub(super) fn restart(&mut self) {
        *self = Self { groups: self.groups, ..Self::default() };
    }

    /// When the last unit is over.
    pub(super) fn end(&self) -> Option<Timestamp> {
        self.last.map(|last| last.plus(self.step))
    }

    /// The next unit: whether its time continues that of the last one.
    pub(super) fn unit(&mut self, time: Timestamp, most: i64) -> bool {
        let Some(step) = self.last.replace(time).map(|last| time.since(last)) else { return true };
        let continues = (-REORDERED..=most.saturating_mul(3)).contains(&step);
        if continues && step > 0 {
            self.step = step;
        }
        continues
    }

    /// An access point.
    pub(super) fn point(&mut self, time: Timestamp, continues: bool) {
        let before = self.point.replace(time).filter(|_| continues);
        let Some(group) = before.map(|before| time.since(before)).filter(|group| *group > 0) else { return };
        let (shortest, longest) = self.groups.unwrap_or((group, group));
        self.groups = Some((shortest.min(group), longest.max(group)));
    }

    /// How far apart access points are, where they come regularly.
    pub(super) fn group(&self) -> Option<i64> {
        self.groups.filter(|_| !self.is_irregular()).map(|(_, longest)| longest)
    }

    /// Whether access points come irregularly: their distances differ by more than a fifth.
    pub(super) fn is_irregular(&self) -> bool {
        self.groups.is_some_and(|(shortest, longest)| shortest * 5 < longest * 4)
    }
}
