//! Viewers that stop reading: they cost little, delay nobody, and do not stay.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{Program, ffmpeg, run};

const STALLED: usize = 200;

/// What the kernel holds for the program's clients: sent, and not taken by them (proc(5): `net/tcp`). Of these alone:
/// others on the machine hold more or less at any time.
fn kernel_bytes(address: &str) -> u64 {
    let (_, port) = address.rsplit_once(':').unwrap();
    let port = format!(":{:04X}", port.parse::<u16>().unwrap());
    let text = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let ends = text.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours = ends.filter(|end| end[1].ends_with(&port));
    ours.map(|end| u64::from_str_radix(end[4].split_once(':').unwrap().0, 16).unwrap()).sum()
}

fn open(address: &str, path: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
    socket
}

/// Reads for `span`; gives the bytes that came and the longest time without any.
fn watch(mut socket: TcpStream, span: Duration) -> (usize, Duration) {
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let (begin, mut last, mut gap, mut bytes) = (Instant::now(), Instant::now(), Duration::ZERO, 0);
    let mut buffer = vec![0; 1 << 16];
    while begin.elapsed() < span {
        let read = socket.read(&mut buffer).unwrap();
        assert!(read > 0, "a viewer who reads was cut");
        gap = gap.max(last.elapsed());
        last = Instant::now();
        bytes += read;
    }
    (bytes, gap)
}

#[test]
fn two_hundred_viewers_that_stop_reading_cost_little_and_delay_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let provider = station::Settings { bitrate: 8_000_000, ..station::Settings::default() };
    let account = provider.accounts[0].clone();
    let station = runtime.block_on(station::Station::start(provider)).unwrap();
    let data = folder.path().to_str().unwrap();
    let add = ["user", "--data", data, "add", "ann", "--password-stdin", "--max-connections", "0"];
    assert!(run(&add, "hunter2", folder.path()).status.success());
    let program = Program::start(
        &["up"],
        &[
            ("COAX_DATA", data),
            ("COAX_LISTEN", "127.0.0.1:0"),
            ("XTREAM_BASE_URL", &station.url()),
            ("XTREAM_USERNAME", &account.username),
            ("XTREAM_PASSWORD", &account.password),
        ],
    );
    let list =
        format!("{}/player_api.php?username=ann&password=hunter2&action=get_live_streams", program.url);
    let list = ffmpeg("curl", &["-sS", "--fail", "--retry", "40", "--retry-delay", "1", &list]).stdout;
    let list: serde_json::Value = serde_json::from_slice(&list).unwrap();
    let path = format!("/live/ann/hunter2/{}.ts", list[0]["stream_id"]);
    let address = program.url.trim_start_matches("http://").to_owned();

    let alone = watch(open(&address, &path), Duration::from_secs(4));
    let healthy = {
        let socket = open(&address, &path);
        thread::spawn(move || watch(socket, Duration::from_secs(22)))
    };
    let mut stalled: Vec<_> = (0..STALLED).map(|_| open(&address, &path)).collect();
    let mut most = 0;
    for _ in 0..12 {
        thread::sleep(Duration::from_secs(1));
        most = most.max(kernel_bytes(&address));
    }
    let (bytes, gap) = healthy.join().unwrap();
    println!("kernel memory of {STALLED} stalled viewers: {} MB", most / 1_000_000);
    println!("largest gap of a healthy viewer: {gap:?} among them, {:?} alone", alone.1);
    assert!(most > 0 && most < 60_000_000, "{most} bytes");
    assert!(bytes > 22 * 1_000_000 * 7 / 10, "only {bytes} bytes in 22 s at 8 Mbit/s");
    assert!(gap < Duration::from_secs(2), "{gap:?}");
    // By now they are cut: what the kernel had taken for them can be read, and then they are at their end.
    for socket in &mut stalled {
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let ended = socket.read_to_end(&mut Vec::new());
        assert!(
            ended.as_ref().err().is_none_or(|error| error.kind() != std::io::ErrorKind::WouldBlock),
            "{ended:?}"
        );
    }
    drop(program);
}
