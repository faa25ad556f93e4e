//! One stream over a seam: a clip that starts again, another source after a failure.
//!
//! ```text
//!               restamp: one unbroken clock                  flag: the clock jumps, and says so
//!  ... old piece │ PAT PMT │ access point ...     ... old piece │ D D │ PAT PMT │ access point ...
//!                  version + 1 if they say                        one packet for each PID that goes on, that of
//!                  something else                                 the clock first: discontinuity_indicator
//! ```
//!
//! Either way continuity counters go on per PID and versions of tables per table, in place. Restamped, PTS, DTS, PCR and
//! OPCR are moved by one offset, so that the first unit is decoded and shown one frame after the last: pictures come in
//! the order in which they are decoded, and where a piece breaks off, one may be there that is shown behind some that are
//! not. The rest of what was heard already is left out. Errors of the source inside a piece are passed on as they are.
//!
//! Not moved: a time in a PES header that goes on in the next packet ([`Restamper::unmoved`] counts them), and times
//! inside payloads, such as those of SCTE 35.

mod lead;
mod version;

use crate::clock::{Pcr, Timestamp};
use crate::packet::{PACKET, Packet, PacketMut, Pid, discontinuity_packet, packets};
use crate::pes;
use crate::pid_map::PidMap;
use crate::program::Program;
use crate::tracker::AccessPoint;
use lead::Lead;
use version::Versions;

/// The duration of a frame that is assumed until one was seen: 25 a second.
const FRAME: i64 = Timestamp::HZ / 25;
/// Steps between two units that are believed to be the duration of a frame are shorter than this,
const LONGEST_FRAME: i64 = Timestamp::HZ;
/// and clocks further apart than this are not compared.
const LONGEST_DELAY: i64 = 10 * Pcr::HZ;
/// A clock may step ahead by this much at a seam: analysers call more a jump (ETSI TR 101 290, 5.2.2).
const LONGEST_STEP: i64 = Pcr::HZ / 10;
/// How far a clock is turned on where it would step further: the next reference may come some time later.
const STEP: i64 = Pcr::HZ / 1000;
/// Sound that would be heard a second time is left out, if it is no more than this.
const LONGEST_OVERLAP: i64 = 2 * Timestamp::HZ;
/// Times of units that follow each other may be rounded by this much: half a millisecond.
const ROUNDING: i64 = Timestamp::HZ / 2000;
/// A picture is shown at most this long after others that were decoded later: 16 pictures (ISO/IEC 14496-10, A.3.1).
const LONGEST_REORDERING: i64 = 2 * Timestamp::HZ;

/// Moves the clocks of a stream that is put together from pieces. Give it every packet that goes out.
#[derive(Clone, Debug, Default)]
pub struct Restamper {
    /// Ticks of 90 kHz, not negative.
    offset: i64,
    /// Ticks of 27 MHz that are added to references, not negative: the same, but for what they would jump by.
    clock_offset: i64,
    lines: PidMap<Line>,
    program: Option<Program>,
    /// The stream of `program` by which times are measured.
    leading: Option<Pid>,
    pat: Versions,
    pmt: Versions,
    last: Last,
    lead: Option<Lead>,
    unmoved: u64,
}

/// One PID as it goes out.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    /// What is added to the source's counter.
    shift: u8,
    last: Option<u8>,
    /// A piece has begun and no packet with payload has come since.
    fresh: bool,
    /// When the last unit is decoded,
    decode: Option<Timestamp>,
    /// and how long after the one before it.
    step: Option<i64>,
    overlap: Overlap,
}

/// Whether a stream of the piece that begins repeats what went out already.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Overlap {
    #[default]
    None,
    /// The next unit will tell.
    Perhaps,
    /// This unit does.
    Here,
}

/// What went out last on the leading stream.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    decode: Option<Timestamp>,
    /// When the one that is shown last is shown.
    shown: Option<Timestamp>,
    /// The last two steps between units; one of them may have lost some.
    steps: [Option<i64>; 2],
    pcr: Option<Pcr>,
}

/// The earliest times of a unit.
struct Next {
    decode: Timestamp,
    shown: Timestamp,
}

impl Restamper {
    /// Changes nothing until the first seam.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells what the stream is made of now, for a seam to come: times are measured by its pictures, else its sound,
    /// and its tables are those that a later piece goes on from.
    pub fn follow(&mut self, program: &Program) {
        if self.program.as_ref() != Some(program) {
            self.leading = program.leading().map(|stream| stream.pid);
            self.program = Some(program.clone());
        }
    }

    /// The next packet is the first of another piece, whose first unit is that of `start`: it will be decoded one frame
    /// after the last unit that went out, and shown one frame after all of them. `sound` is when some unit of its sound is
    /// heard, if that is known: the piece begins so much later that a unit of sound begins where the last one ended, if
    /// that is half a unit at most. Where it would turn the clock reference back (the new source has it further ahead of
    /// its pictures), the piece begins as much later; where it would make it jump, it steps by less.
    pub fn splice(&mut self, start: &AccessPoint, sound: Option<Timestamp>) {
        self.begin(start);
        self.lines.values_mut().for_each(|line| line.overlap = Overlap::Perhaps);
        let (Some(next), Some(first)) = (self.last.next(), start.decode_time()) else { return };
        let mut offset = next.decode.since(first);
        let hidden = start.pts.map_or(0, |first| next.shown.since(first.plus(offset)));
        if (0..LONGEST_REORDERING).contains(&hidden) {
            offset += hidden;
        }
        let clocks = self.last.pcr.zip(start.pcr);
        let step =
            |offset: i64| clocks.map(|(last, first)| first.plus(offset * Pcr::PER_TIMESTAMP).since(last));
        if let Some(back) = step(offset).filter(|step| (-LONGEST_DELAY..=0).contains(step)) {
            offset += -back / Pcr::PER_TIMESTAMP + 1;
        }
        offset += sound.and_then(|sound| self.early(start, sound.plus(offset))).unwrap_or(0);
        self.set_offset(offset);
        let far = step(offset).filter(|step| (LONGEST_STEP..LONGEST_DELAY).contains(step));
        self.clock_offset -= far.map_or(0, |step| step - STEP);
    }

    /// The same without moving any clock: the piece keeps its own, and `out` gets the packets that announce the jump,
    /// which go before everything else of the piece. They are finished: do not [`Restamper::apply`] them.
    pub fn flag(&mut self, start: &AccessPoint, out: &mut Vec<u8>) {
        self.begin(start);
        self.set_offset(0);
        self.last = Last::default();
        let Program { pcr_pid, streams, .. } = &*start.program;
        let others = streams.iter().map(|stream| stream.pid).filter(|pid| pid != pcr_pid);
        for pid in std::iter::once(*pcr_pid).chain(others) {
            // Where nothing went out before, there is nothing to jump from.
            if let Some(last) = self.lines.get(pid).and_then(|line| line.last) {
                out.extend_from_slice(&discontinuity_packet(pid, last));
            }
        }
    }

    /// The next packet is the first of a clip that is `ticks` of 90 kHz long, once more: see [`length`].
    pub fn again(&mut self, ticks: i64) {
        let late = self.offset * Pcr::PER_TIMESTAMP - self.clock_offset;
        self.begin_piece();
        self.set_offset(self.offset.saturating_add(ticks));
        self.clock_offset -= late; // as it was, or the clock would jump by it after all
    }

    /// Ticks of 90 kHz that are added now, modulo 2^33.
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// PES headers whose times could not be moved, because they went on in the next packet.
    pub fn unmoved(&self) -> u64 {
        self.unmoved
    }

    /// Rewrites whole packets in place. One that belongs to what was heard already, or to a picture that cannot be decoded
    /// behind the seam, becomes a null packet.
    pub fn apply(&mut self, packets: &mut [u8]) {
        let (packets, _) = packets.as_chunks_mut::<PACKET>();
        packets.iter_mut().filter_map(PacketMut::new).for_each(|packet| self.packet(packet));
    }

    /// Another source begins.
    fn begin(&mut self, start: &AccessPoint) {
        let now = &*start.program;
        self.lead = Lead::of(start);
        if let Some(before) = self.program.take() {
            self.pat.go_on(&before.pat, &now.pat, false);
            self.pmt.go_on(&before.pmt, &now.pmt, before.pmt_pid != now.pmt_pid);
            let sound = [before.audio(), now.audio()].map(|stream| stream.map(|stream| stream.pid));
            if let [Some(before), Some(now)] = sound {
                let heard = self.lines.get(before).map(|line| (line.decode, line.step));
                let line = self.lines.entry(now);
                heard.zip(line).into_iter().for_each(|(heard, line)| (line.decode, line.step) = heard);
            }
        }
        self.follow(now);
        self.begin_piece();
    }

    /// How much too early a unit of the sound of `start` begins, if one of them is heard at `sound`: at most half a unit.
    fn early(&self, start: &AccessPoint, sound: Timestamp) -> Option<i64> {
        let line = self.lines.get(start.program.audio()?.pid)?;
        let (end, step) = (line.decode?.plus(line.step?), line.step?);
        let distance = Some(end.since(sound)).filter(|distance| distance.abs() < LONGEST_OVERLAP)?;
        Some(distance.rem_euclid(step)).filter(|early| *early <= step / 2)
    }

    fn begin_piece(&mut self) {
        self.lines.values_mut().for_each(|line| line.fresh = line.last.is_some());
    }

    fn set_offset(&mut self, offset: i64) {
        self.offset = offset.rem_euclid(Timestamp::MODULUS as i64);
        self.clock_offset = self.offset * Pcr::PER_TIMESTAMP;
    }

    fn packet(&mut self, mut packet: PacketMut<'_>) {
        let pid = packet.view().pid();
        if pid == Pid::NULL || packet.view().transport_error() {
            return;
        }
        let clock = self.program.as_ref().is_some_and(|program| program.pcr_pid == pid);
        let leads = self.leading == Some(pid);
        if let Some(line) = self.lines.entry(pid) {
            if !leads && !clock && line.repeats(packet.view(), self.offset) {
                return packet.blank();
            }
            if leads && self.lead.as_mut().is_some_and(|lead| lead.drops(packet.view())) {
                line.shift = line.shift.wrapping_sub(u8::from(packet.view().has_payload())) & 0x0F;
                if packet.view().pcr().is_none() {
                    return packet.blank();
                }
                packet.strip();
            }
            let counter = line.next(packet.view());
            packet.set_continuity_counter(counter);
        }
        if packet.view().adaptation().is_some() {
            if self.clock_offset != 0 {
                packet.shift_references(self.clock_offset);
            }
            self.last.pcr = packet.view().pcr().filter(|_| clock).or(self.last.pcr);
        }
        if packet.view().unit_start() && !packet.view().scrambled() && pes::starts(packet.view().payload()) {
            self.move_times(pid, leads, packet.payload_mut());
        } else if pid == Pid::PAT {
            self.pat.apply(0x00, &mut packet);
        } else if self.program.as_ref().is_some_and(|program| program.pmt_pid == pid) {
            self.pmt.apply(0x02, &mut packet);
        }
    }

    fn move_times(&mut self, pid: Pid, leads: bool, payload: &mut [u8]) {
        let moved = pes::shift(payload, self.offset);
        self.unmoved += u64::from(moved.is_none() && pes::has_times(payload));
        let Some(now) = moved.and_then(|header| header.decode_time()) else { return };
        self.lines.entry(pid).into_iter().for_each(|line| line.unit(now));
        if leads {
            self.last.unit(now, moved.and_then(|header| header.pts).unwrap_or(now));
        }
    }
}

impl Line {
    /// The counter with which the packet goes out.
    fn next(&mut self, packet: Packet<'_>) -> u8 {
        let counter = packet.continuity_counter();
        if let (true, Some(last)) = (self.fresh, self.last) {
            if !packet.has_payload() {
                return last;
            }
            self.fresh = false;
            self.shift = (last + 1).wrapping_sub(counter) & 0x0F;
        }
        let counter = counter.wrapping_add(self.shift) & 0x0F;
        if packet.has_payload() {
            self.last = Some(counter);
        }
        counter
    }

    fn unit(&mut self, now: Timestamp) {
        self.step = self.decode.map(|last| now.since(last)).filter(|step| (1..LONGEST_FRAME).contains(step));
        self.decode = Some(now);
    }

    /// Whether the packet belongs to a unit that, moved by `offset`, begins before the last one of the old piece is over.
    fn repeats(&mut self, packet: Packet<'_>, offset: i64) -> bool {
        if self.overlap == Overlap::None || !packet.has_payload() {
            return false;
        }
        if packet.unit_start() {
            let header = pes::Header::read(packet.payload());
            let now = header.and_then(|header| header.decode_time()).map(|time| time.plus(offset));
            let back = self.decode.zip(now).map(|(last, now)| last.since(now));
            let length = self.step.unwrap_or(0);
            let heard = back.is_some_and(|back| (ROUNDING..LONGEST_OVERLAP).contains(&(back + length)));
            self.overlap = if heard { Overlap::Here } else { Overlap::None };
        }
        self.overlap == Overlap::Here
    }
}

impl Last {
    fn unit(&mut self, now: Timestamp, shown: Timestamp) {
        let step = self.decode.map(|last| now.since(last)).filter(|step| (1..LONGEST_FRAME).contains(step));
        if step.is_some() {
            self.steps = [self.steps[1], step];
        }
        self.decode = Some(now);
        // What is far ahead of it was the time before a jump of the source.
        let behind = self.shown.filter(|last| (0..LONGEST_REORDERING).contains(&last.since(shown)));
        self.shown = behind.or(Some(shown));
    }

    /// When the unit that comes next is decoded and shown at the earliest.
    fn next(&self) -> Option<Next> {
        let frame = self.steps.into_iter().flatten().min().unwrap_or(FRAME);
        Some(Next { decode: self.decode?.plus(frame), shown: self.shown?.plus(frame) })
    }
}

/// How long a clip of whole packets lasts, in ticks of 90 kHz: from its first unit of pictures to its last and one frame
/// more; of sound, if there are no pictures. `None` if there are no two units with times.
///
/// Make the sound of a clip end with its pictures, or every seam has a gap or an overlap of the difference.
pub fn length(clip: &[u8]) -> Option<i64> {
    let mut spans = PidMap::<Span>::default();
    for packet in packets(clip).filter(|packet| packet.unit_start()) {
        let Some(header) = pes::Header::read(packet.payload()) else { continue };
        if let (Some(time), Some(span)) = (header.decode_time(), spans.entry(packet.pid())) {
            span.video = matches!(header.stream_id, 0xE0..=0xEF);
            span.unit(time);
        }
    }
    let spans = spans.iter().map(|(_, span)| span).filter(|span| span.total > 0);
    spans.max_by_key(|span| (span.video, span.total)).map(|span| span.total + span.step)
}

/// The time of one stream of a clip.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    video: bool,
    last: Option<Timestamp>,
    total: i64,
    step: i64,
}

impl Span {
    fn unit(&mut self, time: Timestamp) {
        let step = self.last.map_or(0, |last| time.since(last));
        if step > 0 {
            (self.total, self.step) = (self.total + step, step);
        }
        self.last = Some(time);
    }
}
