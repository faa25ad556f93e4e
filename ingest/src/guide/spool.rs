//! Programmes on their way from a source's order to ours: in a file, with 16 bytes in memory for each row of programmes
//! of one channel. Most guides are sorted by channel, so that is a row for each; in the worst a row is one programme.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The most that is kept of one channel, in bytes; more than any real channel has in three months.
const MOST: u64 = 32 << 20;
/// The most rows, and the most channels, which are 128 MB of memory for each.
const MOST_ROWS: usize = 8 << 20;
const MOST_CHANNELS: usize = 1 << 20;
/// Start, stop and two lengths of a programme, before its texts in the file.
const HEAD: usize = 16;

/// The programmes of one source's guide.
#[derive(Debug)]
pub(crate) struct Spool {
    /// Has no name on the disk, and vanishes with the spool.
    file: BufWriter<File>,
    written: u64,
    rows: Vec<Row>,
    channels: Vec<Channel>,
    by_id: HashMap<String, u32>,
    /// For each spelling without case the id that has programmes, or else the first; `None` where several have some, of
    /// which nobody knows which is meant. Known once settled.
    by_folded: HashMap<String, Option<u32>>,
}

/// A channel of the guide, under the guide's own id.
#[derive(Debug)]
struct Channel {
    id: String,
    bytes: u64,
}

/// Programmes of one channel that stand together in the file.
#[derive(Clone, Copy, Debug)]
struct Row {
    channel: u32,
    length: u32,
    offset: u64,
}

/// A programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Programme<'a> {
    /// Unix time, in seconds.
    pub(crate) start: u32,
    /// Unix time, in seconds; 0 when the guide did not say.
    pub(crate) stop: u32,
    /// Its children, rendered.
    pub(crate) text: &'a [u8],
    /// Its attribute `catchup-id` (Kodi), escaped; mostly empty.
    pub(crate) catchup: &'a [u8],
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
            rows: Vec::new(),
            channels: Vec::new(),
            by_id: HashMap::new(),
            by_folded: HashMap::new(),
        })
    }

    /// The position of the guide's channel `id`. `None` if it is new and there are too many.
    pub(crate) fn channel(&mut self, id: &str) -> Option<u32> {
        if let Some(at) = self.by_id.get(id) {
            return Some(*at);
        }
        if self.channels.len() == MOST_CHANNELS {
            return None;
        }
        let at = self.channels.len() as u32;
        self.channels.push(Channel { id: id.to_owned(), bytes: 0 });
        self.by_id.insert(id.to_owned(), at);
        Some(at)
    }

    /// The position of the guide's channel `id` among those that were asked for, in the order of the guide.
    pub(crate) fn position(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// Adds a programme to the channel at a position. `false` if the channel or the spool is full.
    pub(crate) fn add(&mut self, channel: u32, programme: Programme<'_>) -> io::Result<bool> {
        let length = (HEAD + programme.text.len() + programme.catchup.len()) as u32;
        let bytes = &mut self.channels[channel as usize].bytes;
        *bytes += u64::from(length);
        let goes_on = self.rows.last().is_some_and(|row| row.channel == channel);
        if *bytes > MOST || (!goes_on && self.rows.len() == MOST_ROWS) {
            return Ok(false);
        }
        let lengths = [programme.text.len() as u32, programme.catchup.len() as u32];
        let mut head = [0; HEAD];
        for (at, number) in [programme.start, programme.stop].into_iter().chain(lengths).enumerate() {
            head[at * 4..at * 4 + 4].copy_from_slice(&number.to_le_bytes());
        }
        self.file.write_all(&head)?;
        self.file.write_all(programme.text)?;
        self.file.write_all(programme.catchup)?;
        match self.rows.last_mut() {
            Some(row) if row.channel == channel => row.length += length,
            _ => self.rows.push(Row { channel, length, offset: self.written }),
        }
        self.written += u64::from(length);
        Ok(true)
    }

    /// Ends the adding: puts everything where [`Spool::read`] finds it.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        // Within a channel the guide's order stays, and no second list is needed for that.
        self.rows.sort_unstable_by_key(|row| (row.channel, row.offset));
        self.rows.shrink_to_fit();
        let (full, empty): (Vec<u32>, Vec<u32>) =
            (0..self.channels.len() as u32).partition(|at| self.has(*at));
        for at in full.into_iter().chain(empty) {
            let has = self.channels[at as usize].bytes > 0;
            let folded = self.channels[at as usize].id.to_lowercase();
            self.by_folded
                .entry(folded)
                .and_modify(|first| *first = first.filter(|_| !has))
                .or_insert(Some(at));
        }
        self.file.flush()
    }

    /// The guide's spelling of `id`: the same if it has programmes under it, else one that differs only in case.
    pub(crate) fn spelling(&self, id: &str) -> Option<&str> {
        let exact = self.by_id.get(id).filter(|at| self.has(**at));
        let at = exact.copied().or_else(|| self.by_folded.get(&id.to_lowercase()).copied().flatten())?;
        Some(&self.channels[at as usize].id)
    }

    /// Whether the channel at a position has programmes.
    fn has(&self, channel: u32) -> bool {
        self.channels[channel as usize].bytes > 0
    }

    /// Appends the programmes of the channel called `id` to `out`; [`programmes`] finds them there.
    pub(crate) fn read(&self, id: &str, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(channel) = self.by_id.get(id) else { return Ok(()) };
        let first = self.rows.partition_point(|row| row.channel < *channel);
        for row in self.rows[first..].iter().take_while(|row| row.channel == *channel) {
            let at = out.len();
            out.resize(at + row.length as usize, 0);
            self.file.get_ref().read_exact_at(&mut out[at..], row.offset)?;
        }
        Ok(())
    }
}

/// The programmes in what [`Spool::read`] gave.
pub(crate) fn programmes(mut bytes: &[u8]) -> impl Iterator<Item = Programme<'_>> {
    std::iter::from_fn(move || {
        let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (text, rest) = rest.split_at_checked(number(8) as usize)?;
        let (catchup, rest) = rest.split_at_checked(number(12) as usize)?;
        bytes = rest;
        Some(Programme { start: number(0), stop: number(4), text, catchup })
    })
}

/// Adds `seconds` to the times in what [`Spool::read`] gave.
pub(crate) fn shift(mut bytes: &mut [u8], seconds: i32) {
    while seconds != 0
        && let Some((head, rest)) = std::mem::take(&mut bytes).split_first_chunk_mut::<HEAD>()
    {
        let number = |head: &[u8; HEAD], at: usize| {
            u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
        };
        for at in [0, 4] {
            let time = number(head, at);
            // 0 is a stop that the guide did not say.
            let moved = if time == 0 { 0 } else { time.saturating_add_signed(seconds) };
            head[at..at + 4].copy_from_slice(&moved.to_le_bytes());
        }
        let length = number(head, 8) as usize + number(head, 12) as usize;
        bytes = rest.get_mut(length..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programmes_are_found_again_by_channel_in_the_guides_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path()).unwrap();
        let text = |n: u32| format!("programme {n};").repeat(n as usize % 7);
        for n in 0..5000 {
            let channel = spool.channel(["a", "B", "c"][n as usize / 10 % 3]).unwrap();
            let text = text(n);
            let programme = Programme { start: n, stop: n + 1, text: text.as_bytes(), catchup: b"x" };
            assert!(spool.add(channel, programme).unwrap());
        }
        spool.settle().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
        assert_eq!(spool.rows.len(), 500);
        for (at, id) in ["a", "B", "c"].into_iter().enumerate() {
            let mut bytes = Vec::new();
            spool.read(id, &mut bytes).unwrap();
            let expected = (0..5000).filter(|n| *n as usize / 10 % 3 == at);
            let found = programmes(&bytes);
            assert!(
                found.map(|it| (it.start, it.text.to_vec())).eq(expected.map(|n| (n, text(n).into_bytes())))
            );
        }
        assert_eq!(spool.spelling("A"), Some("a"));
        assert_eq!(spool.spelling("B"), Some("B"));
        assert_eq!(spool.spelling("d"), None);

        let mut spool = Spool::new(folder.path()).unwrap();
        for (id, programmes) in [("rtl", 1), ("RTL", 1), ("One", 0), ("one", 1), ("TWO", 0)] {
            let channel = spool.channel(id).unwrap();
            for start in 0..programmes {
                spool.add(channel, Programme { start, stop: 0, text: b"", catchup: b"" }).unwrap();
            }
        }
        spool.settle().unwrap();
        for (asked, given) in [("rtl", "rtl"), ("RTL", "RTL"), ("One", "one"), ("two", "TWO")] {
            assert_eq!(spool.spelling(asked), Some(given));
        }
        assert_eq!(spool.spelling("Rtl"), None, "both are meant as much");
    }

    #[test]
    fn a_channel_cannot_fill_the_memory() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path()).unwrap();
        let channel = spool.channel("a").unwrap();
        let text = vec![b'x'; 1 << 20];
        let added = (0..40).filter(|n| {
            spool.add(channel, Programme { start: *n, stop: 0, text: &text, catchup: b"" }).unwrap()
        });
        assert_eq!(added.count(), 31);
    }
}
