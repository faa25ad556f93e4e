//! The connections of one source: its proxy, its patience, its headers, and where they may lead.

use std::sync::OnceLock;
use std::time::Duration;

use contract::reach;
use contract::source::{Source, Transport};
use httpc::{Internet, lenient, plain};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, Proxy};
use url::Url;

use super::Failure;

/// What dials for one source.
pub(super) struct Clients<'a> {
    source: &'a Source,
    connect_timeout: Duration,
    /// For what is configured.
    open: Client,
    /// For where others lead; made when it is needed, which is seldom.
    guarded: OnceLock<Client>,
}

impl<'a> Clients<'a> {
    /// # Errors
    /// The TLS machinery cannot be set up, or the proxy is no address.
    pub(super) fn new(source: &'a Source, connect_timeout: Duration) -> Result<Self, Failure> {
        let open = builder(source, connect_timeout)?.build().map_err(Failure::connection)?;
        Ok(Self { source, connect_timeout, open, guarded: OnceLock::new() })
    }

    /// Dials anything.
    pub(super) const fn open(&self) -> &Client {
        &self.open
    }

    /// Dials only public addresses. Behind a proxy names are the proxy's matter, and so is its network; what is written
    /// out is still checked by [`leads_inside`].
    ///
    /// # Errors
    /// The TLS machinery cannot be set up.
    pub(super) fn guarded(&self) -> Result<&Client, Failure> {
        if let Some(guarded) = self.guarded.get() {
            return Ok(guarded);
        }
        let mut builder = builder(self.source, self.connect_timeout)?;
        if self.source.transport.proxy.is_none() {
            builder = builder.dns_resolver(Internet::default().public_only());
        }
        let guarded = builder.build().map_err(Failure::connection)?;
        Ok(self.guarded.get_or_init(|| guarded))
    }

    /// The configured headers for `url`. SECURITY: their values may be credentials, which are meant for the configured
    /// host and for nobody it sends us on to, nor for those who listen on the way there.
    pub(super) fn headers(&self, url: &Url, configured: Option<&Url>) -> HeaderMap {
        let home = configured.is_some_and(|home| {
            home.host() == url.host() && (home.scheme() == url.scheme() || url.scheme() == "https")
        });
        let headers = self.source.transport.headers.iter();
        let headers = headers.filter(|(name, _)| home || Transport::is_harmless(name));
        headers
            .filter_map(|(name, value)| {
                let mut value = HeaderValue::try_from(value.reveal()).ok()?;
                value.set_sensitive(true);
                Some((HeaderName::try_from(name).ok()?, value))
            })
            .collect()
    }
}

/// Whether `url` writes out an address in a private network.
pub(super) fn leads_inside(url: &Url) -> bool {
    url.host_str().is_some_and(reach::is_private_literal)
}

fn builder(source: &Source, connect_timeout: Duration) -> Result<ClientBuilder, Failure> {
    let builder = lenient(plain(connect_timeout))
        .gzip(true)
        .brotli(true)
        .zstd(true)
        .user_agent(&source.transport.user_agent)
        .tls_danger_accept_invalid_certs(source.transport.insecure_tls)
        .http1_title_case_headers();
    let Some(proxy) = &source.transport.proxy else { return Ok(builder) };
    // Its address may have credentials in it, so the library's words are not repeated.
    let proxy = Proxy::all(proxy.reveal()).map_err(|_| {
        Failure::Refused("the `proxy` of the source is no address that can be dialled".into())
    })?;
    Ok(builder.proxy(proxy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_stay_with_the_host_they_are_for() {
        let text = "name='a'\nkind='m3u'\nurl='http://h/x'\n[headers]\nAuthorization='Basic x'\nX-Token='t'\nReferer='r'\nCookie='c'";
        let source: Source = toml::from_str(text).unwrap();
        let clients = Clients::new(&source, Duration::from_secs(1)).unwrap();
        let home: Url = "http://h/x".parse().unwrap();
        let sent = |url: &str, home: Option<&Url>| clients.headers(&url.parse().unwrap(), home).len();
        assert_eq!(sent("http://h/x", Some(&home)), 4);
        assert_eq!(sent("https://h/y", Some(&home)), 4);
        assert_eq!(sent("http://other/y", Some(&home)), 1);
        assert_eq!(sent("http://h/x", None), 1, "what a list names is nobody's home");
        let secure: Url = "https://h/x".parse().unwrap();
        assert_eq!(sent("http://h/x", Some(&secure)), 1);
    }
}
