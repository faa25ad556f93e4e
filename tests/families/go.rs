//! A library of Go that proxies use, which unmarshals objects into structs: an array in place of one is its end.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::answers::{Kind, read};
use crate::scalars::{Free, Int, Text, present};

pub(crate) fn take(kind: Kind, body: &[u8]) -> Result<(), String> {
    match kind {
        Kind::Film => read::<FilmInfo>(body),
        Kind::Series => read::<Vec<Series>>(body),
        Kind::Show => read::<Show>(body),
        _ => Ok(()), // it converts what is there
    }
}

#[derive(Deserialize)]
struct FilmInfo {
    info: FilmFacts,
    movie_data: FilmData,
}

#[derive(Deserialize)]
struct FilmFacts {
    bitrate: Int,
    backdrop_path: Vec<Text>,
    #[serde(default, deserialize_with = "present")]
    video: Option<Free>,
    #[serde(default, deserialize_with = "present")]
    audio: Option<Free>,
}

#[derive(Deserialize)]
struct FilmData {
    added: Text,
}

#[derive(Deserialize)]
struct Series {
    episode_run_time: Text,
    last_modified: Text,
}

#[derive(Deserialize)]
struct Show {
    info: Series,
    episodes: BTreeMap<String, Vec<Episode>>,
}

#[derive(Deserialize)]
struct Episode {
    id: Text,
    added: Text,
    info: EpisodeFacts,
}

#[derive(Deserialize)]
struct EpisodeFacts {
    bitrate: u32,
    #[serde(default, deserialize_with = "present")]
    video: Option<Free>,
    #[serde(default, deserialize_with = "present")]
    audio: Option<Free>,
}
