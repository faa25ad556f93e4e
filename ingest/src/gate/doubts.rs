//! What the gate wonders about from one run to the next.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use contract::disk::{Access, Data, replace};
use contract::source::Name;
use serde::{Deserialize, Serialize};

/// The layout this program writes; another one is no doubt.
const VERSION: u32 = 1;
/// Two counts are about the same when they differ by no more than one in so many.
const ALIKE: u64 = 10;

/// A list that was held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Doubt {
    /// Entries that the first of the runs saw.
    pub(super) count: u64,
    /// Further runs that saw about as many.
    pub(super) confirmed: u32,
}

impl Doubt {
    /// Whether `now` is about what was seen first. Compared with the first, so that a list does not creep away in
    /// small steps.
    pub(super) const fn is_like(self, now: u64) -> bool {
        let most = if self.count > now { self.count } else { now };
        self.count.abs_diff(now) <= most / ALIKE && (self.count == 0) == (now == 0)
    }
}

/// The doubts about one source, by list.
#[derive(Debug)]
pub(super) struct Doubts {
    path: PathBuf,
    lists: BTreeMap<String, Doubt>,
    changed: bool,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    lists: BTreeMap<String, Doubt>,
}

impl Doubts {
    /// Reads what earlier runs wondered about. A file that cannot be understood is none: then the counting begins anew.
    pub(super) fn load(data: &Data, source: &Name) -> Self {
        let path = data.state().join(source.as_str()).join("gate.json");
        let stored: Option<Stored> =
            std::fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let lists = stored.filter(|stored| stored.version == VERSION).map(|stored| stored.lists);
        Self { path, lists: lists.unwrap_or_default(), changed: false }
    }

    /// What is doubted about a list.
    pub(super) fn of(&self, what: &str) -> Option<Doubt> {
        self.lists.get(what).copied()
    }

    /// Puts `doubt` in place of what was doubted.
    pub(super) fn set(&mut self, what: &str, doubt: Option<Doubt>) {
        let before = match doubt {
            Some(doubt) => self.lists.insert(what.into(), doubt),
            None => self.lists.remove(what),
        };
        self.changed |= before != doubt;
    }

    /// Keeps the doubts for the next run.
    ///
    /// # Errors
    /// The disk refuses: the next run then counts from what it finds there.
    pub(super) fn save(self) -> io::Result<()> {
        if !self.changed {
            return Ok(());
        }
        let stored = Stored { version: VERSION, lists: self.lists };
        replace(&self.path, &serde_json::to_vec(&stored)?, Access::Owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubts_outlive_a_run_and_what_is_damaged_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let (data, name) = (Data::new(folder.path()), Name::new("acme").unwrap());
        let doubt = Doubt { count: 20, confirmed: 1 };
        let mut doubts = Doubts::load(&data, &name);
        doubts.set("live", None);
        doubts.save().unwrap();
        assert!(!data.state().exists(), "nothing is doubted, nothing is written");
        let mut doubts = Doubts::load(&data, &name);
        doubts.set("live", Some(doubt));
        doubts.save().unwrap();
        assert_eq!(Doubts::load(&data, &name).of("live"), Some(doubt));
        replace(&data.state().join("acme/gate.json"), b"{", Access::Owner).unwrap();
        assert_eq!(Doubts::load(&data, &name).of("live"), None);
    }

    #[test]
    fn about_the_same_is_within_a_tenth() {
        let doubt = Doubt { count: 100, confirmed: 0 };
        for (now, alike) in [(100, true), (91, true), (111, true), (89, false), (112, false), (0, false)] {
            assert_eq!(doubt.is_like(now), alike, "{now}");
        }
        assert!(Doubt { count: 0, confirmed: 0 }.is_like(0) && !Doubt { count: 0, confirmed: 0 }.is_like(1));
    }
}
