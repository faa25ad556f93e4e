//! The shapes of what is sent and told.

use clap::ValueEnum;
use contract::library::Style;
use httpd::api::shape::{self, flag, list, map, number, object, or_null, text, whole, words};
use serde_json::{Value, json};

use super::Role;
use super::tmdb::{LATEST, LONGEST};
use crate::difference::Word;
use crate::job::{Cause, Priority, State, Step, Wait};
use crate::quality::LADDER;
use crate::store::{Action, Level, Scope};
use crate::target::{Kind, Status};
use crate::tmdb::Subject;

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
            Self::Asker => {
                let role: Vec<Value> =
                    Role::ALL.iter().map(|role| json!(role.word())).chain([Value::Null]).collect();
                whole(
                    json!({ "name": or_null("string"), "role": { "enum": role }, "stale": flag(), "searches": flag() }),
                )
            }
            Self::Download => download(),
            Self::Downloads => whole(json!({
                "total": number(), "downloads": list(Self::Download.reference()), "holds": list(hold())
            })),
            Self::DownloadShown => whole(
                json!({ "download": Self::Download.reference(), "events": list(Self::Event.reference()) }),
            ),
            Self::Act => {
                let mut properties = act();
                properties["ids"] = json!({ "type": "array", "items": { "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX }, "maxItems": 100_000 });
                one_of_both(object(&[], properties))
            }
            Self::ActOne => one_of_both(object(&[], act())),
            Self::Answers => {
                let state = or_word(&words_of(State::ALL, State::word));
                let properties = json!({ "id": { "type": "integer" }, "state": state, "refused": text() });
                whole(json!({ "answers": list(object(&["id", "state"], properties)) }))
            }
            Self::Wished => {
                let ids = json!({ "type": "array", "items": { "type": "integer", "minimum": 0, "maximum": u32::MAX } });
                let mut properties = whereto();
                properties["ids"] = ids;
                properties["recording"] = recording();
                let mut wished = object(&[], properties);
                wished["oneOf"] = json!([{ "required": ["ids"] }, { "required": ["recording"] }]);
                wished
            }
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
            Self::Difference => difference(),
            Self::Chosen => chosen(),
            Self::Server => server(),
            Self::Servers => whole(json!({ "servers": list(Self::Server.reference()) })),
            Self::NewServer => object(&["name", "base"], said_of_server()),
            Self::ServerChange => object(&[], said_of_server()),
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
            Self::ServerStats => {
                let of =
                    whole(json!({ "id": number(), "name": text(), "bytes": number(), "status": text() }));
                whole(json!({ "servers": list(of) }))
            }
            Self::UserStats => whole(json!({ "users": map(number()) })),
            Self::AccountStats => whole(json!({ "accounts": map(number()) })),
            Self::Suggested => {
                let of =
                    json!({ "id": number(), "name": text(), "free": or_null("integer"), "open": number() });
                whole(json!({ "servers": list(whole(of)) }))
            }
            Self::Found => {
                let of = json!({ "tmdb": number(), "title": text(), "original": text(), "year": number() });
                whole(json!({ "found": list(whole(of)) }))
            }
            Self::Picked => object(&["kind", "title", "tmdb"], picked()),
            Self::Events => text(),
            Self::Event => event(),
            Self::Log => whole(json!({ "events": list(Self::Event.reference()) })),
            Self::Problem => shape::problem(),
        }
    }
}

/// What may stand in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    State,
    Server,
    Text,
    From,
    Most,
    Level,
    Download,
    Before,
    Name,
    Main,
    Class,
    Group,
    Min,
    Max,
    Unknown,
    Cam,
    Kind,
    Lines,
    Bytes,
    Subject,
    Title,
    Year,
}

impl Parameter {
    /// The most that is told at once.
    pub(super) const MOST: usize = 500;

    /// As it is described.
    pub(super) fn described(self) -> Value {
        let id = json!({ "type": "integer", "format": "int64" });
        let (name, about, schema) = match self {
            Self::State => {
                ("state", "only those in these states", list(words(&words_of(State::ALL, State::word))))
            }
            Self::Server => ("server", "only those for the server of this id", id),
            Self::Text => {
                ("text", "only those that have this in their title, or in what is told of them", text())
            }
            Self::From => (
                "from",
                "the first one that is told, counted from 0",
                json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
            ),
            Self::Most => (
                "most",
                "how many are told at most",
                json!({ "type": "integer", "minimum": 0, "maximum": Self::MOST }),
            ),
            Self::Level => ("level", "only those of this level", words(&words_of(Level::ALL, Level::word))),
            Self::Download => ("download", "only those of the download of this id", id),
            Self::Name => {
                ("name", "as the file is called: it ends in .m3u, .m3u8, or in these and .gz", text())
            }
            Self::Main => ("main", "whether what it lists is something that one has", flag()),
            Self::Class => ("class", "only those of these classes", list(words(&Word::ALL.map(Word::word)))),
            Self::Group => ("group", "only those of this group; `*` stands for any text", text()),
            Self::Min => ("min", "a picture of fewer lines is not wanted", json!({ "enum": LADDER })),
            Self::Max => ("max", "a picture of more lines is not wanted", json!({ "enum": LADDER })),
            Self::Unknown => {
                ("unknown", "whether those are wanted of whose picture nothing is known", flag())
            }
            Self::Cam => ("cam", "whether those are wanted that were filmed off a screen", flag()),
            Self::Kind => ("kind", "whether it is a film or an episode", words(&["movie", "episode"])),
            Self::Lines => ("lines", "lines of its picture", lines()),
            Self::Bytes => {
                ("bytes", "its length", json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX }))
            }
            Self::Subject => ("kind", "whether a film or a series is looked for", subject()),
            Self::Title => ("text", "what it is called", title()),
            Self::Year => ("year", "of the film, or in which the series began; 0 is unknown", year()),
            Self::Before => ("before", "only those before the one of this id", id),
        };
        let is_required = matches!(self, Self::Title | Self::Name);
        // Of several there is one text, with commas between them.
        json!({
            "name": name, "in": "query", "required": is_required, "description": about, "schema": schema,
            "style": "form", "explode": false
        })
    }
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

fn act() -> Value {
    json!({
        "action": words(&["pause", "resume", "cancel", "retry", "top"]),
        "priority": words(&words_of(Priority::ALL, Priority::word)),
    })
}

/// Either an action or a class.
fn one_of_both(mut object: Value) -> Value {
    object["oneOf"] = json!([{ "required": ["action"] }, { "required": ["priority"] }]);
    object
}

/// Where to, and how soon.
fn whereto() -> Value {
    json!({
        "server": { "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX, "description": "the id of the server; without it each goes to the one that suits it best" },
        "priority": words(&words_of(Priority::ALL, Priority::word)),
    })
}

fn subject() -> Value {
    words(&words_of(Subject::ALL, Subject::word))
}

fn year() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": LATEST })
}

/// Something stands in it.
fn title() -> Value {
    json!({ "type": "string", "pattern": "\\S", "minLength": 1, "maxLength": LONGEST })
}

fn lines() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": 65535 })
}

/// Which number a title stands for.
fn picked() -> Value {
    json!({
        "kind": subject(), "title": title(), "year": year(),
        "tmdb": { "type": ["integer", "null"], "minimum": 1, "maximum": u32::MAX },
    })
}

/// What is chosen of a list: what meets all of it that is said.
fn chosen() -> Value {
    let mut properties = whereto();
    let classes: Vec<&str> =
        Word::ALL.into_iter().filter(|word| *word != Word::Gone).map(Word::word).collect();
    let more = json!({
        "classes": list(words(&classes)), "groups": list(text()), "text": text(),
        "places": list(json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })),
        "min": { "enum": LADDER }, "max": { "enum": LADDER }, "unknown": flag(), "cam": flag(),
    });
    more.as_object()
        .into_iter()
        .flatten()
        .for_each(|(name, shape)| properties[name.as_str()] = shape.clone());
    let mut chosen = object(&[], properties);
    let said = |name: &str, least: Value| json!({ "required": [name], "properties": { name: least } });
    let some = ["classes", "groups", "places"].map(|name| said(name, json!({ "minItems": 1 })));
    chosen["anyOf"] = some.into_iter().chain([said("text", json!({ "minLength": 1 }))]).collect();
    chosen
}

fn difference() -> Value {
    let entry = whole(json!({
        "place": number(), "class": words(&Word::ALL.map(Word::word)), "reason": or_null("string"),
        "kind": words(&["movie", "series", "novela", "live"]), "title": text(), "year": number(),
        "season": or_null("integer"), "episode": or_null("integer"), "name": text(), "quality": text(),
        "language": or_null("string"), "voice": or_null("string"), "group": text(), "tmdb": number(),
        "available": flag(),
    }));
    whole(json!({ "counts": map(number()), "total": number(), "entries": list(entry) }))
}

fn styles() -> Vec<String> {
    let all = Style::value_variants().iter().filter_map(|style| style.to_possible_value());
    all.map(|style| style.get_name().to_owned()).collect()
}

const KINDS: [&str; 3] = ["live", "movie", "episode"];

fn download() -> Value {
    let priority = words_of(Priority::ALL, Priority::word);
    let wish = json!({
        "identity": text(), "variant": text(), "target": number(),
        "kind": words(&KINDS), "title": text(), "year": text(), "tmdb": text(), "tags": list(text()),
        "season": or_null("integer"), "episode": or_null("integer"), "ep_title": text(), "series": number(),
        "quality": or_null("integer"), "account": text(), "stream_id": number(), "ext": text(),
        "priority": or_word(&priority), "user": text(), "airing": airing(),
    });
    let mut all = json!({
        "id": number(),
        "state": words(&words_of(State::ALL, State::word)), "held": or_word(&words_of(State::ALL, State::word)),
        "step": or_word(&words_of(Step::ALL, Step::word)), "wait": or_word(&words_of(Wait::ALL, Wait::word)),
        "not_before": number(), "rank": words(&priority), "pos": { "type": "integer" },
        "retries": number(), "no_progress": number(), "refused": number(),
        "total": or_null("integer"), "have": number(), "synced": number(), "etag": or_null("string"),
        "final_path": or_null("string"), "t_have": number(), "t_synced": number(),
        "sha256": or_null("string"), "measured_h": or_null("integer"), "was_renamed": flag(),
    });
    let ended = json!({
        "cause": or_word(&words_of(Cause::ALL, Cause::word)), "error": or_null("string"),
        "created": number(), "started": or_null("integer"), "finished": or_null("integer"), "updated": number(),
    });
    for more in [wish, ended] {
        more.as_object().into_iter().flatten().for_each(|(name, shape)| all[name.as_str()] = shape.clone());
    }
    whole(all)
}

/// What is wanted of a channel.
fn recording() -> Value {
    let time = |about: &str| json!({ "type": "integer", "format": "int64", "description": about });
    let seconds = json!({ "type": "integer", "minimum": 0, "maximum": 86_400 });
    let properties = json!({
        "channel": { "type": "integer", "minimum": 0, "maximum": u32::MAX, "description": "its id" },
        "starts": time("Unix time at which that begins which is wanted"), "stops": time("and at which it ends"),
        "title": text(), "before": seconds, "after": seconds,
    });
    object(&["channel", "starts", "stops"], properties)
}

/// What a recording is of.
fn airing() -> Value {
    let mut airing = whole(json!({
        "channel": text(), "starts": { "type": "integer" }, "stops": { "type": "integer" },
        "lead": number(), "tail": number(),
    }));
    airing["type"] = json!(["object", "null"]);
    airing
}

fn hold() -> Value {
    whole(json!({
        "scope": words(&words_of(Scope::ALL, Scope::word)), "name": text(),
        "wait": words(&words_of(Wait::ALL, Wait::word)), "until": number(), "why": text()
    }))
}

/// What can be said of a server.
fn said_of_server() -> Value {
    let lines = json!({ "type": ["integer", "null"], "minimum": 1, "maximum": 65535 });
    json!({
        "name": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" },
        "kind": words(&words_of(Kind::ALL, Kind::word)),
        "url": { "type": "string", "description": "which machine and account; no password" },
        "base": { "type": "string", "description": "the folder below which everything lies there" },
        "secret": { "type": ["string", "null"], "description": "where its password or key is kept: `env:NAME` or `file:PATH`" },
        "host_key": { "type": ["string", "null"], "description": "the key by which its machine is known" },
        "style": words(&styles().iter().map(String::as_str).collect::<Vec<_>>()),
        "types": list(words(&KINDS)),
        "min_q": lines, "max_q": lines,
        "max_parallel": { "type": "integer", "minimum": 1, "maximum": 100 },
        "bwlimit": { "type": "integer", "minimum": 0, "maximum": i64::MAX },
        "cleanup": flag(), "maintenance": flag(),
    })
}

fn server() -> Value {
    let how = |about: &str| json!({ "type": ["string", "null"], "description": about });
    whole(json!({
        "id": number(), "name": text(), "kind": words(&words_of(Kind::ALL, Kind::word)),
        "url": how("null for whoever is no administrator"), "base": how("likewise"),
        "secret": how("likewise; where it is kept, and never what it is"), "host_key": how("likewise"),
        "style": words(&styles().iter().map(String::as_str).collect::<Vec<_>>()), "types": list(words(&KINDS)),
        "min_q": or_null("integer"), "max_q": or_null("integer"), "max_parallel": number(), "bwlimit": number(),
        "cleanup": flag(), "maintenance": flag(), "status": words(&words_of(Status::ALL, Status::word)),
        "checked": number(), "rtt_ms": or_null("integer"), "free": or_null("integer"), "total": or_null("integer"),
        "last_error": or_null("string"),
    }))
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
