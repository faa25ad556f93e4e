//! The checksum of gzip (RFC 1952, 8) of what is known but for some of its bytes.
//!
//! A checksum is the remainder of a division of polynomials over GF(2), in which bytes that differ count by themselves: each
//! by as much as bytes follow. So the checksum of a text is that of another of the same length, and what the bytes that differ
//! make of it.

use std::sync::LazyLock;

use flate2::Crc;

/// The polynomial, its lowest power in the highest bit, as all of them here.
const DIVISOR: u32 = 0xEDB8_8320;
const ONE: u32 = 1 << 31;

/// Distances that are looked up.
const NEAR: usize = 2048;

/// What bytes count for that are followed by so many.
static FOLLOWED: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let byte = |power: u32| (0..8).fold(power, |power, _| times_x(power));
    std::iter::successors(Some(ONE), |power| Some(byte(*power))).take(NEAR).collect()
});

/// For how much bytes count that stand at several places of a text.
#[derive(Clone, Copy, Default)]
pub(crate) struct Weight(u32);

impl Weight {
    /// They stand here as well, at the end of the text until now.
    pub(crate) fn here(&mut self) {
        self.0 ^= ONE;
    }

    /// So many more bytes follow.
    pub(crate) fn follow(&mut self, bytes: usize) {
        let mut left = bytes;
        while left > 0 && self.0 > 0 {
            let now = left.min(NEAR - 1);
            self.0 = product(self.0, FOLLOWED[now]);
            left -= now;
        }
    }

    /// What the checksum of the text differs by when `new` stands there in place of `old`, which is as long.
    pub(crate) fn differs(self, old: &[u8], new: &[u8]) -> u32 {
        debug_assert_eq!(old.len(), new.len());
        product(self.0, sum(old) ^ sum(new))
    }
}

/// The checksum of `bytes`.
pub(crate) fn sum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn times_x(power: u32) -> u32 {
    (power >> 1) ^ (DIVISOR & (power & 1).wrapping_neg())
}

fn product(one: u32, mut other: u32) -> u32 {
    let mut product = 0;
    for bit in (0..32).rev() {
        product ^= other & (one >> bit & 1).wrapping_neg();
        other = times_x(other);
    }
    product
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_differs_is_told_without_the_rest(
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5000), 1..6),
            own in "[a-z]{1,40}",
        ) {
            let blank = vec![0xFF; own.len()];
            let text = |between: &[u8]| texts.join(between);
            let mut weight = Weight::default();
            for (at, text) in texts.iter().enumerate() {
                if at > 0 {
                    weight.follow(own.len());
                    weight.here();
                }
                weight.follow(text.len());
            }
            prop_assert_eq!(sum(&text(&blank)) ^ weight.differs(&blank, own.as_bytes()), sum(&text(own.as_bytes())));
        }
    }
}
