//! `rename`: the part of a name that is meant becomes something else.

use super::Touched;
use super::conditions::Conditions;
use super::pattern::Patterns;
use crate::line_up::Table;
use crate::tidy;

/// Renames what is meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rename {
    /// With `name` among them.
    pub(super) conditions: Conditions,
    pub(super) name: Patterns,
    /// With `$1` for what an expression captured.
    pub(super) to: String,
}

impl Rename {
    pub(super) fn apply(&self, table: &mut Table<'_>) -> Touched {
        let (mut renamed, mut empty, mut full) = (0, 0_u64, 0_u64);
        for list in self.conditions.lists() {
            let selection = self.conditions.on(table, list);
            table.rename(
                list,
                |table, row| {
                    if !selection.holds(table, row) {
                        return None;
                    }
                    let name = self.name.replaced(table.name(list, row), &self.to)?;
                    let name = tidy::words(&name).into_owned();
                    renamed += 1;
                    empty += u64::from(name.is_empty());
                    Some(name).filter(|name| !name.is_empty())
                },
                &mut full,
            );
        }
        let mut notes = Vec::new();
        if empty > 0 {
            notes.push(format!("{empty} keep their names, of which nothing would be left"));
        }
        if full > 0 {
            notes.push(format!("{full} keep their names: there are too many new ones"));
        }
        Touched { entries: renamed, notes }
    }
}
