//! The words of this API, in which players are told what there is and what there is not.

use std::net::IpAddr;

use contract::source::BaseUrl;
use http::Response;
use http::header::{self, HeaderValue};
use httpd::reply;
use serde_json::{Value, json};

use super::{Stage, Watch};
use crate::refusal::{Ace, Failure, Refusal};

/// A watch, whose playlist lies where `public` is.
pub(super) fn describe(id: &str, watch: &Watch, public: Option<&BaseUrl>) -> Value {
    let path = public.map_or("", BaseUrl::path);
    json!({
        "id": id,
        "aceId": watch.ace.hex(),
        "status": word(&watch.stage.borrow()),
        "hlsUrl": format!("{path}/api/streams/hls/{id}/manifest.m3u8"),
        "startedAt": watch.began,
    })
}

/// How far it is.
pub(super) fn word(stage: &Stage) -> &'static str {
    match stage {
        Stage::Starting => "starting",
        Stage::Running(_) => "active",
        Stage::Failed(_) | Stage::Full => "error",
    }
}

/// What an engine says that has not said anything yet.
pub(super) fn nothing() -> Value {
    json!({
        "status": "idle", "peers": 0, "speed_down": 0, "speed_up": 0, "downloaded": 0, "uploaded": 0,
        "total_progress": 0, "progress": 0,
    })
}

/// A refusal in the form of this API. Statuses and the line in the log are those of all refusals.
pub(crate) fn refused(refusal: Refusal, client: IpAddr) -> httpd::Response {
    let code = match &refusal {
        Refusal::AceId(_) => "INVALID_ACE_ID",
        Refusal::Session | Refusal::Unknown => "SESSION_NOT_FOUND",
        Refusal::Upstream(Failure::Ace(Ace::Unreachable | Ace::Silent)) => "ENGINE_UNAVAILABLE",
        Refusal::Upstream(_) | Refusal::Warming => "NETWORK_ERROR",
        _ => "VALIDATION_FAILED",
    };
    let details = match &refusal {
        Refusal::Upstream(why) => why.kind(),
        other => other.kind(),
    };
    let document = json!({
        "success": false,
        "error": refusal.to_string(),
        "code": code,
        "details": details,
        "timestamp": jiff::Timestamp::now(),
    });
    let (mut parts, _) = refusal.answer(None, client).into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply::JSON));
    Response::from_parts(parts, document.to_string().into())
}
