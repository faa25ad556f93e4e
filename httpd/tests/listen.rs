//! The accept loop, seen from a client's socket.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use httpd::{Body, Response, Settings, reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Serves `/endless` (zeroes for ever) and, elsewhere, the path that arrived.
async fn start(settings: Settings) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(httpd::serve(
        listener,
        settings,
        |request, _peer| async move {
            match request.uri().path() {
                "/endless" => {
                    Response::new(Body::stream(stream::repeat_with(|| Ok(Bytes::from_static(&[0; 32768])))))
                }
                "/range" => {
                    let range = request.headers().get(http::header::RANGE);
                    reply::empty(range.map_or(http::StatusCode::OK, |_| http::StatusCode::PARTIAL_CONTENT))
                }
                path => reply::text(http::StatusCode::OK, path.to_owned()),
            }
        },
        async {
            let _ = stopped.await;
        },
    ));
    (address, stop, server)
}

async fn get(address: SocketAddr, path: &str, version: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(format!("GET {path} HTTP/{version}\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    client
}

#[tokio::test]
async fn a_client_that_stops_reading_is_cut() {
    let (address, _stop, _server) =
        start(Settings { stall_timeout: Duration::from_millis(300), ..Settings::default() }).await;
    let mut client = get(address, "/endless", "1.1").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    // What the kernel had accepted can still be read; then the connection is over instead of going on for ever.
    let mut left = vec![0; 1 << 20];
    let ended = tokio::time::timeout(Duration::from_secs(10), async {
        while client.read(&mut left).await.is_ok_and(|read| read > 0) {}
    });
    ended.await.expect("the server has cut the connection");
}

#[tokio::test]
async fn shutdown_waits_for_answers_and_cuts_what_never_ends() {
    let (address, stop, server) =
        start(Settings { drain: Duration::from_millis(300), ..Settings::default() }).await;
    let mut endless = get(address, "/endless", "1.1").await;
    endless.read_exact(&mut [0; 1000]).await.unwrap();
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(10), server).await.expect("the drain has an end").unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn old_boxes_get_no_chunked_coding() {
    let (address, _stop, _server) = start(Settings::default()).await;
    let mut client = get(address, "/endless", "1.0").await;
    let mut start = [0; 2048];
    client.read_exact(&mut start).await.unwrap();
    let head = String::from_utf8_lossy(&start).to_ascii_lowercase();
    assert!(head.starts_with("http/1.0 200") && !head.contains("transfer-encoding"), "{head}");
}

#[tokio::test]
async fn a_range_is_of_no_meaning_but_to_get() {
    let (address, _stop, _server) = start(Settings::default()).await;
    for (method, expected) in [("GET", "206"), ("HEAD", "200"), ("POST", "200")] {
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = format!("{method} /range HTTP/1.0\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.0 {expected} ")), "{method}: {answer}");
    }
}

#[tokio::test]
async fn a_sub_path_is_served_like_the_root() {
    let (address, _stop, _server) = start(Settings { prefix: "/tv".into(), ..Settings::default() }).await;
    for path in ["/tv/get.php", "/get.php"] {
        let body = body(address, path).await;
        assert_eq!(body, "/get.php");
    }
}

async fn body(address: SocketAddr, path: &str) -> String {
    let mut answer = String::new();
    get(address, path, "1.0").await.read_to_string(&mut answer).await.unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}
