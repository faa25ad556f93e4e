//! Shapes of what is sent and told, as JSON Schema (the dialect of OpenAPI 3.1).

use serde_json::{Value, json};

/// An object of these properties and no others.
pub fn object(required: &[&str], properties: Value) -> Value {
    json!({
        "type": "object", "required": required, "properties": properties, "additionalProperties": false
    })
}

/// An object that has all of these properties, and no others.
pub fn whole(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flatten().map(|(name, _)| name).collect();
    json!({
        "type": "object", "required": required, "properties": properties, "additionalProperties": false
    })
}

/// An array.
pub fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// What is told by keys that are not known before.
pub fn map(of: Value) -> Value {
    json!({ "type": "object", "additionalProperties": of })
}

/// A string.
pub fn text() -> Value {
    json!({ "type": "string" })
}

/// True or false.
pub fn flag() -> Value {
    json!({ "type": "boolean" })
}

/// A whole number, 0 or more.
pub fn number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

/// A simple type, or null.
pub fn or_null(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

/// One of these strings.
pub fn words(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// The schema of this name in the same document.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// What is wrong (RFC 9457): the schema `Problem`.
pub fn problem() -> Value {
    whole(json!({ "title": text(), "status": number(), "detail": text() }))
}
