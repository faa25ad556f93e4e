//! Answers of the administration, and what is sent to it.

use http::StatusCode;
use http::header::{self, HeaderValue};
use httpd::{Request, Response, reply};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;

/// A longer document is none of ours.
const MOST: usize = 256 * 1024;

/// What `document` is.
pub(super) fn json(status: StatusCode, document: &impl Serialize) -> Response {
    reply::json(status, serde_json::to_vec(document).expect("plain fields become JSON"))
}

/// It is done, and there is nothing to tell.
pub(super) fn done() -> Response {
    reply::empty(StatusCode::NO_CONTENT)
}

/// For the one who asked, and for nobody else: no cache, and no page of another site.
pub(super) fn closed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    response
}

/// What was sent.
///
/// SECURITY: only as JSON. A form on a page of another site can send text, and forms, and nothing else without asking first.
pub(super) async fn sent<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or("").split(';').next().unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::Wrong("send it as application/json".into()));
    }
    let Some(content) = httpd::content(request, MOST).await else {
        return Err(Refusal::Wrong("what was sent is longer than 256 KiB, or does not arrive".into()));
    };
    // A list of what stands in an object would be taken for one.
    if content.trim_ascii_start().first() != Some(&b'{') {
        return Err(Refusal::Wrong("what is expected is an object".into()));
    }
    serde_json::from_slice(&content).map_err(|error| Refusal::Wrong(told(&error)))
}

/// SECURITY: what is wrong with a document may quote it, and there may be a password in it.
fn told(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let shape = ["unknown field", "missing field", "duplicate field", "unknown variant"];
    match shape.iter().any(|it| said.starts_with(it)) {
        true => said,
        false => {
            format!("not the document that is expected, at line {} column {}", error.line(), error.column())
        }
    }
}
