//! What the engine says, in whatever form it says it. Pure.
//!
//! Errors come as JSON with status 200. Numbers may be texts, negative or missing; addresses name whatever host the
//! engine believes to be.

use contract::ace::{AceId, Kind};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::events::Event;
use crate::refusal::Ace;

/// What a start was answered with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Started {
    pub(super) playback: Url,
    pub(super) stat: Url,
    pub(super) command: Url,
    /// Where it tells what happens; not every build has one.
    pub(super) event: Option<Url>,
    /// Names the broadcast, whatever it was asked for by.
    pub(super) infohash: Option<AceId>,
}

/// Statistics of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Stat {
    pub(crate) status: Status,
    pub(crate) peers: u64,
    /// KiB per second,
    pub(crate) speed_down: u64,
    /// likewise.
    pub(crate) speed_up: u64,
    /// Bytes, in steps of 16 KiB,
    pub(crate) downloaded: u64,
    /// likewise.
    pub(crate) uploaded: u64,
    /// Percent of what is collected before the first byte is given.
    pub(crate) progress: u64,
    /// Percent; 0 for live.
    pub(crate) total_progress: u64,
}

/// What the engine is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// Nothing, or it does not say.
    #[default]
    Idle,
    /// Looking around.
    Check,
    /// Collecting before the first byte.
    Prebuf,
    /// Receiving.
    Dl,
    /// Collecting again.
    Buf,
    /// It has given up.
    Err,
}

/// `engine` with the path and the query of `given`, whose host is not believed.
///
/// # Errors
/// It leads to nothing that an engine serves.
pub(super) fn at_engine(engine: &Url, given: &str) -> Result<Url, Ace> {
    const ELSEWHERE: Ace = Ace::Answer("an address that is not its own");
    let given = engine.join(given).map_err(|_| ELSEWHERE)?;
    // SECURITY: whoever made the broadcast may have a say in what the engine answers.
    if !["/ace/", "/content/", "/hls/"].iter().any(|prefix| given.path().starts_with(prefix)) {
        return Err(ELSEWHERE);
    }
    let mut url = engine.clone();
    url.set_path(given.path());
    url.set_query(given.query());
    Ok(url)
}

/// The document within an answer.
///
/// # Errors
/// What the engine says instead.
fn response(body: &[u8]) -> Result<Value, Ace> {
    let mut document: Value = serde_json::from_slice(body).map_err(|_| Ace::Answer("no JSON"))?;
    let error = &document["error"];
    if error.is_null() || error == "" {
        return Ok(document["response"].take());
    }
    let lost = document["extra_data"]["reason"] == "missing_option";
    let text = error.as_str().or_else(|| error["message"].as_str()).unwrap_or("").to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    Err(match () {
        () if lost || says(&["premium", "subscription", "missing_option"]) => Ace::Option,
        () if says(&["unknown playback session"]) => Ace::Gone,
        () if says(&["failed to load", "cannot get transport", "cannot load", "not found"]) => Ace::Unknown,
        () => Ace::Answer("an error"),
    })
}

impl Started {
    /// Whether what it gives is a list of segments (RFC 8216), and not one transport stream.
    pub(super) fn is_segmented(&self) -> bool {
        self.playback.path().ends_with(".m3u8")
    }

    /// Reads the answer to a start.
    ///
    /// # Errors
    /// It was none.
    pub(super) fn read(body: &[u8], engine: &Url) -> Result<Self, Ace> {
        let response = response(body)?;
        let url = |name: &str| {
            let given = response[name].as_str().filter(|given| !given.is_empty());
            at_engine(engine, given.ok_or(Ace::Answer("no address"))?)
        };
        let infohash = response["infohash"].as_str();
        Ok(Self {
            playback: url("playback_url")?,
            stat: url("stat_url")?,
            command: url("command_url")?,
            event: url("event_url").ok(),
            infohash: infohash.and_then(|hex| AceId::new(Kind::Infohash, hex).ok()),
        })
    }
}

/// Reads the answer to a question for events; `None` if it tells of none.
///
/// # Errors
/// What the engine says instead.
pub(super) fn event(body: &[u8]) -> Result<Option<Event>, Ace> {
    Ok(Event::read(&response(body)?))
}

impl Stat {
    /// Reads an answer to a request for statistics.
    ///
    /// # Errors
    /// The session is no more, or nobody understands it.
    pub(super) fn read(body: &[u8]) -> Result<Self, Ace> {
        let response = response(body)?;
        let number = |name: &str| match &response[name] {
            Value::Number(number) => number.as_f64().map_or(0, |number| number.max(0.0) as u64),
            Value::String(text) => text.trim().parse().unwrap_or(0),
            _ => 0,
        };
        let status = match response["status"].as_str().unwrap_or("") {
            "dl" => Status::Dl,
            "prebuf" => Status::Prebuf,
            "buf" | "wait" => Status::Buf,
            "check" | "checking" | "loading" => Status::Check,
            "err" => Status::Err,
            _ => Status::Idle,
        };
        Ok(Self {
            status,
            peers: number("peers").saturating_add(number("http_peers")),
            speed_down: number("speed_down").saturating_add(number("http_speed_down")),
            speed_up: number("speed_up"),
            downloaded: number("downloaded").saturating_add(number("http_downloaded")),
            uploaded: number("uploaded"),
            progress: number("progress"),
            total_progress: number("total_progress"),
        })
    }

    /// It gives bytes: peers alone prove nothing.
    pub(crate) fn is_alive(&self) -> bool {
        self.status == Status::Dl && self.downloaded > 0
    }
}

/// The engine's version, if `body` tells it.
pub(super) fn version(body: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let version = document["result"]["version"].as_str()?;
    let plain = version.len() <= 32 && version.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine() -> Url {
        Url::parse("http://engine:6878").unwrap()
    }

    #[test]
    fn addresses_lead_to_the_engine_whatever_host_they_name() {
        let at = |given: &str| at_engine(&engine(), given).map(String::from);
        assert_eq!(at("http://127.0.0.1:9/ace/r/1/2?a=b").unwrap(), "http://engine:6878/ace/r/1/2?a=b");
        assert_eq!(at("/content/1/2").unwrap(), "http://engine:6878/content/1/2");
        for elsewhere in ["http://engine:6878/webui/x", "/ace/../etc", "file:///ace/x/../../y", "", "http://"]
        {
            assert!(at(elsewhere).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn a_start_is_an_answer_only_with_its_addresses() {
        let hash = "ABCDEF0123456789abcdef0123456789abcdef01";
        let text = format!(
            r#"{{"response":{{"playback_url":"http://x/ace/r/1/2","stat_url":"http://x/ace/stat/1/2",
            "command_url":"http://x/ace/cmd/1/2","infohash":"{hash}","is_live":true,"client_session_id":-1}},"error":null}}"#
        );
        let started = Started::read(text.as_bytes(), &engine()).unwrap();
        assert_eq!(started.stat.as_str(), "http://engine:6878/ace/stat/1/2");
        assert_eq!(started.infohash.unwrap().hex(), hash.to_ascii_lowercase());
        for (text, why) in [
            (r#"{"response":null,"error":"failed to load content"}"#, Ace::Unknown),
            (r#"{"response":null,"error":"premium subscription is required"}"#, Ace::Option),
            (r#"{"response":null,"error":"x","extra_data":{"reason":"missing_option"}}"#, Ace::Option),
            (r#"{"response":{"infohash":null},"error":null}"#, Ace::Answer("no address")),
            (r#"{"response":null,"error":"whatever"}"#, Ace::Answer("an error")),
            ("<html>", Ace::Answer("no JSON")),
        ] {
            assert_eq!(Started::read(text.as_bytes(), &engine()), Err(why), "{text}");
        }
    }

    #[test]
    fn statistics_of_any_shape_are_numbers() {
        let stat = |text: &str| Stat::read(text.as_bytes());
        assert_eq!(stat(r#"{"response":{},"error":null}"#), Ok(Stat::default()));
        assert_eq!(stat(r#"{"response":null,"error":"unknown playback session id"}"#), Err(Ace::Gone));
        let odd = r#"{"response":{"status":"dl","peers":"7","speed_down":-3,"downloaded":1.5e6,"progress":null,
                     "uploaded":[1]},"error":null}"#;
        let expected = Stat { status: Status::Dl, peers: 7, downloaded: 1_500_000, ..Stat::default() };
        assert_eq!(stat(odd), Ok(expected));
        assert!(expected.is_alive() && !Stat { downloaded: 0, ..expected }.is_alive());
        assert!(!Stat { status: Status::Prebuf, ..expected }.is_alive());
        assert_eq!(version(br#"{"result":{"version":"3.2.3"},"error":null}"#), Some("3.2.3".into()));
        assert_eq!(version(b"[]"), None);
    }
}
