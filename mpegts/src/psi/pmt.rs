//! The program map table: the streams of one program.

use super::section::Section;
use crate::packet::Pid;

/// A PMT, which is always one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pmt {
    /// Program number.
    pub number: u16,
    /// 0 to 31.
    pub version: u8,
    /// Whose packets carry the program's clock; [`Pid::NULL`] if none.
    pub pcr_pid: Pid,
    /// Descriptors of the program as a whole.
    pub descriptors: Vec<u8>,
    /// The streams, in the order of the table.
    pub entries: Vec<PmtEntry>,
}

/// One elementary stream as the table lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PmtEntry {
    /// ISO/IEC 13818-1 table 2-34 and its private extensions.
    pub stream_type: u8,
    /// Where the stream is.
    pub pid: Pid,
    /// Its descriptor loop.
    pub descriptors: Vec<u8>,
}

impl Pmt {
    /// Understands a section that is a current PMT; a list that is cut short ends at the last whole entry.
    pub fn read(section: &Section<'_>) -> Option<Self> {
        if section.table != 0x02 || !section.current {
            return None;
        }
        let (&[p1, p2, l1, l2], rest) = section.body.split_first_chunk::<4>()?;
        let (descriptors, mut rest) = rest.split_at_checked(twelve_bits(l1, l2))?;
        let mut entries = Vec::new();
        while let Some((entry, after)) = read_entry(rest) {
            entries.push(entry);
            rest = after;
        }
        Some(Self {
            number: section.id,
            version: section.version,
            pcr_pid: Pid::new(u16::from_be_bytes([p1, p2])),
            descriptors: descriptors.to_vec(),
            entries,
        })
    }

    /// The table as a section.
    pub fn write(&self) -> Vec<u8> {
        let mut body = Vec::new();
        body.extend_from_slice(&(0xE000 | self.pcr_pid.get()).to_be_bytes());
        push_descriptors(&self.descriptors, &mut body);
        for entry in &self.entries {
            body.push(entry.stream_type);
            body.extend_from_slice(&(0xE000 | entry.pid.get()).to_be_bytes());
            push_descriptors(&entry.descriptors, &mut body);
        }
        let (id, version) = (self.number, self.version);
        Section { table: 2, id, version, current: true, number: 0, last_number: 0, body: &body }.write()
    }
}

fn read_entry(bytes: &[u8]) -> Option<(PmtEntry, &[u8])> {
    let (&[stream_type, p1, p2, l1, l2], rest) = bytes.split_first_chunk::<5>()?;
    let (descriptors, rest) = rest.split_at_checked(twelve_bits(l1, l2))?;
    let pid = Pid::new(u16::from_be_bytes([p1, p2]));
    Some((PmtEntry { stream_type, pid, descriptors: descriptors.to_vec() }, rest))
}

fn push_descriptors(descriptors: &[u8], body: &mut Vec<u8>) {
    let (descriptors, _) = descriptors.split_at(descriptors.len().min(0x3FF));
    body.extend_from_slice(&(0xF000 | descriptors.len() as u16).to_be_bytes());
    body.extend_from_slice(descriptors);
}

fn twelve_bits(high: u8, low: u8) -> usize {
    usize::from(high & 0x0F) << 8 | usize::from(low)
}
