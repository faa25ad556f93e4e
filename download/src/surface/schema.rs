//! The shapes of what is sent and told.

mod difference;
mod job;
mod parameter;
mod server;
mod title;

use httpd::api::shape::{self, flag, list, map, number, object, or_null, text, whole, words};
use serde_json::{Value, json};

pub(super) use parameter::Parameter;

use super::Role;
use crate::job::Priority;
use crate::store::{Action, Level};

/// A shape, by the name that the document gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    Asker,
    Download,
    Downloads,
    DownloadShown,
    Act,
    ActOne,
    Answers,
    Wished,
    Added,
    List,
    Lists,
    Playlist,
    Marked,
    Difference,
    Chosen,
    Server,
    Servers,
    NewServer,
    ServerChange,
    Limits,
    LimitsChange,
    Stats,
    DownloadStats,
    ServerStats,
    UserStats,
    AccountStats,
    Suggested,
    Found,
    Picked,
    Events,
    Event,
    Log,
    /// What is wrong (RFC 9457).
    Problem,
}

impl Schema {
    /// All, in the order of the document.
    pub(super) const ALL: [Self; 33] = [
        Self::Asker,
        Self::Download,
        Self::Downloads,
        Self::DownloadShown,
        Self::Act,
        Self::ActOne,
        Self::Answers,
        Self::Wished,
        Self::Added,
        Self::List,
        Self::Lists,
        Self::Playlist,
        Self::Marked,
        Self::Difference,
        Self::Chosen,
        Self::Server,
        Self::Servers,
        Self::NewServer,
        Self::ServerChange,
        Self::Limits,
        Self::LimitsChange,
        Self::Stats,
        Self::DownloadStats,
        Self::ServerStats,
        Self::UserStats,
        Self::AccountStats,
        Self::Suggested,
        Self::Found,
        Self::Picked,
        Self::Events,
        Self::Event,
        Self::Log,
        Self::Problem,
    ];

    pub(super) fn name(self) -> String {
        format!("{self:?}")
    }

    /// Where the document has it.
    pub(super) fn reference(self) -> Value {
        shape::reference(&self.name())
    }

    /// As what it is sent.
    pub(super) const fn media(self) -> &'static [&'static str] {
        match self {
            Self::Events => &["text/event-stream"],
            Self::Playlist => &super::upload::MEDIA,
            _ => &["application/json"],
        }
    }

    /// What it is.
    pub(super) fn shape(self) -> Value {
        match self {
            Self::Asker => asker(),
            Self::Download => job::download(),
            Self::Downloads => whole(json!({
                "total": number(), "downloads": list(Self::Download.reference()), "holds": list(job::hold())
            })),
            Self::DownloadShown => whole(
                json!({ "download": Self::Download.reference(), "events": list(Self::Event.reference()) }),
            ),
            Self::Act => job::acts(),
            Self::ActOne => job::act(),
            Self::Answers => job::answers(),
            Self::Wished => job::wished(),
            Self::Added => whole(json!({
                "added": list(number()), "there": number(), "unavailable": number(), "unserved": number()
            })),
            Self::List => whole(json!({
                "id": number(), "name": text(), "main": flag(), "entries": number(), "bytes": number(),
                "sha256": text(), "created": number(), "user": text()
            })),
            Self::Lists => whole(json!({ "lists": list(Self::List.reference()) })),
            Self::Playlist => json!({ "type": "string", "contentMediaType": "application/x-mpegurl" }),
            Self::Marked => whole(json!({ "main": flag() })),
            Self::Difference => difference::difference(),
            Self::Chosen => difference::chosen(),
            Self::Server => server::server(),
            Self::Servers => whole(json!({ "servers": list(Self::Server.reference()) })),
            Self::NewServer => object(&["name", "base"], server::said()),
            Self::ServerChange => object(&[], server::said()),
            Self::Limits => {
                whole(json!({ "downloads": number(), "per_account": number(), "transfers": number() }))
            }
            Self::LimitsChange => {
                let limit = json!({ "type": "integer", "minimum": 1, "maximum": 100 });
                object(&[], json!({ "downloads": limit, "per_account": limit, "transfers": limit }))
            }
            Self::Stats => {
                let (mut all, servers, users) = (of_downloads(), map(number()), or_map());
                all["servers"] = servers;
                all["users"] = users;
                whole(all)
            }
            Self::DownloadStats => whole(of_downloads()),
            Self::ServerStats => server::stats(),
            Self::UserStats => whole(json!({ "users": map(number()) })),
            Self::AccountStats => whole(json!({ "accounts": map(number()) })),
            Self::Suggested => server::suggested(),
            Self::Found => title::found(),
            Self::Picked => title::picked(),
            Self::Events => text(),
            Self::Event => event(),
            Self::Log => whole(json!({ "events": list(Self::Event.reference()) })),
            Self::Problem => shape::problem(),
        }
    }
}

/// Who asks.
fn asker() -> Value {
    let role: Vec<Value> = Role::ALL.iter().map(|role| json!(role.word())).chain([Value::Null]).collect();
    whole(json!({ "name": or_null("string"), "role": { "enum": role }, "stale": flag(), "searches": flag() }))
}

/// Figures of downloads.
fn of_downloads() -> Value {
    let mut throughput = whole(json!({ "mean": { "type": "number" }, "p95": { "type": "number" } }));
    throughput["type"] = json!(["object", "null"]);
    json!({
        "states": map(number()), "bytes": number(), "days": map(number()), "throughput": throughput,
        "failures": map(number()),
    })
}

fn event() -> Value {
    whole(json!({
        "id": number(), "timestamp": number(), "level": words(&words_of(Level::ALL, Level::word)),
        "job": or_null("integer"), "target": or_null("integer"), "user": text(),
        "action": words(&words_of(Action::ALL, Action::word)), "details": text(),
        "session_id": text(), "ip_address": text(),
    }))
}

/// Where to, and how soon.
fn whereto() -> Value {
    json!({
        "server": { "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX, "description": "the id of the server; without it each goes to the one that suits it best" },
        "priority": words(&words_of(Priority::ALL, Priority::word)),
    })
}

/// What a download is of.
pub(super) const KINDS: [&str; 3] = ["live", "movie", "episode"];

fn lines() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": 65535 })
}

fn words_of<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|it| word(*it)).collect()
}

/// One of these words, or null.
fn or_word(words: &[&str]) -> Value {
    let all: Vec<Value> = words.iter().map(|word| json!(word)).chain([Value::Null]).collect();
    json!({ "enum": all })
}

fn or_map() -> Value {
    json!({ "type": ["object", "null"], "additionalProperties": number() })
}
