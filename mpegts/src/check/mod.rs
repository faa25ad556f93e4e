//! Checks a transport stream, or a run of HLS segments, as an analyser does.
//!
//! ```text
//!  bytes ──▶ packets ──▶ per PID: counter, PES packets, times      (unit)
//!                    ──▶ PAT, PMT, versions, intervals, clocks     (tables)
//!                    ──▶ PAT, PMT, access point at the beginning   (start)
//!                                └──▶ Finding { where, Fault }
//! ```
//!
//! It believes nothing that the other modules of this crate conclude about a stream, but how they read packets, sections
//! and headers; that is compared with an independent reader in the tests. Memory is bounded, whatever the bytes are:
//! [`crate::pid_map::PidMap::SIZE`] PIDs are followed and [`Limits::findings`] are kept.

mod finding;
mod pace;
mod start;
mod tables;
mod unit;

pub use finding::{Fault, Finding};

use crate::clock::Pcr;
use crate::packet::{PACKET, Packet, Pid, SYNC};
use crate::pid_map::PidMap;
use start::{Start, Verdict};
use tables::Tables;
use unit::{Continues, Line};

/// What is still right. Times in ticks of 27 MHz.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Between two clock references of a program: 100 ms (ISO/IEC 13818-1, 2.7.2).
    pub clock_interval: i64,
    /// Between two PATs, and between two PMTs of a program: 500 ms (ETSI TR 101 290, 5.2.1).
    pub table_interval: i64,
    /// What is further apart than this is not late but has jumped: 1 s.
    pub jump: i64,
    /// Between the beginning of a unit and its decode time: 10 s (ISO/IEC 13818-1, 2.4.2.6).
    pub ahead: i64,
    /// A random_access_indicator counts as proof of an access point.
    pub believe_hints: bool,
    /// How many findings are kept; more are only counted.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clock_interval: Pcr::HZ / 10,
            table_interval: Pcr::HZ / 2,
            jump: Pcr::HZ,
            ahead: 10 * Pcr::HZ,
            believe_hints: false,
            findings: 1000,
        }
    }
}

/// Looks at bytes and remembers what is wrong with them.
#[derive(Debug)]
pub struct Checker {
    limits: Limits,
    report: Report,
    /// Bytes that wait for more.
    carry: Vec<u8>,
    /// Bytes since the last packet, while there are none.
    astray: u64,
    /// Packets in this part.
    packets: u64,
    parts: u64,
    start: Option<Start>,
    /// Streams must begin with a unit.
    strict: bool,
    tables: Tables,
    lines: PidMap<Line>,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The first things that were found, in order.
    pub findings: Vec<Finding>,
    /// How many there were.
    pub total: u64,
    /// Packets, null packets among them.
    pub packets: u64,
    /// Null packets.
    pub nulls: u64,
    /// Packets that came twice, which is legal.
    pub repeated: u64,
    /// How often a PAT or a PMT changed.
    pub table_changes: u64,
    /// How much of the first program's time has passed, in ticks of 27 MHz; announced jumps do not count.
    pub passed: i64,
}

impl Checker {
    /// For a stream that was under way: it may begin anywhere.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            report: Report::default(),
            carry: Vec::new(),
            astray: 0,
            packets: 0,
            parts: 0,
            start: None,
            strict: false,
            tables: Tables::default(),
            lines: PidMap::default(),
        }
    }

    /// For a stream that begins as a viewer wants it: PAT, PMT, access point, and no unit in its middle.
    pub fn of_viewer(limits: Limits) -> Self {
        let mut checker = Self::new(limits);
        checker.expect_start();
        checker
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut work = std::mem::take(&mut self.carry);
        work.extend_from_slice(bytes);
        let taken = self.align(&work);
        work.drain(..taken);
        self.carry = work;
    }

    /// Takes a whole segment (RFC 8216, 3.2): it begins as for a viewer, and no unit goes on in the next one. Counters
    /// and clocks go on.
    pub fn segment(&mut self, bytes: &[u8]) {
        self.expect_start();
        self.push(bytes);
        self.end_part();
    }

    /// What follows has nothing to do with what came before, as `EXT-X-DISCONTINUITY` says it.
    pub fn discontinuity(&mut self) {
        self.lines.values_mut().for_each(Line::forget);
        self.tables.forget();
    }

    /// What was found so far.
    pub fn findings(&self) -> &[Finding] {
        &self.report.findings
    }

    /// The end of it all.
    pub fn finish(mut self) -> Report {
        if self.packets > 0 || !self.carry.is_empty() || self.start.is_some() {
            self.end_part();
        }
        let mut late = Vec::new();
        self.tables.end(&self.limits, &mut late);
        late.into_iter().for_each(|(pid, fault)| self.report(Some(pid), fault));
        if !self.tables.known() && self.report.total == 0 {
            self.report(None, Fault::NoTables);
        }
        self.report.table_changes = self.tables.changes;
        self.report.passed = self.tables.passed();
        self.report
    }

    fn expect_start(&mut self) {
        self.start = Some(Start::new(self.limits.believe_hints));
        self.strict = true;
        self.lines.values_mut().for_each(|line| line.begun = false);
    }

    fn end_part(&mut self) {
        let rest = std::mem::take(&mut self.carry);
        match rest.first_chunk::<PACKET>().and_then(Packet::new) {
            // It waited for the one behind it, which does not come.
            Some(last) => self.take(last),
            None => {
                self.astray += rest.len() as u64;
                self.found_again();
            }
        }
        if let Some(start) = self.start.take() {
            self.report(None, start.end());
        }
        let cut: Vec<(Pid, Fault)> =
            self.lines.iter_mut().filter_map(|(pid, line)| Some((pid, line.end_unit()?))).collect();
        cut.into_iter().for_each(|(pid, fault)| self.report(Some(pid), fault));
        self.parts += 1;
        self.packets = 0;
    }

    /// Works through `bytes` as far as there are whole packets, and answers how far that was.
    fn align(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(packet) = bytes.get(at..).and_then(|rest| rest.first_chunk::<PACKET>()) {
            let next = bytes.get(at + PACKET);
            if self.astray > 0 && packet[0] == SYNC && next.is_none() {
                break; // whether it is one is seen by what follows
            }
            if packet[0] != SYNC || self.astray > 0 && next != Some(&SYNC) {
                self.astray += 1;
                at += 1;
                continue;
            }
            Packet::new(packet).into_iter().for_each(|packet| self.take(packet));
            at += PACKET;
        }
        at
    }

    fn take(&mut self, packet: Packet<'_>) {
        self.found_again();
        self.packet(packet);
        self.packets += 1;
        self.report.packets += 1;
    }

    fn found_again(&mut self) {
        let bytes = std::mem::take(&mut self.astray);
        if bytes > 0 {
            self.report(None, Fault::Misaligned { bytes });
        }
    }

    fn packet(&mut self, packet: Packet<'_>) {
        let pid = packet.pid();
        if pid == Pid::NULL {
            self.report.nulls += 1;
            return;
        }
        if !well_formed(packet) {
            return self.report(Some(pid), Fault::Malformed);
        }
        if packet.transport_error() {
            self.report(Some(pid), Fault::Damaged);
        }
        let Some(line) = self.lines.entry(pid) else { return };
        match line.continues(packet) {
            Continues::Well => {}
            Continues::Again(fault) => {
                self.report.repeated += 1;
                return fault.into_iter().for_each(|fault| self.report(Some(pid), fault));
            }
            Continues::Not(fault) => {
                line.break_off();
                fault.into_iter().for_each(|fault| self.report(Some(pid), fault));
            }
        }
        if packet.transport_error() {
            self.lines.entry(pid).into_iter().for_each(Line::break_off);
        } else {
            self.content(pid, packet);
        }
    }

    fn content(&mut self, pid: Pid, packet: Packet<'_>) {
        if let Some(mut start) = self.start.take() {
            match start.push(packet) {
                Verdict::Open => self.start = Some(start),
                Verdict::Good => {}
                Verdict::Bad(fault) => self.report(Some(pid), fault),
            }
        }
        if packet.discontinuity() {
            self.announced(pid);
        }
        let mut faults = Vec::new();
        let changes = self.tables.changes;
        self.tables.push(packet, &self.limits, &mut faults);
        if self.tables.changes > changes {
            // A PID that is not used any more may be used again, for something else.
            let tables = &self.tables;
            let unused = self.lines.iter_mut().filter(|(pid, _)| tables.stream(*pid).is_none());
            unused.for_each(|(_, line)| line.forget_time());
        }
        self.tables.clock(packet, &self.limits, &mut faults);
        self.payload(pid, packet, &mut faults);
        faults.into_iter().for_each(|fault| self.report(Some(pid), fault));
    }

    /// The clock of whatever is timed by `pid` jumps.
    fn announced(&mut self, pid: Pid) {
        self.lines.entry(pid).into_iter().for_each(Line::forget_time);
        for timed in self.tables.timed_by(pid) {
            self.lines.entry(timed).into_iter().for_each(Line::forget_time);
        }
        self.tables.forget_clock(pid);
    }

    fn payload(&mut self, pid: Pid, packet: Packet<'_>, faults: &mut Vec<Fault>) {
        let Some(line) = self.lines.entry(pid).filter(|_| packet.has_payload()) else { return };
        if packet.scrambled() {
            if !std::mem::replace(&mut line.scrambled, true) {
                faults.push(Fault::Scrambled);
            }
            return line.break_off();
        }
        let Some((stream, clock)) = self.tables.stream(pid).filter(|(it, _)| in_units(it.stream_type)) else {
            return;
        };
        let first = !std::mem::replace(&mut line.begun, true);
        if first && self.strict && !packet.unit_start() {
            faults.push(Fault::UnitContinues);
        }
        line.payload(packet, stream, clock.now(), &self.limits, faults);
    }

    fn report(&mut self, pid: Option<Pid>, fault: Fault) {
        self.report.total += 1;
        if self.report.findings.len() < self.limits.findings {
            self.report.findings.push(Finding { part: self.parts, packet: self.packets, pid, fault });
        }
    }
}

impl Report {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.total == 0
    }
}

/// Whether control bits and adaptation field fit together (ISO/IEC 13818-1, 2.4.3.3 and 2.4.3.5).
fn well_formed(packet: Packet<'_>) -> bool {
    let bytes = packet.bytes();
    match bytes[3] >> 4 & 3 {
        0 => false,
        1 => true,
        2 => bytes[4] == 183,
        _ => bytes[4] <= 182,
    }
}

/// Whether a stream of this type consists of PES packets; the others are sections.
fn in_units(stream_type: u8) -> bool {
    !matches!(stream_type, 0x05 | 0x08 | 0x0A..=0x0D | 0x13 | 0x14 | 0x16..=0x1A | 0x86)
}
