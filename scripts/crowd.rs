//! The crowd behind `scripts/crowd`: as many viewers as two cores carry, and everything that each of them received.
//!
//! ```text
//! station ──21 channels at 8 Mbit/s──▶ relay ──▶ 500 viewers of the first channel ┐
//!                                        ├─────▶ 10 viewers of each other         ├─ hashes of every unit, compared
//!                                        ├─────▶ 100 who ask and do not read      ┘
//!                                        └─────▶ one who zaps
//! ```
//!
//! Viewers of a channel must have received the same units of each PID, in the same order, none lost and none twice,
//! whatever the others did. Everything runs on loopback, in processes of its own, which end with the crowd.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)] // a panic is how it fails

#[path = "benchmark/process.rs"]
#[allow(dead_code)] // it watches the benchmark's programs too
mod process;
#[path = "benchmark/runs.rs"]
#[allow(dead_code)]
mod runs;
#[path = "benchmark/table.rs"]
#[allow(dead_code)]
mod table;
#[path = "crowding/units.rs"]
mod units;
#[path = "crowding/viewer.rs"]
mod viewer;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::process::Process;
use crate::units::Units;
use crate::viewer::Watched;

const CHANNELS: usize = 21;
const FIRST: usize = 500;
const OTHERS: usize = 10;
const STALLED: usize = 100;
const ZAPS: usize = 300;
/// Everybody comes in the same moment, and each is given a second of his channel at once: 700 MB, which two cores need
/// their time for. How long anybody waits meanwhile is told and not judged.
const GATHERING: Duration = Duration::from_secs(5);
/// Nothing for longer than this is a gap.
const GAP: Duration = Duration::from_millis(500);
/// What the relay may take besides what its feeds remember: for itself, and for each viewer.
const ITSELF: u64 = 64 << 20;
const EACH: u64 = 16 << 10;

#[tokio::main]
async fn main() {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let span = Duration::from_secs(std::env::args().nth(1).map_or(60, |text| text.parse().unwrap()));
    let folder = tempfile::tempdir().unwrap();
    let live = CHANNELS.to_string();
    let sizes = ["--live", &live, "--bitrate", "8000000", "--films", "0", "--max-connections", "0"];
    let station = Process::start("station", &[&runs::PROVIDER[..], &sizes].concat());
    let config = runs::configure(folder.path(), "crowd", &runs::panel(&station));
    runs::run(&config);
    let channels = runs::channels(&config);
    let arguments = ["--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let relay = Process::start("relay", &arguments);

    let mut stalled = Vec::new();
    for at in 0..STALLED {
        stalled.push(stall(relay.address, channels[at % channels.len()]).await);
    }
    let begin = Instant::now() + GATHERING;
    let span = begin..begin + span;
    let mut viewers = JoinSet::new();
    for (place, channel) in channels.iter().enumerate() {
        for _ in 0..if place == 0 { FIRST } else { OTHERS } {
            let (server, channel, span) = (relay.address, *channel, span.clone());
            viewers.spawn(async move { (place, viewer::watch(server, channel, span).await) });
        }
    }
    tokio::time::sleep(GATHERING).await;
    let zaps = zap(relay.address, &channels).await;
    let mut seen: Vec<Vec<Watched>> = (0..CHANNELS).map(|_| Vec::new()).collect();
    while let Some(watched) = viewers.join_next().await {
        let (place, watched) = watched.unwrap();
        seen[place].push(watched);
    }
    let feeds = feeds(relay.address).await;
    let peak = process::peak_memory(relay.child.id()).unwrap();
    let good = [zaps.tell(), tell_gaps(&seen), tell_units(&seen), tell_memory(peak, feeds)];
    assert!(good.iter().all(|good| *good), "too much");
}

/// Asks for a channel and reads nothing.
async fn stall(server: SocketAddr, channel: u32) -> TcpStream {
    let mut socket = TcpStream::connect(server).await.unwrap();
    let path = runs::path(channel, "ts");
    socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    socket
}

/// How long it took until the first byte of a running channel was there.
struct Zaps {
    waits: Vec<Duration>,
    /// How many did not begin with tables and an access point within the first 64 KB.
    blind: usize,
}

async fn zap(server: SocketAddr, channels: &[u32]) -> Zaps {
    let mut zaps = Zaps { waits: Vec::new(), blind: 0 };
    for at in 0..ZAPS {
        let (wait, begin) = viewer::begin(server, channels[at % channels.len()]).await;
        zaps.waits.push(wait);
        zaps.blind += usize::from(!units::begins_well(&begin));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    zaps.waits.sort();
    zaps
}

impl Zaps {
    fn tell(&self) -> bool {
        let at = |percent: usize| self.waits[(self.waits.len() - 1) * percent / 100];
        let (middle, late) = (at(50), at(99));
        println!(
            "zaps to a running channel: first byte {middle:.1?} (p50), {late:.1?} (p99), blind {}",
            self.blind
        );
        middle < Duration::from_millis(10) && late < Duration::from_millis(50) && self.blind == 0
    }
}

fn tell_gaps(seen: &[Vec<Watched>]) -> bool {
    let all = || seen.iter().flatten();
    let longest = all().map(|watched| watched.gap).max().unwrap();
    let early = all().map(|watched| watched.early_gap).max().unwrap();
    let cut = all().filter(|watched| watched.cut).count();
    let bytes: u64 = all().map(|watched| watched.bytes).sum();
    println!(
        "{} viewers, {:.1} GB; longest gap {longest:.1?} ({early:.1?} while they came), cut {cut}, and {STALLED} who did \
         not read",
        all().count(),
        bytes as f64 / 1e9
    );
    longest < GAP && cut == 0
}

fn tell_units(seen: &[Vec<Watched>]) -> bool {
    let mut wrong = 0;
    let mut compared = 0;
    for channel in seen {
        let longest = channel.iter().map(|watched| &watched.units).max_by_key(|units| units.len()).unwrap();
        let index = longest.index();
        for watched in channel {
            compared += watched.units.len();
            wrong += Units::differences(&watched.units, longest, &index);
        }
    }
    println!("{compared} units compared: {wrong} lost, repeated or different");
    wrong == 0 && compared > 0
}

fn tell_memory(peak: u64, feeds: u64) -> bool {
    let viewers = (FIRST + OTHERS * (CHANNELS - 1) + STALLED) as u64;
    let most = ITSELF + viewers * EACH + feeds;
    let mega = |bytes: u64| bytes as f64 / 1e6;
    println!(
        "memory: {:.0} MB at most, of which feeds {:.0} MB; allowed {:.0} MB",
        mega(peak),
        mega(feeds),
        mega(most)
    );
    peak < most
}

/// What all feeds remember, in bytes.
async fn feeds(server: SocketAddr) -> u64 {
    let answer = reqwest::get(format!("http://{server}/status.json")).await.unwrap();
    let status: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    status["totals"]["buffer_bytes"].as_u64().unwrap()
}
