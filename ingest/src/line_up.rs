//! The line-up: harvests of all sources, in one order, under our ids.
//!
//! Entries are ordered by category and then as their source has them, so that a category is one run of the bundle.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use contract::bundle::{self, Digits, Kind};
use contract::ids::{Ledger, Space};
use contract::source::Source;

use crate::harvest::{Entry, Harvest, Item, List, key_word};
use crate::programming::Programming;
use crate::tidy;

/// Where entries go that belong nowhere.
const OTHER: &str = "Other";

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
    /// Episodes known so far, by series.
    pub(crate) episodes: Vec<Episode>,
    /// What is on the channels.
    pub(crate) programming: Programming,
}

/// An entry's place in the line-up.
#[derive(Debug)]
pub(crate) struct Placed {
    /// Our id.
    pub(crate) id: u32,
    /// Shown to people; ascending.
    pub(crate) num: u32,
    /// Our id of the principal category.
    pub(crate) category: u32,
    /// Position of its source in [`LineUp::parts`].
    pub(crate) part: u32,
    /// Position in the source's list.
    pub(crate) entry: u32,
    /// What few entries have.
    pub(crate) more: Option<Box<More>>,
}

/// What few entries have, so that the others need no room for it.
#[derive(Debug, Default)]
pub(crate) struct More {
    /// Categories besides the principal one.
    pub(crate) categories: Vec<u32>,
    /// The guide channel it is on, when it is not the one its source names.
    pub(crate) guide: Option<String>,
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

impl Placed {
    /// All its categories, the principal one first.
    pub(crate) fn categories(&self) -> Vec<u32> {
        let more = self.more.as_ref().map_or(&[][..], |more| &more.categories);
        std::iter::once(self.category).chain(more.iter().copied()).collect()
    }

    /// What few entries have, made if it has none.
    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }
}

impl LineUp {
    /// Puts the parts together, giving ids to what is new.
    ///
    /// # Errors
    /// The ledger has no more ids, or cannot be written.
    pub(crate) fn new(parts: Vec<Part>, ledger: &mut Ledger) -> anyhow::Result<Self> {
        let mut line_up = Self {
            parts,
            categories: BTreeMap::new(),
            live: vec![],
            movies: vec![],
            series: vec![],
            episodes: vec![],
            programming: Programming::default(),
        };
        line_up.live = line_up.place(List::Live, ledger)?;
        line_up.movies = line_up.place(List::Movies, ledger)?;
        line_up.series = line_up.place(List::Series, ledger)?;
        line_up.episodes = line_up.listed_episodes(ledger)?;
        line_up.keep_numbers();
        Ok(line_up)
    }

    /// The source of something, and its harvest.
    pub(crate) fn part(&self, placed: &Placed) -> &Part {
        &self.parts[placed.part as usize]
    }

    /// The entry at a place of a list.
    pub(crate) fn entry(&self, list: List, placed: &Placed) -> (&Part, &Entry) {
        let part = self.part(placed);
        (part, &part.harvest.entries(item(list))[placed.entry as usize])
    }

    /// Its name as it is shown.
    pub(crate) fn name(&self, list: List, placed: &Placed) -> &str {
        let (part, entry) = self.entry(list, placed);
        part.harvest.name(entry)
    }

    /// The guide channel of a channel: the `<channel id>` byte for byte; empty without one.
    pub(crate) fn guide<'a>(&'a self, placed: &'a Placed) -> &'a str {
        match placed.more.as_ref().and_then(|more| more.guide.as_deref()) {
            Some(guide) => guide,
            None => {
                let (part, entry) = self.entry(List::Live, placed);
                part.harvest.guide(entry)
            }
        }
    }

    /// The names of a list's categories, by our ids.
    pub(crate) fn groups(&self, list: List) -> HashMap<u32, &str> {
        let categories = self.categories.get(&list).map_or(&[][..], Vec::as_slice);
        categories.iter().map(|it| (it.category_id.0 as u32, it.category_name.as_str())).collect()
    }

    fn place(&mut self, list: List, ledger: &mut Ledger) -> anyhow::Result<Vec<Placed>> {
        let mut groups = Groups::default();
        // For each part, the group of each of its categories.
        let of_parts: Vec<Vec<u32>> = (self.parts.iter())
            .map(|part| {
                let categories = part.harvest.head.categories.get(&list).map_or(&[][..], Vec::as_slice);
                categories.iter().map(|category| groups.find(&category.name)).collect()
            })
            .collect();
        let mut order = Vec::new();
        for (at, (part, of_part)) in self.parts.iter().zip(&of_parts).enumerate() {
            for (position, entry) in part.harvest.entries(item(list)).iter().enumerate() {
                let places = part.harvest.places(entry);
                let first = places.iter().find_map(|place| of_part.get(*place as usize).copied());
                let first = first.unwrap_or_else(|| groups.find(OTHER));
                order.push((first, at as u32, position as u32));
            }
        }
        order.sort_unstable();
        groups.number(list, ledger, order.iter().map(|(first, ..)| *first))?;
        let mut placed = Vec::with_capacity(order.len());
        for (first, at, position) in order {
            let part = &self.parts[at as usize];
            let entry = &part.harvest.entries(item(list))[position as usize];
            let id = id(ledger, list, part.source.name.as_str(), part.harvest.id(entry))?;
            let category = groups.ids[first as usize].expect("groups with members were numbered");
            let mut others = Vec::new();
            for place in part.harvest.places(entry) {
                let Some(group) = of_parts[at as usize].get(*place as usize) else { continue };
                let other = groups.id(list, ledger, *group)?;
                if other != category && !others.contains(&other) {
                    others.push(other);
                }
            }
            let more = (!others.is_empty()).then(|| Box::new(More { categories: others, guide: None }));
            let num = placed.len() as u32 + 1;
            placed.push(Placed { id, num, category, part: at, entry: position, more });
        }
        self.categories.insert(list, groups.listed());
        Ok(placed)
    }

    /// The episodes that sources list themselves.
    fn listed_episodes(&self, ledger: &mut Ledger) -> anyhow::Result<Vec<Episode>> {
        let mut at: HashMap<(u32, u32), u32> = HashMap::new();
        for (position, placed) in self.series.iter().enumerate() {
            at.insert((placed.part, placed.entry), position as u32);
        }
        let mut episodes = Vec::new();
        for (part_at, part) in self.parts.iter().enumerate() {
            for (position, entry) in part.harvest.entries(Item::Episode).iter().enumerate() {
                let (series, season, number) = entry.episode;
                let Some(series) = at.get(&(part_at as u32, series)) else { continue };
                let id = episode_id(ledger, part.source.name.as_str(), part.harvest.id(entry))?;
                let told = Told::Harvest(position as u32);
                episodes.push(Episode { series: *series, id, season, number, told });
            }
        }
        episodes.sort_by_key(|it| (it.series, it.season, it.number));
        Ok(episodes)
    }

    /// Channels keep their source's numbers if those go up along the line-up.
    fn keep_numbers(&mut self) {
        let own: Vec<u32> = self.live.iter().map(|placed| self.entry(List::Live, placed).1.num).collect();
        if own.first() > Some(&0) && own.is_sorted_by(|a, b| a < b) {
            for (placed, num) in self.live.iter_mut().zip(own) {
                placed.num = num;
            }
        }
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

fn id(ledger: &mut Ledger, list: List, source: &str, provider_id: &str) -> anyhow::Result<u32> {
    let (space, key) = match list {
        List::Live => (Space::Stream, format!("{source}/{}/{provider_id}", key_word(Kind::Live))),
        List::Movies => (Space::Stream, format!("{source}/{}/{provider_id}", key_word(Kind::Movie))),
        List::Series => (Space::Series, format!("{source}/{provider_id}")),
    };
    given(ledger, space, &key)
}

/// The id of an episode.
///
/// # Errors
/// The ledger has no more ids, or cannot be written.
pub(crate) fn episode_id(ledger: &mut Ledger, source: &str, provider_id: &str) -> anyhow::Result<u32> {
    given(ledger, Space::Stream, &format!("{source}/{}/{provider_id}", key_word(Kind::Episode)))
}

fn given(ledger: &mut Ledger, space: Space, key: &str) -> anyhow::Result<u32> {
    ledger.id(space, key).context("the id ledger cannot be written")?.context("all ids are given")
}

/// Categories of one list, brought together by name.
#[derive(Default)]
struct Groups {
    names: Vec<String>,
    by_name: HashMap<String, u32>,
    /// Of those that have members.
    ids: Vec<Option<u32>>,
}

impl Groups {
    /// The group called `name`, whatever its case and blanks.
    fn find(&mut self, name: &str) -> u32 {
        let name = if name.is_empty() { OTHER } else { name };
        *self.by_name.entry(normalised(name)).or_insert_with(|| {
            self.names.push(name.to_owned());
            self.names.len() as u32 - 1
        })
    }

    fn number(
        &mut self,
        list: List,
        ledger: &mut Ledger,
        members: impl Iterator<Item = u32>,
    ) -> anyhow::Result<()> {
        self.ids = vec![None; self.names.len()];
        for group in members {
            self.id(list, ledger, group)?;
        }
        Ok(())
    }

    /// The id of a group, which has a member.
    fn id(&mut self, list: List, ledger: &mut Ledger, group: u32) -> anyhow::Result<u32> {
        if let Some(id) = self.ids[group as usize] {
            return Ok(id);
        }
        let key = format!("{}/{}", category_word(list), normalised(&self.names[group as usize]));
        let id = given(ledger, Space::Category, &key)?;
        self.ids[group as usize] = Some(id);
        Ok(id)
    }

    fn listed(self) -> Vec<bundle::Category> {
        let named = self.names.into_iter().zip(self.ids);
        named
            .filter_map(|(category_name, id)| {
                let category_id = Digits(id?.into());
                Some(bundle::Category { category_id, category_name, parent_id: 0 })
            })
            .collect()
    }
}

/// A name as it is compared.
fn normalised(name: &str) -> String {
    tidy::words(&name.to_lowercase()).into_owned()
}

/// The word for a list in the key of a category.
const fn category_word(list: List) -> &'static str {
    match list {
        List::Live => "live",
        List::Movies => "movie",
        List::Series => "series",
    }
}

#[cfg(test)]
mod tests;
