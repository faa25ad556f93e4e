//! Details of one film or one series.

use http::StatusCode;
use httpd::{Response, reply};

use super::Ask;
use super::json::{Json, decimal};
use super::lists::series_members;
use crate::catalogue::{Episode, Film, Series};
use crate::stream;

const VIDEO: &str = r#"{"index":0,"codec_name":"h264","codec_type":"video","width":640,"height":360,"pix_fmt":"yuv420p","r_frame_rate":"25/1","avg_frame_rate":"25/1","profile":"Main","tags":{},"disposition":{"default":1}}"#;
const AUDIO: &str = r#"{"index":1,"codec_name":"aac","codec_type":"audio","sample_rate":"48000","channels":1,"channel_layout":"mono","tags":{"language":"eng"},"disposition":{"default":1}}"#;

/// `get_vod_info`. An unknown film is `{"info":[]}`.
pub(super) fn film(ask: &Ask) -> Response {
    let id = ask.params.get("vod_id").and_then(|id| id.trim().parse().ok());
    let catalogue = &ask.provider.catalogue;
    let Some(index) = id.and_then(|id| catalogue.film_index(id)) else {
        return reply::json(StatusCode::OK, r#"{"info":[]}"#);
    };
    let film = catalogue.film(index);
    let mut out = Vec::new();
    let mut json = ask.json(&mut out);
    json.open(b'{').key("info");
    if film.details.bare {
        json.raw("[]");
    } else {
        film_info(&mut json, &film, &ask.base);
    }
    json.key("movie_data").open(b'{').int("stream_id", film.id);
    json.text("name", &format!("{} ({})", film.title, film.year));
    if !json.classic() {
        json.text("title", &film.title).digits("year", film.year);
    }
    json.digits("added", film.added).categories(film.category, film.second_category);
    json.text("container_extension", film.extension).nothing("custom_sid").text("direct_source", "");
    json.close(b'}').close(b'}');
    reply::json(StatusCode::OK, out)
}

fn film_info(json: &mut Json<'_>, film: &Film, base: &str) {
    let details = &film.details;
    let poster = format!("{base}/poster/{}.svg", film.id);
    json.open(b'{').text("kinopoisk_url", "").either("tmdb_id", details.tmdb);
    json.text("name", &film.title)
        .text("o_name", &film.title)
        .text("cover_big", &poster)
        .text("movie_image", &poster);
    json.text("releasedate", &details.date);
    if !json.classic() {
        json.text("release_date", &details.date);
    }
    json.either("episode_run_time", details.minutes).nothing("youtube_trailer");
    json.text("director", details.director).text("actors", &details.cast).text("cast", &details.cast);
    json.text("description", &details.plot)
        .text("plot", &details.plot)
        .text("age", "")
        .text("mpaa_rating", "");
    json.int("rating_count_kinopoisk", 0).text("country", "").text("genre", details.genre);
    json.key("backdrop_path").open(b'[').string(&poster).close(b']');
    lasting(json, film.extension);
    // Panels that could not look into the file say so with empty arrays.
    match film.extension {
        "ts" => json.key("video").raw("[]").key("audio").raw("[]"),
        _ => json.key("video").raw(VIDEO).key("audio").raw(AUDIO),
    };
    json.int("bitrate", 330);
    match json.classic() {
        true => json.text("rating", &decimal(film.rating)),
        false => json.key("rating").tenths(film.rating),
    };
    json.close(b'}');
}

/// How long a file lasts, twice.
fn lasting(json: &mut Json<'_>, extension: &str) {
    let seconds = stream::seconds(extension);
    json.int("duration_secs", seconds)
        .text("duration", &format!("00:{:02}:{:02}", seconds / 60, seconds % 60));
}

/// `get_series_info`. An unknown series has nulls and no episodes.
pub(super) fn series(ask: &Ask) -> Response {
    let id = ask.params.get("series_id").or(ask.params.get("series")).and_then(|id| id.trim().parse().ok());
    let catalogue = &ask.provider.catalogue;
    let Some(index) = id.and_then(|id| catalogue.series_index(id)) else {
        let nobody = r#"{"seasons":[],"info":{"name":null,"cover":null,"plot":null,"cast":null,"director":null,"genre":null,"releaseDate":null,"last_modified":null,"rating":null,"rating_5based":0,"backdrop_path":null,"youtube_trailer":null,"episode_run_time":null,"category_id":null},"episodes":[]}"#;
        return reply::json(StatusCode::OK, nobody);
    };
    let series = catalogue.series_at(index);
    let mut out = Vec::new();
    let mut json = ask.json(&mut out);
    json.open(b'{');
    seasons(&mut json, &series, &ask.base, index);
    json.key("info").open(b'{');
    series_members(&mut json, &series, &ask.base, series.category);
    json.close(b'}');
    episodes(&mut json, ask, &series, index);
    json.close(b'}');
    reply::json(StatusCode::OK, out)
}

fn seasons(json: &mut Json<'_>, series: &Series, base: &str, index: u32) {
    json.key("seasons").open(b'[');
    // Every third has none listed; the episodes are there all the same.
    let listed = if index % 3 == 2 { None } else { Some(series.season_numbers()) };
    for season in listed.into_iter().flatten() {
        let cover = format!("{base}/poster/{}.svg", series.id);
        json.open(b'{').text("air_date", if season == 0 { "0000-00-00" } else { &series.details.date });
        json.int("episode_count", series.season_length(season)).int("id", 70_000 + series.id * 10 + season);
        json.text("name", &if season == 0 { "Specials".to_owned() } else { format!("Season {season}") });
        json.text("overview", "").int("season_number", season);
        if !json.classic() {
            json.int("vote_average", 0).nothing("cover_tmdb");
        }
        json.text("cover", &cover).text("cover_big", &cover).close(b'}');
    }
    json.close(b']');
}

/// PHP turns an object whose keys count from 0 into an array, so a series with specials has an array of arrays.
fn episodes(json: &mut Json<'_>, ask: &Ask, series: &Series, index: u32) {
    json.key("episodes").open(if series.specials { b'[' } else { b'{' });
    let mut open = None;
    for episode in series.episodes() {
        if open != Some(episode.season) {
            if open.is_some() {
                json.close(b']');
            }
            if !series.specials {
                json.key(&episode.season.to_string());
            }
            json.open(b'[');
            open = Some(episode.season);
        }
        let id = ask.provider.catalogue.episode_id(index, &episode);
        one(json, series, &episode, id, &ask.base);
    }
    json.close(b']').close(if series.specials { b']' } else { b'}' });
}

fn one(json: &mut Json<'_>, series: &Series, episode: &Episode, id: u32, base: &str) {
    json.open(b'{').digits("id", id).either("episode_num", episode.number).text("title", &episode.title);
    json.text("container_extension", episode.extension).key("info");
    if episode.number % 5 == 4 {
        json.raw("[]");
    } else {
        let poster = format!("{base}/poster/{}.svg", series.id);
        json.open(b'{').text("releasedate", &series.details.date).text("plot", &series.details.plot);
        lasting(json, episode.extension);
        json.text("movie_image", &poster).int("bitrate", 330);
        json.key("rating").tenths(series.rating).int("season", episode.season).close(b'}');
    }
    if !json.classic() {
        json.key("subtitles").raw("[]");
    }
    json.nothing("custom_sid").digits("added", series.modified).int("season", episode.season);
    json.text("direct_source", "").close(b'}');
}
