//! What a run did, for people and for machines.

use std::collections::BTreeMap;
use std::fmt;

use contract::release::{Outcome, SourceFact};
use serde::Serialize;

use crate::changes::{Changes, Told};
use crate::harvest::Counts;
use crate::rules::RuleReport;

/// Names that are shown to people for each kind of change.
const SHOWN: usize = 3;

/// What a run did.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// How it ended.
    pub verdict: Verdict,
    /// What each source gave, in configured order.
    pub sources: Vec<SourceReport>,
    /// What each rule of the line-up did, in their order; empty when there was nothing to do.
    pub rules: Vec<RuleReport>,
    /// What is odd about the line-up as a whole.
    pub notes: Vec<String>,
    /// What is different from the release before, by kind of entry.
    pub changes: Changes,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// There is a new release, of this number.
    Published(u32),
    /// Everything is as in the current release, of this number.
    Unchanged(u32),
    /// No source gave anything that could be taken; what was published stays.
    Refused,
}

/// What a source gave.
#[derive(Clone, Debug, Serialize)]
pub struct SourceReport {
    /// Its name in the configuration.
    pub name: String,
    /// Whether it was taken; `None` when it gave nothing and never had.
    pub outcome: Option<Outcome>,
    /// Why it was not taken, and what was odd about it. Never an address or a credential.
    pub notes: Vec<String>,
    /// Entries that are in the line-up, by kind.
    pub counts: BTreeMap<String, u64>,
    /// Unix time, in seconds, of the harvest that is used.
    pub harvested: u64,
}

impl Report {
    /// That of a run that ended so before it made a line-up.
    pub(crate) fn new(verdict: Verdict, sources: Vec<SourceReport>) -> Self {
        Self { verdict, sources, rules: Vec::new(), notes: Vec::new(), changes: Default::default() }
    }

    /// Whether a release is in force that this run stands for.
    pub fn is_success(&self) -> bool {
        self.verdict != Verdict::Refused
    }

    /// Whether that release has of every source what it gave in this run.
    pub fn is_whole(&self) -> bool {
        self.is_success() && self.sources.iter().all(|source| source.outcome == Some(Outcome::Taken))
    }
}

impl SourceReport {
    /// As in `release.json`; `None` for a source that gives nothing to the release.
    pub(crate) fn fact(&self) -> Option<SourceFact> {
        Some(SourceFact {
            name: self.name.clone(),
            outcome: self.outcome?,
            reason: self.notes.join("; "),
            harvested: self.harvested,
            counts: self.counts.clone(),
        })
    }
}

impl Report {
    /// Everything but how it ended.
    pub(crate) fn body(&self) -> impl fmt::Display {
        Body(self)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Body(self))?;
        match self.verdict {
            Verdict::Published(number) => write!(f, "published release {number:06}"),
            Verdict::Unchanged(number) => write!(f, "unchanged, release {number:06} stays"),
            Verdict::Refused => write!(f, "refused, what was published stays"),
        }
    }
}

/// What came from where, and what is different.
struct Body<'a>(&'a Report);

impl fmt::Display for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(report) = self;
        let width = report.sources.iter().map(|source| source.name.len()).max().unwrap_or(0);
        for source in &report.sources {
            let word = match source.outcome {
                Some(Outcome::Taken) => "taken",
                Some(Outcome::Kept) => "kept",
                None => "nothing",
            };
            writeln!(f, "{:width$}  {word:7}  {}", source.name, Entries(&source.counts))?;
            for note in &source.notes {
                writeln!(f, "{:width$}  {:7}  {note}", "", "")?;
            }
        }
        report.rules.iter().try_for_each(|rule| writeln!(f, "{rule}"))?;
        report.notes.iter().try_for_each(|note| writeln!(f, "{note}"))?;
        write!(f, "{}", Told { changes: &report.changes, examples: SHOWN })?;
        Ok(())
    }
}

struct Entries<'a>(&'a Counts);

impl fmt::Display for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (word, count)) in self.0.iter().enumerate() {
            write!(f, "{}{count} {word}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
