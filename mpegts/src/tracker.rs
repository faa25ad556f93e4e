//! Follows a transport stream packet by packet: its program, its clock, its damage, and where it can be joined.

use std::sync::Arc;

use crate::access::{Finder, Found, Proof};
use crate::clock::{Pcr, Timestamp};
use crate::continuity::{Continuity, Counter};
use crate::packet::{Packet, Pid};
use crate::pid_map::PidMap;
use crate::program::Program;
use crate::psi::{Assembler, Pat, Pmt, Section};

/// PATs without a first PMT of the chosen program after which the next program is tried.
const PAT_PATIENCE: u32 = 20;

/// What is known of one transport stream. Give it every packet, in order; make a new one for a new connection.
#[derive(Debug, Default)]
pub struct Tracker {
    wanted: Option<u16>,
    packets: u64,
    pids: PidMap<PidState>,
    pat: Tables,
    pmt_sections: Assembler,
    program: Option<Arc<Program>>,
    finder: Option<(Pid, Finder<Mark>)>,
    pcr: Option<Pcr>,
    counts: Counts,
}

/// The PAT in force and the program chosen from it.
#[derive(Debug, Default)]
struct Tables {
    sections: Assembler,
    section: Vec<u8>,
    chosen: Option<(u16, Pid)>,
    /// PATs since the program was chosen, to notice one that is listed but not sent.
    unanswered: u32,
}

/// What was counted in one transport stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Jumps of continuity counters that nothing announced: each means lost packets.
    pub continuity_errors: u64,
    /// Packets that the receiver of the signal could not correct.
    pub transport_errors: u64,
    /// Packets with scrambled payload.
    pub scrambled: u64,
    /// Stuffing.
    pub null: u64,
}

/// What was counted on one PID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PidState {
    /// Packets, with or without payload.
    pub packets: u64,
    /// Jumps of the continuity counter that nothing announced.
    pub continuity_errors: u64,
    counter: Counter,
}

/// What a joiner must know of the moment in which a random access point begins.
#[derive(Clone, Copy, Debug)]
struct Mark {
    pcr: Option<Pcr>,
    pat_next: u8,
    pmt_next: u8,
}

/// A place where a viewer can begin.
#[derive(Clone, Debug)]
pub struct AccessPoint {
    /// The packet in which it begins, counted from the first one the tracker was given.
    pub packet: u64,
    /// How sure that is.
    pub proof: Proof,
    /// The program as it was then.
    pub program: Arc<Program>,
    /// When its first picture is shown.
    pub pts: Option<Timestamp>,
    /// When its first picture is decoded; only if that differs.
    pub dts: Option<Timestamp>,
    /// The last clock reference up to and including the packet.
    pub pcr: Option<Pcr>,
    pat_next: u8,
    pmt_next: u8,
}

impl AccessPoint {
    /// Appends what comes before the access point's packet at a join: PAT and PMT, so counted that the packets which
    /// follow on their PIDs go on from there.
    pub fn tables(&self, out: &mut Vec<u8>) {
        self.program.tables(self.pat_next, self.pmt_next, out);
    }

    /// When its first picture is decoded: the DTS, or the PTS where they are the same.
    pub fn decode_time(&self) -> Option<Timestamp> {
        self.dts.or(self.pts)
    }
}

impl Tracker {
    /// Follows the first program that the stream lists and sends.
    pub fn new() -> Self {
        Self::default()
    }

    /// Follows the program of this number and no other.
    pub fn of_program(number: u16) -> Self {
        Self { wanted: Some(number), ..Self::default() }
    }

    /// Takes the next packet. Answers with a random access point when one is proved; it begins in this packet or in an
    /// earlier one, never before [`Tracker::undecided`].
    pub fn push(&mut self, packet: Packet<'_>) -> Option<AccessPoint> {
        let number = self.packets;
        self.packets += 1;
        let late = self.finder.as_mut().and_then(|(_, finder)| finder.waited(number));
        let late = late.and_then(|found| self.access_point(found));
        if packet.transport_error() {
            self.counts.transport_errors += 1;
            return late;
        }
        let pid = packet.pid();
        if pid == Pid::NULL {
            self.counts.null += 1;
            return late;
        }
        self.counts.scrambled += u64::from(packet.scrambled());
        if self.count(pid, packet) == Continuity::Duplicate {
            return late;
        }
        self.look(number, pid, packet).or(late)
    }

    /// The earliest packet that may still turn out to begin a random access point. A relay holds back the packets
    /// from there on; it is never more than [`crate::access::PACKET_LIMIT`] of them.
    pub fn undecided(&self) -> Option<u64> {
        self.finder.as_ref().and_then(|(_, finder)| finder.undecided())
    }

    /// The program, once PAT and PMT have come.
    pub fn program(&self) -> Option<&Arc<Program>> {
        self.program.as_ref()
    }

    /// The last clock reference of the program.
    pub fn pcr(&self) -> Option<Pcr> {
        self.pcr
    }

    /// Packets taken so far; the number of the next one.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// What was counted over all PIDs.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What was counted on each PID, in the order in which they appeared; at most [`PidMap::SIZE`] of them.
    pub fn pids(&self) -> impl Iterator<Item = (Pid, &PidState)> {
        self.pids.iter()
    }

    fn count(&mut self, pid: Pid, packet: Packet<'_>) -> Continuity {
        let Some(state) = self.pids.entry(pid) else { return Continuity::Continuous };
        state.packets += 1;
        let continuity = state.counter.judge(packet);
        if continuity == Continuity::Jump {
            state.continuity_errors += 1;
            self.counts.continuity_errors += 1;
        }
        continuity
    }

    /// Looks into the packet as far as its PID is of interest.
    fn look(&mut self, number: u64, pid: Pid, packet: Packet<'_>) -> Option<AccessPoint> {
        if pid == Pid::PAT {
            self.read_pat(packet);
            return None;
        }
        if self.pat.chosen.is_some_and(|(_, pmt_pid)| pmt_pid == pid) {
            self.read_pmt(packet);
            return None;
        }
        let program = self.program.as_ref()?;
        if program.pcr_pid == pid
            && let Some(pcr) = packet.pcr()
        {
            self.pcr = Some(pcr);
        }
        if self.finder.as_ref()?.0 != pid {
            return None;
        }
        let mark = self.mark();
        let (_, finder) = self.finder.as_mut()?;
        let found = finder.push(number, packet, mark)?;
        self.access_point(found)
    }

    fn mark(&self) -> Mark {
        let next = |pid| self.pids.get(pid).and_then(|state| state.counter.next()).unwrap_or(0);
        let pmt_next = self.program.as_ref().map_or(0, |program| next(program.pmt_pid));
        Mark { pcr: self.pcr, pat_next: next(Pid::PAT), pmt_next }
    }

    fn access_point(&self, found: Found<Mark>) -> Option<AccessPoint> {
        let Found { packet, proof, pts, dts, mark: Mark { pcr, pat_next, pmt_next } } = found;
        let program = Arc::clone(self.program.as_ref()?);
        Some(AccessPoint { packet, proof, program, pts, dts, pcr, pat_next, pmt_next })
    }

    fn read_pat(&mut self, packet: Packet<'_>) {
        let Tables { sections, section: known, chosen, unanswered } = &mut self.pat;
        let before = *chosen;
        let answered = self.program.is_some();
        sections.push(packet, |bytes| {
            *unanswered = if answered { 0 } else { *unanswered + 1 };
            let silent = *unanswered > PAT_PATIENCE;
            if bytes == known.as_slice() && !silent {
                return;
            }
            let Some(section) = Section::read(bytes) else { return };
            let Some(pat) = Pat::read(&section) else { return };
            // A table of several sections lists the program that is followed in another one.
            let now = chosen.filter(|now| section.last_number == 0 || pat.programs.contains(now));
            if now.is_none() && chosen.is_some() && section.last_number > 0 {
                return;
            }
            if let Some(program) = choose(&pat, self.wanted, now, silent) {
                *unanswered = if silent { 0 } else { *unanswered };
                *chosen = Some(program);
                bytes.clone_into(known);
            }
        });
        if self.pat.chosen != before {
            self.pmt_sections = Assembler::default();
            (self.program, self.finder, self.pcr) = (None, None, None);
        }
    }

    fn read_pmt(&mut self, packet: Packet<'_>) {
        let Some((number, pid)) = self.pat.chosen else { return };
        let mut sections = std::mem::take(&mut self.pmt_sections);
        sections.push(packet, |bytes| {
            let known = self.program.as_ref();
            if known.is_some_and(|known| known.pmt == bytes && known.pat == self.pat.section) {
                return;
            }
            let Some(pmt) = Section::read(bytes).and_then(|section| Pmt::read(&section)) else { return };
            if pmt.number == number {
                self.change_program(Program::new(&self.pat.section, pid, bytes, &pmt));
            }
        });
        self.pmt_sections = sections;
    }

    fn change_program(&mut self, program: Program) {
        let leading = program.leading().map(|stream| (stream.pid, stream.codec));
        let before = self.program.as_ref().and_then(|program| program.leading());
        if leading != before.map(|stream| (stream.pid, stream.codec)) {
            self.finder = leading.map(|(pid, codec)| (pid, Finder::new(codec)));
        }
        self.program = Some(Arc::new(program));
    }
}

/// The program to follow by a PAT section: the wanted one, else the one followed already, else the first; the one after
/// it when `silent` tells that it is listed but not sent. `None` if this section lists none of interest.
fn choose(pat: &Pat, wanted: Option<u16>, now: Option<(u16, Pid)>, silent: bool) -> Option<(u16, Pid)> {
    let find = |number| pat.programs.iter().position(|(listed, _)| *listed == number);
    let place = match (wanted, now.and_then(|(number, _)| find(number))) {
        (Some(wanted), _) => find(wanted)?,
        (None, Some(place)) if silent => (place + 1) % pat.programs.len(),
        (None, Some(place)) => place,
        (None, None) => 0,
    };
    pat.programs.get(place).copied()
}
