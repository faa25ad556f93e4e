//! Jellyfin.Xtream, whose .NET types convert texts into numbers, but take neither null nor an empty text for one, and no
//! text for a truth. A season belongs to its episodes by `id`. Another plug-in wants `added` as a text.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::answers::{Kind, read};
use crate::scalars::{Base64, Date, DateTime, Float, Int, Text, Truth};

pub(crate) fn take(kind: Kind, body: &[u8]) -> Result<(), String> {
    match kind {
        Kind::Account => read::<Account>(body),
        Kind::Categories => read::<Vec<Category>>(body),
        Kind::Channels => read::<Vec<Channel>>(body),
        Kind::Films => read::<Vec<Film>>(body),
        Kind::Series => read::<Vec<Series>>(body),
        Kind::Film => read::<FilmInfo>(body),
        Kind::Show => read::<Show>(body),
        Kind::Table => read::<Table>(body),
        Kind::Next | Kind::Panel => Ok(()), // not asked for
    }
}

#[derive(Deserialize)]
struct Account {
    user_info: User,
    server_info: Server,
}

#[derive(Deserialize)]
struct User {
    auth: Int,
    status: Text,
    exp_date: Int,
    is_trial: Text,
    active_cons: Int,
    created_at: Int,
    max_connections: Int,
    allowed_output_formats: Vec<Text>,
}

#[derive(Deserialize)]
struct Server {
    timestamp_now: Int,
    time_now: DateTime,
}

#[derive(Deserialize)]
struct Category {
    category_id: Int,
    category_name: Text,
    parent_id: Int,
}

#[derive(Deserialize)]
struct Channel {
    num: Int,
    name: Text,
    stream_id: Int,
    stream_icon: Text,
    epg_channel_id: Text,
    added: Text,
    category_id: Int,
    category_ids: Vec<Int>,
    tv_archive: Truth,
    tv_archive_duration: Int,
}

#[derive(Deserialize)]
struct Film {
    num: Int,
    name: Text,
    stream_id: Int,
    rating: Float,
    rating_5based: Float,
    added: Text,
    category_id: Int,
    container_extension: Text,
}

#[derive(Deserialize)]
struct Series {
    num: Option<Int>,
    name: Text,
    series_id: Int,
    cover: Text,
    last_modified: Int,
    rating: Float,
    rating_5based: Float,
    episode_run_time: Int,
    category_id: Int,
    backdrop_path: Vec<Text>,
}

#[derive(Deserialize)]
struct FilmInfo {
    info: FilmFacts,
    movie_data: FilmData,
}

#[derive(Deserialize)]
struct FilmFacts {
    movie_image: Text,
    plot: Text,
    genre: Text,
    releasedate: Date,
    duration_secs: Int,
    bitrate: Int,
}

#[derive(Deserialize)]
struct FilmData {
    stream_id: Int,
    name: Text,
    added: Text,
    category_id: Int,
    container_extension: Text,
}

#[derive(Deserialize)]
#[serde(try_from = "Whole")]
struct Show;

#[derive(Deserialize)]
struct Whole {
    seasons: Vec<Season>,
    #[serde(rename = "info")]
    _info: Series,
    episodes: BTreeMap<i32, Vec<Episode>>,
}

impl TryFrom<Whole> for Show {
    type Error = String;

    fn try_from(show: Whole) -> Result<Self, String> {
        let lost =
            show.episodes.keys().find(|number| show.seasons.iter().all(|season| season.id != **number));
        lost.map_or(Ok(Self), |number| Err(format!("no season has the id {number}")))
    }
}

#[derive(Deserialize)]
struct Season {
    id: i32,
    name: Text,
    air_date: Date,
    episode_count: Int,
    season_number: Int,
}

#[derive(Deserialize)]
struct Episode {
    id: Int,
    episode_num: Int,
    title: Text,
    container_extension: Text,
    season: Int,
    added: Text,
    info: EpisodeFacts,
}

#[derive(Deserialize)]
struct EpisodeFacts {
    movie_image: Text,
    plot: Text,
    releasedate: Date,
    duration_secs: Int,
}

#[derive(Deserialize)]
struct Table {
    epg_listings: Vec<Listing>,
}

#[derive(Deserialize)]
struct Listing {
    id: Int,
    epg_id: Int,
    title: Base64,
    description: Base64,
    start: DateTime,
    end: DateTime,
    channel_id: Text,
    start_timestamp: Int,
    stop_timestamp: Int,
    now_playing: Truth,
    has_archive: Truth,
}
