//! From where a client comes, which behind a proxy is not from where its connection does.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

/// The client's address: `peer`, or of whom the proxies that are trusted say that they speak for.
///
/// SECURITY: every proxy writes the address that it sees behind those that it was given. So the last ones are true as
/// long as trusted proxies wrote them, and the first may be anything that a client made up.
pub fn client(headers: &HeaderMap, peer: IpAddr, trusts: impl Fn(IpAddr) -> bool) -> IpAddr {
    let written = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let written: Vec<&str> = written.flat_map(|value| value.split(',')).collect();
    let mut client = peer;
    for address in written.into_iter().rev() {
        if !trusts(client) {
            break;
        }
        let Some(address) = address_of(address.trim()) else { break };
        client = address;
    }
    client
}

/// Some proxies write the port as well.
fn address_of(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_who_the_last_trusted_proxy_saw() {
        let trusts = |address: IpAddr| address.is_loopback() || address.to_string().starts_with("10.");
        let from = |peer: &str, written: &[&str]| {
            let mut headers = HeaderMap::new();
            for each in written {
                headers.append("x-forwarded-for", each.parse().unwrap());
            }
            client(&headers, peer.parse().unwrap(), trusts).to_string()
        };
        assert_eq!(from("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(from("192.0.2.1", &["198.51.100.7"]), "192.0.2.1", "anybody can write that");
        assert_eq!(from("127.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(from("127.0.0.1", &["1.1.1.1, 198.51.100.7, 10.0.0.1"]), "198.51.100.7");
        assert_eq!(from("127.0.0.1", &["1.1.1.1", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(from("127.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(from("127.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(from("127.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(from("127.0.0.1", &["198.51.100.7, unknown"]), "127.0.0.1");
    }
}
