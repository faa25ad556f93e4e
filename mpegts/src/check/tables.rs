//! The tables of what is checked, and the clock of each program in them.

use std::collections::BTreeMap;

use super::{Fault, Limits};
use crate::clock::Pcr;
use crate::packet::{Packet, Pid};
use crate::program::{Program, Stream};
use crate::psi::{Assembler, Pat, Pmt, Section, crc32};

/// Programs that are followed; later ones are not looked at.
const PROGRAMS: usize = 64;

/// Sections of one PID that are remembered; when there are more, all are forgotten.
const SECTIONS: usize = 256;

/// PAT, PMTs and clocks.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pat: Line,
    programs: Vec<Listed>,
    /// How often a table changed.
    pub(super) changes: u64,
    /// What had passed when everything was forgotten.
    passed_before: i64,
}

/// A program that a PAT lists.
#[derive(Debug)]
struct Listed {
    number: u16,
    pmt_pid: Pid,
    line: Line,
    program: Option<Program>,
    clock: Clock,
}

/// The sections of one PID.
#[derive(Debug, Default)]
struct Line {
    assembler: Assembler,
    /// The last section of each id and number.
    known: BTreeMap<(u16, u8), Vec<u8>>,
    /// When the last one came, by the program's clock.
    seen: Option<i64>,
}

/// A program's clock.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last: Option<Pcr>,
    /// Ticks of 27 MHz that have passed, jumps left out.
    passed: i64,
}

impl Tables {
    /// Whether a PMT was read.
    pub(super) fn known(&self) -> bool {
        self.programs.iter().any(|listed| listed.program.is_some())
    }

    /// The stream on `pid`, and the clock of its program.
    pub(super) fn stream(&self, pid: Pid) -> Option<(&Stream, &Clock)> {
        self.programs.iter().find_map(|listed| {
            let streams = &listed.program.as_ref()?.streams;
            Some((streams.iter().find(|stream| stream.pid == pid)?, &listed.clock))
        })
    }

    /// The streams of the program whose clock is on `pid`.
    pub(super) fn timed_by(&self, pid: Pid) -> impl Iterator<Item = Pid> {
        let programs = self.programs.iter().filter_map(|listed| listed.program.as_ref());
        let timed = programs.filter(move |program| program.pcr_pid == pid);
        timed.flat_map(|program| program.streams.iter().map(|stream| stream.pid))
    }

    /// Ticks of 27 MHz of the first program that have passed.
    pub(super) fn passed(&self) -> i64 {
        self.passed_before + self.programs.first().map_or(0, |listed| listed.clock.passed)
    }

    /// What comes has nothing to do with what came: other tables, other clocks.
    pub(super) fn forget(&mut self) {
        *self = Self { changes: self.changes, passed_before: self.passed(), ..Self::default() };
    }

    /// The next clock reference on `pid` has nothing to do with the last one.
    pub(super) fn forget_clock(&mut self, pid: Pid) {
        let timed = |listed: &&mut Listed| listed.program.as_ref().is_some_and(|it| it.pcr_pid == pid);
        self.programs.iter_mut().filter(timed).for_each(|listed| listed.clock.last = None);
    }

    /// Reads the next packet, if it is on the PID of a table.
    pub(super) fn push(&mut self, packet: Packet<'_>, limits: &Limits, faults: &mut Vec<Fault>) {
        let (passed, mut pat) = (self.passed(), None);
        if packet.pid() == Pid::PAT {
            self.changes += self.pat.push(packet, 0x00, passed, limits, faults, |bytes, section| {
                pat = Pat::read(section).map(|table| (table, bytes.to_vec())).or(pat.take());
            });
            if let Some((table, _)) = pat {
                self.list(&table);
            }
            return;
        }
        let Some(listed) = self.programs.iter_mut().find(|listed| listed.pmt_pid == packet.pid()) else {
            return;
        };
        let (passed, number, mut pmt) = (listed.clock.passed, listed.number, None);
        self.changes += listed.line.push(packet, 0x02, passed, limits, faults, |bytes, section| {
            let table = Pmt::read(section).filter(|table| table.number == number);
            pmt = table.map(|table| (table, bytes.to_vec())).or(pmt.take());
        });
        if let Some((table, bytes)) = pmt {
            listed.program = Some(Program::new(&[], listed.pmt_pid, &bytes, &table));
        }
    }

    /// Follows the programs of a PAT. Those that it does not list any more stay: it may have several sections.
    fn list(&mut self, pat: &Pat) {
        for (number, pmt_pid) in pat.programs.iter().copied() {
            let known = self.programs.iter().position(|listed| listed.number == number);
            match known {
                Some(place) if self.programs[place].pmt_pid == pmt_pid => {}
                Some(place) => self.programs[place] = Listed::new(number, pmt_pid),
                None if self.programs.len() < PROGRAMS => self.programs.push(Listed::new(number, pmt_pid)),
                None => {}
            }
        }
    }

    /// Reads the clock reference of a packet on its PID.
    pub(super) fn clock(&mut self, packet: Packet<'_>, limits: &Limits, faults: &mut Vec<Fault>) {
        let Some(now) = packet.pcr() else { return };
        for listed in &mut self.programs {
            if listed.program.as_ref().is_some_and(|program| program.pcr_pid == packet.pid()) {
                listed.clock.advance(now, limits, faults);
            }
        }
    }

    /// The end: tables that have been away for too long by now.
    pub(super) fn end(&mut self, limits: &Limits, faults: &mut Vec<(Pid, Fault)>) {
        let passed = self.passed();
        let mut away = |pid, line: &Line, table, passed| {
            let ticks = passed - line.seen.unwrap_or(passed);
            if ticks > limits.table_interval {
                faults.push((pid, Fault::TableInterval { table, ticks }));
            }
        };
        away(Pid::PAT, &self.pat, 0, passed);
        self.programs.iter().for_each(|listed| away(listed.pmt_pid, &listed.line, 2, listed.clock.passed));
    }
}

impl Listed {
    fn new(number: u16, pmt_pid: Pid) -> Self {
        Self { number, pmt_pid, line: Line::default(), program: None, clock: Clock::default() }
    }
}

impl Line {
    /// Gives every good section of `table` to `each`; answers with the number of changes.
    fn push(
        &mut self,
        packet: Packet<'_>,
        table: u8,
        passed: i64,
        limits: &Limits,
        faults: &mut Vec<Fault>,
        mut each: impl FnMut(&[u8], &Section<'_>),
    ) -> u64 {
        let (known, seen, mut changes) = (&mut self.known, &mut self.seen, 0);
        self.assembler.push(packet, |bytes| {
            if bytes[0] != table {
                return;
            }
            if crc32(bytes) != 0 {
                return faults.push(Fault::Checksum { table });
            }
            let Some(section) = Section::read(bytes).filter(|section| section.current) else { return };
            let ticks = passed - seen.replace(passed).unwrap_or(passed);
            if ticks > limits.table_interval {
                faults.push(Fault::TableInterval { table, ticks });
            }
            if known.len() >= SECTIONS && !known.contains_key(&(section.id, section.number)) {
                known.clear();
            }
            let before = known.insert((section.id, section.number), bytes.to_vec());
            if let Some(before) = before.filter(|before| before != bytes) {
                changes += 1;
                if Section::read(&before).is_some_and(|before| before.version == section.version) {
                    faults.push(Fault::VersionKept { table });
                }
            }
            each(bytes, &section);
        });
        changes
    }
}

impl Clock {
    /// The last reference.
    pub(super) fn now(&self) -> Option<Pcr> {
        self.last
    }

    fn advance(&mut self, now: Pcr, limits: &Limits, faults: &mut Vec<Fault>) {
        let Some(ticks) = self.last.replace(now).map(|last| now.since(last)) else { return };
        if (0..=limits.jump).contains(&ticks) {
            self.passed += ticks;
            if ticks > limits.clock_interval {
                faults.push(Fault::ClockInterval { ticks });
            }
        } else {
            faults.push(Fault::ClockJump { ticks });
        }
    }
}
