//! zip as a stream: its entries in the order in which they lie, without the directory at the end (APPNOTE 4.3.7), so
//! that a guide needs neither memory nor a second file.

use std::io::{self, Cursor, Read, Take};

use flate2::bufread::DeflateDecoder;

use super::layer::Layer;
use super::{HEAD, LARGEST, promising};

/// Entries that are looked at.
const ENTRIES: usize = 1000;
/// The extra field of sizes that do not fit into 32 bits (APPNOTE 4.5.3).
const ZIP64: u16 = 1;

/// The first entry that may be a guide.
///
/// # Errors
/// There is none, or it cannot be unpacked; those of the input.
pub(super) fn guide(mut archive: Layer) -> io::Result<impl Read + Send + 'static> {
    let mut budget = LARGEST;
    for _ in 0..ENTRIES {
        let header = Header::read(&mut archive)?;
        let described = header.described;
        let mut body = Body::new(archive, &header)?;
        let mut head = Vec::with_capacity(HEAD);
        (&mut body).take(HEAD as u64).read_to_end(&mut head)?;
        if promising(&head) {
            return Ok(Cursor::new(head).chain(body));
        }
        // SECURITY: what is passed over costs time as well, however small it is packed.
        budget = budget.saturating_sub(io::copy(&mut (&mut body).take(budget), &mut io::sink())?);
        if budget == 0 {
            break;
        }
        archive = body.into_inner();
        if described {
            // The descriptor has 12 to 24 bytes, with or without a mark of its own (APPNOTE 4.3.9).
            let next = memchr::memmem::find(archive.head(28)?, b"PK\x03\x04").ok_or_else(none)?;
            archive.skip(next as u64)?;
        }
    }
    Err(none())
}

fn none() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the zip archive holds no guide")
}

fn unreadable() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the zip archive is encrypted, or packed with neither deflate nor nothing",
    )
}

/// What stands before an entry's bytes.
struct Header {
    /// 0 for bytes as they are, 8 for deflate.
    method: u16,
    /// Packed.
    length: u64,
    /// Whether the length comes after the bytes, and is not known here.
    described: bool,
}

impl Header {
    fn read(archive: &mut Layer) -> io::Result<Self> {
        let fixed: [u8; 30] = archive.take_exact()?;
        if !fixed.starts_with(b"PK\x03\x04") {
            return Err(none()); // the directory begins: there are no more entries
        }
        let short = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
        let long = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        archive.skip(short(26).into())?;
        let mut extra = vec![0; short(28).into()];
        archive.read_exact(&mut extra)?;
        let flags = short(6);
        if flags & 1 != 0 {
            return Err(unreadable());
        }
        let length = match long(18) {
            u32::MAX => packed_length(&extra).ok_or_else(unreadable)?,
            length => length.into(),
        };
        Ok(Self { method: short(8), length, described: flags & 8 != 0 })
    }
}

/// The second number of the extra field with 64 bits; the first is the length of what is unpacked.
fn packed_length(mut extra: &[u8]) -> Option<u64> {
    while let Some((head, rest)) = extra.split_first_chunk::<4>() {
        let (kind, length) = (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
        let (field, rest) = rest.split_at_checked(length.into())?;
        if kind == ZIP64 {
            return field.get(8..16)?.try_into().ok().map(u64::from_le_bytes);
        }
        extra = rest;
    }
    None
}

/// An entry's bytes, unpacked.
enum Body {
    Stored(Take<Layer>),
    Deflated(DeflateDecoder<Layer>),
}

impl Body {
    fn new(archive: Layer, header: &Header) -> io::Result<Self> {
        match header.method {
            0 if !header.described || header.length > 0 => Ok(Self::Stored(archive.take(header.length))),
            8 => Ok(Self::Deflated(DeflateDecoder::new(archive))), // says itself where it ends
            _ => Err(unreadable()),
        }
    }

    fn into_inner(self) -> Layer {
        match self {
            Self::Stored(bytes) => bytes.into_inner(),
            Self::Deflated(bytes) => bytes.into_inner(),
        }
    }
}

impl Read for Body {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stored(bytes) => bytes.read(out),
            Self::Deflated(bytes) => bytes.read(out),
        }
    }
}
