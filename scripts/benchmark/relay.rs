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
use super::process::Process;
use super::runs::{PROVIDER, configure, first_channel, panel, run};
use super::table::{median, row};

const VIEWERS: usize = 200;
const BITRATE: u64 = 8_000_000;

/// The relay against the bare loop, in CPU seconds for each GB delivered.
pub(crate) fn measure(folder: &Path) {
    let bitrate = BITRATE.to_string();
    let station =
        Process::start("station", &[&PROVIDER[..], &["--live", "4", "--bitrate", &bitrate]].concat());
    let config = configure(folder, "relay", &panel(&station));
    run(&config);
    let id = first_channel(&config);
    let relay = Process::start("relay", &["--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    let path = format!("/live/bench/bench/{id}.ts");
    let bare = Process::own(&["bare-loop", "127.0.0.1:0"]);
    let mut rounds = Vec::new();
    for _ in 0..3 {
        rounds.push((delivery(&relay, &path), delivery(&bare, "/")));
    }
    let ours = median(rounds.iter().map(|(ours, _)| *ours));
    let theirs = median(rounds.iter().map(|(_, theirs)| *theirs));
    row(
        &format!("relay, {VIEWERS} viewers at {} Mbit/s: CPU-s per GB", BITRATE / 1_000_000),
        &format!("{ours:.3}"),
        &format!("{theirs:.3} (bare write loop)"),
        &format!("{:.2}", ours / theirs),
    );
}

/// CPU seconds that `server` spends for each GB that viewers of `path` take from it.
fn delivery(server: &Process, path: &str) -> f64 {
    let taken = Arc::new(AtomicU64::new(0));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for _ in 0..VIEWERS {
        runtime.spawn(watch(server.address, path.to_owned(), taken.clone()));
    }
    sleep(Duration::from_secs(4));
    let (cpu, bytes) = (server.cpu(), taken.load(Relaxed));
    sleep(SPAN);
    let (cpu, bytes) = (server.cpu() - cpu, taken.load(Relaxed) - bytes);
    let expected = SPAN.as_secs() * BITRATE / 8 * VIEWERS as u64;
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
