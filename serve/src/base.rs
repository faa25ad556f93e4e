//! The address at which a client reached us.
//!
//! Apps disagree on which address to go on with: most keep the one that was typed, some rebuild it from
//! `server_info`. So everything we emit describes the address of this very request.

use contract::source::BaseUrl;
use http::{HeaderMap, header};

/// Scheme, host, port and sub-path, checked: it goes into playlists and documents as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// A name or an address, an IPv6 one in its brackets.
    pub(crate) host: String,
    /// As it was written; `None` for the scheme's own.
    port: Option<u16>,
    /// `""`, or `/tv` and the like.
    prefix: String,
}

impl Base {
    /// The address in the configuration.
    pub(crate) fn configured(url: &BaseUrl) -> Self {
        let (scheme, rest) = url.as_str().split_once("://").unwrap_or(("http", url.as_str()));
        let at = rest.find('/').unwrap_or(rest.len());
        let (authority, prefix) = rest.split_at(at);
        let (host, port) = host_and_port(authority).unwrap_or((authority, None));
        Self { scheme: known(scheme).unwrap_or("http"), host: host.into(), port, prefix: prefix.into() }
    }

    /// The address in the request: `authority` of an absolute request line, else `Host`, and what a trusted proxy
    /// says of its own client; `scheme` is what the request came by. `None` if the host is no host; a client without any
    /// (HTTP/1.0) gets `localhost`.
    pub(crate) fn requested(
        headers: &HeaderMap,
        authority: Option<&str>,
        scheme: &'static str,
        trusted: bool,
    ) -> Option<Self> {
        let forwarded = |name: &str| if trusted { first(headers, name) } else { None };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = forwarded("x-forwarded-host").or(authority).or(host).map_or("localhost", str::trim);
        let (host, port) = host_and_port(host)?;
        let forwarded_port = forwarded("x-forwarded-port").and_then(|port| port.parse().ok());
        let prefix = forwarded("x-forwarded-prefix").map(|prefix| prefix.trim_end_matches('/'));
        Some(Self {
            scheme: forwarded("x-forwarded-proto").and_then(known).unwrap_or(scheme),
            host: host.to_ascii_lowercase(),
            port: forwarded_port.or(port),
            prefix: prefix.filter(|prefix| is_path(prefix)).unwrap_or("").into(),
        })
    }

    /// Without its port.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The port of this request.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(if self.is_tls() { 443 } else { 80 })
    }

    /// The sub-path, `""` or `/tv` and the like.
    pub(crate) fn path(&self) -> &str {
        self.prefix.trim_end_matches('/')
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.scheme == "https"
    }

    /// The whole, without a slash at its end. The scheme's own port is left out.
    pub(crate) fn url(&self) -> String {
        let Self { scheme, host, prefix, .. } = self;
        match (self.port(), self.is_tls()) {
            (443, true) | (80, false) => format!("{scheme}://{host}{prefix}"),
            (port, _) => format!("{scheme}://{host}:{port}{prefix}"),
        }
    }
}

fn known(scheme: &str) -> Option<&'static str> {
    ["http", "https"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))
}

/// The first item of a header: the proxy nearest to the client wrote it.
fn first<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().ok()?;
    value.split(',').next().map(str::trim).filter(|value| !value.is_empty())
}

/// SECURITY: the host is spliced into playlists, so quotes, blanks, slashes and `@` are no part of one.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let colon = authority.rfind(':').filter(|colon| !authority[*colon..].contains(']'));
    let (host, port) = match colon {
        Some(colon) => (&authority[..colon], Some(authority[colon + 1..].parse().ok()?)),
        None => (authority, None),
    };
    let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let address =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
    let fits = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(address),
        None => host.bytes().all(name),
    };
    (fits && !host.is_empty()).then_some((host, port))
}

fn is_path(prefix: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'~');
    prefix.starts_with('/') && !prefix.contains("//") && prefix.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn requested(headers: &[(&'static str, &str)], trusted: bool) -> Option<String> {
        let headers = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        Base::requested(&headers, None, "http", trusted).map(|base| base.url())
    }

    #[test]
    fn the_address_is_the_one_of_the_request() {
        assert_eq!(requested(&[("host", "tv.example:8080")], false).unwrap(), "http://tv.example:8080");
        assert_eq!(requested(&[("host", "TV.example:80")], false).unwrap(), "http://tv.example");
        assert_eq!(requested(&[("host", "[::1]:81")], false).unwrap(), "http://[::1]:81");
        assert_eq!(requested(&[("host", "[::1]")], false).unwrap(), "http://[::1]");
        assert_eq!(requested(&[], false).unwrap(), "http://localhost");
        for wrong in ["", "a b", "u@h", "h/x", "h\"", "h:port", "[::1", "h:99999", "{password}"] {
            assert_eq!(requested(&[("host", wrong)], false), None, "{wrong}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let headers = [
            ("host", "inner:8080"),
            ("x-forwarded-host", "tv.example, inner"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/tv/"),
        ];
        assert_eq!(requested(&headers, false).unwrap(), "http://inner:8080");
        assert_eq!(requested(&headers, true).unwrap(), "https://tv.example/tv");
        let ports = [("host", "inner"), ("x-forwarded-proto", "https"), ("x-forwarded-port", "8443")];
        assert_eq!(requested(&ports, true).unwrap(), "https://inner:8443");
        let odd = [("host", "h"), ("x-forwarded-proto", "gopher"), ("x-forwarded-prefix", "/\"x")];
        assert_eq!(requested(&odd, true).unwrap(), "http://h");
    }

    #[test]
    fn a_configured_address_keeps_its_sub_path() {
        let base = Base::configured(&BaseUrl::new("https://tv.example/x/").unwrap());
        assert_eq!((base.url().as_str(), base.port()), ("https://tv.example/x", 443));
        let base = Base::configured(&BaseUrl::new("http://10.0.0.1:8080").unwrap());
        assert_eq!((base.url().as_str(), base.host.as_str()), ("http://10.0.0.1:8080", "10.0.0.1"));
    }

    proptest! {
        #[test]
        fn a_host_that_is_taken_is_one(host in "[a-z0-9.:/@\\[\\]\" {-]{0,20}") {
            if let Some((name, _)) = host_and_port(&host) {
                let foreign = name.contains(['/', '@', '"', ' ', '{']);
                prop_assert!(!foreign && !name.is_empty());
            }
        }
    }
}
