//! Which addresses somebody else may send us to.
//!
//! SECURITY: a provider chooses where its redirects lead and what its lists name. One on the internet could send us to
//! `http://127.0.0.1` or to a router in our network, and whoever watches would get to see what answers there. So what
//! is configured is dialled as it is; what comes from a public address may only lead to public ones. A provider in the
//! private network (an engine, a test, another relay) may lead anywhere.
//!
//! What does *not* belong here is the network: programs resolve names themselves and ask this module about each address,
//! at the moment of dialling. A name that was public when it was checked may be private a moment later.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What of IPv4 is not the internet at large: IANA's special-purpose addresses (RFC 6890 and its registry), and groups.
const SPECIAL_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),       // this network (RFC 791)
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private (RFC 1918)
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // between a provider's customers and itself (RFC 6598)
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // this machine
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // this link (RFC 3927), and what clouds tell their machines
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocols (RFC 6890)
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // examples (RFC 5737)
    (Ipv4Addr::new(192, 31, 196, 0), 24), // name servers of nothing (RFC 7535)
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // relays to IPv6 that are no more (RFC 7526)
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // measurements (RFC 2544)
    (Ipv4Addr::new(198, 51, 100, 0), 24), // examples
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // examples
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // groups (RFC 5771)
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // nobody's yet (RFC 1112), and everybody's at once
];

/// The one part of IPv6 that is given out to the internet at large (RFC 4291, 2.4). What lies outside of it, such as
/// `fe80::`, `fec0::`, `fd00::`, `100::` or `5f00::`, is not.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What of that is not.
const SPECIAL_V6: [(Ipv6Addr, u32); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocols and tunnels (RFC 2928, RFC 4380)
    (Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 0), 32), // examples (RFC 3849)
    (Ipv6Addr::new(0x3FFF, 0, 0, 0, 0, 0, 0, 0), 20), // examples (RFC 9637)
];

/// Whether an address is one of the internet at large.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|special| is_v4_in(v4, *special)),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_public(v4.into()),
            None => is_v6_in(v6, GLOBAL_V6) && !SPECIAL_V6.iter().any(|special| is_v6_in(v6, *special)),
        },
    }
}

/// Whether an address is this machine's or one that only a private network has: of those who have one, we believe that
/// they are at home.
pub fn is_at_home(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// The IPv4 address that an IPv6 address leads to: behind a translator (RFC 6052), or through a tunnel (RFC 3056).
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let (high, low) = match v6.segments() {
        [0x64, 0xFF9B, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}

fn is_v4_in(address: Ipv4Addr, (network, length): (Ipv4Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()).leading_zeros() >= length
}

fn is_v6_in(address: Ipv6Addr, (network, length): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()).leading_zeros() >= length
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
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "fe80::1",
            "fec0::1",
            "feff::1",
            "fd00::1",
            "ff02::1",
            "100::1",
            "5f00::1",
            "::ffff:192.168.1.1",
            "64:ff9b::c0a8:101",
            "64:ff9b:1::808:808",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:c0a8:101::",
            "3fff::1",
            "4000::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "8.8.8.8",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:200::1",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn at_home_is_who_has_an_address_that_nobody_outside_has() {
        for home in [
            "127.0.0.1",
            "192.168.0.7",
            "10.0.0.1",
            "169.254.3.4",
            "::1",
            "fd12::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_at_home(home.parse().unwrap()), "{home}");
        }
        for away in [
            "8.8.8.8",
            "100.64.0.1",
            "203.0.113.9",
            "2002:a00:1::1",
            "2001:db8::1",
            "2a00::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(!is_at_home(away.parse().unwrap()), "{away}");
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
