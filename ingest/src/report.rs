//! What a run did, for people and for machines.

use std::collections::BTreeMap;
use std::fmt;

use contract::release::{Outcome, SourceFact};
use contract::run::Gave;
use serde::Serialize;

use crate::changes::{Changes, Told};
use crate::harvest::{Counts, PROGRAMMES};
use crate::rules::RuleReport;

/// Names that are shown to people for each kind of change.
const SHOWN: usize = 3;

/// Kinds of entries in the order in which people read of them.
const ORDER: [&str; 5] = ["live", "movies", "series", "episodes", PROGRAMMES];

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
    /// Unix time, in seconds, at which the first of its accounts ends, as far as the provider says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<u64>,
}

impl Report {
    /// That of a run that ended so before it made a line-up.
    pub(crate) fn new(verdict: Verdict, sources: Vec<SourceReport>) -> Self {
        Self { verdict, sources, rules: Vec::new(), notes: Vec::new(), changes: Default::default() }
    }

    /// Takes the counts of programmes from the release that stays: guides that did not change are not read again.
    pub(crate) fn with_programmes_of(mut self, release: &[SourceFact]) -> Self {
        for report in &mut self.sources {
            let fact = release.iter().find(|fact| fact.name == report.name);
            if let Some(count) = fact.and_then(|fact| fact.counts.get(PROGRAMMES)) {
                report.counts.entry(PROGRAMMES.to_owned()).or_insert(*count);
            }
        }
        self
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
    /// As in `run.json`.
    pub(crate) fn gave(&self) -> Gave {
        Gave {
            name: self.name.clone(),
            outcome: self.outcome,
            notes: self.notes.clone(),
            harvested: self.harvested,
            counts: self.counts.clone(),
            ends: self.ends,
        }
    }

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
            let line = format!("{:width$}  {word:7}  {}", source.name, Entries(&source.counts));
            writeln!(f, "{}", line.trim_end())?;
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

/// Counts in the order of the lists. What a source does not have is not worth a word, unless it has nothing at all.
struct Entries<'a>(&'a Counts);

impl fmt::Display for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nothing = self.0.values().all(|count| *count == 0);
        let mut told: Vec<_> = self.0.iter().filter(|(_, count)| **count > 0).collect();
        told.sort_by_key(|(word, _)| ORDER.iter().position(|it| it == word).unwrap_or(ORDER.len()));
        for (at, (word, count)) in told.into_iter().enumerate() {
            write!(f, "{}{count} {word}", if at == 0 { "" } else { ", " })?;
        }
        if nothing && !self.0.is_empty() { write!(f, "no entries") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, counts: &[(&str, u64)]) -> SourceReport {
        SourceReport {
            name: name.into(),
            outcome: Some(Outcome::Taken),
            notes: Vec::new(),
            counts: counts.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect(),
            harvested: 0,
            ends: None,
        }
    }

    #[test]
    fn people_read_what_a_source_has_and_not_what_it_lacks() {
        let silent = SourceReport { outcome: None, notes: vec!["no answer".into()], ..source("s", &[]) };
        let sources = vec![
            source("panel", &[("live", 2), ("movies", 3), ("programmes", 9), ("series", 1), ("episodes", 4)]),
            source("list", &[("live", 1), ("movies", 0), ("series", 0)]),
            source("empty", &[("live", 0)]),
            source("quiet", &[]),
            silent,
        ];
        let told = Report::new(Verdict::Unchanged(1), sources).to_string();
        let expected = [
            "panel  taken    2 live, 3 movies, 1 series, 4 episodes, 9 programmes",
            "list   taken    1 live",
            "empty  taken    no entries",
            "quiet  taken",
            "s      nothing",
            "                no answer",
            "unchanged, release 000001 stays",
        ];
        assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    }
}
