//! The tables that segments begin with: written by us, with counters of their own.

use crate::packet::Pid;
use crate::program::Program;
use crate::psi::{Pat, Section, packetise};

/// Counters of PAT and PMT, which run on over segments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tables {
    pat: u8,
    pmt: u8,
}

impl Tables {
    /// Appends a PAT that lists `program` alone, and its PMT.
    pub(super) fn write(&mut self, program: &Program, out: &mut Vec<u8>) {
        let section = Section::read(&program.pat);
        let (transport, version) = section.map_or((1, 0), |section| (section.id, section.version));
        let pat = Pat { transport, version, programs: vec![(program.number, program.pmt_pid)] };
        self.pat = packetise(Pid::PAT, &pat.write(), self.pat, out);
        self.pmt = packetise(program.pmt_pid, &program.pmt, self.pmt, out);
    }
}
