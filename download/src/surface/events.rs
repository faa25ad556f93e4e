//! What happened, and what happens.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{self, HeaderValue};
use http::{Method, StatusCode};
use httpd::api::Refusal;
use httpd::{Body, Request, Response, api};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Service;
use super::access::Asker;
use super::answer::Query;
use super::schema::Parameter;
use super::speed::{Going, Speeds};
use crate::store::{Event, Store, StoreError, Told};

/// How often it is looked what has happened.
const LOOK: Duration = Duration::from_millis(500);
/// How often whoever follows is told how far downloads are: every second time.
const PROGRESS: u32 = 2;
/// After so long without anything to tell a comment keeps proxies from closing the connection.
const SILENCE: Duration = Duration::from_secs(15);
/// Whoever missed more than so many events is told to ask for everything anew.
const MISSED: i64 = 1000;
/// Events that are told at a time; the others follow at once.
const AT_ONCE: usize = 200;
/// How many are told if nobody says.
const USUAL: usize = 100;

/// `GET /api/log`.
pub(super) async fn log(service: &Service, request: &Request) -> Result<Response, Refusal> {
    let query = Query::of(request);
    let told = Told {
        before: query.read("before")?,
        level: query.read("level")?,
        job: query.read("download")?,
        text: query.text("text").unwrap_or("").to_owned(),
    };
    let most = query.number("most", USUAL, Parameter::MOST)?;
    let events = service.aside(move |store| store.told(&told, most)).await?;
    let events: Vec<Value> = events.iter().map(|event| shown(event, true)).collect();
    Ok(api::told(StatusCode::OK, &json!({ "events": events })))
}

/// `GET /api/events`: server-sent events, until whoever follows leaves.
pub(super) async fn follow(service: &Service, asker: &Asker, request: &Request) -> Result<Response, Refusal> {
    let turn = service.listeners.clone().try_acquire_owned();
    let turn =
        turn.map_err(|_| Refusal::Unavailable("too many follow what happens; try again later".into()))?;
    let last =
        request.headers().get("last-event-id").and_then(|id| id.to_str().ok()?.trim().parse::<i64>().ok());
    let newest = service.aside(Store::newest_event).await?;
    // Ids rise by one, so that their difference is how many were missed. One from the future is of another store.
    let is_near = |last: &i64| (0..=MISSED).contains(&(newest - last));
    let mut waiting = VecDeque::from([Bytes::from_static(b"retry: 2000\n\n")]);
    if last.is_some_and(|last| !is_near(&last)) {
        waiting.push_back(message(Some(newest), "reset", &json!({})));
    }
    let following = Following {
        store: service.store.clone(),
        after: last.filter(is_near).unwrap_or(newest),
        is_admin: asker.is_admin(),
        waiting,
        looks: 0,
        speeds: Speeds::default(),
        progress: Vec::new(),
        spoken: Instant::now(),
        closing: service.closing.clone(),
        _turn: turn,
    };
    let body = if request.method() == Method::HEAD {
        Body::empty()
    } else {
        Body::stream(stream::unfold(following, Following::next))
    };
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    // Proxies that collect answers would tell nothing until the end.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Somebody who is told what happens. He asks the store himself, so that whoever reads slowly keeps nobody else waiting and
/// nothing is kept for him.
struct Following {
    store: Arc<Store>,
    /// The last event that he was told.
    after: i64,
    is_admin: bool,
    waiting: VecDeque<Bytes>,
    looks: u32,
    speeds: Speeds,
    progress: Vec<Going>,
    /// When he was last told something.
    spoken: Instant,
    closing: CancellationToken,
    _turn: OwnedSemaphorePermit,
}

impl Following {
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        loop {
            if let Some(bytes) = self.waiting.pop_front() {
                self.spoken = Instant::now();
                return Some((Ok(bytes), self));
            }
            if self.looks > 0 {
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    () = self.closing.cancelled() => return None,
                }
            }
            if let Err(error) = self.look().await {
                // Cut, so that he comes again and is told why not.
                return Some((Err(io::Error::other(error)), self));
            }
            if self.waiting.is_empty() && self.spoken.elapsed() >= SILENCE {
                self.waiting.push_back(Bytes::from_static(b": still here\n\n"));
            }
        }
    }

    /// Notes what is to be told.
    async fn look(&mut self) -> Result<(), StoreError> {
        let (store, after, tells_progress) =
            (self.store.clone(), self.after, self.looks.is_multiple_of(PROGRESS));
        self.looks = self.looks.wrapping_add(1).max(1);
        let asking = tokio::task::spawn_blocking(move || {
            let events = store.events(after, None, AT_ONCE)?;
            Ok((events, if tells_progress { Some(store.busy()?) } else { None }))
        });
        let asked: Result<_, StoreError> = asking.await.unwrap_or_else(|_| Ok((Vec::new(), None)));
        let (events, progress) = asked?;
        if let Some(last) = events.last() {
            self.after = last.id;
        }
        for event in &events {
            self.waiting.push_back(message(Some(event.id), "event", &shown(event, self.is_admin)));
        }
        if let Some(progress) = progress {
            let progress = self.speeds.of(progress, Instant::now());
            if progress != self.progress {
                self.waiting.push_back(message(None, "progress", &json!(progress)));
                self.progress = progress;
            }
        }
        Ok(())
    }
}

/// A message of the stream (HTML Living Standard, 9.2.5). JSON has no line breaks of its own.
fn message(id: Option<i64>, event: &str, data: &Value) -> Bytes {
    let id = id.map_or_else(String::new, |id| format!("id: {id}\n"));
    format!("{id}event: {event}\ndata: {data}\n\n").into()
}

/// An event as it is told. From where and in which session somebody did it is told to administrators alone.
pub(super) fn shown(event: &Event, is_admin: bool) -> Value {
    let mut shown = serde_json::to_value(event).expect("plain fields become JSON");
    if !is_admin {
        for field in ["session_id", "ip_address"] {
            shown[field] = json!("");
        }
    }
    shown
}
