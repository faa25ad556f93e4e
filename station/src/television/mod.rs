//! Television as a pure function of time.
//!
//! ```text
//! assets ──clip──▶ units ──reel──▶ one turn of packets ──┐
//!                                    tables of a channel ─┴─▶ Broadcast: packet number ──▶ 188 bytes
//! ```
//!
//! A broadcast is an endless row of packets at a constant rate. Packet number, continuity counters, PCR, PTS and DTS
//! all follow from the packet's place in the row, so nothing is held per viewer, every viewer of a channel sees the
//! same bytes at the same time, and an hour of yesterday can be read from any byte without having been recorded.

mod clip;
mod codec;
mod mp4;
mod reel;
mod tables;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use clip::{LOOP, Unit};
pub(crate) use codec::{Make, Picture, Sound};
pub(crate) use mp4::Tracks;
use reel::{Line, Packet, Reel};
use tables::Tables;
pub(crate) use tables::packet;

pub(crate) const PMT: u16 = 0x1000;
pub(crate) const VIDEO: u16 = 0x0100;
pub(crate) const AUDIO: u16 = 0x0101;

/// Bytes of a transport packet.
pub(crate) use mpegts::PACKET;

/// One turn in microseconds.
const LOOP_MICROS: u64 = LOOP * 100 / 9;
/// One turn in ticks of 27 MHz.
const LOOP_CLOCK: u64 = LOOP * 300;

/// The reels of all makes and tones, each multiplexed once, when it is needed.
#[derive(Default)]
pub(crate) struct Reels(Mutex<BTreeMap<(Make, usize), Arc<Reel>>>);

impl Reels {
    fn reel(&self, make: Make, id: u32) -> Arc<Reel> {
        let tone = id as usize % clip::TONES.len();
        let (_, adts) = clip::TONES[tone];
        let like = (make.picture.is_none()).then(|| self.reel(Make::TELEVISION, id));
        // What a panic elsewhere left is whole.
        let mut reels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reel = reels.entry((make, tone));
        reel.or_insert_with(|| Arc::new(Reel::new(make, adts, like.as_deref()))).clone()
    }

    /// The frequency of a channel's tone in hertz.
    pub(crate) fn tone(id: u32) -> u32 {
        clip::TONES[id as usize % clip::TONES.len()].0
    }

    /// The broadcast of a channel. Its rate is at least what the clip needs.
    pub(crate) fn broadcast(&self, id: u32, name: &str, make: Make, bitrate: u64) -> Broadcast {
        let reel = self.reel(make, id);
        let wanted = bitrate * LOOP_MICROS / 1_000_000 / (PACKET as u64 * 8);
        let program =
            u16::try_from(id % 65_535 + u32::from(id.is_multiple_of(65_535))).expect("a remainder of 65535");
        Broadcast {
            slots: wanted.max(reel.packets.len() as u64),
            tables: Tables::new(program, name, make),
            reel,
            make,
            advance: 0,
            // Channels are not in step, and their clocks are hours apart.
            phase: u64::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15) % 90_000_000_000,
        }
    }
}

/// An endless row of packets.
pub(crate) struct Broadcast {
    reel: Arc<Reel>,
    tables: Tables,
    /// What is in it; where there would be sound, there may be padding.
    pub(crate) make: Make,
    /// By how much all time stamps are ahead, 90 kHz.
    advance: u64,
    /// Packets per turn, padding included.
    slots: u64,
    /// Microseconds by which the channel's clock is ahead of the wall clock.
    phase: u64,
}

impl Broadcast {
    /// The packet on the air at `micros` since 1970.
    pub(crate) fn at(&self, micros: u64) -> u64 {
        let time = micros + self.phase;
        time / LOOP_MICROS * self.slots + time % LOOP_MICROS * self.slots / LOOP_MICROS
    }

    /// The time in microseconds since 1970 at which a packet is on the air.
    pub(crate) fn time_of(&self, number: u64) -> i64 {
        let time = number / self.slots * LOOP_MICROS + number % self.slots * LOOP_MICROS / self.slots;
        time as i64 - self.phase as i64
    }

    /// The same without sound.
    pub(crate) fn without_sound(mut self) -> Self {
        self.make.sound = None;
        self.tables.pmt = tables::packet(PMT, &self.pmt(0, 0, &[]));
        self
    }

    /// The section of the PMT, see [`tables::pmt`].
    pub(crate) fn pmt(&self, version: u8, higher: u16, descriptors: &[u8]) -> Vec<u8> {
        tables::pmt(self.tables.program, self.make, version, higher, descriptors)
    }

    /// The same whose clock, PCR before PTS, begins again at 0 so many microseconds after a packet (ISO/IEC 13818-1,
    /// 2.4.2.2: after 2^33 ticks of 90 kHz).
    pub(crate) fn wrapping(mut self, packet: u64, micros: u64) -> Self {
        let then = packet + self.packets_in(micros);
        let clock = then / self.slots * LOOP + then % self.slots * LOOP / self.slots;
        self.advance = (1 << 33) - clock % (1 << 33);
        self
    }

    /// How many packets pass in `micros`.
    pub(crate) fn packets_in(&self, micros: u64) -> u64 {
        micros / LOOP_MICROS * self.slots + micros % LOOP_MICROS * self.slots / LOOP_MICROS
    }

    /// Packets of one turn: a multiple of it ahead or back is the same picture at another time.
    pub(crate) fn turn(&self) -> u64 {
        self.slots
    }

    /// The entry (PAT, PMT, key picture) at or before packet `number`, as a count of entries since the beginning.
    pub(crate) fn entry_before(&self, number: u64) -> u64 {
        let entries = self.reel.entries.len() as u64;
        let (turn, slot) = (number / self.slots, number % self.slots);
        let within =
            self.reel.entries.iter().take_while(|entry| self.slot_of(**entry) <= slot).count() as u64;
        (turn * entries + within).saturating_sub(1)
    }

    /// The packet at which the entry of that count begins.
    pub(crate) fn entry(&self, count: u64) -> u64 {
        let entries = self.reel.entries.len() as u64;
        count / entries * self.slots + self.slot_of(self.reel.entries[(count % entries) as usize])
    }

    /// The turn in which an entry is, and what it is made of.
    fn units(&self, entry: u64) -> (u64, &[(Line, Unit)]) {
        let entries = self.reel.first_units.len();
        let place = (entry % entries as u64) as usize;
        let end = self.reel.first_units.get(place + 1).copied().unwrap_or(self.reel.units.len());
        (entry / entries as u64, &self.reel.units[self.reel.first_units[place]..end])
    }

    /// By what time stamps are later than the units, 90 kHz.
    fn delay(&self) -> u64 {
        self.reel.delay
    }

    /// The presentation time of the first unit of an entry, 90 kHz.
    pub(crate) fn entry_time(&self, entry: u64) -> u64 {
        let (turn, units) = self.units(entry);
        turn * LOOP + units.first().map_or(0, |(_, unit)| unit.pts) + self.reel.delay
    }

    /// The time in microseconds since 1970 at which an entry begins by the channel's clock.
    pub(crate) fn entry_micros(&self, entry: u64) -> i64 {
        let entries = self.reel.entries.len() as u64;
        (entry / entries * LOOP_MICROS + entry % entries * LOOP_MICROS / entries) as i64 - self.phase as i64
    }

    /// One turn in 90 kHz.
    pub(crate) fn turn_time(&self) -> u64 {
        LOOP
    }

    /// Seconds from one entry to the next.
    pub(crate) fn entry_seconds(&self) -> f64 {
        LOOP_MICROS as f64 / 1e6 / self.reel.entries.len() as f64
    }

    fn slot_of(&self, packet: usize) -> u64 {
        packet as u64 * self.slots / self.reel.packets.len() as u64
    }

    /// Appends the packets `from..to`.
    pub(crate) fn write(&self, from: u64, to: u64, out: &mut Vec<u8>) {
        let real = self.reel.packets.len() as u64;
        let mut number = from;
        while number < to {
            let (turn, slot) = (number / self.slots, number % self.slots);
            let next = (slot * real).div_ceil(self.slots);
            let due = if next == real { self.slots } else { next * self.slots / real };
            let padding = (due - slot).min(to - number);
            for _ in 0..padding {
                out.extend_from_slice(&mpegts::NULL_PACKET);
            }
            number += padding;
            if number < to && due < self.slots && padding == due - slot {
                self.packet(turn, due, &self.reel.packets[next as usize], out);
                number += 1;
            }
        }
    }

    fn packet(&self, turn: u64, slot: u64, packet: &Packet, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(match packet.line {
            Line::Pat => &self.tables.pat,
            Line::Pmt => &self.tables.pmt,
            Line::Sdt => &self.tables.sdt,
            Line::Audio if self.make.sound.is_none() => return out.extend_from_slice(&mpegts::NULL_PACKET),
            Line::Video | Line::Audio => &packet.bytes,
        });
        let bytes = &mut out[start..];
        let counter = turn.wrapping_mul(self.reel.counts[packet.line as usize]).wrapping_add(packet.count);
        bytes[3] |= (counter & 0x0f) as u8;
        let turn_time = turn * LOOP + self.advance;
        if packet.clock {
            let clock = slot * LOOP_CLOCK / self.slots;
            write_pcr(&mut bytes[6..12], turn_time + clock / 300, clock % 300);
        }
        if let Some(stamp) = packet.stamp {
            let at = usize::from(stamp.offset);
            let both = if stamp.dts.is_some() { 0x30 } else { 0x20 };
            write_stamp(&mut bytes[at..at + 5], both, turn_time + stamp.pts);
            if let Some(dts) = stamp.dts {
                write_stamp(&mut bytes[at + 5..at + 10], 0x10, turn_time + dts);
            }
        }
    }
}

/// Program clock reference (ISO/IEC 13818-1, 2.4.3.5): 33 bits of 90 kHz, 6 reserved, 9 bits of 27 MHz.
fn write_pcr(out: &mut [u8], base: u64, extension: u64) {
    let field = (base & 0x1_ffff_ffff) << 15 | 0x7e00 | extension;
    out.copy_from_slice(&field.to_be_bytes()[2..]);
}

/// PTS or DTS (2.4.3.7): 33 bits in three parts, each followed by a marker bit.
fn write_stamp(out: &mut [u8], prefix: u8, time: u64) {
    out[0] = prefix | (time >> 29 & 0x0e) as u8 | 1;
    out[1] = (time >> 22) as u8;
    out[2] = (time >> 14 & 0xfe) as u8 | 1;
    out[3] = (time >> 7) as u8;
    out[4] = (time << 1 & 0xfe) as u8 | 1;
}
