//! CRC-32/MPEG-2: polynomial 04C11DB7, all ones to begin with, not reflected, not inverted.

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000_0000 != 0 { crc << 1 ^ 0x04C1_1DB7 } else { crc << 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

/// The checksum of `bytes`; 0 for a section that ends with its own.
pub fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| step(crc, *byte))
}

/// What the checksum changes by when `bits` of a byte are flipped that `behind` more bytes follow.
pub(crate) fn difference(bits: u8, behind: usize) -> u32 {
    (0..behind).fold(step(0, bits), |crc, _| step(crc, 0))
}

fn step(crc: u32, byte: u8) -> u32 {
    crc << 8 ^ TABLE[usize::from((crc >> 24) as u8 ^ byte)]
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_check_value_of_the_catalogue_comes_out() {
        assert_eq!(super::crc32(b"123456789"), 0x0376_E6E7);
    }

    #[test]
    fn a_flipped_byte_makes_the_same_difference_whatever_the_others_are() {
        assert_eq!(
            super::crc32(b"123456789") ^ super::crc32(b"12z456789"),
            super::difference(b'3' ^ b'z', 6)
        );
    }
}
