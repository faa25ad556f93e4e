//! The first bytes of a viewer who joins: no stream begins in the middle of a unit.

use std::ops::Range;

use crate::packet::{PACKET, Packet, Pid};
use crate::program::Program;

/// Packets after which everything passes: a stream that has not begun a unit by then hardly ever sends one.
const PATIENCE: usize = 8192;

/// Drops the rest of the units that were under way at an access point.
///
/// The leading stream begins with the access point itself; the others are let in at their next unit. Once
/// [`Trim::done`], nothing more will be dropped, and chunks can be passed on untouched.
#[derive(Clone, Debug)]
pub struct Trim {
    waiting: Vec<Pid>,
    left: usize,
}

/// What of some packets a viewer is to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where these are, in bytes; empty if there are none.
    pub kept: Range<usize>,
    /// How many bytes are dealt with: those and what was dropped before and behind them.
    pub seen: usize,
}

impl Trim {
    /// For a viewer who begins at an access point of `program`.
    pub fn new(program: &Program) -> Self {
        let leading = program.leading().map(|stream| stream.pid);
        let others = program.streams.iter().map(|stream| stream.pid).filter(|pid| Some(*pid) != leading);
        Self { waiting: others.collect(), left: PATIENCE }
    }

    /// A stream has begun already: all of it passes.
    pub fn admit(&mut self, pid: Pid) {
        self.waiting.retain(|waiting| *waiting != pid);
    }

    /// Whether every stream has begun.
    pub fn done(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Appends what of `packets`, whole packets, the viewer is to get.
    pub fn push(&mut self, mut packets: &[u8], out: &mut Vec<u8>) {
        while !packets.is_empty() {
            let run = self.run(packets);
            out.extend_from_slice(&packets[run.kept]);
            packets = &packets[run.seen..];
        }
    }

    /// The first of `packets`, whole packets, that the viewer is to get as they lie there, one after another. What
    /// is behind them is to be asked for again.
    pub fn run(&mut self, packets: &[u8]) -> Run {
        let mut begin = None;
        for (at, packet) in (0..).step_by(PACKET).zip(packets.as_chunks().0) {
            if self.done() {
                return Run { kept: begin.unwrap_or(at)..packets.len(), seen: packets.len() };
            }
            match (begin, Packet::new(packet).is_some_and(|packet| self.passes(packet))) {
                (None, true) => begin = Some(at),
                (Some(begin), false) => return Run { kept: begin..at, seen: at + PACKET },
                (None, false) | (Some(_), true) => {}
            }
        }
        Run { kept: begin.unwrap_or(packets.len())..packets.len(), seen: packets.len() }
    }

    fn passes(&mut self, packet: Packet<'_>) -> bool {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.waiting.clear();
        }
        let Some(place) = self.waiting.iter().position(|pid| *pid == packet.pid()) else { return true };
        if packet.unit_start() {
            self.waiting.swap_remove(place);
        }
        // Clock references are wanted whatever the unit.
        packet.unit_start() || !packet.has_payload()
    }
}
