//! The client of a provider.

use contract::source::Transport;
use httpc::{lenient, plain};
use reqwest::{ClientBuilder, Proxy};

use crate::settings::Settings;

/// One for a provider, asked as its source says.
///
/// # Errors
/// The source's `proxy` is no address.
pub(crate) fn of_provider(settings: &Settings, transport: &Transport) -> Result<ClientBuilder, NoProxy> {
    let client = lenient(plain(settings.connect_timeout))
        .tls_danger_accept_invalid_certs(transport.insecure_tls)
        // With `ICY 200 OK` the head arrives as part of the body.
        .http09_responses()
        // A connection that is kept open counts against the account.
        .pool_max_idle_per_host(0)
        .read_timeout(settings.first_byte);
    let Some(proxy) = &transport.proxy else { return Ok(client) };
    Ok(client.proxy(Proxy::all(proxy.reveal()).map_err(|_| NoProxy)?))
}

/// A `proxy` that cannot be dialled. Its address may have credentials in it, so the library's words are not repeated.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("its `proxy` is no address that can be dialled")]
pub(crate) struct NoProxy;

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;

    use contract::secret::Secret;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{ServerConfig, ServerConnection, StreamOwned};

    use super::*;

    /// A server whose certificate nobody has signed.
    fn unsigned() -> SocketAddr {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let certificate = CertificateDer::from(&include_bytes!("../tests/fixtures/tls/certificate.der")[..]);
        let key = PrivateKeyDer::try_from(&include_bytes!("../tests/fixtures/tls/key.der")[..]).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(vec![certificate], key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten().take(2) {
                let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), socket);
                if stream.read(&mut [0; 4096]).is_ok() {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_has_signed_is_taken_where_the_source_says_so() {
        let url = format!("https://{}/", unsigned());
        for insecure_tls in [false, true] {
            let transport = Transport { insecure_tls, ..Transport::default() };
            let client = of_provider(&Settings::default(), &transport).unwrap().build().unwrap();
            let answer = client.get(&url).send().await;
            assert_eq!(answer.is_ok(), insecure_tls, "{answer:?}");
        }
    }

    #[test]
    fn a_proxy_that_is_no_address_is_not_shown() {
        let proxy = Some(Secret::new("socks5://me:hunter2@:nowhere"));
        let error = of_provider(&Settings::default(), &Transport { proxy, ..Transport::default() }).err();
        assert_eq!(error.unwrap().to_string(), "its `proxy` is no address that can be dialled");
    }
}
