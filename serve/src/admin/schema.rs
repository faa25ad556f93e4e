//! The shapes of what is sent and told, as JSON Schema (the dialect of OpenAPI 3.1).

use contract::user::{Downloads, GROUP, GROUPS, NOTES, check_device};
use contract::zone::Zone;
use httpd::api::shape::{self, list, map, number, object, or_null, text, words};
use serde_json::{Value, json};

/// A shape, by the name that the document gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// Any document.
    Anything,
    LogIn,
    Who,
    User,
    Users,
    NewUser,
    AddedUser,
    Change,
    NewToken,
    AddedToken,
    Groups,
    Sources,
    Source,
    Probed,
    Releases,
    Sessions,
    Progress,
    Logs,
    Settings,
    Matches,
    /// What is wrong (RFC 9457).
    Problem,
}

impl Schema {
    /// All, in the order of the document.
    pub(super) const ALL: [Self; 21] = [
        Self::Anything,
        Self::LogIn,
        Self::Who,
        Self::User,
        Self::Users,
        Self::NewUser,
        Self::AddedUser,
        Self::Change,
        Self::NewToken,
        Self::AddedToken,
        Self::Groups,
        Self::Sources,
        Self::Source,
        Self::Probed,
        Self::Releases,
        Self::Sessions,
        Self::Progress,
        Self::Logs,
        Self::Settings,
        Self::Matches,
        Self::Problem,
    ];

    pub(super) fn name(self) -> String {
        format!("{self:?}")
    }

    /// Where the document has it.
    pub(super) fn reference(self) -> Value {
        shape::reference(&self.name())
    }

    /// What it is.
    pub(super) fn shape(self) -> Value {
        match self {
            Self::Anything => json!({ "type": "object" }),
            Self::LogIn => {
                object(&["username", "password"], json!({ "username": text(), "password": text() }))
            }
            Self::Who => object(&["name"], json!({ "name": or_null("string") })),
            Self::User => user(),
            Self::Users => list(Self::User.reference()),
            Self::NewUser => {
                let mut properties = changes();
                properties["name"] = json!({ "type": "string", "pattern": PLAIN });
                object(&["name"], properties)
            }
            Self::AddedUser => {
                let properties = json!({ "user": Self::User.reference(), "password": or_null("string") });
                object(&["user", "password"], properties)
            }
            Self::Change => object(&[], changes()),
            Self::NewToken => {
                object(&["device"], json!({ "device": device(), "admin": { "type": "boolean" } }))
            }
            Self::AddedToken => object(
                &["device", "admin", "token"],
                json!({ "device": text(), "admin": { "type": "boolean" }, "token": text() }),
            ),
            Self::Groups => list(object(
                &["list", "id", "name", "entries"],
                json!({ "list": words(&LISTS), "id": number(), "name": text(), "entries": number() }),
            )),
            Self::Sources => sources(),
            Self::Source => source(),
            Self::Probed => probed(),
            Self::Releases => releases(),
            Self::Sessions => sessions(),
            Self::Progress => progress(),
            Self::Logs => logs(),
            Self::Settings => object(&["text"], json!({ "text": text() })),
            Self::Matches => matches(),
            Self::Problem => shape::problem(),
        }
    }
}

/// What names and passwords are made of.
const PLAIN: &str = "^[A-Za-z0-9._-]{1,64}$";
const LISTS: [&str; 3] = ["live", "movies", "series"];
const STATES: [&str; 3] = ["active", "disabled", "banned"];
const OUTCOMES: [&str; 2] = ["taken", "kept"];

/// What a user may do with downloads.
fn roles() -> Value {
    words(&[Downloads::No, Downloads::Viewer, Downloads::Operator].map(Downloads::word))
}

fn device() -> Value {
    debug_assert!(check_device("living room").is_ok());
    json!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[^\\s/\\u0000-\\u001f\\u007f-\\u009f]([^/\\u0000-\\u001f\\u007f-\\u009f]*[^\\s/\\u0000-\\u001f\\u007f-\\u009f])?$" })
}

/// What a user may see.
fn sees() -> Value {
    // `null`, or nothing: all of them.
    let lists = json!({ "type": ["array", "null"], "items": words(&LISTS) });
    let group = json!({ "type": "string", "maxLength": GROUP });
    let groups = json!({ "type": ["array", "null"], "maxItems": GROUPS, "items": group });
    let not_groups = json!({ "type": "array", "maxItems": GROUPS, "items": group });
    object(&[], json!({ "lists": lists, "groups": groups, "not_groups": not_groups }))
}

/// What can be changed of a user.
fn changes() -> Value {
    json!({
        "password": { "type": "string", "pattern": PLAIN },
        "max_connections": { "type": "integer", "minimum": 0, "maximum": u32::MAX },
        "expires": { "type": ["integer", "null"], "minimum": 0, "exclusiveMaximum": 1_u64 << 53 },
        "state": words(&STATES),
        "trial": { "type": "boolean" },
        "admin": { "type": "boolean" },
        "downloads": roles(),
        "notes": { "type": "string", "maxLength": NOTES, "pattern": "^[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]*$" },
        "sees": sees(),
        "catchup_zone": { "type": "string", "anyOf": [
            { "description": "A name, or UTC", "enum": Zone::names() },
            { "description": "An offset such as +05:30", "pattern": "^[+-](0[0-9]|1[0-4]):[0-5][0-9]$" },
        ] },
    })
}

fn user() -> Value {
    let token = object(
        &["device", "admin", "created"],
        json!({ "device": text(), "admin": { "type": "boolean" }, "created": number() }),
    );
    let mut properties = json!({
        "name": text(),
        "status": words(&["Active", "Expired", "Disabled", "Banned"]),
        "state": words(&STATES),
        "created": number(),
        "max_connections": number(),
        "expires": or_null("integer"),
        "trial": { "type": "boolean" },
        "admin": { "type": "boolean" },
        "downloads": roles(),
        "notes": text(),
        "catchup_zone": text(),
        "tokens": list(token),
    });
    properties["sees"] = sees();
    let required: Vec<String> =
        properties.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let required: Vec<&str> = required.iter().map(String::as_str).collect();
    object(&required, properties)
}

fn sources() -> Value {
    let gave = object(
        &["name", "outcome", "notes", "harvested", "counts"],
        json!({
            "name": text(), "outcome": { "enum": ["taken", "kept", null] }, "notes": list(text()),
            "harvested": number(), "counts": map(number())
        }),
    );
    let mut run = object(
        &["began", "ended", "verdict", "release", "why", "sources"],
        json!({
            "began": number(), "ended": number(),
            "verdict": words(&["published", "unchanged", "refused", "failed"]),
            "release": or_null("integer"), "why": text(), "sources": list(gave)
        }),
    );
    run["type"] = json!(["object", "null"]);
    let fact = object(
        &["name", "outcome", "reason", "harvested", "counts"],
        json!({
            "name": text(), "outcome": words(&OUTCOMES), "reason": text(), "harvested": number(),
            "counts": map(number())
        }),
    );
    let properties = json!({ "run": run, "release": list(fact), "added": list(text()) });
    object(&["run", "release", "added"], properties)
}

fn source() -> Value {
    let mut properties = json!({
        "name": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" },
        "kind": words(&["xtream", "m3u", "xmltv"]),
        "url": { "type": "string", "pattern": "^https?://" },
        "max_connections": { "type": ["integer", "null"], "minimum": 0, "maximum": u32::MAX },
    });
    for account in ["username", "password"] {
        properties[account] = json!({ "type": "string", "description": "of a panel's account" });
    }
    object(&["name", "kind", "url"], properties)
}

fn probed() -> Value {
    let part = object(
        &["part", "good", "words", "connections", "active", "expires"],
        json!({
            "part": text(), "good": { "type": "boolean" }, "words": text(),
            "connections": or_null("integer"), "active": or_null("integer"), "expires": or_null("integer")
        }),
    );
    object(
        &["good", "ahead", "parts"],
        json!({ "good": { "type": "boolean" }, "ahead": or_null("integer"), "parts": list(part) }),
    )
}

fn logs() -> Value {
    let levels = words(&["ERROR", "WARN", "INFO", "DEBUG", "TRACE"]);
    list(object(
        &["number", "time", "level", "text"],
        json!({ "number": number(), "time": number(), "level": levels, "text": text() }),
    ))
}

fn matches() -> Value {
    let other =
        object(&["guide", "id", "score"], json!({ "guide": number(), "id": text(), "score": number() }));
    list(object(
        &["id", "name", "given", "guide", "guide_id", "method", "score", "runners_up", "note"],
        json!({
            "id": text(), "name": text(), "given": text(), "guide": text(), "guide_id": text(),
            "method": or_null("string"), "score": number(), "runners_up": list(other), "note": text()
        }),
    ))
}

fn progress() -> Value {
    let doing = object(
        &["source", "step", "found", "done"],
        json!({ "source": text(), "step": text(), "found": map(number()), "done": { "type": "boolean" } }),
    );
    object(&["running", "sources"], json!({ "running": { "type": "boolean" }, "sources": list(doing) }))
}

fn releases() -> Value {
    list(object(
        &["number", "current", "created", "size", "changes"],
        json!({
            "number": number(), "current": { "type": "boolean" }, "created": number(), "size": number(),
            "changes": map(json!({ "type": "object" }))
        }),
    ))
}

fn sessions() -> Value {
    let session = object(
        &["id", "user", "device", "address", "agent", "watches", "file", "since", "name"],
        json!({
            "id": number(), "user": text(), "device": or_null("string"), "address": text(), "agent": text(),
            "watches": number(), "file": { "type": "boolean" }, "since": number(), "name": or_null("string")
        }),
    );
    object(&["sessions", "elsewhere"], json!({ "sessions": list(session), "elsewhere": map(number()) }))
}
