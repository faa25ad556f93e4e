//! What was done, for people and for machines.

use std::fmt;

use serde::Serialize;

/// So many files that were left alone are named; the others are counted.
const NAMED: usize = 20;

/// What was done.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Summary {
    /// The release from which it was made.
    pub(crate) release: String,
    pub(crate) films: u64,
    pub(crate) series: u64,
    pub(crate) episodes: u64,
    /// Series of which nobody has fetched the episodes yet: what there was of them stays.
    pub(crate) series_without_episodes: u64,
    /// Files that are new or have changed.
    pub(crate) written: u64,
    /// Files that are as they were.
    pub(crate) unchanged: u64,
    /// Files of what has vanished.
    pub(crate) removed: u64,
    /// Files where ours should be, or that should go, which somebody else wrote or changed.
    pub(crate) left_alone: u64,
    /// Some of them.
    pub(crate) left_alone_files: Vec<String>,
}

impl Summary {
    pub(crate) fn left_alone(&mut self, place: &str) {
        self.left_alone += 1;
        if self.left_alone_files.len() < NAMED {
            self.left_alone_files.push(place.to_owned());
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { release, films, series, episodes, written, unchanged, removed, .. } = self;
        writeln!(f, "release {release}: {films} films, {series} series, {episodes} episodes")?;
        writeln!(f, "{written} files written, {unchanged} unchanged, {removed} removed")?;
        if self.series_without_episodes > 0 {
            writeln!(
                f,
                "{} series have no episodes yet: ingest fetches them little by little; run this again later",
                self.series_without_episodes
            )?;
        }
        if self.left_alone > 0 {
            writeln!(
                f,
                "{} files were left alone, since somebody else wrote or changed them:",
                self.left_alone
            )?;
            self.left_alone_files.iter().try_for_each(|place| writeln!(f, "  {}", place.escape_debug()))?;
            if self.left_alone > NAMED as u64 {
                writeln!(f, "  and {} others", self.left_alone - NAMED as u64)?;
            }
        }
        Ok(())
    }
}
