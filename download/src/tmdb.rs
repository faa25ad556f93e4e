//! themoviedb.org: which number a film or a series has there, by which media servers look it up.
//!
//! ```text
//!  has somebody picked it? ──no──▶ has the panel told it? ──no──▶ is it remembered? ──no──▶ search ─▶ judge ─▶ remembered
//!      sticks for ever              for most of a panel's           30 days; that there      at most 20 a second
//!                                   films, and costs nothing        is none: 7 days
//! ```
//!
//! Nothing waits for it: what cannot be asked, and what is not certain, is named without a number, and a media server makes of
//! it what it can. Off until there is a token.

mod ask;
mod judge;

use std::sync::Arc;
use std::time::Duration;

use contract::config::seconds;
use contract::secret::Secret;
use contract::source::BaseUrl;
use serde::Deserialize;

use crate::identity::norm;
use crate::job::{Wish, words};
use crate::store::{Store, StoreError, now};
use ask::Asker;
pub use judge::Candidate;

/// The language of titles that every film has.
const COMMON: &str = "en-US";
/// Candidates of a fitting year that are asked what else they are called, when none of those found is called as it should be.
const ASKED: usize = 3;

words! {
    /// What is looked for.
    Subject {
        /// A film.
        Film = "film",
        /// A series, whatever its episodes are called.
        Series = "series",
    }
}

/// `[download.tmdb]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The "API Read Access Token" of an account there; empty: nothing is asked.
    pub token: Secret,
    /// In which language titles are looked for first, as `pt-BR`; after it in English.
    pub language: String,
    /// Questions in a second, at least 1.
    pub per_second: u32,
    /// How long an answer is remembered.
    #[serde(deserialize_with = "seconds")]
    pub found_age: Duration,
    /// How long it is remembered that there is none.
    #[serde(deserialize_with = "seconds")]
    pub missed_age: Duration,
    /// Answers that are remembered; those that were not asked for longest are forgotten first.
    pub remembered: u32,
    /// Where it answers; another one for those who have a mirror of it.
    pub url: BaseUrl,
    /// Where its pictures are, likewise.
    pub images: BaseUrl,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token: Secret::default(),
            language: COMMON.into(),
            per_second: 20,
            found_age: Duration::from_secs(30 * 86_400),
            missed_age: Duration::from_secs(7 * 86_400),
            remembered: 100_000,
            url: BaseUrl::new("https://api.themoviedb.org/3").expect("it is an address"),
            images: BaseUrl::new("https://image.tmdb.org/t/p").expect("it is an address"),
        }
    }
}

/// Why nothing is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TmdbError {
    /// There is no token, so nobody is asked.
    #[error("no token is configured: `token` in [download.tmdb]")]
    Off,
    /// The token opens nothing.
    #[error("themoviedb.org refuses the token of [download.tmdb]")]
    Refused,
    /// Nothing has this number.
    #[error("themoviedb.org knows nothing of this number")]
    Unknown,
    /// It does not answer, or not with what it should.
    #[error("themoviedb.org: {0}")]
    Silent(String),
    /// Our own store.
    #[error("{0}")]
    Store(String),
}

impl From<StoreError> for TmdbError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// Whether it is a film.
    pub subject: Subject,
    /// Its title, without marks of a provider.
    pub title: &'a str,
    /// Its year, or that of a series' beginning; 0 is unknown.
    pub year: u16,
}

impl<'a> Question<'a> {
    /// Whether what is wished for may be looked up: it is something that they have.
    pub(crate) fn is_of(wish: &Wish) -> bool {
        wish.airing.is_none()
    }

    /// Which film or series is wished for.
    pub(crate) fn of(wish: &'a Wish) -> Self {
        let subject = if wish.episode.is_some() { Subject::Series } else { Subject::Film };
        Self { subject, title: &wish.title, year: wish.year.parse().unwrap_or(0) }
    }

    /// Under what an answer is remembered.
    pub(crate) fn key(&self, language: &str) -> String {
        format!("{}|{}|{}|{language}", self.subject.word(), norm(self.title), self.year)
    }
}

/// The database, with what is remembered of it. Shared by all who ask.
#[derive(Clone, Debug)]
pub struct Tmdb {
    settings: Settings,
    asker: Option<Arc<Asker>>,
}

impl Tmdb {
    /// # Errors
    /// The system gives no TLS.
    pub fn new(settings: Settings) -> reqwest::Result<Self> {
        let is_on = !settings.token.reveal().is_empty();
        let asker = is_on.then(|| Asker::new(&settings)).transpose()?;
        Ok(Self { settings, asker: asker.map(Arc::new) })
    }

    /// Whether anybody is asked.
    pub fn is_on(&self) -> bool {
        self.asker.is_some()
    }

    /// The one that is certainly meant; `None` if that is not known.
    ///
    /// # Errors
    /// It could not be asked, and is not remembered: worth another try later, but not worth waiting for.
    pub async fn find(&self, store: &Store, question: Question<'_>) -> Result<Option<Candidate>, TmdbError> {
        if let Some(picked) = store.picked(question)? {
            return Ok(picked);
        }
        let key = question.key(&self.settings.language);
        let ages = (self.settings.found_age, self.settings.missed_age);
        if let Some(remembered) = store.remembered(&key, ages, now())? {
            return Ok(remembered);
        }
        let found = self.look(question).await?;
        store.remember(&key, found.as_ref(), self.settings.remembered, now())?;
        Ok(found)
    }

    /// What is known of the one of this number; `None` if nothing has it.
    ///
    /// # Errors
    /// It could not be asked, and is not remembered.
    pub async fn known(
        &self,
        store: &Store,
        subject: Subject,
        id: u32,
    ) -> Result<Option<Candidate>, TmdbError> {
        let language = &self.settings.language;
        let key = format!("{}#{id}|{language}", subject.word());
        let ages = (self.settings.found_age, self.settings.missed_age);
        if let Some(remembered) = store.remembered(&key, ages, now())? {
            return Ok(remembered);
        }
        let known = match self.asker()?.named(subject, id, language).await {
            Ok(known) => Some(known),
            Err(TmdbError::Unknown) => None,
            Err(error) => return Err(error),
        };
        store.remember(&key, known.as_ref(), self.settings.remembered, now())?;
        Ok(known)
    }

    /// What a search finds, for somebody to pick from.
    ///
    /// # Errors
    /// It could not be asked.
    pub async fn search(&self, question: Question<'_>) -> Result<Vec<Candidate>, TmdbError> {
        let what = (question.title, question.year);
        self.asker()?.search(question.subject, what, &self.settings.language).await
    }

    /// Keeps for ever what somebody has picked: the one of this number, or that it is none of them.
    ///
    /// # Errors
    /// There is no such number, or it could not be asked for.
    pub async fn pick(
        &self,
        store: &Store,
        question: Question<'_>,
        id: Option<u32>,
    ) -> Result<(), TmdbError> {
        let picked = match id {
            Some(id) => Some(self.asker()?.named(question.subject, id, &self.settings.language).await?),
            None => None,
        };
        Ok(store.pick(question, picked.as_ref(), now())?)
    }

    fn asker(&self) -> Result<&Asker, TmdbError> {
        self.asker.as_deref().ok_or(TmdbError::Off)
    }

    /// Asks: by the title in the configured language, in English, and by what candidates are called besides.
    async fn look(&self, question: Question<'_>) -> Result<Option<Candidate>, TmdbError> {
        let (asker, Question { subject, title, year }) = (self.asker()?, question);
        let mut found = Vec::new();
        let mut languages = vec![self.settings.language.as_str()];
        languages.extend((self.settings.language != COMMON).then_some(COMMON));
        for language in &languages {
            found = asker.search(subject, (title, year), language).await?;
            if let Some(it) = judge::judge(title, year, &found) {
                return Ok(Some(it.clone()));
            }
        }
        let fits = |it: &&Candidate| year == 0 || it.year.abs_diff(year) <= 1;
        let ids: Vec<u32> = found.iter().filter(fits).take(ASKED).map(|it| it.id).collect();
        let mut named = Vec::new();
        for id in ids {
            match asker.named(subject, id, languages[0]).await {
                Ok(candidate) => named.push(candidate),
                Err(TmdbError::Unknown) => {} // removed a moment ago
                Err(error) => return Err(error),
            }
        }
        Ok(judge::judge(title, year, &named).cloned())
    }
}
