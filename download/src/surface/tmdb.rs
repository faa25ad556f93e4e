//! themoviedb.org: what a search finds there, and what somebody has picked of it.

use http::StatusCode;
use httpd::api::Refusal;
use httpd::{Request, Response, api, reply};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Service;
use super::answer::{Query, said_or_null, sent};
use crate::tmdb::{Candidate, Question, Subject, TmdbError};

/// The longest title, in characters.
pub(super) const LONGEST: usize = 200;
/// Films are not of later years.
pub(super) const LATEST: u16 = 2200;

impl From<TmdbError> for Refusal {
    fn from(error: TmdbError) -> Self {
        match error {
            TmdbError::Off => Self::Conflict(error.to_string()),
            TmdbError::Unknown => Self::Unknown,
            TmdbError::Refused | TmdbError::Silent(_) => Self::Unavailable(error.to_string()),
            TmdbError::Store(_) => Self::Failed(error.into()),
        }
    }
}

/// `GET /api/tmdb/search`.
pub(super) async fn search(service: &Service, request: &Request) -> Result<Response, Refusal> {
    let query = Query::of(request);
    let subject = query.read::<Subject>("kind")?.unwrap_or(Subject::Film);
    let title = title(query.text("text").unwrap_or(""))?;
    let year = u16::try_from(query.number("year", 0, LATEST.into())?).unwrap_or(0);
    let found = service.tmdb.search(Question { subject, title: &title, year }).await?;
    let shown: Vec<Value> = found.iter().map(shown).collect();
    Ok(api::told(StatusCode::OK, &json!({ "found": shown })))
}

/// What is meant by a title.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Picked {
    kind: String,
    title: String,
    #[serde(default)]
    year: u16,
    /// Its number; `null`: it is none of those that are known.
    #[serde(deserialize_with = "said_or_null")]
    tmdb: Option<Option<u32>>,
}

/// `PUT /api/tmdb/pick`.
pub(super) async fn pick(service: &Service, request: Request) -> Result<Response, Refusal> {
    let picked: Picked = sent(request).await?;
    let subject: Subject = picked.kind.parse().map_err(|why| Refusal::Wrong(format!("`kind`: {why}")))?;
    let (title, id) = (title(&picked.title)?, picked.tmdb.flatten());
    if picked.year > LATEST || id == Some(0) {
        return Err(Refusal::Wrong(format!("a year is at most {LATEST}, and a number at least 1")));
    }
    service.tmdb.pick(&service.store, Question { subject, title: &title, year: picked.year }, id).await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

fn title(said: &str) -> Result<String, Refusal> {
    let is_one = said.chars().count() <= LONGEST && !said.trim().is_empty();
    let title = is_one.then(|| said.trim().to_owned());
    title.ok_or_else(|| Refusal::Wrong(format!("say of which title, in at most {LONGEST} characters")))
}

fn shown(it: &Candidate) -> Value {
    json!({ "tmdb": it.id, "title": it.title, "original": it.original, "year": it.year })
}
