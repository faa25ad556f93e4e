//! The rules of a line-up: what is taken, how it is called, where it stands.
//!
//! ```text
//!  harvests ──▶ Table ──▶ rule 1 ──▶ rule 2 ──▶ … ──▶ Table ──▶ LineUp
//!               slim rows            each counts what it touched
//! ```
//!
//! Each rule goes over the whole table after the one before it is done, so that their order in the configuration is
//! the order in which they work. What they change of an entry stands in its row or, when few entries have it, beside.
//! A new rule is one file here and one variant of [`Action`].

mod adult;
mod conditions;
mod exclude;
mod hide;
mod include;
mod merge;
mod number;
mod overrides;
mod pattern;
mod regroup;
mod rename;
mod sort;
mod written;

use contract::ids::Ledger;
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};

pub(crate) use number::{Numbering, Order};
pub(crate) use pattern::folded;

use crate::line_up::Table;
use written::Written;

/// A rule of the line-up, one `[[ingest.rule]]` of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// File and line; empty when it was not read from a file.
    place: String,
    /// The byte of the file at which it begins.
    at: usize,
    action: Action,
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq)]
enum Action {
    Include(include::Include),
    Exclude(exclude::Exclude),
    Rename(rename::Rename),
    Regroup(regroup::Regroup),
    Number(number::Number),
    Sort(sort::Sort),
    Hide(hide::Hide),
    Adult(adult::Adult),
    Merge(merge::Merge),
    Override(overrides::Override),
}

/// What a rule did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleReport {
    /// Counted from 1, in their order.
    pub rule: usize,
    /// File and line; empty when it was not read from a file.
    pub place: String,
    /// Its `do`.
    pub does: &'static str,
    /// Entries that it was about.
    pub touched: u64,
    /// What was odd, in words. That it was about nothing is the first of it.
    pub notes: Vec<String>,
}

/// What one application of a rule comes to.
#[derive(Debug, Default)]
struct Touched {
    entries: u64,
    notes: Vec<String>,
}

impl Rule {
    /// Learns its line.
    pub(crate) fn locate(&mut self, place: &dyn Fn(usize) -> String) {
        self.place = place(self.at);
    }

    /// As in the configuration.
    const fn does(&self) -> &'static str {
        match self.action {
            Action::Include(_) => "include",
            Action::Exclude(_) => "exclude",
            Action::Rename(_) => "rename",
            Action::Regroup(_) => "regroup",
            Action::Number(_) => "number",
            Action::Sort(_) => "sort",
            Action::Hide(_) => "hide",
            Action::Adult(_) => "adult",
            Action::Merge(_) => "merge",
            Action::Override(_) => "override",
        }
    }

    fn apply(&self, table: &mut Table<'_>, ledger: &Ledger) -> Touched {
        match &self.action {
            Action::Include(rule) => rule.apply(table),
            Action::Exclude(rule) => rule.apply(table),
            Action::Rename(rule) => rule.apply(table),
            Action::Regroup(rule) => rule.apply(table),
            Action::Number(rule) => rule.apply(table),
            Action::Sort(rule) => rule.apply(table),
            Action::Hide(rule) => rule.apply(table),
            Action::Adult(rule) => rule.apply(table),
            Action::Merge(rule) => rule.apply(table),
            Action::Override(rule) => rule.apply(table, ledger),
        }
    }
}

/// Applies rules in their order. The ledger only says which entry an id means.
pub(crate) fn apply(rules: &[Rule], table: &mut Table<'_>, ledger: &Ledger) -> Vec<RuleReport> {
    let mut reports = Vec::with_capacity(rules.len());
    for (at, rule) in rules.iter().enumerate() {
        let Touched { entries, mut notes } = rule.apply(table, ledger);
        if entries == 0 {
            notes.insert(0, "matches nothing: correct it, or take it out".into());
        }
        let (place, does) = (rule.place.clone(), rule.does());
        reports.push(RuleReport { rule: at + 1, place, does, touched: entries, notes });
    }
    reports
}

impl From<u64> for Touched {
    fn from(entries: u64) -> Self {
        Self { entries, notes: Vec::new() }
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = toml::Spanned::<Written>::deserialize(deserializer)?;
        let at = written.span().start;
        let action = written.into_inner().action().map_err(D::Error::custom)?;
        Ok(Self { place: String::new(), at, action })
    }
}

impl std::fmt::Display for RuleReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rule {} (", self.rule)?;
        if !self.place.is_empty() {
            write!(f, "{}, ", self.place)?;
        }
        write!(f, "{}): {}", self.does, self.touched)?;
        self.notes.iter().try_for_each(|note| write!(f, "; {note}"))
    }
}

#[cfg(test)]
mod tests;
