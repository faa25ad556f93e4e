//! `hide`: what it means can be played by who knows its number, and is in no list.

use super::Touched;
use super::conditions::Conditions;
use crate::line_up::Table;

/// Hides what is meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hide(pub(super) Conditions);

impl Hide {
    pub(super) fn apply(&self, table: &mut Table<'_>) -> Touched {
        let mut hidden = 0;
        for list in self.0.lists() {
            let selection = self.0.on(table, list);
            table.change(list, |table, row| {
                if selection.holds(table, row) {
                    row.hidden = true;
                    hidden += 1;
                }
            });
        }
        hidden.into()
    }
}
