//! Finding what stood before.

use std::ops::Range;

use super::{Deflate, FARTHEST, LONGEST};

/// Bytes of which something is known by where they stood.
const KNOWN: usize = 4;
/// The bits of what they are known by.
const HASH: u32 = 15;
/// Places that are looked at. More make it hardly shorter, and much later.
const TRIES: usize = 8;

/// Where bytes stood. For one text, which is gone through once, from its beginning.
pub(crate) struct Matcher {
    /// The last place of each hash, and the one before each place. Places count from 1; 0 is none.
    last: Vec<u32>,
    before: Vec<u32>,
}

impl Default for Matcher {
    fn default() -> Self {
        Self { last: vec![0; 1 << HASH], before: vec![0; FARTHEST] }
    }
}

impl Matcher {
    /// Begins another text.
    pub(crate) fn begin(&mut self) {
        self.last.fill(0);
    }

    /// Writes a part of `text`, which may repeat what parts before it hold, and nothing else.
    ///
    /// What stands between parts is never repeated if none of its bytes occurs in one.
    pub(crate) fn text(&mut self, text: &[u8], part: Range<usize>, out: &mut Deflate) {
        let mut at = part.start;
        while at < part.end {
            let (length, distance) = self.find(text, at, part.end);
            if length < KNOWN {
                self.note(text, at, part.end);
                out.literal(text[at]);
                at += 1;
                continue;
            }
            out.repeat(length, distance);
            for _ in 0..length {
                self.note(text, at, part.end);
                at += 1;
            }
        }
    }

    /// The longest of what stood before the byte `at`, and how far before.
    fn find(&self, text: &[u8], at: usize, end: usize) -> (usize, usize) {
        let end = end.min(at + LONGEST);
        let mut best = (0, 0);
        let Some(hash) = hash(&text[at..end]) else { return best };
        let mut place = self.last[hash] as usize;
        for _ in 0..TRIES {
            let Some(from) = place.checked_sub(1) else { break };
            let distance = at - from;
            if distance > FARTHEST {
                break;
            }
            let same = |(one, other): &(&u8, &u8)| one == other;
            let length = text[from..].iter().zip(&text[at..end]).take_while(same).count();
            if length > best.0 {
                best = (length, distance);
                if at + length == end {
                    break;
                }
            }
            let before = self.before[from % FARTHEST] as usize;
            place = if before < place { before } else { 0 }; // what is older was overwritten
        }
        best
    }

    fn note(&mut self, text: &[u8], at: usize, end: usize) {
        if let Some(hash) = hash(&text[at..end]) {
            self.before[at % FARTHEST] = self.last[hash];
            self.last[hash] = at as u32 + 1;
        }
    }
}

fn hash(text: &[u8]) -> Option<usize> {
    let known = text.first_chunk::<KNOWN>()?;
    Some((u32::from_le_bytes(*known).wrapping_mul(0x9E37_79B1) >> (32 - HASH)) as usize)
}
