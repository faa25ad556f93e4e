//! A segment as it arrived, made into whole packets. Pure.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use contract::ticket::pass::Obstacle;
use mpegts::{Aligner, Foreign, PACKET};

use crate::refusal::Failure;

/// What opens an encrypted segment.
#[derive(Clone, Copy)]
pub(super) struct Opener {
    pub(super) key: [u8; 16],
    pub(super) iv: u128,
}

/// Distances between packets that exist in the field, and where in each unit the packet begins: there is a timestamp of 4
/// bytes before it, or error correction of 16 behind it.
const UNITS: [(usize, usize); 3] = [(PACKET, 0), (192, 4), (204, 0)];

/// The packets of a segment, and only (`whole`) if there is nothing else in it. Tables at its beginning stay: between two
/// segments they may be the only ones for as long as a segment lasts, and players want them every half second.
///
/// # Errors
/// It cannot be opened, or there is no transport stream in it, or it is not whole.
pub(super) fn packets(mut bytes: Vec<u8>, opener: Option<Opener>, whole: bool) -> Result<Vec<u8>, Failure> {
    if let Some(opener) = opener {
        let plain = open(&mut bytes, opener)?;
        bytes.truncate(plain);
    }
    let stream = behind_tag(&bytes);
    if !stream.is_empty() && is_made_of(stream, PACKET, 0) {
        let tag = bytes.len() - stream.len();
        bytes.drain(..tag);
        return Ok(bytes);
    }
    let (mut aligner, mut packets) = (Aligner::new(), Vec::with_capacity(stream.len()));
    aligner.push(stream, &mut packets);
    aligner.finish(&mut packets);
    if packets.is_empty() {
        return Err(foreign(&bytes));
    }
    let odd = whole && !UNITS.iter().any(|(unit, start)| is_made_of(stream, *unit, *start));
    if odd { Err(Failure::Incomplete) } else { Ok(packets) }
}

/// Whether `stream` is units of so many bytes, in each of which a packet begins at `start`.
fn is_made_of(stream: &[u8], unit: usize, start: usize) -> bool {
    stream.len().is_multiple_of(unit) && stream.chunks(unit).all(|unit| unit[start] == mpegts::SYNC)
}

/// Whether bytes that are not encrypted end in the middle of a packet: the rest of them is missing.
pub(super) fn is_cut(bytes: &[u8]) -> bool {
    let stream = behind_tag(bytes);
    stream.first() == Some(&mpegts::SYNC)
        && stream.get(PACKET) == Some(&mpegts::SYNC)
        && !stream.len().is_multiple_of(PACKET)
}

/// Decrypts in place; how much of it is left without the padding.
fn open(bytes: &mut [u8], opener: Opener) -> Result<usize, Failure> {
    let cipher = cbc::Decryptor::<Aes128>::new(&opener.key.into(), &opener.iv.to_be_bytes().into());
    let plain = cipher.decrypt_padded::<Pkcs7>(bytes).map(<[u8]>::len);
    plain.map_err(|_| Failure::Foreign("a segment that its key does not open"))
}

/// What comes after an ID3v2 tag, which some packagers put before the packets.
fn behind_tag(bytes: &[u8]) -> &[u8] {
    let [b'I', b'D', b'3', _, _, flags, size @ ..] = bytes else { return bytes };
    let Some(size) = size.first_chunk::<4>() else { return bytes };
    let size = size.iter().fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7F));
    let footer = if flags & 0x10 != 0 { 10 } else { 0 };
    bytes.get(10 + size + footer..).unwrap_or(&[])
}

/// What came in place of packets.
fn foreign(bytes: &[u8]) -> Failure {
    let fragment = matches!(bytes.get(4..8), Some(b"moof" | b"styp" | b"sidx" | b"ftyp" | b"moov" | b"emsg"));
    match mpegts::classify(bytes) {
        Foreign::Mp4 => Failure::Unsupported(Obstacle::Fragments),
        _ if fragment => Failure::Unsupported(Obstacle::Fragments),
        Foreign::Audio => Failure::Unsupported(Obstacle::Bare),
        other => Failure::Foreign(other.name()),
    }
}

#[cfg(test)]
mod tests {
    use aes::cipher::BlockModeEncrypt;
    use mpegts::NULL_PACKET;

    use super::*;

    #[test]
    fn packets_are_found_behind_a_tag_and_among_other_bytes() {
        let clean = NULL_PACKET.repeat(8);
        let tag = [b"ID3\x04\x00\x00\x00\x00\x01\x02".as_slice(), &[0; 130]].concat();
        for before in [&[][..], &tag] {
            let bytes = [before, &clean].concat();
            assert_eq!(packets(bytes, None, true).unwrap(), clean);
        }
        for (before, behind) in [(0, 16), (4, 0)] {
            let unit = [&vec![0; before][..], &NULL_PACKET[..], &vec![0; behind]].concat();
            assert_eq!(packets(unit.repeat(8), None, true).unwrap(), clean);
        }
        for odd in [[&clean[..], &[0; PACKET], &clean].concat(), [&clean[..], &clean[..100]].concat()] {
            assert_eq!(packets(odd.clone(), None, true), Err(Failure::Incomplete));
            assert!(packets(odd, None, false).unwrap().len() >= clean.len());
        }
        assert!(is_cut(&clean[..900]) && !is_cut(&clean) && !is_cut(b"<html>"));
    }

    #[test]
    fn an_encrypted_segment_is_opened_by_its_key_only() {
        let clean = NULL_PACKET.repeat(8);
        let opener = Opener { key: [7; 16], iv: 0x0102 };
        let cipher = cbc::Encryptor::<Aes128>::new(&opener.key.into(), &opener.iv.to_be_bytes().into());
        let mut sealed = [&clean[..], &[0; 16]].concat();
        cipher.encrypt_padded::<Pkcs7>(&mut sealed, clean.len()).unwrap();
        assert_eq!(packets(sealed.clone(), Some(opener), true).unwrap(), clean);
        assert!(packets(sealed.clone(), Some(Opener { key: [8; 16], ..opener }), false).is_err());
        assert!(packets(sealed[..100].to_vec(), Some(opener), false).is_err());
    }

    #[test]
    fn what_is_no_transport_stream_is_named() {
        let failure = |bytes: &[u8]| packets(bytes.to_vec(), None, true).unwrap_err();
        assert_eq!(failure(b""), Failure::Foreign("nothing"));
        assert_eq!(failure(b"<html>gone</html>"), Failure::Foreign("a web page"));
        assert_eq!(failure(b"\0\0\0\x18stypmsdh\0\0\0\0"), Failure::Unsupported(Obstacle::Fragments));
        assert_eq!(failure(b"\0\0\0\x10moof\0\0\0\x08mfhd"), Failure::Unsupported(Obstacle::Fragments));
        assert_eq!(
            failure(b"ID3\x04\0\0\0\0\0\x01x\xff\xf1\x50\x80\x04\x00"),
            Failure::Unsupported(Obstacle::Bare)
        );
    }
}
