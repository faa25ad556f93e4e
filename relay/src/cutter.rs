//! What an upstream sends, cut into chunks for the feed. Pure: no I/O, no clock of its own.
//!
//! ```text
//! bytes ──▶ Aligner ──▶ pending packets ──▶ Tracker: where does an access point begin?
//!                         │  ▲ packets of which that is not known yet are held back (almost never)
//!                         ▼  │
//!                       Restamper ──▶ Cut { bytes, points }
//! ```
//!
//! What one connection sends is a *piece*. A piece begins with PAT, PMT and an access point: what comes before is
//! dropped. From the second piece on, continuity counters go on from where the last piece broke off, and so do clocks,
//! unless the settings want their jumps announced instead.
//!
//! Everything is parsed once per channel, however many watch. `pending` is bounded by a chunk, one read of the
//! upstream and [`mpegts::access::PACKET_LIMIT`] packets, or [`pending::HELD_BYTES`].
//!
//! What goes out ends with whole units, so that a connection which breaks off tears nothing: a picture that is half there
//! is held back, since nobody can show it, and left out if the rest does not come.

mod early;
mod interlude;
mod line;
mod pending;
mod piece;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use memmap2::MmapOptions;
use mpegts::join::Trim;
use mpegts::sync::Verdict;
use mpegts::{AccessPoint, Aligner, PACKET, Packet, Program, Restamper, Tracker, Unfinished};

use crate::feed::{Cut, Point};
use crate::settings::{Settings, Splice};
use early::Early;
use line::TimeLine;

/// Chunks of this size and more are pages of their own, which the system has back at once. On the allocator's heaps
/// they would leave gaps between what lives longer: a fifth more memory, with 21 channels at 8 Mbit/s. They come all at
/// once, since every one is written: page by page they cost a tenth of what it takes to receive a channel.
const PAGES: usize = 16 << 10;
/// Points closer together than this are of no use to anybody.
const SPACING: Duration = Duration::from_millis(200);

/// Cuts one channel into chunks, piece by piece.
pub(crate) struct Cutter {
    chunk_bytes: usize,
    chunk_time: Duration,
    aligner: Aligner,
    tracker: Tracker,
    restamper: Restamper,
    /// Clocks are left alone, and their jumps announced.
    flagged: bool,
    /// While the streams of a piece begin, one after the other.
    trim: Option<Trim>,
    scratch: Vec<u8>,
    pending: Vec<u8>,
    /// How much of `pending` was looked at.
    seen: usize,
    /// How much of it needs nothing any more.
    finished: usize,
    /// The number of the first packet of `pending`, by which `unfinished` counts.
    first: i64,
    unfinished: Unfinished,
    /// The unit that holds the others back: the number of its first packet, and when it was seen.
    holding: Option<(i64, Instant)>,
    /// When something came last.
    now: Option<Instant>,
    /// Sound that came before the first access point of a piece.
    early: Early,
    /// The same, and where in `pending` it is to go.
    behind: Option<(usize, Vec<u8>)>,
    /// When the first byte of `pending` came.
    since: Option<Instant>,
    /// The packet that may turn out to begin an access point: its number, and where it is in `pending`.
    candidate: Option<(u64, usize)>,
    points: Vec<Point>,
    /// When the first packets of the piece came.
    opened: Option<Instant>,
    /// The piece has begun: what comes is passed on.
    running: bool,
    pieces: u32,
    /// What the piece before was made of.
    program: Option<Arc<Program>>,
    changed: bool,
    ended: bool,
    line: TimeLine,
}

impl Cutter {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            chunk_bytes: (settings.chunk_bytes / PACKET).max(1) * PACKET,
            chunk_time: settings.chunk_time,
            aligner: Aligner::new(),
            tracker: Tracker::new(),
            restamper: Restamper::new(),
            flagged: settings.splice == Splice::Flag,
            trim: None,
            scratch: Vec::new(),
            pending: Vec::new(),
            seen: 0,
            finished: 0,
            first: 0,
            unfinished: Unfinished::default(),
            holding: None,
            now: None,
            early: Early::default(),
            behind: None,
            since: None,
            candidate: None,
            points: Vec::new(),
            opened: None,
            running: false,
            pieces: 0,
            program: None,
            changed: false,
            ended: false,
            line: TimeLine::default(),
        }
    }

    /// Another connection begins. What was pending is forgotten: take it before, with [`Cutter::take`].
    pub(crate) fn begin(&mut self) {
        self.aligner.reset();
        self.program = self.program().cloned();
        if self.running {
            self.tracker.program().into_iter().for_each(|program| self.restamper.follow(program));
        }
        self.tracker = Tracker::new();
        self.pending.clear();
        self.finished = 0;
        self.points.clear();
        (self.unfinished, self.holding) = (Unfinished::default(), None);
        self.early.clear();
        (self.seen, self.since, self.candidate, self.trim) = (0, None, None, None);
        (self.opened, self.running, self.ended) = (None, false, false);
        self.line.leap();
    }

    /// Takes the next bytes of the connection.
    pub(crate) fn push(&mut self, input: &[u8], now: Instant) {
        self.now = Some(now);
        self.aligner.push(input, &mut self.pending);
        while self.seen + PACKET <= self.pending.len() {
            self.look();
            self.seen += PACKET;
            self.insert_behind();
        }
        self.line.pass(now);
        if !self.running && !self.pending.is_empty() {
            self.wait_for_access(now);
        }
        if self.running && !self.pending.is_empty() {
            self.since.get_or_insert(now);
        }
    }

    /// The next chunk: of full size, or when `all` is asked for whatever may go out.
    pub(crate) fn take(&mut self, all: bool) -> Option<Cut> {
        let size = if self.running { self.ready().min(self.chunk_bytes) } else { 0 };
        if size == 0 || (size < self.chunk_bytes && !all) {
            return None;
        }
        self.finish(size);
        let bytes = kept(&self.pending[..size]);
        self.drop_first(size);
        let within = self.points.iter().take_while(|point| point.offset < size).count();
        let points = self.points.drain(..within).collect();
        self.points.iter_mut().for_each(|point| point.offset -= size);
        self.since = None;
        Some(Cut { bytes, time: self.line.time(), points })
    }

    /// When what is pending must go out, full or not.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + self.chunk_time)
    }

    /// Something else than television is coming: its name, once that is certain.
    pub(crate) fn foreign(&self) -> Option<&'static str> {
        match self.aligner.verdict() {
            Verdict::Foreign(foreign) => Some(foreign.name()),
            Verdict::Transport | Verdict::Undecided => None,
        }
    }

    /// The connection has ended: what it was if it never was television.
    pub(crate) fn foreign_at_end(&self) -> Option<&'static str> {
        let nothing = self.aligner.verdict() != Verdict::Transport;
        nothing.then(|| mpegts::classify(self.aligner.head()).name())
    }

    /// What that which went out last is made of, if it is known.
    pub(crate) fn program(&self) -> Option<&Arc<Program>> {
        self.tracker.program().filter(|_| self.running).or(self.program.as_ref())
    }

    /// The piece has begun.
    pub(crate) fn running(&self) -> bool {
        self.running
    }

    /// A piece began whose picture or sound is coded unlike the one before: players cannot go on.
    pub(crate) fn changed(&self) -> bool {
        self.changed
    }

    /// Packets of this piece that were no filling.
    pub(crate) fn packets(&self) -> u64 {
        self.tracker.packets() - self.tracker.counts().null
    }

    /// Jumps of continuity counters in this piece: lost packets.
    pub(crate) fn lost_packets(&self) -> u64 {
        self.tracker.counts().continuity_errors
    }

    /// Looks at the packet at `seen`.
    fn look(&mut self) {
        let number = self.tracker.packets();
        let Some(packet) = view(&self.pending, self.seen) else { return };
        let found = self.tracker.push(packet);
        self.line.advance(self.tracker.pcr());
        if self.tracker.undecided() == Some(number) {
            self.candidate = Some((number, self.seen));
        }
        if let Some(point) = found {
            let place = match self.candidate {
                _ if point.packet == number => Some(self.seen),
                Some((candidate, at)) if candidate == point.packet => Some(at),
                _ => None, // it went out already
            };
            if let Some(place) = place {
                self.access(place, &point);
            }
        }
        if let (Some(program), Some(packet)) = (self.tracker.program(), view(&self.pending, self.seen)) {
            self.unfinished.push(self.first + (self.seen / PACKET) as i64, packet, program);
        }
    }

    fn access(&mut self, place: usize, found: &AccessPoint) {
        if !self.running {
            return self.begin_piece(place, found);
        }
        let time = self.line.time();
        let close = |last: &Point| time.saturating_sub(last.time) < SPACING;
        if self.points.last().is_some_and(|last| close(last) && last.program.as_ref() == Some(&found.program))
        {
            return;
        }
        let mut tables = Vec::new();
        found.tables(&mut tables);
        let program = Some(found.program.clone());
        self.points.push(Point { offset: place, time, tables: tables.into(), program, splice: false });
    }
}

/// A copy for the feed, exactly as large as it is.
fn kept(bytes: &[u8]) -> Bytes {
    let pages = (bytes.len() >= PAGES).then(|| MmapOptions::new().len(bytes.len()).populate().map_anon());
    match pages {
        Some(Ok(mut pages)) => {
            pages.copy_from_slice(bytes);
            Bytes::from_owner(pages)
        }
        Some(Err(_)) | None => Bytes::copy_from_slice(bytes), // too small, or too many mappings
    }
}

fn view(packets: &[u8], at: usize) -> Option<Packet<'_>> {
    Packet::new(packets.get(at..)?.first_chunk()?)
}

#[cfg(test)]
mod tests {
    use super::piece::PATIENCE;
    use super::*;

    /// Packets of a PID that no table announces.
    fn unknown(packets: usize) -> Vec<u8> {
        let mut packet = [0xFF; PACKET];
        packet[..4].copy_from_slice(&[0x47, 0x01, 0x00, 0x10]);
        packet.repeat(packets)
    }

    fn taken(cutter: &mut Cutter) -> Vec<Cut> {
        std::iter::from_fn(|| cutter.take(true)).collect()
    }

    #[test]
    fn what_nobody_can_join_is_passed_on_after_a_while() {
        let mut cutter = Cutter::new(&Settings::default());
        let begin = Instant::now();
        cutter.push(&unknown(1000), begin);
        assert!(taken(&mut cutter).is_empty() && cutter.pending.len() < 2 * PACKET, "nothing is hoarded");
        cutter.push(&unknown(1000), begin + PATIENCE + Duration::from_secs(1));
        cutter.push(&unknown(1000), begin + PATIENCE + Duration::from_secs(2));
        let cuts = taken(&mut cutter);
        assert!(cuts.iter().all(|cut| cut.bytes.len() <= Settings::default().chunk_bytes
            && cut.bytes.len().is_multiple_of(PACKET)));
        assert_eq!(cuts.iter().map(|cut| cut.points.len()).sum::<usize>(), 1);
        assert!(cuts.iter().map(|cut| cut.bytes.len()).sum::<usize>() >= 900 * PACKET);
        assert!(cuts[0].time > PATIENCE / 20, "our clock stands in for the one it does not have");
    }

    #[test]
    fn a_chunk_is_due_when_its_first_byte_is_old_enough() {
        let mut cutter = Cutter::new(&Settings::default());
        let begin = Instant::now();
        assert_eq!(cutter.due(), None);
        cutter.push(&unknown(10), begin);
        assert_eq!(cutter.due(), None, "nothing goes out yet");
        let later = begin + PATIENCE + Duration::from_secs(1);
        cutter.push(&unknown(10), later);
        let first = later + Duration::from_millis(20);
        cutter.push(&unknown(10), first);
        cutter.push(&unknown(10), first + Duration::from_millis(20));
        assert_eq!(cutter.due(), Some(first + Settings::default().chunk_time));
        assert!(cutter.take(false).is_none() && cutter.take(true).is_some() && cutter.due().is_none());
    }

    #[test]
    fn what_is_no_television_is_named() {
        let mut cutter = Cutter::new(&Settings::default());
        cutter.push(b"<html>Your line has expired</html>", Instant::now());
        assert_eq!((cutter.foreign(), cutter.foreign_at_end()), (None, Some("a web page")));
        cutter.begin();
        cutter.push(&b"<html>".repeat(20_000), Instant::now());
        assert_eq!(cutter.foreign(), Some("a web page"));
    }
}
