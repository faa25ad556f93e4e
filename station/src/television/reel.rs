//! One turn of the loop as transport packets, multiplexed once and shared by every channel with the same tone.

use super::clip::{self, LOOP, Unit};
use super::codec::{Make, Sound};
use super::{AUDIO, PMT, VIDEO};

/// The PIDs that have a continuity counter of their own, as indices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Line {
    Pat,
    Pmt,
    Sdt,
    Video,
    Audio,
}

/// One packet of the reel and what has to be written into it before it is sent.
pub(crate) struct Packet {
    pub(crate) line: Line,
    /// Packets of this line before it in the same turn.
    pub(crate) count: u64,
    /// Media bytes; empty where a table of the channel goes.
    pub(crate) bytes: [u8; 188],
    /// The packet carries a program clock reference.
    pub(crate) clock: bool,
    /// Where the PES time stamps are, and what they say in the first turn.
    pub(crate) stamp: Option<Stamp>,
}

/// Time stamps of a PES packet, in 90 kHz.
#[derive(Clone, Copy)]
pub(crate) struct Stamp {
    pub(crate) offset: u8,
    pub(crate) pts: u64,
    pub(crate) dts: Option<u64>,
}

/// One turn of packets without padding.
pub(crate) struct Reel {
    pub(crate) packets: Vec<Packet>,
    /// Packets per line and turn.
    pub(crate) counts: [u64; 5],
    /// Where a decoder can begin: the PAT in front of a key picture (of a frame about every 1.28 s on radio).
    pub(crate) entries: Vec<usize>,
    /// What was multiplexed, in that order.
    pub(crate) units: Vec<(Line, Unit)>,
    /// Per entry, the unit it begins with.
    pub(crate) first_units: Vec<usize>,
    /// By what all time stamps are later than those of the units, 90 kHz.
    pub(crate) delay: u64,
}

/// A table section at least this often, 90 kHz: 0.1 s.
const TABLES: u64 = 9000;
/// A PCR at least every so many packets of the line that carries it: under 40 ms at the clip's own rate.
const fn clock_every(line: Line) -> usize {
    match line {
        Line::Video => 10,
        _ => 1,
    }
}

impl Reel {
    /// The test card, a tone, or both. A tone alone is as late as `like`, so that it fits the pictures of that reel.
    pub(crate) fn new(make: Make, adts: &'static [u8], like: Option<&Self>) -> Self {
        let pictures = make.picture.map(clip::pictures).unwrap_or_default();
        let sound = make.sound.map(|codec| clip::sound(codec, adts)).unwrap_or_default();
        // On radio a decoder can begin at every frame; about as often as at pictures will do.
        let entries = sound.len() / 6;
        let sound = sound.into_iter().enumerate().map(|(place, mut unit)| {
            unit.key = place % entries == 0;
            (Line::Audio, unit)
        });
        let units = pictures.into_iter().map(|unit| (Line::Video, unit)).chain(sound).collect();
        Self::multiplexed(make, units, like.map_or(0, |like| like.delay))
    }

    fn multiplexed(make: Make, mut units: Vec<(Line, Unit)>, least_delay: u64) -> Self {
        units.sort_by_key(|(line, unit)| (unit.dts, *line as u8));
        let clock = if make.picture.is_some() { Line::Video } else { Line::Audio };
        let stream_id = make.sound.map_or(0xc0, Sound::stream_id);
        let mut mux = Mux {
            clock,
            stream_id,
            since_clock: 0,
            packets: Vec::new(),
            counts: [0; 5],
            arrivals: Vec::new(),
        };
        let (mut entries, mut first_units) = (Vec::new(), Vec::new());
        let mut next_tables = 0;
        for (place, (line, unit)) in units.iter().enumerate() {
            let entry = unit.key && *line == clock;
            if entry || unit.dts >= next_tables {
                if entry {
                    entries.push(mux.packets.len());
                    first_units.push(place);
                }
                mux.tables();
                next_tables = unit.dts + TABLES;
            }
            mux.unit(*line, unit, entry);
        }
        let (packets, counts, delay) = mux.finish(least_delay);
        Self { packets, counts, entries, units, first_units, delay }
    }
}

struct Mux {
    clock: Line,
    /// Of sound.
    stream_id: u8,
    since_clock: usize,
    packets: Vec<Packet>,
    counts: [u64; 5],
    /// Per unit: the packet after its last one, and its decoding time.
    arrivals: Vec<(usize, u64)>,
}

impl Mux {
    fn tables(&mut self) {
        for line in [Line::Pat, Line::Pmt, Line::Sdt] {
            self.push(line, [0; 188], false, None);
        }
    }

    fn push(&mut self, line: Line, bytes: [u8; 188], clock: bool, stamp: Option<Stamp>) {
        let count = self.counts[line as usize];
        self.packets.push(Packet { line, count, bytes, clock, stamp });
        self.counts[line as usize] += 1;
    }

    /// One access unit as a PES packet in as many transport packets as it needs.
    fn unit(&mut self, line: Line, unit: &Unit, entry: bool) {
        let stream_id = if line == Line::Video { 0xe0 } else { self.stream_id };
        let (pes, stamps) = pes(line, stream_id, unit);
        let mut rest = &pes[..];
        let mut first = true;
        while !rest.is_empty() {
            let clock = line == self.clock && (first || self.since_clock >= clock_every(line));
            let mut field = Vec::new();
            if clock || (first && entry) {
                field.push(if first && entry { 0x40 } else { 0 } | if clock { 0x10 } else { 0 });
                field.resize(if clock { 7 } else { 1 }, 0);
            }
            let (bytes, payload, taken) = packet(line, first, field, rest);
            rest = &rest[taken..];
            let stamp = first.then(|| Stamp { offset: (payload + 9) as u8, ..stamps });
            self.push(line, bytes, clock, stamp);
            self.since_clock = if clock { 1 } else { self.since_clock + 1 };
            first = false;
        }
        self.arrivals.push((self.packets.len(), unit.dts));
    }

    /// Moves all time stamps back by what a decoder has to wait, so that every unit arrives before its time.
    fn finish(self, least_delay: u64) -> (Vec<Packet>, [u64; 5], u64) {
        let total = self.packets.len() as u64;
        let lateness = |(end, dts): &(usize, u64)| (*end as u64 * LOOP / total).saturating_sub(*dts);
        let delay = self.arrivals.iter().map(lateness).max().unwrap_or(0) + TABLES;
        let delay = delay.max(least_delay);
        let mut packets = self.packets;
        for stamp in packets.iter_mut().filter_map(|packet| packet.stamp.as_mut()) {
            stamp.pts += delay;
            stamp.dts = stamp.dts.map(|dts| dts + delay);
        }
        (packets, self.counts, delay)
    }
}

/// A PES packet with room for its time stamps (ISO/IEC 13818-1, 2.4.3.6).
fn pes(line: Line, stream_id: u8, unit: &Unit) -> (Vec<u8>, Stamp) {
    let video = line == Line::Video;
    let header: u8 = if video { 10 } else { 5 };
    let length = if video { 0 } else { (unit.bytes.len() + 3 + usize::from(header)) as u16 };
    let mut pes = vec![0, 0, 1, stream_id];
    pes.extend(length.to_be_bytes());
    pes.extend([0x84, if video { 0xc0 } else { 0x80 }, header]);
    pes.resize(9 + usize::from(header), 0);
    pes.extend_from_slice(&unit.bytes);
    (pes, Stamp { offset: 0, pts: unit.pts, dts: video.then_some(unit.dts) })
}

/// One transport packet from an adaptation field (without its length) and as much payload as fits.
/// Returns the packet, where its payload begins and how much of `rest` it took.
fn packet(line: Line, first: bool, mut field: Vec<u8>, rest: &[u8]) -> ([u8; 188], usize, usize) {
    let pid = if line == Line::Video { VIDEO } else { AUDIO };
    let mut room = 184 - if field.is_empty() { 0 } else { 1 + field.len() };
    let mut adapted = !field.is_empty();
    if rest.len() < room {
        let mut padding = room - rest.len();
        if !adapted {
            adapted = true;
            padding -= 1; // the length byte
            if padding > 0 {
                field.push(0);
                padding -= 1;
            }
        }
        field.resize(field.len() + padding, 0xff);
        room = rest.len();
    }
    let mut bytes = [0; 188];
    bytes[0] = 0x47;
    bytes[1] = if first { 0x40 } else { 0 } | (pid >> 8) as u8;
    bytes[2] = pid as u8;
    bytes[3] = if adapted { 0x30 } else { 0x10 };
    if adapted {
        bytes[4] = field.len() as u8;
        bytes[5..5 + field.len()].copy_from_slice(&field);
    }
    bytes[188 - room..].copy_from_slice(&rest[..room]);
    (bytes, 188 - room, room)
}

const _: () = assert!(PMT != VIDEO && VIDEO != AUDIO);
