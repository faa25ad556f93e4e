//! Why the administration does not do what it is asked, as a problem document (RFC 9457). The one place that knows its
//! statuses, and logs them.

use std::net::IpAddr;

use contract::user::UsersError;
use http::header::{self, HeaderValue};
use http::{Method, StatusCode};
use httpd::Response;
use httpd::api::{self, Missed, Verb};
use tracing::{debug, error, info};

/// Why it is not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// Nobody who may administer: no key, no token, no cookie, or none that opens anything.
    #[error("who administers shows a key, a token or the cookie of a login")]
    Unauthorized,
    /// Wrong ones came from this address too often: it may send others after so many seconds.
    #[error("too many wrong logins from there")]
    TooMany(u32),
    /// A page of another site speaks in the name of whoever has the cookie.
    #[error("this was asked by a page of another site")]
    Foreign,
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
    Unavailable(&'static str),
    /// Our fault.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
}

impl From<UsersError> for Refusal {
    fn from(error: UsersError) -> Self {
        Self::Failed(error.into())
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
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::Wrong(_) => StatusCode::BAD_REQUEST,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the operator gets, and the line in the log.
    pub(super) fn answer(self, method: &Method, path: &str, client: IpAddr) -> Response {
        match &self {
            Self::Failed(_) => error!(%method, path, %client, why = %self, "the administration failed"),
            Self::Unauthorized | Self::TooMany(_) | Self::Foreign => {
                info!(%method, %client, why = %self, "nobody is let in to administer")
            }
            _ => debug!(%method, path, %client, why = %self, "refused to administer"),
        }
        let status = self.status();
        let detail = match &self {
            Self::Failed(_) => "something went wrong here; the log tells what".into(), // it may name files
            other => other.to_string(),
        };
        let mut response = api::problem(status, &detail);
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
