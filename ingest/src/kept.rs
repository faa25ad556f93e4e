//! The releases that are kept, for people and for machines.

use std::fmt;

use contract::release::{Releases, SourceFact};
use serde::Serialize;

use crate::changes::Changes;

/// What there is to say of a kept release.
#[derive(Clone, Debug, Serialize)]
pub struct Kept {
    /// Its number.
    pub release: u32,
    /// Whether it is the published one.
    pub current: bool,
    /// What it says about itself.
    #[serde(flatten)]
    pub told: Told,
}

/// What a release says about itself, if it can be understood.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Told {
    /// It can.
    Fine {
        /// Unix time, in seconds, of the run that made it.
        created: u64,
        /// Bytes of all its files.
        size: u64,
        /// What each source gave.
        sources: Vec<SourceFact>,
        /// What is different from the release before.
        changes: Changes,
    },
    /// It cannot.
    Damaged {
        /// Why, in words.
        damaged: String,
    },
}

/// All kept releases, oldest first.
///
/// # Errors
/// The folder cannot be read.
pub fn kept(releases: &Releases) -> std::io::Result<Vec<Kept>> {
    let current = releases.current();
    let all = releases.list()?.into_iter().map(|release| {
        let told = match releases.manifest(release) {
            Ok(manifest) => Told::Fine {
                created: manifest.created,
                size: manifest.files.iter().map(|file| file.size).sum(),
                sources: manifest.sources,
                changes: manifest.changes,
            },
            Err(error) => Told::Damaged { damaged: error.to_string() },
        };
        Kept { release, current: current == Some(release), told }
    });
    Ok(all.collect())
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}  ", self.release)?;
        match &self.told {
            Told::Fine { created, size, changes, .. } => {
                let created = jiff::Timestamp::from_second(created.cast_signed()).unwrap_or_default();
                let count = |of: fn(&contract::release::Change) -> u64| changes.values().map(of).sum::<u64>();
                let (added, removed) = (count(|change| change.added), count(|change| change.removed));
                write!(
                    f,
                    "{created}  {:8.1} MB  {:>8} {:>8}",
                    *size as f64 / 1e6,
                    format!("+{added}"),
                    format!("-{removed}")
                )?;
            }
            Told::Damaged { damaged } => write!(f, "{damaged}")?,
        }
        if self.current { write!(f, "  current") } else { Ok(()) }
    }
}
