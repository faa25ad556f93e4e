//! The line-up: harvests of all sources, as the rules want them, in one order, under our ids.
//!
//! ```text
//!  harvests ──▶ Table ──▶ rules ──▶ Table ──▶ ids ──▶ LineUp ──▶ guides ──▶ numbers
//! ```
//!
//! Without rules entries are ordered by category and then as their source has them, so that a category is one run of the
//! bundle.

mod groups;
mod names;
mod numbers;
mod place;
mod table;

use std::collections::{BTreeMap, HashMap};

use contract::bundle;
use contract::ids::Ledger;
use contract::source::Source;
use rustc_hash::FxHashSet;

use self::groups::Groups;
use self::names::Names;
use crate::harvest::{Entry, Harvest, Item, List};
use crate::identity::Identity;
use crate::programming::Programming;
use crate::rules::{self, Numbering, Rule, RuleReport};

pub(crate) use self::numbers::Before;
pub(crate) use self::table::{Desired, Row, Table};

/// A source and what is used of it.
#[derive(Debug)]
pub(crate) struct Part {
    /// As configured.
    pub(crate) source: Source,
    /// New, or the last good one.
    pub(crate) harvest: Harvest,
}

/// Everything a release is made of.
pub(crate) struct LineUp {
    /// In configured order.
    pub(crate) parts: Vec<Part>,
    /// By list, in display order; only those that have entries.
    pub(crate) categories: BTreeMap<List, Vec<bundle::Category>>,
    /// Channels in display order.
    pub(crate) live: Vec<Placed>,
    /// Films in display order.
    pub(crate) movies: Vec<Placed>,
    /// Series in display order.
    pub(crate) series: Vec<Placed>,
    /// Channels and films that can be played and are in no list.
    pub(crate) hidden: BTreeMap<List, Vec<Placed>>,
    /// Episodes known so far, by series.
    pub(crate) episodes: Vec<Episode>,
    /// What is on the channels.
    pub(crate) programming: Programming,
    /// What each rule did.
    pub(crate) rules: Vec<RuleReport>,
    /// What is odd, in words.
    pub(crate) notes: Vec<String>,
    groups: BTreeMap<List, Groups>,
    names: Names,
    runs: Vec<Numbering>,
    /// Channels whose first source has gone; they keep their numbers even where others would not.
    heirs: FxHashSet<u32>,
}

/// An entry's place in the line-up.
#[derive(Debug)]
pub(crate) struct Placed {
    /// Our id.
    pub(crate) id: u32,
    /// Shown to people; ascending. Of a channel only after [`LineUp::number`].
    pub(crate) num: u32,
    /// Our id of the principal category.
    pub(crate) category: u32,
    /// Position in the source's list.
    pub(crate) entry: u32,
    /// Its new name; 0 for that of its source.
    name: u32,
    /// Position of its source in [`LineUp::parts`].
    pub(crate) part: u16,
    /// For grown-ups only, if a rule says so or otherwise.
    pub(crate) adult: Option<bool>,
    regrouped: bool,
    /// What few entries have.
    pub(crate) more: Option<Box<More>>,
}

/// What few entries have, so that the others need no room for it.
#[derive(Debug, Default)]
pub(crate) struct More {
    /// Groups besides the principal one, if a rule says so.
    pub(super) categories: Vec<u32>,
    /// The guide channel it is on, when it is not the one its source names.
    pub(crate) guide: Option<String>,
    /// Its picture, when it is not that of its source.
    pub(crate) logo: Option<String>,
    /// From where else it can be received, in order: positions of sources and of entries in their lists.
    pub(crate) members: Vec<(u16, u32)>,
}

/// An episode that can be played.
#[derive(Debug)]
pub(crate) struct Episode {
    /// Position in [`LineUp::series`].
    pub(crate) series: u32,
    /// Our id.
    pub(crate) id: u32,
    /// 0 for specials.
    pub(crate) season: u32,
    /// Within the season.
    pub(crate) number: u32,
    /// Who told of it.
    pub(crate) told: Told,
}

/// Who told of an episode.
#[derive(Debug)]
pub(crate) enum Told {
    /// The details of its series: the provider's id and the container.
    Details(Box<str>, Box<str>),
    /// The source itself: the position among its episodes.
    Harvest(u32),
}

const _: () = assert!(size_of::<Placed>() == 32);

impl Placed {
    /// What few entries have, made if it has none.
    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// Its picture, when it is not that of its source.
    pub(crate) fn logo(&self) -> Option<&str> {
        self.more.as_ref()?.logo.as_deref()
    }

    /// From where it can be received, in order: positions of sources and of entries in their lists.
    pub(crate) fn members(&self) -> impl Iterator<Item = (u16, u32)> + '_ {
        let others = self.more.as_ref().map_or(&[][..], |more| &more.members);
        std::iter::once((self.part, self.entry)).chain(others.iter().copied())
    }
}

impl LineUp {
    /// Puts the parts together as the rules say, giving ids to what is new.
    ///
    /// # Errors
    /// The ledger has no more ids, or cannot be written.
    pub(crate) fn new(parts: Vec<Part>, rules: &[Rule], ledger: &mut Ledger) -> anyhow::Result<Self> {
        let mut table = Table::new(&parts);
        let rules = rules::apply(rules, &mut table, ledger);
        let mut identity = Identity::new(&parts, ledger);
        let live = place::place(&mut table, List::Live, &mut identity)?;
        let movies = place::place(&mut table, List::Movies, &mut identity)?;
        let series = place::place(&mut table, List::Series, &mut identity)?;
        let episodes = place::episodes(&parts, &series.placed, &mut identity)?;
        let (names, runs, heirs) = (table.names, table.runs, identity.heirs());
        let mut line_up = Self {
            categories: BTreeMap::new(),
            live: vec![],
            movies: vec![],
            series: vec![],
            hidden: BTreeMap::new(),
            episodes,
            programming: Programming::default(),
            rules,
            notes: Vec::new(),
            groups: BTreeMap::new(),
            names,
            runs,
            heirs,
            parts,
        };
        line_up.live = line_up.settle(List::Live, live);
        line_up.movies = line_up.settle(List::Movies, movies);
        line_up.series = line_up.settle(List::Series, series);
        Ok(line_up)
    }

    fn settle(&mut self, list: List, done: place::Done) -> Vec<Placed> {
        self.categories.insert(list, done.groups.listed());
        self.groups.insert(list, done.groups);
        self.hidden.insert(list, done.hidden);
        self.notes.extend(done.note);
        done.placed
    }

    /// The source of something, and its harvest.
    pub(crate) fn part(&self, placed: &Placed) -> &Part {
        &self.parts[usize::from(placed.part)]
    }

    /// The entry at a place of a list.
    pub(crate) fn entry(&self, list: List, placed: &Placed) -> (&Part, &Entry) {
        let part = self.part(placed);
        (part, &part.harvest.entries(item(list))[placed.entry as usize])
    }

    /// Its name as it is shown.
    pub(crate) fn name(&self, list: List, placed: &Placed) -> &str {
        match self.names.get(placed.name) {
            Some(name) => name,
            None => {
                let (part, entry) = self.entry(list, placed);
                part.harvest.name(entry)
            }
        }
    }

    /// The guide channel of a channel: the `<channel id>` byte for byte; empty without one.
    pub(crate) fn guide<'a>(&'a self, placed: &'a Placed) -> &'a str {
        if let Some(guide) = placed.more.as_ref().and_then(|more| more.guide.as_deref()) {
            return guide;
        }
        // Of a merged channel, that of the first source that knows one.
        let guides = placed.members().map(|(part, entry)| {
            let harvest = &self.parts[usize::from(part)].harvest;
            harvest.guide(&harvest.entries(Item::Channel)[entry as usize])
        });
        guides.into_iter().find(|guide| !guide.is_empty()).unwrap_or("")
    }

    /// Our ids of all its categories, the principal one first.
    pub(crate) fn categories_of(&self, list: List, placed: &Placed) -> Vec<u32> {
        let mut all = vec![placed.category];
        let Some(groups) = self.groups.get(&list) else { return all };
        let mut add = |group: u32| all.extend(groups.id(group).filter(|id| !all.contains(id)));
        if placed.regrouped {
            placed.more.iter().flat_map(|more| &more.categories).for_each(|group| add(*group));
        } else {
            let (part, entry) = self.entry(list, placed);
            let places = part.harvest.places(entry).iter();
            places.filter_map(|place| groups.of_part(placed.part, *place)).for_each(add);
        }
        all
    }

    /// The names of a list's categories, by our ids.
    pub(crate) fn groups(&self, list: List) -> HashMap<u32, &str> {
        let categories = self.categories.get(&list).map_or(&[][..], Vec::as_slice);
        categories.iter().map(|it| (it.category_id.0 as u32, it.category_name.as_str())).collect()
    }
}

/// What a list consists of.
pub(crate) const fn item(list: List) -> Item {
    match list {
        List::Live => Item::Channel,
        List::Movies => Item::Movie,
        List::Series => Item::Series,
    }
}

#[cfg(test)]
mod measure;
#[cfg(test)]
mod tests;
