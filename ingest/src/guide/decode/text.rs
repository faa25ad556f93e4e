//! From bytes to text.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, WINDOWS_1252};

use super::HEAD;
use super::layer::Layer;

/// Bytes that are decoded together. Text of a single byte each can become three times as long.
const PIECE: usize = 1 << 16;

/// Decodes a buffer at a time.
pub(crate) struct Text {
    input: Layer,
    /// Which encoding the document says it has.
    declared: &'static Encoding,
    /// Known once a letter has come that is not ASCII.
    decoder: Option<Decoder>,
    over: bool,
    text: Vec<u8>,
    /// What of `text` is still to be read.
    left: Range<usize>,
}

impl Text {
    /// # Errors
    /// Those of the input.
    pub(super) fn new(mut input: Layer) -> io::Result<Self> {
        let head = input.head(HEAD)?;
        let mark = Encoding::for_bom(head);
        let declared = declaration(head).and_then(Encoding::for_label).unwrap_or(UTF_8);
        // A document that could say so in ASCII is not UTF-16.
        let declared = if declared.is_ascii_compatible() { declared } else { UTF_8 };
        let decoder = mark.map(|(encoding, _)| encoding.new_decoder_with_bom_removal());
        Ok(Self { input, declared, decoder, over: false, text: vec![0; PIECE], left: 0..0 })
    }
}

/// The label in `<?xml version="1.0" encoding="…"?>`.
fn declaration(head: &[u8]) -> Option<&[u8]> {
    let end = memchr::memmem::find(&head[..head.len().min(200)], b"?>")?;
    let rest = &head[memchr::memmem::find(&head[..end], b"encoding=")? + 9..end];
    let quote = *rest.first()?;
    rest[1..].split(|byte| *byte == quote).next()
}

/// The encoding of a document that says it has `declared`, by the first piece that is not ASCII.
fn encoding(declared: &'static Encoding, piece: &[u8]) -> &'static Encoding {
    let letters = piece.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
    let whole = std::str::from_utf8(piece).map_or_else(|error| error.error_len().is_none(), |_| true);
    match (whole && letters, declared == UTF_8) {
        // Declared as something older, but with letters that are UTF-8: that is no accident.
        (true, _) => UTF_8,
        (false, false) => declared,
        // Declared as UTF-8, and none of its letters is: what old software writes without a word.
        (false, true) => {
            if letters || whole {
                UTF_8
            } else {
                WINDOWS_1252
            }
        }
    }
}

impl BufRead for Text {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.left.is_empty() && !self.over {
            let bytes = self.input.fill_buf()?;
            let last = bytes.is_empty();
            let decoder = match &mut self.decoder {
                Some(decoder) => decoder,
                None if bytes.is_ascii() => {
                    let length = bytes.len().min(self.text.len());
                    self.text[..length].copy_from_slice(&bytes[..length]);
                    blank_controls(&mut self.text[..length]);
                    self.input.consume(length);
                    self.over = last;
                    self.left = 0..length;
                    continue;
                }
                none => none.insert(encoding(self.declared, bytes).new_decoder_without_bom_handling()),
            };
            let (result, read, written, _) = decoder.decode_to_utf8(bytes, &mut self.text, last);
            self.input.consume(read);
            self.over = last && result == CoderResult::InputEmpty;
            self.left = 0..written;
            blank_controls(&mut self.text[..written]);
        }
        Ok(&self.text[self.left.clone()])
    }

    fn consume(&mut self, amount: usize) {
        self.left.start = (self.left.start + amount).min(self.left.end);
    }
}

/// XML 1.0 has no other characters below the blank than these three.
fn blank_controls(text: &mut [u8]) {
    for byte in text {
        let control = *byte < b' ' && !matches!(*byte, b'\t' | b'\n' | b'\r');
        *byte = if control { b' ' } else { *byte };
    }
}

impl Read for Text {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}
