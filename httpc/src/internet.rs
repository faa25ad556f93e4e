//! The network as whoever dials sees it: how names are resolved, and what of it is outside of our own house.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use contract::reach;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

/// The network, as far as it is anybody's choice: tests have their own.
#[derive(Clone)]
pub struct Internet {
    /// Finds the addresses of names.
    pub resolve: Arc<dyn Resolve>,
    /// Whether an address is outside of our own house.
    pub is_public: fn(IpAddr) -> bool,
}

impl Default for Internet {
    fn default() -> Self {
        Self { resolve: Arc::new(System), is_public: reach::is_public }
    }
}

impl Internet {
    /// Resolves names to whatever they mean.
    pub fn resolver(&self) -> impl Resolve + 'static {
        Checked { inner: self.resolve.clone(), allowed: |_| true }
    }

    /// Resolves names to public addresses only, at the moment of dialling: a name that was public when it was checked may
    /// be private a moment later.
    pub fn public_only(&self) -> impl Resolve + 'static {
        Checked { inner: self.resolve.clone(), allowed: self.is_public }
    }

    /// Whether `url` writes out an address of our own house, as [`reach::is_private_literal`] tells it of the internet as it
    /// is. Names are checked when they are resolved; what is written out is not.
    pub fn leads_inside(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or("").trim_matches(['[', ']']);
        host.parse().is_ok_and(|address| !(self.is_public)(address))
    }
}

/// As the system does.
struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

/// Only what is allowed of what another one finds.
struct Checked {
    inner: Arc<dyn Resolve>,
    allowed: fn(IpAddr) -> bool,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, allowed) = (self.inner.resolve(name), self.allowed);
        Box::pin(async move {
            let left: Vec<SocketAddr> = found.await?.filter(|address| allowed(address.ip())).collect();
            if left.is_empty() {
                return Err(io::Error::other("not a public address").into());
            }
            let left: Addrs = Box::new(left.into_iter());
            Ok(left)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_written_out_is_seen_through_its_spellings() {
        for (url, inside) in [
            ("http://127.0.0.1/", true),
            ("http://0x7f.1/", true),
            ("http://[::ffff:10.0.0.1]/", true),
            ("http://[fec0::1]/", true),
            ("http://198.18.0.1/", true),
            ("http://8.8.8.8/", false),
            ("http://localhost/", false), // its addresses are, once it is resolved
        ] {
            assert_eq!(Internet::default().leads_inside(&url.parse().unwrap()), inside, "{url}");
        }
    }
}
