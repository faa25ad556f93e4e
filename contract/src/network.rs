//! Networks as a configuration names them: of which proxies it is believed what they say of their clients.

use std::net::IpAddr;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::config::{ConfigError, variable};

const EXPECTED: &str = "expected an address or a network such as 10.0.0.0/8";

/// A network, or a single address as the smallest of networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// Leading bits that count.
    bits: u32,
}

impl Network {
    /// Reads `10.0.0.0/8`, `fd00::/8`, `127.0.0.1` and the like; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    /// Those in the environment variable `name`, with commas between them, if that is set to anything.
    ///
    /// # Errors
    /// One of them is none.
    pub fn of_environment(name: &str) -> Result<Option<Vec<Self>>, ConfigError> {
        let network = |text: &str| {
            let known = Self::parse(text.trim());
            known.ok_or_else(|| ConfigError::new(name, EXPECTED))
        };
        variable(name).map(|text| text.split(',').map(network).collect()).transpose()
    }

    /// Whether `peer` is in it. An IPv4 peer of an IPv6 socket is an IPv4 peer.
    pub fn holds(&self, peer: IpAddr) -> bool {
        match (self.address, peer.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(peer)) => {
                let differ = u32::from(ours) ^ u32::from(peer);
                differ.checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(peer)) => {
                let differ = u128::from(ours) ^ u128::from(peer);
                differ.checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom(EXPECTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_share_its_leading_bits() {
        let holds = |network: &str, peer: &str| Network::parse(network).unwrap().holds(peer.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.200.3.4") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("127.0.0.1", "127.0.0.1") && !holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("127.0.0.1", "::ffff:127.0.0.1"), "as a dual-stack socket sees it");
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("fd00::/8", "fd12::1") && !holds("fd00::/8", "fe80::1") && holds("::/0", "::1"));
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::1/129", "proxy.example", "1.2.3.4/"] {
            assert!(Network::parse(wrong).is_none(), "{wrong}");
        }
    }
}
