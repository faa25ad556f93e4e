//! `include`: of the kinds and sources it names, only what it means is taken.

use super::Touched;
use super::conditions::Conditions;
use crate::line_up::Table;

/// Takes only what is meant. Entries of other kinds and sources are none of its business: a rule for the channels of
/// one panel leaves films, and the channels of others, as they are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Include(pub(super) Conditions);

impl Include {
    pub(super) fn apply(&self, table: &mut Table<'_>) -> Touched {
        let mut kept = 0;
        for list in self.0.lists() {
            let selection = self.0.on(table, list);
            table.retain(list, |table, row| {
                if !selection.is_of_source(row) {
                    return true;
                }
                let holds = selection.holds(table, row);
                kept += u64::from(holds);
                holds
            });
        }
        kept.into()
    }
}
