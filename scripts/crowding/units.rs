//! What a viewer received, as hashes: one for the payload of every unit (a PES packet, or a section's packets) of each PID.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use mpegts::check::{Checker, Limits};
use mpegts::{PACKET, Packet, Pid};

/// The units of one stream.
#[derive(Default)]
pub(crate) struct Units {
    carry: Vec<u8>,
    growing: HashMap<u16, DefaultHasher>,
    done: HashMap<u16, Vec<u64>>,
}

/// Where a unit is in a stream, by PID and hash.
pub(crate) type Index = HashMap<(u16, u64), usize>;

impl Units {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.carry.extend_from_slice(bytes);
        let whole = self.carry.len() / PACKET * PACKET;
        let carry = std::mem::take(&mut self.carry);
        carry[..whole].chunks_exact(PACKET).for_each(|packet| self.packet(packet));
        self.carry = carry[whole..].to_vec();
    }

    fn packet(&mut self, bytes: &[u8]) {
        let packet = Packet::new(bytes.first_chunk().unwrap()).expect("a packet begins with 0x47");
        // Tables are made for each viewer who joins.
        if packet.pid() == Pid::NULL || packet.pid().get() < 0x20 || !packet.has_payload() {
            return;
        }
        let pid = packet.pid().get();
        if packet.unit_start() {
            // The first is not whole, perhaps: it counts from the second on.
            if let Some(done) = self.growing.insert(pid, DefaultHasher::new()) {
                self.done.entry(pid).or_default().push(done.finish());
            }
        }
        if let Some(growing) = self.growing.get_mut(&pid) {
            growing.write(packet.payload());
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.done.values().map(Vec::len).sum()
    }

    pub(crate) fn index(&self) -> Index {
        let each = self.done.iter();
        each.flat_map(|(pid, units)| units.iter().enumerate().map(|(at, unit)| ((*pid, *unit), at))).collect()
    }

    /// How many units of `these` do not stand in `all` one behind the other.
    pub(crate) fn differences(these: &Self, all: &Self, index: &Index) -> usize {
        let mut wrong = 0;
        for (pid, units) in &these.done {
            let Some(all) = all.done.get(pid) else { return units.len() };
            // The PMT repeats itself, so it says nothing of where it is; nor does what comes before a unit is known.
            let repeats = units.windows(2).any(|two| two[0] == two[1]);
            if repeats {
                continue;
            }
            let first = units.iter().find_map(|unit| index.get(&(*pid, *unit)));
            let begin = units.iter().position(|unit| index.contains_key(&(*pid, *unit)));
            match (first, begin) {
                (Some(first), Some(begin)) => {
                    let pairs = units[begin..].iter().zip(&all[*first..]);
                    wrong += begin + pairs.filter(|(one, other)| one != other).count();
                }
                _ => wrong += units.len(),
            }
        }
        wrong
    }
}

/// Whether these first bytes are a PAT, a PMT and an access point.
pub(crate) fn begins_well(bytes: &[u8]) -> bool {
    let mut checker = Checker::of_viewer(Limits::default());
    checker.push(bytes);
    checker.findings().is_empty()
}
