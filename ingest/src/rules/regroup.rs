//! `regroup`: entries go to another group.

use super::Touched;
use super::conditions::Conditions;
use crate::line_up::Table;
use crate::tidy;

/// Puts what is meant into another group: in place of the groups that `group` means, or of the principal one if it says
/// nothing of groups. Others that an entry is in stay.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Regroup {
    pub(super) conditions: Conditions,
    /// With `$1` for what an expression captured of the group's name.
    pub(super) to: String,
}

impl Regroup {
    pub(super) fn apply(&self, table: &mut Table<'_>) -> Touched {
        let mut moved = 0;
        for list in self.conditions.lists() {
            let selection = self.conditions.on(table, list);
            // For each group what becomes of it; the principal one may become something without being meant by name.
            let renamed: Vec<Option<String>> = (table.groups(list))
                .map(|name| match &self.conditions.group {
                    Some(group) => group.replaced(name, &self.to),
                    None => Some(self.to.clone()),
                })
                .map(|name| name.map(|name| tidy::words(&name).into_owned()))
                .collect();
            let by_name = self.conditions.group.is_some();
            let mut becomes: Vec<Option<u32>> = Vec::with_capacity(renamed.len());
            for (name, at) in renamed.into_iter().zip(0..) {
                becomes.push(name.map(|name| match by_name {
                    true => table.group_for(list, &name, at),
                    false => table.group(list, &name),
                }));
            }
            table.change(list, |table, row| {
                if !selection.holds(table, row) {
                    return;
                }
                moved += 1;
                let replaced = |(at, group): (usize, &u32)| {
                    let meant = by_name || at == 0;
                    becomes.get(*group as usize).copied().flatten().filter(|_| meant).unwrap_or(*group)
                };
                let groups: Vec<u32> = table.groups_of(list, row).iter().enumerate().map(replaced).collect();
                row.regroup(groups);
            });
        }
        moved.into()
    }
}
