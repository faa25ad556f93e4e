//! The beginning of what somebody joins: PAT, PMT, and an access point before anything else.

use super::Fault;
use crate::packet::{Packet, Pid};
use crate::tracker::Tracker;

/// Packets of a PMT before it must be whole: the longest section needs 23.
const TABLE_PACKETS: u64 = 32;

/// Looks at the first packets.
#[derive(Debug)]
pub(super) struct Start {
    tracker: Tracker,
    /// What came behind the PAT before the program was known; it must turn out to be the PMT.
    unknown: Option<Pid>,
    /// The packet that must begin an access point.
    candidate: Option<u64>,
    believe_hints: bool,
}

/// What is known of the beginning.
pub(super) enum Verdict {
    /// More packets are needed.
    Open,
    /// It is as it must be.
    Good,
    /// It is not.
    Bad(Fault),
}

/// What one packet at the beginning is.
enum Look {
    /// Still the tables.
    Tables,
    /// Something that must not be there.
    Wrong(Fault),
    /// The first packet behind the tables.
    Begins {
        /// No proof is needed.
        believed: bool,
    },
}

impl Start {
    pub(super) fn new(believe_hints: bool) -> Self {
        Self { tracker: Tracker::new(), unknown: None, candidate: None, believe_hints }
    }

    pub(super) fn push(&mut self, packet: Packet<'_>) -> Verdict {
        let number = self.tracker.packets();
        let found = self.tracker.push(packet).map(|point| point.packet);
        if self.candidate.is_none() {
            match self.tables(number, packet) {
                Look::Tables => return Verdict::Open,
                Look::Wrong(fault) => return Verdict::Bad(fault),
                Look::Begins { believed: true } => return Verdict::Good,
                Look::Begins { believed: false } => self.candidate = Some(number),
            }
        }
        if self.candidate == found {
            Verdict::Good
        } else if self.candidate == self.tracker.undecided() {
            Verdict::Open
        } else {
            Verdict::Bad(Fault::NoAccessPoint)
        }
    }

    /// It ends here.
    pub(super) fn end(self) -> Fault {
        if self.tracker.program().is_some() { Fault::NoAccessPoint } else { Fault::NoTables }
    }

    fn tables(&mut self, number: u64, packet: Packet<'_>) -> Look {
        let pid = packet.pid();
        if pid == Pid::PAT {
            return Look::Tables;
        }
        if number == 0 || number > TABLE_PACKETS {
            return Look::Wrong(Fault::NoTables);
        }
        let Some(program) = self.tracker.program() else {
            let before = *self.unknown.get_or_insert(pid);
            return if before == pid { Look::Tables } else { Look::Wrong(Fault::NoTables) };
        };
        if self.unknown.is_some_and(|before| before != program.pmt_pid) {
            return Look::Wrong(Fault::NoTables);
        }
        if pid == program.pmt_pid || pid == Pid::NULL {
            return Look::Tables;
        }
        match program.leading() {
            Some(leading) if leading.pid != pid || !packet.unit_start() => Look::Wrong(Fault::NoAccessPoint),
            Some(_) => {
                let hinted = packet.adaptation().is_some_and(|field| field.random_access());
                Look::Begins { believed: hinted && self.believe_hints }
            }
            // Neither picture nor sound: it can be joined anywhere.
            None => Look::Begins { believed: true },
        }
    }
}
