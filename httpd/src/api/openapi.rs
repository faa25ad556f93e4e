//! A table of endpoints for machines (OpenAPI 3.1).

use http::StatusCode;
use serde_json::{Value, json};

use super::{Verb, names};

/// One endpoint, as it is described.
pub struct Operation {
    /// How it is asked.
    pub method: Verb,
    /// Where, with `{names}` in the places of what differs; `{id}` and `{number}` are numbers.
    pub path: &'static str,
    /// By which programs know it.
    pub id: String,
    /// In a few words.
    pub summary: &'static str,
    /// What may stand in the query: parameter objects.
    pub query: Vec<Value>,
    /// What must be sent: its media types and its schema.
    pub body: Option<(&'static [&'static str], Value)>,
    /// What comes back when it is done: the status, and a media type with its schema.
    pub answer: (u16, Option<(&'static str, Value)>),
    /// The statuses of refusals, each a problem document (RFC 9457).
    pub refusals: Vec<u16>,
    /// What the document says of who may ask, if it is not what it says of all.
    pub security: Option<Value>,
}

/// The `paths` and the `components` of a document with these operations and named schemas, of which `Problem` is one.
pub fn document(operations: impl IntoIterator<Item = Operation>, schemas: Vec<(String, Value)>) -> Value {
    let mut paths = json!({});
    for operation in operations {
        let method = operation.method.word().to_ascii_lowercase();
        let path = operation.path;
        paths[path][method] = operation.described();
    }
    let schemas: serde_json::Map<String, Value> = schemas.into_iter().collect();
    json!({ "paths": paths, "components": { "schemas": schemas } })
}

impl Operation {
    fn described(self) -> Value {
        let places = names(self.path).map(|name| {
            let kind = if matches!(name, "number" | "id") { "integer" } else { "string" };
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": kind } })
        });
        let mut operation = json!({
            "operationId": self.id,
            "summary": self.summary,
            "parameters": places.chain(self.query).collect::<Vec<_>>(),
        });
        let mut responses = json!({});
        let (status, told) = self.answer;
        responses[status.to_string()] = json!({ "description": phrase(status) });
        if let Some((media, schema)) = told {
            responses[status.to_string()]["content"][media] = json!({ "schema": schema });
        }
        for status in self.refusals {
            let problem = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
            let content = json!({ "application/problem+json": problem });
            responses[status.to_string()] = json!({ "description": phrase(status), "content": content });
        }
        operation["responses"] = responses;
        if let Some(security) = self.security {
            operation["security"] = security;
        }
        if let Some((medias, schema)) = self.body {
            operation["requestBody"] = json!({ "required": true });
            for media in medias {
                operation["requestBody"]["content"][*media] = json!({ "schema": schema });
            }
        }
        operation
    }
}

fn phrase(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("")
}
