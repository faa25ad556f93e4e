//! What rules work on: a slim row for each entry of all sources, and beside it what few entries have.

use std::cmp::Ordering;

use rustc_hash::FxHashSet;

use super::groups::{Groups, OTHER};
use super::names::Names;
use super::{More, Part, item};
use crate::harvest::{Entry, Item, List};
use crate::rules::Numbering;

/// An entry on its way into the line-up.
#[derive(Debug)]
pub(crate) struct Row {
    /// Position of its source in [`Table::parts`].
    pub(crate) part: u16,
    /// In no list, but can be played.
    pub(crate) hidden: bool,
    /// For grown-ups only, if a rule says so or otherwise.
    pub(crate) adult: Option<bool>,
    /// The groups of its source do not count any more: [`Row::group`] and [`More::categories`] do.
    pub(super) regrouped: bool,
    /// Position in the source's list.
    pub(crate) entry: u32,
    /// The principal group, as a position.
    pub(crate) group: u32,
    /// Its new name in [`Names`]; 0 for that of its source.
    pub(super) name: u32,
    /// The number that it wants.
    pub(crate) number: Desired,
    /// What few have.
    pub(crate) more: Option<Box<More>>,
}

/// The number that a channel wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Desired(u32);

/// More than any number of a channel.
const RUN: u32 = 1 << 31;
/// The most rules that number.
const MOST_RUNS: usize = 1000;

impl Desired {
    /// This one.
    pub(crate) const fn fixed(number: u32) -> Self {
        Self(number)
    }

    /// The number, if it is one.
    pub(super) fn number(self) -> Option<u32> {
        (1..RUN).contains(&self.0).then_some(self.0)
    }

    /// As it is kept where a number will stand.
    pub(super) const fn code(self) -> u32 {
        self.0
    }

    /// From [`Desired::code`].
    pub(super) const fn decode(code: u32) -> Self {
        Self(code)
    }

    /// One of the run at this position.
    pub(super) fn run(self) -> Option<usize> {
        self.0.checked_sub(RUN).map(|run| run as usize)
    }
}

/// All entries of all sources.
pub(crate) struct Table<'a> {
    pub(crate) parts: &'a [Part],
    pub(super) names: Names,
    pub(super) runs: Vec<Numbering>,
    lists: [Rows; List::ALL.len()],
}

/// The entries of one list.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// In display order but for [`Rows::torn`].
    pub(super) rows: Vec<Row>,
    pub(super) groups: Groups,
    /// Groups of one name may be torn apart: a rule put entries into an order that knows none.
    torn: bool,
}

impl Row {
    /// Puts it into these groups and no others, the principal one first.
    pub(crate) fn regroup(&mut self, groups: Vec<u32>) {
        let mut others: Vec<u32> = Vec::new();
        let Some((principal, rest)) = groups.split_first() else { return };
        for group in rest.iter().filter(|group| *group != principal) {
            if !others.contains(group) {
                others.push(*group);
            }
        }
        (self.group, self.regrouped) = (*principal, true);
        if !others.is_empty() || self.more.is_some() {
            self.more.get_or_insert_default().categories = others;
        }
    }
}

impl<'a> Table<'a> {
    /// All entries of `parts`, in their order.
    pub(super) fn new(parts: &'a [Part]) -> Self {
        let lists = List::ALL.map(|list| Rows::new(parts, list));
        Self { parts, names: Names::default(), runs: Vec::new(), lists }
    }

    /// Takes a list out, its groups together.
    pub(super) fn take(&mut self, list: List) -> Rows {
        let mut taken = std::mem::take(&mut self.lists[list as usize]);
        if !taken.torn {
            let (groups, rows) = (&taken.groups, &taken.rows);
            let places: Vec<u32> = (0..rows.len() as u32).collect();
            let mut order = places.clone();
            order.sort_by_key(|at| groups.rank(rows[*at as usize].group)); // stable: within a group the order stays
            rearrange(&mut taken.rows, &places, order);
        }
        taken
    }

    /// The names of a list's groups, by position.
    pub(crate) fn groups(&self, list: List) -> impl Iterator<Item = &str> {
        self.lists[list as usize].groups.names()
    }

    /// The position of the group called `name`, made if there is none.
    pub(crate) fn group(&mut self, list: List, name: &str) -> u32 {
        self.lists[list as usize].groups.find(name)
    }

    /// The position of the group called `name`, which takes the place of another one.
    pub(crate) fn group_for(&mut self, list: List, name: &str, other: u32) -> u32 {
        let groups = &mut self.lists[list as usize].groups;
        let group = groups.find(name);
        groups.replace(group, other);
        group
    }

    /// The whole entry of a row.
    pub(crate) fn entry(&self, list: List, row: &Row) -> &'a Entry {
        &self.parts[usize::from(row.part)].harvest.entries(item(list))[row.entry as usize]
    }

    /// Its name, as the rules so far left it.
    pub(crate) fn name(&self, list: List, row: &Row) -> &str {
        match self.names.get(row.name) {
            Some(name) => name,
            None => self.parts[usize::from(row.part)].harvest.name(self.entry(list, row)),
        }
    }

    /// The guide channel of a channel.
    pub(crate) fn guide<'b>(&'b self, row: &'b Row) -> &'b str {
        match row.more.as_ref().and_then(|more| more.guide.as_deref()) {
            Some(guide) => guide,
            None => self.parts[usize::from(row.part)].harvest.guide(self.entry(List::Live, row)),
        }
    }

    /// All groups of a row, the principal one first, each once.
    pub(crate) fn groups_of(&self, list: List, row: &Row) -> Vec<u32> {
        let mut all = vec![row.group];
        self.any_group(list, row, |group| {
            if !all.contains(&group) {
                all.push(group);
            }
            false
        });
        all
    }

    /// Whether any of its groups is meant.
    pub(crate) fn any_group(&self, list: List, row: &Row, mut meant: impl FnMut(u32) -> bool) -> bool {
        if meant(row.group) {
            return true;
        }
        if row.regrouped {
            return row.more.as_ref().is_some_and(|more| more.categories.iter().copied().any(meant));
        }
        let part = &self.parts[usize::from(row.part)];
        let places = part.harvest.places(self.entry(list, row));
        let groups = &self.lists[list as usize].groups;
        places.iter().filter_map(|place| groups.of_part(row.part, *place)).any(meant)
    }

    /// Takes out what `keep` does not want.
    pub(crate) fn retain(&mut self, list: List, mut keep: impl FnMut(&Self, &Row) -> bool) {
        let mut rows = std::mem::take(&mut self.lists[list as usize].rows);
        rows.retain(|row| keep(self, row));
        self.lists[list as usize].rows = rows;
    }

    /// Shows every row to `change`.
    pub(crate) fn change(&mut self, list: List, mut change: impl FnMut(&Self, &mut Row)) {
        let mut rows = std::mem::take(&mut self.lists[list as usize].rows);
        rows.iter_mut().for_each(|row| change(self, row));
        self.lists[list as usize].rows = rows;
    }

    /// Gives rows the names that `rename` says; counts those for which there was no room.
    pub(crate) fn rename(
        &mut self,
        list: List,
        mut rename: impl FnMut(&Self, &Row) -> Option<String>,
        full: &mut u64,
    ) {
        let mut rows = std::mem::take(&mut self.lists[list as usize].rows);
        for row in &mut rows {
            if let Some(name) = rename(self, row) {
                match self.names.replace(row.name, &name) {
                    Some(place) => row.name = place,
                    None => *full += 1,
                }
            }
        }
        self.lists[list as usize].rows = rows;
        if self.names.is_loose() {
            let rows = self.lists.iter_mut().flat_map(|list| &mut list.rows);
            self.names.tighten(rows.map(|row| &mut row.name));
        }
    }

    /// The positions of the rows that are meant.
    pub(crate) fn positions(&self, list: List, meant: impl Fn(&Self, &Row) -> bool) -> Vec<u32> {
        let rows = self.lists[list as usize].rows.iter().zip(0..);
        rows.filter(|(row, _)| meant(self, row)).map(|(_, at)| at).collect()
    }

    /// Sorts the rows at `positions` (ascending) among each other. `torn`: groups need not stay together.
    pub(crate) fn sort(
        &mut self,
        list: List,
        positions: &[u32],
        torn: bool,
        compare: impl Fn(&Self, &Row, &Row) -> Ordering,
    ) {
        // Groups come together when the list is taken; those that a rule tore apart are not put together again.
        self.lists[list as usize].torn |= torn;
        let mut rows = std::mem::take(&mut self.lists[list as usize].rows);
        let mut order = positions.to_vec();
        order.sort_by(|one, two| compare(self, &rows[*one as usize], &rows[*two as usize]));
        rearrange(&mut rows, positions, order);
        self.lists[list as usize].rows = rows;
    }

    /// Puts groups into the order that `rank` says; those that it says nothing of come behind in their order.
    pub(crate) fn order_groups(&mut self, list: List, rank: impl Fn(&str) -> Option<usize>) {
        self.lists[list as usize].groups.order(rank);
    }

    /// A new run of numbers. `None` if there are too many.
    pub(crate) fn numbering(&mut self, numbering: Numbering) -> Option<Desired> {
        let at = self.runs.len();
        self.runs.push(numbering);
        (at < MOST_RUNS).then(|| Desired(RUN + at as u32))
    }

    /// All rows of all lists whose source key `meant` means.
    pub(crate) fn find(&self, meant: impl Fn(&Part, List, Item, &str) -> bool) -> Vec<(List, usize)> {
        let mut found = Vec::new();
        for list in List::ALL {
            for (at, row) in self.lists[list as usize].rows.iter().enumerate() {
                let part = &self.parts[usize::from(row.part)];
                if meant(part, list, item(list), part.harvest.id(self.entry(list, row))) {
                    found.push((list, at));
                }
            }
        }
        found
    }

    /// The row at a position.
    pub(crate) fn row_at(&self, list: List, at: u32) -> &Row {
        &self.lists[list as usize].rows[at as usize]
    }

    /// The row at a position, to change it.
    pub(crate) fn row(&mut self, list: List, at: usize) -> &mut Row {
        &mut self.lists[list as usize].rows[at]
    }

    /// Gives the row at a position a name.
    pub(crate) fn set_name(&mut self, list: List, at: usize, name: &str) {
        let row = &mut self.lists[list as usize].rows[at];
        if let Some(place) = self.names.replace(row.name, name) {
            row.name = place;
        }
    }

    /// Gives the first of `positions` the upstreams of the others, at most `most`, and what rules said of those and not of
    /// it. It is hidden only if all of them are. Answers how many had no room.
    pub(crate) fn merge(&mut self, list: List, positions: &[u32], most: usize) -> u64 {
        let rows = &mut self.lists[list as usize].rows;
        let mut members = Vec::new();
        let (mut guide, mut logo) = (None, None);
        let Row { mut hidden, mut adult, mut number, .. } = rows[positions[0] as usize];
        for at in &positions[1..] {
            let row = &mut rows[*at as usize];
            members.push((row.part, row.entry));
            (hidden, adult) = (hidden && row.hidden, adult.or(row.adult));
            number = if number == Desired::default() { row.number } else { number };
            if let Some(more) = row.more.take() {
                let More { members: more, guide: its, logo: picture, .. } = *more;
                members.extend(more);
                (guide, logo) = (guide.or(its), logo.or(picture));
            }
        }
        let first = &mut rows[positions[0] as usize];
        (first.hidden, first.adult, first.number) = (hidden, adult, number);
        let first = first.more.get_or_insert_default();
        first.members.append(&mut members);
        let left = (first.members.len() + 1).saturating_sub(most);
        first.members.truncate(most - 1);
        (first.guide, first.logo) = (first.guide.take().or(guide), first.logo.take().or(logo));
        left as u64
    }

    /// Takes out the rows at these positions.
    pub(crate) fn drop_rows(&mut self, list: List, positions: &FxHashSet<u32>) {
        let mut at = 0;
        self.lists[list as usize].rows.retain(|_| {
            at += 1;
            !positions.contains(&(at - 1))
        });
    }
}

/// Puts to each of `places` (ascending) the row that stands at the position of `order` beside it. Moved one by one: a
/// second copy of all rows would be memory.
fn rearrange(rows: &mut [Row], places: &[u32], mut order: Vec<u32>) {
    for start in 0..places.len() {
        // Follows where each row comes from until the circle closes.
        let mut at = start;
        while order[at] != places[at] {
            let from = order[at];
            order[at] = places[at];
            let Ok(next) = places.binary_search(&from) else { break };
            if next == start {
                break;
            }
            rows.swap(places[at] as usize, from as usize);
            at = next;
        }
    }
}

impl Rows {
    fn new(parts: &[Part], list: List) -> Self {
        let mut groups = Groups::new(parts, list);
        let count = parts.iter().map(|part| part.harvest.entries(item(list)).len()).sum();
        let mut rows = Vec::with_capacity(count);
        for (part_at, part) in (0..).zip(parts) {
            for (at, entry) in (0..).zip(part.harvest.entries(item(list))) {
                let places = part.harvest.places(entry);
                let group = places.iter().find_map(|place| groups.of_part(part_at, *place));
                let group = group.unwrap_or_else(|| groups.find(OTHER));
                rows.push(Row {
                    part: part_at,
                    hidden: false,
                    adult: None,
                    regrouped: false,
                    entry: at,
                    group,
                    name: 0,
                    number: Desired::default(),
                    more: None,
                });
            }
        }
        Self { rows, groups, torn: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_put_where_they_belong() {
        let row = |entry: u32| Row {
            part: 0,
            hidden: false,
            adult: None,
            regrouped: false,
            entry,
            group: 0,
            name: 0,
            number: Desired::default(),
            more: None,
        };
        for (places, order, expected) in [
            (&[0, 1, 2, 3][..], &[2, 0, 1, 3][..], [2, 0, 1, 3, 4]),
            (&[0, 1, 2, 3, 4], &[4, 3, 2, 1, 0], [4, 3, 2, 1, 0]),
            (&[1, 3, 4], &[4, 1, 3], [0, 4, 2, 1, 3]),
            (&[0, 2, 3, 4], &[3, 4, 0, 2], [3, 1, 4, 0, 2]),
            (&[], &[], [0, 1, 2, 3, 4]),
        ] {
            let mut rows: Vec<Row> = (0..5).map(row).collect();
            rearrange(&mut rows, places, order.to_vec());
            assert_eq!(
                rows.iter().map(|row| row.entry).collect::<Vec<_>>(),
                expected,
                "{places:?} {order:?}"
            );
        }
    }
}
