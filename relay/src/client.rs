//! Clients of HTTP: what all of ours have in common, whomever they ask.

use std::time::Duration;

use contract::source::Transport;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Proxy};

use crate::settings::Settings;

/// One that asks whom it is told to and nobody else: it follows nothing, takes no proxy from the environment, says nothing
/// of where it comes from, and gives bytes as they are sent.
pub fn plain(connect_timeout: Duration) -> ClientBuilder {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let roots = roots.filter_map(|root| Certificate::from_der(root).ok());
    Client::builder()
        // By hand, because the library logs where it is sent, and that has credentials in it.
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .connect_timeout(connect_timeout)
        // Containers without certificates of their own exist.
        .tls_certs_merge(roots)
}

/// One for a provider, asked as its source says.
///
/// # Errors
/// The source's `proxy` is no address.
pub(crate) fn of_provider(settings: &Settings, transport: &Transport) -> Result<ClientBuilder, NoProxy> {
    let client = plain(settings.connect_timeout)
        .tls_danger_accept_invalid_certs(transport.insecure_tls)
        .http1_only()
        // Providers' servers are what they are. With `ICY 200 OK` the head arrives as part of the body.
        .http09_responses()
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
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
