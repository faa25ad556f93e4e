//! `release.json`: what a release says about itself. The only artefact that holds times.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The content of `release.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the release's layout.
    pub schema: u32,
    /// Unix time, in seconds, of the run that made it.
    pub created: u64,
    /// Every other file, with size and hash.
    pub files: Vec<FileFact>,
    /// What each source gave.
    pub sources: Vec<SourceFact>,
    /// What is different from the release before, by kind of entry (`live`, `movies`, `series`, `episodes`, `guide`).
    pub changes: BTreeMap<String, Change>,
}

impl Manifest {
    /// The layout this program writes.
    pub const SCHEMA: u32 = 1;
}

/// A file of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFact {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// What a source gave to a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFact {
    /// Its name in the configuration.
    pub name: String,
    /// Whether this run's harvest is in the release.
    pub outcome: Outcome,
    /// Why the harvest was kept back, or what was odd about it; never an address or a credential. May be empty.
    pub reason: String,
    /// Unix time, in seconds, of the harvest that is in the release.
    pub harvested: u64,
    /// Entries by kind.
    pub counts: BTreeMap<String, u64>,
}

/// Whether a source's new harvest was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The new harvest is in the release.
    Taken,
    /// It was refused, and the last good one is in the release.
    Kept,
}

/// How many entries of a kind came and went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// In this release and not in the one before.
    pub added: u64,
    /// In the one before and not in this.
    pub removed: u64,
}
