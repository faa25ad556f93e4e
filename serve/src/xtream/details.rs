//! Films and series: the stored document, or one made of the list entry while ingest has none yet.

use anyhow::Context;
use bytes::Bytes;
use contract::bundle::{Blank, Digits, Section, Series, SeriesWord, VodStream};
use contract::details::{MovieData, MovieFacts, MovieInfo, SeriesInfo, Subject};
use http::StatusCode;
use http::header::{self, HeaderValue};
use httpd::{Response, reply};
use serde_json::{Value, json};

use crate::Server;
use crate::prepared::Prepared;
use crate::refusal::Refusal;
use crate::service::Asked;

/// How panels say that there is no such film.
const NO_MOVIE: &str = r#"{"info":[]}"#;

/// `get_vod_info`.
pub(super) async fn movie(server: &Server, prepared: &Prepared, asked: &Asked) -> Result<Response, Refusal> {
    let Some((id, entry)) = listed(prepared, Section::VodStreams, asked.params.get("vod_id")) else {
        return Ok(document(NO_MOVIE));
    };
    if let Some(stored) = stored(server, Subject::Movie(id)).await? {
        return Ok(document(stored));
    }
    let entry: VodStream = serde_json::from_slice(&entry).context("a film of the bundle")?;
    Ok(document(serde_json::to_vec(&movie_of(entry)).context("a film's details")?))
}

/// `get_series_info`.
pub(super) async fn series(server: &Server, prepared: &Prepared, asked: &Asked) -> Result<Response, Refusal> {
    let Some((id, entry)) = listed(prepared, Section::Series, asked.params.get("series_id")) else {
        return Ok(document(no_series().to_string()));
    };
    if let Some(stored) = stored(server, Subject::Series(id)).await? {
        return Ok(document(stored));
    }
    let info: Series = serde_json::from_slice(&entry).context("a series of the bundle")?;
    let info = SeriesInfo { seasons: Vec::new(), info, episodes: Default::default() };
    Ok(document(serde_json::to_vec(&info).context("a series' details")?))
}

/// The id and the list entry, if the release has it: details of what is not listed are nobody's business.
fn listed(prepared: &Prepared, section: Section, id: Option<&str>) -> Option<(u32, Bytes)> {
    let id = id?.trim().parse().ok()?;
    Some((id, prepared.release.find(section, id)?))
}

async fn stored(server: &Server, subject: Subject) -> Result<Option<Bytes>, Refusal> {
    let details = server.details.clone();
    Ok(tokio::task::spawn_blocking(move || details.answer(subject)).await.context("reading details")?)
}

fn document(text: impl Into<Bytes>) -> Response {
    let mut response = reply::json(StatusCode::OK, text);
    let cache = HeaderValue::from_static("private, max-age=60");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    response
}

/// The whole document with what the list knows.
fn movie_of(entry: VodStream) -> MovieInfo {
    MovieInfo {
        info: MovieFacts {
            tmdb_id: entry.tmdb,
            name: entry.title.clone(),
            o_name: entry.title.clone(),
            cover_big: entry.stream_icon.clone(),
            movie_image: entry.stream_icon,
            youtube_trailer: entry.youtube_trailer,
            duration: "00:00:00".into(),
            rating: entry.rating,
            ..MovieFacts::default()
        },
        movie_data: MovieData {
            stream_id: entry.stream_id,
            name: entry.name,
            title: entry.title,
            year: entry.year,
            added: entry.added,
            category_id: entry.category_id,
            category_ids: entry.category_ids,
            container_extension: entry.container_extension,
            custom_sid: Blank,
            direct_source: Blank,
        },
    }
}

/// How panels say that there is no such series: a name of null, the only null that clients ever get.
fn no_series() -> Value {
    let nothing = Series {
        num: 0,
        name: String::new(),
        title: String::new(),
        year: String::new(),
        stream_type: SeriesWord::Series,
        series_id: 0,
        cover: String::new(),
        plot: String::new(),
        cast: String::new(),
        director: String::new(),
        genre: String::new(),
        release_date_camel: String::new(),
        release_date: String::new(),
        last_modified: Digits(0),
        rating: "0".into(),
        rating_5based: 0.0,
        backdrop_path: Vec::new(),
        youtube_trailer: String::new(),
        episode_run_time: Digits(0),
        category_id: Digits(0),
        category_ids: Vec::new(),
        tmdb: String::new(),
    };
    let mut document = json!({ "seasons": [], "info": nothing, "episodes": {} });
    document["info"]["name"] = Value::Null;
    document
}
