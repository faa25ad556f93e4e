//! Shapes of downloads, and of what is done with them.

use httpd::api::shape::{flag, list, number, object, or_null, text, whole, words};
use serde_json::{Value, json};

use super::{KINDS, or_word, whereto, words_of};
use crate::job::{Cause, Priority, State, Step, Wait};
use crate::store::Scope;

pub(super) fn download() -> Value {
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
        "sha256": or_null("string"), "measured_h": or_null("integer"), "was_renamed": flag(), "picked": picked(),
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

/// What a recording is of.
fn airing() -> Value {
    or_nothing(json!({
        "channel": text(), "starts": { "type": "integer" }, "stops": { "type": "integer" },
        "lead": number(), "tail": number(),
    }))
}

/// What somebody has picked for the title, if anybody has; no number is that it is none of those that are known.
fn picked() -> Value {
    or_nothing(json!({ "tmdb": or_null("integer"), "title": text(), "year": number() }))
}

fn or_nothing(properties: Value) -> Value {
    let mut object = whole(properties);
    object["type"] = json!(["object", "null"]);
    object
}

pub(super) fn hold() -> Value {
    whole(json!({
        "scope": words(&words_of(Scope::ALL, Scope::word)), "name": text(),
        "wait": words(&words_of(Wait::ALL, Wait::word)), "until": number(), "why": text()
    }))
}

/// What is wanted: films and episodes, or a recording.
pub(super) fn wished() -> Value {
    let ids = json!({ "type": "array", "items": { "type": "integer", "minimum": 0, "maximum": u32::MAX } });
    let mut properties = whereto();
    properties["ids"] = ids;
    properties["recording"] = recording();
    let mut wished = object(&[], properties);
    wished["oneOf"] = json!([{ "required": ["ids"] }, { "required": ["recording"] }]);
    wished
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

/// What is done with several.
pub(super) fn acts() -> Value {
    let mut properties = said_of_act();
    let id = json!({ "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX });
    properties["ids"] = json!({ "type": "array", "items": id, "maxItems": 100_000 });
    one_of_both(object(&[], properties))
}

/// What is done with one.
pub(super) fn act() -> Value {
    one_of_both(object(&[], said_of_act()))
}

fn said_of_act() -> Value {
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

/// What came of that, for each.
pub(super) fn answers() -> Value {
    let state = or_word(&words_of(State::ALL, State::word));
    let properties = json!({ "id": { "type": "integer" }, "state": state, "refused": text() });
    whole(json!({ "answers": list(object(&["id", "state"], properties)) }))
}
