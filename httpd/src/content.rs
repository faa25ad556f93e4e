//! What a client sends, whole.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};

use crate::Request;

/// A client that takes longer to send it is not heard.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The body of a request; `None` if it is longer than `most` bytes, breaks off or does not arrive within 10 s.
pub async fn content(request: Request, most: usize) -> Option<Bytes> {
    let body = Limited::new(request.into_body(), most).collect();
    let body = tokio::time::timeout(TIMEOUT, body).await.ok()?.ok()?;
    Some(body.to_bytes())
}
