//! Whether a release is what its readers take it for: files, entries, and everything that refers to something else.
//!
//! ```text
//!  files    sizes and hashes as in release.json, guide.xml.gz the same as guide.xml
//!  entries  each of its type, ids of their own, categories that exist and are used, upstreams of known accounts whose
//!           secrets are in the vault
//!  guide    every range where it says, everything in the guide in a range
//!  playlist the same entries as the lists
//! ```
//!
//! A release that was published is never changed, so what is found here is a damaged disk, a hand that helped, or a
//! mistake of ours.

mod entries;
mod files;
mod guide;
mod playlist;

use std::collections::BTreeMap;
use std::fmt;

use contract::release::{Release, Releases};
use contract::vault::Vault;
use serde::Serialize;

/// Problems that are told one by one; more are counted.
const TOLD: usize = 50;

/// What is wrong at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, or the section of the bundle.
    pub place: String,
    /// The entry, if it is about one that has an id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// In words.
    pub what: String,
}

/// What was found in a release.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Verified {
    /// Its number.
    pub release: u32,
    /// Whether nothing is wrong.
    pub sound: bool,
    /// Entries by section of the bundle.
    pub entries: BTreeMap<&'static str, u64>,
    /// What is wrong, as far as it is told.
    pub problems: Vec<Problem>,
    /// Problems beyond those.
    pub more: u64,
}

/// Checks a kept release. What cannot be read is a problem as well.
pub fn verify(releases: &Releases, number: u32) -> Verified {
    let mut found = Found::default();
    let folder = releases.folder(number);
    files::check(&folder, &mut found);
    match Release::open(&folder) {
        Ok(release) => {
            let vault = Vault::load(&releases.data().vault());
            let vault = vault.inspect_err(|error| found.file("vault.json", error.to_string())).ok();
            let entries = entries::check(&folder, vault, &mut found);
            guide::check(&release, &entries, &mut found);
            playlist::check(&release, &entries, &mut found);
            found.entries = entries.counts;
        }
        Err(error) => found.file("the release", error.to_string()),
    }
    let Found { entries, problems, more } = found;
    Verified { release: number, sound: problems.is_empty(), entries, problems, more }
}

/// Problems, while they are being found.
#[derive(Default)]
struct Found {
    entries: BTreeMap<&'static str, u64>,
    problems: Vec<Problem>,
    more: u64,
}

impl Found {
    /// Something is wrong with a file.
    fn file(&mut self, place: &str, what: impl Into<String>) {
        self.add(place, None, what.into());
    }

    /// Something is wrong with the entry `id`.
    fn entry(&mut self, place: &str, id: u32, what: impl Into<String>) {
        self.add(place, Some(id), what.into());
    }

    fn add(&mut self, place: &str, id: Option<u32>, what: String) {
        if self.problems.len() < TOLD {
            self.problems.push(Problem { place: place.into(), id, what });
        } else {
            self.more += 1;
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(f, "{} {id}: {}", self.place, self.what),
            None => write!(f, "{}: {}", self.place, self.what),
        }
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.release;
        if self.sound {
            write!(f, "release {number:06} is sound: all as published")?;
        } else {
            let count = self.problems.len() as u64 + self.more;
            write!(f, "release {number:06}: {count} problem{}", if count == 1 { "" } else { "s" })?;
        }
        for (section, count) in &self.entries {
            write!(f, "\n  {section:18} {count:>8}")?;
        }
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        if self.more > 0 {
            write!(f, "\n  and {} more", self.more)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
