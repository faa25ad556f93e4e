//! Film and series details: the documents that `get_vod_info` and `get_series_info` answer, filled slowly by ingest.
//!
//! `details/movie/9001.json` and `details/series/77.json` each hold one [`Stored`]: the answer, exactly as a client
//! gets it, and beside it what ingest needs to know of it. A server reads the answer and sends it; what is not there
//! is answered from the lists.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::bundle::{Blank, Digits, Series};
use crate::disk::{Access, Data, replace};

/// The details in a data folder.
#[derive(Clone, Debug)]
pub struct Details {
    folder: PathBuf,
}

/// What a detail belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A film, by its stream id.
    Movie(u32),
    /// A series, by its series id.
    Series(u32),
}

/// A detail on disk.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stored<T> {
    /// The provider's `last_modified` (or its equivalent) when this was fetched, so that it is fetched again when that
    /// changes.
    pub last_modified: u64,
    /// Of a series: the episodes in order, as ingest needs them for releases.
    #[serde(default)]
    pub episodes: Vec<EpisodeFact>,
    /// What a client gets.
    pub answer: T,
}

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

impl Details {
    /// Those in `data`.
    pub fn new(data: &Data) -> Self {
        Self { folder: data.details() }
    }

    /// The answer for `subject`, as JSON; `None` if it is not there or cannot be read.
    pub fn answer(&self, subject: Subject) -> Option<Bytes> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            answer: &'a RawValue,
        }
        let text = Bytes::from(fs::read(self.path(subject)).ok()?);
        let stored: Answer<'_> = serde_json::from_slice(&text).ok()?;
        Some(text.slice_ref(stored.answer.get().as_bytes()))
    }

    /// Everything on disk about `subject`; `None` if it is not there or cannot be read.
    pub fn stored<T: for<'de> Deserialize<'de>>(&self, subject: Subject) -> Option<Stored<T>> {
        serde_json::from_slice(&fs::read(self.path(subject)).ok()?).ok()
    }

    /// Keeps `stored`, in place of what was there.
    ///
    /// # Errors
    /// The disk refuses; what was there stays.
    pub fn put<T: Serialize>(&self, subject: Subject, stored: &Stored<T>) -> io::Result<()> {
        replace(&self.path(subject), &serde_json::to_vec(stored)?, Access::Everybody)
    }

    fn path(&self, subject: Subject) -> PathBuf {
        match subject {
            Subject::Movie(id) => self.folder.join(format!("movie/{id}.json")),
            Subject::Series(id) => self.folder.join(format!("series/{id}.json")),
        }
    }
}

/// The answer of `get_series_info`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesInfo {
    /// One for each key of `episodes`.
    pub seasons: Vec<Season>,
    /// The list entry.
    pub info: Series,
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
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_given_as_it_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let details = Details::new(&Data::new(folder.path()));
        assert!(details.answer(Subject::Movie(1)).is_none());
        let stored = Stored { last_modified: 7, episodes: Vec::new(), answer: vec![1, 2] };
        details.put(Subject::Movie(1), &stored).unwrap();
        assert_eq!(details.answer(Subject::Movie(1)).unwrap(), "[1,2]");
        assert_eq!(details.stored::<Vec<u32>>(Subject::Movie(1)).unwrap().last_modified, 7);
        assert!(details.answer(Subject::Series(1)).is_none());
    }
}
