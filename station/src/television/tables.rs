//! Program specific information of one channel: PAT, PMT and SDT, one packet each.

use super::{AUDIO, PMT, VIDEO};

/// The three tables of a channel as packets whose continuity counters are zero.
pub(crate) struct Tables {
    pub(crate) program: u16,
    pub(crate) pat: [u8; 188],
    pub(crate) pmt: [u8; 188],
    pub(crate) sdt: [u8; 188],
}

impl Tables {
    /// Tables of a channel whose program number tells which channel it is.
    pub(crate) fn new(program: u16, name: &str, content: Content) -> Self {
        let radio = content == Content::Sound;
        Self { program, pat: pat(program), pmt: pmt(program, content), sdt: sdt(program, name, radio) }
    }
}

/// What a channel consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Both,
    Picture,
    Sound,
}

fn pat(program: u16) -> [u8; 188] {
    let mut body = program.to_be_bytes().to_vec();
    body.extend((0xe000 | PMT).to_be_bytes());
    packet(0x0000, &section(0x00, 0xb000, 1, &body))
}

pub(crate) fn pmt(program: u16, content: Content) -> [u8; 188] {
    let clock = if content == Content::Sound { AUDIO } else { VIDEO };
    let mut body = (0xe000 | clock).to_be_bytes().to_vec();
    body.extend([0xf0, 0x00]);
    if content != Content::Sound {
        body.push(0x1b); // H.264
        body.extend((0xe000 | VIDEO).to_be_bytes());
        body.extend([0xf0, 0x00]);
    }
    if content != Content::Picture {
        body.push(0x0f); // AAC in ADTS
        body.extend((0xe000 | AUDIO).to_be_bytes());
        body.extend([0xf0, 0x06, 0x0a, 0x04, b'e', b'n', b'g', 0x00]); // ISO_639_language_descriptor
    }
    packet(PMT, &section(0x02, 0xb000, program, &body))
}

/// Service description (ETSI EN 300 468, 5.2.3): players show the service name.
fn sdt(program: u16, name: &str, radio: bool) -> [u8; 188] {
    const PROVIDER: &[u8] = b"Station";
    // One packet has room for a name of this length.
    let name = &name[..name.floor_char_boundary(100)];
    let mut descriptor = vec![if radio { 0x02 } else { 0x01 }, PROVIDER.len() as u8];
    descriptor.extend(PROVIDER);
    descriptor.push(name.len() as u8 + 1);
    descriptor.push(0x15); // UTF-8 (ETSI EN 300 468, annex A)
    descriptor.extend(name.as_bytes());
    let mut body = vec![0x00, 0x01, 0xff]; // original network
    body.extend(program.to_be_bytes());
    body.push(0xfc);
    body.extend((0x8000 | (descriptor.len() as u16 + 2)).to_be_bytes());
    body.extend([0x48, descriptor.len() as u8]);
    body.extend(descriptor);
    packet(0x0011, &section(0x42, 0xf000, 1, &body))
}

/// A section in the long form (ISO/IEC 13818-1, 2.4.4): header, version 0, current, section 0 of 0, body, CRC.
fn section(table: u8, flags: u16, extension: u16, body: &[u8]) -> Vec<u8> {
    let length = body.len() as u16 + 5 + 4;
    let mut section = vec![table];
    section.extend((flags | length).to_be_bytes());
    section.extend(extension.to_be_bytes());
    section.extend([0xc1, 0x00, 0x00]);
    section.extend(body);
    section.extend(mpegts::psi::crc32(&section).to_be_bytes());
    section
}

fn packet(pid: u16, section: &[u8]) -> [u8; 188] {
    let mut packet = [0xff; 188];
    packet[..5].copy_from_slice(&[0x47, 0x40 | (pid >> 8) as u8, pid as u8, 0x10, 0x00]);
    packet[5..5 + section.len()].copy_from_slice(section);
    packet
}
