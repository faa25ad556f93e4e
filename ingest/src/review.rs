//! `ingest match`: which guide channel each of ours has and why, from what was read last. Nothing is asked, nothing is
//! changed.

use std::fmt;
use std::path::Path;

use anyhow::Context as _;
use contract::disk::Data;
use contract::ids::Ledger;
use contract::source::Source;
use serde::Serialize;

use crate::Settings;
use crate::guide::Copy;
use crate::harvest::Harvest;
use crate::line_up::{LineUp, Part};
use crate::matching::{self, Match, Row, Wish};
use crate::programming;

/// What was found for the channels of the line-up.
#[derive(Debug)]
pub struct Review {
    wishes: Vec<Wish>,
    matches: Vec<Match>,
    guides: Vec<String>,
}

/// Matches the channels of the last harvests with the last guides.
///
/// # Errors
/// There are none yet, the ledger or the file of aliases is damaged, or the disk refuses.
pub fn review(data: &Data, sources: &[Source], settings: &Settings) -> anyhow::Result<Review> {
    let (mut parts, mut guides) = (Vec::new(), Vec::new());
    for (at, source) in sources.iter().enumerate() {
        if let Some(mut harvest) = Harvest::last(data, &source.name) {
            let name = &source.name;
            harvest.hold().with_context(|| format!("the harvest of {name} cannot be read"))?;
            parts.push(Part { source: source.clone(), harvest });
        }
        let copies = Copy::all(data, &source.name).into_iter();
        guides.extend(copies.map(|copy| (at, source.clone(), copy)));
    }
    anyhow::ensure!(!parts.is_empty(), "no source was read yet: `ingest run` does that");
    // Never saved: what is new gets its ids when it is published.
    let mut ledger = Ledger::load(&data.ids())?;
    let line_up = LineUp::new(parts, &settings.rule, &mut ledger)?;
    let names = guides.iter().map(|(_, source, _)| source.name.to_string()).collect();
    let mut review = Review { wishes: Vec::new(), matches: Vec::new(), guides: names };
    programming::matched(&line_up, &guides, settings, &mut |wishes, matches| {
        review.wishes.extend_from_slice(wishes);
        review.matches.extend_from_slice(matches);
    })?;
    Ok(review)
}

impl Review {
    /// A row for each channel.
    pub fn rows(&self) -> Vec<Row<'_>> {
        matching::rows(&self.wishes, &self.matches, &self.guides)
    }

    /// Writes what was found by names into a new file, in the form of the reviewed one.
    ///
    /// # Errors
    /// There is such a file, or the disk refuses.
    pub fn export(&self, file: &Path) -> anyhow::Result<()> {
        matching::export(&self.rows(), file)
            .with_context(|| format!("{} cannot be written: give a file that is not there", file.display()))
    }
}

impl fmt::Display for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        let found = rows.iter().filter(|row| !row.guide_id.is_empty()).count();
        writeln!(f, "{}", matching::table(&rows).trim_end())?;
        write!(f, "{found} of {} channels have a guide", rows.len())
    }
}

impl Serialize for Review {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows().serialize(serializer)
    }
}
