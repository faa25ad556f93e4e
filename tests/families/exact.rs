//! The whole of every answer: each key that there is, in its type, and none besides. So there is no null either.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::answers::{Kind, read};
use crate::scalars::{
    Active, Base64, Date, DateTime, Decimal, Digits, Duration, Empty, Extension, Flag, Format, Free, Host,
    Id, IdText, LiveType, MaybeDigits, MovieType, Name, SeriesType, Several, Text, present,
};

pub(crate) fn take(kind: Kind, body: &[u8]) -> Result<(), String> {
    match kind {
        Kind::Account => read::<Account>(body),
        Kind::Categories => read::<Several<Category>>(body),
        Kind::Channels => read::<Several<Channel>>(body),
        Kind::Films => read::<Several<Film>>(body),
        Kind::Series => read::<Several<Series>>(body),
        Kind::Film => read::<FilmInfo>(body),
        Kind::Show => read::<Show>(body),
        Kind::Next => read::<Listings<Listing>>(body),
        Kind::Table => read::<Listings<Entry>>(body),
        Kind::Panel => read::<Panel>(body),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    user_info: User,
    server_info: Server,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    username: Name,
    password: Name,
    message: Text,
    auth: Flag,
    status: Active,
    exp_date: IdText,
    is_trial: Digits,
    active_cons: Digits,
    created_at: Digits,
    max_connections: IdText,
    allowed_output_formats: Several<Format>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    url: Host,
    port: Digits,
    https_port: MaybeDigits,
    server_protocol: Name,
    rtmp_port: Digits,
    timezone: Name,
    timestamp_now: Id,
    time_now: DateTime,
    process: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Category {
    category_id: IdText,
    category_name: Name,
    parent_id: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Channel {
    num: Id,
    name: Name,
    stream_type: LiveType,
    stream_id: Id,
    stream_icon: Text,
    epg_channel_id: Text,
    added: Digits,
    is_adult: Flag,
    category_id: IdText,
    category_ids: Several<Id>,
    custom_sid: Empty,
    tv_archive: Flag,
    tv_archive_duration: u32,
    direct_source: Empty,
    thumbnail: Empty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Film {
    num: Id,
    name: Name,
    title: Name,
    year: MaybeDigits,
    stream_type: MovieType,
    stream_id: Id,
    stream_icon: Text,
    rating: Decimal,
    rating_5based: f64,
    tmdb: MaybeDigits,
    trailer: Text,
    youtube_trailer: Text,
    added: Digits,
    is_adult: Flag,
    category_id: IdText,
    category_ids: Several<Id>,
    container_extension: Extension,
    custom_sid: Empty,
    direct_source: Empty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Series {
    num: Id,
    name: Name,
    title: Name,
    year: MaybeDigits,
    stream_type: SeriesType,
    series_id: Id,
    cover: Text,
    plot: Text,
    cast: Text,
    director: Text,
    genre: Text,
    #[serde(rename = "releaseDate")]
    released: Date,
    release_date: Date,
    last_modified: Digits,
    rating: Decimal,
    rating_5based: f64,
    backdrop_path: Vec<Text>,
    youtube_trailer: Text,
    episode_run_time: Digits,
    category_id: IdText,
    category_ids: Several<Id>,
    tmdb: MaybeDigits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilmInfo {
    info: FilmFacts,
    movie_data: FilmData,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilmFacts {
    kinopoisk_url: Text,
    tmdb_id: MaybeDigits,
    name: Name,
    o_name: Text,
    cover_big: Text,
    movie_image: Text,
    releasedate: Date,
    release_date: Date,
    episode_run_time: u32,
    runtime: u32,
    youtube_trailer: Text,
    director: Text,
    actors: Text,
    cast: Text,
    description: Text,
    plot: Text,
    age: Text,
    mpaa_rating: Text,
    rating_count_kinopoisk: u32,
    country: Text,
    genre: Text,
    backdrop_path: Vec<Text>,
    duration_secs: u32,
    duration: Duration,
    bitrate: u32,
    rating: Decimal,
    #[serde(default, deserialize_with = "present")]
    video: Option<Free>,
    #[serde(default, deserialize_with = "present")]
    audio: Option<Free>,
    subtitles: [(); 0],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilmData {
    stream_id: Id,
    name: Name,
    title: Name,
    year: MaybeDigits,
    added: Digits,
    category_id: IdText,
    category_ids: Several<Id>,
    container_extension: Extension,
    custom_sid: Empty,
    direct_source: Empty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Show {
    seasons: Vec<Season>,
    info: Series,
    episodes: BTreeMap<u32, Several<Episode>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Season {
    id: u32,
    season_number: u32,
    name: Name,
    episode_count: u32,
    air_date: Date,
    overview: Text,
    cover: Text,
    cover_big: Text,
    cover_tmdb: Text,
    vote_average: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Episode {
    id: IdText,
    episode_num: u32,
    title: Name,
    container_extension: Extension,
    info: EpisodeFacts,
    subtitles: [(); 0],
    custom_sid: Empty,
    added: Digits,
    season: u32,
    direct_source: Empty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EpisodeFacts {
    movie_image: Text,
    cover_big: Text,
    plot: Text,
    releasedate: Date,
    release_date: Date,
    air_date: Date,
    duration: Duration,
    duration_secs: u32,
    bitrate: u32,
    rating: Decimal,
    season: u32,
    #[serde(default, deserialize_with = "present")]
    video: Option<Free>,
    #[serde(default, deserialize_with = "present")]
    audio: Option<Free>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listings<T> {
    epg_listings: Vec<T>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    id: IdText,
    epg_id: IdText,
    title: Base64,
    lang: Text,
    start: DateTime,
    end: DateTime,
    stop: DateTime,
    description: Base64,
    channel_id: Text,
    start_timestamp: IdText,
    stop_timestamp: IdText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: IdText,
    epg_id: IdText,
    title: Base64,
    lang: Text,
    start: DateTime,
    end: DateTime,
    stop: DateTime,
    description: Base64,
    channel_id: Text,
    start_timestamp: IdText,
    stop_timestamp: IdText,
    now_playing: Flag,
    has_archive: Flag,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Panel {
    user_info: User,
    server_info: Server,
    categories: PanelCategories,
    available_channels: BTreeMap<u32, Channel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PanelCategories {
    live: Several<Category>,
    movie: [(); 0],
    series: [(); 0],
}
