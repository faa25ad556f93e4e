//! What the provider has on offer: pure functions of a seed and a number, so that any size costs nothing to hold.

mod films;
mod guide;
mod ids;
mod live;
mod series;
mod words;

pub(crate) use films::Film;
pub(crate) use guide::{Guide, Programme};
pub(crate) use live::{Channel, Logo};
pub(crate) use series::{Episode, Series};

use crate::settings::Settings;
use ids::Ids;

/// The line-up, films and series of a station.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub(crate) seed: u64,
    live: u32,
    films: u32,
    series: u32,
    live_ids: Ids,
    film_ids: Ids,
    series_ids: Ids,
    episode_ids: Ids,
    segmented: bool,
    guide: Guide,
}

/// A category of one of the three kinds.
pub(crate) struct Category {
    pub(crate) id: u32,
    pub(crate) name: String,
}

impl Catalogue {
    pub(crate) fn new(settings: &Settings) -> Self {
        let seed = settings.seed;
        let ids = seed.wrapping_add(settings.renumbered.wrapping_mul(1000));
        let (live, films, series) = (settings.live, settings.films, settings.series);
        Self {
            seed,
            live,
            films,
            series,
            live_ids: Ids::new(1000, live, ids),
            film_ids: Ids::new(300_000_000, films, ids + 1),
            series_ids: Ids::new(4000, series, ids + 2),
            episode_ids: Ids::new(600_000_000, series * series::MOST_EPISODES, ids + 3),
            segmented: settings.segmented_films,
            guide: Guide::new(settings),
        }
    }

    /// How many live channels there are.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// How many films there are.
    pub fn films(&self) -> u32 {
        self.films
    }

    /// How many series there are.
    pub fn series(&self) -> u32 {
        self.series
    }

    /// The stream id of the channel at a place in the line-up, counted from 0.
    pub fn live_id(&self, index: u32) -> u32 {
        self.live_ids.id(index)
    }

    /// The name of the channel at a place in the line-up.
    pub fn live_name(&self, index: u32) -> String {
        self.channel(index).name
    }

    /// The days a channel can be watched backwards, 0 for none.
    pub fn archive_days(&self, index: u32) -> u32 {
        self.channel(index).archive_days
    }

    /// The stream id of a film, counted from 0.
    pub fn film_id(&self, index: u32) -> u32 {
        self.film_ids.id(index)
    }

    /// The id of a series, counted from 0.
    pub fn series_id(&self, index: u32) -> u32 {
        self.series_ids.id(index)
    }

    /// The stream ids of a series' episodes in their order.
    pub fn episode_ids(&self, index: u32) -> Vec<u32> {
        self.series_at(index).episodes().map(|episode| self.episode_id(index, &episode)).collect()
    }

    pub(crate) fn live_index(&self, id: u32) -> Option<u32> {
        self.live_ids.index(id)
    }

    pub(crate) fn film_index(&self, id: u32) -> Option<u32> {
        self.film_ids.index(id)
    }

    pub(crate) fn series_index(&self, id: u32) -> Option<u32> {
        self.series_ids.index(id)
    }

    pub(crate) fn episode_id(&self, series: u32, episode: &Episode) -> u32 {
        self.episode_ids.id(series * series::MOST_EPISODES + episode.place)
    }

    /// The series and the episode with a stream id.
    pub(crate) fn episode(&self, id: u32) -> Option<(u32, Episode)> {
        let place = self.episode_ids.index(id)?;
        let series = place / series::MOST_EPISODES;
        let episode = self
            .series_at(series)
            .episodes()
            .find(|episode| episode.place == place % series::MOST_EPISODES)?;
        Some((series, episode))
    }

    pub(crate) fn guide(&self) -> &Guide {
        &self.guide
    }
}

/// A number that looks random and always is the same (splitmix64).
pub(crate) fn mix(seed: u64, value: u64) -> u64 {
    let mut z = (seed ^ value.wrapping_mul(0xd6e8_feb8_6659_fd93)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// One of a list.
fn pick<T: Copy>(list: &[T], number: u64) -> T {
    list[(number % list.len() as u64) as usize]
}
