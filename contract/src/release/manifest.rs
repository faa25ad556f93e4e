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
    /// What is different from the release before, by kind of entry (`live`, `movies`, `series`, `episodes`,
    /// `categories`, and `guide` for what became of the programmes of channels).
    #[serde(default)]
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

/// What is different in one kind of entry. Only entries that are in both releases can be anything but added or
/// removed; one entry may count under several turns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    /// In this release and not in the one before.
    pub added: u64,
    /// In the one before and not in this.
    pub removed: u64,
    /// Has another name.
    #[serde(skip_serializing_if = "none")]
    pub renamed: u64,
    /// Has another channel number; of channels only, since films and series are merely counted through.
    #[serde(skip_serializing_if = "none")]
    pub renumbered: u64,
    /// Is in other categories.
    #[serde(skip_serializing_if = "none")]
    pub regrouped: u64,
    /// Has programmes, where it had none.
    #[serde(skip_serializing_if = "none")]
    pub guide_gained: u64,
    /// Has no programmes, where it had some.
    #[serde(skip_serializing_if = "none")]
    pub guide_lost: u64,
    /// Has the programmes of another guide channel.
    #[serde(skip_serializing_if = "none")]
    pub guide_moved: u64,
    /// A few of each turn, at most [`Change::EXAMPLES`], by turn and then by id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn none(count: &u64) -> bool {
    *count == 0
}

/// What may have happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// See [`Change::added`].
    Added,
    /// See [`Change::removed`].
    Removed,
    /// See [`Change::renamed`].
    Renamed,
    /// See [`Change::renumbered`].
    Renumbered,
    /// See [`Change::regrouped`].
    Regrouped,
    /// See [`Change::guide_gained`].
    GuideGained,
    /// See [`Change::guide_lost`].
    GuideLost,
    /// See [`Change::guide_moved`].
    GuideMoved,
}

impl Turn {
    /// All, in the order in which people read them.
    pub const ALL: [Self; 8] = [
        Self::Added,
        Self::Removed,
        Self::Renamed,
        Self::Renumbered,
        Self::Regrouped,
        Self::GuideGained,
        Self::GuideLost,
        Self::GuideMoved,
    ];

    /// As people read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Renamed => "renamed",
            Self::Renumbered => "renumbered",
            Self::Regrouped => "regrouped",
            Self::GuideGained => "guide gained",
            Self::GuideLost => "guide lost",
            Self::GuideMoved => "guide moved",
        }
    }
}

/// An entry to which something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// What happened.
    pub turn: Turn,
    /// Our id.
    pub id: u32,
    /// Its name now, or its last one.
    pub name: String,
    /// What it had before: name, number, categories or guide channel. Empty when it came.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// What it has now, likewise. Empty when it went.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
}

impl Change {
    /// Examples of each turn that are kept, at most.
    pub const EXAMPLES: usize = 10;

    /// How many entries took this turn.
    pub const fn count(&self, turn: Turn) -> u64 {
        match turn {
            Turn::Added => self.added,
            Turn::Removed => self.removed,
            Turn::Renamed => self.renamed,
            Turn::Renumbered => self.renumbered,
            Turn::Regrouped => self.regrouped,
            Turn::GuideGained => self.guide_gained,
            Turn::GuideLost => self.guide_lost,
            Turn::GuideMoved => self.guide_moved,
        }
    }

    /// Counts one more entry that took this turn. `true` while there is room for it among the examples.
    pub fn add(&mut self, turn: Turn) -> bool {
        let count = match turn {
            Turn::Added => &mut self.added,
            Turn::Removed => &mut self.removed,
            Turn::Renamed => &mut self.renamed,
            Turn::Renumbered => &mut self.renumbered,
            Turn::Regrouped => &mut self.regrouped,
            Turn::GuideGained => &mut self.guide_gained,
            Turn::GuideLost => &mut self.guide_lost,
            Turn::GuideMoved => &mut self.guide_moved,
        };
        *count += 1;
        *count <= Self::EXAMPLES as u64
    }

    /// Whether nothing happened.
    pub fn is_none(&self) -> bool {
        Turn::ALL.into_iter().all(|turn| self.count(turn) == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_from_before_there_were_examples_still_loads() {
        let old =
            r#"{"schema":1,"created":7,"files":[],"sources":[],"changes":{"live":{"added":3,"removed":1}}}"#;
        let manifest: Manifest = serde_json::from_str(old).unwrap();
        let change = Change { added: 3, removed: 1, ..Change::default() };
        assert_eq!(manifest.changes["live"], change);
        assert_eq!(serde_json::to_string(&manifest).unwrap(), old, "and what did not happen is not written");
    }

    #[test]
    fn examples_have_room_for_ten_of_each_turn() {
        let mut change = Change::default();
        assert!(change.is_none());
        let room = (0..30).filter(|_| change.add(Turn::Renamed)).count();
        assert_eq!((room, change.count(Turn::Renamed), change.is_none()), (10, 30, false));
    }
}
