//! Films and series: the list entry and what is known beyond it. What is missing is wished for, and waited for a little;
//! without it the list has to do.

use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use contract::bundle::{Blank, Digits, List, Section, Series, SeriesWord, VodStream};
use contract::details::{Kept, MovieData, MovieFacts, MovieInfo, NOTHING_FOR, SeriesFacts, Subject};
use contract::logo::{LogoPath, Owner};
use contract::wanted::Wish;
use httpd::Response;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::document;
use crate::Server;
use crate::prepared::Prepared;
use crate::refusal::Refusal;
use crate::service::Asked;

/// How long an app waits for details that nobody has fetched yet. Apps give up after 10 s or more.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether they are there.
const LOOK: Duration = Duration::from_millis(100);

/// What there is beyond a list entry.
enum Found {
    Known(Bytes),
    /// The provider was asked, and knows no more.
    Nothing,
    /// It has been wished for.
    NotYet,
}

impl Found {
    fn known(self) -> Option<Bytes> {
        match self {
            Self::Known(found) => Some(found),
            Self::Nothing | Self::NotYet => None,
        }
    }

    /// What will be there in a moment is not to be hidden for a minute by what is there now.
    fn cache(&self, asked: &Asked) -> &'static str {
        if matches!(self, Self::NotYet) { "no-store" } else { asked.shared() }
    }
}

impl From<Option<Bytes>> for Found {
    fn from(answer: Option<Bytes>) -> Self {
        answer.map_or(Self::Nothing, Self::Known)
    }
}

/// How panels say that there is no such film.
pub(crate) const NO_MOVIE: &str = r#"{"info":[]}"#;

/// `get_vod_info`.
pub(super) async fn movie(server: &Server, prepared: &Prepared, asked: &Asked) -> Result<Response, Refusal> {
    let Some((id, entry)) = listed(prepared, Section::VodStreams, asked.params.get("vod_id")) else {
        return document::answer(server, vec![NO_MOVIE.into()], asked).await;
    };
    let entry: VodStream = serde_json::from_slice(&entry).context("a film of the bundle")?;
    let found = found(server, Subject::Movie(id), entry.added.0).await?;
    let cache = found.cache(asked);
    document::kept(server, vec![movie_document(entry, found.known())?], asked, cache).await
}

/// `get_series_info`.
pub(super) async fn series(server: &Server, prepared: &Prepared, asked: &Asked) -> Result<Response, Refusal> {
    let Some((id, entry)) = listed(prepared, Section::Series, asked.params.get("series_id")) else {
        return document::answer(server, vec![no_series().to_string().into()], asked).await;
    };
    let info: Series = serde_json::from_slice(&entry).context("a series of the bundle")?;
    let found = found(server, Subject::Series(id), info.last_modified.0).await?;
    let cache = found.cache(asked);
    document::kept(server, series_document(entry, found.known())?, asked, cache).await
}

/// What is answered of a film of which there is this beyond its list entry.
pub(crate) fn movie_document(entry: VodStream, found: Option<Bytes>) -> anyhow::Result<Bytes> {
    // What cannot be understood was written by another version.
    let facts = found.and_then(|found| serde_json::from_slice(&found).ok()).unwrap_or_default();
    Ok(serde_json::to_vec(&movie_of(entry, facts)).context("a film's details")?.into())
}

/// What is answered of a series with this list entry, of which there is this beyond it: both in pieces as they are.
pub(crate) fn series_document(entry: Bytes, found: Option<Bytes>) -> anyhow::Result<Vec<Bytes>> {
    let found = found.unwrap_or(Bytes::from_static(br#"{"seasons":[],"episodes":{}}"#));
    let found = with_our_pictures(&entry, found)?;
    // Both are objects, and neither is empty.
    let members = found.strip_prefix(b"{").map(|members| found.slice_ref(members));
    let members = members.context("details of a series")?;
    Ok(vec![Bytes::from_static(br#"{"info":"#), entry, Bytes::from_static(b","), members])
}

/// `found` without addresses of pictures where `entry`, a series, has its own at our address.
fn with_our_pictures(entry: &Bytes, found: Bytes) -> anyhow::Result<Bytes> {
    if memchr::memmem::find(entry, b"/logo/series/").is_none() {
        return Ok(found); // as it nearly always is: nothing is parsed
    }
    let series: Series = serde_json::from_slice(entry).context("a series of the bundle")?;
    if !LogoPath::is_in(Owner { list: List::Series, id: series.series_id }, &series.cover) {
        return Ok(found);
    }
    // What cannot be understood was written by another version, and may name pictures anywhere.
    let mut facts: SeriesFacts = serde_json::from_slice(&found).unwrap_or_default();
    facts.show_only(&series.cover);
    Ok(serde_json::to_vec(&facts).context("details of a series")?.into())
}

/// The id and the list entry, if those who ask see it: details of what is not listed are nobody's business.
fn listed(prepared: &Prepared, section: Section, id: Option<&str>) -> Option<(u32, Bytes)> {
    let id = id?.trim().parse().ok()?;
    Some((id, prepared.view.find(section, id)?))
}

/// What is known of `subject` beyond its list entry, which was changed at `modified`. Waits for it when nobody has
/// asked the provider yet; what is there but old is answered at once, and wished for meanwhile.
async fn found(server: &Server, subject: Subject, modified: u64) -> Result<Found, Refusal> {
    let kept = kept(server, subject).await?;
    match kept {
        Some(Kept { head, answer: Some(answer) }) => {
            if head.fetched > 0 && !head.restless && head.last_modified != modified {
                wish(server, subject).await?;
            }
            Ok(Found::Known(answer))
        }
        Some(Kept { head, answer: None }) if server.now() < head.fetched.saturating_add(NOTHING_FOR) => {
            Ok(Found::Nothing)
        }
        missing => {
            let before = missing.map(|kept| kept.head);
            if wish(server, subject).await? != Wish::Soon {
                return Ok(Found::NotYet);
            }
            let ends = Instant::now() + PATIENCE;
            while Instant::now() < ends {
                sleep(LOOK).await;
                match self::kept(server, subject).await? {
                    Some(kept) if Some(&kept.head) != before.as_ref() => return Ok(kept.answer.into()),
                    _ => {}
                }
            }
            Ok(Found::NotYet)
        }
    }
}

async fn kept(server: &Server, subject: Subject) -> Result<Option<Kept>, Refusal> {
    let details = server.details.clone();
    Ok(server.read(move || details.kept(subject)).await?)
}

async fn wish(server: &Server, subject: Subject) -> Result<Wish, Refusal> {
    let wanted = server.wanted.clone();
    let wish = server.read(move || wanted.ask(subject)).await?;
    // Without the disk there are no wishes, but there is still an answer.
    Ok(wish.unwrap_or_else(|error| {
        tracing::warn!(%error, "a wish cannot be written");
        Wish::Full
    }))
}

/// The whole document: what is known of the film, and what the list knows where that says nothing.
fn movie_of(entry: VodStream, mut facts: MovieFacts) -> MovieInfo {
    if LogoPath::is_in(Owner { list: List::Movies, id: entry.stream_id }, &entry.stream_icon) {
        facts.show_only(&entry.stream_icon);
    }
    let or = |found: String, listed: &str| if found.is_empty() { listed.to_owned() } else { found };
    let cover = or(facts.cover_big, &entry.stream_icon);
    MovieInfo {
        info: MovieFacts {
            tmdb_id: or(facts.tmdb_id, &entry.tmdb),
            name: or(facts.name, &entry.title),
            o_name: or(facts.o_name, &entry.title),
            movie_image: or(facts.movie_image, &cover),
            cover_big: cover,
            youtube_trailer: or(facts.youtube_trailer, &entry.youtube_trailer),
            duration: or(facts.duration, "00:00:00"),
            rating: if matches!(&*facts.rating, "" | "0") { entry.rating } else { facts.rating },
            ..facts
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
pub(crate) fn no_series() -> Value {
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
