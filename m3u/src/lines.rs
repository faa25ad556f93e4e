//! From the bytes of a playlist to its lines.
//!
//! ```text
//! bytes ──▶ opened: gzip, UTF-16 ──▶ lines: LF, CRLF, CR ──▶ text: UTF-8, else Windows-1252
//! ```
//!
//! Only the line that is being received is held, and only up to [`LONGEST`].

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::ops::Range;

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};
use flate2::bufread::MultiGzDecoder;
use memchr::{memchr, memchr2};

/// The longest line that is read, in bytes; longer ones are passed over and counted.
pub const LONGEST: usize = 64 << 10;
/// The most that is read of a playlist, unpacked; the largest known have 150 MB.
const LARGEST: u64 = 4 << 30;
/// Bytes that are looked at together.
const PIECE: usize = 64 << 10;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// A line without its end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Line<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// The beginning of one of over [`LONGEST`] bytes.
    TooLong(&'a [u8]),
}

/// `input` without packing and in an encoding whose line ends are bytes: gzip is found by its first bytes, twice if need
/// be, and UTF-16 by its byte order mark.
///
/// # Errors
/// Those of `input`; it is packed more than twice.
pub fn opened<'a>(input: impl BufRead + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut plain: Box<dyn BufRead + 'a> = Box::new(input);
    for _ in 0..=2 {
        let mut head = Vec::with_capacity(2);
        plain.by_ref().take(2).read_to_end(&mut head)?;
        let encoding = match *head {
            [0x1f, 0x8b] => None,
            [0xff, 0xfe] => Some(UTF_16LE),
            [0xfe, 0xff] => Some(UTF_16BE),
            _ => return Ok(Box::new(Cursor::new(head).chain(plain))),
        };
        let whole = Cursor::new(head).chain(plain);
        plain = match encoding {
            None => Box::new(BufReader::with_capacity(PIECE, MultiGzDecoder::new(whole))),
            Some(encoding) => {
                let decoder = encoding.new_decoder_with_bom_removal();
                return Ok(Box::new(Narrow {
                    input: whole,
                    decoder,
                    over: false,
                    text: vec![0; PIECE],
                    left: 0..0,
                }));
            }
        };
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "the playlist is packed more than twice"))
}

/// UTF-16 as UTF-8, a buffer at a time.
struct Narrow<R> {
    input: R,
    decoder: Decoder,
    over: bool,
    text: Vec<u8>,
    /// What of `text` is still to be read.
    left: Range<usize>,
}

impl<R: BufRead> BufRead for Narrow<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.left.is_empty() && !self.over {
            let bytes = self.input.fill_buf()?;
            let last = bytes.is_empty();
            let (result, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut self.text, last);
            self.input.consume(read);
            self.over = last && result == CoderResult::InputEmpty;
            self.left = 0..written;
        }
        Ok(&self.text[self.left.clone()])
    }

    fn consume(&mut self, amount: usize) {
        self.left.start += amount;
    }
}

impl<R: BufRead> Read for Narrow<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

/// Gives `each` every line. Answers whether the last one has an end too.
///
/// # Errors
/// Those of `input` and of `each`, and more input than any playlist has.
pub(crate) fn lines(
    mut input: impl BufRead,
    mut each: impl FnMut(Line<'_>) -> io::Result<()>,
) -> io::Result<bool> {
    let mut held = Vec::new();
    let mut total = 0_u64;
    loop {
        let bytes = match input.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if bytes.is_empty() {
            break;
        }
        let mut rest = bytes;
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            if held.is_empty() {
                each(line(&rest[..end]))?;
            } else {
                hold(&mut held, &rest[..end]);
                each(line(&held))?;
                held.clear();
            }
            rest = &rest[end + 1..];
        }
        hold(&mut held, rest);
        let read = bytes.len();
        input.consume(read);
        total += read as u64;
        if total > LARGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the playlist is over 4 GiB"));
        }
    }
    each(line(&held))?;
    Ok(held.is_empty())
}

/// Appends to a line, but not more than is needed to see that it is too long.
fn hold(held: &mut Vec<u8>, bytes: &[u8]) {
    let room = (LONGEST + 1).saturating_sub(held.len());
    held.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

const fn line(bytes: &[u8]) -> Line<'_> {
    if bytes.len() > LONGEST { Line::TooLong(bytes) } else { Line::Whole(bytes) }
}

/// A line as text: NULs, blanks at its ends and byte order marks at its beginning are dropped; what is no UTF-8 is taken
/// for Windows-1252.
pub(crate) fn text(line: &[u8]) -> Cow<'_, str> {
    if memchr(0, line).is_some() {
        let without: Vec<u8> = line.iter().copied().filter(|byte| *byte != 0).collect();
        return Cow::Owned(decoded(&without).into_owned());
    }
    decoded(line)
}

fn decoded(line: &[u8]) -> Cow<'_, str> {
    let mut line = line.trim_ascii();
    while let Some(rest) = line.strip_prefix(BOM) {
        line = rest.trim_ascii();
    }
    match std::str::from_utf8(line) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(line).0,
    }
}
