//! Asking: what all programs have in common that are clients of HTTP, whomever they ask.
//!
//! A client of ours does nothing by itself. It follows no redirect, since the library logs where it is sent, and that has
//! credentials in it; who asks follows by [`redirect()`], and looks at each step at where it leads. It says nothing of where it
//! comes from, and trusts the roots that browsers trust besides those of the system, which containers do not have. [`plain`]
//! takes no proxy from the environment: a source says which is its own. [`lenient`] makes it take what providers' servers
//! send. [`outward`] is for services of the internet that the operator has chosen, which he may only reach by his proxy.
//! That of `tls`, which may have to trust one authority alone, is its own.
//!
//! SECURITY: a name that an untrusted list or a redirect tells is checked by the one who dials, at the moment of dialling:
//! [`Internet::public_only`] is the resolver for that. An address that is written out is not resolved, and is looked at
//! with [`Internet::leads_inside`]. Which addresses are public is [`contract::reach`]'s matter.
//!
//! What does *not* belong here: whose patience lasts how long, which headers are sent to whom, and what becomes of an
//! answer. Programs differ in that.

mod internet;
mod redirect;

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder};

pub use internet::Internet;
pub use redirect::{Nowhere, redirect};

/// One that asks whom it is told to and nobody else, and gives bytes as they are sent. A connection may take
/// `connect_timeout` to be made; nothing else has a limit.
pub fn plain(connect_timeout: Duration) -> ClientBuilder {
    outward(connect_timeout).no_proxy().no_gzip().no_brotli().no_zstd()
}

/// One that goes by the proxy of the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), if there is one, and unpacks what
/// comes packed.
pub fn outward(connect_timeout: Duration) -> ClientBuilder {
    // The first to install a provider wins; that there is one is all that matters.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(connect_timeout)
        .tls_certs_merge(roots())
}

/// The same, which takes heads of answers that no standard allows (RFC 9112, 5): providers' servers are what they are.
pub fn lenient(client: ClientBuilder) -> ClientBuilder {
    client
        .http1_only()
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
}

/// The authorities that browsers trust.
pub fn roots() -> impl Iterator<Item = Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|root| Certificate::from_der(root).ok())
}
