//! The relay against the least that can be done for its viewers.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::SPAN;
use super::load;
use super::process::Process;
use super::runs::{self, PROVIDER, channels, configure, panel, run};
use super::table::{median, row};

/// How many watch.
const AUDIENCES: [usize; 4] = [50, 200, 500, 1000];
const BITRATE: u64 = 8_000_000;

/// The relay against the bare loop, in CPU seconds for each GB delivered.
pub(crate) fn measure(folder: &Path) {
    for (audience, tick) in AUDIENCES.map(|audience| (audience, 20)).into_iter().chain([(200, 2)]) {
        let relay = Relay::start(folder, &format!("relay{audience}-{tick}"), tick);
        let bare = Process::own(&["bare-loop", "127.0.0.1:0"]);
        let mut rounds = Vec::new();
        for _ in 0..3 {
            rounds.push((
                delivery(&relay.process, &relay.path("ts"), audience),
                delivery(&bare, "/", audience),
            ));
        }
        let ours = median(rounds.iter().map(|(ours, _)| *ours));
        let theirs = median(rounds.iter().map(|(_, theirs)| *theirs));
        let ticks = if tick == 20 { "" } else { ", upstream in ticks of 2 ms" };
        row(
            &format!("relay, {audience} viewers at {} Mbit/s{ticks}: CPU-s per GB", BITRATE / 1_000_000),
            &format!("{ours:.3}"),
            &format!("{theirs:.3} (bare write loop)"),
            &format!("{:.2}", ours / theirs),
        );
    }
}

/// Segments of HLS, which the relay makes of the same stream, against files.
pub(crate) fn segments(folder: &Path) {
    let relay = Relay::start(folder, "segments", 20);
    let playlist = relay.path("m3u8");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    load::against_nginx(folder, "a segment of HLS", &relay.process, || {
        sleep(Duration::from_secs(5)); // for a playlist with more than its first segment
        let text = runtime.block_on(load::fetch(relay.process.address, &playlist, "identity"));
        let text = String::from_utf8(text).unwrap();
        let newest = text.lines().rfind(|line| !line.starts_with('#')).unwrap();
        format!("/{}", newest.trim_start_matches("../"))
    });
}

/// A relay of a station's channels.
struct Relay {
    process: Process,
    channel: u32,
    _station: Process,
}

impl Relay {
    /// `tick`: how often the station writes, in milliseconds.
    fn start(folder: &Path, name: &str, tick: u32) -> Self {
        let (bitrate, tick) = (BITRATE.to_string(), tick.to_string());
        let sizes = ["--live", "4", "--bitrate", &bitrate, "--tick", &tick];
        let station = Process::start("station", &[&PROVIDER[..], &sizes].concat());
        let config = configure(folder, name, &panel(&station));
        run(&config);
        let channel = channels(&config)[0];
        let arguments = ["--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0"];
        Self { process: Process::start("relay", &arguments), channel, _station: station }
    }

    fn path(&self, extension: &str) -> String {
        runs::path(self.channel, extension)
    }
}

/// CPU seconds that `server` spends for each GB that so many viewers of `path` take from it.
fn delivery(server: &Process, path: &str, audience: usize) -> f64 {
    let taken = Arc::new(AtomicU64::new(0));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for _ in 0..audience {
        runtime.spawn(watch(server.address, path.to_owned(), taken.clone()));
    }
    sleep(Duration::from_secs(4));
    let (cpu, bytes) = (server.cpu(), taken.load(Relaxed));
    sleep(SPAN);
    let (cpu, bytes) = (server.cpu() - cpu, taken.load(Relaxed) - bytes);
    let expected = SPAN.as_secs() * BITRATE / 8 * audience as u64;
    assert!(bytes > expected * 8 / 10, "only {bytes} of {expected} bytes arrived");
    runtime.shutdown_background();
    sleep(Duration::from_secs(1)); // for the other side to notice
    cpu / (bytes as f64 / 1e9)
}

async fn watch(server: SocketAddr, path: String, taken: Arc<AtomicU64>) {
    let mut socket = TcpStream::connect(server).await.unwrap();
    socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut buffer = vec![0; 1 << 17];
    while let Ok(read @ 1..) = socket.read(&mut buffer).await {
        taken.fetch_add(read as u64, Relaxed);
    }
}

/// The least that can be done: every 100 ms, as often as the relay cuts a chunk, the same chunk to every socket.
pub(crate) fn bare_loop(address: SocketAddr) {
    let listener = TcpListener::bind(address).unwrap();
    println!("ready http://{}", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    let tick = Duration::from_millis(100);
    let chunk = vec![0x47; (BITRATE / 8 / 10) as usize / 188 * 188];
    let mut sockets = Vec::new();
    let mut next = Instant::now();
    loop {
        while let Ok((socket, _)) = listener.accept() {
            socket.set_nodelay(true).unwrap();
            socket.set_nonblocking(false).unwrap();
            sockets.push(socket);
        }
        sockets.retain_mut(|socket| socket.write_all(&chunk).is_ok());
        next += tick;
        sleep(next.saturating_duration_since(Instant::now()));
    }
}
