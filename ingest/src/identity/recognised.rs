//! The entries of a new harvest, to be found by id or by name: a hash and a position for each.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::harvest::{Entry, Harvest, Item, List};
use crate::rules::folded;

/// By what an entry is recognised, hashed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs {
    pub(super) id: u64,
    /// 0 for an empty one, which says nothing.
    pub(super) name: u64,
    /// With the group; of an episode, with the season and the number.
    pub(super) named: u64,
}

/// What an entry is now, and our numbers from before; 0 where there is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    /// Position in the source's list.
    pub(super) now: u32,
    pub(super) id: u32,
    /// The channel it was joined under.
    pub(super) joined: u32,
}

/// All entries of a kind.
pub(super) struct Now {
    /// A sign, the name's, and the position; sorted.
    order: Vec<(u64, u64, u32)>,
    /// For each beginning of equals in `order`, how many of them are taken.
    taken_of: Vec<u32>,
    /// By position.
    taken: Vec<bool>,
}

/// The hash of anything.
pub(super) fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish().max(1)
}

/// The signs of anything but an episode.
pub(super) fn signs(id: &str, name: &str, group: &str) -> Signs {
    let name = folded(name);
    if name.is_empty() {
        return Signs { id: hash(&id), name: 0, named: 0 };
    }
    Signs { id: hash(&id), name: hash(&name), named: hash(&(&name, folded(group))) }
}

impl Signs {
    /// Those of an episode of the series whose name's sign is `series`.
    pub(super) fn of_episode(id: &str, series: u64, episode: (u32, u32)) -> Self {
        let name = if series == 0 { 0 } else { hash(&(series, episode)) };
        Self { id: hash(&id), name, named: name }
    }

    fn of(harvest: &Harvest, item: Item, entry: &Entry) -> Self {
        let id = harvest.id(entry);
        let list = match item {
            Item::Channel => List::Live,
            Item::Movie => List::Movies,
            Item::Series => List::Series,
            Item::Episode => {
                let (series, season, number) = entry.episode;
                let name = folded(harvest.name(&harvest.entries(Item::Series)[series as usize]));
                let series = if name.is_empty() { 0 } else { hash(&name) };
                return Self::of_episode(id, series, (season, number));
            }
        };
        let categories = harvest.head.categories.get(&list).map_or(&[][..], Vec::as_slice);
        let category = harvest.places(entry).first().and_then(|place| categories.get(*place as usize));
        signs(id, harvest.name(entry), category.map_or("", |category| &category.name))
    }
}

impl Now {
    /// Found by id.
    pub(super) fn by_id(harvest: &Harvest, item: Item) -> Self {
        Self::new(harvest, item, |signs| signs.id, None)
    }

    /// Found by name and group, without those that `others` has taken.
    pub(super) fn by_name_and_group(harvest: &Harvest, item: Item, others: &Self) -> Self {
        Self::new(harvest, item, |signs| signs.named, Some(&others.taken))
    }

    fn new(harvest: &Harvest, item: Item, sign: impl Fn(&Signs) -> u64, taken: Option<&Vec<bool>>) -> Self {
        let entries = harvest.entries(item);
        let mut order = Vec::with_capacity(entries.len());
        for (at, entry) in (0..).zip(entries) {
            if taken.is_none_or(|taken| !taken[at as usize]) {
                let signs = Signs::of(harvest, item, entry);
                order.push((sign(&signs), signs.name, at));
            }
        }
        order.sort_unstable();
        let taken = taken.cloned().unwrap_or_else(|| vec![false; entries.len()]);
        Self { taken_of: vec![0; order.len()], order, taken }
    }

    /// The entry of the same id, if it has the same name.
    pub(super) fn same(&self, past: &Signs) -> Option<u32> {
        let at = self.order.binary_search_by_key(&past.id, |(id, ..)| *id).ok()?;
        let (_, name, position) = self.order[at];
        (name == past.name).then_some(position)
    }

    /// It is found and nobody else can be it.
    pub(super) fn take(&mut self, position: u32) {
        self.taken[position as usize] = true;
    }

    /// The next entry of the same name and group that nobody is.
    pub(super) fn next(&mut self, past: &Signs) -> Option<u32> {
        if past.named == 0 {
            return None;
        }
        let first = self.order.partition_point(|(named, ..)| *named < past.named);
        let at = first + *self.taken_of.get(first)? as usize;
        // Where equals are sorted by position, so that those of one name and group are paired in their order.
        let (_, _, position) = self.order.get(at).copied().filter(|(named, ..)| *named == past.named)?;
        self.taken_of[first] += 1;
        self.taken[position as usize] = true;
        Some(position)
    }

    /// Pairs what is left on both sides by names that only one of each side has.
    pub(super) fn by_unique_name(
        self,
        harvest: &Harvest,
        item: Item,
        mut past: Vec<(u64, Match)>,
    ) -> Vec<Match> {
        let entries = harvest.entries(item).iter().zip(0..);
        let left = entries.filter(|(_, at)| !self.taken[*at as usize]);
        let mut now: Vec<(u64, u32)> =
            left.map(|(entry, at)| (Signs::of(harvest, item, entry).name, at)).collect();
        now.sort_unstable();
        past.sort_by_key(|(name, _)| *name);
        let mut pairs = Vec::new();
        for same in past.chunk_by(|one, two| one.0 == two.0) {
            let [(name, was)] = same else { continue };
            let first = now.partition_point(|(other, _)| other < name);
            let mut found = now[first..].iter().take_while(|(other, _)| other == name);
            if let (Some((_, at)), None, true) = (found.next(), found.next(), *name != 0) {
                pairs.push(Match { now: *at, ..*was });
            }
        }
        pairs
    }
}
