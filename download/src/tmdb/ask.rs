//! Asking themoviedb.org: few at a time, no faster than it likes, and never with the token in an address.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contract::secret::Secret;
use contract::source::BaseUrl;
use http::StatusCode;
use http::header::RETRY_AFTER;
use reqwest::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tracing::warn;

use super::judge::Candidate;
use super::{Settings, Subject, TmdbError};
use crate::pace::Bucket;

/// Questions at once.
const AT_ONCE: usize = 4;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a question is asked again that came too soon,
const AGAIN: u32 = 3;
/// and for how long at most it is waited each time.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest answer that is read, in bytes.
const MOST: usize = 2 << 20;
/// Candidates that are looked at; the one that is meant is hardly ever behind these.
const CANDIDATES: usize = 20;

/// What asks.
#[derive(Debug)]
pub(super) struct Asker {
    client: reqwest::Client,
    base: BaseUrl,
    token: Secret,
    /// Questions a second, each of which counts as one byte.
    pace: Bucket,
    turns: Semaphore,
    /// The token was refused: nothing is asked until the program is started anew.
    refused: AtomicBool,
}

/// A page of a search.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    results: Vec<Entry>,
}

/// A film or a series, as a search and its own document have it.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Entry {
    id: u32,
    #[serde(alias = "name")]
    title: String,
    #[serde(alias = "original_name")]
    original_title: String,
    #[serde(alias = "first_air_date")]
    release_date: Option<String>,
    popularity: f64,
    poster_path: Option<String>,
    alternative_titles: Others,
    external_ids: Elsewhere,
}

/// What it is known by elsewhere.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Elsewhere {
    imdb_id: Option<String>,
}

/// Films have `titles`, series `results`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Others {
    #[serde(alias = "results")]
    titles: Vec<Other>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Other {
    title: String,
}

impl From<Entry> for Candidate {
    fn from(entry: Entry) -> Self {
        let year = entry.release_date.as_deref().and_then(|date| date.get(..4)?.parse().ok());
        Self {
            id: entry.id,
            title: entry.title,
            original: entry.original_title,
            others: entry.alternative_titles.titles.into_iter().map(|other| other.title).collect(),
            year: year.unwrap_or(0),
            popularity: entry.popularity,
            imdb: entry.external_ids.imdb_id.filter(|id| is_of_imdb(id)).unwrap_or_default(),
            poster: entry.poster_path.unwrap_or_default(),
        }
    }
}

impl Asker {
    /// # Errors
    /// The system gives no TLS.
    pub(super) fn new(settings: &Settings) -> reqwest::Result<Self> {
        let client = httpc::plain(PATIENCE)
            .gzip(true)
            .brotli(true)
            .zstd(true)
            .timeout(PATIENCE)
            .user_agent(concat!("coax/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            client,
            base: settings.url.clone(),
            token: settings.token.clone(),
            pace: Bucket::new(Some(settings.per_second.max(1).into())),
            turns: Semaphore::new(AT_ONCE),
            refused: AtomicBool::new(false),
        })
    }

    /// What a search for `title` finds, the best first as the database sees it. `year` 0 is any.
    pub(super) async fn search(
        &self,
        subject: Subject,
        (title, year): (&str, u16),
        language: &str,
    ) -> Result<Vec<Candidate>, TmdbError> {
        let (path, when) = match subject {
            Subject::Film => ("search/movie", "year"),
            Subject::Series => ("search/tv", "first_air_date_year"),
        };
        let year = year.to_string();
        let mut query = vec![("query", title), ("language", language), ("include_adult", "false")];
        query.extend((year != "0").then_some((when, year.as_str())));
        let page: Page = self.ask(path, &query).await?;
        let found = page.results.into_iter().filter(|entry| entry.id > 0);
        Ok(found.take(CANDIDATES).map(Candidate::from).collect())
    }

    /// Everything that the one of this number is called.
    pub(super) async fn named(
        &self,
        subject: Subject,
        id: u32,
        language: &str,
    ) -> Result<Candidate, TmdbError> {
        let kind = match subject {
            Subject::Film => "movie",
            Subject::Series => "tv",
        };
        let query = [("language", language), ("append_to_response", "alternative_titles,external_ids")];
        let entry: Entry = self.ask(&format!("{kind}/{id}"), &query).await?;
        Ok(entry.into())
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, TmdbError> {
        for _ in 0..=AGAIN {
            if self.refused.load(Ordering::Relaxed) {
                return Err(TmdbError::Refused);
            }
            // The place is held while it is waited: that is what "too many" asks for.
            let _turn = self.turns.acquire().await.expect("the semaphore is never closed");
            self.pace.take(1).await;
            let url = format!("{}/{path}", self.base.as_str());
            let asked = self.client.get(url).query(query).bearer_auth(self.token.reveal()).send().await;
            let response = asked.map_err(|error| TmdbError::Silent(why(&error)))?;
            match response.status() {
                StatusCode::OK => return read(response).await,
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    if !self.refused.swap(true, Ordering::Relaxed) {
                        warn!(
                            "themoviedb.org refuses the token of [download.tmdb]; films and series are named without it"
                        );
                    }
                    return Err(TmdbError::Refused);
                }
                StatusCode::NOT_FOUND => return Err(TmdbError::Unknown),
                StatusCode::TOO_MANY_REQUESTS => tokio::time::sleep(rest(&response)).await,
                status => {
                    return Err(TmdbError::Silent(format!("it answers with status {}", status.as_u16())));
                }
            }
        }
        Err(TmdbError::Silent("it has too many questions to answer".into()))
    }
}

fn is_of_imdb(id: &str) -> bool {
    let digits = id.strip_prefix("tt").unwrap_or("");
    (1..=12).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The document of an answer, if it is no longer than one may be.
async fn read<T: DeserializeOwned>(mut response: Response) -> Result<T, TmdbError> {
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| TmdbError::Silent(why(&error)))? {
        if document.len() + chunk.len() > MOST {
            return Err(TmdbError::Silent(format!("its answer is longer than {MOST} bytes")));
        }
        document.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&document)
        .map_err(|_| TmdbError::Silent("its answer is no document of its".into()))
}

/// How long it wants to be left alone.
fn rest(response: &Response) -> Duration {
    let said = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Duration::from_secs(said.unwrap_or(1)).clamp(Duration::from_millis(250), LONGEST)
}

/// What went wrong, without the address.
fn why(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "it does not answer in time"
    } else if error.is_connect() {
        "it cannot be reached"
    } else {
        "its answer breaks off"
    };
    what.into()
}
