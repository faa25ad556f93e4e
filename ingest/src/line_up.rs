//! The line-up: harvests of all sources, in one order, under our ids.
//!
//! Entries are ordered by category and then as their source has them, so that a category is one run of the bundle.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use contract::bundle::{self, Digits, Kind};
use contract::details::EpisodeFact;
use contract::ids::{Ledger, Space};
use contract::source::Source;

use crate::guide::Spool;
use crate::harvest::{Channel, Harvest, List, Listed, Movie, Series, key_word};
use crate::tidy;

/// Where entries go that belong nowhere.
const OTHER: &str = "Other";

/// A source and what is used of it.
pub(crate) struct Part {
    /// As configured.
    pub(crate) source: Source,
    /// New, or the last good one.
    pub(crate) harvest: Harvest,
    /// Its guide, new or that of the last release.
    pub(crate) guide: Option<Spool>,
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
}

/// An entry's place in the line-up.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// Our id.
    pub(crate) id: u32,
    /// Shown to people; ascending.
    pub(crate) num: u32,
    /// Our category ids, the principal one first; not empty.
    pub(crate) categories: Vec<u32>,
    part: u32,
    entry: u32,
}

impl Placed {
    /// Position of its source in [`LineUp::parts`].
    pub(crate) const fn part(&self) -> usize {
        self.part as usize
    }
}

/// An episode that can be played.
pub(crate) struct Episode {
    /// Position in [`LineUp::series`].
    pub(crate) series: usize,
    /// What is known of it.
    pub(crate) fact: EpisodeFact,
}

impl LineUp {
    /// Puts the parts together, giving ids to what is new.
    ///
    /// # Errors
    /// The ledger has no more ids.
    pub(crate) fn new(parts: Vec<Part>, ledger: &mut Ledger) -> anyhow::Result<Self> {
        let mut line_up = Self {
            parts,
            categories: BTreeMap::new(),
            live: vec![],
            movies: vec![],
            series: vec![],
            episodes: vec![],
        };
        line_up.live = line_up.place(List::Live, ledger, |harvest| &harvest.live)?;
        line_up.movies = line_up.place(List::Movies, ledger, |harvest| &harvest.movies)?;
        line_up.series = line_up.place(List::Series, ledger, |harvest| &harvest.series)?;
        line_up.keep_numbers();
        Ok(line_up)
    }

    /// The channel at a place.
    pub(crate) fn channel(&self, placed: &Placed) -> (&Source, &Channel) {
        let part = &self.parts[placed.part as usize];
        (&part.source, &part.harvest.live[placed.entry as usize])
    }

    /// The film at a place.
    pub(crate) fn movie(&self, placed: &Placed) -> (&Source, &Movie) {
        let part = &self.parts[placed.part as usize];
        (&part.source, &part.harvest.movies[placed.entry as usize])
    }

    /// The series at a place.
    pub(crate) fn show(&self, placed: &Placed) -> (&Source, &Series) {
        let part = &self.parts[placed.part as usize];
        (&part.source, &part.harvest.series[placed.entry as usize])
    }

    /// The names of a list's categories, by our ids.
    pub(crate) fn groups(&self, list: List) -> HashMap<u32, &str> {
        let categories = self.categories.get(&list).map_or(&[][..], Vec::as_slice);
        categories.iter().map(|it| (it.category_id.0 as u32, it.category_name.as_str())).collect()
    }

    fn place<T: Listed>(
        &mut self,
        list: List,
        ledger: &mut Ledger,
        entries: fn(&Harvest) -> &Vec<T>,
    ) -> anyhow::Result<Vec<Placed>> {
        let mut groups = Groups::default();
        // For each part, the group of each of its categories.
        let of_parts: Vec<Vec<usize>> = (self.parts.iter())
            .map(|part| {
                let categories = part.harvest.categories.get(&list).map_or(&[][..], Vec::as_slice);
                categories.iter().map(|category| groups.find(&category.name)).collect()
            })
            .collect();
        let mut order = Vec::new();
        for (at, (part, of_part)) in self.parts.iter().zip(&of_parts).enumerate() {
            for (entry, it) in entries(&part.harvest).iter().enumerate() {
                let mut member: Vec<usize> =
                    it.places().iter().filter_map(|place| of_part.get(*place as usize).copied()).collect();
                if member.is_empty() {
                    member.push(groups.find(OTHER));
                }
                order.push((member, at, entry));
            }
        }
        order.sort_by_key(|(member, part, entry)| (member[0], *part, *entry));
        groups.number(list, ledger, order.iter().flat_map(|(member, ..)| member))?;
        let mut placed = Vec::with_capacity(order.len());
        for (member, part, entry) in order {
            let of = &self.parts[part];
            let provider_id = entries(&of.harvest)[entry].id();
            let id = id(ledger, list, of.source.name.as_str(), provider_id)?;
            let mut categories: Vec<u32> = Vec::with_capacity(member.len());
            for group in member {
                let category = groups.ids[group].expect("groups with members were numbered");
                if !categories.contains(&category) {
                    categories.push(category);
                }
            }
            let num = placed.len() as u32 + 1;
            placed.push(Placed { id, num, categories, part: part as u32, entry: entry as u32 });
        }
        self.categories.insert(list, groups.listed());
        Ok(placed)
    }

    /// Channels keep their source's numbers if those go up along the line-up.
    fn keep_numbers(&mut self) {
        let own: Option<Vec<u32>> = self.live.iter().map(|placed| self.channel(placed).1.num).collect();
        let Some(own) = own.filter(|own| own.first() > Some(&0) && own.is_sorted_by(|a, b| a < b)) else {
            return;
        };
        for (placed, num) in self.live.iter_mut().zip(own) {
            placed.num = num;
        }
    }
}

fn id(ledger: &mut Ledger, list: List, source: &str, provider_id: &str) -> anyhow::Result<u32> {
    let (space, key) = match list {
        List::Live => (Space::Stream, format!("{source}/{}/{provider_id}", key_word(Kind::Live))),
        List::Movies => (Space::Stream, format!("{source}/{}/{provider_id}", key_word(Kind::Movie))),
        List::Series => (Space::Series, format!("{source}/{provider_id}")),
    };
    ledger.id(space, &key).context("all ids are given")
}

/// The id of an episode.
///
/// # Errors
/// The ledger has no more ids.
pub(crate) fn episode_id(ledger: &mut Ledger, source: &str, provider_id: &str) -> anyhow::Result<u32> {
    let key = format!("{source}/{}/{provider_id}", key_word(Kind::Episode));
    ledger.id(Space::Stream, &key).context("all ids are given")
}

/// Categories of one list, brought together by name.
#[derive(Default)]
struct Groups {
    names: Vec<String>,
    by_name: HashMap<String, usize>,
    /// Of those that have members.
    ids: Vec<Option<u32>>,
}

impl Groups {
    /// The group called `name`, whatever its case and blanks.
    fn find(&mut self, name: &str) -> usize {
        let name = if name.is_empty() { OTHER } else { name };
        *self.by_name.entry(normalised(name)).or_insert_with(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }

    fn number<'a>(
        &mut self,
        list: List,
        ledger: &mut Ledger,
        members: impl Iterator<Item = &'a usize>,
    ) -> anyhow::Result<()> {
        self.ids = vec![None; self.names.len()];
        for group in members {
            if self.ids[*group].is_none() {
                let key = format!("{}/{}", category_word(list), normalised(&self.names[*group]));
                self.ids[*group] = Some(ledger.id(Space::Category, &key).context("all ids are given")?);
            }
        }
        Ok(())
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
mod tests {
    use super::*;
    use crate::harvest::Category;

    fn part(name: &str, categories: &[(&str, &str)], live: &[(&str, u32, &[u32])]) -> Part {
        let source = format!("name='{name}'\nurl='http://h'\nusername='u'\npassword='p'");
        let category = |(id, name): &(&str, &str)| Category { id: (*id).into(), name: (*name).into() };
        let channel = |(id, num, places): &(&str, u32, &[u32])| Channel {
            id: (*id).into(),
            num: Some(*num),
            places: places.to_vec(),
            ..Channel::default()
        };
        Part {
            source: toml::from_str(&source).unwrap(),
            harvest: Harvest {
                categories: [(List::Live, categories.iter().map(category).collect())].into(),
                live: live.iter().map(channel).collect(),
                ..Harvest::default()
            },
            guide: None,
        }
    }

    /// `id num provider's-id group` of every channel.
    fn channels(line_up: &LineUp) -> Vec<String> {
        let groups = line_up.groups(List::Live);
        let describe = |placed: &Placed| {
            let (_, channel) = line_up.channel(placed);
            format!("{} {} {} {}", placed.id, placed.num, channel.id, groups[&placed.categories[0]])
        };
        line_up.live.iter().map(describe).collect()
    }

    #[test]
    fn a_category_is_one_run_and_only_those_with_entries_are_listed() {
        let mut ledger = Ledger::default();
        let a = part(
            "a",
            &[("1", "News"), ("2", "Empty"), ("3", "Sport")],
            &[("10", 1, &[2]), ("11", 2, &[0]), ("12", 3, &[]), ("13", 4, &[2, 0])],
        );
        let b = part("b", &[("9", "SPORT"), ("8", "Kids")], &[("10", 1, &[0]), ("11", 2, &[1])]);
        let line_up = LineUp::new(vec![a, b], &mut ledger).unwrap();
        assert_eq!(
            channels(&line_up),
            ["1 1 11 News", "2 2 10 Sport", "3 3 13 Sport", "4 4 10 Sport", "5 5 11 Kids", "6 6 12 Other"]
        );
        let names: Vec<_> =
            line_up.categories[&List::Live].iter().map(|it| it.category_name.as_str()).collect();
        assert_eq!(names, ["News", "Sport", "Kids", "Other"]);
        assert_eq!(line_up.live[2].categories, [2, 1]);
    }

    #[test]
    fn ids_stay_when_the_order_changes_and_numbers_are_the_sources_own_if_they_go_up() {
        let mut ledger = Ledger::default();
        let categories = [("1", "News")];
        let first = part("a", &categories, &[("10", 101, &[0]), ("11", 205, &[0])]);
        let line_up = LineUp::new(vec![first], &mut ledger).unwrap();
        assert_eq!(channels(&line_up), ["1 101 10 News", "2 205 11 News"]);
        let shuffled = part("a", &categories, &[("11", 205, &[0]), ("12", 7, &[0]), ("10", 101, &[0])]);
        let line_up = LineUp::new(vec![shuffled], &mut ledger).unwrap();
        assert_eq!(channels(&line_up), ["2 1 11 News", "3 2 12 News", "1 3 10 News"]);
    }
}
