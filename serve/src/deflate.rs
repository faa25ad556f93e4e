//! Deflate (RFC 1951) by hand, for one who has to decide himself what is repeated from where, and what stands there as it is.
//!
//! Who only wants bytes to be shorter takes flate2.

mod bits;
mod huffman;
mod matcher;

use self::bits::Bits;
use self::huffman::Codes;
pub(crate) use self::matcher::Matcher;

/// The farthest that something may be repeated from, in bytes.
pub(crate) const FARTHEST: usize = 32 * 1024;
/// The most that is repeated at once, and the least.
pub(crate) const LONGEST: usize = 258;
const SHORTEST: usize = 3;

/// Symbols of a block: its codes then still fit what it holds.
const BLOCK: usize = 16 * 1024;

/// The end of a block among literals and lengths.
const END: usize = 256;

/// Literals and lengths, distances, and the lengths of their codes.
const LITERALS: usize = 286;
const DISTANCES: usize = 30;
const LENGTHS: usize = 19;

/// The shortest length of each code from 257 on, and how many bits say how much longer it is (3.2.5).
const LENGTH_BASES: [u16; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
    227, 258,
];
const LENGTH_BITS: [u8; 29] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

/// The order in which the lengths of the codes of lengths are told (3.2.7).
const ORDER: [usize; LENGTHS] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A byte, or what stood before.
#[derive(Clone, Copy)]
enum Symbol {
    Literal(u8),
    Repeat { length: u16, distance: u16 },
}

/// A stream in the making, whose blocks are written when they are full.
#[derive(Default)]
pub(crate) struct Deflate {
    out: Bits,
    symbols: Vec<Symbol>,
}

impl Deflate {
    pub(crate) fn literal(&mut self, byte: u8) {
        self.symbols.push(Symbol::Literal(byte));
        self.full();
    }

    /// Repeats `length` bytes, which are more than two, from `distance` bytes ago.
    pub(crate) fn repeat(&mut self, length: usize, distance: usize) {
        debug_assert!(length >= SHORTEST && (1..=FARTHEST).contains(&distance));
        let mut left = length;
        while left > 0 {
            // So that no one or two bytes are left.
            let now =
                if left > LONGEST && left < LONGEST + SHORTEST { left - SHORTEST } else { left.min(LONGEST) };
            self.symbols.push(Symbol::Repeat { length: now as u16, distance: (distance - 1) as u16 });
            left -= now;
        }
        self.full();
    }

    /// Begins a block of bytes that stand there as they are (3.2.4), which whoever sends the stream puts there: their number,
    /// its complement and themselves, see [`stored`]. Answers where: how many bytes of the stream come before.
    pub(crate) fn place(&mut self) -> usize {
        self.flush();
        self.out.put(0, 3);
        self.out.align();
        self.out.len()
    }

    /// The whole stream.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.out.put(0b011, 3); // the last block, by the codes that are known to all, with nothing
        self.out.put(0, 7); // but its end
        self.out.align();
        self.out.into_bytes()
    }

    /// Bytes that are written already.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    fn full(&mut self) {
        if self.symbols.len() >= BLOCK {
            self.flush();
        }
    }

    /// Writes what there is as a block with codes of its own (3.2.7).
    fn flush(&mut self) {
        if self.symbols.is_empty() {
            return;
        }
        let (mut literals, mut distances) = ([0; LITERALS], [0; DISTANCES]);
        literals[END] = 1;
        for symbol in &self.symbols {
            match *symbol {
                Symbol::Literal(byte) => literals[usize::from(byte)] += 1,
                Symbol::Repeat { length, distance } => {
                    literals[of_length(length).0] += 1;
                    distances[of_distance(distance).0] += 1;
                }
            }
        }
        let (literals, distances) = (Codes::of(&literals, 15), Codes::of(&distances, 15));
        self.out.put(0b100, 3);
        self.codes(&literals, &distances);
        for symbol in &self.symbols {
            match *symbol {
                Symbol::Literal(byte) => literals.put(usize::from(byte), &mut self.out),
                Symbol::Repeat { length, distance } => {
                    let (code, bits, more) = of_length(length);
                    literals.put(code, &mut self.out);
                    self.out.put(more, bits);
                    let (code, bits, more) = of_distance(distance);
                    distances.put(code, &mut self.out);
                    self.out.put(more, bits);
                }
            }
        }
        literals.put(END, &mut self.out);
        self.symbols.clear();
    }

    /// Writes the lengths of a block's codes, themselves coded.
    fn codes(&mut self, literals: &Codes, distances: &Codes) {
        let used = |codes: &Codes, least: usize| {
            codes.lengths.iter().rposition(|length| *length > 0).map_or(0, |last| last + 1).max(least)
        };
        let (literals, distances) =
            (&literals.lengths[..used(literals, 257)], &distances.lengths[..used(distances, 1)]);
        let told = run_lengths(&[literals, distances].concat());
        let mut counts = [0; LENGTHS];
        told.iter().for_each(|(code, ..)| counts[*code] += 1);
        let codes = Codes::of(&counts, 7);
        let ordered =
            ORDER.iter().rposition(|code| codes.lengths[*code] > 0).map_or(0, |last| last + 1).max(4);
        self.out.put((literals.len() - 257) as u32, 5);
        self.out.put((distances.len() - 1) as u32, 5);
        self.out.put((ordered - 4) as u32, 4);
        ORDER[..ordered].iter().for_each(|code| self.out.put(codes.lengths[*code].into(), 3));
        for (code, bits, more) in told {
            codes.put(code, &mut self.out);
            self.out.put(more, bits);
        }
    }
}

/// What goes to where [`Deflate::place`] was: `bytes`, of which there are fewer than 65536.
pub(crate) fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("what is put there is short").to_le_bytes();
    [&length[..], &length.map(|byte| !byte), bytes].concat()
}

/// The code of a length, how many bits follow it, and which.
fn of_length(length: u16) -> (usize, u8, u32) {
    let at = LENGTH_BASES.partition_point(|base| *base <= length) - 1;
    (257 + at, LENGTH_BITS[at], u32::from(length - LENGTH_BASES[at]))
}

/// The same of a distance less one. Codes come in pairs, each pair for twice as much as the one before.
fn of_distance(less: u16) -> (usize, u8, u32) {
    if less < 4 {
        return (less.into(), 0, 0);
    }
    let bits = (14 - less.leading_zeros()) as u8;
    let code = 2 + 2 * usize::from(bits) + usize::from(less >> bits & 1);
    (code, bits, u32::from(less & ((1 << bits) - 1)))
}

/// Lengths as they are told: themselves, the one before again 3 to 6 times (16), or none 3 to 10 (17) or 11 to 138 times (18).
fn run_lengths(lengths: &[u8]) -> Vec<(usize, u8, u32)> {
    let mut told = Vec::new();
    for run in lengths.chunk_by(|one, next| one == next) {
        let (length, mut left) = (run[0], run.len());
        if length > 0 {
            told.push((length.into(), 0, 0));
            left -= 1;
        }
        while left > 0 {
            let (code, bits, least, most) = match (length, left) {
                (_, ..3) => (length.into(), 0, 1, 1),
                (0, ..=10) => (17, 3, 3, 10),
                (0, _) => (18, 7, 11, 138),
                _ => (16, 2, 3, 6),
            };
            let now = left.min(most);
            told.push((code, bits, (now - least) as u32));
            left -= now;
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;
    use proptest::prelude::*;

    use super::*;

    fn inflated(stream: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        DeflateDecoder::new(stream).read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn every_length_and_every_distance_has_its_code() {
        let begin: Vec<u8> = (0..FARTHEST as u32).map(|at| ((at * at) >> 7) as u8).collect();
        let (mut deflate, mut expected) = (Deflate::default(), begin.clone());
        begin.iter().for_each(|byte| deflate.literal(*byte));
        for (length, distance) in
            (3..1100).zip((1..=FARTHEST).rev().step_by(29)).chain([(3, FARTHEST), (258, 1)])
        {
            deflate.repeat(length, distance);
            let from = expected.len() - distance;
            (from..from + length).for_each(|at| expected.push(expected[at]));
        }
        let stream = deflate.finish();
        assert!(inflated(&stream) == expected);
    }

    #[test]
    fn what_is_put_into_a_place_is_repeated_from_there() {
        let mut deflate = Deflate::default();
        b"one ".iter().for_each(|byte| deflate.literal(*byte));
        let place = deflate.place();
        b" and ".iter().for_each(|byte| deflate.literal(*byte));
        deflate.repeat(3, 8);
        let stream = deflate.finish();
        for own in ["two", "six"] {
            let sent = [&stream[..place], &stored(own.as_bytes()), &stream[place..]].concat();
            assert_eq!(inflated(&sent), format!("one {own} and {own}").into_bytes());
        }
        assert_eq!(inflated(&Deflate::default().finish()), b"");
    }

    proptest! {
        #[test]
        fn what_is_found_again_is_the_same(words in prop::collection::vec(("[a-c]{1,9}", 1usize..4000), 1..60)) {
            let text: String = words.iter().map(|(word, times)| word.repeat(*times)).collect();
            let (mut deflate, mut matcher) = (Deflate::default(), Matcher::default());
            matcher.text(text.as_bytes(), 0..text.len() / 3, &mut deflate);
            matcher.text(text.as_bytes(), text.len() / 3..text.len(), &mut deflate);
            prop_assert!(inflated(&deflate.finish()) == text.as_bytes());
        }
    }
}
