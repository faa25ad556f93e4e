//! The accept loop: one connection, one task; nothing accepted is lost when the program is asked to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tracing::{debug, warn};

use crate::secure::{self, Over, Secure};
use crate::socket::{self, Guarded};
use crate::{Request, Response};

/// Where clients come in: by http, and if that is wanted by https as well.
#[derive(Debug)]
pub struct Listeners {
    /// For http.
    pub plain: TcpListener,
    /// For https.
    pub secure: Option<Secure>,
}

impl From<TcpListener> for Listeners {
    fn from(plain: TcpListener) -> Self {
        Self { plain, secure: None }
    }
}

/// How connections are treated.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Connections served at once; further ones wait in the kernel's backlog.
    pub max_connections: usize,
    /// A client that takes longer to send its request head is cut.
    pub head_timeout: Duration,
    /// A client that takes nothing from its socket for this long, while there is something to take, is cut.
    pub stall_timeout: Duration,
    /// What connections may take to finish after the shutdown began.
    pub drain: Duration,
    /// A path such as `/tv` below which everything is served as well, for a proxy that passes a sub-path on.
    /// Empty: the root only.
    pub prefix: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_connections: 8192,
            head_timeout: Duration::from_secs(15),
            stall_timeout: Duration::from_secs(15),
            drain: Duration::from_secs(3),
            prefix: String::new(),
        }
    }
}

/// What hyper may buffer per connection and direction. It takes slices of shared chunks, so this bounds what one
/// client pins, and an over-long request head is refused with 431.
const BUFFER: usize = 64 * 1024;

/// Answers every request that reaches `listeners` until `shutdown` ends, then drains.
///
/// Returns when the last connection has finished or `settings.drain` has passed, whichever is first. Endless bodies
/// must be ended by their owner for the drain to be quick; what is still open after it is cut.
pub async fn serve<A, F>(
    listeners: impl Into<Listeners>,
    settings: Settings,
    answer: A,
    shutdown: impl Future<Output = ()>,
) where
    A: Fn(Request, SocketAddr) -> F + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let listeners = listeners.into();
    let answer = Arc::new(answer);
    let places = Arc::new(Semaphore::new(settings.max_connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer, over, place) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listeners, &places) => accepted,
        };
        socket::tune(&stream);
        let connection =
            Connection { peer, answer: answer.clone(), watcher: graceful.watcher(), _place: place };
        connections.spawn(connection.answer(stream, over, settings.clone()));
    }
    drop(listeners);
    let finished = async {
        graceful.shutdown().await;
        while connections.join_next().await.is_some() {}
    };
    if tokio::time::timeout(settings.drain, finished).await.is_err() {
        debug!("connections still open after the drain are cut");
    }
}

/// Waits for a place first and a client then, so that a full house leaves clients in the kernel's queue.
async fn accept(
    listeners: &Listeners,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Over, OwnedSemaphorePermit) {
    loop {
        let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
        let secure = async {
            match &listeners.secure {
                Some(secure) => (secure.listener.accept().await, Over::Tls(secure.acceptor.clone())),
                None => std::future::pending().await,
            }
        };
        let (accepted, over) = tokio::select! {
            accepted = listeners.plain.accept() => (accepted, Over::Tcp),
            accepted = secure => accepted,
        };
        match accepted {
            Ok((stream, peer)) => return (stream, peer, over, place),
            Err(error) => {
                // Out of file descriptors or memory: closing connections is what helps, so wait for some to close.
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// What a connection needs besides its bytes.
struct Connection<A> {
    peer: SocketAddr,
    answer: Arc<A>,
    watcher: Watcher,
    _place: OwnedSemaphorePermit,
}

impl<A, F> Connection<A>
where
    A: Fn(Request, SocketAddr) -> F + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    async fn answer(self, stream: TcpStream, over: Over, settings: Settings) {
        let stream = Guarded::new(stream, settings.stall_timeout);
        match over {
            Over::Tcp => self.speak(stream, settings, false).await,
            // Who takes longer over it than over a request head is cut like one who does.
            Over::Tls(acceptor) => {
                match tokio::time::timeout(settings.head_timeout, secure::shake(&acceptor, stream)).await {
                    Ok(Ok(Some(stream))) => self.speak(stream, settings, true).await,
                    Ok(Ok(None)) => {} // all that he wanted
                    Ok(Err(error)) => debug!(peer = %self.peer, %error, "no TLS connection"),
                    Err(_) => debug!(peer = %self.peer, "a TLS connection takes too long to begin"),
                }
            }
        }
    }

    /// Answers the requests of one client.
    async fn speak(
        self,
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        settings: Settings,
        is_secure: bool,
    ) {
        let (peer, prefix) = (self.peer, settings.prefix);
        let service = service_fn(move |mut request: Request| {
            crate::path::strip(request.uri_mut(), &prefix);
            if request.method() != Method::GET {
                request.headers_mut().remove(header::RANGE); // RFC 9110 section 14.2: of no meaning to other methods
            }
            if is_secure {
                secure::mark(&mut request);
            }
            let answer = (self.answer)(request, peer);
            async move { Ok::<_, std::convert::Infallible>(answer.await) }
        });
        let served = http1::Builder::new()
            .timer(TokioTimer::new()) // without it hyper's own time-outs do nothing
            .header_read_timeout(settings.head_timeout)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(io), service);
        if let Err(error) = self.watcher.watch(served).await {
            debug!(%peer, %error, "connection ended early");
        }
    }
}

/// Ends when the operator asks the program to stop: SIGTERM, or Ctrl-C at a terminal. He is heard from this call on, so it is
/// to be made before the program says that it is ready.
pub fn terminated() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).expect("the runtime has its signal driver");
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate()), listen(SignalKind::interrupt()));
    async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
