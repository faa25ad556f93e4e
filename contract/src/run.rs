//! `run.json`: what the last run did, published or not.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use crate::disk::{Access, Data, replace};
use crate::release::Outcome;

/// What the last run did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    /// Unix time, in seconds.
    pub began: u64,
    /// Unix time, in seconds.
    pub ended: u64,
    /// How.
    pub verdict: Ending,
    /// The number of the release that it made, or that stays since nothing has changed.
    pub release: Option<u32>,
    /// Why it failed; else empty. Never an address or a credential.
    pub why: String,
    /// What each source gave, in configured order; of a run that failed, nothing.
    pub sources: Vec<Gave>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// There is a new release.
    Published,
    /// Everything is as in the current release.
    Unchanged,
    /// No source gave anything that could be taken.
    Refused,
    /// It could not go on.
    Failed,
}

/// What a source gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gave {
    /// Its name in the configuration.
    pub name: String,
    /// Whether it was taken, or what it gave last stands for it; `None` when it gave nothing and never had.
    pub outcome: Option<Outcome>,
    /// Why it was not taken, and what was odd about it. Never an address or a credential.
    pub notes: Vec<String>,
    /// Unix time, in seconds, of the harvest that is used; 0 without one.
    pub harvested: u64,
    /// Entries that are in the line-up, by kind.
    pub counts: BTreeMap<String, u64>,
    /// Unix time, in seconds, at which the first of its accounts ends, as far as the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<u64>,
}

impl LastRun {
    /// That of `data`; `None` before the first.
    ///
    /// # Errors
    /// It is there and cannot be read or understood.
    pub fn load(data: &Data) -> io::Result<Option<Self>> {
        match fs::read(data.run()) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes it in the place of the one before.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn save(&self, data: &Data) -> io::Result<()> {
        replace(&data.run(), &serde_json::to_vec_pretty(self)?, Access::Everybody)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_run_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        assert_eq!(LastRun::load(&data).unwrap(), None);
        let counts = [("live".to_owned(), 7)].into();
        let gave = Gave {
            name: "acme".into(),
            outcome: Some(Outcome::Kept),
            notes: vec!["empty".into()],
            harvested: 1,
            counts,
            ends: None,
        };
        let (verdict, why) = (Ending::Unchanged, String::new());
        let run = LastRun { began: 1, ended: 2, verdict, release: Some(3), why, sources: vec![gave] };
        run.save(&data).unwrap();
        assert_eq!(LastRun::load(&data).unwrap(), Some(run));
    }
}
