//! Continuity counters (ISO/IEC 13818-1, 2.4.3.3): the packets with payload of a PID count modulo 16.

use crate::packet::Packet;

/// What a packet's counter says about the packets before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuity {
    /// The expected counter, or the first packet, or a packet without payload, or a declared discontinuity.
    Continuous,
    /// The packet before it once more, which is legal once. Its payload has been seen already.
    Duplicate,
    /// Packets are missing.
    Jump,
}

/// The counter of one PID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    last: Option<u8>,
    repeated: bool,
}

impl Counter {
    /// Judges the next packet of this PID by its counter (the previous packet is not kept for comparison).
    #[inline]
    pub fn judge(&mut self, packet: Packet<'_>) -> Continuity {
        if !packet.has_payload() {
            // Such packets repeat the counter; only a declared jump is worth remembering.
            if packet.discontinuity() {
                self.last = None;
            }
            return Continuity::Continuous;
        }
        let now = packet.continuity_counter();
        let before = self.last.replace(now);
        let repeated = std::mem::take(&mut self.repeated);
        match before {
            None => Continuity::Continuous,
            Some(before) if (before + 1) & 0x0F == now => Continuity::Continuous,
            Some(_) if packet.discontinuity() => Continuity::Continuous,
            Some(before) if before == now && !repeated => {
                self.repeated = true;
                Continuity::Duplicate
            }
            Some(_) => Continuity::Jump,
        }
    }

    /// The counter that the next packet with payload should have, if one was seen.
    pub fn next(&self) -> Option<u8> {
        self.last.map(|last| (last + 1) & 0x0F)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{NULL_PACKET, discontinuity_packet};
    use crate::packet::{PACKET, Pid};

    fn judge(counters: &[u8]) -> Vec<Continuity> {
        let mut counter = Counter::default();
        counters.iter().map(|cc| counter.judge(Packet::new(&packet(*cc)).unwrap())).collect()
    }

    fn packet(counter: u8) -> [u8; PACKET] {
        let mut bytes = NULL_PACKET;
        bytes[3] |= counter;
        bytes
    }

    #[test]
    fn counting_wraps_at_sixteen() {
        assert_eq!(judge(&[14, 15, 0, 1]), [Continuity::Continuous; 4]);
    }

    #[test]
    fn one_duplicate_is_legal_and_two_are_not() {
        use Continuity::{Continuous, Duplicate, Jump};
        assert_eq!(judge(&[3, 3, 4]), [Continuous, Duplicate, Continuous]);
        assert_eq!(judge(&[3, 3, 3, 4]), [Continuous, Duplicate, Jump, Continuous]);
        assert_eq!(judge(&[3, 5, 6]), [Continuous, Jump, Continuous]);
    }

    #[test]
    fn a_declared_discontinuity_is_no_jump() {
        let mut counter = Counter::default();
        counter.judge(Packet::new(&packet(3)).unwrap());
        counter.judge(Packet::new(&discontinuity_packet(Pid::NULL, 8)).unwrap());
        assert_eq!(counter.judge(Packet::new(&packet(9)).unwrap()), Continuity::Continuous);
    }
}
