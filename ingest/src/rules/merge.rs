//! `merge`: the same channel of several sources, or listed twice by one, is one channel with several upstreams.
//!
//! Wrong merges are worse than none. Channels are the same when they are on the same guide channel and nothing in their
//! names speaks against it, or when their names say the same: base, quality, shift, region and country.

use std::cmp::Reverse;
use std::hash::{DefaultHasher, Hash, Hasher};

use rustc_hash::{FxHashMap, FxHashSet};

use super::Touched;
use super::conditions::Conditions;
use super::pattern::folded;
use crate::harvest::List;
use crate::line_up::{Row, Table};
use crate::name::{Country, Name, country_of_group};

/// The most upstreams of a channel.
const MOST: usize = 16;

/// Makes one channel of those that are the same.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Merge {
    pub(super) conditions: Conditions,
    /// Sources in order of preference; the others come behind in configured order.
    pub(super) prefer: Vec<String>,
    /// Also of different qualities; the finest comes first, then the preferred source.
    pub(super) any_quality: bool,
}

/// By what a channel is found to be another: a position in the meant rows, and hashes; 0 for nothing.
struct Signs {
    at: u32,
    /// Of the guide channel with all that two names must agree in.
    guide: u64,
    /// Of the whole name.
    name: u64,
    /// Of the base of the name.
    base: u64,
    quality: u8,
}

impl Merge {
    pub(super) fn apply(&self, table: &mut Table<'_>) -> Touched {
        let list = List::Live;
        if !self.conditions.lists().any(|of| of == list) {
            return 0.into();
        }
        let selection = self.conditions.on(table, list);
        let meant = table.positions(list, |table, row| selection.holds(table, row));
        let countries: Vec<Option<Country>> = table.groups(list).map(country_of_group).collect();
        let mut signs: Vec<Signs> = (meant.iter()).map(|at| self.signs(table, *at, &countries)).collect();
        let mut sets = Sets::new(signs.len());
        let muddled = muddled(table, &signs);
        sets.join_equal(&signs, |sign| if muddled.contains(&sign.guide) { 0 } else { sign.guide });
        sets.join_equal(&signs, |sign| sign.name);

        // Members of a set stand together, the one that is preferred first.
        let ranks: Vec<usize> = (table.parts.iter().enumerate())
            .map(|(at, part)| {
                let preferred = self.prefer.iter().position(|name| name == part.source.name.as_str());
                preferred.unwrap_or(self.prefer.len() + at)
            })
            .collect();
        let mut order: Vec<(u32, u32)> = (0..signs.len() as u32).map(|at| (sets.root(at), at)).collect();
        order.sort_by_key(|(root, at)| {
            let sign = &signs[*at as usize];
            let row = table.row_at(list, sign.at);
            let foreign = table.entry(list, row).foreign;
            (*root, foreign, Reverse(sign.quality), ranks[usize::from(row.part)], *at)
        });
        let (mut merged, mut left) = (0, 0);
        let mut gone = FxHashSet::default();
        for set in order.chunk_by(|one, two| one.0 == two.0).filter(|set| set.len() > 1) {
            merged += set.len() as u64;
            let rows: Vec<u32> = set.iter().map(|(_, at)| signs[*at as usize].at).collect();
            left += table.merge(list, &rows, MOST);
            gone.extend(&rows[1..]);
        }
        signs.clear();
        table.drop_rows(list, &gone);
        let notes =
            (left > 0).then(|| format!("{left} upstreams are left out: a channel has at most {MOST}"));
        Touched { entries: merged, notes: notes.into_iter().collect() }
    }

    fn signs(&self, table: &Table<'_>, at: u32, countries: &[Option<Country>]) -> Signs {
        let row = table.row_at(List::Live, at);
        let mut name = Name::parse(table.name(List::Live, row));
        name.country = name.country.or(countries[row.group as usize]);
        let base = name.base();
        if base.is_empty() {
            return Signs { at, guide: 0, name: 0, base: 0, quality: 0 };
        }
        let quality = if self.any_quality { 0 } else { name.quality.map_or(0, |quality| quality as u8 + 1) };
        let guide = folded(table.guide(row));
        // What two names on one guide channel must agree in.
        let details = (name.numbers(), quality, name.shift, &name.regions);
        let guide = if guide.is_empty() { 0 } else { hash(&("guide", guide, details)) };
        let whole = if self.any_quality { name.key_of_any_quality() } else { name.key() };
        let finest = name.quality.map_or(2, |quality| quality as u8 + 1); // nothing said is SD or HD
        let quality = if self.any_quality { finest } else { 0 };
        Signs { at, guide, name: hash(&("name", whole)), base: hash(&base), quality }
    }
}

/// Guide channels under which one source has channels of different names: such an id says nothing.
fn muddled(table: &Table<'_>, signs: &[Signs]) -> FxHashSet<u64> {
    let mut muddled = FxHashSet::default();
    let mut bases: FxHashMap<(u16, u64), u64> = FxHashMap::default();
    for sign in signs.iter().filter(|sign| sign.guide != 0) {
        let part = table.row_at(List::Live, sign.at).part;
        if *bases.entry((part, sign.guide)).or_insert(sign.base) != sign.base {
            muddled.insert(sign.guide);
        }
    }
    muddled
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish().max(1)
}

/// Sets of positions, joined step by step.
struct Sets(Vec<u32>);

impl Sets {
    fn new(length: usize) -> Self {
        Self((0..length as u32).collect())
    }

    /// The first of its set.
    fn root(&mut self, mut at: u32) -> u32 {
        while self.0[at as usize] != at {
            let above = self.0[self.0[at as usize] as usize];
            self.0[at as usize] = above;
            at = above;
        }
        at
    }

    /// Joins those whose sign is the same and not 0.
    fn join_equal(&mut self, signs: &[Signs], sign: impl Fn(&Signs) -> u64) {
        let mut order: Vec<(u64, u32)> =
            signs.iter().map(sign).zip(0..).filter(|(sign, _)| *sign != 0).collect();
        order.sort_unstable();
        for pair in order.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let (one, two) = (self.root(pair[0].1), self.root(pair[1].1));
            self.0[one.max(two) as usize] = one.min(two);
        }
    }
}

const _: () = assert!(size_of::<Row>() == 32);
