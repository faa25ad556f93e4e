//! One server's answers against the same bytes from nginx: how many of them in a second, and what each costs.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::SPAN;
use super::process::Process;
use super::table::{median, row};

/// Connections that ask at the same time.
const CLIENTS: usize = 4;

/// What `server` answers at `path` (which is asked for before each round), again and again; `what` it is called.
pub(crate) fn against_nginx(folder: &Path, what: &str, server: &Process, path: impl Fn() -> String) {
    let folder = folder.join(what);
    fs::create_dir_all(folder.join("www")).unwrap();
    let nginx = nginx(&folder);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (mut rounds, mut size) = (Vec::new(), 0);
    for _ in 0..3 {
        let path = path();
        let body = runtime.block_on(fetch(server.address, &path));
        fs::write(folder.join("www/body.json"), &body).unwrap();
        size = body.len();
        rounds.push((requests(&runtime, server, &path), requests(&runtime, &nginx, "/body.json")));
    }
    let pick = |of: &dyn Fn(&(Load, Load)) -> f64| median(rounds.iter().map(of));
    let (ours, theirs) = (pick(&|round| round.0.rate), pick(&|round| round.1.rate));
    row(
        &format!("{what}, {:.1} MB: requests/s", size as f64 / 1e6),
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

pub(crate) async fn fetch(server: SocketAddr, path: &str) -> Vec<u8> {
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
    fs::write(&path, config).unwrap();
    let child = Command::new("nginx").arg("-c").arg(&path).spawn().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while std::net::TcpStream::connect(address).is_err() {
        sleep(Duration::from_millis(20));
    }
    Process { child, address }
}
