//! A channel's recent bytes: a ring of numbered, immutable chunks that every viewer reads at his own pace.
//!
//! ```text
//!            first                        point                     next to come
//!              │ 17   18   19   20   21   22   23   24   25   26   27 │
//!   dropped ◀──┤[....][....][....][....][..P.][....][..P.][....][....]│◀── pump: the only writer, waits for nobody
//!              │                      joiner ─▶          ▲ viewer: next = 25
//!              └── whoever falls behind `first` jumps to the newest point
//! ```
//!
//! Chunks are whole packets and are shared by reference count: nothing is copied for a viewer, who gets slices of the first
//! ones until all his streams have begun. The mutex is held for an instant; wakers are called after it is released.
//!
//! Size: [`Limits::bytes`] or [`Limits::time`], whichever is reached first; the oldest chunk goes.

mod cursor;
mod ring;

use std::future::poll_fn;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use contract::ticket::pass::Class;
use mpegts::{NULL_PACKET, PACKET, Program};

pub(crate) use cursor::Cursor;
use ring::Ring;

use crate::refusal::Failure;
use crate::settings::Settings;
use crate::tally::Tally;

/// Seven null packets: what fits into one datagram of those who pass it on as such.
static FILLER: [u8; 7 * PACKET] = {
    let mut filler = [0; 7 * PACKET];
    let mut at = 0;
    while at < filler.len() {
        filler[at] = NULL_PACKET[at % PACKET];
        at += 1;
    }
    filler
};

/// The recent bytes of one channel.
pub(crate) struct Feed {
    limits: Limits,
    ring: Mutex<Ring>,
    /// Of the whole relay.
    tally: Arc<Tally>,
    /// How many watch; changed by the headend, under its lock.
    pub(crate) viewers: AtomicU32,
    /// Those of them who do not watch, but record.
    pub(crate) recorders: AtomicU32,
}

/// How much a feed remembers, and where in it somebody begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    bytes: usize,
    time: Duration,
    burst_least: Duration,
    burst_most: Duration,
    burst_bytes: usize,
}

/// The next chunk for a feed.
pub(crate) struct Cut {
    /// Whole packets.
    pub(crate) bytes: Bytes,
    /// The channel's own time at the end of `bytes`, from the first piece of it that was received.
    pub(crate) time: Duration,
    /// Where in `bytes` somebody can begin, in order.
    pub(crate) points: Vec<Point>,
}

/// A place where a viewer can begin.
#[derive(Clone)]
pub(crate) struct Point {
    /// Where it is in its chunk.
    pub(crate) offset: usize,
    /// The channel's time there.
    pub(crate) time: Duration,
    /// PAT and PMT to be sent before it.
    pub(crate) tables: Bytes,
    /// What the tables say, if anything is known.
    pub(crate) program: Option<Arc<Program>>,
    /// The time line before it has nothing to do with the one after it.
    pub(crate) splice: bool,
}

/// What a feed has seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Bytes from upstream.
    pub(crate) received: u64,
    /// Bytes to viewers.
    pub(crate) sent: u64,
    /// Viewers who fell out and jumped.
    pub(crate) jumps: u64,
    /// Connections to the upstream after the first.
    pub(crate) restarts: u64,
    /// Jumps of continuity counters in what the upstream sent.
    pub(crate) lost_packets: u64,
    /// Times that there was nothing new for viewers.
    pub(crate) stalls: u64,
}

/// What a feed holds at present.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffer {
    pub(crate) bytes: usize,
    /// How much of the channel's time.
    pub(crate) time: Duration,
}

/// A part of a feed.
#[derive(Clone)]
pub(crate) struct Chunk {
    /// Whole packets.
    pub(crate) bytes: Bytes,
    /// The channel's time at its end.
    pub(crate) time: Duration,
}

/// A chunk for one who reads all of them.
pub(crate) struct Reading {
    pub(crate) chunk: Chunk,
    /// Where in it somebody could begin, in order.
    pub(crate) points: Vec<Point>,
    /// There were chunks between the one before and this one that were forgotten before he came for them.
    pub(crate) missed: bool,
    /// How much of the channel's time has come since.
    pub(crate) age: Duration,
}

impl Limits {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            bytes: settings.feed_bytes,
            time: settings.feed_time,
            burst_least: settings.burst_least,
            burst_most: settings.burst_most,
            burst_bytes: settings.burst_bytes,
        }
    }
}

impl Feed {
    pub(crate) fn new(limits: Limits, tally: Arc<Tally>) -> Self {
        Self {
            limits,
            ring: Mutex::default(),
            tally,
            viewers: AtomicU32::new(0),
            recorders: AtomicU32::new(0),
        }
    }

    /// How many watch.
    pub(crate) fn watching(&self) -> u32 {
        self.viewers.load(Ordering::Relaxed)
    }

    /// Appends a chunk and wakes whoever waits for it.
    pub(crate) fn push(&self, cut: Cut) {
        let mut ring = self.ring();
        if ring.end.is_some() {
            return;
        }
        ring.append(cut);
        ring.quiet = false;
        ring.forget(&self.limits);
        let waiting = ring.wake();
        drop(ring);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Nothing comes any more. Viewers read what is there; those who wait for a beginning are told why there is none.
    pub(crate) fn end(&self, why: Option<Failure>) {
        let mut ring = self.ring();
        ring.end.get_or_insert(why);
        let waiting = ring.wake();
        drop(ring);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Lets every viewer look whether something else than the feed has changed for him.
    pub(crate) fn nudge(&self) {
        let waiting = self.ring().wake();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Of what class those who have it are: as soon as one of them watches, that of viewers.
    pub(crate) fn class(&self) -> Class {
        let recorders = self.recorders.load(Ordering::Relaxed);
        if recorders > 0 && recorders == self.watching() { Class::Record } else { Class::Viewer }
    }

    /// Why it has ended, if there is a reason.
    pub(crate) fn why(&self) -> Option<Failure> {
        self.ring().end.clone().flatten()
    }

    /// Whether it has ended.
    pub(crate) fn ended(&self) -> bool {
        self.ring().end.is_some()
    }

    /// Whether there was anything to see yet.
    pub(crate) fn started(&self) -> bool {
        self.ring().started()
    }

    /// A sign of life for viewers while there is nothing else, once they have seen something: players that hear
    /// nothing give up.
    pub(crate) fn fill(&self) {
        let Some(time) = self.now() else { return };
        let quiet = self.ring().quiet;
        self.push(Cut { bytes: Bytes::from_static(&FILLER), time, points: Vec::new() });
        let mut ring = self.ring();
        ring.quiet = true;
        if !quiet {
            ring.counts.stalls += 1;
            self.tally.stalls.add(1);
        }
    }

    /// The channel's time, once it has begun.
    fn now(&self) -> Option<Duration> {
        self.ring().chunks.back().map(|chunk| chunk.time)
    }

    /// The upstream is connected to once more; the connection before had lost so many packets.
    pub(crate) fn restarted(&self, lost_packets: u64) {
        let mut ring = self.ring();
        ring.counts.restarts += 1;
        self.tally.restarts.add(1);
        self.lost(&mut ring, lost_packets);
        ring.lost_here = 0;
    }

    /// Bytes came from the upstream; the connection has lost so many packets so far.
    pub(crate) fn received(&self, bytes: usize, lost_packets: u64) {
        let mut ring = self.ring();
        ring.counts.received += bytes as u64;
        self.tally.live.received.add(bytes as u64);
        self.lost(&mut ring, lost_packets);
    }

    fn lost(&self, ring: &mut Ring, lost_packets: u64) {
        let more = lost_packets.saturating_sub(ring.lost_here);
        ring.lost_here = lost_packets;
        ring.counts.lost_packets += more;
        self.tally.lost_packets.add(more);
    }

    pub(crate) fn counts(&self) -> Counts {
        self.ring().counts
    }

    pub(crate) fn buffer(&self) -> Buffer {
        let ring = self.ring();
        let [first, last] =
            [ring.chunks.front(), ring.chunks.back()].map(|chunk| chunk.map(|chunk| chunk.time));
        let time = last.unwrap_or_default().saturating_sub(first.unwrap_or_default());
        Buffer { bytes: ring.bytes, time }
    }

    /// The program as it is now, and some bytes of it, from an access point on if there is one.
    pub(crate) fn glimpse(&self) -> Option<(Arc<Program>, Bytes)> {
        let ring = self.ring();
        // The newest one but one, which has all of its picture behind it.
        let place = ring.points.iter().rev().take(2).last();
        match place {
            Some((chunk, point)) => {
                let bytes =
                    ring.chunk(*chunk).map_or_else(Bytes::new, |chunk| chunk.bytes.slice(point.offset..));
                Some((point.program.clone()?, bytes))
            }
            None => Some((ring.gone.as_ref()?.program.clone()?, ring.chunks.back()?.bytes.clone())),
        }
    }

    fn poll_start(&self, cursor: &mut Cursor, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let mut ring = self.ring();
        if ring.started() {
            return Poll::Ready(Ok(()));
        }
        match &ring.end {
            Some(why) => Poll::Ready(Err(why.clone().unwrap_or(Failure::Closing))),
            None => cursor.wait(&mut ring, cx),
        }
    }

    /// The viewer's next bytes; `None` at the end. His place is taken and read in one turn of the lock, so that nothing
    /// can be dropped in between.
    pub(crate) fn poll_next(&self, cursor: &mut Cursor, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut ring = self.ring();
        if cursor.next.is_none_or(|next| next < ring.first) && ring.started() {
            if cursor.next.is_some() {
                ring.counts.jumps += 1;
                self.tally.jumps.add(1);
                if !cursor.may_jump() {
                    return Poll::Ready(None);
                }
            }
            let (chunk, point) = ring.place(cursor.next.is_some(), &self.limits);
            cursor.begin(chunk, point);
        }
        loop {
            let Some(chunk) = cursor.next.and_then(|next| ring.chunk(next)) else {
                return if ring.end.is_some() { Poll::Ready(None) } else { cursor.wait(&mut ring, cx) };
            };
            let bytes = cursor.read(&chunk.bytes);
            if !bytes.is_empty() {
                ring.counts.sent += bytes.len() as u64;
                drop(ring);
                self.tally.live.sent.add(bytes.len() as u64);
                return Poll::Ready(Some(bytes));
            }
        }
    }

    /// The next chunk as it is, beginning with the oldest that is remembered; `None` at the end. For one who is always
    /// there: what he misses he misses.
    pub(crate) fn poll_chunk(&self, cursor: &mut Cursor, cx: &mut Context<'_>) -> Poll<Option<Reading>> {
        let mut ring = self.ring();
        let missed = cursor.next.is_some_and(|next| next < ring.first);
        let next = cursor.next.map_or(ring.first, |next| next.max(ring.first));
        let Some(chunk) = ring.chunk(next).cloned() else {
            return if ring.end.is_some() { Poll::Ready(None) } else { cursor.wait(&mut ring, cx) };
        };
        let points = ring.points.iter().filter(|(chunk, _)| *chunk == next);
        let points = points.map(|(_, point)| point.clone()).collect();
        let now = ring.chunks.back().map_or(chunk.time, |newest| newest.time);
        cursor.next = Some(next + 1);
        Poll::Ready(Some(Reading { points, missed, age: now.saturating_sub(chunk.time), chunk }))
    }

    /// Waits until there is something to see.
    ///
    /// # Errors
    /// Why there will never be.
    pub(crate) async fn started_or_failed(&self) -> Result<(), Failure> {
        let mut cursor = Cursor::default();
        poll_fn(|cx| self.poll_start(&mut cursor, cx)).await
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().expect("nobody panics while holding this lock")
    }
}

#[cfg(test)]
mod tests;
