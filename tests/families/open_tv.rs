//! open-tv, in Rust: flags are bytes, lists are arrays, and one title that cannot be decoded is the end of its table.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::answers::{Kind, read};
use crate::scalars::{Base64, DateTime, Int, Text};

pub(crate) fn take(kind: Kind, body: &[u8]) -> Result<(), String> {
    match kind {
        Kind::Categories => read::<Vec<Category>>(body),
        Kind::Channels | Kind::Films => read::<Vec<Stream>>(body),
        Kind::Series => read::<Vec<Series>>(body),
        Kind::Show => read::<Show>(body),
        Kind::Table => read::<Table>(body),
        _ => Ok(()), // not asked for
    }
}

#[derive(Deserialize)]
struct Category {
    category_id: Int,
    category_name: String,
}

#[derive(Deserialize)]
struct Stream {
    stream_id: Int,
    name: String,
    category_id: Int,
    stream_icon: Option<String>,
    container_extension: Option<String>,
    tv_archive: Option<u8>,
}

#[derive(Deserialize)]
struct Series {
    series_id: Int,
    name: String,
    category_id: Int,
    cover: Option<String>,
}

#[derive(Deserialize)]
struct Show {
    seasons: Vec<Season>,
    episodes: BTreeMap<String, Vec<Episode>>,
}

#[derive(Deserialize)]
struct Season {
    season_number: Int,
    name: String,
}

#[derive(Deserialize)]
struct Episode {
    id: String,
    title: String,
    container_extension: String,
    episode_num: Int,
    season: Int,
}

#[derive(Deserialize)]
struct Table {
    epg_listings: Vec<Listing>,
}

#[derive(Deserialize)]
struct Listing {
    id: Text,
    title: Base64,
    description: Base64,
    start: DateTime,
    end: DateTime,
    start_timestamp: Int,
    stop_timestamp: Int,
    now_playing: u8,
    has_archive: u8,
}
