//! Unpacking on a thread of its own: it takes as long as reading what is unpacked.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// Pieces that may wait for the reader; then the thread waits. Each is what the input gives at once, at most 200 kB.
const WAITING: usize = 8;

/// What a thread has read ahead. The thread ends with the input, or soon after this is dropped.
pub(crate) struct Ahead {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    /// Bytes of the piece that were taken.
    taken: usize,
}

/// Reads `input` ahead.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn ahead(mut input: impl BufRead + Send + 'static) -> io::Result<Ahead> {
    let (sender, pieces) = sync_channel(WAITING);
    thread::Builder::new().name("unpack".into()).spawn(move || {
        loop {
            let (piece, length) = match input.fill_buf() {
                Ok([]) => return,
                Ok(bytes) => (Ok(bytes.to_vec()), bytes.len()),
                Err(error) => (Err(error), 0),
            };
            let broken = piece.is_err();
            if sender.send(piece).is_err() || broken {
                return;
            }
            input.consume(length);
        }
    })?;
    Ok(Ahead { pieces, piece: Vec::new(), taken: 0 })
}

impl BufRead for Ahead {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.piece.len()
            && let Ok(piece) = self.pieces.recv()
        {
            self.piece = piece?;
            self.taken = 0;
        }
        Ok(&self.piece[self.taken..])
    }

    fn consume(&mut self, amount: usize) {
        self.taken = (self.taken + amount).min(self.piece.len());
    }
}

impl Read for Ahead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}
