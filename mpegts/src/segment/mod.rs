//! Cuts a transport stream into HLS segments (RFC 8216, 3.2).
//!
//! ```text
//!  video  ──I──p──p──p──I──p──p──p──I──    cut at the first access point that is late enough, else at any unit
//!  audio  ─[aaaa][aaaa][aaaa][aaaa][aa     units are not cut: the rest of an open one goes to the segment that closes
//!                      ▲
//!  closing ────────────┤PAT PMT I ─ growing ─ PAT PMT ─ ...       tables are ours, each half second
//! ```
//!
//! A segment holds the packets of one program and no others. None of them is lost, doubled or put into another order on
//! its PID, except where nothing can be decoded: before the first access point, and behind a break of the time line until
//! the next one. Lengths are differences of decode times, so they add up exactly.
//!
//! Pure: no I/O, no clock of its own. Memory: the segment that grows, the one that closes, each at most [`LARGEST`], and
//! the packets of which it is not known yet whether they begin an access point.

mod growing;
mod lead;
mod line;
mod tables;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Timestamp, duration, ticks};
use crate::codec::Kind;
use crate::continuity::Continuity;
use crate::packet::{PACKET, Packet, Pid};
use crate::pes;
use crate::pid_map::PidMap;
use crate::program::Program;
use crate::sequence;
use crate::tracker::{AccessPoint, Tracker};
use growing::{Closing, Growing};
use lead::Lead;
use line::Line;
use tables::Tables;

/// A segment that would be larger than this is thrown away, and the next begins after a discontinuity.
pub const LARGEST: usize = 64 * 1024 * 1024;
/// Access points come a little early or late.
const TOLERANCE: i64 = Timestamp::HZ / 4;
/// Sound without pictures is cut this often: every unit of it is an access point.
const SOUND: i64 = 6 * Timestamp::HZ;
/// How long a segment that ended waits for the rest of its units.
const STRAGGLERS: i64 = Timestamp::HZ;
/// Nobody can play a segment shorter than this.
const SHORTEST: i64 = Timestamp::HZ / 10;
/// Where an access point did not come in time, or the one after next will not, a segment ends at the next one if it is this
/// long by then.
const EARLY: i64 = Timestamp::HZ / 2;
/// A segment may be longer than `most` by this: so much is still rounded down.
const ROUNDING: i64 = Timestamp::HZ / 20;
/// Packets of a stream in a row after which it counts as scrambled.
const SCRAMBLED: u32 = 200;

/// A finished segment.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Whole packets: PAT, PMT, and then as [`Segment::independent`] says.
    pub bytes: Vec<u8>,
    /// Its length in ticks of 90 kHz.
    pub ticks: i64,
    /// Its time line, or what it is made of, has nothing to do with that of the one before.
    pub discontinuity: bool,
    /// It begins with an access point.
    pub independent: bool,
    /// What it is made of.
    pub program: Arc<Program>,
    /// What the video decoder is set up with, as far as it was seen: see [`sequence::parameters`].
    pub parameters: Option<Vec<u8>>,
}

impl Segment {
    /// Its length, to be written into a playlist.
    pub fn duration(&self) -> Duration {
        duration(self.ticks)
    }
}

/// Cuts one channel.
#[derive(Debug)]
pub struct Segmenter {
    /// Ticks of 90 kHz after which a segment ends at the next access point.
    target: i64,
    tracker: Tracker,
    /// Packets of which it is not known yet whether they begin an access point,
    held: Vec<u8>,
    /// and the number of the first of them.
    first: u64,
    points: VecDeque<AccessPoint>,
    growing: Option<Growing>,
    closing: Option<Closing>,
    tables: Tables,
    lines: PidMap<Line>,
    lead: Lead,
    /// What comes next does not continue what was.
    broken: bool,
    /// A stretch of the leading stream was lost, and nothing of it can be decoded until the next access point.
    skipping: bool,
    scrambled: u32,
    done: Vec<Segment>,
}

impl Segmenter {
    /// For segments that end at the first access point after `target`, 2 to 10 s.
    pub fn new(target: Duration) -> Self {
        Self {
            target: within(target),
            tracker: Tracker::new(),
            held: Vec::new(),
            first: 0,
            points: VecDeque::new(),
            growing: None,
            closing: None,
            tables: Tables::default(),
            lines: PidMap::default(),
            lead: Lead::default(),
            broken: true,
            skipping: false,
            scrambled: 0,
            done: Vec::new(),
        }
    }

    /// From here on segments end at the first access point after `target`, 2 to 10 s.
    pub fn aim(&mut self, target: Duration) {
        self.target = within(target);
    }

    /// Takes the next whole packets, and answers with the segments that are complete now. None becomes longer than
    /// `most` by more than one unit: where the access point after the next one would come too late, it ends at the next
    /// one, and where none comes in time, at any unit.
    pub fn push(&mut self, packets: &[u8], most: Duration) -> Vec<Segment> {
        for packet in crate::packet::packets(packets) {
            self.points.extend(self.tracker.push(packet));
            self.held.extend_from_slice(packet.bytes());
        }
        let sure = self.tracker.undecided().unwrap_or(self.tracker.packets());
        self.settle(sure, ticks(most));
        std::mem::take(&mut self.done)
    }

    /// What is pushed from here on does not continue what came before: another source, or a gap. Answers with what was
    /// growing, as short as it is.
    pub fn splice(&mut self) -> Vec<Segment> {
        self.settle(self.tracker.packets(), i64::MAX);
        self.end(self.lead.end());
        self.close();
        (self.tracker, self.first) = (Tracker::new(), 0);
        self.points.clear();
        self.lead.restart();
        self.scrambled = 0;
        std::mem::take(&mut self.done)
    }

    /// How long the segment is that is growing.
    pub fn lasts(&self) -> Duration {
        let growing = self.growing.as_ref().zip(self.lead.last);
        growing.map_or(Duration::ZERO, |(growing, last)| duration(last.since(growing.start) + self.lead.step))
    }

    /// Whether access points come irregularly: their distances differ by more than a fifth.
    pub fn is_irregular(&self) -> bool {
        self.lead.is_irregular()
    }

    /// Whether what comes is scrambled, so that there will be no segments.
    pub fn is_scrambled(&self) -> bool {
        self.scrambled >= SCRAMBLED
    }

    /// Goes through what is held up to packet number `sure`.
    fn settle(&mut self, sure: u64, most: i64) {
        let held = std::mem::take(&mut self.held);
        let (packets, _) = held.as_chunks::<PACKET>();
        let count = (sure.saturating_sub(self.first) as usize).min(packets.len());
        for (place, packet) in
            packets[..count].iter().enumerate().filter_map(|(n, it)| Some((n, Packet::new(it)?)))
        {
            let number = self.first + place as u64;
            while self.points.pop_front_if(|point| point.packet < number).is_some() {}
            let point = self.points.pop_front_if(|point| point.packet == number);
            self.packet(packet, point, &held[place * PACKET..], most);
        }
        self.first += count as u64;
        self.held = held;
        self.held.drain(..count * PACKET);
    }

    /// The next packet; `point` if it begins an access point, `ahead` begins with it.
    fn packet(&mut self, packet: Packet<'_>, point: Option<AccessPoint>, ahead: &[u8], most: i64) {
        let pid = packet.pid();
        if packet.transport_error() || pid == Pid::NULL {
            return;
        }
        self.watch_for_scrambling(packet);
        let timed = self.growing.as_ref().is_some_and(|growing| growing.program.pcr_pid == pid);
        self.broken |= timed && packet.discontinuity();
        if let Some(point) = point {
            self.point(&point, ahead, most);
        } else if packet.unit_start() && self.leads(pid) {
            let header = pes::Header::read(packet.payload());
            if let Some(time) = header.and_then(|header| header.decode_time()) {
                self.unit(packet, time, most);
            }
        }
        self.route(packet);
    }

    fn leads(&self, pid: Pid) -> bool {
        match (&self.growing, self.tracker.program()) {
            (Some(growing), _) => growing.is_led_by(pid),
            (None, Some(program)) => program.leading().is_some_and(|stream| stream.pid == pid),
            (None, None) => false,
        }
    }

    fn watch_for_scrambling(&mut self, packet: Packet<'_>) {
        if !packet.has_payload() || !self.leads(packet.pid()) {
            return;
        }
        self.scrambled = if packet.scrambled() { self.scrambled.saturating_add(1) } else { 0 };
        if self.is_scrambled() && self.growing.is_some() {
            self.end(self.lead.end());
        }
    }

    /// An access point: perhaps a segment ends before it.
    fn point(&mut self, point: &AccessPoint, ahead: &[u8], most: i64) {
        let Some(time) = point.decode_time().or(point.pcr.map(|pcr| pcr.base())) else { return };
        let leading = point.program.leading();
        let parameters = leading.and_then(|it| sequence::parameters(it.codec, it.pid, ahead));
        let ended = self.lead.end();
        let lasted = self.growing.as_ref().map_or(0, |growing| time.since(growing.start));
        let fits = lasted <= most.saturating_add(ROUNDING);
        let continues = self.lead.unit(time, most) && fits && !self.broken;
        self.lead.point(time, continues);
        self.skipping = false;
        leading.and_then(|it| self.lines.entry(it.pid)).into_iter().for_each(|line| line.damaged = false);
        let (due, changed) = self.growing.as_ref().map_or((true, false), |growing| {
            let next_too_late = self.lead.group().is_some_and(|group| lasted + group > most);
            let early = lasted >= EARLY && (next_too_late || !growing.independent);
            (
                lasted >= self.least(&point.program) || early,
                growing.differs(&point.program, parameters.as_ref()),
            )
        });
        if due || changed || !continues {
            self.broken |= changed || !continues;
            let ended = if continues { Some(time) } else { ended };
            let mut next = Growing::new(point.program.clone(), time, point.pcr, &mut self.tables);
            next.parameters = parameters;
            self.begin(next, ended);
        }
    }

    /// How long a segment of `program` must be to end at an access point.
    fn least(&self, program: &Program) -> i64 {
        match program.leading().map(|stream| stream.codec.kind()) {
            Some(Kind::Audio) => self.target.max(SOUND),
            _ => self.target - TOLERANCE,
        }
    }

    /// A unit of the leading stream that is no access point.
    fn unit(&mut self, packet: Packet<'_>, time: Timestamp, most: i64) {
        let ended = self.lead.end();
        let continues = self.lead.unit(time, most);
        let Some(growing) = &self.growing else {
            self.lead.waiting = self.lead.waiting.filter(|_| continues).or(Some(time));
            let hopeless = self.lead.waiting.is_some_and(|since| time.since(since) >= most);
            let program = self.tracker.program().cloned().filter(|_| hopeless && !self.is_scrambled());
            return program.into_iter().for_each(|program| self.force(program, time));
        };
        let lasted = time.since(growing.start);
        if !continues || self.broken || lasted > most.saturating_add(ROUNDING) {
            return self.end(ended);
        }
        let damaged = self.lines.get(packet.pid()).is_some_and(|line| line.is_damaged(packet));
        self.skipping |= damaged && self.lead.step > Timestamp::HZ;
        // The next unit might come too late for the length to be rounded down to what the playlist says.
        if lasted >= most || lasted + self.lead.step >= most.saturating_add(ROUNDING) {
            self.force(growing.program.clone(), time);
        } else if lasted >= STRAGGLERS {
            self.close();
        }
    }

    /// A segment begins with a unit that is no access point.
    fn force(&mut self, program: Arc<Program>, time: Timestamp) {
        let mut next = Growing::new(program, time, self.tracker.pcr(), &mut self.tables);
        next.independent = false;
        self.begin(next, Some(time));
    }

    /// `next` takes what comes; what was growing has `ended`.
    fn begin(&mut self, mut next: Growing, ended: Option<Timestamp>) {
        next.discontinuity = std::mem::take(&mut self.broken);
        self.lead.waiting = None;
        match self.growing.take() {
            Some(before) => {
                if next.parameters.is_none() && !next.discontinuity {
                    next.parameters.clone_from(&before.parameters);
                }
                self.retire(before, ended);
            }
            // Nobody has got the beginning of the units that are under way.
            None => self.lines.values_mut().for_each(Line::join),
        }
        self.growing = Some(next);
    }

    /// What was growing has `ended`, and nothing continues it.
    fn end(&mut self, ended: Option<Timestamp>) {
        if let Some(growing) = self.growing.take() {
            self.retire(growing, ended);
        }
        self.broken = true;
    }

    /// A segment grows no more, but may wait for the rest of its units.
    fn retire(&mut self, segment: Growing, ended: Option<Timestamp>) {
        self.close();
        let ticks = ended.map_or(0, |ended| ended.since(segment.start));
        if ticks < SHORTEST {
            return self.broken = true;
        }
        let waits = |(pid, line): (Pid, &Line)| {
            (line.is_open() && segment.carries(pid) && !segment.is_led_by(pid)).then_some(pid)
        };
        let waiting: Vec<Pid> = self.lines.iter().filter_map(waits).collect();
        self.closing = Some(Closing { segment, ticks, waiting });
        self.close_if_whole();
    }

    fn close_if_whole(&mut self) {
        if self.closing.as_ref().is_some_and(|closing| closing.waiting.is_empty()) {
            self.close();
        }
    }

    fn close(&mut self) {
        self.done.extend(self.closing.take().map(Closing::finish));
    }

    /// Gives the packet to the segment that it belongs to.
    fn route(&mut self, packet: Packet<'_>) {
        let pid = packet.pid();
        let waiting =
            self.closing.as_ref().and_then(|closing| closing.waiting.iter().position(|it| *it == pid));
        let carried = self.growing.as_ref().is_some_and(|growing| growing.carries(pid));
        let line = if carried || waiting.is_some() { self.lines.entry(pid) } else { None };
        let Some(line) = line else { return };
        let lost = line.pass(packet) == Continuity::Jump;
        let (open, begun) = (line.is_open(), line.begun());
        if let (Some(place), Some(closing)) = (waiting, &mut self.closing) {
            let rest = !packet.unit_start();
            if rest && !lost {
                closing.segment.bytes.extend_from_slice(packet.bytes());
            }
            if !rest || !open || lost || closing.segment.bytes.len() > LARGEST {
                closing.waiting.swap_remove(place);
                self.close_if_whole();
            }
            if rest {
                return;
            }
        }
        let Some(growing) = self.growing.as_mut().filter(|_| begun || !packet.has_payload()) else { return };
        if carried && !(self.skipping && growing.is_led_by(pid)) {
            growing.push(packet, &mut self.tables);
        }
        if growing.bytes.len() > LARGEST {
            (self.growing, self.broken) = (None, true);
        }
    }
}

/// A length to aim at.
fn within(target: Duration) -> i64 {
    ticks(target).clamp(2 * Timestamp::HZ, 10 * Timestamp::HZ)
}
