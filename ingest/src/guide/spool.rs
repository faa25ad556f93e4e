//! Programmes on their way from a source's order to ours: the text in a file, 24 bytes about each in memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The programmes of one source's guide.
#[derive(Debug)]
pub(crate) struct Spool {
    /// Has no name on the disk, and vanishes with the spool.
    file: BufWriter<File>,
    written: u64,
    records: Vec<Record>,
    /// The guide's own channel ids, in order of appearance.
    ids: Vec<String>,
    by_id: HashMap<String, u32>,
    /// The first id of each spelling without case.
    by_folded: HashMap<String, u32>,
}

/// A programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Position in the spool's channels.
    pub(crate) channel: u32,
    /// Unix time, in seconds.
    pub(crate) start: u32,
    /// Unix time, in seconds; 0 when the guide did not say.
    pub(crate) stop: u32,
    /// Of its text.
    pub(crate) length: u32,
    /// Of its text in the file.
    pub(crate) offset: u64,
}

impl Spool {
    /// An empty spool, its file in `folder`.
    ///
    /// # Errors
    /// The disk refuses, here and below.
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(1 << 18, tempfile::tempfile_in(folder)?),
            written: 0,
            records: Vec::new(),
            ids: Vec::new(),
            by_id: HashMap::new(),
            by_folded: HashMap::new(),
        })
    }

    /// The position of the guide's channel `id`.
    pub(crate) fn channel(&mut self, id: &str) -> u32 {
        if let Some(at) = self.by_id.get(id) {
            return *at;
        }
        let at = self.ids.len() as u32;
        self.ids.push(id.to_owned());
        self.by_id.insert(id.to_owned(), at);
        self.by_folded.entry(id.to_lowercase()).or_insert(at);
        at
    }

    /// Adds a programme.
    pub(crate) fn add(&mut self, channel: u32, start: u32, stop: u32, text: &[u8]) -> io::Result<()> {
        self.file.write_all(text)?;
        self.records.push(Record { channel, start, stop, length: text.len() as u32, offset: self.written });
        self.written += text.len() as u64;
        Ok(())
    }

    /// Puts everything where [`Spool::text`] finds it.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        self.records.shrink_to_fit();
        self.file.flush()
    }

    /// All programmes, in the guide's order.
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// The guide's channel ids, by position.
    pub(crate) fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The guide's spelling of `id`: the same if it has it, else one that differs only in case.
    pub(crate) fn spelling(&self, id: &str) -> Option<&str> {
        let exact = self.by_id.get(id);
        let at = exact.or_else(|| self.by_folded.get(&id.to_lowercase()))?;
        Some(&self.ids[*at as usize])
    }

    /// The text of a programme, read with `reader`, which remembers what it read ahead.
    pub(crate) fn text<'a>(&self, record: &Record, reader: &'a mut Ahead) -> io::Result<&'a [u8]> {
        reader.read(self.file.get_ref(), record.offset, record.length as usize, self.written)
    }
}

/// Reads programmes that follow each other in large pieces, and others alone.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    held: Vec<u8>,
    from: u64,
    next: u64,
}

impl Ahead {
    fn read(&mut self, file: &File, offset: u64, length: usize, end: u64) -> io::Result<&[u8]> {
        let inside = offset >= self.from && offset + length as u64 <= self.from + self.held.len() as u64;
        if !inside {
            let ahead = if offset == self.next { (1 << 18).min((end - offset) as usize) } else { 0 };
            self.held.resize(length.max(ahead), 0);
            file.read_exact_at(&mut self.held, offset)?;
            self.from = offset;
        }
        self.next = offset + length as u64;
        let at = (offset - self.from) as usize;
        Ok(&self.held[at..at + length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programmes_are_found_again_in_any_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path()).unwrap();
        let texts: Vec<String> = (0..5000).map(|n| format!("programme {n};").repeat(n % 7 + 1)).collect();
        for (n, text) in texts.iter().enumerate() {
            let channel = spool.channel(if n % 2 == 0 { "a" } else { "B" });
            spool.add(channel, n as u32, 0, text.as_bytes()).unwrap();
        }
        spool.settle().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
        let mut ahead = Ahead::default();
        for step in [1, 2, 7, 4999] {
            for n in (0..5000).map(|n| n * step % 5000) {
                assert_eq!(spool.text(&spool.records()[n], &mut ahead).unwrap(), texts[n].as_bytes());
            }
        }
        assert_eq!(spool.spelling("A"), Some("a"));
        assert_eq!(spool.spelling("B"), Some("B"));
        assert_eq!(spool.spelling("c"), None);
    }
}
