//! Codes by how often symbols occur (RFC 1951, 3.2.2).

use std::collections::VecDeque;

use super::bits::Bits;

/// A code for each symbol that occurs.
pub(super) struct Codes {
    /// How many bits each has; 0 for what does not occur.
    pub(super) lengths: Vec<u8>,
    /// As they are put: their first bit is the lowest.
    codes: Vec<u16>,
}

impl Codes {
    /// The shortest for symbols that occur so often, none longer than `longest` bits.
    pub(super) fn of(counts: &[u32], longest: usize) -> Self {
        let lengths = lengths(counts, longest);
        let mut next = [0_u16; 16];
        for bits in 1..16 {
            let shorter =
                lengths.iter().filter(|length| usize::from(**length) == bits - 1 && bits > 1).count();
            next[bits] = (next[bits - 1] + shorter as u16) << 1;
        }
        let codes = lengths.iter().map(|length| {
            let code = next[usize::from(*length)];
            next[usize::from(*length)] += 1;
            code.reverse_bits().checked_shr(16 - u32::from(*length)).unwrap_or(0)
        });
        Self { codes: codes.collect(), lengths }
    }

    pub(super) fn put(&self, symbol: usize, out: &mut Bits) {
        out.put(self.codes[symbol].into(), self.lengths[symbol]);
    }
}

fn lengths(counts: &[u32], longest: usize) -> Vec<u8> {
    let mut symbols: Vec<usize> = (0..counts.len()).filter(|symbol| counts[*symbol] > 0).collect();
    symbols.sort_unstable_by_key(|symbol| counts[*symbol]);
    let sorted: Vec<u32> = symbols.iter().map(|symbol| counts[*symbol]).collect();
    let mut numbers = numbers(&sorted);
    shorten(&mut numbers, longest);
    let mut lengths = vec![0; counts.len()];
    let mut symbols = symbols.into_iter();
    // The rarest have the longest codes.
    for (length, number) in numbers.into_iter().enumerate().rev() {
        symbols.by_ref().take(number).for_each(|symbol| lengths[symbol] = length as u8);
    }
    lengths
}

/// How many codes there are of each length, for symbols that occur so often, the rarest first: Huffman's, with two queues.
fn numbers(sorted: &[u32]) -> Vec<usize> {
    /// How often what is below a node occurs, and how many leaves it has at each depth.
    type Node = (u64, Vec<usize>);
    let mut leaves = sorted.iter().map(|count| u64::from(*count)).peekable();
    let mut nodes: VecDeque<Node> = VecDeque::new();
    let mut rarest = |nodes: &mut VecDeque<Node>| match (leaves.peek(), nodes.front()) {
        (Some(leaf), Some((count, _))) if leaf > count => nodes.pop_front(),
        (None, _) => nodes.pop_front(),
        _ => leaves.next().map(|count| (count, vec![1])),
    };
    while let Some(one) = rarest(&mut nodes) {
        let Some(other) = rarest(&mut nodes) else {
            // The root; a symbol that is alone has a code of one bit all the same.
            let mut numbers = one.1;
            if numbers.len() == 1 {
                numbers.insert(0, 0);
            }
            return numbers;
        };
        let depth = one.1.len().max(other.1.len());
        let at = |numbers: &[usize], depth: usize| numbers.get(depth).copied().unwrap_or(0);
        let below = (0..depth).map(|depth| at(&one.1, depth) + at(&other.1, depth));
        nodes.push_back((one.0 + other.0, [0].into_iter().chain(below).collect()));
    }
    Vec::new()
}

/// Makes longer codes `longest` bits long, and others longer, until there is room for all of them.
fn shorten(numbers: &mut Vec<usize>, longest: usize) {
    if numbers.len() <= longest + 1 {
        return;
    }
    numbers[longest] += numbers.drain(longest + 1..).sum::<usize>();
    // What the codes take of all that there are of the longest (Kraft).
    let mut taken: usize =
        numbers.iter().enumerate().map(|(length, number)| number << (longest - length)).sum();
    while taken > 1 << longest {
        let shorter =
            (1..longest).rev().find(|length| numbers[*length] > 0).expect("there are shorter codes");
        numbers[longest] -= 1;
        numbers[shorter] -= 1;
        numbers[shorter + 1] += 2;
        taken -= 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_that_would_be_too_long_are_not() {
        let (mut counts, mut next) = (vec![1, 1], 2);
        while counts.len() < 40 {
            counts.push(next);
            next = counts[counts.len() - 1] + counts[counts.len() - 2];
        }
        let lengths = lengths(&counts, 15);
        assert_eq!(lengths.iter().max(), Some(&15));
        let taken: u32 = lengths.iter().map(|length| 1 << (15 - length)).sum();
        assert!(taken <= 1 << 15, "{taken}");
    }

    proptest! {
        #[test]
        fn a_code_is_whole_and_what_is_rarer_has_no_shorter_one(counts in prop::collection::vec(0u32..5000, 2..286)) {
            let lengths = lengths(&counts, 15);
            let used: Vec<usize> = (0..counts.len()).filter(|symbol| counts[*symbol] > 0).collect();
            prop_assert!((0..counts.len()).all(|symbol| (lengths[symbol] > 0) == (counts[symbol] > 0)));
            let taken: u32 = used.iter().map(|symbol| 1 << (15 - lengths[*symbol])).sum();
            prop_assert!(used.len() < 2 || taken == 1 << 15);
            for pair in used.windows(2) {
                let (one, other) = (pair[0], pair[1]);
                prop_assert!(counts[one] >= counts[other] || lengths[one] >= lengths[other]);
                prop_assert!(counts[one] <= counts[other] || lengths[one] <= lengths[other]);
            }
        }
    }
}
