//! `sort`: entries and groups get another order.

use std::cmp::Ordering;

use serde::Deserialize;

use super::Touched;
use super::conditions::Conditions;
use super::pattern::Patterns;
use crate::harvest::List;
use crate::line_up::{Row, Table};

/// Sorts what is meant: among each other, on the places that they have. Then orders groups.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sort {
    pub(super) conditions: Conditions,
    pub(super) by: Option<By>,
    pub(super) within: Within,
    /// Groups that come first, in this order.
    pub(super) groups: Option<Patterns>,
}

/// What decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum By {
    /// The name as people sort it: without regard to case, `Sky 2` before `Sky 10`.
    Name,
    /// The number that its source gives it; those without one come last.
    Number,
    /// The order of the sources, and of each one's list.
    Source,
}

/// Where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Within {
    /// Groups stay together.
    #[default]
    Group,
    /// All over the list: groups are torn apart.
    All,
}

impl Sort {
    pub(super) fn apply(&self, table: &mut Table<'_>) -> Touched {
        let mut sorted = 0;
        for list in self.conditions.lists() {
            let selection = self.conditions.on(table, list);
            let meant = table.positions(list, |table, row| selection.holds(table, row));
            sorted += meant.len() as u64;
            if let (Some(by), false) = (self.by, meant.is_empty()) {
                let torn = self.within == Within::All;
                table.sort(list, &meant, torn, |table, one, two| by.compare(table, list, one, two));
            }
            if let Some(groups) = &self.groups {
                table.order_groups(list, |name| groups.position(name));
            }
        }
        sorted.into()
    }
}

impl By {
    fn compare(self, table: &Table<'_>, list: List, one: &Row, two: &Row) -> Ordering {
        match self {
            Self::Name => natural(table.name(list, one), table.name(list, two)),
            Self::Number => {
                let number = |row: &Row| table.entry(list, row).num.wrapping_sub(1);
                number(one).cmp(&number(two))
            }
            Self::Source => (one.part, one.entry).cmp(&(two.part, two.entry)),
        }
    }
}

/// Compares as people do: case does not count, numbers by their value.
fn natural(one: &str, two: &str) -> Ordering {
    let (mut one, mut two) = (one, two);
    loop {
        match (number(&mut one), number(&mut two)) {
            (Some(a), Some(b)) => {
                let by_value = a.len().cmp(&b.len()).then_with(|| a.cmp(b));
                if by_value.is_ne() {
                    return by_value;
                }
            }
            // A number comes before letters.
            (Some(_), None) => return if two.is_empty() { Ordering::Greater } else { Ordering::Less },
            (None, Some(_)) => return if one.is_empty() { Ordering::Less } else { Ordering::Greater },
            (None, None) => {
                let (a, b) = (one.chars().next(), two.chars().next());
                let (Some(a), Some(b)) = (a, b) else { return a.cmp(&b) };
                let by_letter = a.to_lowercase().cmp(b.to_lowercase());
                if by_letter.is_ne() {
                    return by_letter;
                }
                (one, two) = (&one[a.len_utf8()..], &two[b.len_utf8()..]);
            }
        }
    }
}

/// Takes the number that `text` begins with, without zeros before it.
fn number<'a>(text: &mut &'a str) -> Option<&'a str> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return None;
    }
    *text = rest;
    Some(digits.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_as_people_do() {
        let mut names = ["Sky 10", "sky 2", "Sky", "3sat", "Sky 02 HD", "ärzte", "13th", ""];
        names.sort_by(|one, two| natural(one, two));
        assert_eq!(names, ["", "3sat", "13th", "Sky", "sky 2", "Sky 02 HD", "Sky 10", "ärzte"]);
    }
}
