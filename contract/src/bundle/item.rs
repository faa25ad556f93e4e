//! The objects of the lists, field by field as clients need them: every key always there, never `null`, numbers
//! that are strings where clients want strings.

use serde::{Deserialize, Serialize};

use super::{Blank, Digits, Flag};

/// One entry of `get_live_categories`, `get_vod_categories`, `get_series_categories`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Category {
    /// At least 1; unique across the three kinds.
    pub category_id: Digits,
    /// Not empty.
    pub category_name: String,
    /// Always 0: categories have no parents.
    #[serde(default)]
    pub parent_id: u32,
}

/// What a live entry carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreamType {
    /// Television.
    #[default]
    #[serde(rename = "live")]
    Live,
    /// Sound only.
    #[serde(rename = "radio_streams")]
    Radio,
}

/// One entry of `get_live_streams`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveStream {
    /// The channel number shown to people; ascending along the list, no identity.
    pub num: u32,
    /// Without control characters, line breaks or blanks at its ends.
    pub name: String,
    /// Television or radio.
    pub stream_type: StreamType,
    /// Our id, in the one number space of everything that plays.
    pub stream_id: u32,
    /// A URL or `""`.
    pub stream_icon: String,
    /// The `<channel id>` in the guide, byte for byte; `""` without one.
    pub epg_channel_id: String,
    /// Unix time, in seconds.
    pub added: Digits,
    /// For grown-ups only.
    pub is_adult: Flag,
    /// The first of `category_ids`.
    pub category_id: Digits,
    /// Never empty.
    pub category_ids: Vec<u32>,
    /// Always `""`.
    #[serde(default)]
    pub custom_sid: Blank,
    /// Whether past programmes can be watched.
    pub tv_archive: Flag,
    /// How far back, in days; 0 without an archive.
    pub tv_archive_duration: u32,
    /// Always `""`.
    #[serde(default)]
    pub direct_source: Blank,
    /// Always `""`.
    #[serde(default)]
    pub thumbnail: Blank,
}

/// One entry of `get_vod_streams`: a film.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VodStream {
    /// Position in the list, from 1.
    pub num: u32,
    /// As shown in lists; may carry the year in brackets.
    pub name: String,
    /// The title alone.
    pub title: String,
    /// Four digits or `""`.
    pub year: String,
    /// Always `"movie"`.
    pub stream_type: Movie,
    /// Our id.
    pub stream_id: u32,
    /// A URL or `""`.
    pub stream_icon: String,
    /// Out of ten, as text; see [`super::rating`].
    pub rating: String,
    /// Out of five, with one decimal.
    pub rating_5based: f64,
    /// The id at themoviedb.org, digits or `""`.
    pub tmdb: String,
    /// Same as `youtube_trailer`.
    pub trailer: String,
    /// A video id or `""`.
    pub youtube_trailer: String,
    /// Unix time, in seconds.
    pub added: Digits,
    /// For grown-ups only.
    pub is_adult: Flag,
    /// The first of `category_ids`.
    pub category_id: Digits,
    /// Never empty.
    pub category_ids: Vec<u32>,
    /// Lower case, without a dot, never empty.
    pub container_extension: String,
    /// Always `""`.
    #[serde(default)]
    pub custom_sid: Blank,
    /// Always `""`.
    #[serde(default)]
    pub direct_source: Blank,
}

/// The word `"movie"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Movie {
    /// The only value.
    #[default]
    #[serde(rename = "movie")]
    Movie,
}

/// The word `"series"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SeriesWord {
    /// The only value.
    #[default]
    #[serde(rename = "series")]
    Series,
}

/// One entry of `get_series`; also the `info` of `get_series_info`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Position in the list, from 1.
    pub num: u32,
    /// As shown in lists.
    pub name: String,
    /// The title alone.
    pub title: String,
    /// Four digits or `""`.
    pub year: String,
    /// Always `"series"`.
    pub stream_type: SeriesWord,
    /// Our id, in the number space of series.
    pub series_id: u32,
    /// A URL or `""`.
    pub cover: String,
    /// What it is about.
    pub plot: String,
    /// Names, comma separated.
    pub cast: String,
    /// Names, comma separated.
    pub director: String,
    /// Words, comma separated.
    pub genre: String,
    /// `YYYY-MM-DD` or `""`.
    #[serde(rename = "releaseDate")]
    pub release_date_camel: String,
    /// The same again: clients disagree on the key.
    pub release_date: String,
    /// Unix time, in seconds; clients refetch details when it changes.
    pub last_modified: Digits,
    /// Out of ten, as text; see [`super::rating`].
    pub rating: String,
    /// Out of five, with one decimal.
    pub rating_5based: f64,
    /// Picture URLs.
    pub backdrop_path: Vec<String>,
    /// A video id or `""`.
    pub youtube_trailer: String,
    /// Minutes, as digits.
    pub episode_run_time: Digits,
    /// The first of `category_ids`.
    pub category_id: Digits,
    /// Never empty.
    pub category_ids: Vec<u32>,
    /// The id at themoviedb.org, digits or `""`.
    pub tmdb: String,
}
