//! Cuts a feed into HLS segments (RFC 8216, 3.2). Pure: no I/O, no clock of its own.
//!
//! A segment is PAT, PMT, and packets from one access point up to a later one. Streams other than the leading one do
//! not break there: what belongs to their open units goes to the segment that closes, and they begin anew in the next.
//! No packet but null packets is lost or doubled.

use std::time::Duration;

use bytes::Bytes;
use mpegts::join::Trim;
use mpegts::{Packet, Pid};

use crate::feed::{Chunk, Point};

/// A segment that would be larger than this is thrown away, and the next begins after a discontinuity.
const LARGEST: usize = 64 * 1024 * 1024;

/// A finished segment.
pub(crate) struct Segment {
    pub(crate) bytes: Bytes,
    pub(crate) duration: Duration,
    /// The time line before it has nothing to do with its own.
    pub(crate) discontinuity: bool,
}

/// Cuts one channel.
pub(crate) struct Segmenter {
    /// A segment ends at the first access point after this long.
    target: Duration,
    growing: Option<Growing>,
    /// The segment before, while the units that were open at the cut go on; and how long it is.
    closing: Option<(Growing, Duration)>,
    trim: Option<Trim>,
    scratch: Vec<u8>,
}

struct Growing {
    bytes: Vec<u8>,
    from: Duration,
    discontinuity: bool,
}

impl Segmenter {
    pub(crate) fn new(target: Duration) -> Self {
        Self { target, growing: None, closing: None, trim: None, scratch: Vec::new() }
    }

    /// Takes the next chunk, and answers with the segments that are complete now.
    pub(crate) fn push(&mut self, chunk: &Chunk, points: &[Point]) -> Vec<Segment> {
        let mut done = Vec::new();
        let (mut at, mut points) = (0, points.iter().peekable());
        for packet in mpegts::packets(&chunk.bytes) {
            if let Some(point) = points.next_if(|point| point.offset <= at) {
                self.point(point, &mut done);
            }
            self.packet(packet, &mut done);
            at += mpegts::PACKET;
        }
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
        done.extend(self.close());
        let new = Growing {
            bytes: point.tables.to_vec(),
            from: point.time,
            discontinuity: point.splice || lasted.is_none(),
        };
        self.closing = self.growing.replace(new).zip(lasted);
        self.trim = point.program.as_deref().map(Trim::new);
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
        let (Growing { bytes, discontinuity, .. }, duration) = self.closing.take()?;
        let bytes = bytes.into_boxed_slice().into(); // exactly as large as it is: it will be kept
        Some(Segment { bytes, duration, discontinuity })
    }
}
