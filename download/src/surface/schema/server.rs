//! Shapes of servers.

use clap::ValueEnum;
use contract::library::Style;
use httpd::api::shape::{flag, list, number, or_null, text, whole, words};
use serde_json::{Value, json};

use super::{KINDS, words_of};
use crate::target::{Kind, Status};

pub(super) fn server() -> Value {
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

/// What can be said of a server.
pub(super) fn said() -> Value {
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

fn styles() -> Vec<String> {
    let all = Style::value_variants().iter().filter_map(|style| style.to_possible_value());
    all.map(|style| style.get_name().to_owned()).collect()
}

/// What each holds.
pub(super) fn stats() -> Value {
    let of = whole(json!({ "id": number(), "name": text(), "bytes": number(), "status": text() }));
    whole(json!({ "servers": list(of) }))
}

/// Where something suits best, the best first.
pub(super) fn suggested() -> Value {
    let of = json!({ "id": number(), "name": text(), "free": or_null("integer"), "open": number() });
    whole(json!({ "servers": list(whole(of)) }))
}
