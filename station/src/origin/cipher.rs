//! AES-128 of RFC 8216 section 4.3.2.4: CBC with PKCS #7 padding, whole segments.

use aes::Aes128;
use cbc::Encryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt as _, KeyIvInit as _};

use crate::catalogue::mix;

/// Segments that share a key.
const KEY_LIFE: u64 = 10;

/// The number of the key of a segment.
pub(super) fn key_of(segment: u64) -> u64 {
    segment / KEY_LIFE
}

/// A channel's key of that number.
pub(super) fn key(id: u32, number: u64) -> [u8; 16] {
    let half = |salt: u64| u128::from(mix(u64::from(id) ^ salt, number));
    (half(0x6b65) << 64 | half(0x79)).to_be_bytes()
}

/// The IV that a playlist writes out for a segment.
pub(super) fn iv(id: u32, segment: u64) -> [u8; 16] {
    key(id ^ 0x8000_0000, segment)
}

/// The IV of a playlist that names none: the sequence number.
pub(super) fn sequence_iv(segment: u64) -> [u8; 16] {
    u128::from(segment).to_be_bytes()
}

pub(super) fn encrypt(key: [u8; 16], iv: [u8; 16], clear: &[u8]) -> Vec<u8> {
    Encryptor::<Aes128>::new(&key.into(), &iv.into()).encrypt_padded_vec::<Pkcs7>(clear)
}

pub(super) fn hexadecimal(bytes: [u8; 16]) -> String {
    format!("0x{:032X}", u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cipher_is_the_one_of_the_standard() {
        // NIST SP 800-38A, F.2.1: the first block of CBC-AES128.
        let bytes = |hex: u128| hex.to_be_bytes();
        let key = bytes(0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c);
        let iv = bytes(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f);
        let clear = bytes(0x6bc1_bee2_2e40_9f96_e93d_7e11_7393_172a);
        let cipher = encrypt(key, iv, &clear);
        assert_eq!(cipher.len(), 32);
        assert_eq!(cipher[..16], bytes(0x7649_abac_8119_b246_cee9_8e9b_12e9_197d));
    }
}
