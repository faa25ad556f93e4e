//! One viewer.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::runs;
use crate::units::Units;

/// What is read of a channel to see how it begins.
const BEGINNING: usize = 64 * 1024;

/// What a viewer received, and when not.
#[derive(Default)]
pub(crate) struct Watched {
    pub(crate) units: Units,
    pub(crate) bytes: u64,
    /// The longest that nothing came, once everybody was there.
    pub(crate) gap: Duration,
    /// The same before, from the first byte on.
    pub(crate) early_gap: Duration,
    /// The relay ended it.
    pub(crate) cut: bool,
}

/// Watches `channel` until the end of `span`, before which the crowd gathers.
pub(crate) async fn watch(server: SocketAddr, channel: u32, span: Range<Instant>) -> Watched {
    let mut watched = Watched::default();
    let mut answer = open(server, channel).await;
    let mut last = None;
    while Instant::now() < span.end {
        let Ok(Some(chunk)) = answer.chunk().await else {
            watched.cut = true;
            break;
        };
        let now = Instant::now();
        let gap = last.replace(now).map_or(Duration::ZERO, |last| now.duration_since(last));
        let longest = if now < span.start { &mut watched.early_gap } else { &mut watched.gap };
        *longest = gap.max(*longest);
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
