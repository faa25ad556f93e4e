//! Why something is not done, as a problem document (RFC 9457). The one place that knows statuses, and logs them.

use std::net::IpAddr;

use http::header::{self, HeaderValue};
use http::{Method, StatusCode};
use tracing::{debug, error, info};

use super::{Missed, Verb, allows, problem};
use crate::Response;

/// Why it is not done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nobody who is known; what he would have to show.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// Wrong ones came from this address too often: it may send others after so many seconds.
    #[error("too many wrong logins from there")]
    TooMany(u32),
    /// A page of another site speaks in the name of whoever has the cookie.
    #[error("this was asked by a page of another site")]
    Foreign,
    /// He is known, and may not; what it takes.
    #[error("{0}")]
    Forbidden(String),
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
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Foreign | Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Wrong(_) => StatusCode::BAD_REQUEST,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What whoever asks gets, and the line in the log: `of` is what was asked, `path` how the table calls the address, which
    /// has no names of people in it.
    pub fn answer(self, of: &'static str, method: &Method, path: &str, client: IpAddr) -> Response {
        match &self {
            Self::Failed(_) => error!(of, %method, path, %client, why = %self, "it could not be done"),
            Self::Unauthorized(_) | Self::TooMany(_) | Self::Foreign | Self::Forbidden(_) => {
                info!(of, %method, path, %client, why = %self, "nobody is let in");
            }
            _ => debug!(of, %method, path, %client, why = %self, "refused"),
        }
        let detail = match &self {
            Self::Failed(_) => "something went wrong here; the log tells what".into(), // it may name files
            other => other.to_string(),
        };
        let mut response = problem(self.status(), &detail);
        let headers = response.headers_mut();
        match self {
            Self::Unauthorized(_) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::TooMany(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Self::Method(verbs) => return allows(response, &verbs),
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_status_and_says_what_may_be_known() {
        let answer = |refusal: Refusal| {
            refusal.answer("things", &Method::GET, "/api/things", IpAddr::from([127, 0, 0, 1]))
        };
        let unknown = answer(Refusal::Unauthorized("show a key"));
        assert_eq!(
            (unknown.status().as_u16(), &unknown.headers()["www-authenticate"]),
            (401, &HeaderValue::from_static("Bearer"))
        );
        let often = answer(Refusal::TooMany(7));
        assert_eq!((often.status().as_u16(), &often.headers()["retry-after"]), (429, &HeaderValue::from(7)));
        let method = answer(Missed::Method(vec![Verb::Get, Verb::Put]).into());
        assert_eq!(
            (method.status().as_u16(), &method.headers()["allow"]),
            (405, &HeaderValue::from_static("GET, PUT"))
        );
        let ours = answer(anyhow::anyhow!("/var/lib/coax/users.json: broken").into());
        assert_eq!(
            (ours.status().as_u16(), ours.headers()["content-type"].to_str().unwrap()),
            (500, "application/problem+json")
        );
        assert!(Refusal::Failed(anyhow::anyhow!("x")).status().is_server_error());
    }
}
