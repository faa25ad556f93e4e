//! The first bytes of a viewer who joins: no stream begins in the middle of a unit.

use crate::packet::{Packet, Pid};
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
    pub fn push(&mut self, packets: &[u8], out: &mut Vec<u8>) {
        let packets = crate::packet::packets(packets).filter(|packet| self.passes(*packet));
        packets.for_each(|packet| out.extend_from_slice(packet.bytes()));
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
