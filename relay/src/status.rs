//! What is running, for the operator.

use std::net::SocketAddr;

use http::{HeaderMap, StatusCode};
use httpd::{Response, reply};
use serde_json::{Value, json};

use crate::headend::Headend;
use crate::refusal::Refusal;
use crate::slot::Standing;
use crate::tuner::Tuner;

/// Answers whoever asks from this machine itself; for everybody else there is nothing here. What comes through a
/// proxy on this machine comes from elsewhere.
pub(crate) fn answer(headend: &Headend, headers: &HeaderMap, peer: SocketAddr) -> Result<Response, Refusal> {
    let forwarded =
        ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name));
    if forwarded || !peer.ip().to_canonical().is_loopback() {
        return Err(Refusal::Unknown);
    }
    let tuners = headend.tuners();
    let slots: Vec<Value> = headend.slots.standings().iter().map(login).collect();
    let document = json!({
        "viewers": tuners.iter().map(|tuner| tuner.feed.watching()).sum::<u32>(),
        "channels": tuners.iter().map(|tuner| channel(tuner)).collect::<Vec<_>>(),
        "slots": slots,
    });
    Ok(reply::json(StatusCode::OK, document.to_string()))
}

fn channel(tuner: &Tuner) -> Value {
    let counts = tuner.feed.counts();
    json!({
        "id": tuner.channel,
        "viewers": tuner.feed.watching(),
        "bytes_received": counts.received,
        "bytes_sent": counts.sent,
        "jumps": counts.jumps,
        "restarts": counts.restarts,
        "lost_packets": counts.lost_packets,
    })
}

fn login(standing: &Standing) -> Value {
    let resting = standing.resting.as_ref();
    json!({
        "account": standing.account,
        "login": standing.login + 1,
        "used": standing.used,
        "rests_for": resting.map(|(time, _)| time.as_secs()),
        "why": resting.map(|(_, why)| why.to_string()),
    })
}
