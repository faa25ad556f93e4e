//! What goes wrong with an answer: what is planned, and what it does.

use http::{HeaderValue, StatusCode, header};
use httpd::{Body, Response, reply};

use super::{Call, Late};
use crate::fault::{Fault, afflict};
use crate::panel::page;
use crate::settings::Target;
use crate::stream::Refusal;

impl Call {
    /// What goes wrong: as the query says, or as was planned.
    pub(super) fn fault(&self, target: Target) -> Result<Option<Fault>, String> {
        match self.params.get("fault") {
            Some(fault) => fault.parse().map(Some),
            None => Ok(self.provider.fault(&target)),
        }
    }

    /// `POST /_station/fault?channel=ID|*|action=NAME&fault=FAULT[&after=N][&times=N]`; `fault=none` takes it back.
    pub(super) fn plan(&self) -> Response {
        let target = match (self.params.get("channel"), self.params.get("action")) {
            (Some(channel), _) => channel.parse(),
            (None, Some(action)) => Ok(Target::Action(action.to_owned())),
            (None, None) => Err("channel=ID, channel=* or action=NAME is missing".to_owned()),
        };
        let fault = match self.params.get("fault") {
            None | Some("" | "none") => Ok(None),
            Some(fault) => fault.parse().map(Some),
        };
        let number = |name| self.params.get(name).and_then(|number| number.parse().ok());
        let (after, times) = (number("after").unwrap_or(0), number("times"));
        match target.and_then(|target| fault.map(|fault| (target, fault))) {
            Ok((target, fault)) => {
                self.provider.set_fault(target, fault, after, times);
                reply::text(StatusCode::OK, "planned\n")
            }
            Err(why) => reply::text(StatusCode::BAD_REQUEST, why + "\n"),
        }
    }
}

/// Faults that stand instead of an answer.
pub(crate) fn instead(fault: Fault, media_type: &'static str, nothing: &'static [u8]) -> Option<Response> {
    match fault {
        Fault::Status(status) => {
            Some(page(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY), &status.to_string()))
        }
        Fault::Busy(seconds) => {
            let mut answer = page(StatusCode::TOO_MANY_REQUESTS, "429 Too Many Requests");
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Some(answer)
        }
        Fault::Refuse => Some(refused()),
        Fault::Mute => {
            let mut answer = Response::new(Body::empty());
            answer.extensions_mut().insert(Late { until: None, unless: None });
            Some(answer)
        }
        Fault::Html => Some(page(StatusCode::OK, "Service temporarily unavailable")),
        Fault::Empty => {
            let mut answer = Response::new(Body::from(nothing));
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
            Some(answer)
        }
        _ => None,
    }
}

/// The connection is closed without an answer: what fails before the head has left takes the head with it.
pub(crate) fn refused() -> Response {
    let broken = std::io::Error::other("refused on request");
    Response::new(Body::stream(futures_util::stream::once(std::future::ready(Err(broken)))))
}

/// A refusal is an answer.
pub(super) fn settle(answer: Result<Response, Refusal>) -> Response {
    answer.unwrap_or_else(|refusal| *refusal)
}

pub(super) fn suffer(fault: Option<Fault>, answer: Response) -> Response {
    match fault {
        Some(fault) if answer.status().is_success() => afflict(fault, answer),
        _ => answer,
    }
}
