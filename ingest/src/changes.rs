//! What came and went between two releases.

use std::collections::BTreeMap;

use contract::bundle::Section;
use contract::release::{Change, Release};

use crate::line_up::LineUp;

/// The ids of a line-up by kind of entry, each list sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids(BTreeMap<&'static str, Vec<u32>>);

impl Ids {
    /// Those of a release.
    pub fn of_release(release: &Release) -> Self {
        let ids = |section| release.index.entries(section).iter().map(|entry| entry.id).collect::<Vec<_>>();
        let mut live = ids(Section::LiveStreams);
        let mut movies = ids(Section::VodStreams);
        let mut episodes = ids(Section::Playables);
        live.sort_unstable();
        movies.sort_unstable();
        episodes.retain(|id| live.binary_search(id).is_err() && movies.binary_search(id).is_err());
        Self::new(live, movies, ids(Section::Series), episodes)
    }

    /// Those of a line-up.
    pub(crate) fn of_line_up(line_up: &LineUp) -> Self {
        Self::new(
            line_up.live.iter().map(|placed| placed.id).collect(),
            line_up.movies.iter().map(|placed| placed.id).collect(),
            line_up.series.iter().map(|placed| placed.id).collect(),
            line_up.episodes.iter().map(|episode| episode.id).collect(),
        )
    }

    fn new(live: Vec<u32>, movies: Vec<u32>, series: Vec<u32>, episodes: Vec<u32>) -> Self {
        let mut ids =
            BTreeMap::from([("live", live), ("movies", movies), ("series", series), ("episodes", episodes)]);
        ids.values_mut().for_each(|ids| ids.sort_unstable());
        Self(ids)
    }

    /// What is in `self` and not in `before`, and the other way round.
    pub fn since(&self, before: &Self) -> BTreeMap<String, Change> {
        let none = Vec::new();
        let missing =
            |from: &[u32], of: &[u32]| of.iter().filter(|id| from.binary_search(id).is_err()).count() as u64;
        let kinds = self.0.iter().map(|(kind, now)| {
            let before = before.0.get(kind).unwrap_or(&none);
            let change = Change { added: missing(before, now), removed: missing(now, before) };
            ((*kind).to_owned(), change)
        });
        kinds.collect()
    }
}
