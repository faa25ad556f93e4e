//! A summary sent to an address.

use std::time::Duration;

use contract::config::seconds;
use contract::secret::Secret;
use reqwest::{Client, header};
use serde::Deserialize;

/// `[ingest.webhook]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhook {
    /// Where the summary is posted; a secret, since who knows the address of a chat's webhook may write there. Empty:
    /// nowhere.
    #[serde(deserialize_with = "address")]
    pub url: Secret,
    /// How long that may take, in seconds.
    #[serde(deserialize_with = "seconds")]
    pub timeout: Duration,
}

impl Default for Webhook {
    fn default() -> Self {
        Self { url: Secret::default(), timeout: Duration::from_secs(10) }
    }
}

/// An address, or nothing. What is wrong is not shown: it is a secret.
pub(crate) fn address<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let secret = Secret::deserialize(deserializer)?;
    let text = secret.reveal();
    let http = || reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if text.is_empty() || http() {
        return Ok(secret);
    }
    Err(serde::de::Error::custom("expected an address such as https://example.org/hook"))
}

/// Posts `summary`. The answer's body is not read.
///
/// # Errors
/// What went wrong, without the address.
pub(super) async fn post(webhook: &Webhook, summary: &[u8]) -> Result<(), String> {
    let url = webhook.url.reveal();
    if url.is_empty() {
        return Ok(());
    }
    let named = |why: String| format!("webhook: {why}");
    let client = client(webhook.timeout).map_err(|error| named(words(error, webhook.timeout)))?;
    let request = client.post(url).header(header::CONTENT_TYPE, "application/json").body(summary.to_vec());
    let answer = request.send().await.map_err(|error| named(words(error, webhook.timeout)));
    let status = answer?.status();
    if status.is_success() { Ok(()) } else { Err(named(format!("it answered {status}"))) }
}

pub(crate) fn client(timeout: Duration) -> reqwest::Result<Client> {
    httpc::outward(timeout).timeout(timeout).user_agent("coax").build()
}

pub(crate) fn words(error: reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", timeout.as_secs_f64());
    }
    if error.is_builder() {
        return "`url` is no address; expected one such as https://example.org/hook".into();
    }
    let error = error.without_url();
    let mut causes = vec![error.to_string()];
    let mut cause = std::error::Error::source(&error);
    while let Some(deeper) = cause {
        causes.push(deeper.to_string());
        cause = deeper.source();
    }
    causes.dedup();
    causes.join(": ")
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// What a receiver that answers so gets, and what becomes of it here.
    async fn sent(answer: &'static str) -> (String, Result<(), String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook/hunter2", listener.local_addr().unwrap());
        let receiving = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut got = Vec::new();
            while !got.ends_with(b"{\"text\":\"done\"}") {
                assert!(socket.read_buf(&mut got).await.unwrap() > 0);
            }
            socket.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(got).unwrap()
        };
        let webhook = Webhook { url: Secret::new(url), ..Webhook::default() };
        tokio::join!(receiving, post(&webhook, b"{\"text\":\"done\"}"))
    }

    #[tokio::test]
    async fn the_summary_arrives_as_json() {
        let (got, posted) = sent("HTTP/1.1 204 No Content\r\n\r\n").await;
        assert_eq!(posted, Ok(()));
        assert!(got.starts_with("POST /hook/hunter2 HTTP/1.1\r\n"), "{got}");
        assert!(got.contains("content-type: application/json"), "{got}");
    }

    #[tokio::test]
    async fn what_goes_wrong_is_told_without_the_address() {
        let (_, posted) = sent("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\n\r\n").await;
        assert_eq!(posted.unwrap_err(), "webhook: it answered 302 Found");
        let (_, posted) = sent("HTTP/1.1 404 Not Found\r\n\r\n").await;
        assert_eq!(posted.unwrap_err(), "webhook: it answered 404 Not Found");
        for url in ["http://127.0.0.1:9/hunter2", "hunter2", "ftp://hunter2"] {
            let webhook = Webhook { url: Secret::new(url), ..Webhook::default() };
            let why = post(&webhook, b"{}").await.unwrap_err();
            assert!(why.starts_with("webhook: ") && !why.contains("hunter2"), "{why}");
            assert!(!format!("{webhook:?}").contains("hunter2"));
        }
        assert_eq!(post(&Webhook::default(), b"{}").await, Ok(()), "no address, nobody to tell");
    }

    #[tokio::test]
    async fn a_receiver_that_does_not_answer_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let webhook = Webhook { url: Secret::new(url), timeout: Duration::from_millis(200) };
        assert_eq!(post(&webhook, b"{}").await.unwrap_err(), "webhook: no answer within 0.2 s");
    }
}
