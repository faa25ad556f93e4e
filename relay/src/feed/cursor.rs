//! A viewer's place in a feed.

use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mpegts::PACKET;
use mpegts::join::Trim;

use super::Point;
use super::ring::Ring;

/// A viewer who falls out of the feed more than this many times
const JUMPS: u32 = 5;
/// in this time has a line that is too slow for the channel, and is let go.
const JUMPS_IN: Duration = Duration::from_secs(60);

/// How much is copied at a time for a viewer whose streams have not all begun: hundreds may join at once, and what is
/// copied for those who do not read stays until they are let go.
const DRESSED: usize = 87 * PACKET;

/// One viewer's place in a feed.
#[derive(Default)]
pub(crate) struct Cursor {
    /// The chunk to be read next; `None` before the first.
    pub(super) next: Option<u64>,
    pub(super) offset: usize,
    /// What is sent before that chunk.
    head: Option<Head>,
    /// With which generation of the ring, and as whom, this viewer is waiting.
    waiting: Option<(u64, Waker)>,
    jumps: u32,
    jumping_since: Option<Instant>,
}

/// The beginning of a viewer's stream.
struct Head {
    tables: Bytes,
    trim: Option<Trim>,
}

impl Cursor {
    /// Takes a place.
    pub(super) fn begin(&mut self, chunk: u64, point: Point) {
        (self.next, self.offset) = (Some(chunk), point.offset);
        let trim = point.program.as_deref().map(Trim::new);
        self.head = Some(Head { tables: point.tables, trim });
    }

    /// Goes on in the chunk at his place: to its end, unless it must be copied.
    pub(super) fn read(&mut self, chunk: &Bytes) -> Bytes {
        let most = if self.head.is_some() { DRESSED } else { chunk.len() };
        let end = chunk.len().min(self.offset + most);
        let bytes = chunk.slice(self.offset..end);
        self.offset = end;
        if end == chunk.len() {
            (self.next, self.offset) = (self.next.map(|next| next + 1), 0);
        }
        bytes
    }

    /// Puts the tables before the first bytes, and takes out what belongs to units that began earlier.
    pub(super) fn dress(&mut self, bytes: Bytes) -> Bytes {
        let Some(Head { tables, mut trim }) = self.head.take() else { return bytes };
        let begun = trim.as_ref().is_none_or(Trim::done);
        if begun && tables.is_empty() {
            return bytes;
        }
        let mut dressed = Vec::with_capacity(tables.len() + bytes.len());
        dressed.extend_from_slice(&tables);
        match &mut trim {
            Some(trim) => trim.push(&bytes, &mut dressed),
            None => dressed.extend_from_slice(&bytes),
        }
        if trim.as_ref().is_some_and(|trim| !trim.done()) {
            self.head = Some(Head { tables: Bytes::new(), trim });
        }
        dressed.into()
    }

    /// To be woken once, however often it is asked.
    pub(super) fn wait<T>(&mut self, ring: &mut Ring, cx: &mut Context<'_>) -> Poll<T> {
        let known = self.waiting.as_ref();
        if !known.is_some_and(|(at, waker)| *at == ring.generation && waker.will_wake(cx.waker())) {
            ring.waiting.push(cx.waker().clone());
            self.waiting = Some((ring.generation, cx.waker().clone()));
        }
        Poll::Pending
    }

    /// Counts a jump. Whether it is one of not too many.
    pub(super) fn may_jump(&mut self) -> bool {
        let since = *self.jumping_since.get_or_insert_with(Instant::now);
        if since.elapsed() > JUMPS_IN {
            (self.jumps, self.jumping_since) = (0, Some(Instant::now()));
        }
        self.jumps += 1;
        self.jumps <= JUMPS
    }
}
