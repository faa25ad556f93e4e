//! Shapes of a difference, and of what is chosen of it.

use httpd::api::shape::{flag, list, map, number, object, or_null, text, whole, words};
use serde_json::{Value, json};

use super::whereto;
use crate::difference::Word;
use crate::quality::LADDER;

pub(super) fn difference() -> Value {
    let entry = whole(json!({
        "place": number(), "class": words(&Word::ALL.map(Word::word)), "reason": or_null("string"),
        "kind": words(&["movie", "series", "novela", "live"]), "title": text(), "year": number(),
        "season": or_null("integer"), "episode": or_null("integer"), "name": text(), "quality": text(),
        "language": or_null("string"), "voice": or_null("string"), "group": text(), "tmdb": number(),
        "available": flag(),
    }));
    whole(json!({ "counts": map(number()), "total": number(), "entries": list(entry) }))
}

/// What is chosen of a list: what meets all of it that is said.
pub(super) fn chosen() -> Value {
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
