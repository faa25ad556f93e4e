//! What the engine says of a session by itself: one event for each long question.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;
use tracing::{debug, info};

use super::answer::Started;
use super::api::Api;
use crate::refusal::Ace;

/// The rest after an answer that was none, or that came at once: an engine that stumbles is not hurried.
const REST: Duration = Duration::from_secs(1);
/// Events of which the names are logged, for each session.
const LOGGED: usize = 8;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// It turned out to be live, or a recording. Nothing here depends on it.
    LiveChanged,
    /// Nothing comes any more: its owner has not paid for an option, or for whatever reason.
    Stopped { option: bool },
    /// It cannot make HLS of it.
    SegmenterFailed,
    /// Something that only it knows, by its name.
    Other(String),
}

impl Event {
    /// Reads the document of an event, which some builds send as a text that has to be read again.
    pub(super) fn read(document: &Value) -> Option<Self> {
        if let Some(text) = document.as_str() {
            let again: Value = serde_json::from_str(text).ok()?;
            return if again.is_string() { None } else { Self::read(&again) };
        }
        Some(match document["name"].as_str()? {
            "live_changed" => Self::LiveChanged,
            "download_stopped" => Self::Stopped { option: document["params"]["reason"] == "missing_option" },
            "segmenter_failed" => Self::SegmenterFailed,
            name => Self::Other(name.chars().filter(|letter| letter.is_ascii_graphic()).take(40).collect()),
        })
    }
}

/// Waits until the engine says that a session has stopped, and why; for ever, if it says nothing or is one that never
/// does.
pub(super) async fn stopped(api: &Api, session: &Started) -> Ace {
    let Some(url) = &session.event else { return std::future::pending().await };
    let mut logged = 0;
    loop {
        let asked = Instant::now();
        match api.event(url).await {
            Ok(None) if asked.elapsed() >= REST => continue, // nothing has happened for a while
            Ok(None) => {}
            Ok(Some(Event::Stopped { option: true })) => return Ace::Option,
            Ok(Some(Event::Stopped { option: false })) => return Ace::Gone,
            Ok(Some(Event::SegmenterFailed)) if session.is_segmented() => return Ace::Gone,
            Ok(Some(Event::Other(name))) if logged < LOGGED => {
                logged += 1;
                info!(name, "the Ace Stream engine tells of something unknown");
            }
            Ok(Some(event)) => debug!(?event, "Ace Stream"),
            // Who reads the media finds out sooner or later, and knows what to do.
            Err(Ace::Gone) => return std::future::pending().await,
            Err(why) => debug!(%why, "no events of Ace Stream"),
        }
        sleep(REST).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use contract::source::BaseUrl;
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn events_are_read_in_both_forms_they_come_in() {
        let stopped =
            json!({"name": "download_stopped", "params": {"reason": "missing_option", "option": "x"}});
        for (document, event) in [
            (json!({"name": "live_changed", "params": {"is_live": 1}}), Some(Event::LiveChanged)),
            (stopped.clone(), Some(Event::Stopped { option: true })),
            (json!(stopped.to_string()), Some(Event::Stopped { option: true })),
            (json!({"name": "download_stopped"}), Some(Event::Stopped { option: false })),
            (json!({"name": "segmenter_failed", "params": []}), Some(Event::SegmenterFailed)),
            (json!({"name": "new\n one", "params": null}), Some(Event::Other("newone".into()))),
            (json!({"params": {}}), None),
            (json!(null), None),
            (json!("no JSON"), None),
            (json!("\"\\\"deep\\\"\""), None),
        ] {
            assert_eq!(Event::read(&document), event, "{document}");
        }
    }

    #[tokio::test]
    async fn an_engine_that_says_at_once_that_nothing_has_happened_is_not_hurried() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let engine = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let _ = socket.read(&mut [0; 4096]).await;
                let nothing =
                    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"response\":null,\"error\":null}";
                let _ = socket.write_all(nothing).await;
                let _ = socket.shutdown().await;
            }
        });
        let api = Api::new(&BaseUrl::new(&engine).unwrap()).unwrap();
        let url = |path| format!("{engine}{path}").parse().unwrap();
        let [playback, stat, command] = ["/ace/r/1", "/ace/stat/1", "/ace/cmd/1"].map(url);
        let event = Some(url("/ace/event/1"));
        let session = Started { playback, stat, command, event, infohash: None };
        assert!(timeout(REST * 5 / 2, stopped(&api, &session)).await.is_err());
        let asked = asked.load(Ordering::Relaxed);
        assert!((1..=3).contains(&asked), "{asked}");
    }
}
