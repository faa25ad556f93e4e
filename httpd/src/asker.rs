//! Who asks, as far as it matters to those who answer only some.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, header};

/// What a proxy adds to what it passes on.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// What the last word of a name is that only a network of one's own has (RFC 6761, 6.3; RFC 6762, 3; and ICANN's
/// `internal`). A name of one word is such a name, too, and so is one below `home.arpa` (RFC 8375).
const NEVER_PUBLIC: [&str; 3] = ["localhost", "local", "internal"];

/// Whether whoever speaks to us does so for himself, and not for somebody behind him whom we do not see.
pub fn is_direct(headers: &HeaderMap) -> bool {
    !FORWARDED.iter().any(|name| headers.contains_key(*name))
}

/// Whether a request comes from a page that some site has put into somebody's browser.
///
/// SECURITY: such a page, opened on this machine or in this network, asks from there. Browsers then name its origin, or
/// say (Fetch Metadata) that it was not the person who asked.
pub fn is_from_a_page(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    headers.contains_key(header::ORIGIN) || site.is_some_and(|site| site != b"none")
}

/// Whether a request comes from a page of another site than ours.
pub fn is_from_another_page(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return !matches!(site.as_bytes(), b"none" | b"same-origin");
    }
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or(""));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    origin.is_some_and(|origin| origin.split_once("://").map(|(_, host)| host) != host)
}

/// Whether a request comes from this machine itself: neither through a proxy on it nor from a page in a browser on it.
pub fn is_from_this_machine(headers: &HeaderMap, peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback() && is_direct(headers) && !is_from_a_page(headers)
}

/// Whether a request names whom it is for by an address, by `public`, the name that is configured, or by one that the public
/// domain name system never has: one of this machine, of a container, of a network at home.
///
/// SECURITY: who owns any other name can let it mean our address the moment after his page was loaded from his own. To the
/// browser that page is one of ours then.
pub fn names_us(headers: &HeaderMap, public: Option<&str>) -> bool {
    // A browser always says.
    let Some(host) = headers.get(header::HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let name = host.split(':').next().unwrap_or("").trim_end_matches('.').to_ascii_lowercase();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if name.is_empty() || !name.bytes().all(fits) {
        return false;
    }
    let last = name.rsplit_once('.').map_or("", |(_, last)| last);
    name.parse::<Ipv4Addr>().is_ok()
        || !name.contains('.')
        || NEVER_PUBLIC.contains(&last)
        || name.ends_with(".home.arpa")
        || public.is_some_and(|public| public.eq_ignore_ascii_case(&name))
}

/// Whether whoever asks does so for himself: not for somebody behind him, not for a page of another site, and not for one that
/// took our address for its own. `public` as for [`names_us`].
pub fn is_for_himself(headers: &HeaderMap, public: Option<&str>) -> bool {
    is_direct(headers) && !is_from_another_page(headers) && names_us(headers, public)
}

/// The key that a request shows: `Authorization: Bearer KEY` (RFC 6750, 2.1).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// What the cookie of this name holds (RFC 6265, 4.2).
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(called, _)| *called == name).map(|(_, held)| held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_through_a_proxy_or_from_a_page_comes_from_elsewhere() {
        let local = SocketAddr::from(([127, 0, 0, 1], 9));
        let with = |name: &'static str, value: &str| {
            HeaderMap::from_iter([(header::HeaderName::from_static(name), value.parse().unwrap())])
        };
        assert!(is_from_this_machine(&HeaderMap::new(), local));
        assert!(is_from_this_machine(&with("sec-fetch-site", "none"), local), "typed into a browser");
        assert!(!is_from_this_machine(&HeaderMap::new(), SocketAddr::from(([10, 0, 0, 1], 9))));
        for (name, value) in [
            ("x-forwarded-for", "127.0.0.1"),
            ("via", "1.1 proxy"),
            ("forwarded", "for=127.0.0.1"),
            ("x-real-ip", "127.0.0.1"),
            ("origin", "http://127.0.0.1:1"),
            ("sec-fetch-site", "cross-site"),
        ] {
            assert!(!is_from_this_machine(&with(name, value), local), "{name}");
        }
    }

    #[test]
    fn our_own_pages_are_told_from_others() {
        let from = |pairs: &[(&'static str, &str)]| {
            let pairs = pairs
                .iter()
                .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()));
            is_from_another_page(&pairs.collect())
        };
        assert!(!from(&[]) && !from(&[("host", "tv:8080"), ("origin", "http://tv:8080")]));
        assert!(!from(&[("sec-fetch-site", "same-origin"), ("origin", "http://tv:8080")]));
        assert!(from(&[("host", "tv:8080"), ("origin", "http://site.example")]));
        assert!(from(&[("host", "tv:8080"), ("origin", "null")]) && from(&[("origin", "http://tv")]));
        assert!(from(&[("sec-fetch-site", "cross-site")]) && from(&[("sec-fetch-site", "same-site")]));
    }

    #[test]
    fn a_name_that_somebody_else_may_own_is_none_of_ours() {
        let ours = |host: &str, public| {
            names_us(&HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]), public)
        };
        for host in [
            "127.0.0.1:8080",
            "192.168.1.7",
            "[::1]:8080",
            "[fd00::1]",
            "localhost:8080",
            "tv.localhost",
            "coax:8080",
            "box.local",
            "box.home.arpa.",
            "host.docker.internal",
            "8.8.8.8",
        ] {
            assert!(ours(host, None), "{host}");
        }
        for host in [
            "evil.example.com",
            "evil.com.:8080",
            "local.evil.com",
            "127.0.0.1.nip.io",
            "[evil.com]",
            "[::1",
            "",
            "a b",
            "a@localhost",
            "tv.example.com",
        ] {
            assert!(!ours(host, None), "{host}");
        }
        let public = Some("tv.example.com");
        assert!(ours("tv.example.com", public) && ours("TV.example.com:8443", public));
        assert!(!ours("evil.com", public) && names_us(&HeaderMap::new(), None));
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let headers = |value: &str| HeaderMap::from_iter([(header::COOKIE, value.parse().unwrap())]);
        assert_eq!(cookie(&headers("a=b; it=x-y_z; c=d"), "it"), Some("x-y_z"));
        assert_eq!((cookie(&headers("xit=1"), "it"), cookie(&HeaderMap::new(), "it")), (None, None));
    }

    #[test]
    fn a_key_is_shown_as_a_bearer_token() {
        let shown = |value: &str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(shown("Bearer k3y"), Some("k3y".into()));
        assert_eq!(shown("bearer  k3y "), Some("k3y".into()));
        assert_eq!((shown("Basic dTpw"), shown("Bearer"), shown("k3y")), (None, None, None));
    }
}
