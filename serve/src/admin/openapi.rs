//! `/api/openapi.json`: the table of endpoints for machines (OpenAPI 3.1).

use http::StatusCode;
use httpd::{Request, Response, reply};
use serde_json::{Value, json};

use super::schema::Schema;
use super::table::{ENDPOINTS, Endpoint};

/// Answers with the document. It holds nothing of this installation.
pub(super) fn answer(_request: &Request) -> Response {
    reply::cors(reply::json(StatusCode::OK, document().to_string()))
}

/// The document of /api/openapi.json.
pub fn document() -> Value {
    let mut paths = json!({});
    for endpoint in ENDPOINTS {
        paths[endpoint.path][endpoint.method.word().to_ascii_lowercase()] = operation(endpoint);
    }
    let mut schemas = json!({});
    for schema in Schema::ALL {
        schemas[schema.name()] = schema.shape();
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Coax: administration",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Users, sources, releases and what is running. Times are Unix times in seconds."
        },
        "security": [{ "bearer": [] }, { "cookie": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer",
                    "description": "`admin_key` of [serve], or a token of `coax user token add NAME DEVICE --admin`"
                },
                "cookie": {
                    "type": "apiKey", "in": "cookie", "name": "coax_admin",
                    "description": "Given by /api/admin/login to a user who is `--admin yes`"
                }
            }
        }
    })
}

fn operation(endpoint: &Endpoint) -> Value {
    let names = endpoint.names().map(|name| {
        let kind = if matches!(name, "number" | "id") { "integer" } else { "string" };
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": kind } })
    });
    let mut operation = json!({
        "operationId": format!("{:?}", endpoint.does),
        "summary": endpoint.summary,
        "parameters": names.collect::<Vec<_>>(),
        "responses": responses(endpoint),
    });
    if endpoint.public {
        operation["security"] = json!([]);
    }
    if let Some(body) = endpoint.body {
        let content = json!({ "application/json": { "schema": body.reference() } });
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn responses(endpoint: &Endpoint) -> Value {
    let (status, schema) = endpoint.answer;
    let mut responses = json!({});
    responses[status.to_string()] = match schema {
        Some(schema) => {
            let content = json!({ "application/json": { "schema": schema.reference() } });
            json!({ "description": phrase(status), "content": content })
        }
        None => json!({ "description": phrase(status) }),
    };
    // Who logs in may be refused as well; the document is for everybody.
    let closed = !endpoint.public || endpoint.body.is_some();
    let usual = [(401, closed), (403, closed), (429, closed), (400, endpoint.body.is_some())];
    let usual = usual.into_iter().filter(|(_, may)| *may).map(|(status, _)| status);
    for status in usual.chain(endpoint.refusals.iter().copied()) {
        let content = json!({ "application/problem+json": { "schema": Schema::Problem.reference() } });
        responses[status.to_string()] = json!({ "description": phrase(status), "content": content });
    }
    responses
}

fn phrase(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(key, value)| match value {
                Value::String(text) if key == "$ref" => found.push(text.clone()),
                value => references(value, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn the_document_is_the_table_and_refers_to_what_it_has() {
        let document = document();
        let operations: usize =
            document["paths"].as_object().unwrap().values().map(|it| it.as_object().unwrap().len()).sum();
        assert_eq!(operations, ENDPOINTS.len());
        for endpoint in ENDPOINTS {
            let operation = &document["paths"][endpoint.path][endpoint.method.word().to_ascii_lowercase()];
            assert_eq!(operation["summary"], endpoint.summary);
            assert_eq!(operation["security"] == json!([]), endpoint.public, "{}", endpoint.path);
        }
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in &found {
            let there = document.pointer(reference.trim_start_matches('#'));
            assert!(there.is_some_and(Value::is_object), "{reference}");
        }
        for schema in Schema::ALL {
            assert!(
                found.iter().any(|it| it.ends_with(&format!("/{}", schema.name()))),
                "{schema:?} is used"
            );
        }
    }
}
