//! The table of endpoints for machines (OpenAPI 3.1).

use httpd::api::{self, Operation};
use serde_json::{Value, json};

use super::endpoint::Endpoint;
use super::schema::{Parameter, Schema};
use super::table::ENDPOINTS;

/// The `paths` and `components` of `/api/openapi.json` that are ours.
pub fn described() -> Value {
    let schemas = Schema::ALL.map(|schema| (schema.name(), schema.shape()));
    let mut document = api::document(ENDPOINTS.iter().map(operation), schemas.into());
    document["components"]["securitySchemes"] = json!({
        "login": {
            "type": "apiKey", "in": "cookie", "name": contract::user::Token::COOKIE,
            "description": "Given by the page to a user who has logged in; what he may do, `coax user set NAME --downloads` says"
        },
        "token": {
            "type": "http", "scheme": "bearer",
            "description": "A token of `coax user token`, for what its user may do with downloads; with --admin, for everything"
        }
    });
    document
}

fn operation(endpoint: &Endpoint) -> Operation {
    let role = endpoint.role.map_or("user", |role| role.word());
    let takes = endpoint.body.is_some() || !endpoint.query.is_empty();
    let usual = [(401, true), (403, true), (429, true), (400, takes)];
    let usual = usual.into_iter().filter(|(_, may)| *may).map(|(status, _)| status);
    let (status, told) = endpoint.answer;
    Operation {
        method: endpoint.method,
        path: endpoint.path,
        id: format!("{:?}", endpoint.does),
        summary: endpoint.summary,
        query: endpoint.query.iter().copied().map(Parameter::described).collect(),
        body: endpoint.body.map(|body| (body.media(), body.reference())),
        answer: (status, told.map(|schema| (schema.media()[0], schema.reference()))),
        refusals: usual.chain(endpoint.refusals.iter().copied()).collect(),
        security: Some(json!([{ "bearer": [] }, { "token": [role] }, { "login": [role] }])),
    }
}
