//! One unbroken clock over a seam: a clip that starts again, another source after a failure.
//!
//! PTS, DTS, PCR and OPCR are moved by one offset and continuity counters go on per PID, in place. Errors of the
//! source inside a piece are passed on as they are.
//!
//! Not moved: a time in a PES header that goes on in the next packet ([`Restamper::unmoved`] counts them), and times
//! inside payloads, such as those of SCTE 35.

use crate::clock::{Pcr, Timestamp};
use crate::packet::{PACKET, Packet, PacketMut, Pid, packets};
use crate::pes;
use crate::pid_map::PidMap;
use crate::program::Program;
use crate::tracker::AccessPoint;

/// The duration of a frame that is assumed until one was seen: 25 a second.
const FRAME: i64 = Timestamp::HZ / 25;
/// Steps between two units that are believed to be the duration of a frame are shorter than this,
const LONGEST_FRAME: i64 = Timestamp::HZ;
/// and clocks further apart than this are not compared.
const LONGEST_DELAY: i64 = 10 * Pcr::HZ;

/// Moves the clocks of a stream that is put together from pieces. Give it every packet that goes out.
#[derive(Clone, Debug, Default)]
pub struct Restamper {
    /// Ticks of 90 kHz, not negative.
    offset: i64,
    lines: PidMap<Line>,
    leading: Option<Pid>,
    pcr_pid: Option<Pid>,
    last: Last,
    unmoved: u64,
}

/// The counter of one PID as it goes out.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    /// What is added to the source's counter.
    shift: u8,
    last: Option<u8>,
    /// A piece has begun and no packet with payload has come since.
    fresh: bool,
}

/// What went out last on the leading stream.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    decode: Option<Timestamp>,
    frame: Option<i64>,
    pcr: Option<Pcr>,
}

impl Restamper {
    /// Changes nothing until the first seam.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells which stream is measured by, for a seam to come: that of the pictures, else of the sound.
    pub fn follow(&mut self, program: &Program) {
        self.leading = program.leading().map(|stream| stream.pid);
        self.pcr_pid = Some(program.pcr_pid);
    }

    /// The next packet is the first of another piece, whose first unit is that of `start`: it will be decoded one frame
    /// after the last unit that went out. Where that would turn the clock reference back (the new source has it further
    /// ahead of its pictures), the piece begins as much later.
    pub fn splice(&mut self, start: &AccessPoint) {
        self.follow(&start.program);
        self.begin_piece();
        let frame = self.last.frame.unwrap_or(FRAME);
        let (Some(last), Some(first)) = (self.last.decode, start.decode_time()) else { return };
        let mut offset = last.plus(frame).since(first);
        if let (Some(last), Some(first)) = (self.last.pcr, start.pcr) {
            let back = last.since(first.plus(offset * Pcr::PER_TIMESTAMP));
            if (0..LONGEST_DELAY).contains(&back) {
                offset += back / Pcr::PER_TIMESTAMP + 1;
            }
        }
        self.set_offset(offset);
    }

    /// The next packet is the first of a clip that is `ticks` of 90 kHz long, once more: see [`length`].
    pub fn again(&mut self, ticks: i64) {
        self.begin_piece();
        self.set_offset(self.offset.saturating_add(ticks));
    }

    /// Ticks of 90 kHz that are added now, modulo 2^33.
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// PES headers whose times could not be moved, because they went on in the next packet.
    pub fn unmoved(&self) -> u64 {
        self.unmoved
    }

    /// Rewrites whole packets in place.
    pub fn apply(&mut self, packets: &mut [u8]) {
        let (packets, _) = packets.as_chunks_mut::<PACKET>();
        packets.iter_mut().filter_map(PacketMut::new).for_each(|packet| self.packet(packet));
    }

    fn begin_piece(&mut self) {
        self.lines.values_mut().for_each(|line| line.fresh = line.last.is_some());
    }

    fn set_offset(&mut self, offset: i64) {
        self.offset = offset.rem_euclid(Timestamp::MODULUS as i64);
    }

    fn packet(&mut self, mut packet: PacketMut<'_>) {
        let pid = packet.view().pid();
        if pid == Pid::NULL || packet.view().transport_error() {
            return;
        }
        if let Some(line) = self.lines.entry(pid) {
            let counter = line.next(packet.view());
            packet.set_continuity_counter(counter);
        }
        if packet.view().adaptation().is_some() {
            self.move_references(pid, &mut packet);
        }
        if packet.view().unit_start() && !packet.view().scrambled() && pes::starts(packet.view().payload()) {
            self.move_times(pid, packet.payload_mut());
        }
    }

    fn move_references(&mut self, pid: Pid, packet: &mut PacketMut<'_>) {
        if self.offset != 0 {
            packet.shift_references(self.offset * Pcr::PER_TIMESTAMP);
        }
        if self.pcr_pid == Some(pid) {
            self.last.pcr = packet.view().pcr().or(self.last.pcr);
        }
    }

    fn move_times(&mut self, pid: Pid, payload: &mut [u8]) {
        let moved = pes::shift(payload, self.offset);
        self.unmoved += u64::from(moved.is_none() && pes::has_times(payload));
        if self.leading == Some(pid)
            && let Some(now) = moved.and_then(|header| header.decode_time())
        {
            self.last.unit(now);
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
        let counter = (counter + self.shift) & 0x0F;
        if packet.has_payload() {
            self.last = Some(counter);
        }
        counter
    }
}

impl Last {
    fn unit(&mut self, now: Timestamp) {
        let step = self.decode.map(|last| now.since(last)).filter(|step| (1..LONGEST_FRAME).contains(step));
        self.frame = step.or(self.frame);
        self.decode = Some(now);
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
