//! A list while it arrives.

use std::fs::File;
use std::io::{self, Read, Write};

use bytes::{Buf, Bytes};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

/// Reads what a channel brings, and keeps it. Whoever reads looks at a list while it arrives, and stops at the first byte that
/// tells that it is none: nothing behind it is kept, and the channel ends.
pub struct Arriving {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
    kept: File,
    digest: Sha256,
    bytes: u64,
}

impl Arriving {
    /// What `pieces` bring, kept in `kept`.
    pub fn new(pieces: mpsc::Receiver<io::Result<Bytes>>, kept: File) -> Self {
        Self { pieces, piece: Bytes::new(), kept, digest: Sha256::new(), bytes: 0 }
    }

    /// Reads what whoever reads has left, so that all of it is kept. How many bytes there were, and their digest.
    ///
    /// # Errors
    /// It breaks off, or the disk refuses.
    pub fn finish(mut self) -> io::Result<(u64, String)> {
        io::copy(&mut self, &mut io::sink())?;
        let digest: Vec<String> = self.digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok((self.bytes, digest.concat()))
    }
}

impl Read for Arriving {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                None => return Ok(0),
                Some(piece) => self.piece = piece?,
            }
        }
        let length = self.piece.len().min(into.len());
        self.piece.copy_to_slice(&mut into[..length]);
        let read = &into[..length];
        self.kept.write_all(read)?;
        self.digest.update(read);
        self.bytes += length as u64;
        Ok(length)
    }
}
