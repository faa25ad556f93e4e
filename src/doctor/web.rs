//! Asking those who are no providers: our own programs, wherever they run.

use std::error::Error;
use std::time::Duration;

use reqwest::{Client, Response};

/// A client that asks whom it is told to and nobody else, and has this patience with him.
///
/// # Errors
/// The TLS machinery cannot be set up.
pub(crate) fn client(patience: Duration) -> reqwest::Result<Client> {
    httpc::plain(patience).timeout(patience).user_agent("coax").build()
}

/// Whether Coax answers at `base`, and what it says of itself: with a release, or without one yet.
///
/// # Errors
/// Who answers is somebody else, or nobody, in words without the address.
pub(super) async fn health(client: &Client, base: &str) -> Result<Health, String> {
    let answer = client.get(format!("{base}/health")).send().await.map_err(words)?;
    let status = answer.status();
    let body = body(answer, 1 << 16).await.map_err(words)?;
    let document: Option<Document> = serde_json::from_slice(&body).ok();
    match document.as_ref().map(|document| document.status.as_str()) {
        Some("ok") => Ok(Health::Serving),
        Some(_) if status == 503 => Ok(Health::Empty),
        _ => Err(format!("what answers there is not Coax ({status})")),
    }
}

/// The beginning of an answer, `most` bytes of it or a little more: who answers may be anybody.
pub(crate) async fn body(mut answer: Response, most: usize) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() < most {
        let Some(chunk) = answer.chunk().await? else { break };
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// How a program of ours is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// It has a release.
    Serving,
    /// It has none yet.
    Empty,
}

#[derive(serde::Deserialize)]
struct Document {
    status: String,
}

/// Why there is no answer.
fn words(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".into();
    }
    let error = error.without_url();
    let mut deepest: &dyn Error = &error;
    while let Some(deeper) = deepest.source() {
        deepest = deeper;
    }
    deepest.to_string()
}
