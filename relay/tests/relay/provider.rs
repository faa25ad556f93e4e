//! A provider that answers what it is told to, for what no panel of good manners does.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers the connections one after another: head and body as they are given, and the end. The last answer is given
/// again and again.
pub(crate) async fn answering(answers: Vec<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut answers = answers.into_iter().peekable();
        let mut answer = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            answer = answers.next().unwrap_or(answer);
            let _ = socket.read(&mut [0; 4096]).await;
            let _ = socket.write_all(&answer).await;
            let _ = socket.shutdown().await;
        }
    });
    address
}

/// Answers every connection with what is made of its number and of the head of its request.
pub(crate) async fn giving(answer: impl Fn(usize, &str) -> Vec<u8> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let length = socket.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..length]).to_ascii_lowercase();
            let _ = socket.write_all(&answer(number, &head)).await;
            let _ = socket.shutdown().await;
            number += 1;
        }
    });
    address
}

/// Answers every request with what is made of its path: what is sent at once, and what is sent of it again and again, a
/// little at a time, for as long as somebody takes it.
pub(crate) async fn dripping(answer: fn(&str) -> (Vec<u8>, Vec<u8>)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = vec![0; 4096];
                let length = socket.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..length]);
                let (first, drop) = answer(head.split(' ').nth(1).unwrap_or(""));
                let _ = socket.write_all(&first).await;
                while !drop.is_empty() && socket.write_all(&drop).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                let _ = socket.shutdown().await;
            });
        }
    });
    address
}

/// Answers one connection, sends a little more after a while, and then is silent.
pub(crate) async fn silent_after(answer: Vec<u8>, more: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.read(&mut [0; 4096]).await;
        let _ = socket.write_all(&answer).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let _ = socket.write_all(&more).await;
        let _ = socket.read(&mut [0; 1]).await; // until the other side has enough of it
    });
    address
}

/// Answers connections one after another, and then sends null packets, about a hundred kilobytes a second, as long as
/// somebody takes them.
pub(crate) async fn filling_after(answer: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 4096]).await;
            let _ = socket.write_all(&answer).await;
            let filling = mpegts::NULL_PACKET.repeat(28);
            while socket.write_all(&filling).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    });
    address
}

/// An answer with status 200 and of no length.
pub(crate) fn ok(body: &[u8]) -> Vec<u8> {
    [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", body].concat()
}
