//! Packets of HDHomeRun's discovery and control (`hdhomerun_pkt.h` of the maker's library): type, length, tagged values and
//! an Ethernet CRC; all big-endian but the CRC.

use flate2::Crc;

/// The longest packet, in bytes.
pub(super) const LONGEST: usize = 1460;

/// Types of packets.
pub(super) const DISCOVER: u16 = 2;
pub(super) const DISCOVERED: u16 = 3;
pub(super) const GET: u16 = 4;
pub(super) const GOT: u16 = 5;

/// Tags of values.
pub(super) const DEVICE_TYPE: u8 = 0x01;
pub(super) const DEVICE_ID: u8 = 0x02;
pub(super) const NAME: u8 = 0x03;
pub(super) const VALUE: u8 = 0x04;
pub(super) const ERROR: u8 = 0x05;
pub(super) const TUNERS: u8 = 0x10;
pub(super) const LINEUP_URL: u8 = 0x27;
pub(super) const BASE_URL: u8 = 0x2A;

/// A packet: its type, and its values by their tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) kind: u16,
    values: Vec<(u8, Vec<u8>)>,
}

impl Packet {
    pub(super) const fn new(kind: u16) -> Self {
        Self { kind, values: Vec::new() }
    }

    pub(super) fn with(mut self, tag: u8, value: &[u8]) -> Self {
        self.values.push((tag, value.to_vec()));
        self
    }

    /// The first value of this tag.
    pub(super) fn value(&self, tag: u8) -> Option<&[u8]> {
        self.values.iter().find(|(known, _)| *known == tag).map(|(_, value)| value.as_slice())
    }

    /// A value that is a number.
    pub(super) fn number(&self, tag: u8) -> Option<u32> {
        Some(u32::from_be_bytes(self.value(tag)?.try_into().ok()?))
    }

    /// A value that is text, which ends before a zero.
    pub(super) fn text(&self, tag: u8) -> Option<&str> {
        let value = self.value(tag)?;
        std::str::from_utf8(value.split(|byte| *byte == 0).next()?).ok()
    }

    /// How long the packet is that begins so, as soon as that can be known.
    pub(super) fn length(begins: &[u8]) -> Option<usize> {
        let [_, _, high, low, ..] = *begins else { return None };
        Some(usize::from(u16::from_be_bytes([high, low])) + 8)
    }

    /// Reads a whole packet; `None` for what is none.
    pub(super) fn read(packet: &[u8]) -> Option<Self> {
        if Self::length(packet) != Some(packet.len()) || packet.len() > LONGEST {
            return None;
        }
        let (signed, crc) = packet.split_at(packet.len() - 4);
        if crc != checksum(signed) {
            return None;
        }
        let (head, mut rest) = signed.split_at(4);
        let mut read = Self::new(u16::from_be_bytes([head[0], head[1]]));
        while let [tag, after @ ..] = rest {
            let (length, after) = match after {
                [low, high, after @ ..] if low & 0x80 != 0 => {
                    (usize::from(low & 0x7F) | usize::from(*high) << 7, after)
                }
                [length, after @ ..] if length & 0x80 == 0 => (usize::from(*length), after),
                _ => return None,
            };
            let (value, after) = after.split_at_checked(length)?;
            read = read.with(*tag, value);
            rest = after;
        }
        Some(read)
    }

    /// As it is sent.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut values = Vec::new();
        for (tag, value) in &self.values {
            values.push(*tag);
            match value.len() {
                length @ 0..=0x7F => values.push(length as u8),
                length => values.extend([(length & 0x7F) as u8 | 0x80, (length >> 7) as u8]),
            }
            values.extend_from_slice(value);
        }
        let mut packet = self.kind.to_be_bytes().to_vec();
        packet.extend((values.len() as u16).to_be_bytes());
        packet.extend(values);
        let crc = checksum(&packet);
        packet.extend(crc);
        packet
    }
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_makers_library_asks_is_read() {
        let asked = [
            0x00, 0x02, 0x00, 0x0C, 0x01, 0x04, 0x00, 0x00, 0x00, 0x01, 0x02, 0x04, 0xFF, 0xFF, 0xFF, 0xFF,
            0x4E, 0x50, 0x7F, 0x35,
        ];
        let packet = Packet::read(&asked).unwrap();
        assert_eq!(
            (packet.kind, packet.number(DEVICE_TYPE), packet.number(DEVICE_ID)),
            (2, Some(1), Some(!0))
        );
        assert_eq!(packet.write(), asked);
        let mut broken = asked;
        broken[9] = 2;
        assert_eq!(Packet::read(&broken), None);
        assert_eq!(Packet::read(&asked[..19]), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            kind: u16,
            values in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..300)), 0..4),
        ) {
            let packet = values.iter().fold(Packet::new(kind), |packet, (tag, value)| packet.with(*tag, value));
            let written = packet.write();
            prop_assert_eq!(Packet::read(&written), Some(packet));
            prop_assert_eq!(Packet::length(&written), Some(written.len()));
        }

        #[test]
        fn garbage_is_no_packet(garbage in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut sealed = vec![0, 2, 0, garbage.len() as u8];
            sealed.extend(&garbage);
            sealed.extend(checksum(&sealed));
            let _ = Packet::read(&sealed); // may be one by chance
            prop_assert_eq!(Packet::read(&garbage), None);
        }
    }
}
