//! The packet: 188 bytes that begin with 0x47 (ISO/IEC 13818-1, 2.4.3.2), read and patched in place.
//!
//! ```text
//!  byte 0   1            2     3                        4 ...
//!       47  tei pusi pri PID   scrambling afc cc        [L, flags, PCR, OPCR, ...]  payload
//! ```

use crate::clock::Pcr;

/// Bytes in a packet.
pub const PACKET: usize = 188;

/// The first byte of every packet.
pub const SYNC: u8 = 0x47;

/// A packet of no meaning on [`Pid::NULL`]; receivers throw it away.
pub const NULL_PACKET: [u8; PACKET] = {
    let mut bytes = [0xFF; PACKET];
    bytes[0] = SYNC;
    bytes[1] = 0x1F;
    // Payload only. An adaptation field control of 0 is reserved, and some players stop at it.
    bytes[3] = 0x10;
    bytes
};

/// Which of the 8192 channels of a transport stream a packet belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid(u16);

impl Pid {
    /// Where the program association table is found.
    pub const PAT: Self = Self(0);
    /// Stuffing.
    pub const NULL: Self = Self(0x1FFF);
    /// How many there are.
    pub const COUNT: usize = 0x2000;

    /// The PID of the low 13 bits of `bits`.
    pub const fn new(bits: u16) -> Self {
        Self(bits & 0x1FFF)
    }

    /// The number, at most 0x1FFF.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for Pid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0x{:04x}", self.0)
    }
}

/// A look at one packet. Costs nothing to make; every answer is computed when asked.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a>(&'a [u8; PACKET]);

/// The whole packets in `bytes`, one after another; those that do not begin with 0x47 are left out, and so is a
/// remainder of less than a packet.
pub fn packets(bytes: &[u8]) -> impl Iterator<Item = Packet<'_>> {
    bytes.as_chunks::<PACKET>().0.iter().filter_map(Packet::new)
}

impl<'a> Packet<'a> {
    /// `None` unless `bytes` begins with 0x47.
    #[inline]
    pub fn new(bytes: &'a [u8; PACKET]) -> Option<Self> {
        (bytes[0] == SYNC).then_some(Self(bytes))
    }

    /// All of it.
    #[inline]
    pub fn bytes(self) -> &'a [u8; PACKET] {
        self.0
    }

    /// Whose packet it is.
    #[inline]
    pub fn pid(self) -> Pid {
        Pid::new(u16::from_be_bytes([self.0[1], self.0[2]]))
    }

    /// The receiver of the signal could not correct this packet: nothing in it may be believed, not even the PID.
    #[inline]
    pub fn transport_error(self) -> bool {
        self.0[1] & 0x80 != 0
    }

    /// Payload unit start: a PES packet begins with the payload, or a section begins in it.
    #[inline]
    pub fn unit_start(self) -> bool {
        self.0[1] & 0x40 != 0
    }

    /// The payload is scrambled; the header and the adaptation field never are.
    #[inline]
    pub fn scrambled(self) -> bool {
        self.0[3] & 0xC0 != 0
    }

    /// Counts the packets with payload of a PID, 0 to 15.
    #[inline]
    pub fn continuity_counter(self) -> u8 {
        self.0[3] & 0x0F
    }

    /// Whether the header announces a payload (which may still be empty).
    #[inline]
    pub fn has_payload(self) -> bool {
        self.0[3] & 0x10 != 0
    }

    /// The bytes after header and adaptation field; empty if there are none or the adaptation field is malformed.
    #[inline]
    pub fn payload(self) -> &'a [u8] {
        self.0.get(payload_offset(self.0)..).unwrap_or(&[])
    }

    /// The adaptation field, if there is one with at least its flags.
    #[inline]
    pub fn adaptation(self) -> Option<Adaptation<'a>> {
        if self.0[3] & 0x20 == 0 {
            return None;
        }
        let length = usize::from(self.0[4]);
        self.0.get(5..5 + length).filter(|field| !field.is_empty()).map(Adaptation)
    }

    /// The declared jump: counters and clock of this PID may do what they like here.
    #[inline]
    pub fn discontinuity(self) -> bool {
        self.adaptation().is_some_and(Adaptation::discontinuity)
    }

    /// The program clock reference, if the packet carries one.
    #[inline]
    pub fn pcr(self) -> Option<Pcr> {
        self.adaptation().and_then(Adaptation::pcr)
    }
}

#[inline]
fn payload_offset(bytes: &[u8; PACKET]) -> usize {
    match bytes[3] & 0x30 {
        0x10 => 4,
        0x30 => 5 + usize::from(bytes[4]),
        _ => PACKET,
    }
}

/// The bytes of an adaptation field from its flags on; at least one, at most 183.
#[derive(Clone, Copy, Debug)]
pub struct Adaptation<'a>(&'a [u8]);

impl<'a> Adaptation<'a> {
    fn flags(self) -> u8 {
        self.0.first().copied().unwrap_or(0)
    }

    /// discontinuity_indicator
    pub fn discontinuity(self) -> bool {
        self.flags() & 0x80 != 0
    }

    /// random_access_indicator; a hint only, see [`crate::access`].
    pub fn random_access(self) -> bool {
        self.flags() & 0x40 != 0
    }

    /// Program clock reference.
    pub fn pcr(self) -> Option<Pcr> {
        pcr_range(self.0).and_then(|at| read_pcr(self.0, at))
    }

    /// The PCR a packet had in the stream this one was made from.
    pub fn opcr(self) -> Option<Pcr> {
        opcr_range(self.0).and_then(|at| read_pcr(self.0, at))
    }
}

/// Where the PCR stands in an adaptation field that begins with its flags.
fn pcr_range(field: &[u8]) -> Option<usize> {
    (field.first()? & 0x10 != 0).then_some(1)
}

fn opcr_range(field: &[u8]) -> Option<usize> {
    let flags = field.first()?;
    (flags & 0x08 != 0).then_some(if flags & 0x10 != 0 { 7 } else { 1 })
}

fn read_pcr(field: &[u8], at: usize) -> Option<Pcr> {
    let [a, b, c, d, e, f] = *field.get(at..)?.first_chunk::<6>()?;
    let base = u64::from(u32::from_be_bytes([a, b, c, d])) << 1 | u64::from(e >> 7);
    Some(Pcr::new(base * 300 + (u64::from(e & 1) << 8 | u64::from(f))))
}

/// One packet to be patched.
#[derive(Debug)]
pub struct PacketMut<'a>(&'a mut [u8; PACKET]);

impl<'a> PacketMut<'a> {
    /// `None` unless `bytes` begins with 0x47.
    #[inline]
    pub fn new(bytes: &'a mut [u8; PACKET]) -> Option<Self> {
        (bytes[0] == SYNC).then_some(Self(bytes))
    }

    /// The packet as it is now.
    #[inline]
    pub fn view(&self) -> Packet<'_> {
        Packet(self.0)
    }

    /// Sets the low 4 bits of byte 3.
    #[inline]
    pub fn set_continuity_counter(&mut self, counter: u8) {
        self.0[3] = self.0[3] & 0xF0 | counter & 0x0F;
    }

    /// Leaves nothing of the packet but its adaptation field, if it has one, so that a clock reference stays.
    pub fn strip(&mut self) {
        if self.view().adaptation().is_none() {
            return;
        }
        let end = 5 + usize::from(self.0[4]);
        self.0[3] = self.0[3] & !0x30 | 0x20;
        self.0[1] &= !0x40; // nothing begins in it
        self.0[4] = 183;
        self.0[end.min(PACKET)..].fill(0xFF);
    }

    /// Makes a null packet of it.
    pub fn blank(&mut self) {
        *self.0 = NULL_PACKET;
    }

    /// Moves PCR and OPCR, whichever are there, by `ticks` of 27 MHz.
    pub fn shift_references(&mut self, ticks: i64) {
        let Some(field) = adaptation_mut(self.0) else { return };
        for at in [pcr_range(field), opcr_range(field)].into_iter().flatten() {
            if let Some(pcr) = read_pcr(field, at) {
                write_pcr(field, at, pcr.plus(ticks));
            }
        }
    }

    /// The bytes after header and adaptation field.
    #[inline]
    pub fn payload_mut(&mut self) -> &mut [u8] {
        let offset = payload_offset(self.0);
        self.0.get_mut(offset..).unwrap_or_default()
    }
}

fn adaptation_mut(bytes: &mut [u8; PACKET]) -> Option<&mut [u8]> {
    if bytes[3] & 0x20 == 0 {
        return None;
    }
    let length = usize::from(bytes[4]);
    bytes.get_mut(5..5 + length)
}

fn write_pcr(field: &mut [u8], at: usize, pcr: Pcr) {
    let Some(bytes) = field.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<6>()) else { return };
    let base = pcr.base().ticks();
    let [a, b, c, d] = ((base >> 1) as u32).to_be_bytes();
    let [high, low] = pcr.extension().to_be_bytes();
    *bytes = [a, b, c, d, ((base & 1) as u8) << 7 | 0x7E | high, low];
}

/// A packet without payload that declares a jump of counter and clock on `pid`; `counter` is that of the next packet
/// with payload, less one.
pub fn discontinuity_packet(pid: Pid, counter: u8) -> [u8; PACKET] {
    let mut bytes = [0xFF; PACKET];
    let [high, low] = pid.get().to_be_bytes();
    bytes[..6].copy_from_slice(&[SYNC, high, low, 0x20 | counter & 0x0F, 183, 0x80]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_adaptation(afc: u8, length: u8, flags: u8) -> [u8; PACKET] {
        let mut bytes = [0; PACKET];
        bytes[..6].copy_from_slice(&[SYNC, 0x41, 0x23, afc | 7, length, flags]);
        bytes
    }

    #[test]
    fn the_header_is_read() {
        let bytes = with_adaptation(0x30, 10, 0xC0);
        let packet = Packet::new(&bytes).unwrap();
        assert_eq!(packet.pid(), Pid::new(0x123));
        assert!(packet.unit_start() && !packet.transport_error() && !packet.scrambled());
        assert_eq!(packet.continuity_counter(), 7);
        assert_eq!(packet.payload().len(), PACKET - 15);
        assert!(packet.discontinuity() && packet.adaptation().unwrap().random_access());
        assert_eq!(packet.pcr(), None);
    }

    #[test]
    fn an_adaptation_field_without_flags_is_legal() {
        let packet = with_adaptation(0x30, 0, 0xFF);
        let packet = Packet::new(&packet).unwrap();
        assert!(packet.adaptation().is_none() && !packet.discontinuity());
        assert_eq!(packet.payload().len(), 183);
    }

    #[test]
    fn an_adaptation_field_longer_than_the_packet_leaves_nothing() {
        for length in [184, 255] {
            let packet = with_adaptation(0x30, length, 0xFF);
            let packet = Packet::new(&packet).unwrap();
            assert!(packet.adaptation().is_none() && packet.payload().is_empty());
        }
    }

    #[test]
    fn a_reserved_adaptation_field_control_has_no_payload() {
        let packet = with_adaptation(0x00, 1, 0);
        assert!(Packet::new(&packet).unwrap().payload().is_empty());
    }

    #[test]
    fn references_are_shifted_in_place_and_wrap() {
        let mut bytes = with_adaptation(0x20, 183, 0x18);
        write_pcr(&mut bytes[5..], 1, Pcr::new(Pcr::MODULUS - 300));
        write_pcr(&mut bytes[5..], 7, Pcr::new(42));
        PacketMut::new(&mut bytes).unwrap().shift_references(900);
        let adaptation = Packet::new(&bytes).unwrap().adaptation().unwrap();
        assert_eq!(adaptation.pcr(), Some(Pcr::new(600)));
        assert_eq!(adaptation.opcr(), Some(Pcr::new(942)));
    }

    #[test]
    fn a_null_packet_has_payload_only() {
        let packet = Packet::new(&NULL_PACKET).unwrap();
        assert_eq!((packet.pid(), packet.payload().len()), (Pid::NULL, 184));
        assert_eq!(NULL_PACKET[..4], [0x47, 0x1F, 0xFF, 0x10]);
    }

    #[test]
    fn a_discontinuity_packet_says_so() {
        let bytes = discontinuity_packet(Pid::new(0x100), 15);
        let packet = Packet::new(&bytes).unwrap();
        assert!(packet.discontinuity() && !packet.has_payload() && packet.pcr().is_none());
        assert_eq!((packet.pid(), packet.continuity_counter()), (Pid::new(0x100), 15));
    }
}
