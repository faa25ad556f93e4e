//! The id ledger: append-only identity of everything that was ever published.
//!
//! Favourites, resume points, recordings and guide assignments of every app hang on our numbers, so a number that was
//! given is never given again and never taken away. What a number belongs to is a *source key* such as
//! `acme/live/123`: the source's name, what it is, and the provider's own id. Host, user name and password of the
//! provider are not part of it, because providers move and accounts are renewed.
//!
//! Three things happen to identities beside being given. A provider who renumbers begins a new **epoch**: his old ids
//! mean nothing any more, and what is recognised by its name **inherits** its number. Channels of several sources that are
//! one **join** under one number, which stays when the first of them goes.
//!
//! `ids.json` is JSON with one entry on each line, so that it is read and written line by line and only grows at its
//! end. In memory a key is 16 bytes of its hash: 600 000 of them are 25 MB.

mod file;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use self::file::{Line, Word};
use crate::disk::{Data, turn};

/// A number space. Ids start at 1 and fit 31 bits: apps keep them in signed 32-bit integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Everything that plays: live channels, films and episodes, so that `/user/pass/ID` is unambiguous.
    Stream,
    /// Series.
    Series,
    /// Categories of all kinds.
    Category,
}

/// The largest id.
pub const MAX: u32 = i32::MAX as u32;

/// All ids, by source key.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    streams: Numbers,
    series: Numbers,
    categories: Numbers,
    /// The channels that keys were joined under.
    joined: HashMap<Key, u32>,
    epochs: HashMap<String, u32>,
    /// Lines that are not yet in the file, in a file without a name.
    fresh: Option<BufWriter<File>>,
    /// The file has another layout and must be written anew.
    old: bool,
}

/// The first half of a key's BLAKE3 hash: nobody can make two keys that share it.
type Key = [u8; 16];

#[derive(Debug, Default)]
struct Numbers {
    last: u32,
    given: HashMap<Key, u32>,
}

/// The right to give ids. Held by one at a time, in whatever process, from reading the ledger to saving it; given back
/// by dropping it or by dying.
#[derive(Debug)]
pub struct Turn {
    _file: File,
}

impl Turn {
    /// Waits for it: a run holds it for the seconds in which it puts its line-up together, others for less.
    ///
    /// # Errors
    /// The data folder cannot be written.
    pub fn wait(data: &Data) -> io::Result<Self> {
        Ok(Self { _file: turn(&data.ids_lock())? })
    }
}

/// Why the ledger cannot be used. A run must stop then: without it every id would change.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file is there and cannot be read.
    #[error("the id ledger cannot be read: {0}")]
    Read(io::Error),
    /// The file is damaged.
    #[error(
        "the id ledger is damaged (line {0}); restore ids.json from a backup: without it all channels change identity"
    )]
    Damaged(usize),
    /// The file was written by a newer program, which may mean other things by it.
    #[error("ids.json is of version {0}, which this program does not know: use the newer one")]
    Newer(u32),
}

impl Ledger {
    /// Reads the ledger; a file that does not exist is an empty one.
    ///
    /// # Errors
    /// [`LedgerError`]; never an empty ledger in place of a damaged one.
    pub fn load(path: &Path) -> Result<Self, LedgerError> {
        let mut ledger = Self {
            path: path.to_owned(),
            streams: Numbers::default(),
            series: Numbers::default(),
            categories: Numbers::default(),
            joined: HashMap::new(),
            epochs: HashMap::new(),
            fresh: None,
            old: false,
        };
        ledger.old = file::read(path, &mut |line| ledger.enter(&line))?;
        Ok(ledger)
    }

    /// Takes a line of the file; `None` if it cannot be.
    fn enter(&mut self, line: &Line) -> Option<()> {
        let (key, number) = (key(&line.key), line.number);
        let space = match line.word {
            Word::Stream | Word::StreamAgain => Space::Stream,
            Word::Series | Word::SeriesAgain => Space::Series,
            Word::Category => Space::Category,
            Word::Joined => {
                self.joined.insert(key, number);
                return (1..=self.streams.last).contains(&number).then_some(());
            }
            Word::Epoch => {
                self.epochs.insert(line.key.clone(), number);
                return Some(());
            }
        };
        let again = matches!(line.word, Word::StreamAgain | Word::SeriesAgain);
        let numbers = self.numbers(space);
        // Numbers are given in order, so one that does not go up was given before.
        let fits = if again { (1..=numbers.last).contains(&number) } else { number > numbers.last };
        if !fits || number > MAX || numbers.given.insert(key, number).is_some() {
            return None;
        }
        numbers.last = numbers.last.max(number);
        Some(())
    }

    fn numbers(&mut self, space: Space) -> &mut Numbers {
        match space {
            Space::Stream => &mut self.streams,
            Space::Series => &mut self.series,
            Space::Category => &mut self.categories,
        }
    }

    /// The id of `key`, if it has one.
    pub fn known(&self, space: Space, key: &str) -> Option<u32> {
        let numbers = match space {
            Space::Stream => &self.streams,
            Space::Series => &self.series,
            Space::Category => &self.categories,
        };
        numbers.given.get(&self::key(key)).copied()
    }

    /// The id of `key`, given now if it has none. `None` when all 2^31 - 1 numbers of the space are given.
    ///
    /// # Errors
    /// The disk refuses, here and below.
    pub fn id(&mut self, space: Space, key: &str) -> io::Result<Option<u32>> {
        if let Some(id) = self.known(space, key) {
            return Ok(Some(id));
        }
        let numbers = self.numbers(space);
        if numbers.last >= MAX {
            return Ok(None);
        }
        numbers.last += 1;
        let id = numbers.last;
        numbers.given.insert(self::key(key), id);
        let word = match space {
            Space::Stream => Word::Stream,
            Space::Series => Word::Series,
            Space::Category => Word::Category,
        };
        self.note(word, key, id)?;
        Ok(Some(id))
    }

    /// Gives `key`, which has none, an id that belonged to something else: the same thing under another key. Nothing
    /// happens if it has one.
    pub fn inherit(&mut self, space: Space, key: &str, id: u32) -> io::Result<()> {
        let word = match space {
            Space::Stream => Word::StreamAgain,
            Space::Series => Word::SeriesAgain,
            Space::Category => return Ok(()),
        };
        let numbers = self.numbers(space);
        if id == 0 || id > numbers.last || numbers.given.contains_key(&self::key(key)) {
            return Ok(());
        }
        numbers.given.insert(self::key(key), id);
        self.note(word, key, id)
    }

    /// Whether any key was ever joined.
    pub fn has_joined(&self) -> bool {
        !self.joined.is_empty()
    }

    /// The channel that `key` was joined under.
    pub fn joined(&self, key: &str) -> Option<u32> {
        self.joined.get(&self::key(key)).copied()
    }

    /// Joins `key` under a channel.
    pub fn join(&mut self, key: &str, channel: u32) -> io::Result<()> {
        if self.joined.insert(self::key(key), channel) == Some(channel) {
            return Ok(());
        }
        self.note(Word::Joined, key, channel)
    }

    /// How often the ids of `scope` (`acme/live`, say) have changed their meaning; 0 at first.
    pub fn epoch(&self, scope: &str) -> u32 {
        self.epochs.get(scope).copied().unwrap_or(0)
    }

    /// The ids of `scope` have changed their meaning.
    pub fn begin_epoch(&mut self, scope: &str) -> io::Result<u32> {
        let next = self.epoch(scope) + 1;
        self.epochs.insert(scope.to_owned(), next);
        self.note(Word::Epoch, scope, next)?;
        Ok(next)
    }

    fn note(&mut self, word: Word, key: &str, number: u32) -> io::Result<()> {
        let fresh = match &mut self.fresh {
            Some(fresh) => fresh,
            None => {
                let folder = self.path.parent().unwrap_or(Path::new("."));
                std::fs::create_dir_all(folder)?;
                self.fresh.insert(BufWriter::new(tempfile::tempfile_in(folder)?))
            }
        };
        file::write(fresh, &Line { word, key: written(key).into_owned(), number })
    }

    /// Writes what is new, and an empty file if there is nothing and never was: one that is missing later is lost. Must
    /// have happened before a release that uses it is published.
    ///
    /// # Errors
    /// The disk refuses; the ledger on it is then the one before.
    pub fn save(&mut self) -> io::Result<()> {
        let Some(fresh) = &mut self.fresh else {
            return if self.path.exists() {
                Ok(())
            } else {
                file::append(&self.path, false, &mut io::empty())
            };
        };
        fresh.flush()?;
        let mut lines = fresh.get_ref();
        lines.seek(SeekFrom::Start(0))?;
        file::append(&self.path, self.old, &mut lines)?;
        (self.fresh, self.old) = (None, false);
        Ok(())
    }
}

fn key(text: &str) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(&blake3::hash(written(text).as_bytes()).as_bytes()[..16]);
    key
}

/// A key as it stands in the file: names of categories are as long as a provider likes, a line of the file is not.
fn written(key: &str) -> Cow<'_, str> {
    /// The longest key that is written as it is, in bytes.
    const LONGEST: usize = 2000;
    if key.len() <= LONGEST {
        return Cow::Borrowed(key);
    }
    let begin = &key[..key.floor_char_boundary(LONGEST / 2)];
    Cow::Owned(format!("{begin}#{}", blake3::hash(key.as_bytes()).to_hex()))
}

#[cfg(test)]
mod tests;
