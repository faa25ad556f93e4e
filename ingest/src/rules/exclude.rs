//! `exclude`: what it means is not taken.

use super::Touched;
use super::conditions::Conditions;
use crate::line_up::Table;

/// Leaves out what is meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exclude(pub(super) Conditions);

impl Exclude {
    pub(super) fn apply(&self, table: &mut Table<'_>) -> Touched {
        let mut gone = 0;
        for list in self.0.lists() {
            let selection = self.0.on(table, list);
            table.retain(list, |table, row| {
                let holds = selection.holds(table, row);
                gone += u64::from(holds);
                !holds
            });
        }
        gone.into()
    }
}
