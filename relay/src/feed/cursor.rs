//! A viewer's place in a feed.

use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mpegts::join::Trim;

use super::Point;
use super::ring::Ring;

/// A viewer who falls out of the feed more than this many times
const JUMPS: u32 = 5;
/// in this time has a line that is too slow for the channel, and is let go.
const JUMPS_IN: Duration = Duration::from_secs(60);

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

    /// What comes next in the chunk at his place, or before it: the tables, then what does not belong to units that
    /// began earlier, and once all his streams have begun the rest as it is. May be empty.
    pub(super) fn read(&mut self, chunk: &Bytes) -> Bytes {
        let rest = chunk.slice(self.offset..);
        let Some(head) = &mut self.head else { return self.seen(chunk, rest) };
        if !head.tables.is_empty() {
            return std::mem::take(&mut head.tables);
        }
        let Some(trim) = head.trim.as_mut().filter(|trim| !trim.done()) else {
            self.head = None;
            return self.seen(chunk, rest);
        };
        let run = trim.run(&rest);
        self.seen(chunk, rest.slice(..run.seen)).slice(run.kept)
    }

    /// Goes on behind `bytes` of the chunk.
    fn seen(&mut self, chunk: &Bytes, bytes: Bytes) -> Bytes {
        self.offset += bytes.len();
        if self.offset == chunk.len() {
            (self.next, self.offset) = (self.next.map(|next| next + 1), 0);
        }
        bytes
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
