//! A plug-in of Emby, whose System.Text.Json takes nothing but a text for a text.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::answers::{Kind, read};
use crate::scalars::{Digits, Int, Text};

pub(crate) fn take(kind: Kind, body: &[u8]) -> Result<(), String> {
    match kind {
        Kind::Categories => read::<Vec<Category>>(body),
        Kind::Channels => read::<Vec<Channel>>(body),
        Kind::Films => read::<Vec<Film>>(body),
        Kind::Series => read::<Vec<Series>>(body),
        Kind::Film => read::<FilmInfo>(body),
        Kind::Show => read::<Show>(body),
        Kind::Next | Kind::Table => read::<Listings>(body),
        Kind::Account | Kind::Panel => Ok(()), // not asked for
    }
}

#[derive(Deserialize)]
struct Category {
    category_id: Int,
    category_name: Text,
}

#[derive(Deserialize)]
struct Channel {
    num: u32,
    name: Text,
    stream_id: u32,
    epg_channel_id: Text,
    category_id: Int,
    tv_archive: u32,
    tv_archive_duration: u32,
}

#[derive(Deserialize)]
struct Film {
    stream_id: u32,
    rating: Text,
    tmdb: Text,
    added: Digits,
    container_extension: Text,
}

#[derive(Deserialize)]
struct Series {
    series_id: u32,
    cover: Text,
    rating: Text,
    last_modified: Text,
    #[serde(rename = "releaseDate")]
    released: Text,
    tmdb: Text,
}

#[derive(Deserialize)]
struct FilmInfo {
    info: FilmFacts,
}

#[derive(Deserialize)]
struct FilmFacts {
    tmdb_id: Text,
    rating: Text,
}

#[derive(Deserialize)]
struct Show {
    info: Series,
    episodes: BTreeMap<String, Vec<Episode>>,
}

#[derive(Deserialize)]
struct Episode {
    id: Text,
    episode_num: u32,
    title: Text,
    container_extension: Text,
    added: Digits,
}

#[derive(Deserialize)]
struct Listings {
    epg_listings: Vec<Listing>,
}

#[derive(Deserialize)]
struct Listing {
    id: Text,
    epg_id: Text,
    start: Text,
    end: Text,
    channel_id: Text,
    has_archive: Option<u32>,
}
