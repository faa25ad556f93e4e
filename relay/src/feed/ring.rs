//! What a feed holds, behind its lock.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;

use super::{Chunk, Counts, Cut, Limits, Point};
use crate::refusal::Failure;

/// How far back somebody begins where nothing is known of access points.
const BLIND: Duration = Duration::from_secs(2);

/// The chunks and who waits for the next one.
#[derive(Default)]
pub(super) struct Ring {
    pub(super) chunks: VecDeque<Chunk>,
    /// The number of the oldest chunk.
    pub(super) first: u64,
    /// In all of `chunks`.
    pub(super) bytes: usize,
    /// Those in `chunks`, in order.
    pub(super) points: VecDeque<(u64, Point)>,
    /// The last point that went away with its chunk.
    pub(super) gone: Option<Point>,
    /// Nothing comes any more, and why.
    pub(super) end: Option<Option<Failure>>,
    /// Who is to be woken by the next change.
    pub(super) waiting: Vec<Waker>,
    /// Counts the times at which `waiting` was emptied.
    pub(super) generation: u64,
    pub(super) counts: Counts,
    /// Packets that the connection to the upstream has lost.
    pub(super) lost_here: u64,
    /// The newest chunk is filling, since there was nothing else.
    pub(super) quiet: bool,
}

impl Ring {
    pub(super) fn append(&mut self, cut: Cut) {
        let number = self.first + self.chunks.len() as u64;
        self.bytes += cut.bytes.len();
        self.chunks.push_back(Chunk { bytes: cut.bytes, time: cut.time });
        self.points.extend(cut.points.into_iter().map(|point| (number, point)));
    }

    /// Drops the oldest chunks until the rest is within `limits`.
    pub(super) fn forget(&mut self, limits: &Limits) {
        let now = self.chunks.back().map_or(Duration::ZERO, |chunk| chunk.time);
        let surplus = |ring: &Self, oldest: &Chunk| {
            ring.bytes > limits.bytes || now.saturating_sub(oldest.time) > limits.time
        };
        while self.chunks.len() > 1 && self.chunks.front().is_some_and(|oldest| surplus(self, oldest)) {
            self.bytes -= self.chunks.pop_front().map_or(0, |oldest| oldest.bytes.len());
            self.first += 1;
        }
        while self.points.front().is_some_and(|(chunk, _)| *chunk < self.first) {
            self.gone = self.points.pop_front().map(|(_, point)| point);
        }
    }

    /// Whom to wake, once the lock is released.
    #[must_use]
    pub(super) fn wake(&mut self) -> Vec<Waker> {
        self.generation += 1;
        let room = Vec::with_capacity(self.waiting.len());
        std::mem::replace(&mut self.waiting, room)
    }

    pub(super) fn chunk(&self, number: u64) -> Option<&Chunk> {
        self.chunks.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    pub(super) fn started(&self) -> bool {
        !self.points.is_empty() || self.gone.is_some()
    }

    /// Where somebody begins: for one who `fell` out the newest point; else the newest that fills his player's buffer.
    pub(super) fn place(&self, fell: bool, limits: &Limits) -> (u64, Point) {
        let now = self.chunks.back().map_or(Duration::ZERO, |chunk| chunk.time);
        let far_enough = |point: &Point| now.saturating_sub(point.time) >= limits.burst_least;
        let fits = |chunk: u64, point: &Point| {
            now.saturating_sub(point.time) <= limits.burst_most && self.since(chunk) <= limits.burst_bytes
        };
        let newest_first = || self.points.iter().rev();
        let filling = newest_first().find(|(_, point)| far_enough(point));
        let best = filling.filter(|(chunk, point)| !fell && fits(*chunk, point));
        let (chunk, point) = match best.or_else(|| newest_first().next()) {
            Some((chunk, point)) => (*chunk, point.clone()),
            None => self.blind(now),
        };
        (chunk, point)
    }

    /// A packet border somewhere back, for a stream in which no access points are found.
    fn blind(&self, now: Duration) -> (u64, Point) {
        let back =
            self.chunks.iter().rev().take_while(|chunk| now.saturating_sub(chunk.time) <= BLIND).count();
        let tables = self.gone.as_ref().map_or_else(Bytes::new, |point| point.tables.clone());
        let point = Point { offset: 0, time: now, tables, program: None, splice: false };
        (self.first + self.chunks.len().saturating_sub(back.max(1)) as u64, point)
    }

    /// Bytes from a chunk on.
    fn since(&self, chunk: u64) -> usize {
        let skip = chunk.saturating_sub(self.first) as usize;
        self.chunks.iter().skip(skip).map(|chunk| chunk.bytes.len()).sum()
    }
}
