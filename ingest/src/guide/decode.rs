//! From the bytes of a guide to UTF-8 that an XML parser will not choke on.
//!
//! ```text
//! file or body ──▶ layer ──▶ gzip · xz · zip · tar, in any order ──▶ layer ──▶ text ──▶ (ahead) ──▶ scan
//! ```
//!
//! What a document is, its first bytes say: names, suffixes and content types of guides are wrong too often.

mod ahead;
mod gzip;
mod layer;
mod tar;
mod text;
mod zip;

use std::io::{self, Read};

use lzma_rust2::XzReader;

pub(crate) use ahead::ahead;
use gzip::Gzip;
use layer::Layer;
use text::Text;

/// The most that is read of a guide, packed and unpacked; the largest known have 1 GB.
const LARGEST: u64 = 4 << 30;
/// How many packings may lie in each other. Real guides have one, careless ones two, and an archive one more.
const LAYERS: usize = 4;
/// The memory xz may take, in KiB: `xz -9` asks for 64 MiB.
const XZ_MEMORY: u32 = 66 << 10;
/// How much of a document tells what it is: a tar has its mark at 257.
const HEAD: usize = 512;

/// Whatever `input` is, as UTF-8: unpacked, decoded by what it says of itself unless that is untrue, with U+FFFD for
/// what cannot be decoded and blanks for control characters.
///
/// What comes before a damage is given; an archive that breaks off is an error where it does.
///
/// SECURITY: a few kB of gzip in gzip unpack to a petabyte; so every layer ends after [`LARGEST`] bytes.
///
/// # Errors
/// Those of `input`, and archives that hold no guide.
pub(crate) fn decoded(input: impl Read + Send + 'static) -> io::Result<Text> {
    let mut plain = Layer::new(input.take(LARGEST));
    for _ in 0..LAYERS {
        let unpacked: Box<dyn Read + Send> = match Packing::of(plain.head(HEAD)?) {
            Some(Packing::Gzip) => Box::new(Gzip::new(plain)),
            Some(Packing::Xz) => Box::new(XzReader::new_mem_limit(plain, true, XZ_MEMORY)),
            Some(Packing::Zip) => Box::new(zip::guide(plain)?),
            Some(Packing::Tar) => Box::new(tar::guide(plain)?),
            None => break,
        };
        plain = Layer::new(unpacked.take(LARGEST));
    }
    Text::new(plain)
}

/// How a document is packed.
enum Packing {
    /// RFC 1952.
    Gzip,
    /// The .xz file format.
    Xz,
    /// PKWARE's APPNOTE.
    Zip,
    /// POSIX.1 ustar.
    Tar,
}

impl Packing {
    /// By the first bytes.
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', ..] => Some(Self::Xz),
            [b'P', b'K', 3, 4, ..] => Some(Self::Zip),
            _ if head.get(257..262) == Some(b"ustar") => Some(Self::Tar),
            _ => None,
        }
    }
}

/// Whether a file of an archive that begins with `head` may be the guide: XML that is no page, or packed again.
fn promising(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let page = |word: &[u8]| text.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    let wide = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    let xml = text.starts_with(b"<") && !page(b"<html") && !page(b"<!doctype html");
    xml || wide || Packing::of(head).is_some()
}

#[cfg(test)]
mod tests;
