//! Those who ask: so many requests a second, of every kind, and what came back.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::known::{Answer, Known, Of};

const CONNECTIONS: usize = 50;
/// Between two requests on a connection: 5000 a second together.
const PAUSE: Duration = Duration::from_millis(10);
const CODINGS: [&str; 3] = ["identity", "gzip", "zstd"];

/// What was done.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) answers: u64,
    /// Answers whose validator was seen before, with the same bytes.
    pub(crate) same: u64,
    pub(crate) compared: u64,
}

pub(crate) struct Asking {
    connections: JoinSet<Done>,
    ended: Arc<AtomicBool>,
}

/// Something to ask for, and how often among a thousand requests.
struct Kind {
    path: String,
    of: Of,
    often: usize,
}

/// The bytes that came with each validator.
type Seen = Mutex<HashMap<(String, String), u64>>;

/// Begins to ask.
pub(crate) async fn start(server: SocketAddr, known: Arc<Known>) -> Asking {
    let kinds = kinds(server).await;
    // So that what is asked for often is not asked for in a row.
    let mut order: Vec<(u64, usize)> = Vec::new();
    for (kind, Kind { often, .. }) in kinds.iter().enumerate() {
        order.extend((0..*often).map(|at| (hashed(&(kind, at)), kind)));
    }
    order.sort_unstable();
    let (kinds, order, seen) = (Arc::new(kinds), Arc::new(order), Arc::new(Seen::default()));
    let ended = Arc::new(AtomicBool::new(false));
    let mut connections = JoinSet::new();
    for number in 0..CONNECTIONS {
        let (kinds, order, seen) = (kinds.clone(), order.clone(), seen.clone());
        let (known, ended) = (known.clone(), ended.clone());
        connections.spawn(async move {
            let mut socket = TcpStream::connect(server).await.unwrap();
            let (mut done, mut pace, mut checks) = (Done::default(), interval(PAUSE), JoinSet::new());
            pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut at = number * 7919;
            while !ended.load(Relaxed) {
                pace.tick().await;
                let kind = &kinds[order[at % order.len()].1];
                let answer = ask(&mut socket, &kind.path, CODINGS[at % 3]).await;
                at += 1;
                done.answers += 1;
                let key = (format!("{:?}", kind.of), answer.etag.clone());
                let hash = hashed(&answer.body);
                let before = match kind.of {
                    Of::Document(_) => None, // of the time: each for itself
                    _ => seen.lock().unwrap().insert(key, hash),
                };
                match before {
                    Some(before) => {
                        assert_eq!(before, hash, "two answers of one validator differ: {:?}", kind.of);
                        done.same += 1;
                    }
                    None => {
                        done.compared += 1;
                        let (known, of) = (known.clone(), kind.of.clone());
                        checks.spawn_blocking(move || known.check(&of, &answer));
                    }
                }
                while let Some(checked) = checks.try_join_next() {
                    checked.unwrap();
                }
            }
            while let Some(checked) = checks.join_next().await {
                checked.unwrap();
            }
            done
        });
    }
    Asking { connections, ended }
}

impl Asking {
    /// Ends, when every answer has been compared.
    pub(crate) async fn end(mut self) -> Done {
        self.ended.store(true, Relaxed);
        let mut all = Done::default();
        while let Some(done) = self.connections.join_next().await {
            let done = done.unwrap();
            all.answers += done.answers;
            all.same += done.same;
            all.compared += done.compared;
        }
        all
    }
}

async fn kinds(server: SocketAddr) -> Vec<Kind> {
    let user = "username=bench&password=bench";
    let api = |query: &str| format!("/player_api.php?{user}{query}");
    let mut socket = TcpStream::connect(server).await.unwrap();
    let mut kinds = Vec::new();
    for (of, categories, action, list) in [
        ("get_live_categories", "live_categories", "get_live_streams", "live_streams"),
        ("get_vod_categories", "vod_categories", "get_vod_streams", "vod_streams"),
        ("get_series_categories", "series_categories", "get_series", "series"),
    ] {
        let path = api(&format!("&action={of}"));
        let answer = ask(&mut socket, &path, "identity").await;
        for category in serde_json::from_slice::<Vec<Value>>(&answer.body).unwrap().iter().take(20) {
            let id: u32 = category["category_id"].as_str().unwrap().parse().unwrap();
            let path = api(&format!("&action={action}&category_id={id}"));
            kinds.push(Kind { path, of: Of::List(list, Some(id)), often: 10 });
        }
        kinds.push(Kind { path, of: Of::List(categories, None), often: 80 });
        kinds.push(Kind { path: api(&format!("&action={action}")), of: Of::List(list, None), often: 8 });
    }
    let live = ask(&mut socket, &api("&action=get_live_streams"), "identity").await;
    for channel in serde_json::from_slice::<Vec<Value>>(&live.body).unwrap().iter().take(40) {
        let path = api(&format!("&action=get_short_epg&stream_id={}", channel["stream_id"]));
        kinds.push(Kind { path, of: Of::Document("epg_listings"), often: 5 });
    }
    kinds.push(Kind { path: api(""), of: Of::Document("user_info"), often: 100 });
    kinds.push(Kind { path: format!("/get.php?{user}&type=m3u_plus"), of: Of::Playlist, often: 2 });
    kinds.push(Kind { path: format!("/xmltv.php?{user}"), of: Of::Guide, often: 2 });
    kinds
}

/// One request and its answer, which must be a good one.
async fn ask(socket: &mut TcpStream, path: &str, coding: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: churn\r\nAccept-Encoding: {coding}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut have = Vec::with_capacity(1 << 14);
    let head = loop {
        assert!(socket.read_buf(&mut have).await.unwrap() > 0, "no answer");
        if let Some(end) = have.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8(have.drain(..head).collect()).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let header = |name: &str| {
        let lines = text.split("\r\n").filter_map(|line| line.split_once(": "));
        let mut lines = lines.filter(|(each, _)| each.eq_ignore_ascii_case(name));
        lines.next().map(|(_, value)| value.trim_matches('"').to_owned())
    };
    match header("content-length") {
        Some(length) => {
            let length: usize = length.parse().unwrap();
            while have.len() < length {
                assert!(socket.read_buf(&mut have).await.unwrap() > 0, "the answer was cut");
            }
            assert_eq!(have.len(), length);
        }
        None => {
            while !have.ends_with(b"\r\n0\r\n\r\n") {
                assert!(socket.read_buf(&mut have).await.unwrap() > 0, "the answer was cut");
            }
            have = unchunked(&have);
        }
    }
    let (etag, coding) = (header("etag").unwrap_or_default(), header("content-encoding").unwrap_or_default());
    Answer { etag, coding, body: have }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[line + 2..line + 2 + size]);
        rest = &rest[line + 4 + size..];
    }
}

fn hashed(it: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    it.hash(&mut hasher);
    hasher.finish()
}
