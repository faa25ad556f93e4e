//! `/api/channels`: a catalogue of Ace Stream channels that people keep by hand, in `channels.json`.
//!
//! ```text
//! GET    /api/channels?limit=50&offset=0     GET /api/channels/search?q=sport&fields=name,category&limit=20
//! POST   /api/channels                       GET, PUT, DELETE /api/channels/ID
//! ```
//!
//! Users read it, with name and password (or a token) in the query; administrators change it. It is no source: what shall be
//! in the line-up stands in the configuration.

mod entry;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use contract::disk::{Access, replace};
use contract::user::{Token, User};
use http::{Method, StatusCode, header};
use httpd::{Params, Request, Response, reply};
use serde_json::json;
use tokio::sync::Mutex;

use crate::Server;
use crate::pace::Kind;
use crate::refusal::Refusal;

use self::entry::{Change, Entry};

/// So many channels at most.
const MOST: usize = 20_000;
/// Bytes that all of them take at most: the file is read for each request.
const SIZE: usize = 8 * 1024 * 1024;
/// A longer document is no channel, in bytes.
const LONGEST: usize = 16 * 1024;
/// Channels that a list has when nobody says how many, and the most.
const USUAL: usize = 50;
const LARGEST: usize = 500;

/// The right to change the file, which is held while it is read and replaced: it guards nothing else, and is held across the
/// disk's work, so it is no std mutex.
pub(crate) type Turn = Arc<Mutex<()>>;

/// Why the catalogue does not answer as it is asked.
enum No {
    Refused(Refusal),
    /// The status, the word for programs, and the words for people.
    Said(StatusCode, &'static str, String),
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<anyhow::Error> for No {
    fn from(error: anyhow::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// Answers what lies under `/api/channels`.
pub(crate) async fn answer(server: &Server, request: Request, peer: SocketAddr) -> Response {
    if request.method() == Method::OPTIONS {
        return reply::preflight(request.headers());
    }
    let client = server.client(request.headers(), peer);
    let answer = asked(server, request, peer).await;
    let answer = answer.unwrap_or_else(|no| match no {
        No::Said(status, code, words) => said(status, code, &words),
        No::Refused(refusal) => {
            let words = refusal.to_string();
            let mut refused = refusal.answer(crate::Route::Catalogue, client);
            let status = refused.status();
            let ours = status.is_server_error();
            let words = if ours { "something went wrong here; the log tells what" } else { &words };
            let mut response = said(status, if ours { "DATABASE_ERROR" } else { "VALIDATION_FAILED" }, words);
            for name in [header::RETRY_AFTER, header::ALLOW] {
                response.headers_mut().extend(refused.headers_mut().remove(&name).map(|value| (name, value)));
            }
            response
        }
    });
    reply::cors(answer)
}

fn said(status: StatusCode, code: &str, words: &str) -> Response {
    let document = json!({
        "success": false, "error": words, "code": code, "details": code.to_ascii_lowercase(),
        "timestamp": jiff::Timestamp::now(),
    });
    reply::json(status, document.to_string())
}

fn unknown() -> No {
    No::Said(StatusCode::NOT_FOUND, "VALIDATION_FAILED", "there is no such channel".into())
}

async fn asked(server: &Server, request: Request, peer: SocketAddr) -> Result<Response, No> {
    let client = server.client(request.headers(), peer);
    let params = Params::from_query(request.uri().query());
    let login = server.logins.verify(&params, client).await?.active(server.now())?;
    server.paced(&login.name, Kind::Lists)?;
    let segments = httpd::segments(request.uri().path());
    let rest: Vec<&str> = segments.iter().skip(2).map(String::as_str).collect();
    let method = request.method().clone();
    match (&method, &rest[..]) {
        (&Method::GET | &Method::HEAD, []) => list(server, &params, |_| true).await,
        (&Method::GET | &Method::HEAD, ["search"]) => search(server, &params).await,
        (&Method::GET | &Method::HEAD, [id]) => {
            let entry = all(server).await?.into_iter().find(|entry| entry.id == *id).ok_or_else(unknown)?;
            Ok(one(StatusCode::OK, &entry))
        }
        (&Method::POST, []) => {
            may_change(&login.user)?;
            let entry = Entry::new(sent(request).await?).map_err(wrong)?;
            let added = entry.clone();
            edit(server, move |all| (all.len() < MOST).then(|| all.push(added)).ok_or_else(full)).await?;
            Ok(one(StatusCode::CREATED, &entry))
        }
        (&Method::PUT, [id]) => {
            may_change(&login.user)?;
            let (id, change) = ((*id).to_owned(), sent(request).await?);
            let changed = edit(server, move |all| {
                let entry = all.iter_mut().find(|entry| entry.id == id).ok_or_else(unknown)?;
                *entry = entry.clone().changed(change).map_err(wrong)?;
                Ok(entry.clone())
            });
            Ok(one(StatusCode::OK, &changed.await?))
        }
        (&Method::DELETE, [id]) => {
            may_change(&login.user)?;
            let id = (*id).to_owned();
            edit(server, move |all| {
                let before = all.len();
                all.retain(|entry| entry.id != id);
                if all.len() < before { Ok(()) } else { Err(unknown()) }
            })
            .await?;
            Ok(reply::json(
                StatusCode::OK,
                json!({ "success": true, "message": "The channel is removed." }).to_string(),
            ))
        }
        (_, [] | [_]) => Err(Refusal::Method.into()),
        _ => Err(Refusal::Unknown.into()),
    }
}

fn may_change(user: &User) -> Result<(), No> {
    let words = "only an administrator changes the catalogue";
    // SECURITY: what an administrator gave to his television administers nothing.
    let device = user.device.as_deref().and_then(|device| user.token(device));
    if user.admin && device.is_none_or(Token::is_login) {
        Ok(())
    } else {
        Err(No::Said(StatusCode::FORBIDDEN, "VALIDATION_FAILED", words.into()))
    }
}

fn full() -> No {
    wrong("the catalogue is full".into())
}

fn wrong(words: String) -> No {
    No::Said(StatusCode::BAD_REQUEST, "VALIDATION_FAILED", words)
}

async fn sent(request: Request) -> Result<Change, No> {
    let content = httpd::content(request, LONGEST).await;
    let document = content.and_then(|content| serde_json::from_slice(&content).ok());
    document.ok_or_else(|| {
        wrong("expected a channel as JSON: name, ace_stream_id, description, category, ...".into())
    })
}

async fn search(server: &Server, params: &Params) -> Result<Response, No> {
    let wanted = params.get("q").unwrap_or("").trim().to_lowercase();
    let fields: Vec<&str> =
        params.get("fields").unwrap_or("").split(',').filter(|it| !it.is_empty()).collect();
    list(server, params, |entry| entry.has(&wanted, &fields)).await
}

async fn list(server: &Server, params: &Params, is: impl Fn(&Entry) -> bool) -> Result<Response, No> {
    let number = |name| params.get(name).and_then(|value| value.trim().parse::<usize>().ok());
    let limit = number("limit").unwrap_or(USUAL).min(LARGEST);
    let offset = number("offset").unwrap_or(0);
    let found: Vec<Entry> = all(server).await?.into_iter().filter(is).collect();
    let total = found.len();
    let channels: Vec<Entry> = found.into_iter().skip(offset).take(limit).collect();
    let document =
        json!({ "success": true, "channels": channels, "total": total, "limit": limit, "offset": offset });
    Ok(reply::json(StatusCode::OK, document.to_string()))
}

fn one(status: StatusCode, entry: &Entry) -> Response {
    reply::json(status, json!({ "success": true, "channel": entry }).to_string())
}

/// All channels, by name.
async fn all(server: &Server) -> anyhow::Result<Vec<Entry>> {
    let path = server.data.channels();
    server.read(move || read(&path)).await?
}

fn read(path: &std::path::Path) -> anyhow::Result<Vec<Entry>> {
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).context("channels.json cannot be understood"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).context("channels.json cannot be read"),
    }
}

/// Changes the file as `change` says; if that refuses, it is as before.
async fn edit<T: Send + 'static>(
    server: &Server,
    change: impl FnOnce(&mut Vec<Entry>) -> Result<T, No> + Send + 'static,
) -> Result<T, No> {
    let turn = server.catalogue.clone().lock_owned().await;
    let path = server.data.channels();
    let editing = move || -> Result<T, No> {
        let _turn = turn; // who leaves meanwhile does not end it
        let mut all = read(&path)?;
        let outcome = change(&mut all)?;
        all.sort_by_cached_key(|entry| (entry.name.to_lowercase(), entry.id.clone()));
        let text = serde_json::to_vec(&all).context("writing channels.json")?;
        if text.len() > SIZE {
            return Err(full());
        }
        replace(&path, &text, Access::Everybody).context("channels.json cannot be written")?;
        Ok(outcome)
    };
    server.read(editing).await?
}
