//! Names that a redirect leads to, resolved to public addresses only. Which those are is [`contract::reach`]'s matter.

use std::io;
use std::net::SocketAddr;

use contract::reach;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

/// Whether `url` writes out a private address. Names are checked when they are resolved; what is written out is not.
pub(super) fn is_private_literal(url: &Url) -> bool {
    url.host_str().is_some_and(reach::is_private_literal)
}

/// Resolves names to public addresses only, at the moment of dialling: a name that was public when it was checked may
/// be private a moment later.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> =
                addresses.filter(|address| reach::is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(io::Error::other("not a public address").into());
            }
            let public: Addrs = Box::new(public.into_iter());
            Ok(public)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_written_out_is_seen_through_its_spellings() {
        for (url, private) in [
            ("http://127.0.0.1/", true),
            ("http://0x7f.1/", true),
            ("http://[::ffff:10.0.0.1]/", true),
            ("http://8.8.8.8/", false),
            ("http://localhost/", false), // is resolved by `PublicOnly`
        ] {
            assert_eq!(is_private_literal(&url.parse().unwrap()), private, "{url}");
        }
    }
}
