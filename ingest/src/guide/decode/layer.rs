//! One packing's bytes, buffered, whose beginning can be looked at before anything is taken.

use std::io::{self, BufRead, Read};
use std::ops::Range;

/// Bytes that are read together.
const PIECE: usize = 1 << 16;

/// A buffered reader with a [`Layer::head`].
pub(super) struct Layer {
    input: Box<dyn Read + Send>,
    buffer: Box<[u8]>,
    /// What of the buffer is still to be taken.
    left: Range<usize>,
    /// What it broke with. It is not asked again: after a damage some decoders run in circles.
    broken: Option<io::Error>,
}

impl Layer {
    /// Nothing is read yet.
    pub(super) fn new(input: impl Read + Send + 'static) -> Self {
        Self { input: Box::new(input), buffer: vec![0; PIECE].into(), left: 0..0, broken: None }
    }

    /// The next bytes, of which none is taken: `length` of them, or more, or all there are. At most a [`PIECE`].
    ///
    /// # Errors
    /// Those of the input, if there is nothing before them.
    pub(super) fn head(&mut self, length: usize) -> io::Result<&[u8]> {
        let length = length.min(self.buffer.len());
        if self.left.len() < length {
            self.buffer.copy_within(self.left.clone(), 0);
            self.left = 0..self.left.len();
        }
        while self.left.len() < length {
            if let Some(error) = &self.broken {
                // What came before it is taken first.
                let error = io::Error::new(error.kind(), error.to_string());
                return if self.left.is_empty() { Err(error) } else { Ok(&self.buffer[self.left.clone()]) };
            }
            match self.input.read(&mut self.buffer[self.left.end..]) {
                Ok(0) => break,
                Ok(read) => self.left.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.broken = Some(error),
            }
        }
        Ok(&self.buffer[self.left.clone()])
    }

    /// Takes exactly as many bytes as `out` has.
    pub(super) fn take_exact<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Passes over `length` bytes.
    pub(super) fn skip(&mut self, length: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.by_ref().take(length), &mut io::sink())?;
        if skipped == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl BufRead for Layer {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.head(1)
    }

    fn consume(&mut self, amount: usize) {
        self.left.start = (self.left.start + amount).min(self.left.end);
    }
}

impl Read for Layer {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}
