//! Version numbers of PAT and PMT that go on over a seam.
//!
//! Another source counts its tables as it likes. A receiver that meets another PMT under the version it knows may ignore
//! it, and one that meets the same PMT under another version may begin anew. So versions are moved like counters: the
//! first table of a piece has the version of the last one that went out, and one more if it says something else.
//!
//! A section is patched where it stands, however many packets it spans: the checksum is linear, so what a changed byte
//! does to it depends only on how many bytes follow.

use crate::packet::PacketMut;
use crate::psi::{Section, difference};

/// The versions of one table as they go out.
#[derive(Clone, Debug, Default)]
pub(super) struct Versions {
    /// What is added to the source's version, modulo 32.
    shift: u8,
    place: Place,
    /// Where it was before the last packet, and the counter of that: the packet may come twice.
    before: (Place, Option<u8>),
}

/// Where in a section the next byte is.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Whether the beginning of a section was seen, and no stuffing since.
    open: bool,
    offset: usize,
    table: u8,
    /// Of the whole section, as far as it is known.
    length: usize,
    /// What the checksum is changed by.
    patch: u32,
}

impl Versions {
    /// The piece that begins has `now` where the one before had `before`, as their sources sent them.
    pub(super) fn go_on(&mut self, before: &[u8], now: &[u8], elsewhere: bool) {
        let (Some(before), Some(now)) = (Section::read(before), Section::read(now)) else { return };
        let same = (before.id, before.number, before.body) == (now.id, now.number, now.body) && !elsewhere;
        let version = before.version + self.shift + u8::from(!same);
        *self = Self { shift: version.wrapping_sub(now.version) & 0x1F, ..Self::default() };
    }

    /// Patches the next packet of the table's PID.
    pub(super) fn apply(&mut self, table: u8, packet: &mut PacketMut<'_>) {
        let view = packet.view();
        if self.shift == 0 || view.scrambled() || !view.has_payload() {
            return;
        }
        let (counter, start) = (view.continuity_counter(), view.unit_start());
        if self.before.1 == Some(counter) {
            self.place = self.before.0;
        }
        self.before = (self.place, Some(counter));
        let payload = packet.payload_mut();
        let first = if start { payload.first().map_or(0, |pointer| 1 + usize::from(*pointer)) } else { 0 };
        for (at, byte) in payload.iter_mut().enumerate().skip(usize::from(start)) {
            if start && at == first {
                self.place = Place { open: true, ..Place::default() };
            }
            self.place.byte(byte, table, self.shift);
        }
    }
}

impl Place {
    fn byte(&mut self, byte: &mut u8, table: u8, shift: u8) {
        if !self.open {
            return;
        }
        match self.offset {
            0 if *byte == 0xFF => return self.open = false,
            0 => self.table = *byte,
            1 => self.length = usize::from(*byte & 0x0F) << 8,
            2 => self.length += 3 + usize::from(*byte),
            // The version stands behind table, length and id; four bytes of checksum end the section.
            5 if self.table == table && self.length >= 12 => {
                let moved = *byte & !0x3E | byte.wrapping_add(shift << 1) & 0x3E;
                self.patch = difference(*byte ^ moved, self.length - 6 - 4);
                *byte = moved;
            }
            offset if offset > 5 && offset + 4 >= self.length => {
                *byte ^= (self.patch >> (8 * (self.length - 1).saturating_sub(offset))) as u8;
            }
            _ => {}
        }
        self.offset += 1;
        if self.offset > 2 && self.offset >= self.length {
            *self = Self { open: true, ..Self::default() };
        }
    }
}
