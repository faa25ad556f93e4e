//! Builds small transport streams by hand: dummy slices are enough, because only headers are looked at.
#![allow(dead_code)] // each test file uses its share

pub(crate) mod analyser;

use mpegts::psi::{Pat, Pmt, PmtEntry, packetise};
use mpegts::{PACKET, Pcr, Pid, SYNC, Timestamp};

pub(crate) const PMT: Pid = Pid::new(0x1000);
pub(crate) const VIDEO: Pid = Pid::new(0x100);
pub(crate) const AUDIO: Pid = Pid::new(0x101);
pub(crate) const FRAME: u64 = 3600;

pub(crate) const H264: u8 = 0x1B;
pub(crate) const HEVC: u8 = 0x24;
pub(crate) const MPEG2: u8 = 0x02;
pub(crate) const AAC: u8 = 0x0F;

/// Writes packets and keeps the counters.
#[derive(Default)]
pub(crate) struct Mux {
    pub(crate) bytes: Vec<u8>,
    counters: std::collections::HashMap<Pid, u8>,
}

/// A PES packet to write.
#[derive(Clone)]
pub(crate) struct Unit<'a> {
    pub(crate) pid: Pid,
    pub(crate) stream_id: u8,
    pub(crate) pts: Option<u64>,
    pub(crate) dts: Option<u64>,
    pub(crate) pcr: Option<Pcr>,
    pub(crate) random_access: bool,
    pub(crate) payload: &'a [u8],
    /// Payload bytes in the first packet, to put a border where it hurts.
    pub(crate) first: usize,
}

impl Default for Unit<'_> {
    fn default() -> Self {
        Self {
            pid: VIDEO,
            stream_id: 0xE0,
            pts: None,
            dts: None,
            pcr: None,
            random_access: false,
            payload: &[],
            first: 184,
        }
    }
}

impl Mux {
    /// A stream that begins with the tables of a program of `streams`, the first of which carries the clock.
    pub(crate) fn of(streams: &[(Pid, u8)]) -> Self {
        let mut mux = Self::default();
        mux.tables(streams);
        mux
    }

    pub(crate) fn tables(&mut self, streams: &[(Pid, u8)]) {
        self.tables_on(PMT, streams);
    }

    pub(crate) fn tables_on(&mut self, pmt_pid: Pid, streams: &[(Pid, u8)]) {
        self.section(Pid::PAT, &pat(&[(1, pmt_pid)]).write());
        self.section(pmt_pid, &pmt(1, streams).write());
    }

    pub(crate) fn section(&mut self, pid: Pid, section: &[u8]) {
        let counter = self.counters.entry(pid).or_default();
        *counter = packetise(pid, section, *counter, &mut self.bytes);
    }

    pub(crate) fn pes(&mut self, unit: &Unit<'_>) {
        let pes = [&header(unit)[..], unit.payload].concat();
        let mut rest = &pes[..];
        let mut first = true;
        while first || !rest.is_empty() {
            let mut adaptation = Vec::new();
            if first && (unit.random_access || unit.pcr.is_some()) {
                adaptation.push(u8::from(unit.random_access) << 6 | u8::from(unit.pcr.is_some()) << 4);
                adaptation.extend(unit.pcr.iter().flat_map(|pcr| pcr_bytes(*pcr)));
            }
            let most = if adaptation.is_empty() { 184 } else { 183 - adaptation.len() };
            let (now, later) = rest.split_at(rest.len().min(if first { most.min(unit.first) } else { most }));
            self.packet(unit.pid, first, adaptation, now);
            (rest, first) = (later, false);
        }
    }

    /// One packet, padded with an adaptation field.
    pub(crate) fn packet(&mut self, pid: Pid, start: bool, mut adaptation: Vec<u8>, payload: &[u8]) {
        let counter = self.counters.entry(pid).or_default();
        let [high, low] = pid.get().to_be_bytes();
        let stuffing = 184 - payload.len();
        let control = u8::from(!payload.is_empty()) << 4 | u8::from(stuffing > 0) << 5;
        self.bytes.extend([SYNC, high | u8::from(start) << 6, low, control | *counter]);
        if stuffing > 0 {
            self.bytes.push(stuffing as u8 - 1);
            if stuffing > 1 && adaptation.is_empty() {
                adaptation.push(0);
            }
            adaptation.resize(stuffing - 1, 0xFF);
            self.bytes.extend(adaptation);
        }
        self.bytes.extend(payload);
        if !payload.is_empty() {
            *counter = (*counter + 1) & 15;
        }
        assert_eq!(self.bytes.len() % PACKET, 0);
    }
}

pub(crate) fn pat(programs: &[(u16, Pid)]) -> Pat {
    Pat { transport: 7, version: 0, programs: programs.to_vec() }
}

pub(crate) fn pmt(number: u16, streams: &[(Pid, u8)]) -> Pmt {
    let entry = |&(pid, stream_type): &(Pid, u8)| PmtEntry { stream_type, pid, descriptors: Vec::new() };
    let pcr_pid = streams.first().map_or(Pid::NULL, |(pid, _)| *pid);
    let entries = streams.iter().map(entry).collect();
    Pmt { number, version: 0, pcr_pid, descriptors: Vec::new(), entries }
}

fn header(unit: &Unit<'_>) -> Vec<u8> {
    let flags = u8::from(unit.pts.is_some()) << 7 | u8::from(unit.dts.is_some()) << 6;
    let times = [unit.pts, unit.dts].map(|time| time.map_or(vec![], time_bytes)).concat();
    // Only video may leave its length open.
    let length =
        if unit.stream_id & 0xF0 == 0xE0 { 0 } else { (3 + times.len() + unit.payload.len()) as u16 };
    let [high, low] = length.to_be_bytes();
    let mut bytes = vec![0, 0, 1, unit.stream_id, high, low, 0x80, flags, times.len() as u8];
    bytes.extend(times);
    bytes
}

fn time_bytes(ticks: u64) -> Vec<u8> {
    let ticks = Timestamp::new(ticks).ticks();
    let (a, b, c) = (ticks >> 30, ticks >> 15 & 0x7FFF, ticks & 0x7FFF);
    vec![0x21 | (a as u8) << 1, (b >> 7) as u8, (b << 1) as u8 | 1, (c >> 7) as u8, (c << 1) as u8 | 1]
}

fn pcr_bytes(pcr: Pcr) -> [u8; 6] {
    let bits = pcr.base().ticks() << 15 | 0x7E00 | u64::from(pcr.extension());
    let [_, _, rest @ ..] = bits.to_be_bytes();
    rest
}

/// `frames` pictures of video with sound, an IDR each `group`, the first at `start` of 90 kHz; tables before each group.
pub(crate) fn television(start: u64, frames: u64, group: u64) -> Vec<u8> {
    Channel { start, frames, group, ..Channel::default() }.write()
}

/// A television channel to write.
pub(crate) struct Channel {
    pub(crate) pmt: Pid,
    pub(crate) video: Pid,
    pub(crate) audio: Pid,
    /// Decode time of the first picture.
    pub(crate) start: u64,
    pub(crate) frames: u64,
    /// Pictures from one IDR to the next.
    pub(crate) group: u64,
    /// Pictures by which a unit comes before it is decoded,
    pub(crate) ahead: u64,
    /// and by which the sound is later than the picture it comes with.
    pub(crate) sound_later: u64,
}

impl Default for Channel {
    fn default() -> Self {
        let (pmt, video, audio) = (PMT, VIDEO, AUDIO);
        Self { pmt, video, audio, start: 0, frames: 50, group: 10, ahead: 2, sound_later: 0 }
    }
}

impl Channel {
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut mux = Mux::default();
        for frame in 0..self.frames {
            let time = self.start + frame * FRAME;
            let entry = frame % self.group == 0;
            if entry {
                mux.tables_on(self.pmt, &[(self.video, H264), (self.audio, AAC)]);
            }
            let slice = if entry { [0, 0, 1, 0x65] } else { [0, 0, 1, 0x41] };
            let payload = [&slice[..], &[0xAA; 900]].concat();
            let clock = Timestamp::new(time + Timestamp::MODULUS - self.ahead * FRAME);
            mux.pes(&Unit {
                pid: self.video,
                pts: Some(time + FRAME),
                dts: Some(time),
                pcr: Some(Pcr::from(clock).plus(123)),
                payload: &payload,
                ..Unit::default()
            });
            let sound = [0xFF, 0xF1, 0x50, 0x80, 0, 0, 0];
            let (pid, pts) = (self.audio, Some(time + self.sound_later * FRAME));
            mux.pes(&Unit { pid, stream_id: 0xC0, pts, payload: &sound, ..Unit::default() });
        }
        mux.bytes
    }
}
