//! `adult`: what it means is, or is not, for grown-ups only.

use super::Touched;
use super::conditions::Conditions;
use crate::line_up::Table;

/// Sets the flag of what is meant, whatever its source says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Adult {
    pub(super) conditions: Conditions,
    pub(super) adult: bool,
}

impl Adult {
    pub(super) fn apply(&self, table: &mut Table<'_>) -> Touched {
        let mut set = 0;
        for list in self.conditions.lists() {
            let selection = self.conditions.on(table, list);
            table.change(list, |table, row| {
                if selection.holds(table, row) {
                    row.adult = Some(self.adult);
                    set += 1;
                }
            });
        }
        set.into()
    }
}
