//! tar (POSIX.1 ustar): files in blocks of 512 bytes, each after a block that describes it.

use std::io::{self, Cursor, Read};

use super::layer::Layer;
use super::{HEAD, promising};

/// Bytes of a block.
const BLOCK: u64 = 512;
/// Files that are looked at.
const FILES: usize = 1000;

/// The first file that may be a guide.
///
/// # Errors
/// There is none; those of the input.
pub(super) fn guide(mut archive: Layer) -> io::Result<impl Read + Send + 'static> {
    for _ in 0..FILES {
        let header: [u8; BLOCK as usize] = archive.take_exact()?;
        let length = octal(&header[124..136]).ok_or_else(none)?;
        let regular = matches!(header[156], b'0' | 0);
        if regular && length > 0 {
            let mut head = vec![0; length.min(HEAD as u64) as usize];
            archive.read_exact(&mut head)?;
            let rest = length - head.len() as u64;
            if promising(&head) {
                return Ok(Cursor::new(head).chain(archive.take(rest)));
            }
            archive.skip(length.next_multiple_of(BLOCK) - head.len() as u64)?;
        } else {
            archive.skip(length.next_multiple_of(BLOCK))?;
        }
    }
    Err(none())
}

fn none() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the tar archive holds no guide")
}

/// A number in octal digits; eleven of them at most, which cannot overflow. `None` for the binary form of files
/// beyond 8 GB, and for blocks that are none.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    u64::from_str_radix(digits, 8).ok()
}
