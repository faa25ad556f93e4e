//! `/api/openapi.json`: the table of endpoints for machines (OpenAPI 3.1).

use http::StatusCode;
use httpd::api::{self, Operation};
use httpd::{Response, reply};
use serde_json::{Value, json};

use super::schema::Schema;
use super::table::{ENDPOINTS, Endpoint};
use crate::Server;

/// Answers with the document, and with what the programs beside this one add to it. It holds nothing of this installation.
pub(super) fn answer(server: &Server) -> Response {
    let mut document = document();
    merge(&mut document, &server.programs.described);
    reply::cors(reply::json(StatusCode::OK, document.to_string()))
}

/// The document of /api/openapi.json, as far as it is ours.
pub fn document() -> Value {
    let schemas = Schema::ALL.map(|schema| (schema.name(), schema.shape()));
    let mut document = api::document(ENDPOINTS.iter().map(operation), schemas.into());
    let about = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Coax: administration",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Users, sources, releases and what is running. Times are Unix times in seconds."
        },
        "security": [{ "bearer": [] }, { "cookie": [] }],
        "components": {
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
    });
    merge(&mut document, &about);
    document
}

/// Puts to `document` what `more` has beside it. What both have is as `document` has it.
fn merge(document: &mut Value, more: &Value) {
    let (Some(own), Some(others)) = (document.as_object_mut(), more.as_object()) else { return };
    for (key, value) in others {
        match own.get_mut(key) {
            Some(own) => merge(own, value),
            None => drop(own.insert(key.clone(), value.clone())),
        }
    }
}

fn operation(endpoint: &Endpoint) -> Operation {
    // Who logs in may be refused as well; the document is for everybody.
    let closed = !endpoint.public || endpoint.body.is_some();
    let usual = [(401, closed), (403, closed), (429, closed), (400, endpoint.body.is_some())];
    let usual = usual.into_iter().filter(|(_, may)| *may).map(|(status, _)| status);
    let (status, told) = endpoint.answer;
    Operation {
        method: endpoint.method,
        path: endpoint.path,
        id: format!("{:?}", endpoint.does),
        summary: endpoint.summary,
        query: Vec::new(),
        body: endpoint.body.map(|body| (&["application/json"][..], body.reference())),
        answer: (status, told.map(|schema| ("application/json", schema.reference()))),
        refusals: usual.chain(endpoint.refusals.iter().copied()).collect(),
        security: endpoint.public.then(|| json!([])),
    }
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
