//! Shapes of what is looked up at themoviedb.org.

use httpd::api::shape::{list, number, object, text, whole, words};
use serde_json::{Value, json};

use super::words_of;
use crate::surface::tmdb::{LATEST, LONGEST};
use crate::tmdb::Subject;

/// Which number a title stands for.
pub(super) fn picked() -> Value {
    let properties = json!({
        "kind": subject(), "title": title(), "year": year(),
        "tmdb": { "type": ["integer", "null"], "minimum": 1, "maximum": u32::MAX },
    });
    object(&["kind", "title", "tmdb"], properties)
}

/// What may be meant by it.
pub(super) fn found() -> Value {
    let of = json!({ "tmdb": number(), "title": text(), "original": text(), "year": number() });
    whole(json!({ "found": list(whole(of)) }))
}

pub(super) fn subject() -> Value {
    words(&words_of(Subject::ALL, Subject::word))
}

pub(super) fn year() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": LATEST })
}

/// Something stands in it.
pub(super) fn title() -> Value {
    json!({ "type": "string", "pattern": "\\S", "minLength": 1, "maxLength": LONGEST })
}
