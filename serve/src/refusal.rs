//! Why a request is not answered, and what is said instead. The one place that knows statuses, and logs.

use std::net::IpAddr;

use contract::user::Standing;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use httpd::reply;
use tracing::{debug, error, info, warn};

use crate::Route;

/// What every bad pair gets, whether the name is known or not, so that an answer does not tell which names exist.
const REJECTED: &str = r#"{"user_info":{"auth":0}}"#;

/// Seconds after which a client may ask again while there is no release yet.
const RETRY: u32 = 10;

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The account was asked for with a pair nobody has. Apps want to read that in a document, with 200.
    #[error("unknown pair of name and password")]
    Stranger,
    /// Anything else was asked for with such a pair. A 2xx that is no list would empty the library of some apps.
    #[error("unknown pair of name and password")]
    Forbidden,
    /// Too many wrong pairs came from this address: it may send others after so many seconds.
    #[error("too many wrong pairs of name and password from there")]
    TooMany(u32),
    /// A user asks faster than he may.
    #[error("the user asks too often")]
    Haste,
    /// A relay's or a monitor's key that is not ours.
    #[error("the key is another one")]
    Key,
    /// A known user who may not watch now.
    #[error("the user's account is {}", .0.word())]
    Barred(Standing),
    /// There is no release. Never an empty list instead: apps would believe it and drop their library.
    #[error("there is no release yet")]
    NotReady,
    /// `Host` is no host.
    #[error("the Host header is no host")]
    Host,
    /// No such address.
    #[error("no such address")]
    Unknown,
    /// What the page was told cannot be.
    #[error("{0}")]
    Wrong(String),
    /// Neither GET, HEAD, POST nor OPTIONS.
    #[error("this method is not served")]
    Method,
    /// Our fault.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
}

impl Refusal {
    /// What the client gets; and the line in the log, with the route's name instead of the address, which holds
    /// credentials.
    pub(crate) fn answer(self, route: Route, client: IpAddr) -> httpd::Response {
        let route = route.door().name;
        match &self {
            Self::Failed(_) => error!(route, %client, why = %self, "failed"),
            Self::NotReady => warn!(route, %client, why = %self, "refused"),
            Self::Stranger
            | Self::Forbidden
            | Self::TooMany(_)
            | Self::Haste
            | Self::Barred(_)
            | Self::Key => {
                info!(route, %client, why = %self, "refused")
            }
            Self::Host | Self::Unknown | Self::Wrong(_) | Self::Method => {
                debug!(route, %client, why = %self, "refused")
            }
        }
        let mut response = match &self {
            Self::Stranger => reply::json(StatusCode::OK, REJECTED),
            Self::Forbidden => reply::json(StatusCode::FORBIDDEN, REJECTED),
            Self::TooMany(seconds) => {
                too_many(reply::json(StatusCode::TOO_MANY_REQUESTS, REJECTED), *seconds)
            }
            Self::Haste => too_many(reply::text(StatusCode::TOO_MANY_REQUESTS, "You ask too often.\n"), 1),
            Self::Key => unauthorized(),
            Self::Barred(standing) => {
                let word = standing.word();
                let document = format!(r#"{{"user_info":{{"auth":1,"status":"{word}"}}}}"#);
                reply::json(StatusCode::FORBIDDEN, document)
            }
            Self::NotReady => reply::unavailable(RETRY, "There is nothing to serve yet; ask again."),
            Self::Host => reply::text(StatusCode::BAD_REQUEST, "The Host header is no host.\n"),
            Self::Wrong(why) => {
                reply::json(StatusCode::BAD_REQUEST, serde_json::json!({ "detail": why }).to_string())
            }
            Self::Unknown => reply::text(StatusCode::NOT_FOUND, "There is nothing here.\n"),
            Self::Method => not_allowed(),
            Self::Failed(_) => reply::text(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here.\n"),
        };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// The same as old panels say it: whoever may not have a list gets the account's state in its place, as if that were
    /// one.
    pub(crate) fn classic(self, route: Route, client: IpAddr) -> httpd::Response {
        let mut response = self.answer(route, client);
        if response.status() == StatusCode::FORBIDDEN {
            *response.status_mut() = StatusCode::OK;
        }
        response
    }
}

fn too_many(mut response: httpd::Response, seconds: u32) -> httpd::Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn unauthorized() -> httpd::Response {
    let words = "This is not the key here: a relay's `follow_key` is the `relay_key` of [serve], a monitor shows the \
                 `key` of [serve].\n";
    let mut response = reply::text(StatusCode::UNAUTHORIZED, words);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn not_allowed() -> httpd::Response {
    let mut response: Response<httpd::Body> = reply::empty(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST, OPTIONS"));
    response
}
