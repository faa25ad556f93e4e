//! A player, as a socket sees it, and what it makes of the bytes.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mpegts::{PACKET, Packet, Pcr, Pid, Proof, Tracker};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stage::Stage;

/// Long enough for anything that happens at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// No viewer of these tests watches for so long: what ought to end by then goes on for ever.
const LONGEST: Duration = Duration::from_secs(300);

/// One request and its answer, read by hand: chunk by chunk, as they were framed.
pub(crate) struct Viewer {
    socket: TcpStream,
    buffer: Vec<u8>,
    pub(crate) head: String,
    chunked: bool,
}

impl Viewer {
    pub(crate) async fn get(stage: &Stage, path: &str) -> Self {
        Self::ask(stage, "GET", path, "User-Agent: player\r\n").await
    }

    /// `headers` end with a line break each.
    pub(crate) async fn ask(stage: &Stage, method: &str, path: &str, headers: &str) -> Self {
        Self::speak(stage, &format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")).await
    }

    pub(crate) async fn speak(stage: &Stage, request: &str) -> Self {
        Self::speak_at(stage.address, request).await
    }

    pub(crate) async fn at(address: SocketAddr, path: &str) -> Self {
        Self::speak_at(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await
    }

    async fn speak_at(address: SocketAddr, request: &str) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut viewer = Self { socket, buffer: Vec::new(), head: String::new(), chunked: false };
        let end = loop {
            if let Some(at) = viewer.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(viewer.more().await > 0, "a head comes first");
        };
        viewer.head = String::from_utf8(viewer.buffer.drain(..end).collect()).unwrap().to_ascii_lowercase();
        viewer.chunked = viewer.head.contains("transfer-encoding: chunked");
        viewer
    }

    pub(crate) fn status(&self) -> u16 {
        self.head[9..12].parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The next bytes of the body; empty at its end.
    pub(crate) async fn next(&mut self) -> Vec<u8> {
        if !self.chunked {
            // Until the length that was promised, or the end of the connection.
            if self.buffer.is_empty() {
                self.more().await;
            }
            return std::mem::take(&mut self.buffer);
        }
        loop {
            if let Some(line) = self.buffer.windows(2).position(|window| window == b"\r\n") {
                let size = std::str::from_utf8(&self.buffer[..line]).unwrap();
                let size = usize::from_str_radix(size, 16).unwrap();
                if self.buffer.len() >= line + 2 + size + 2 {
                    let chunk = self.buffer[line + 2..line + 2 + size].to_vec();
                    self.buffer.drain(..line + 2 + size + 2);
                    return chunk;
                }
            }
            if self.more().await == 0 {
                return Vec::new();
            }
        }
    }

    /// At least `size` bytes of the body, or all there are.
    pub(crate) async fn read(&mut self, size: usize) -> Vec<u8> {
        let (mut body, began) = (Vec::new(), Instant::now());
        while body.len() < size {
            assert!(began.elapsed() < LONGEST, "it goes on for ever, after {} bytes", body.len());
            let bytes = self.next().await;
            if bytes.is_empty() {
                break;
            }
            body.extend(bytes);
        }
        body
    }

    /// The rest of the body.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let length = self.header("content-length").map(|length| length.parse().unwrap());
        self.read(length.unwrap_or(usize::MAX)).await
    }

    /// Bytes of a channel of `seconds`, and what a player finds in them.
    pub(crate) async fn watch_for(&mut self, seconds: f64) -> (Vec<u8>, Seen) {
        let (mut bytes, mut eye) = (Vec::new(), Eye::default());
        while eye.seen.passed < seconds {
            let next = self.next().await;
            assert!(!next.is_empty(), "it goes on: {:?}", eye.seen);
            eye.look(&next);
            bytes.extend(next);
        }
        (bytes, eye.close())
    }

    async fn more(&mut self) -> usize {
        let read = tokio::time::timeout(PATIENCE, self.socket.read_buf(&mut self.buffer)).await;
        read.expect("something comes").unwrap_or(0)
    }
}

/// What a player would find in the bytes.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) packets: u64,
    pub(crate) nulls: u64,
    pub(crate) continuity_errors: u64,
    /// Decode times of access points, in ticks of 90 kHz.
    pub(crate) access: Vec<u64>,
    /// Steps of the clock, in seconds.
    pub(crate) longest_step: f64,
    pub(crate) backwards: u64,
    /// Time that has passed on the clock, in seconds.
    pub(crate) passed: f64,
}

/// Looks at a stream as it comes, each byte once.
#[derive(Default)]
pub(crate) struct Eye {
    tracker: Tracker,
    clock: Option<Pcr>,
    seen: Seen,
    /// The beginning of a packet.
    rest: Vec<u8>,
}

impl Eye {
    pub(crate) fn look(&mut self, bytes: &[u8]) {
        self.rest.extend(bytes);
        let whole: Vec<u8> = self.rest.drain(..self.rest.len() / PACKET * PACKET).collect();
        mpegts::packets(&whole).for_each(|packet| self.packet(packet));
    }

    fn packet(&mut self, packet: Packet<'_>) {
        let seen = &mut self.seen;
        if let Some(point) = self.tracker.push(packet) {
            assert_eq!(point.proof, Proof::Content);
            seen.access.extend(point.decode_time().map(|time| time.ticks()));
        }
        let before = std::mem::replace(&mut self.clock, self.tracker.pcr());
        if let (Some(before), Some(now)) = (before, self.clock) {
            let step = now.since(before) as f64 / 27e6;
            seen.backwards += u64::from(step < 0.0);
            seen.longest_step = seen.longest_step.max(step);
            seen.passed += step;
        }
        seen.packets += 1;
    }

    pub(crate) fn close(mut self) -> Seen {
        let counts = self.tracker.counts();
        (self.seen.nulls, self.seen.continuity_errors) = (counts.null, counts.continuity_errors);
        self.seen
    }
}

/// Looks at whole packets, `bytes` being a part of a stream.
pub(crate) fn watch(bytes: &[u8]) -> Seen {
    let mut eye = Eye::default();
    eye.look(bytes);
    eye.close()
}

/// One unbroken channel: every packet counted on, every picture once and in order.
pub(crate) fn assert_unbroken(seen: &Seen) {
    assert_eq!((seen.continuity_errors, seen.backwards), (0, 0), "{seen:?}");
    assert!(seen.longest_step < 0.2, "{seen:?}");
    assert!(seen.access.is_sorted_by(|one, next| one < next), "{seen:?}");
}

/// Asserts that a player can begin: PAT, PMT, and then an access point before anything else that is shown.
pub(crate) fn assert_begins_well(bytes: &[u8]) {
    let packets: Vec<Packet<'_>> = mpegts::packets(bytes).collect();
    assert_eq!(bytes.len() / 188, packets.len(), "every packet begins with 0x47");
    assert_eq!(packets[0].pid(), Pid::PAT, "PAT first");
    let mut tracker = Tracker::new();
    tracker.push(packets[0]);
    tracker.push(packets[1]);
    let program = tracker.program().expect("PMT second").clone();
    let video = program.video().expect("there are pictures").pid;
    assert_eq!(packets[2].pid(), video, "pictures third");
    let mut begun = Vec::new();
    let mut first = None;
    for packet in &packets[2..] {
        first = first.or(tracker.push(*packet).map(|point| point.packet));
        let shown = program.streams.iter().any(|stream| stream.pid == packet.pid());
        if shown && !begun.contains(&packet.pid()) && packet.has_payload() {
            assert!(packet.unit_start(), "{} begins with a unit", packet.pid());
            begun.push(packet.pid());
        }
    }
    assert_eq!(first, Some(2), "the first picture is an access point");
    assert_eq!(tracker.counts().continuity_errors, 0);
}

/// Waits for something that happens soon.
pub(crate) async fn eventually(what: &str, happened: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
