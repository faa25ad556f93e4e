//! Cuts a feed into HLS segments (RFC 8216, 3.2). Pure: no I/O, no clock of its own.
//!
//! A segment is PAT, PMT, and packets from one access point up to a later one. Streams other than the leading one do
//! not break there: what belongs to their open units goes to the segment that closes, and they begin anew in the next.
//! No packet but null packets is lost or doubled. Where no access point comes in time, a segment begins at any unit.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mpegts::join::Trim;
use mpegts::{Packet, Pid, Program};

use crate::feed::{Chunk, Point};

/// A segment that would be larger than this is thrown away, and the next begins after a discontinuity.
const LARGEST: usize = 64 * 1024 * 1024;

/// A finished segment.
pub(crate) struct Segment {
    pub(crate) bytes: Bytes,
    pub(crate) duration: Duration,
    /// The time line before it has nothing to do with its own.
    pub(crate) discontinuity: bool,
    /// It begins with an access point.
    pub(crate) independent: bool,
}

/// Cuts one channel.
pub(crate) struct Segmenter {
    /// A segment ends at the first access point after this long.
    target: Duration,
    growing: Option<Growing>,
    /// The channel's time at the end of the last chunk.
    time: Duration,
    /// The segment before, while the units that were open at the cut go on; and how long it is.
    closing: Option<(Growing, Duration)>,
    trim: Option<Trim>,
    scratch: Vec<u8>,
}

struct Growing {
    bytes: Vec<u8>,
    from: Duration,
    discontinuity: bool,
    independent: bool,
    program: Option<Arc<Program>>,
}

impl Segmenter {
    pub(crate) fn new(target: Duration) -> Self {
        Self { target, growing: None, time: Duration::ZERO, closing: None, trim: None, scratch: Vec::new() }
    }

    /// How long the segment is that is growing.
    pub(crate) fn lasts(&self) -> Duration {
        self.growing.as_ref().map_or(Duration::ZERO, |growing| self.time.saturating_sub(growing.from))
    }

    /// Takes the next chunk, and answers with the segments that are complete now. None becomes longer than `most` and
    /// a moment.
    pub(crate) fn push(&mut self, chunk: &Chunk, points: &[Point], most: Duration) -> Vec<Segment> {
        let mut done = Vec::new();
        let (mut at, mut points) = (0, points.iter().peekable());
        for packet in mpegts::packets(&chunk.bytes) {
            if let Some(point) = points.next_if(|point| point.offset <= at) {
                self.point(point, &mut done);
            } else if packet.unit_start() && self.lasts() >= most {
                self.cut_before(packet, &mut done);
            }
            self.packet(packet, &mut done);
            at += mpegts::PACKET;
        }
        self.time = chunk.time;
        if self.growing.as_ref().is_some_and(|growing| growing.bytes.len() > LARGEST) {
            (self.growing, self.trim) = (None, None);
        }
        done
    }

    fn point(&mut self, point: &Point, done: &mut Vec<Segment>) {
        let lasted = self.growing.as_ref().map(|growing| point.time.saturating_sub(growing.from));
        if lasted.is_some_and(|lasted| !point.splice && lasted < self.target) {
            return;
        }
        self.begin(
            Growing {
                bytes: point.tables.to_vec(),
                from: point.time,
                discontinuity: point.splice || lasted.is_none(),
                independent: true,
                program: point.program.clone(),
            },
            done,
        );
    }

    /// Begins a segment with `packet`, if that begins a unit of the leading stream: no access point has come.
    fn cut_before(&mut self, packet: Packet<'_>, done: &mut Vec<Segment>) {
        let program = self.growing.as_ref().and_then(|growing| growing.program.clone());
        let Some(program) = program.filter(|it| it.leading().is_some_and(|it| it.pid == packet.pid())) else {
            return;
        };
        let mut bytes = Vec::new();
        program.tables(0, 0, &mut bytes);
        let (from, program) = (self.time, Some(program));
        self.begin(Growing { bytes, from, discontinuity: false, independent: false, program }, done);
    }

    fn begin(&mut self, new: Growing, done: &mut Vec<Segment>) {
        done.extend(self.close());
        self.trim = new.program.as_deref().map(Trim::new);
        let from = new.from;
        self.closing = self.growing.replace(new).map(|closing| {
            let lasted = from.saturating_sub(closing.from);
            (closing, lasted)
        });
    }

    fn packet(&mut self, packet: Packet<'_>, done: &mut Vec<Segment>) {
        let Some(growing) = &mut self.growing else { return };
        if packet.pid() == Pid::NULL {
            return;
        }
        let Some(trim) = &mut self.trim else { return growing.bytes.extend_from_slice(packet.bytes()) };
        self.scratch.clear();
        trim.push(packet.bytes(), &mut self.scratch);
        match &mut self.closing {
            Some((closing, _)) if self.scratch.is_empty() => closing.bytes.extend_from_slice(packet.bytes()),
            _ => growing.bytes.extend_from_slice(&self.scratch),
        }
        if trim.done() {
            self.trim = None;
            done.extend(self.close());
        }
    }

    fn close(&mut self) -> Option<Segment> {
        let (Growing { bytes, discontinuity, independent, .. }, duration) = self.closing.take()?;
        let bytes = bytes.into_boxed_slice().into(); // exactly as large as it is: it will be kept
        Some(Segment { bytes, duration, discontinuity, independent })
    }
}

#[cfg(test)]
mod tests {
    use mpegts::{Codec, PACKET, Stream};

    use super::*;

    const VIDEO: Pid = Pid::new(0x100);

    fn program() -> Arc<Program> {
        let stream = Stream { pid: VIDEO, stream_type: 0x1B, codec: Codec::H264, language: None };
        let streams = vec![stream];
        let (pat, pmt) = (vec![0; 16], vec![0; 20]);
        Arc::new(Program { number: 1, pmt_pid: Pid::new(0x20), pcr_pid: VIDEO, streams, pat, pmt })
    }

    /// A tenth of a second: one unit of pictures.
    fn chunk(tenth: u64) -> Chunk {
        let mut packet = [0xFF; PACKET];
        packet[..4].copy_from_slice(&[0x47, 0x41, 0x00, 0x10]);
        Chunk { bytes: Bytes::copy_from_slice(&packet), time: Duration::from_millis(100 * (tenth + 1)) }
    }

    #[test]
    fn a_segment_ends_in_time_even_if_no_access_point_comes() {
        let mut segmenter = Segmenter::new(Duration::from_secs(4));
        let mut segments = Vec::new();
        for tenth in 0..220 {
            let time = Duration::from_millis(100 * tenth);
            let point =
                Point { offset: 0, time, tables: Bytes::new(), program: Some(program()), splice: false };
            let points = if [0, 50, 170].contains(&tenth) { vec![point] } else { vec![] };
            segments.extend(segmenter.push(&chunk(tenth), &points, Duration::from_secs(6)));
        }
        let seen: Vec<_> = segments.iter().map(|it| (it.duration.as_secs(), it.independent)).collect();
        assert_eq!(seen, [(5, true), (6, true), (6, false)]);
        let packets: usize = segments.iter().map(|segment| segment.bytes.len() / PACKET).sum();
        assert_eq!(packets, 170 + 2, "every packet once, and tables where there was no access point");
    }
}
