//! The benchmark behind `scripts/bench`: every figure stands beside a reference measured in the same run, so that the
//! ratios mean something on any machine.
//!
//! ```text
//! relay   200 viewers of one 8 Mbit/s channel          vs   a bare loop writing chunks of that size to 200 sockets
//! lists   get_live_streams of 20 000 channels          vs   nginx serving the same bytes as a file
//! ingest  20 000 channels, 60 000 films, 10 000 series, a guide of 7 days; CPU, wall and peak memory
//! ```
//!
//! Everything runs on loopback, in processes of its own, which end with the benchmark.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // a panic is how a benchmark fails

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const VIEWERS: usize = 200;
const BITRATE: u64 = 8_000_000;
const LIVE: u32 = 20_000;
/// How long a figure is measured.
const SPAN: Duration = Duration::from_secs(15);
/// The account that the station gives out.
const PROVIDER: [&str; 4] = ["--username", "provider-user", "--password", "provider-password"];
/// Connections of the list benchmark.
const CLIENTS: usize = 4;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, address] = arguments.as_slice()
        && word == "bare-loop"
    {
        return bare_loop(address.parse().unwrap());
    }
    let wanted = |what: &str| arguments.is_empty() || arguments.iter().any(|word| word == what);
    let folder = tempfile::tempdir().unwrap();
    println!("{}\n", machine());
    println!("| work | Coax | reference | ratio |\n|---|---|---|---|");
    if wanted("relay") {
        relay(folder.path());
    }
    if wanted("lists") || wanted("ingest") {
        big(folder.path(), wanted("lists"));
    }
}

/// The relay against the bare loop, in CPU seconds for each GB delivered.
fn relay(folder: &Path) {
    let bitrate = BITRATE.to_string();
    let station =
        Process::start("station", &[&PROVIDER[..], &["--live", "4", "--bitrate", &bitrate]].concat());
    let config = configure(folder, "relay", &station, "");
    let id = ingest(&config).first_channel;
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
fn bare_loop(address: SocketAddr) {
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

/// Ingest of a big provider, and its lists against nginx.
fn big(folder: &Path, lists: bool) {
    let live = LIVE.to_string();
    let size = ["--live", &live, "--films", "60000", "--series", "10000", "--guide-days", "7"];
    let station =
        Process::start("station", &[&PROVIDER[..], &size, &["--programme-minutes", "180"]].concat());
    let config = configure(folder, "big", &station, "[ingest]\ndetails_per_run = 0\n");
    let run = ingest(&config);
    let guide = fs::metadata(folder.join("big/current/guide.xml")).unwrap().len();
    row(
        &format!(
            "ingest of {LIVE} / 60 000 / 10 000, guide {} MB: CPU, wall, peak memory",
            guide / 1_000_000
        ),
        &format!("{:.1} s, {:.1} s, {} MB", run.cpu, run.wall, run.peak / 1_000_000),
        "aim 6 s, -, 150 MB",
        "",
    );
    let again = ingest(&config);
    let figures = format!("{:.1} s, {:.1} s, {} MB", again.cpu, again.wall, again.peak / 1_000_000);
    row("ingest again, nothing changed", &figures, "", "");
    drop(station);
    if lists {
        against_nginx(folder, &config);
    }
}

fn against_nginx(folder: &Path, config: &Path) {
    let serve = Process::start("serve", &["--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    let list = "/player_api.php?username=bench&password=bench&action=get_live_streams";
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let body = runtime.block_on(fetch(serve.address, list));
    fs::create_dir(folder.join("www")).unwrap();
    File::new(&folder.join("www/list.json")).write(&body);
    let nginx = nginx(folder);
    let mut rounds = Vec::new();
    for _ in 0..3 {
        rounds.push((requests(&runtime, &serve, list), requests(&runtime, &nginx, "/list.json")));
    }
    let pick = |of: &dyn Fn(&(Load, Load)) -> f64| median(rounds.iter().map(of));
    let (ours, theirs) = (pick(&|round| round.0.rate), pick(&|round| round.1.rate));
    row(
        &format!("get_live_streams, {:.1} MB: requests/s", body.len() as f64 / 1e6),
        &format!("{ours:.0}"),
        &format!("{theirs:.0} (nginx, same bytes)"),
        &format!("{:.2}", ours / theirs),
    );
    let (ours, theirs) = (pick(&|round| round.0.cpu_ms), pick(&|round| round.1.cpu_ms));
    let figures = (format!("{ours:.2}"), format!("{theirs:.2} (nginx)"), format!("{:.2}", ours / theirs));
    row("the same: CPU ms per request", &figures.0, &figures.1, &figures.2);
}

struct Load {
    rate: f64,
    cpu_ms: f64,
}

fn requests(runtime: &tokio::runtime::Runtime, server: &Process, path: &str) -> Load {
    let (cpu, begin) = (server.cpu(), Instant::now());
    let done = runtime.block_on(async {
        let clients =
            (0..CLIENTS).map(|_| tokio::spawn(client(server.address, path.to_owned(), begin + SPAN / 2)));
        let mut done = 0;
        for client in clients.collect::<Vec<_>>() {
            done += client.await.unwrap();
        }
        done
    });
    Load {
        rate: f64::from(done) / begin.elapsed().as_secs_f64(),
        cpu_ms: (server.cpu() - cpu) * 1e3 / f64::from(done),
    }
}

/// Asks again and again on one connection; how often it was answered before `end`.
async fn client(server: SocketAddr, path: String, end: Instant) -> u32 {
    let mut socket = TcpStream::connect(server).await.unwrap();
    let mut buffer = vec![0; 1 << 18];
    let mut done = 0;
    while Instant::now() < end {
        answer(&mut socket, &path, &mut buffer, |_| ()).await;
        done += 1;
    }
    done
}

async fn fetch(server: SocketAddr, path: &str) -> Vec<u8> {
    let mut socket = TcpStream::connect(server).await.unwrap();
    let mut body = Vec::new();
    answer(&mut socket, path, &mut vec![0; 1 << 18], |bytes| body.extend_from_slice(bytes)).await;
    body
}

/// One request and its answer, whose length must be given.
async fn answer(socket: &mut TcpStream, path: &str, buffer: &mut [u8], mut take: impl FnMut(&[u8])) {
    socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut have = 0;
    let head = loop {
        have += socket.read(&mut buffer[have..]).await.unwrap();
        if let Some(end) = buffer[..have].windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    assert!(text.starts_with("http/1.1 200"), "{text}");
    let length = text.split_once("content-length: ").unwrap().1.split_once("\r\n").unwrap().0;
    let mut left = length.parse::<usize>().unwrap() - (have - head);
    take(&buffer[head..have]);
    while left > 0 {
        let read = socket.read(buffer).await.unwrap();
        assert!(read > 0, "the answer was cut");
        take(&buffer[..read]);
        left -= read;
    }
}

fn nginx(folder: &Path) -> Process {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let here = folder.display();
    let config = format!(
        "daemon off; master_process off; pid {here}/nginx.pid; error_log {here}/nginx.log;\n\
         events {{ worker_connections 512; }}\n\
         http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;\n\
         types {{ application/json json; }}\n\
         client_body_temp_path {here}/t1; proxy_temp_path {here}/t2; fastcgi_temp_path {here}/t3;\n\
         uwsgi_temp_path {here}/t4; scgi_temp_path {here}/t5;\n\
         server {{ listen 127.0.0.1:{port}; root {here}/www; }} }}\n"
    );
    let path = folder.join("nginx.conf");
    File::new(&path).write(config.as_bytes());
    let child = Command::new("nginx").arg("-c").arg(&path).spawn().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while std::net::TcpStream::connect(address).is_err() {
        sleep(Duration::from_millis(20));
    }
    Process { child, address }
}

/// Writes a configuration for `station`, with one user `bench`, and its data beside it.
fn configure(folder: &Path, name: &str, station: &Process, more: &str) -> PathBuf {
    let config = folder.join(format!("{name}.toml"));
    let text = format!(
        "data = {:?}\n[[source]]\nname = \"station\"\nurl = \"http://{}\"\nusername = \"provider-user\"\n\
         password = \"provider-password\"\nmax_connections = 1000\n\
         requests = {{ parallel = 4, per_second = 1000, per_hour = 1000000 }}\n{more}",
        folder.join(name),
        station.address
    );
    File::new(&config).write(text.as_bytes());
    let add = [
        "user",
        "--config",
        config.to_str().unwrap(),
        "add",
        "bench",
        "--password-stdin",
        "--max-connections",
        "0",
    ];
    let mut child = program("coax").args(add).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"bench").unwrap();
    assert!(child.wait().unwrap().success());
    config
}

struct Run {
    cpu: f64,
    wall: f64,
    peak: u64,
    first_channel: u32,
}

/// `ingest run`, watched from outside.
fn ingest(config: &Path) -> Run {
    let begin = Instant::now();
    let mut child =
        program("ingest").args(["run", "--config"]).arg(config).stdout(Stdio::null()).spawn().unwrap();
    let (mut cpu, mut peak) = (0.0, 0);
    let status = loop {
        if let Some(now) = cpu_seconds(child.id()) {
            cpu = now;
            peak = peak_memory(child.id()).unwrap_or(peak);
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "ingest failed");
    let data = config.with_extension("");
    let bundle = fs::read_to_string(data.join("current/bundle.json")).unwrap();
    let (_, id) = bundle.split_once("\"stream_id\":").unwrap();
    let first_channel = id.split_once(',').unwrap().0.parse().unwrap();
    Run { cpu, wall: begin.elapsed().as_secs_f64(), peak, first_channel }
}

/// A server that says `ready http://ADDRESS`, ended with the benchmark.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(name: &str, arguments: &[&str]) -> Self {
        Self::ready(program(name).args(arguments))
    }

    /// This program again, in another role.
    fn own(arguments: &[&str]) -> Self {
        Self::ready(Command::new(std::env::current_exe().unwrap()).args(arguments))
    }

    fn ready(command: &mut Command) -> Self {
        let mut child = command.env("RUST_LOG", "warn").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.find(|line| line.as_ref().unwrap().starts_with("ready ")).unwrap().unwrap();
        Self { child, address: line.trim_start_matches("ready http://").parse().unwrap() }
    }

    fn cpu(&self) -> f64 {
        cpu_seconds(self.child.id()).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program of the workspace, built beside this one.
fn program(name: &str) -> Command {
    let here = std::env::current_exe().unwrap();
    Command::new(here.ancestors().nth(2).unwrap().join(name))
}

/// User and system time of a process (proc(5): fields 14 and 15 of `stat`, in hundredths).
fn cpu_seconds(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(ticks as f64 / 100.0)
}

/// The most memory a process ever held, in bytes.
fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().unwrap();
    let memory = fs::read_to_string("/proc/meminfo").unwrap();
    let kilobytes: u64 = memory.split_whitespace().nth(1).unwrap().parse().unwrap();
    format!("{cores} cores, {} GB of memory", (kilobytes + (1 << 19)) >> 20)
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn row(work: &str, ours: &str, reference: &str, ratio: &str) {
    println!("| {work} | {ours} | {reference} | {ratio} |");
}

/// A working file of the benchmark.
struct File(fs::File);

impl File {
    fn new(path: &Path) -> Self {
        Self(fs::File::create(path).unwrap())
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }
}
