//! Answers of the administration, and what is sent to it.

use http::StatusCode;
use httpd::api::Refusal;
use httpd::{Request, Response, api, reply};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A longer document is none of ours.
const MOST: usize = 256 * 1024;

/// What `document` is.
pub(super) fn json(status: StatusCode, document: &impl Serialize) -> Response {
    api::told(status, document)
}

/// It is done, and there is nothing to tell.
pub(super) fn done() -> Response {
    reply::empty(StatusCode::NO_CONTENT)
}

/// What was sent.
pub(super) async fn sent<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    api::sent(request, MOST).await.map_err(Refusal::Wrong)
}
