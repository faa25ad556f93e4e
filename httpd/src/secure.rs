//! TLS before HTTP: what a listener for https needs, and how an answer learns that it was asked by https.
//!
//! Whose certificate is shown, and where it comes from, is not known here.

use std::io;
use std::sync::Arc;

use http::Request;
use rustls::ServerConfig;
use rustls::server::ResolvesServerCert;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What an authority speaks that comes to see whether a name is ours (RFC 8737 section 3): it shakes hands, looks at the
/// certificate, and wants nothing else.
pub const ACME: &[u8] = b"acme-tls/1";

/// A listener for https.
pub struct Secure {
    pub(crate) listener: TcpListener,
    pub(crate) acceptor: TlsAcceptor,
}

/// How a connection came.
pub(crate) enum Over {
    Tcp,
    Tls(TlsAcceptor),
}

/// Stands in the extensions of a request that came by https.
#[derive(Clone, Copy)]
struct Came;

impl Secure {
    /// A listener whose clients are shown what `certificates` finds for them: TLS 1.2 and 1.3, and HTTP/1.1 within it, which
    /// is what players speak.
    pub fn new(listener: TcpListener, certificates: Arc<dyn ResolvesServerCert>) -> Self {
        let mut config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(certificates);
        config.alpn_protocols = vec![b"http/1.1".to_vec(), ACME.to_vec()];
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }
}

impl std::fmt::Debug for Secure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secure").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// Shakes hands. `None`: it was an authority that came to look.
pub(crate) async fn shake<S: AsyncRead + AsyncWrite + Unpin>(
    acceptor: &TlsAcceptor,
    stream: S,
) -> io::Result<Option<TlsStream<S>>> {
    let mut stream = acceptor.accept(stream).await?;
    if stream.get_ref().1.alpn_protocol() == Some(ACME) {
        stream.shutdown().await?;
        return Ok(None);
    }
    Ok(Some(stream))
}

/// Notes that a request came by https.
pub(crate) fn mark<B>(request: &mut Request<B>) {
    request.extensions_mut().insert(Came);
}

/// What a request came by to us, which is not what it came by to a proxy: `http` or `https`.
pub fn scheme<B>(request: &Request<B>) -> &'static str {
    if request.extensions().get::<Came>().is_some() { "https" } else { "http" }
}
