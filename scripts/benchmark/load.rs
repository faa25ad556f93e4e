//! One server's answers against the same bytes from nginx: how many of them in a second, and what each costs.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use super::SPAN;
use super::nginx::Nginx;
use super::process::Process;
use super::table::{median, row};

const ROUNDS: usize = 3;

/// Something that is asked for again and again, on so many connections that stay open.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) path: &'a str,
    pub(crate) coding: &'a str,
    pub(crate) connections: usize,
    pub(crate) span: Duration,
}

/// What a server did for it.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// Answers in a second; those that were not complete at the end count as far as they were.
    pub(crate) rate: f64,
    pub(crate) cpu_ms: f64,
}

/// What `server` answers at `path` (which is asked for before each round), again and again; `what` it is called.
pub(crate) fn against_nginx(folder: &Path, what: &str, server: &Process, path: impl Fn() -> String) {
    let nginx = Nginx::start(&folder.join(what));
    let runtime = Runtime::new().unwrap();
    let (mut rounds, mut size) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let path = path();
        let body = runtime.block_on(fetch(server.address, &path, "identity"));
        nginx.put("body", &body);
        size = body.len();
        let asked = Asked { path: &path, coding: "identity", connections: 4, span: SPAN / 2 };
        let theirs = Asked { path: "/body", ..asked };
        rounds.push((requests(&runtime, server, asked), requests(&runtime, &nginx.process, theirs)));
    }
    told(&format!("{what}, {:.1} MB", size as f64 / 1e6), &rounds);
}

/// The medians of rounds with ours and theirs, as a row of the table.
pub(crate) fn told(work: &str, rounds: &[(Load, Load)]) {
    let pick = |of: &dyn Fn(&(Load, Load)) -> f64| median(rounds.iter().map(of));
    let (ours, theirs) = (pick(&|round| round.0.rate), pick(&|round| round.1.rate));
    let (cpu, their_cpu) = (pick(&|round| round.0.cpu_ms), pick(&|round| round.1.cpu_ms));
    let figures = |rate: f64, cpu: f64| {
        let digits = if rate < 20.0 { 1 } else { 0 };
        format!("{rate:.digits$}/s, {cpu:.3} ms of CPU each")
    };
    row(
        work,
        &figures(ours, cpu),
        &format!("{} (nginx, same bytes)", figures(theirs, their_cpu)),
        &format!("{:.2}; CPU {:.2}", ours / theirs, cpu / their_cpu),
    );
}

/// Asks and counts.
pub(crate) fn requests(runtime: &Runtime, server: &Process, asked: Asked<'_>) -> Load {
    let counts: Arc<[Count]> = (0..asked.connections).map(|_| Count::default()).collect();
    let size = runtime.block_on(length(server.address, asked.path, asked.coding));
    let mut clients = Vec::new();
    for at in 0..asked.connections {
        let (counts, request) = (counts.clone(), request(asked.path, asked.coding));
        clients.push(runtime.spawn(client(server.address, request, counts, at)));
    }
    std::thread::sleep(asked.span / 5); // until all are connected
    let done = || counts.iter().map(|count| count.0.load(Relaxed)).sum::<u64>();
    let (begin, cpu, before) = (Instant::now(), server.cpu(), done());
    std::thread::sleep(asked.span);
    let (seconds, cpu, bytes) = (begin.elapsed().as_secs_f64(), server.cpu() - cpu, done() - before);
    assert!(clients.iter().all(|client| !client.is_finished()), "a client was let down");
    clients.iter().for_each(|client| client.abort());
    let answers = bytes as f64 / size as f64;
    Load { rate: answers / seconds, cpu_ms: cpu * 1e3 / answers }
}

/// Bytes of bodies that a client was sent, where no other client counts.
#[derive(Default)]
#[repr(align(128))]
struct Count(AtomicU64);

async fn client(server: SocketAddr, request: String, counts: Arc<[Count]>, at: usize) {
    let mut socket = TcpStream::connect(server).await.unwrap();
    let mut buffer = vec![0; 1 << 17];
    loop {
        answer(&mut socket, &request, &mut buffer, |bytes| {
            counts[at].0.fetch_add(bytes.len() as u64, Relaxed);
        })
        .await;
    }
}

/// What is behind a path, in this coding.
pub(crate) async fn fetch(server: SocketAddr, path: &str, coding: &str) -> Vec<u8> {
    let mut socket = TcpStream::connect(server).await.unwrap();
    // As of old: without chunks, until the connection ends.
    let request = format!("GET {path} HTTP/1.0\r\nHost: x\r\nAccept-Encoding: {coding}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let text = std::str::from_utf8(&answer[..head]).unwrap();
    assert!(text.split(' ').nth(1) == Some("200"), "{text}");
    answer.split_off(head)
}

/// Bytes that are behind a path, in this coding.
async fn length(server: SocketAddr, path: &str, coding: &str) -> u64 {
    let mut socket = TcpStream::connect(server).await.unwrap();
    let mut size = 0;
    let request = request(path, coding);
    answer(&mut socket, &request, &mut vec![0; 1 << 17], |bytes| size += bytes.len() as u64).await;
    size
}

fn request(path: &str, coding: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {coding}\r\n\r\n")
}

/// One request and its answer, which has a length or comes in chunks.
async fn answer(socket: &mut TcpStream, request: &str, buffer: &mut [u8], mut take: impl FnMut(&[u8])) {
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut have = 0;
    let head = loop {
        let read = socket.read(&mut buffer[have..]).await.unwrap();
        assert!(read > 0, "no answer");
        have += read;
        if let Some(end) = buffer[..have].windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = std::str::from_utf8(&buffer[..head]).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let Some(length) = header(text, "content-length") else {
        take(&buffer[head..have]);
        return until_last_chunk(socket, buffer, head..have, take).await;
    };
    let mut left = length.parse::<usize>().unwrap() - (have - head);
    take(&buffer[head..have]);
    while left > 0 {
        let read = socket.read(buffer).await.unwrap();
        assert!(read > 0, "the answer was cut");
        take(&buffer[..read]);
        left -= read;
    }
}

/// Reads on until what ends a body in chunks: their own bytes are counted with the others, being very few.
async fn until_last_chunk(
    socket: &mut TcpStream,
    buffer: &mut [u8],
    have: std::ops::Range<usize>,
    mut take: impl FnMut(&[u8]),
) {
    const LAST: &[u8] = b"0\r\n\r\n";
    let mut end = buffer[have].to_vec();
    while !end.ends_with(LAST) {
        let read = socket.read(buffer).await.unwrap();
        assert!(read > 0, "the answer was cut");
        take(&buffer[..read]);
        end.extend_from_slice(&buffer[read.saturating_sub(LAST.len())..read]);
        end.drain(..end.len().saturating_sub(LAST.len()));
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    lines.into_iter().find(|(each, _)| each.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
