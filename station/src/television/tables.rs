//! Program specific information of one channel: PAT, PMT and SDT, one packet each.

use super::codec::{Make, Sound};
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
    pub(crate) fn new(program: u16, name: &str, make: Make) -> Self {
        let pmt = packet(PMT, &pmt(program, make, 0, 0, &[]));
        Self { program, pat: pat(program), pmt, sdt: sdt(program, name, make.picture.is_none()) }
    }
}

fn pat(program: u16) -> [u8; 188] {
    let mut body = program.to_be_bytes().to_vec();
    body.extend((0xe000 | PMT).to_be_bytes());
    packet(0x0000, &section(0x00, 0xb000, 1, &body))
}

/// The section of a PMT in that version, its media so many PIDs higher than usual, with these descriptors of the
/// program.
pub(crate) fn pmt(program: u16, make: Make, version: u8, higher: u16, descriptors: &[u8]) -> Vec<u8> {
    let (video, audio) = (VIDEO + higher, AUDIO + higher);
    let clock = if make.picture.is_some() { video } else { audio };
    let mut body = (0xe000 | clock).to_be_bytes().to_vec();
    body.extend((0xf000 | descriptors.len() as u16).to_be_bytes());
    body.extend(descriptors);
    if let Some(picture) = make.picture {
        body.push(picture.stream_type());
        body.extend((0xe000 | video).to_be_bytes());
        body.extend([0xf0, 0x00]);
    }
    if let Some((stream_type, descriptors)) = make.sound.map(Sound::entry) {
        body.push(stream_type);
        body.extend((0xe000 | audio).to_be_bytes());
        body.extend([0xf0, descriptors.len() as u8]);
        body.extend(descriptors);
    }
    let section = section(0x02, 0xb000, program, &body);
    mpegts::psi::with_version(&section, version).unwrap_or(section)
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

pub(crate) fn packet(pid: u16, section: &[u8]) -> [u8; 188] {
    let mut packet = [0xff; 188];
    packet[..5].copy_from_slice(&[0x47, 0x40 | (pid >> 8) as u8, pid as u8, 0x10, 0x00]);
    packet[5..5 + section.len()].copy_from_slice(section);
    packet
}
