//! Which entries a rule is about.

use super::pattern::Patterns;
use crate::harvest::List;
use crate::line_up::{Row, Table};
use crate::name::{Name, Quality};

/// Conditions on an entry; all that are given must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Conditions {
    /// `live`, `movies`, `series`; all of them without.
    pub(crate) lists: Option<Vec<List>>,
    /// The name of its source.
    pub(crate) source: Option<Patterns>,
    /// Any of its groups.
    pub(crate) group: Option<Patterns>,
    /// Its name, as the rules before left it.
    pub(crate) name: Option<Patterns>,
    /// What its name says: `SD`, `HD`, `FHD`, `UHD` (or `4K`), `8K`, or nothing.
    pub(crate) quality: Option<Patterns>,
}

/// Conditions, looked up for one list.
pub(super) struct Selection<'a> {
    conditions: &'a Conditions,
    list: List,
    /// By part.
    sources: Vec<bool>,
    /// By group.
    groups: Vec<bool>,
}

impl Conditions {
    /// The lists that are meant.
    pub(super) fn lists(&self) -> impl Iterator<Item = List> + '_ {
        let meant = |list: &List| self.lists.as_ref().is_none_or(|lists| lists.contains(list));
        List::ALL.into_iter().filter(meant)
    }

    /// What is meant of `list`.
    pub(super) fn on(&self, table: &Table<'_>, list: List) -> Selection<'_> {
        let holds = |patterns: &Option<Patterns>, text: &str| {
            patterns.as_ref().is_none_or(|patterns| patterns.hold(text))
        };
        let sources = table.parts.iter().map(|part| holds(&self.source, part.source.name.as_str()));
        let groups = table.groups(list).map(|name| holds(&self.group, name));
        Selection { conditions: self, list, sources: sources.collect(), groups: groups.collect() }
    }
}

impl Selection<'_> {
    /// Whether the entry's source is meant.
    pub(super) fn is_of_source(&self, row: &Row) -> bool {
        self.sources[usize::from(row.part)]
    }

    /// Whether a group is meant.
    pub(super) fn means_group(&self, group: u32) -> bool {
        self.groups[group as usize]
    }

    /// Whether the entry is meant.
    pub(super) fn holds(&self, table: &Table<'_>, row: &Row) -> bool {
        self.is_of_source(row)
            && (self.conditions.group.is_none()
                || table.any_group(self.list, row, |group| self.means_group(group)))
            && self.conditions.name.as_ref().is_none_or(|name| name.hold(table.name(self.list, row)))
            && self.conditions.quality.as_ref().is_none_or(|quality| {
                match Name::parse(table.name(self.list, row)).quality {
                    Some(Quality::Uhd) => quality.hold("UHD") || quality.hold("4K"),
                    said => quality.hold(said.map_or("", Quality::word)),
                }
            })
    }
}

/// The lists that a pattern means.
pub(super) fn lists(patterns: &Patterns) -> Result<Vec<List>, String> {
    let meant: Vec<List> = List::ALL.into_iter().filter(|list| patterns.hold(list.word())).collect();
    if meant.is_empty() { Err("`kind` is live, movies or series".into()) } else { Ok(meant) }
}
