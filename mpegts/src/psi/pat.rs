//! The program association table: program numbers and where their PMTs are.

use super::section::Section;
use crate::packet::Pid;

/// One section of a PAT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pat {
    /// The transport stream's id.
    pub transport: u16,
    /// 0 to 31.
    pub version: u8,
    /// Program number and PID of the PMT, in the order of the table; number 0 (the network's table) is left out.
    pub programs: Vec<(u16, Pid)>,
}

impl Pat {
    /// Understands a section that is a current PAT.
    pub fn read(section: &Section<'_>) -> Option<Self> {
        if section.table != 0x00 || !section.current {
            return None;
        }
        let (entries, _) = section.body.as_chunks::<4>();
        let programs = entries
            .iter()
            .map(|[a, b, c, d]| (u16::from_be_bytes([*a, *b]), Pid::new(u16::from_be_bytes([*c, *d]))))
            .filter(|(number, _)| *number != 0)
            .collect();
        Some(Self { transport: section.id, version: section.version, programs })
    }

    /// The table as a single section.
    pub fn write(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.programs.len() * 4);
        for (number, pid) in &self.programs {
            body.extend_from_slice(&number.to_be_bytes());
            body.extend_from_slice(&(0xE000 | pid.get()).to_be_bytes());
        }
        let (id, version) = (self.transport, self.version);
        Section { table: 0, id, version, current: true, number: 0, last_number: 0, body: &body }.write()
    }
}
