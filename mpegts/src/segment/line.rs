//! One PID of what is segmented: whether a unit is under way on it.

use crate::continuity::{Continuity, Counter};
use crate::packet::Packet;
use crate::pes;

/// What is known of one PID.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    counter: Counter,
    unit: Unit,
    /// Packets were lost since somebody asked.
    pub(super) damaged: bool,
}

/// The unit that began last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Unit {
    /// None has begun since the PID was joined.
    #[default]
    None,
    /// It ends where the next one begins.
    Open,
    /// So many bytes are to come.
    Short(u64),
}

impl Line {
    /// Forgets what was under way: the stream is joined anew.
    pub(super) fn join(&mut self) {
        *self = Self::default();
    }

    /// Whether a unit has begun since the PID was joined.
    pub(super) fn begun(&self) -> bool {
        self.unit != Unit::None
    }

    /// Whether packets that do not begin a unit are still to come.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.unit, Unit::Open | Unit::Short(1..))
    }

    /// Whether packets were lost, with the next packet.
    pub(super) fn is_damaged(&self, packet: Packet<'_>) -> bool {
        self.damaged || { self.counter }.judge(packet) == Continuity::Jump
    }

    /// Takes note of the next packet.
    pub(super) fn pass(&mut self, packet: Packet<'_>) -> Continuity {
        let continuity = self.counter.judge(packet);
        match continuity {
            Continuity::Continuous => {}
            Continuity::Duplicate => return continuity,
            Continuity::Jump => self.damaged = true,
        }
        let payload = packet.payload();
        if packet.unit_start() {
            self.unit = match *payload {
                [0, 0, 1, _, high, low, ..] if pes::starts(payload) && (high, low) != (0, 0) => {
                    Unit::Short(6 + u64::from(u16::from_be_bytes([high, low])))
                }
                _ => Unit::Open,
            };
        }
        if let Unit::Short(left) = self.unit {
            // What a damaged unit has lost does not come.
            let left = left.saturating_sub(payload.len() as u64);
            self.unit = if continuity == Continuity::Jump { Unit::Open } else { Unit::Short(left) };
        }
        continuity
    }
}
