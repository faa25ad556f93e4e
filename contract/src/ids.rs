//! The id ledger: append-only identity of everything that was ever published.
//!
//! Favourites, resume points, recordings and guide assignments of every app hang on our numbers, so a number that was
//! given is never given again and never taken away. What a number belongs to is a *source key* such as
//! `acme/live/123`: the source's name, what it is, and the provider's own id. Host, user name and password of the
//! provider are not part of it, because providers move and accounts are renewed.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::disk::{Access, replace};

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

const VERSION: u32 = 1;

/// The largest id.
pub const MAX: u32 = i32::MAX as u32;

/// All ids, by source key.
#[derive(Debug, Default)]
pub struct Ledger {
    streams: Numbers,
    series: Numbers,
    categories: Numbers,
    changed: bool,
}

#[derive(Debug, Default)]
struct Numbers {
    last: u32,
    given: HashMap<String, u32>,
}

/// Why the ledger cannot be used. A run must stop then: without it every id would change.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file is there and cannot be read.
    #[error("the id ledger cannot be read: {0}")]
    Read(io::Error),
    /// The file is damaged.
    #[error(
        "the id ledger is damaged ({0}); restore ids.json from a backup: without it all channels change identity"
    )]
    Damaged(serde_json::Error),
    /// The file gives one number twice or two numbers to one, or a number that is out of range.
    #[error(
        "the id ledger is damaged (a number is out of range or given twice); restore ids.json from a backup"
    )]
    Inconsistent,
    /// The file was written by a newer program, which may mean other things by it.
    #[error("ids.json is of version {0}, which this program does not know: use the newer one")]
    Newer(u32),
}

/// The ledger on disk, keys in order so that the same ledger is the same bytes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    streams: Vec<(String, u32)>,
    series: Vec<(String, u32)>,
    categories: Vec<(String, u32)>,
}

impl Ledger {
    /// Reads the ledger; a file that does not exist is an empty one.
    ///
    /// # Errors
    /// [`LedgerError`]; never an empty ledger in place of a damaged one.
    pub fn load(path: &Path) -> Result<Self, LedgerError> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(LedgerError::Read(error)),
        };
        let stored: Stored = serde_json::from_slice(&text).map_err(LedgerError::Damaged)?;
        if stored.version != VERSION {
            return Err(LedgerError::Newer(stored.version));
        }
        Ok(Self {
            streams: Numbers::new(stored.streams)?,
            series: Numbers::new(stored.series)?,
            categories: Numbers::new(stored.categories)?,
            changed: false,
        })
    }

    /// The id of `key`, given now if it has none. `None` when all 2^31 - 1 numbers of the space are given.
    pub fn id(&mut self, space: Space, key: &str) -> Option<u32> {
        let numbers = match space {
            Space::Stream => &mut self.streams,
            Space::Series => &mut self.series,
            Space::Category => &mut self.categories,
        };
        if let Some(id) = numbers.given.get(key) {
            return Some(*id);
        }
        if numbers.last >= MAX {
            return None;
        }
        numbers.last += 1;
        numbers.given.insert(key.to_owned(), numbers.last);
        self.changed = true;
        Some(numbers.last)
    }

    /// Writes the ledger if ids were given since it was read. Must have happened before a release that uses them is
    /// published.
    ///
    /// # Errors
    /// The disk refuses; the ledger on it is then the one before.
    pub fn save(&mut self, path: &Path) -> io::Result<()> {
        if !self.changed {
            return Ok(());
        }
        let stored = Stored {
            version: VERSION,
            streams: self.streams.sorted(),
            series: self.series.sorted(),
            categories: self.categories.sorted(),
        };
        replace(path, &serde_json::to_vec(&stored)?, Access::Everybody)?;
        self.changed = false;
        Ok(())
    }
}

impl Numbers {
    fn new(stored: Vec<(String, u32)>) -> Result<Self, LedgerError> {
        let mut seen: Vec<u32> = stored.iter().map(|(_, id)| *id).collect();
        seen.sort_unstable();
        let twice = seen.windows(2).any(|pair| pair[0] == pair[1]);
        let last = seen.last().copied().unwrap_or(0);
        let given: HashMap<String, u32> = stored.into_iter().collect();
        if twice || given.len() < seen.len() || last > MAX || seen.first() == Some(&0) {
            return Err(LedgerError::Inconsistent);
        }
        Ok(Self { last, given })
    }

    /// By number, which is the order in which they were given.
    fn sorted(&self) -> Vec<(String, u32)> {
        let mut pairs: Vec<(String, u32)> = self.given.iter().map(|(key, id)| (key.clone(), *id)).collect();
        pairs.sort_unstable_by_key(|(_, id)| *id);
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_a_restart_and_are_never_given_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids.json");
        let mut ledger = Ledger::load(&path).unwrap();
        assert_eq!(ledger.id(Space::Stream, "a/live/9"), Some(1));
        assert_eq!(ledger.id(Space::Stream, "a/movie/9"), Some(2));
        assert_eq!(ledger.id(Space::Series, "a/9"), Some(1));
        ledger.save(&path).unwrap();

        let mut ledger = Ledger::load(&path).unwrap();
        assert_eq!(ledger.id(Space::Stream, "a/movie/9"), Some(2));
        assert_eq!(ledger.id(Space::Stream, "b/live/9"), Some(3));
        assert_eq!(ledger.id(Space::Category, "live/uk"), Some(1));
    }

    #[test]
    fn a_damaged_ledger_stops_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids.json");
        for damaged in [
            "",
            "{}",
            r#"{"version":1,"streams":[["a",1],["b",1]],"series":[],"categories":[]}"#,
            r#"{"version":1,"streams":[["a",1],["a",2]],"series":[],"categories":[]}"#,
            r#"{"version":2,"streams":[["a",1]],"series":[],"categories":[]}"#,
            r#"{"version":1,"streams":[["a",0]],"series":[],"categories":[]}"#,
            r#"{"version":1,"streams":[["a",4294967295]],"series":[],"categories":[]}"#,
        ] {
            replace(&path, damaged.as_bytes(), Access::Everybody).unwrap();
            assert!(Ledger::load(&path).is_err(), "{damaged}");
        }
    }
}
