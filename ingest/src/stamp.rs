//! Knowing that nothing has changed, without making a release to see it.
//!
//! A release follows from what this file hashes: the same stamp is the same release. It is kept beside the harvests when
//! a run has published or has found everything unchanged.

use std::fs;
use std::io;
use std::path::PathBuf;

use contract::disk::{Access, Data, replace};
use contract::source::Source;

use crate::{Settings, guide};

/// A hash over everything that a release follows from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stamp(String);

impl Stamp {
    /// That of a run at `now` (Unix seconds) over harvests of these hashes, once the guides that were read have been kept.
    pub(crate) fn new(
        data: &Data,
        sources: &[Source],
        settings: &Settings,
        (now, harvests): (u64, &[String]),
    ) -> Self {
        let mut hash = blake3::Hasher::new();
        let mut add = |text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        add(env!("CARGO_PKG_VERSION"));
        // Secrets print as stars; nothing that is published follows from them.
        add(&format!("{sources:?} {:?}", Settings { accept: false, ..settings.clone() }));
        add(&format!("{:?}", guide::window(now)));
        harvests.iter().for_each(|harvest| add(harvest));
        for source in sources {
            for copy in guide::Copy::all(data, &source.name) {
                add(&format!("{} {:?}", copy.name(), copy.changed()));
            }
        }
        // A folder changes with what is put into it; only details with episodes matter.
        let details = fs::metadata(data.details().join("series"));
        add(&format!("{:?}", details.and_then(|facts| facts.modified()).ok()));
        add(&fs::read_to_string(&settings.matching.aliases).unwrap_or_default());
        Self(hash.finalize().to_hex().to_string())
    }

    /// Whether release `current` was made with the same, and what it needs beside it is still there.
    pub(crate) fn is_of(&self, current: u32, data: &Data) -> bool {
        fs::read_to_string(path(data)).is_ok_and(|kept| kept == self.told(current, data))
    }

    /// Remembers what release `current` was made with.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn keep(&self, current: u32, data: &Data) -> io::Result<()> {
        replace(&path(data), self.told(current, data).as_bytes(), Access::Everybody)
    }

    fn told(&self, current: u32, data: &Data) -> String {
        let vault = if data.vault().exists() { "and a vault" } else { "" };
        format!("{current:06} {} {vault}", self.0)
    }
}

fn path(data: &Data) -> PathBuf {
    data.state().join("stamp")
}
