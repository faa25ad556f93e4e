//! What a variant does to packets that are made already.

use super::variant::{Pmt, RandomAccess, Size, Variant};
use crate::television::{Broadcast, PACKET, PMT, VIDEO};

/// What is done to the packets of one viewer.
pub(crate) struct Distortion {
    variant: Variant,
    /// Sections of the PMT as packets, as they are now.
    pmt: Vec<u8>,
    /// The same after the change, and how many packets are left until then.
    changed: Option<(Vec<u8>, u64)>,
    /// Whether PIDs have changed.
    moved: bool,
    /// Packets of the PMT so far.
    tables: u8,
    /// Packets of the picture, and of everything, so far.
    pictures: u64,
    packets: u64,
}

/// By how much PIDs change.
const HIGHER: u16 = 0x10;
/// Ticks of 27 MHz of a packet in front of which there is its time; any clock will do.
const TIMED_STEP: u64 = 20_000;

impl Distortion {
    pub(crate) fn new(variant: &Variant, broadcast: &Broadcast) -> Self {
        let changed = variant.change.map(|seconds| {
            let packets = broadcast.packets_in(seconds * 1_000_000);
            (variant.pmt.packets(broadcast, 1, HIGHER), packets)
        });
        Self {
            pmt: variant.pmt.packets(broadcast, 0, 0),
            variant: variant.clone(),
            changed,
            moved: false,
            tables: 0,
            pictures: 0,
            packets: 0,
        }
    }

    pub(crate) fn apply(&mut self, packets: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(packets.len() + packets.len() / 8);
        for packet in packets.as_chunks::<PACKET>().0 {
            let pid = u16::from_be_bytes([packet[1] & 0x1f, packet[2]]);
            match pid {
                PMT => {
                    self.change();
                    for mut packet in self.pmt.as_chunks::<PACKET>().0.to_vec() {
                        packet[3] = packet[3] & 0xf0 | self.tables & 0x0f;
                        self.tables = self.tables.wrapping_add(1);
                        self.send(&packet, &mut out);
                    }
                }
                0x20..0x1000 => self.media(*packet, pid, &mut out),
                _ => self.send(packet, &mut out),
            }
            if let Some((_, left)) = &mut self.changed {
                *left = left.saturating_sub(1);
            }
        }
        out
    }

    /// PIDs change in front of a PMT, when it is time.
    fn change(&mut self) {
        if let Some((pmt, _)) = self.changed.take_if(|(_, left)| *left == 0) {
            (self.pmt, self.moved) = (pmt, true);
        }
    }

    fn media(&mut self, mut packet: [u8; PACKET], pid: u16, out: &mut Vec<u8>) {
        let picture = pid == VIDEO;
        if picture && packet[1] & 0x40 != 0 && packet[3] & 0x20 != 0 && packet[4] > 0 {
            match self.variant.random_access {
                Some(RandomAccess::Always) => packet[5] |= 0x40,
                Some(RandomAccess::Never) => packet[5] &= !0x40,
                None => {}
            }
        }
        if self.moved {
            packet[2] += HIGHER as u8;
        }
        if self.variant.scrambled {
            scramble(&mut packet);
        }
        self.pictures += u64::from(picture);
        let nth =
            |every: Option<u64>| picture && every.is_some_and(|every| self.pictures.is_multiple_of(every));
        let (lost, twice) = (nth(self.variant.lossy), nth(self.variant.twice));
        for _ in 0..u8::from(!lost) + u8::from(twice && !lost) {
            self.send(&packet, out);
        }
    }

    fn send(&mut self, packet: &[u8; PACKET], out: &mut Vec<u8>) {
        if self.variant.size == Size::Timed {
            out.extend(((self.packets * TIMED_STEP) as u32 & 0x3fff_ffff).to_be_bytes());
        }
        out.extend_from_slice(packet);
        if self.variant.size == Size::Checked {
            // Whoever reads television over IP takes no notice of the Reed-Solomon code.
            out.extend((0..16).map(|place| packet[place * 11] ^ place as u8));
        }
        self.packets += 1;
    }
}

impl Pmt {
    fn packets(self, broadcast: &Broadcast, version: u8, higher: u16) -> Vec<u8> {
        // Private descriptors (ISO/IEC 13818-1, table 2-45), which mean nothing to anybody.
        let private = |length: u8| [&[0x80, length][..], &vec![b'-'; usize::from(length)]].concat();
        let mut out = Vec::new();
        match self {
            Self::Short => {
                out.extend(crate::television::packet(PMT, &broadcast.pmt(version, higher, &[])));
            }
            Self::Long => {
                let section = broadcast.pmt(version, higher, &private(200));
                mpegts::psi::packetise(mpegts::Pid::new(PMT), &section, 0, &mut out);
            }
            Self::Chained => chain(&broadcast.pmt(version, higher, &private(110)), &mut out),
        }
        out
    }
}

/// Three copies of a section, one right behind the other (ISO/IEC 13818-1, 2.4.4.1): where one begins in a packet, the
/// packet begins with a pointer to it.
fn chain(section: &[u8], out: &mut Vec<u8>) {
    let copies = section.repeat(3);
    let (mut at, [high, low]) = (0, PMT.to_be_bytes());
    while at < copies.len() {
        let begins = at.next_multiple_of(section.len());
        let starts = begins < (at + 183).min(copies.len());
        let end = out.len() + PACKET;
        out.extend([0x47, high | if starts { 0x40 } else { 0 }, low, 0x10]);
        if starts {
            out.push((begins - at) as u8);
        }
        let taken = (end - out.len()).min(copies.len() - at);
        out.extend_from_slice(&copies[at..at + taken]);
        out.resize(end, 0xff);
        at += taken;
    }
}

/// Scrambled with the even key (ETSI ETR 289): the payload looks like noise.
fn scramble(packet: &mut [u8; PACKET]) {
    let payload = if packet[3] & 0x20 != 0 { 5 + usize::from(packet[4]) } else { 4 };
    packet[3] |= 0x80;
    for (place, byte) in packet.iter_mut().enumerate().skip(payload) {
        *byte ^= (place as u8).wrapping_mul(0x6d) ^ 0xa5;
    }
}

#[cfg(test)]
mod tests {
    use mpegts::psi::{Assembler, Section};

    use super::*;

    #[test]
    fn a_chain_of_sections_can_be_read_again() {
        for length in [20, 130, 160] {
            let body = vec![0x2d; length];
            let head = Section {
                table: 2,
                id: 1,
                version: 0,
                current: true,
                number: 0,
                last_number: 0,
                body: &body,
            };
            let section = head.write();
            let (mut packets, mut read) = (Vec::new(), 0);
            chain(&section, &mut packets);
            packets.chunks_mut(PACKET).zip(0..).for_each(|(packet, counter)| packet[3] |= counter);
            let mut assembler = Assembler::default();
            for packet in mpegts::packets(&packets) {
                assembler.push(packet, |found| {
                    assert_eq!(found, section);
                    read += 1;
                });
            }
            assert_eq!(read, 3, "{length}");
        }
    }
}
