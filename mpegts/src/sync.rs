//! From bytes cut anywhere to whole packets.
//!
//! Five sync bytes at equal distances make a lock: 188 bytes apart, or 192 (a timestamp of 4 before each packet) or
//! 204 (16 of error correction behind). While locked, a packet is passed on when the next one is seen to begin behind
//! it. If none does, the lock is lost and searched for again byte by byte; the packet in doubt is dropped when the new
//! lock begins inside it (it was cut short) and kept otherwise (something was pushed in behind it).
//!
//! The output depends on the bytes alone, never on how they were cut.

use crate::classify::{Foreign, classify};
use crate::packet::{PACKET, SYNC};

/// Distances between packets that exist in the field, the usual one first.
const STRIDES: [usize; 3] = [188, 192, 204];
/// Equidistant sync bytes that make a lock.
const SYNCS: usize = 5;
/// No decision needs more bytes ahead than this: a packet in doubt and the longest pattern behind it.
const LOOKAHEAD: usize = PACKET + (SYNCS - 1) * 204 + 1;
/// Bytes remembered from the beginning to tell what it is that is no transport stream.
const HEAD: usize = 512;

/// Finds the packets in a stream of bytes.
#[derive(Clone, Debug, Default)]
pub struct Aligner {
    /// Bytes that wait for more; shorter than [`LOOKAHEAD`].
    carry: Vec<u8>,
    /// Distance between packets, while locked.
    stride: Option<usize>,
    /// The first bytes, until the first lock.
    head: Vec<u8>,
    ever_locked: bool,
    received: u64,
    skipped: u64,
    losses: u64,
}

/// Whether the bytes so far look like a transport stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Packets were found.
    Transport,
    /// Too early to say.
    Undecided,
    /// 64 KiB and no packets.
    Foreign(Foreign),
}

impl Aligner {
    /// Bytes without a lock after which the stream is taken for something else.
    pub const PATIENCE: u64 = 64 * 1024;

    /// An aligner that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream and appends the packets that are now whole to `out`, 188 bytes each.
    pub fn push(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        self.received += input.len() as u64;
        if !self.ever_locked {
            let room = HEAD - self.head.len();
            self.head.extend_from_slice(&input[..room.min(input.len())]);
        }
        // First the carried bytes, with just enough of the new ones to decide about them.
        while !self.carry.is_empty() && !input.is_empty() {
            let carried = self.carry.len();
            let (start, rest) = input.split_at(input.len().min(LOOKAHEAD));
            let mut work = std::mem::take(&mut self.carry);
            work.extend_from_slice(start);
            let taken = self.align(&work, out);
            if taken >= carried {
                input = &input[taken - carried..];
                work.clear();
            } else {
                input = rest;
                work.drain(..taken);
            }
            self.carry = work;
        }
        let taken = self.align(input, out);
        self.carry.extend_from_slice(&input[taken..]);
    }

    /// The stream has ended: passes on a last whole packet, forgets the rest and is as [`Aligner::reset`] after it.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let last = match self.stride {
            Some(_) => self.carry.get(..PACKET),
            None => short_stream(&self.carry),
        };
        if let Some(last) = last {
            out.extend_from_slice(last);
            let taken = last.len();
            self.carry.drain(..taken);
        }
        self.reset();
    }

    /// Another connection begins: what was left of the last one is never joined to it. The counts go on.
    pub fn reset(&mut self) {
        *self =
            Self { skipped: self.skipped + self.carry.len() as u64, losses: self.losses, ..Self::default() };
    }

    /// Bytes that belonged to no packet.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// How often a lock was lost.
    pub fn losses(&self) -> u64 {
        self.losses
    }

    /// The first bytes since the start or the last reset, kept until there is a lock: for [`classify`] when a stream
    /// ends before [`Aligner::verdict`] could say.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// What this is, since the start or the last reset.
    pub fn verdict(&self) -> Verdict {
        if self.ever_locked {
            Verdict::Transport
        } else if self.received < Self::PATIENCE {
            Verdict::Undecided
        } else {
            Verdict::Foreign(classify(&self.head))
        }
    }

    /// Works through `buffer` as far as it can be decided, and returns how far that was.
    fn align(&mut self, buffer: &[u8], out: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while let Some(step) = match self.stride {
            Some(stride) => self.follow(stride, &buffer[at..], out),
            None => self.search(&buffer[at..]),
        } {
            at += step;
        }
        at
    }

    /// Locked, a packet begins `buffer`: passes on every packet that is followed by another. `None` waits for bytes.
    fn follow(&mut self, stride: usize, buffer: &[u8], out: &mut Vec<u8>) -> Option<usize> {
        let mut run = 0;
        while buffer.get(run + stride) == Some(&SYNC) {
            run += stride;
        }
        if run > 0 {
            copy_run(&buffer[..run], stride, out);
            return Some(run);
        }
        if buffer.len() <= stride {
            return None;
        }
        self.doubt(buffer, out)
    }

    /// Locked, but no packet follows the one that begins `buffer`.
    fn doubt(&mut self, buffer: &[u8], out: &mut Vec<u8>) -> Option<usize> {
        for inside in 1..PACKET {
            match lock(&buffer[inside..]) {
                Lock::Found(stride) => {
                    self.stride = Some(stride);
                    self.losses += 1;
                    self.skipped += inside as u64;
                    return Some(inside);
                }
                Lock::Impossible => {}
                Lock::Undecided => return None,
            }
        }
        out.extend_from_slice(&buffer[..PACKET]);
        self.stride = None;
        self.losses += 1;
        Some(PACKET)
    }

    /// Not locked: skips to where a lock may be. `None` waits for bytes.
    fn search(&mut self, buffer: &[u8]) -> Option<usize> {
        let found = buffer.iter().position(|byte| *byte == SYNC).unwrap_or(buffer.len());
        if found > 0 {
            self.skipped += found as u64;
            return Some(found);
        }
        match lock(buffer) {
            Lock::Found(stride) => {
                self.stride = Some(stride);
                self.ever_locked = true;
                self.head = Vec::new();
                Some(0)
            }
            Lock::Impossible => {
                self.skipped += 1;
                Some(1)
            }
            Lock::Undecided => None,
        }
    }
}

/// Appends the packets of `run`, which are `stride` apart.
fn copy_run(run: &[u8], stride: usize, out: &mut Vec<u8>) {
    if stride == PACKET {
        out.extend_from_slice(run);
    } else {
        run.chunks_exact(stride).for_each(|unit| out.extend_from_slice(&unit[..PACKET]));
    }
}

enum Lock {
    Found(usize),
    Impossible,
    Undecided,
}

/// Whether packets begin at the beginning of `buffer`.
fn lock(buffer: &[u8]) -> Lock {
    for stride in STRIDES {
        let mut places = (0..SYNCS).map(|packet| buffer.get(packet * stride));
        match places.find(|place| *place != Some(&SYNC)) {
            None => return Lock::Found(stride),
            Some(None) => return Lock::Undecided,
            Some(Some(_)) => {}
        }
    }
    Lock::Impossible
}

/// The whole packets at the end of a stream too short for a lock, if there is nothing else in it.
fn short_stream(bytes: &[u8]) -> Option<&[u8]> {
    let (packets, rest) = bytes.as_chunks::<PACKET>();
    (rest.is_empty() && packets.iter().all(|packet| packet[0] == SYNC)).then_some(bytes)
}
