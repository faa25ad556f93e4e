//! Guides that do not say for which countries their channels are.
//!
//! `QVC`, `Sky News` and `Bloomberg TV` are on the air in many countries, and an American guide that has them says nothing
//! of America. A guide for a country has many of its channels, not three of two hundred: so names that are sure of their
//! country find each other in such a guide only if it has a fair share of what that country is searched for.

use std::collections::{HashMap, HashSet};

use super::names::Names;
use super::{Index, Match, Method, Wish};
use crate::name::{Country, Name};

/// What a guide must have of a country, as one in so many: of the channels that are searched for, or of its own.
const SHARE: usize = 10;

/// Countries and guides that have too little to do with each other for a name to be enough.
#[derive(Debug, Default)]
pub(super) struct Strangers(HashSet<(usize, Country)>);

impl Strangers {
    /// Judges by what was `found` for `wishes` without this.
    pub(super) fn of(wishes: &[Wish], found: &[Match], guides: &Index) -> Self {
        if (0..guides.guides()).all(|guide| guides.is_marked(guide)) {
            return Self::default();
        }
        let mut searched: HashMap<Country, usize> = HashMap::new();
        let mut had: HashMap<(usize, Country), usize> = HashMap::new();
        for (wish, found) in wishes.iter().zip(found) {
            let Some(country) = Names::of(wish, Name::parse(&wish.name), None).name.country else { continue };
            *searched.entry(country).or_default() += 1;
            // What a reviewed file says is not what the guide says.
            if let Some((candidate, method)) = &found.chosen
                && *method != Method::Alias
                && !guides.is_marked(candidate.guide)
            {
                *had.entry((candidate.guide, country)).or_default() += 1;
            }
        }
        let strange = |((guide, country), had): &((usize, Country), usize)| {
            let most = searched.get(country).copied().unwrap_or(0).min(guides.channels(*guide));
            had * SHARE < most
        };
        Self(had.into_iter().filter(strange).map(|(pair, _)| pair).collect())
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a name is not enough for a channel of `country` in `guide`.
    pub(super) fn has(&self, guide: usize, country: Option<Country>) -> bool {
        country.is_some_and(|country| self.0.contains(&(guide, country)))
    }
}
