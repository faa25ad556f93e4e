//! Requests that nobody's app would send, many of them and at the same time, over raw sockets: whatever comes, it is refused
//! or answered as an answer should be, nothing panics, and memory stays where it is.
//!
//! A run is made of a seed, and so is each of its requests by itself. `scripts/surface` throws more of them.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod dice;
#[path = "../program/mod.rs"]
mod program;
mod request;
mod words;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use dice::Dice;
use program::{Program, ffmpeg};
use request::{Asked, Known};
use serde_json::Value;
use serve::admin::ENDPOINTS;

const README: &str = include_str!("../../README.md");
const KEY: &str = "an-operators-own-key";

/// Connections at a time.
const AT_ONCE: usize = 16;
/// Of an answer that does not end, no more is read.
const ENOUGH: usize = 128 * 1024;
/// Whoever is asked rightly answers within this time: tuning to a channel may take a while.
const PATIENCE: Duration = Duration::from_secs(30);
/// For one who is not, or not wholly.
const SHORT: Duration = Duration::from_millis(250);

/// The most memory of its own that the demo may have, its provider and its relay included, in MB.
const MOST: u64 = 256;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

#[test]
fn whatever_is_asked_is_answered_or_refused_and_costs_no_memory() {
    let (seed, requests) = (number("SURFACE_SEED", 5), number("SURFACE_REQUESTS", 2000));
    let data = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--listen", "127.0.0.1:0", "--data", data.path().to_str().unwrap()];
    let demo = Program::start(&arguments, &[("COAX_ADMIN_KEY", KEY)]);
    let known = known(&demo.url);
    let address = demo.url.trim_start_matches("http://").parse().unwrap();
    let begin = Instant::now();
    let throw = |from: u64, to: u64| {
        let next = AtomicUsize::new(from as usize);
        let counts = Counts::default();
        thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Relaxed) as u64;
                        if number >= to {
                            break;
                        }
                        let asked = Asked::thrown(&mut Dice::new(seed, number), &known, KEY);
                        let answer = ask(address, &asked);
                        let shown = String::from_utf8_lossy(&asked.bytes[..asked.bytes.len().min(2000)]);
                        let shown = format!("seed {seed}, request {number}:\n{}\n", shown.escape_debug());
                        counts.add(judged(&asked, &answer, &shown));
                    }
                });
            }
        });
        (counts, demo.memory())
    };
    let (first, before) = throw(0, requests / 2);
    let (second, after) = throw(requests / 2, requests);
    println!(
        "seed {seed}: {requests} requests in {:.0} s; {first}; then {second}; {before} MB, then {after} MB",
        begin.elapsed().as_secs_f64()
    );
    assert!(before.max(after) < MOST, "{before} MB, then {after} MB");
    let ended = demo.terminate();
    for wrong in ["panicked", "ERROR", "provider-password"] {
        let line = ended.logged.lines().find(|line| line.contains(wrong));
        assert_eq!(line, None, "in the log");
    }
    assert!(ended.status.success());
}

/// How many answers there were of each class.
#[derive(Default)]
struct Counts([AtomicUsize; 6]);

impl Counts {
    fn add(&self, status: u16) {
        self.0[usize::from(status / 100)].fetch_add(1, Relaxed);
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [none, _, good, elsewhere, refused, not_now] = self.0.each_ref().map(|count| count.load(Relaxed));
        write!(
            f,
            "{good} answered, {elsewhere} sent elsewhere, {refused} refused, {not_now} not now, {none} cut"
        )
    }
}

/// Everything that the README and the administration's table say can be asked.
fn known(url: &str) -> Vec<Known> {
    let list = |action: &str| -> Vec<Value> {
        let url = format!("{url}/player_api.php?username=demo&password=demo&action={action}");
        serde_json::from_slice(&ffmpeg("curl", &["-sS", "--fail", &url]).stdout).unwrap()
    };
    let channels = list("get_live_streams");
    let channel = channels.iter().find(|channel| channel["tv_archive"] == 1).unwrap();
    let sealed = channel["stream_icon"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let id = |entry: &Value, key: &str| entry[key].to_string();
    let (film, series) =
        (id(&list("get_vod_streams")[0], "stream_id"), id(&list("get_series")[0], "series_id"));
    let channel = id(channel, "stream_id");
    let cells = README.lines().filter_map(|line| line.strip_prefix("| `/")?.split_once('`'));
    let pages = cells.map(|(path, _)| {
        let path = path.replace("USER", "demo").replace("PASS", "demo").replace("CHANNEL", &channel);
        let path = path.replace("FILM", &film).replace("SERIES", &series).replace("SEALED", &sealed);
        let path = path.replace("START", "1759997400").replace("EPISODE", "1");
        Known { method: "GET", target: format!("/{path}"), takes_body: false }
    });
    let administration = ENDPOINTS.iter().map(|endpoint| {
        let path = endpoint.path.replace("{name}", "guest").replace("{device}", "tv");
        Known {
            method: endpoint.method.word(),
            target: path.replace("{number}", "1").replace("{id}", "1"),
            takes_body: matches!(endpoint.method.word(), "POST" | "PATCH"),
        }
    });
    let known: Vec<Known> = pages.chain(administration).collect();
    assert!(known.len() > 40, "{}", known.len());
    known
}

/// What came back, as far as it was waited for.
fn ask(address: SocketAddr, asked: &Asked) -> Vec<u8> {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(if asked.is_whole { PATIENCE } else { SHORT })).unwrap();
    // Whoever refuses a long request may do so before it is read to its end.
    let _ = socket.write_all(&asked.bytes);
    let (mut answer, mut buffer) = (Vec::new(), vec![0; 1 << 14]);
    while answer.len() < ENOUGH {
        match socket.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break, // nothing more within the time, or it was cut
        }
        // An answer without an end, and a connection that stays open for the next, are not waited for.
        if !answer.is_empty() {
            socket.set_read_timeout(Some(SHORT)).unwrap();
        }
    }
    answer
}

/// The status of an answer as there may be one; 0 for none.
fn judged(asked: &Asked, answer: &[u8], shown: &str) -> u16 {
    let answer = String::from_utf8_lossy(answer);
    if answer.is_empty() {
        assert!(!asked.is_whole, "no answer to {shown}");
        return 0;
    }
    let (head, _) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
    let status: u16 = status.unwrap_or_else(|| panic!("no answer of HTTP: {head} to {shown}"));
    let lower = head.to_ascii_lowercase();
    assert!(!lower.contains("\nx-injected"), "{head} to {shown}");
    assert!(!answer.contains("provider-password"), "a secret is told: {head} to {shown}");
    // Streams may not be had now: of each it is said when to ask again, or that it is the provider who does not give it.
    let may = match status {
        503 => lower.contains("\nretry-after:"),
        502 | 504 => asked.is_stream,
        status => status < 500,
    };
    assert!(may, "{head}\nto {shown}");
    status
}
