//! Groups of one list, brought together by name.

use std::collections::HashMap;

use anyhow::Context as _;
use contract::bundle::{self, Digits};
use contract::ids::{Ledger, Space};

use super::Part;
use crate::harvest::List;
use crate::rules::folded;

/// Where entries go that belong nowhere.
pub(super) const OTHER: &str = "Other";

/// The groups of one list; a position is what everybody else has of a group.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    names: Vec<String>,
    by_name: HashMap<String, u32>,
    /// For each part, the group of each of its categories.
    of_parts: Vec<Vec<u32>>,
    /// Our ids of those that have members.
    ids: Vec<Option<u32>>,
    /// Where they stand, if a rule says so.
    ranks: Vec<usize>,
    /// Where they stand otherwise: the position, or that of a group that this one took the place of.
    stands: Vec<u32>,
}

impl Groups {
    /// Those of `parts`, in their order.
    pub(super) fn new(parts: &[Part], list: List) -> Self {
        let mut groups = Self::default();
        for part in parts {
            let categories = part.harvest.head.categories.get(&list).map_or(&[][..], Vec::as_slice);
            let of_part = categories.iter().map(|category| groups.find(&category.name)).collect();
            groups.of_parts.push(of_part);
        }
        groups
    }

    /// The group called `name`, whatever its case and blanks.
    pub(super) fn find(&mut self, name: &str) -> u32 {
        let name = if name.is_empty() { OTHER } else { name };
        *self.by_name.entry(folded(name)).or_insert_with(|| {
            let at = self.names.len() as u32;
            self.names.push(name.to_owned());
            self.stands.push(at);
            at
        })
    }

    /// All names, by position.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The group of a source's category.
    pub(super) fn of_part(&self, part: u16, place: u32) -> Option<u32> {
        self.of_parts.get(usize::from(part))?.get(place as usize).copied()
    }

    /// Our id of a group, which has a member.
    ///
    /// # Errors
    /// The ledger has no more ids, or cannot be written.
    pub(super) fn number(&mut self, list: List, ledger: &mut Ledger, group: u32) -> anyhow::Result<u32> {
        self.ids.resize(self.names.len(), None);
        if let Some(id) = self.ids[group as usize] {
            return Ok(id);
        }
        let key = format!("{}/{}", category_word(list), folded(&self.names[group as usize]));
        let id = ledger.id(Space::Category, &key).context("the id ledger cannot be written")?;
        let id = id.context("all ids are given")?;
        self.ids[group as usize] = Some(id);
        Ok(id)
    }

    /// Our id of a group that was numbered.
    pub(super) fn id(&self, group: u32) -> Option<u32> {
        self.ids.get(group as usize).copied().flatten()
    }

    /// Puts them into the order that `rank` says; those that it says nothing of come behind.
    pub(super) fn order(&mut self, rank: impl Fn(&str) -> Option<usize>) {
        self.ranks = self.names.iter().map(|name| rank(name).unwrap_or(usize::MAX)).collect();
    }

    /// Lets a group stand where another one stands, if that is further in front.
    pub(super) fn replace(&mut self, group: u32, other: u32) {
        let stands = self.stands[other as usize];
        self.stands[group as usize] = self.stands[group as usize].min(stands);
    }

    /// By what groups are ordered.
    pub(super) fn rank(&self, group: u32) -> (usize, u32, u32) {
        let behind = if self.ranks.is_empty() { 0 } else { usize::MAX };
        let rank = self.ranks.get(group as usize).copied().unwrap_or(behind);
        (rank, self.stands[group as usize], group)
    }

    /// Those that were numbered, as they are shown.
    pub(super) fn listed(&self) -> Vec<bundle::Category> {
        let mut order: Vec<u32> = (0..self.names.len() as u32).collect();
        order.sort_by_key(|group| self.rank(*group));
        let listed = |group: u32| {
            let category_id = Digits(self.id(group)?.into());
            let category_name = self.names[group as usize].clone();
            Some(bundle::Category { category_id, category_name, parent_id: 0 })
        };
        order.into_iter().filter_map(listed).collect()
    }
}

/// The word for a list in the key of a category.
const fn category_word(list: List) -> &'static str {
    match list {
        List::Live => "live",
        List::Movies => "movie",
        List::Series => "series",
    }
}
