//! One viewer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::runs;
use crate::units::Units;

/// What is read of a channel to see how it begins.
const BEGINNING: usize = 64 * 1024;

/// What a viewer received, and when not.
pub(crate) struct Watched {
    pub(crate) units: Units,
    pub(crate) bytes: u64,
    /// The longest that nothing came, from the first byte on.
    pub(crate) gap: Duration,
    /// The relay ended it.
    pub(crate) cut: bool,
}

/// Watches `channel` until `end`.
pub(crate) async fn watch(server: SocketAddr, channel: u32, end: Instant) -> Watched {
    let mut watched = Watched { units: Units::default(), bytes: 0, gap: Duration::ZERO, cut: false };
    let mut answer = open(server, channel).await;
    let mut last = None;
    while Instant::now() < end {
        let Ok(Some(chunk)) = answer.chunk().await else {
            watched.cut = true;
            break;
        };
        let gap = last.replace(Instant::now()).map_or(Duration::ZERO, |last: Instant| last.elapsed());
        watched.gap = watched.gap.max(gap);
        watched.bytes += chunk.len() as u64;
        watched.units.push(&chunk);
    }
    watched
}

/// How long it takes until `channel` is there, from nothing on; and how it begins.
pub(crate) async fn begin(server: SocketAddr, channel: u32) -> (Duration, Vec<u8>) {
    let asked = Instant::now();
    let mut answer = open(server, channel).await;
    let mut begin = answer.chunk().await.unwrap().unwrap().to_vec();
    let wait = asked.elapsed();
    while begin.len() < BEGINNING {
        begin.extend_from_slice(&answer.chunk().await.unwrap().unwrap());
    }
    begin.truncate(BEGINNING);
    (wait, begin)
}

async fn open(server: SocketAddr, channel: u32) -> reqwest::Response {
    let address = format!("http://{server}{}", runs::path(channel, "ts"));
    reqwest::get(address).await.unwrap().error_for_status().unwrap()
}
