//! `number`: channels get numbers, one by one, or in a range.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Touched;
use super::conditions::Conditions;
use crate::harvest::List;
use crate::line_up::{Desired, Table};

/// Says which numbers channels want; they get them when the line-up has its final order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Number {
    /// By folded name.
    Fixed(Conditions, BTreeMap<String, u32>),
    /// All that are meant, one after the other.
    Run(Conditions, Numbering),
}

/// Numbers one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbering {
    /// The first number.
    pub(crate) from: u32,
    /// The last number; what does not fit is numbered as if there were no rule.
    pub(crate) until: u32,
    pub(crate) order: Order,
}

/// Which channel of a range comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// That which is shown first.
    #[default]
    Shown,
    /// That which the guide lists first; those without a guide come last.
    Guide,
}

impl Number {
    pub(super) fn apply(&self, table: &mut Table<'_>) -> Touched {
        match self {
            Self::Fixed(conditions, numbers) => fixed(table, conditions, numbers),
            Self::Run(conditions, numbering) => {
                let mut numbered = 0;
                let Some(run) = table.numbering(*numbering) else {
                    let notes = vec!["there are too many rules that number".into()];
                    return Touched { entries: 0, notes };
                };
                live(table, conditions, |_, desired| {
                    *desired = run;
                    numbered += 1;
                });
                numbered.into()
            }
        }
    }
}

fn fixed(table: &mut Table<'_>, conditions: &Conditions, numbers: &BTreeMap<String, u32>) -> Touched {
    let mut left = numbers.clone();
    let mut numbered = 0;
    live(table, conditions, |name, desired| {
        if let Some(number) = left.remove(&super::folded(name)) {
            *desired = Desired::fixed(number);
            numbered += 1;
        }
    });
    let mut notes = Vec::new();
    if numbered > 0 && !left.is_empty() {
        let names: Vec<&str> = left.keys().take(3).map(String::as_str).collect();
        notes.push(format!("{} of its names are in no list, such as {}", left.len(), names.join(", ")));
    }
    Touched { entries: numbered, notes }
}

fn live(table: &mut Table<'_>, conditions: &Conditions, mut take: impl FnMut(&str, &mut Desired)) {
    if conditions.lists().any(|list| list == List::Live) {
        let selection = conditions.on(table, List::Live);
        table.change(List::Live, |table, row| {
            if selection.holds(table, row) {
                let mut desired = row.number;
                take(table.name(List::Live, row), &mut desired);
                row.number = desired;
            }
        });
    }
}
