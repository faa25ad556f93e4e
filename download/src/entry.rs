//! An entry: a film or an episode that somebody lists, as far as a download must know it.
//!
//! ```text
//! list.m3u ──m3u::Entry──┐
//!                        ├─▶ Entry: kind, title, year, season, episode, quality, voice, and where its bytes are
//! bundle  ───────────────┘
//! ```
//!
//! Entries of the bundle know their kind, their container and mostly their number at TMDB; those of a list are read by the
//! grammar of [`contract::library::title`], from their title, group and address.

mod bundle;
mod list;
mod origin;
mod wish;

pub use bundle::of_bundle;
pub use list::{form, of_list};
pub use origin::{Origin, Source};
pub use wish::{of_job, of_wish};

use contract::library::title::{Kind, Reading, Voice};
use serde::{Deserialize, Serialize};

use crate::quality::Quality;

/// A film or an episode in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// What it is called; of an episode, what its series is called.
    pub title: Box<str>,
    /// The year of a film, or of a series' beginning; 0 is unknown.
    pub year: u16,
    /// The season, if it is said; 0 holds specials.
    pub season: Option<u32>,
    /// The number of the episode, if it is said.
    pub episode: Option<u32>,
    /// The name of the episode, or `""`.
    pub name: Box<str>,
    /// What is known of its picture.
    pub quality: Quality,
    /// The code of its language or country, or `""`.
    pub language: Language,
    /// In which voices, if that is said.
    pub voice: Option<Voice>,
    /// The group it is listed in, or `""`.
    pub group: Box<str>,
    /// The number at themoviedb.org of the film, or of the series; 0 is unknown.
    pub tmdb: u32,
    /// Where its bytes are.
    pub origin: Origin,
    /// The ending of its file, in lower case, or `""`.
    pub ext: Box<str>,
}

/// The code of a language or country as lists have them: `PT`, `UK`, `LAT`, `MULTI`.
pub type Language = Option<&'static str>;

/// A place in a list: the number of the entry, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place(pub u32);

impl Entry {
    /// What was read, and where its bytes are.
    fn of_reading(reading: Reading, group: &str, tmdb: u32, (origin, ext): (Origin, &str)) -> Self {
        let Reading { kind, title, season, episode, name, lines, cam, language, voice } = reading;
        Self {
            kind,
            year: title.year.parse().unwrap_or(0),
            tmdb: if tmdb > 0 { tmdb } else { title.tmdb.parse().unwrap_or(0) },
            title: title.name.into(),
            season,
            episode,
            name: name.into(),
            quality: Quality { lines, cam },
            language,
            voice,
            group: group.into(),
            origin,
            ext: ext.to_ascii_lowercase().into(),
        }
    }
}
