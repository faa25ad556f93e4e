//! What is known of a series beyond its list entry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::bundle::{Blank, Digits};

/// What ingest needs to know of an episode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeFact {
    /// Our id.
    pub id: u32,
    /// The provider's.
    pub provider_id: String,
    /// Lower case, without a dot.
    pub container: String,
    /// 0 for specials.
    pub season: u32,
    /// Within the season.
    pub number: u32,
    /// As in the answer.
    pub title: String,
}

/// `seasons` and `episodes` of `get_series_info`; its `info` is the list entry, as the release has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SeriesFacts {
    /// One for each key of `episodes`.
    pub seasons: Vec<Season>,
    /// By season number; an object even when empty, since typed clients fail on `[]`.
    pub episodes: BTreeMap<u32, Vec<Episode>>,
}

/// A season of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Season {
    /// Equal to `season_number`: clients match on either.
    pub id: u32,
    /// 0 for specials.
    pub season_number: u32,
    /// Such as `Season 1`.
    pub name: String,
    /// Episodes that are listed.
    pub episode_count: u32,
    /// `YYYY-MM-DD` or `""`.
    pub air_date: String,
    /// What it is about.
    pub overview: String,
    /// A URL or `""`.
    pub cover: String,
    /// A URL or `""`.
    pub cover_big: String,
    /// A URL or `""`.
    pub cover_tmdb: String,
    /// Out of ten.
    pub vote_average: f64,
}

/// An episode of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Our id, in the number space of everything that plays.
    pub id: Digits,
    /// Within the season.
    pub episode_num: u32,
    /// Never empty.
    pub title: String,
    /// Lower case, without a dot, never empty.
    pub container_extension: String,
    /// What is known of it.
    pub info: EpisodeInfo,
    /// Always empty.
    #[serde(default)]
    pub subtitles: [(); 0],
    /// Always `""`.
    #[serde(default)]
    pub custom_sid: Blank,
    /// Unix time, in seconds.
    pub added: Digits,
    /// 0 for specials.
    pub season: u32,
    /// Always `""`.
    #[serde(default)]
    pub direct_source: Blank,
}

/// The `info` of an episode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpisodeInfo {
    /// A URL or `""`.
    pub movie_image: String,
    /// The same.
    pub cover_big: String,
    /// What happens.
    pub plot: String,
    /// `YYYY-MM-DD` or `""`.
    pub releasedate: String,
    /// The same.
    pub release_date: String,
    /// The same.
    pub air_date: String,
    /// `HH:MM:SS`.
    pub duration: String,
    /// Seconds; 0 when unknown.
    pub duration_secs: u32,
    /// kbit/s; 0 when unknown.
    pub bitrate: u32,
    /// Out of ten, as text.
    pub rating: String,
    /// As in the episode.
    pub season: u32,
    /// What the pictures are like, as ffprobe tells it; never empty, never with a null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<Map<String, Value>>,
    /// What the sound is like, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<Map<String, Value>>,
}

impl SeriesFacts {
    /// Names `picture` and no other: where lists name pictures of ours, details must not show where others are.
    pub fn show_only(&mut self, picture: &str) {
        for season in &mut self.seasons {
            for cover in [&mut season.cover, &mut season.cover_big, &mut season.cover_tmdb] {
                picture.clone_into(cover);
            }
            if season.overview.starts_with("http") {
                season.overview.clear(); // some panels tell a picture there
            }
        }
        for episode in self.episodes.values_mut().flatten() {
            picture.clone_into(&mut episode.info.movie_image);
            picture.clone_into(&mut episode.info.cover_big);
        }
    }
}
