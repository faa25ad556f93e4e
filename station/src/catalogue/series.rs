//! Series and their episodes.

use super::films::{Details, group, title};
use super::words::{ADJECTIVES, NOUNS, SERIES_GROUPS};
use super::{Catalogue, Category, mix, pick};

/// No series has more.
pub(super) const MOST_EPISODES: u32 = 64;

/// A series as the provider knows it.
pub(crate) struct Series {
    pub(crate) id: u32,
    pub(crate) title: String,
    pub(crate) year: u32,
    pub(crate) category: u32,
    pub(crate) second_category: Option<u32>,
    /// Tenths of a point.
    pub(crate) rating: u32,
    pub(crate) modified: i64,
    pub(crate) seasons: u32,
    pub(crate) details: Details,
    /// Specials as season 0.
    pub(crate) specials: bool,
    segmented: bool,
    seed: u64,
}

/// One episode.
pub(crate) struct Episode {
    /// Its place among all of the series, specials first.
    pub(crate) place: u32,
    pub(crate) season: u32,
    pub(crate) number: u32,
    pub(crate) title: String,
    pub(crate) extension: &'static str,
}

/// Categories of series begin here.
const FIRST_CATEGORY: u32 = 700;

impl Catalogue {
    fn series_category_count(&self) -> u32 {
        self.series.div_ceil(3).clamp(1, 40)
    }

    pub(crate) fn series_categories(&self) -> impl Iterator<Item = Category> {
        (0..self.series_category_count())
            .map(|place| Category { id: FIRST_CATEGORY + place, name: group(SERIES_GROUPS, place) })
    }

    pub(crate) fn series_at(&self, index: u32) -> Series {
        let seed = mix(self.seed, 0x5e1 << 32 | u64::from(index));
        let categories = self.series_category_count();
        let place = (mix(seed, 1) % u64::from(categories)) as u32;
        let year = (1985 + mix(seed, 2) % 41) as u32;
        Series {
            id: self.series_id(index),
            title: title(seed, index),
            year,
            category: FIRST_CATEGORY + place,
            second_category: (index % 5 == 2 && categories > 1)
                .then(|| FIRST_CATEGORY + (place + 1) % categories),
            rating: (40 + mix(seed, 3) % 55) as u32,
            modified: 1_760_000_000 - i64::from(index) * 7000,
            seasons: (1 + mix(seed, 4) % 4) as u32,
            details: Details::new(seed, year, index),
            specials: index % 5 == 1,
            segmented: self.segmented,
            seed,
        }
    }
}

impl Series {
    /// The numbers of its seasons.
    pub(crate) fn season_numbers(&self) -> impl Iterator<Item = u32> + use<> {
        u32::from(!self.specials)..=self.seasons
    }

    /// How many episodes a season has.
    pub(crate) fn season_length(&self, season: u32) -> u32 {
        if season == 0 { 2 } else { (4 + mix(self.seed, 50 + u64::from(season)) % 9) as u32 }
    }

    /// All episodes, season by season.
    pub(crate) fn episodes(&self) -> impl Iterator<Item = Episode> {
        self.season_numbers()
            .flat_map(|season| (1..=self.season_length(season)).map(move |number| (season, number)))
            .enumerate()
            .map(|(place, (season, number))| self.episode(place as u32, season, number))
    }

    fn episode(&self, place: u32, season: u32, number: u32) -> Episode {
        let name = |salt: u64| mix(self.seed, 1000 + salt + u64::from(place) * 2);
        Episode {
            place,
            season,
            number,
            title: format!(
                "{} - S{season:02}E{number:02} - {} {}",
                self.title,
                pick(ADJECTIVES, name(0)),
                pick(NOUNS, name(1))
            ),
            extension: match number % 2 {
                _ if self.segmented => "m3u8",
                0 => "mkv",
                _ => "mp4",
            },
        }
    }
}
