//! Which addresses somebody else may send us to.
//!
//! SECURITY: a provider chooses where its redirects lead and what its lists name. One on the internet could send us to
//! `http://127.0.0.1` or to a router in our network, and whoever watches would get to see what answers there. So what
//! is configured is dialled as it is; what comes from a public address may only lead to public ones. A provider in the
//! private network (an engine, a test, another relay) may lead anywhere.
//!
//! What does *not* belong here is the network: programs resolve names themselves and ask this module about each address,
//! at the moment of dialling. A name that was public when it was checked may be private a moment later.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Whether an address is one of the internet at large.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && second & 0xC0 == 64; // RFC 6598, between a provider's customers and itself
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || first == 0
                || shared)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || maps_private(v6))
        }
    }
}

/// RFC 6052: an IPv4 address behind a translator.
fn maps_private(v6: Ipv6Addr) -> bool {
    let [0x64, 0xFF9B, 0, 0, 0, 0, high, low] = v6.segments() else { return false };
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    !is_public(IpAddr::from([a, b, c, d]))
}

/// Whether an answer came from the internet, or one cannot tell.
///
/// SECURITY: `peer` is whom the connection was really made with. Who owns a name could let it resolve to a private
/// address the moment after, and redirect as if he lived in our house.
pub fn came_from_outside(peer: Option<SocketAddr>) -> bool {
    peer.is_none_or(|peer| is_public(peer.ip()))
}

/// Whether `host`, as a URL parser spells it (`127.0.0.1` for `0x7f.1`, IPv6 in brackets), is a private address that is
/// written out. A name never is: names are checked when they are resolved, and what is written out is not resolved.
pub fn is_private_literal(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse().is_ok_and(|address| !is_public(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_our_own_house_is_not_public() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:192.168.1.1",
            "64:ff9b::c0a8:101",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["8.8.8.8", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn whoever_answers_from_our_own_house_may_redirect_within_it() {
        assert!(!came_from_outside(Some(([192, 168, 1, 1], 80).into())));
        assert!(came_from_outside(Some(([8, 8, 8, 8], 80).into())) && came_from_outside(None));
        for (host, private) in [
            ("127.0.0.1", true),
            ("[::ffff:10.0.0.1]", true),
            ("[::1]", true),
            ("8.8.8.8", false),
            ("[2606:4700::1111]", false),
            ("localhost", false), // its addresses are, once it is resolved
            ("", false),
        ] {
            assert_eq!(is_private_literal(host), private, "{host}");
        }
    }
}
