//! Films.

use super::words::{ADJECTIVES, FILM_GROUPS, GENRES, NOUNS, PEOPLE, SENTENCES};
use super::{Catalogue, Category, mix, pick};

/// A film as the provider knows it.
pub(crate) struct Film {
    pub(crate) id: u32,
    pub(crate) title: String,
    pub(crate) year: u32,
    pub(crate) category: u32,
    pub(crate) second_category: Option<u32>,
    pub(crate) extension: &'static str,
    /// Tenths of a point, 0 for unknown.
    pub(crate) rating: u32,
    pub(crate) added: i64,
    pub(crate) details: Details,
}

/// What is known of a film or a series beyond its name.
pub(crate) struct Details {
    pub(crate) plot: String,
    pub(crate) cast: String,
    pub(crate) director: &'static str,
    pub(crate) genre: &'static str,
    pub(crate) tmdb: u32,
    pub(crate) minutes: u32,
    /// `YYYY-MM-DD`
    pub(crate) date: String,
    /// Nobody ever filled the details in.
    pub(crate) bare: bool,
}

impl Details {
    pub(super) fn new(seed: u64, year: u32, index: u32) -> Self {
        let number = |salt| mix(seed, salt);
        Self {
            plot: (0..2 + number(20) % 3)
                .map(|n| pick(SENTENCES, number(21 + n)))
                .collect::<Vec<_>>()
                .join(" "),
            cast: (0..3).map(|n| pick(PEOPLE, number(30 + n))).collect::<Vec<_>>().join(", "),
            director: pick(PEOPLE, number(40)),
            genre: pick(GENRES, number(41)),
            tmdb: (number(42) % 900_000 + 100) as u32,
            minutes: (number(43) % 90 + 70) as u32,
            date: format!("{year}-{:02}-{:02}", number(44) % 12 + 1, number(45) % 28 + 1),
            bare: index % 7 == 6,
        }
    }
}

/// Categories of films begin here.
const FIRST_CATEGORY: u32 = 400;

impl Catalogue {
    fn film_category_count(&self) -> u32 {
        self.films.div_ceil(4).clamp(1, 80)
    }

    pub(crate) fn film_categories(&self) -> impl Iterator<Item = Category> {
        (0..self.film_category_count())
            .map(|place| Category { id: FIRST_CATEGORY + place, name: group(FILM_GROUPS, place) })
    }

    pub(crate) fn film(&self, index: u32) -> Film {
        let seed = mix(self.seed, 0xf11 << 32 | u64::from(index));
        let categories = self.film_category_count();
        // Newest first, all categories mixed, as panels list films.
        let place = (mix(seed, 1) % u64::from(categories)) as u32;
        let year = (1960 + mix(seed, 2) % 66) as u32;
        Film {
            id: self.film_id(index),
            title: title(seed, index),
            year,
            category: FIRST_CATEGORY + place,
            second_category: (index % 5 == 3 && categories > 1)
                .then(|| FIRST_CATEGORY + (place + 1) % categories),
            extension: match index % 8 {
                _ if self.segmented => "m3u8",
                7 => "ts",
                odd if odd % 2 == 1 => "mkv",
                _ => "mp4",
            },
            rating: if index % 9 == 4 { 0 } else { (30 + mix(seed, 3) % 65) as u32 },
            added: 1_760_000_000 - i64::from(index) * 1800,
            details: Details::new(seed, year, index),
        }
    }
}

pub(super) fn group(groups: &[&str], place: u32) -> String {
    let name = groups[place as usize % groups.len()];
    match place as usize / groups.len() {
        0 => name.to_owned(),
        round => format!("{name} {}", round + 1),
    }
}

pub(super) fn title(seed: u64, index: u32) -> String {
    let (adjective, noun) = (pick(ADJECTIVES, mix(seed, 10)), pick(NOUNS, mix(seed, 11)));
    match index % 4 {
        0 => format!("The {adjective} {noun}"),
        1 => format!("{adjective} {noun}"),
        2 => format!("{noun}: {adjective} Part {}", mix(seed, 12) % 4 + 1),
        _ => format!("{noun} of the {}", pick(NOUNS, mix(seed, 13))),
    }
}
