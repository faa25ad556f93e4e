//! The HTTP API of an Ace Stream engine, with the manners of the real one.
//!
//! ```text
//! /ace/getstream, /ace/manifest.m3u8 ──start──▶ one session per broadcast ──▶ /ace/r ▶ /content   one reader
//!                                                │  a newer one supersedes it  /ace/m ▶ /ace/c     any number
//!                                                └──▶ /ace/stat, /ace/event, /ace/cmd?method=stop
//! ```
//!
//! Every live channel is a broadcast with a content id and another infohash. A session ends by its stop, by a newer
//! start, or because nobody has read from it for a while; asking for statistics is not reading. Errors are JSON with
//! status 200. The engine has a socket of its own besides the station's, since some of what it says is not HTTP.

mod answers;
mod content;

mod engine;
mod playlist;
mod socket;

use http::StatusCode;
use httpd::{Body, Params, Response, reply};

use crate::catalogue::{Catalogue, mix};
use crate::panel::page;

pub(crate) use answers::Ask;
pub use content::Content;
pub(crate) use content::SPELLINGS;
pub(crate) use engine::{Ended, Ending, Engine, Reader};
pub(crate) use socket::serve;

/// What of an engine is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// `/webui/api/service`
    Service,
    /// `/server/api`
    Api,
    /// `/ace/getstream`, `/ace/manifest.m3u8`
    Start(Form),
    /// `/ace/r/INFOHASH/SESSION`
    Read(String),
    /// `/content/INFOHASH/SESSION`
    Content(String),
    /// `/ace/m/INFOHASH/SESSION.m3u8`
    Playlist(String),
    /// `/ace/c/SESSION/NUMBER.ts`
    Segment(String, u64),
    /// `/ace/stat/INFOHASH/SESSION`
    Stat(String),
    /// `/ace/cmd/INFOHASH/SESSION`
    Command(String),
    /// `/ace/event/INFOHASH/SESSION`
    Event(String),
}

/// What a session delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Ts,
    Hls,
}

impl Call {
    pub(crate) fn decode(segments: &[&str]) -> Option<Self> {
        Some(match segments {
            ["webui", "api", "service"] => Self::Service,
            ["server", "api"] => Self::Api,
            ["ace", "getstream"] => Self::Start(Form::Ts),
            ["ace", "manifest.m3u8"] => Self::Start(Form::Hls),
            ["content", _, session] => Self::Content((*session).to_owned()),
            ["ace", "r", _, session] => Self::Read((*session).to_owned()),
            ["ace", "m", _, file] => Self::Playlist(file.strip_suffix(".m3u8")?.to_owned()),
            ["ace", "c", session, file] => {
                Self::Segment((*session).to_owned(), file.strip_suffix(".ts")?.parse().ok()?)
            }
            ["ace", "stat", _, session] => Self::Stat((*session).to_owned()),
            ["ace", "cmd", _, session] => Self::Command((*session).to_owned()),
            ["ace", "event", _, session] => Self::Event((*session).to_owned()),
            _ => return None,
        })
    }

    /// The name under which it is counted, and under which faults of it are planned.
    pub(crate) fn endpoint(&self) -> &'static str {
        match self {
            Self::Service => "ace/service",
            Self::Api => "ace/api",
            Self::Start(Form::Ts) => "ace/getstream",
            Self::Start(Form::Hls) => "ace/manifest",
            Self::Read(_) => "ace/r",
            Self::Content(_) => "ace/content",
            Self::Playlist(_) => "ace/m",
            Self::Segment(..) => "ace/c",
            Self::Stat(_) => "ace/stat",
            Self::Command(_) => "ace/cmd",
            Self::Event(_) => "ace/event",
        }
    }
}

/// The content id of the channel at `index`: 40 hexadecimal digits.
pub(crate) fn content_id(seed: u64, index: u32) -> String {
    identity(seed, index, 0xace0)
}

/// Its infohash, which looks the same and is another one.
pub(crate) fn infohash(seed: u64, index: u32) -> String {
    identity(seed, index, 0x1f0)
}

/// What lists say of it: every sixth has an infohash where a content id should be, as people publish them.
pub(crate) fn listed_id(seed: u64, index: u32) -> String {
    if index % 6 == 4 { infohash(seed, index) } else { content_id(seed, index) }
}

fn identity(seed: u64, index: u32, salt: u64) -> String {
    let part = |number: u64| mix(seed ^ (salt + number), u64::from(index));
    format!("{:016x}{:016x}{:08x}", part(0), part(1), part(2) >> 32)
}

/// What of a request selects a broadcast.
enum Selector<'a> {
    Content(&'a str),
    Infohash(&'a str),
}

impl<'a> Selector<'a> {
    fn of(params: &'a Params) -> Option<Self> {
        let value = |name| params.get(name).filter(|value| !value.is_empty());
        let content = value("content_id").or_else(|| value("id")).map(Self::Content);
        content.or_else(|| value("infohash").map(Self::Infohash))
    }

    /// The place of the channel in the line-up.
    fn find(&self, catalogue: &Catalogue) -> Option<u32> {
        let seed = catalogue.seed;
        (0..catalogue.live()).find(|index| match self {
            Self::Content(id) => content_id(seed, *index).eq_ignore_ascii_case(id),
            Self::Infohash(id) => infohash(seed, *index).eq_ignore_ascii_case(id),
        })
    }
}

/// An error as the engine tells it: with status 200.
fn error(text: &str) -> Response {
    let document = serde_json::json!({"response": null, "error": text});
    reply::json(StatusCode::OK, document.to_string())
}

fn unknown_session() -> Response {
    error("unknown playback session id")
}

fn broken(text: &str) -> Response {
    reply::text(StatusCode::INTERNAL_SERVER_ERROR, text.to_owned())
}

fn forbidden() -> Response {
    page(StatusCode::FORBIDDEN, "403 Forbidden")
}

fn ts(body: Body) -> Response {
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("video/mp2t"));
    answer
}
