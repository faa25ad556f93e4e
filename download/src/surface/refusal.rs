//! Why it is not done, as a problem document (RFC 9457). The one place that knows statuses, and logs them.

use std::net::IpAddr;

use http::header::{self, HeaderValue};
use http::{Method, StatusCode};
use httpd::Response;
use httpd::api::{self, Missed, Verb};
use tracing::{debug, error, info};

use super::Role;
use crate::store::StoreError;

/// Why it is not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// Nobody who is known.
    #[error("log in at the page, or show a token of `coax user token` (Authorization: Bearer TOKEN)")]
    Unauthorized,
    /// Wrong ones came from this address too often: it may send others after so many seconds.
    #[error("too many wrong tokens from there")]
    TooMany(u32),
    /// A page of another site speaks in the name of whoever has the cookie.
    #[error("this was asked by a page of another site")]
    Foreign,
    /// He is known, and may not.
    #[error("this takes the role {}; `coax user set NAME --downloads ROLE` gives one, and `--admin yes` that of admin", .0.word())]
    Forbidden(Role),
    /// He may, and has not shown his password lately.
    #[error("log out and in again: downloads are administered for 12 hours after a login")]
    Stale,
    /// What was sent cannot be understood, or cannot be.
    #[error("{0}")]
    Wrong(String),
    /// There is nothing of that name.
    #[error("there is no such thing")]
    Unknown,
    /// It is asked in other ways.
    #[error("this is asked in another way")]
    Method(Vec<Verb>),
    /// What there is stands against it.
    #[error("{0}")]
    Conflict(String),
    /// Not now, or not here.
    #[error("{0}")]
    Unavailable(String),
    /// Our fault.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(why) => Self::Conflict(why),
            error => Self::Failed(error.into()),
        }
    }
}

impl From<Missed> for Refusal {
    fn from(missed: Missed) -> Self {
        match missed {
            Missed::Unknown => Self::Unknown,
            Missed::Method(verbs) => Self::Method(verbs),
        }
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Foreign | Self::Forbidden(_) | Self::Stale => StatusCode::FORBIDDEN,
            Self::Wrong(_) => StatusCode::BAD_REQUEST,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What whoever asks gets, and the line in the log.
    pub(super) fn answer(self, method: &Method, path: &str, client: IpAddr) -> Response {
        match &self {
            Self::Failed(_) => {
                error!(%method, path, %client, why = %self, "nothing can be told of downloads")
            }
            Self::Unauthorized | Self::TooMany(_) | Self::Foreign | Self::Forbidden(_) | Self::Stale => {
                info!(%method, path, %client, why = %self, "nobody is let in to downloads");
            }
            _ => debug!(%method, path, %client, why = %self, "refused"),
        }
        let detail = match &self {
            Self::Failed(_) => "something went wrong here; the log tells what".into(), // it may name files
            other => other.to_string(),
        };
        let mut response = api::problem(self.status(), &detail);
        let headers = response.headers_mut();
        match self {
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::TooMany(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Self::Method(verbs) => return api::allows(response, &verbs),
            _ => {}
        }
        response
    }
}
