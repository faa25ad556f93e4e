//! The engine's own socket: one request per connection, and answers that are not quite HTTP.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http::{HeaderValue, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::provider::Provider;
use crate::service;

/// Marks an answer that goes out behind a second status line.
#[derive(Clone, Copy)]
pub(super) struct Doubled;

/// What goes in front of it.
const SECOND_STATUS: &[u8] = b"HTTP/1.1 200 OK\r\n";

/// Connections at the same time; further ones wait in the kernel's backlog.
const MOST: usize = 1024;

/// Answers until it is dropped, which cuts all connections.
pub(crate) async fn serve(listener: TcpListener, provider: Arc<Provider>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < MOST => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, provider.clone()));
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, provider: Arc<Provider>) {
    let _ = stream.set_nodelay(true);
    let doubled = Arc::new(AtomicBool::new(false));
    let io = Socket { stream, doubled: doubled.clone(), front: SECOND_STATUS };
    let service = service_fn(move |request| {
        let (provider, doubled) = (provider.clone(), doubled.clone());
        async move {
            let mut answer = service::answer(provider, request).await;
            let headers = answer.headers_mut();
            headers.insert(header::SERVER, HeaderValue::from_static("BaseHTTP/0.6 Python/3.8.10"));
            doubled.store(answer.extensions().get::<Doubled>().is_some(), Ordering::Relaxed);
            Ok::<_, Infallible>(answer)
        }
    });
    // The engine is an old server: it closes after every answer. How a client leaves is of no interest.
    let _ = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(io), service).await;
}

/// A connection that can begin an answer with what is none.
struct Socket {
    stream: TcpStream,
    doubled: Arc<AtomicBool>,
    /// What is still to be written in front.
    front: &'static [u8],
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        while self.doubled.load(Ordering::Relaxed) && !self.front.is_empty() {
            let front = self.front;
            match Pin::new(&mut self.stream).poll_write(cx, front) {
                Poll::Ready(Ok(written)) => self.front = &front[written..],
                other => return other,
            }
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
