//! Asking the engine: an old server that closes after every answer, may never answer, and says errors with status 200.

use std::error::Error;
use std::time::Duration;

use contract::ace::Kind;
use contract::source::BaseUrl;
use reqwest::{Client, Response};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use url::Url;

use super::answer::{self, Started, Stat};
use super::events::Event;
use super::session::Session;
use crate::refusal::{Ace, Failure};

/// What the engine may take to be connected to,
const CONNECT: Duration = Duration::from_secs(3);
/// for statistics or its version,
const STAT: Duration = Duration::from_secs(3);
/// to tell of an event, after which it is asked again,
const EVENT: Duration = Duration::from_secs(15);
/// to a stop,
pub(super) const STOP: Duration = Duration::from_secs(5);
/// to a start by a content id,
const BY_CONTENT_ID: Duration = Duration::from_secs(12);
/// by an infohash, of which it looks for what it does not know for half a minute,
const BY_INFOHASH: Duration = Duration::from_secs(35);
/// and how long an answer to a start that nobody waits for any more is waited for: the session that it tells of is
/// there, and only its own address can stop it.
const LATE: Duration = Duration::from_secs(60);
/// Redirects on the way to the media.
const REDIRECTS: usize = 5;
/// Bytes of a document.
const DOCUMENT: usize = 512 * 1024;

/// The engine.
pub(super) struct Api {
    http: Client,
    engine: Url,
    /// Where stops go on when whoever had the session is gone.
    runtime: Handle,
    /// Broadcasts that have a session, or one that is being stopped.
    live: watch::Sender<Vec<String>>,
}

/// What a session is to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One transport stream.
    Stream,
    /// A list of segments.
    Segments,
}

impl Api {
    /// The engine at `base`, of which only host and port count. Called within the runtime that stops shall run in.
    pub(super) fn new(base: &BaseUrl) -> reqwest::Result<Self> {
        let http = httpc::plain(CONNECT).http1_only().pool_max_idle_per_host(0).build()?;
        let engine = Url::parse(base.as_str()).expect("a base URL is one");
        Ok(Self { http, engine, runtime: Handle::current(), live: watch::Sender::default() })
    }

    /// Starts a broadcast for a player of its own.
    ///
    /// # Errors
    /// What the engine says, or that it says nothing in time; should it still answer, what it started is stopped. That
    /// it may give the broadcast in another form is [`Ace::Segmented`].
    pub(super) async fn start(&self, kind: Kind, hex: &str, form: Form) -> Result<Session, Ace> {
        let (selector, patience) = match kind {
            Kind::ContentId => ("id", BY_CONTENT_ID),
            Kind::Infohash => ("infohash", BY_INFOHASH),
        };
        let mut url = self.at(match form {
            Form::Stream => "/ace/getstream",
            Form::Segments => "/ace/manifest.m3u8",
        });
        url.query_pairs_mut()
            .append_pair(selector, hex)
            .append_pair("format", "json")
            .append_pair("pid", &player())
            .append_pair("use_api_events", "1")
            .append_pair("use_stop_notifications", "1");
        let (answer, answered) = oneshot::channel();
        let (http, engine, live) = (self.http.clone(), self.engine.clone(), self.live.clone());
        let runtime = self.runtime.clone();
        // Not in the caller's future: when he has gone, the answer is still read, and then dropped.
        self.runtime.spawn(async move {
            let body = timeout(patience + LATE, document(&http, url)).await.unwrap_or(Err(Ace::Silent));
            let started = body.and_then(|body| Started::read(&body, &engine));
            let session = started.map(|started| Session::new(started, http, runtime, live));
            let _ = answer.send(session);
        });
        match timeout(patience, answered).await {
            // Some builds say so when they lack an option that they need for one stream alone.
            Ok(Ok(Err(Ace::Gone))) if form == Form::Stream => Err(Ace::Segmented),
            Ok(Ok(session)) => session,
            Ok(Err(_)) => Err(Ace::Gone), // the runtime is ending
            Err(_) => Err(Ace::Silent),
        }
    }

    /// The media of a session: the answer when its head has come, which takes until there is a first byte.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn media(&self, session: &Started) -> Result<Response, Ace> {
        let response = self.get(session.playback.clone()).await?;
        match response.status().as_u16() {
            200 => Ok(response),
            403 => Err(Ace::Superseded),
            404 | 500 => Err(Ace::Gone),
            _ => Err(Ace::Answer("an unknown status")),
        }
    }

    /// At most so many bytes of what is at an address that the engine has given: a list of segments, or one of them.
    ///
    /// # Errors
    /// A newer session has taken the place of the one that it belongs to ([`Ace::Superseded`]); or there is none now.
    pub(super) async fn piece(&self, given: &Url, most: usize) -> Result<Vec<u8>, Failure> {
        let url = answer::at_engine(&self.engine, given.as_str())?;
        let response = self.get(url).await.map_err(|_| Failure::Silent)?;
        match response.status().as_u16() {
            200 => whole(response, most).await.map_err(|_| Failure::Dead("the connection broke")),
            403 => Err(Ace::Superseded.into()),
            status => Err(Failure::Refused(status)),
        }
    }

    /// Asks for `url`, and for what the engine sends us to.
    async fn get(&self, mut url: Url) -> Result<Response, Ace> {
        for _ in 0..=REDIRECTS {
            let response = self.http.get(url).send().await.map_err(|error| match is_no_http(&error) {
                // A second reader gets two status lines.
                true => Ace::Conflict,
                false => failure(&error),
            })?;
            if !matches!(response.status().as_u16(), 301..=303 | 307 | 308) {
                return Ok(response);
            }
            // Its body is not read: some never end.
            let location = response.headers().get(http::header::LOCATION);
            let location = location.and_then(|location| location.to_str().ok());
            let location = location.ok_or(Ace::Answer("a redirect to nowhere"))?;
            url = answer::at_engine(&self.engine, location)?;
        }
        Err(Ace::Answer("too many redirects"))
    }

    /// Statistics of a session. Asking does not count as watching.
    ///
    /// # Errors
    /// The session is no more, or the engine does not say.
    pub(super) async fn stat(&self, session: &Started) -> Result<Stat, Ace> {
        let url = with(&session.stat, "skip_player_activity=1");
        let body = timeout(STAT, document(&self.http, url)).await.unwrap_or(Err(Ace::Silent))?;
        Stat::read(&body)
    }

    /// What happens next in a session; `None` if that is nothing for a while. Asking does not count as watching.
    ///
    /// # Errors
    /// The session is no more, or the engine does not say.
    pub(super) async fn event(&self, url: &Url) -> Result<Option<Event>, Ace> {
        match timeout(EVENT, document(&self.http, url.clone())).await {
            Ok(body) => answer::event(&body?),
            Err(_) => Ok(None),
        }
    }

    /// The engine's version.
    ///
    /// # Errors
    /// It does not answer.
    pub(super) async fn version(&self) -> Result<String, Ace> {
        let mut url = self.at("/webui/api/service");
        url.set_query(Some("method=get_version"));
        let body = timeout(STAT, document(&self.http, url)).await.unwrap_or(Err(Ace::Silent))?;
        answer::version(&body).ok_or(Ace::Answer("no version"))
    }

    /// Waits until no session of any of `hexes` is there any more: a stop that comes late stops the next one of the
    /// same broadcast too.
    pub(super) async fn stopped(&self, hexes: &[String]) {
        let free = |live: &Vec<String>| !live.iter().any(|hex| hexes.contains(hex));
        let _ = timeout(STOP, self.live.subscribe().wait_for(free)).await;
    }

    /// Waits until every session is stopped.
    pub(super) async fn all_stopped(&self) {
        let _ = timeout(STOP, self.live.subscribe().wait_for(Vec::is_empty)).await;
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.engine.clone();
        url.set_path(path);
        url
    }
}

/// `url` with this in its query, too.
pub(super) fn with(url: &Url, query: &str) -> Url {
    let mut url = url.clone();
    let before = url.query().filter(|before| !before.is_empty()).map(|before| format!("{before}&"));
    url.set_query(Some(&format!("{}{query}", before.unwrap_or_default())));
    url
}

/// A name that no player has had before: one that is used again gets what is left of an old session.
fn player() -> String {
    let random = (rand::random::<u128>() & !(0xF000_u128 << 64) & !(0xC000_u128 << 48))
        | 0x4000_u128 << 64
        | 0x8000_u128 << 48;
    let hex = format!("{random:032x}"); // RFC 9562, version 4
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The body of an answer with status 200.
pub(super) async fn document(http: &Client, url: Url) -> Result<Vec<u8>, Ace> {
    let response = http.get(url).send().await.map_err(|error| failure(&error))?;
    match response.status().as_u16() {
        200 => whole(response, DOCUMENT).await,
        403 => Err(Ace::Superseded),
        500 => Err(Ace::Gone),
        _ => Err(Ace::Answer("an unknown status")),
    }
}

/// The body of an answer, if it has no more than so many bytes.
async fn whole(mut response: Response, most: usize) -> Result<Vec<u8>, Ace> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| failure(&error))? {
        body.extend_from_slice(&part);
        if body.len() > most {
            return Err(Ace::Answer("more than anybody would"));
        }
    }
    Ok(body)
}

/// In words without an address.
pub(super) fn failure(error: &reqwest::Error) -> Ace {
    if error.is_timeout() {
        Ace::Silent
    } else if is_no_http(error) {
        Ace::Answer("no HTTP")
    } else {
        Ace::Unreachable
    }
}

fn is_no_http(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use station::Station;

    use super::*;

    fn api(engine: &str) -> Api {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Api::new(&BaseUrl::new(engine).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn every_way_to_lose_a_session_has_its_name() {
        let station = Station::start(station::Settings::default()).await.unwrap();
        let api = api(&station.engine_url());
        let id = station.content_id(0);
        let first = api.start(Kind::ContentId, &id, Form::Stream).await.unwrap();
        assert_eq!(first.started.infohash.as_ref().unwrap().hex(), station.infohash(0));
        let reading = api.media(&first.started).await.unwrap();
        assert_eq!(api.media(&first.started).await.unwrap_err(), Ace::Conflict);
        assert!(api.stat(&first.started).await.is_ok());
        let second = api.start(Kind::Infohash, &station.infohash(0), Form::Stream).await.unwrap();
        assert_eq!(api.media(&first.started).await.unwrap_err(), Ace::Superseded);
        drop(reading);
        let started = second.started.clone();
        second.stop().await;
        assert_eq!(api.media(&started).await.unwrap_err(), Ace::Gone);
        assert_eq!(api.stat(&started).await.unwrap_err(), Ace::Gone);
        drop(first);
        api.all_stopped().await;
        let ace = station.counts().ace;
        assert_eq!((ace.sessions, ace.conflicts, ace.stops), (0, 1, 1), "{ace:?}");
        assert_eq!(station.counts().requests("ace/cmd"), 2, "each session once");
        assert_eq!(api.version().await.unwrap(), "3.2.3");
    }

    #[tokio::test]
    async fn a_list_of_segments_is_lost_in_as_many_ways() {
        let station = Station::start(station::Settings::default()).await.unwrap();
        let api = api(&station.engine_url());
        let start =
            async || api.start(Kind::ContentId, &station.content_id(0), Form::Segments).await.unwrap();
        let list = async |session: &Session| {
            let list = api.piece(&session.started.playback, DOCUMENT).await?;
            Ok::<_, Failure>(String::from_utf8(list).unwrap())
        };
        let first = start().await;
        assert!(first.started.is_segmented());
        let text = list(&first).await.unwrap();
        let segment = text.lines().find(|line| line.ends_with(".ts")).unwrap().parse().unwrap();
        assert_eq!(api.piece(&segment, 1 << 24).await.unwrap()[0], mpegts::SYNC);
        assert!(api.piece(&segment, 1000).await.is_err(), "more than anybody would");
        let elsewhere = "http://127.0.0.1/admin".parse().unwrap();
        assert!(matches!(api.piece(&elsewhere, DOCUMENT).await, Err(Failure::Ace(Ace::Answer(_)))));
        let second = start().await;
        assert_eq!(list(&first).await, Err(Ace::Superseded.into()));
        assert!(list(&second).await.is_ok());
        let gone = second.started.clone();
        second.stop().await;
        assert_eq!(api.piece(&gone.playback, DOCUMENT).await, Err(Failure::Refused(500)));
    }

    #[tokio::test]
    async fn an_engine_that_is_not_there_is_not_waited_for() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let api = api(&format!("http://{closed}"));
        let start = api.start(Kind::ContentId, &"0".repeat(40), Form::Stream).await;
        let Err(why) = start else { panic!("nobody is there") };
        assert_eq!((why, api.version().await.unwrap_err()), (Ace::Unreachable, Ace::Unreachable));
        api.all_stopped().await;
    }

    #[test]
    fn every_player_has_a_name_of_its_own() {
        let (one, other) = (player(), player());
        assert_ne!(one, other);
        let parts: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert!(one.as_bytes()[14] == b'4' && b"89ab".contains(&one.as_bytes()[19]), "{one}");
    }

    #[test]
    fn a_query_is_appended_to_what_there_is() {
        let url = |text: &str| with(&Url::parse(text).unwrap(), "method=stop").to_string();
        assert_eq!(url("http://h/ace/cmd/1/2"), "http://h/ace/cmd/1/2?method=stop");
        assert_eq!(url("http://h/ace/cmd/1/2?a=b"), "http://h/ace/cmd/1/2?a=b&method=stop");
    }
}
