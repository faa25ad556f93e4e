//! What is known of a film beyond its list entry.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::bundle::{Blank, Digits};

/// The answer of `get_vod_info`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MovieInfo {
    /// What is known of the film.
    pub info: MovieFacts,
    /// How it is played.
    pub movie_data: MovieData,
}

/// The `info` of a film.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MovieFacts {
    /// A URL or `""`.
    pub kinopoisk_url: String,
    /// Digits or `""`.
    pub tmdb_id: String,
    /// The title.
    pub name: String,
    /// The original title.
    pub o_name: String,
    /// A URL or `""`.
    pub cover_big: String,
    /// The same.
    pub movie_image: String,
    /// `YYYY-MM-DD` or `""`.
    pub releasedate: String,
    /// The same.
    pub release_date: String,
    /// Minutes; 0 when unknown.
    pub episode_run_time: u32,
    /// The same.
    pub runtime: u32,
    /// A video id or `""`.
    pub youtube_trailer: String,
    /// Names, comma separated.
    pub director: String,
    /// Names, comma separated.
    pub actors: String,
    /// The same.
    pub cast: String,
    /// What it is about.
    pub description: String,
    /// The same.
    pub plot: String,
    /// Free text.
    pub age: String,
    /// Free text.
    pub mpaa_rating: String,
    /// 0 when unknown.
    pub rating_count_kinopoisk: u32,
    /// Names, comma separated.
    pub country: String,
    /// Words, comma separated.
    pub genre: String,
    /// Picture URLs.
    pub backdrop_path: Vec<String>,
    /// Seconds; 0 when unknown.
    pub duration_secs: u32,
    /// `HH:MM:SS`.
    pub duration: String,
    /// kbit/s; 0 when unknown.
    pub bitrate: u32,
    /// Out of ten, as text.
    pub rating: String,
    /// What the pictures are like, as ffprobe tells it; never empty, never with a null: typed clients fail on `[]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<Map<String, Value>>,
    /// What the sound is like, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<Map<String, Value>>,
    /// Always empty.
    #[serde(default)]
    pub subtitles: [(); 0],
}

/// The `movie_data` of a film.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MovieData {
    /// Our id.
    pub stream_id: u32,
    /// As in the list.
    pub name: String,
    /// As in the list.
    pub title: String,
    /// As in the list.
    pub year: String,
    /// As in the list.
    pub added: Digits,
    /// As in the list.
    pub category_id: Digits,
    /// As in the list.
    pub category_ids: Vec<u32>,
    /// As in the list.
    pub container_extension: String,
    /// Always `""`.
    #[serde(default)]
    pub custom_sid: Blank,
    /// Always `""`.
    #[serde(default)]
    pub direct_source: Blank,
}

impl MovieFacts {
    /// Names `picture` and no other: where lists name pictures of ours, details must not show where others are.
    pub fn show_only(&mut self, picture: &str) {
        picture.clone_into(&mut self.cover_big);
        picture.clone_into(&mut self.movie_image);
        self.backdrop_path.clear();
    }
}
