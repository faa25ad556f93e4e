//! From the bytes of a guide to UTF-8 that an XML parser will not choke on.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};
use flate2::bufread::MultiGzDecoder;

/// Bytes that are looked at together.
const PIECE: usize = 1 << 16;
/// The most that is read of a guide, packed and unpacked; the largest known have 1 GB.
const LARGEST: u64 = 4 << 30;

/// Whatever `input` is, as UTF-8: unpacked if it begins like gzip (twice, if need be), decoded by what it says of
/// itself unless that is untrue, with U+FFFD for what cannot be decoded and blanks for control characters.
///
/// SECURITY: a few kB of gzip in gzip unpack to a petabyte; so every layer ends after [`LARGEST`] bytes.
///
/// # Errors
/// Those of `input`, and archives that are no gzip.
pub(crate) fn decoded(input: impl Read + Send + 'static) -> io::Result<impl BufRead> {
    let mut plain: Box<dyn BufRead + Send> = Box::new(BufReader::with_capacity(PIECE, input.take(LARGEST)));
    for _ in 0..2 {
        let head = plain.fill_buf()?;
        if head.starts_with(b"\x1f\x8b") {
            let unpacked = MultiGzDecoder::new(plain).take(LARGEST);
            plain = Box::new(BufReader::with_capacity(PIECE, unpacked));
        } else if head.starts_with(b"\xfd7zXZ") || head.starts_with(b"PK") {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the guide is packed, and not with gzip"));
        }
    }
    let decoder = encoding(plain.fill_buf()?).new_decoder_with_bom_removal();
    Ok(Lossy { input: plain, decoder, over: false, text: vec![0; PIECE], left: 0..0 })
}

/// The encoding of a document that begins with `head`.
fn encoding(head: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    let declared = declaration(head).and_then(Encoding::for_label).unwrap_or(UTF_8);
    match std::str::from_utf8(head) {
        // Declared as something older, but with letters that are UTF-8: that is no accident.
        Ok(text) if !text.is_ascii() => UTF_8,
        Err(error) if error.error_len().is_none() && !head[..error.valid_up_to()].is_ascii() => UTF_8,
        // A document that could say so in ASCII is not UTF-16.
        _ if !declared.is_ascii_compatible() => UTF_8,
        _ => declared,
    }
}

/// The label in `<?xml version="1.0" encoding="…"?>`.
fn declaration(head: &[u8]) -> Option<&[u8]> {
    let end = memchr::memmem::find(&head[..head.len().min(200)], b"?>")?;
    let rest = &head[memchr::memmem::find(&head[..end], b"encoding=")? + 9..end];
    let quote = *rest.first()?;
    rest[1..].split(|byte| *byte == quote).next()
}

/// Decodes a buffer at a time.
struct Lossy<R> {
    input: R,
    decoder: Decoder,
    over: bool,
    text: Vec<u8>,
    /// What of `text` is still to be read.
    left: Range<usize>,
}

impl<R: BufRead> BufRead for Lossy<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.left.is_empty() && !self.over {
            let bytes = self.input.fill_buf()?;
            let last = bytes.is_empty();
            let (result, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut self.text, last);
            self.input.consume(read);
            self.over = last && result == CoderResult::InputEmpty;
            self.left = 0..written;
            for byte in &mut self.text[..written] {
                if *byte < b' ' && !matches!(*byte, b'\t' | b'\n' | b'\r') {
                    *byte = b' ';
                }
            }
        }
        Ok(&self.text[self.left.clone()])
    }

    fn consume(&mut self, amount: usize) {
        self.left.start += amount;
    }
}

impl<R: BufRead> Read for Lossy<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn text(bytes: &[u8]) -> String {
        let mut text = String::new();
        decoded(io::Cursor::new(bytes.to_vec())).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_found_by_its_first_bytes_even_twice() {
        assert_eq!(text(b"<tv/>"), "<tv/>");
        assert_eq!(text(&gzip(b"<tv/>")), "<tv/>");
        assert_eq!(text(&gzip(&gzip(b"<tv/>"))), "<tv/>");
        assert!(decoded(io::Cursor::new(b"PK\x03\x04".to_vec())).is_err());
    }

    #[test]
    fn letters_are_decoded_by_what_they_are() {
        assert_eq!(text(b"\xef\xbb\xbfcaf\xc3\xa9\x01!"), "café !");
        assert_eq!(
            text(b"<?xml version='1.0' encoding='iso-8859-1'?>caf\xe9"),
            "<?xml version='1.0' encoding='iso-8859-1'?>café"
        );
        assert_eq!(text(b"<?xml encoding=\"latin1\"?>caf\xc3\xa9"), "<?xml encoding=\"latin1\"?>café");
        assert_eq!(text(b"<?xml encoding=\"utf-8\"?>caf\xe9."), "<?xml encoding=\"utf-8\"?>caf\u{fffd}.");
        assert_eq!(text(b"\xff\xfe<\0t\0"), "<t");
    }
}
