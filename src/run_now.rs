//! `POST /ingest/run`: the operator at this machine wants a run now.

use std::net::SocketAddr;

use http::{Method, StatusCode, header};
use httpd::{Request, Response, reply};
use ingest::{Asked, RunNow};

/// Whether a path is this one.
pub(crate) fn takes(path: &str) -> bool {
    httpd::segments(path) == ["ingest", "run"]
}

/// 202 when a run begins, 409 when one is going on, 503 without a schedule. Whoever is not at this machine finds
/// nothing here; what comes through a proxy on this machine comes from elsewhere.
pub(crate) fn answer(run_now: &RunNow, request: &Request, peer: SocketAddr) -> Response {
    if !httpd::is_from_this_machine(request.headers(), peer) {
        return reply::text(StatusCode::NOT_FOUND, "there is nothing here\n");
    }
    if request.method() != Method::POST {
        let mut answer = reply::text(StatusCode::METHOD_NOT_ALLOWED, "POST asks for a run\n");
        answer.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("POST"));
        return answer;
    }
    match run_now.ask() {
        Asked::Begins => reply::text(StatusCode::ACCEPTED, "a run begins\n"),
        Asked::Running => reply::text(StatusCode::CONFLICT, "a run is going on\n"),
        Asked::Stopped => reply::unavailable(5, "the schedule is not running"),
    }
}
