//! The bytes of a film: a clip of a few seconds, and behind it what players skip, up to any size.
//!
//! What is skipped is noise that differs from place to place and from film to film, so that bytes that stand where they
//! do not belong are noticed. It costs nothing to make: it is the same megabyte again and again, and never copied.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::catalogue::mix;

const MP4: &[u8] = include_bytes!("../../assets/film.mp4");
const MKV: &[u8] = include_bytes!("../../assets/film.mkv");

/// The length of a transport stream's packet (ISO/IEC 13818-1).
const PACKET: usize = 188;
/// The length of the noise: some packets, and no round number, so that it stands elsewhere in each block of a disk.
const NOISE: usize = PACKET * 5581;
/// What a film has at least behind its clip that was exchanged for another one.
const LEAST: u64 = 64 * 1024;

/// A film of some size.
pub(super) struct Film {
    /// The clip, and the head of what is skipped.
    clip: Bytes,
    pub(super) size: u64,
    pub(super) media_type: &'static str,
    noise: Bytes,
    /// Where in the noise it begins.
    turn: u64,
}

impl Film {
    /// The film `id` of a station whose films have `size` bytes at least; `transport` is its clip as a transport stream.
    /// `other` is another film than before in its place, so many bytes longer.
    pub(super) fn new(
        id: u32,
        extension: &str,
        size: u64,
        other: Option<u64>,
        transport: impl FnOnce() -> Bytes,
    ) -> Self {
        let (clip, media_type, packets) = match extension {
            "mp4" => (Bytes::from_static(MP4), "video/mp4", false),
            "mkv" => (Bytes::from_static(MKV), "video/x-matroska", false),
            _ => (transport(), "video/mp2t", true),
        };
        let least = clip.len() as u64;
        let wanted = other.map_or(size, |longer| size.max(least + LEAST) + longer);
        let head = head(extension, wanted.saturating_sub(least));
        let clip = if head.is_empty() { clip } else { [&clip[..], &head].concat().into() };
        let rest = wanted.saturating_sub(clip.len() as u64);
        let rest = if packets { rest / PACKET as u64 * PACKET as u64 } else { rest };
        let size = clip.len() as u64 + if clip.len() as u64 == least && !packets { 0 } else { rest };
        let turn = mix(u64::from(id), other.map_or(0, |longer| longer + 1)) % (NOISE / PACKET) as u64;
        Self { clip, size, media_type, noise: noise(packets), turn: turn * PACKET as u64 }
    }

    /// At most `most` bytes from `at` on; none at the end.
    pub(super) fn piece(&self, at: u64, most: usize) -> Bytes {
        if let Ok(at) = usize::try_from(at)
            && at < self.clip.len()
        {
            return self.clip.slice(at..self.clip.len().min(at + most));
        }
        let from = (at - self.clip.len() as u64 + self.turn) % NOISE as u64;
        let left = usize::try_from(self.size.saturating_sub(at)).unwrap_or(usize::MAX);
        let from = usize::try_from(from).expect("within the noise");
        self.noise.slice(from..NOISE.min(from + most.min(left)))
    }
}

/// What says that `rest` bytes are skipped, itself included: a free box (ISO/IEC 14496-12), a void element (RFC 8794).
fn head(extension: &str, rest: u64) -> Vec<u8> {
    match extension {
        "mp4" if rest >= 16 => [&1_u32.to_be_bytes()[..], b"free", &rest.to_be_bytes()].concat(),
        "mkv" if rest >= 9 => [&[0xEC][..], &((rest - 9) | (1 << 56)).to_be_bytes()].concat(),
        _ => Vec::new(),
    }
}

/// Noise, in null packets or bare.
fn noise(packets: bool) -> Bytes {
    static BARE: OnceLock<Bytes> = OnceLock::new();
    static PACKED: OnceLock<Bytes> = OnceLock::new();
    let made = || (0..NOISE.div_ceil(8) as u64).flat_map(|at| mix(0x4e01, at).to_le_bytes()).take(NOISE);
    match packets {
        false => BARE.get_or_init(|| made().collect()).clone(),
        true => PACKED
            .get_or_init(|| {
                let mut bytes: Vec<u8> = made().collect();
                bytes
                    .chunks_mut(PACKET)
                    .for_each(|packet| packet[..4].copy_from_slice(&[0x47, 0x1F, 0xFF, 0x10]));
                bytes.into()
            })
            .clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(film: &Film) -> Vec<u8> {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < film.size {
            bytes.extend_from_slice(&film.piece(bytes.len() as u64, 100_000));
        }
        bytes
    }

    #[test]
    fn a_film_has_the_size_that_was_asked_for_and_every_place_its_own_bytes() {
        let transport = || Bytes::from(vec![0x47; PACKET * 10]);
        for extension in ["mp4", "mkv", "ts"] {
            let film = |size, other| Film::new(7, extension, size, other, transport);
            let (short, long) = (film(0, None), film(2_000_000, None));
            assert_eq!(all(&long).len() as u64, long.size, "{extension}");
            assert!(long.size.abs_diff(2_000_000) < PACKET as u64 && short.size < 900_000);
            assert_eq!(all(&long)[..short.size as usize], all(&short));
            let (other, longer) = (film(2_000_000, Some(0)), film(2_000_000, Some(4096)));
            assert_eq!(other.size, long.size);
            assert!(longer.size > long.size);
            let at = 1_000_000;
            let window = |film: &Film, at| all(film)[at..at + 1000].to_vec();
            assert_ne!(window(&other, at), window(&long, at));
            assert_ne!(window(&longer, at), window(&other, at));
            assert_ne!(window(&long, at), window(&long, at + PACKET));
        }
    }
}
