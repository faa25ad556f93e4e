//! Bits in the order of RFC 1951, 3.1.1: into each byte from its lowest.

/// Bits that have been put, those that fill no byte yet apart.
#[derive(Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    rest: u64,
    /// How many bits there are in `rest`: fewer than 32.
    left: u8,
}

impl Bits {
    /// Puts the lowest `count` bits of `bits`, which has no others; 16 at most.
    pub(super) fn put(&mut self, bits: u32, count: u8) {
        self.rest |= u64::from(bits) << self.left;
        self.left += count;
        if self.left >= 32 {
            self.bytes.extend_from_slice(&(self.rest as u32).to_le_bytes());
            self.rest >>= 32;
            self.left -= 32;
        }
    }

    /// Goes on with the next byte.
    pub(super) fn align(&mut self) {
        let bytes = usize::from(self.left.div_ceil(8));
        self.bytes.extend_from_slice(&self.rest.to_le_bytes()[..bytes]);
        (self.rest, self.left) = (0, 0);
    }

    /// Whole bytes until now.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() + usize::from(self.left / 8)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
