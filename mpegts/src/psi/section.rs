//! Sections: found in packets, checked, and packed again.

use super::crc::crc32;
use crate::continuity::{Continuity, Counter};
use crate::packet::{PACKET, Packet, Pid, SYNC};

/// The longest section there is, header included.
const LONGEST: usize = 4096;

/// A checked section with the long header.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// 0 for a PAT, 2 for a PMT, ...
    pub table: u8,
    /// Transport stream id of a PAT, program number of a PMT.
    pub id: u16,
    /// 0 to 31.
    pub version: u8,
    /// Whether it applies now; a table may be announced in advance.
    pub current: bool,
    /// Which of the table's sections it is,
    pub number: u8,
    /// and which is the last.
    pub last_number: u8,
    /// What is between header and checksum.
    pub body: &'a [u8],
}

impl<'a> Section<'a> {
    /// Reads a whole section. `None` if lengths or checksum are wrong or the header is the short one.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&[table, b1, b2, id1, id2, version, number, last_number], rest) =
            bytes.split_first_chunk::<8>()?;
        let length = usize::from(b1 & 0x0F) << 8 | usize::from(b2);
        if b1 & 0x80 == 0 || length + 3 != bytes.len() || crc32(bytes) != 0 {
            return None;
        }
        let body = rest.get(..rest.len().checked_sub(4)?)?;
        let current = version & 1 == 1;
        let (id, version) = (u16::from_be_bytes([id1, id2]), version >> 1 & 0x1F);
        Some(Self { table, id, version, current, number, last_number, body })
    }

    /// The section's bytes, checksum included. A body of more than 1012 bytes is cut off there.
    pub fn write(&self) -> Vec<u8> {
        let body = &self.body[..self.body.len().min(1012)];
        let [high, low] = (body.len() as u16 + 9).to_be_bytes();
        let [id1, id2] = self.id.to_be_bytes();
        let version = 0xC0 | (self.version & 0x1F) << 1 | u8::from(self.current);
        let mut bytes = vec![self.table, 0xB0 | high, low, id1, id2, version, self.number, self.last_number];
        bytes.extend_from_slice(body);
        bytes.extend_from_slice(&crc32(&bytes).to_be_bytes());
        bytes
    }
}

/// The same section with another version number, and the checksum that goes with it.
pub fn with_version(section: &[u8], version: u8) -> Option<Vec<u8>> {
    Some(Section { version, ..Section::read(section)? }.write())
}

/// Appends the packets that carry `section` on `pid` to `out`, counting from `counter`, and returns the next counter.
pub fn packetise(pid: Pid, section: &[u8], mut counter: u8, out: &mut Vec<u8>) -> u8 {
    let mut rest = section;
    let mut first = true;
    while first || !rest.is_empty() {
        let [high, low] = pid.get().to_be_bytes();
        let end = out.len() + PACKET;
        out.extend_from_slice(&[SYNC, high | u8::from(first) << 6, low, 0x10 | counter & 0x0F]);
        if first {
            out.push(0); // the section begins right here
        }
        let (now, later) = rest.split_at(rest.len().min(end - out.len()));
        out.extend_from_slice(now);
        out.resize(end, 0xFF);
        (rest, first, counter) = (later, false, counter.wrapping_add(1) & 0x0F);
    }
    counter
}

/// Puts together the sections of one PID.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    buffer: Vec<u8>,
    /// Whether `buffer` begins with the start of a section.
    open: bool,
    counter: Counter,
}

impl Assembler {
    /// Takes the next packet of the PID and calls `each` with every section that is now whole, unchecked.
    pub fn push(&mut self, packet: Packet<'_>, mut each: impl FnMut(&[u8])) {
        match self.counter.judge(packet) {
            Continuity::Continuous => {}
            Continuity::Duplicate => return,
            Continuity::Jump => self.close(),
        }
        let payload = packet.payload();
        if packet.scrambled() || payload.is_empty() {
            return;
        }
        if !packet.unit_start() {
            self.extend(payload, &mut each);
            return;
        }
        let (tail, start) = match payload[1..].split_at_checked(usize::from(payload[0])) {
            Some(parts) => parts,
            None => return self.close(),
        };
        self.extend(tail, &mut each);
        self.close();
        self.open = true;
        self.extend(start, &mut each);
    }

    fn close(&mut self) {
        self.open = false;
        self.buffer.clear();
    }

    fn extend(&mut self, bytes: &[u8], each: &mut impl FnMut(&[u8])) {
        if !self.open {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let mut done = 0;
        while let Some(&[table, b1, b2]) = self.buffer[done..].first_chunk::<3>() {
            let length = 3 + (usize::from(b1 & 0x0F) << 8 | usize::from(b2));
            if table == 0xFF || length > LONGEST {
                return self.close(); // stuffing up to the next start
            }
            let Some(section) = self.buffer.get(done..done + length) else { break };
            each(section);
            done += length;
        }
        self.buffer.drain(..done);
        // One or two bytes of stuffing are no beginning of a section either.
        if self.buffer.first() == Some(&0xFF) {
            self.close();
        }
    }
}
