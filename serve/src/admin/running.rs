//! What is going on in this process.

use std::collections::BTreeMap;

use anyhow::Context;
use contract::bundle::{List, Section};
use contract::session::Session;
use http::StatusCode;
use httpd::api::Refusal;
use httpd::{Params, Request, Response, reply};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{done, json};
use super::programs::Wished;
use crate::Server;

/// Lines of the log that are told at once.
const LINES: usize = 500;

#[derive(Serialize)]
struct Sessions {
    sessions: Vec<Watched>,
    /// How many streams users have open at relays on other machines.
    elsewhere: BTreeMap<String, u32>,
}

#[derive(Serialize)]
struct Watched {
    #[serde(flatten)]
    session: Session,
    /// What is watched, as lists call it; of an episode, its series. `null` for what no list has.
    name: Option<String>,
}

/// `POST /api/admin/run`.
pub(super) fn run(server: &Server) -> Result<Response, Refusal> {
    match (server.programs.run)() {
        Wished::Begins => Ok(reply::empty(StatusCode::ACCEPTED)),
        Wished::Running => Err(Refusal::Conflict("a run is going on".into())),
        Wished::Nobody => Err(Refusal::Unavailable("ingest does not run in this process".into())),
    }
}

/// `GET /api/admin/run`.
pub(super) fn progress(server: &Server) -> Response {
    let doing = (server.programs.progress)();
    let running = !doing.is_null();
    let sources = if running { doing } else { Value::Array(Vec::new()) };
    json(StatusCode::OK, &serde_json::json!({ "running": running, "sources": sources }))
}

/// `GET /api/admin/logs?after=N`.
pub(super) fn logs(request: &Request) -> Response {
    let params = Params::from_query(request.uri().query());
    let after = params.get("after").and_then(|after| after.trim().parse().ok()).unwrap_or(0);
    json(StatusCode::OK, &contract::log::recent(after, LINES))
}

/// `GET /api/admin/settings`.
pub(super) fn settings(server: &Server) -> Response {
    json(StatusCode::OK, &serde_json::json!({ "text": server.programs.settings }))
}

/// `GET /api/admin/matches`.
pub(super) async fn matches(server: &Server) -> Result<Response, Refusal> {
    let programs = server.programs.clone();
    let reading = tokio::task::spawn_blocking(move || (programs.matches)());
    let matches = reading.await.context("matching")?.map_err(Refusal::Conflict)?;
    Ok(json(StatusCode::OK, &matches))
}

/// `GET /api/admin/status`.
pub(super) fn status(server: &Server) -> Result<Response, Refusal> {
    match (server.programs.status)() {
        Value::Null => Err(Refusal::Unavailable("the relay does not run in this process".into())),
        status => Ok(json(StatusCode::OK, &status)),
    }
}

/// `GET /api/admin/sessions`.
pub(super) fn sessions(server: &Server) -> Result<Response, Refusal> {
    let watched = |session: Session| Watched { name: name(server, session.watches), session };
    let sessions = (server.programs.sessions)().into_iter().map(watched).collect();
    let elsewhere = server.elsewhere.all();
    Ok(json(StatusCode::OK, &Sessions { sessions, elsewhere }))
}

/// `DELETE /api/admin/sessions/{id}`.
pub(super) fn kick(server: &Server, id: &str) -> Result<Response, Refusal> {
    let digits = id.bytes().all(|byte| byte.is_ascii_digit());
    let id = id.parse().ok().filter(|_| digits).ok_or(Refusal::Unknown)?;
    if (server.programs.kick)(id) { Ok(done()) } else { Err(Refusal::Unknown) }
}

/// `DELETE /api/admin/users/{name}/sessions`.
pub(super) fn kick_user(server: &Server, name: &str) -> Result<Response, Refusal> {
    let user = server.users.find(name).ok_or(Refusal::Unknown)?;
    server.elsewhere.cut(&user.name);
    for session in (server.programs.sessions)().into_iter().filter(|session| session.user == user.name) {
        (server.programs.kick)(session.id);
    }
    Ok(done())
}

/// What viewers know it as.
fn name(server: &Server, id: u32) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let release = server.release()?;
    let playable = release.find(Section::Playables, id).and_then(|_| release.playable(id))?;
    let list = List::with(playable.kind);
    let id = if list == List::Series { playable.series } else { id };
    let entry = release.find(list.entries(), id)?;
    serde_json::from_slice::<Named>(&entry).ok().map(|named| named.name)
}
