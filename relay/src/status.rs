//! What is running, for the operator.

use std::net::SocketAddr;

use http::{HeaderMap, StatusCode};
use httpd::{Response, reply};
use serde_json::{Value, json};

use crate::headend::Headend;
use crate::proxy::{Account, Proxies};
use crate::refusal::Refusal;
use crate::tuner::Tuner;

/// Answers whoever asks from this machine itself; for everybody else there is nothing here. What comes through a
/// proxy on this machine comes from elsewhere.
pub(crate) fn answer(
    headend: &Headend,
    proxies: &Proxies,
    headers: &HeaderMap,
    peer: SocketAddr,
) -> Result<Response, Refusal> {
    let forwarded =
        ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name));
    if forwarded || !peer.ip().to_canonical().is_loopback() {
        return Err(Refusal::Unknown);
    }
    let tuners = headend.tuners();
    let slots: serde_json::Map<String, Value> =
        headend.slots.used().into_iter().map(|(account, used)| (account, used.into())).collect();
    let running = proxies.running();
    let tuned = tuners.iter().map(|tuner| tuner.feed.watching() as usize).sum::<usize>();
    let passed = running.iter().map(|proxy| proxy.viewers).sum::<usize>();
    let channels = tuners.iter().map(|tuner| channel(tuner)).chain(running.iter().map(passed_on));
    let held = proxies.held();
    let document = json!({
        "viewers": tuned + passed,
        "channels": channels.collect::<Vec<_>>(),
        "slots": slots,
        "hls_bytes": held,
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

/// A channel whose HLS is passed on. What makes no sense of it is nought.
fn passed_on(proxy: &Account) -> Value {
    json!({
        "id": proxy.channel,
        "viewers": proxy.viewers,
        "bytes_received": proxy.received,
        "bytes_sent": proxy.sent,
        "jumps": 0,
        "restarts": 0,
        "lost_packets": 0,
    })
}
