//! What is pending: how much of it may go out, and what is done to it before. What goes out is whole.

use std::time::{Duration, Instant};

use mpegts::{NULL_PACKET, PACKET, Unfinished};

use super::{Cutter, view};
use crate::feed::Point;

/// A unit that is under way is held back, but not for longer than this,
const HELD_TIME: Duration = Duration::from_millis(500);
/// and not if more than this waits for it: a large picture at 50 Mbit/s.
pub(super) const HELD_BYTES: usize = 2 << 20;

impl Cutter {
    /// The connection has ended, or is let go. What it has left unfinished is left out; where it was `whole`, a picture
    /// whose length is not known is taken for finished. What remains may be taken.
    pub(crate) fn end(&mut self, whole: bool) {
        let torn = self.unfinished.units().iter().filter(|unit| !whole || unit.missing.is_some());
        for unit in torn {
            let begins =
                usize::try_from(unit.begins - self.first).unwrap_or(usize::MAX).saturating_mul(PACKET);
            for at in (begins..self.seen).step_by(PACKET) {
                if view(&self.pending, at).is_some_and(|packet| packet.pid() == unit.pid) {
                    self.pending[at..at + PACKET].copy_from_slice(&NULL_PACKET);
                }
            }
            self.points.retain(|point| point.splice || point.offset != begins);
        }
        (self.unfinished, self.holding) = (Unfinished::default(), None);
        self.candidate = None;
        self.ended = true;
    }

    /// How much of what is pending may go out.
    pub(super) fn ready(&mut self) -> usize {
        if self.ended {
            return self.seen;
        }
        let held = self.tracker.undecided().and(self.candidate).map_or(self.seen, |(_, at)| at);
        let units = self.unfinished.units().iter().map(|unit| unit.begins);
        let Some(begins) = units.filter(|begins| *begins >= self.first).min() else { return held };
        let now = self.now.unwrap_or_else(Instant::now);
        let since = self.holding.filter(|(number, _)| *number == begins).map_or(now, |(_, since)| since);
        self.holding = Some((begins, since));
        if now.duration_since(since) > HELD_TIME || self.seen > HELD_BYTES {
            return held;
        }
        held.min((begins - self.first) as usize * PACKET)
    }

    /// Makes the first `size` bytes of what is pending what goes out.
    pub(super) fn finish(&mut self, size: usize) {
        let mut points = std::mem::take(&mut self.points);
        let mut ahead = points.iter_mut().peekable();
        for at in (0..size).step_by(PACKET) {
            while let Some(point) = ahead.next_if(|point| point.offset <= at) {
                self.enter(point);
            }
            if at >= self.finished {
                self.dress(at);
            }
        }
        self.points = points;
    }

    /// What goes out from here on can be joined at `point`.
    fn enter(&mut self, point: &mut Point) {
        if point.tables.is_empty() {
            return; // they are in the stream
        }
        point.program.iter().for_each(|program| self.restamper.follow(program));
        if self.pieces > 1 {
            // Counted as the source counts; a copy of the restamper counts them as they go out.
            let mut tables = point.tables.to_vec();
            self.restamper.clone().apply(&mut tables);
            point.tables = tables.into();
        }
    }

    /// Makes the packet at `at` ready to go out.
    fn dress(&mut self, at: usize) {
        let Some(packet) = self.pending.get_mut(at..at + PACKET) else { return };
        if let Some(trim) = &mut self.trim {
            self.scratch.clear();
            trim.push(packet, &mut self.scratch);
            if self.scratch.is_empty() {
                packet.copy_from_slice(&NULL_PACKET); // so that every packet keeps its place
            }
            if trim.done() {
                self.trim = None;
            }
        }
        self.restamper.apply(packet);
    }

    /// Puts the sound in its place, once the packet before it was looked at.
    pub(super) fn insert_behind(&mut self) {
        let Some((behind, packets)) = self.behind.take() else { return };
        self.pending.splice(behind..behind, packets.iter().copied());
        self.seen += packets.len();
        self.candidate =
            self.candidate.map(|(number, at)| (number, if at < behind { at } else { at + packets.len() }));
        self.count_again();
    }

    /// Puts `packets` before everything that is pending.
    pub(super) fn insert(&mut self, packets: &[u8]) {
        self.pending.splice(..0, packets.iter().copied());
        self.seen += packets.len();
        self.first -= (packets.len() / PACKET) as i64;
        self.candidate = self.candidate.map(|(number, at)| (number, at + packets.len()));
    }

    pub(super) fn drop_first(&mut self, bytes: usize) {
        self.pending.drain(..bytes);
        self.seen -= bytes;
        self.finished = self.finished.saturating_sub(bytes);
        self.first += (bytes / PACKET) as i64;
        self.candidate = self.candidate.and_then(|(number, at)| Some((number, at.checked_sub(bytes)?)));
    }

    /// What is pending begins otherwise than it came.
    pub(super) fn count_again(&mut self) {
        self.unfinished = Unfinished::default();
        let Some(program) = self.tracker.program() else { return };
        for (number, packet) in (self.first..).zip(mpegts::packets(&self.pending[..self.seen])) {
            self.unfinished.push(number, packet, program);
        }
    }
}
