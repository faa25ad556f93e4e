//! Sources: what ingest reads. One folder for each kind.

use contract::bundle::{Kind, Protocol, Upstream};
use contract::source::Source;

use crate::harvest::Address;

pub(crate) mod xtream;

/// From where an entry of a source can be received: at its own address if it has one, else below the panel's.
pub(crate) fn upstream(
    source: &Source,
    kind: Kind,
    id: &str,
    container: &str,
    address: &Address,
) -> Upstream {
    let account = source.name.as_str().to_owned();
    if address.is_empty() {
        let protocol = match kind {
            Kind::Live => Protocol::Ts,
            Kind::Movie | Kind::Episode => Protocol::File,
        };
        let path = xtream::path(kind, id, container);
        return Upstream { account, path, protocol, headers: Default::default() };
    }
    let protocol = protocol(kind, &address.url);
    Upstream { account, path: address.url.clone(), protocol, headers: address.headers.clone() }
}

/// What is spoken at an address, as far as it can be seen from it.
fn protocol(kind: Kind, url: &str) -> Protocol {
    let scheme = url.split(':').next().unwrap_or("").to_ascii_lowercase();
    let path = url.split(['?', '#']).next().unwrap_or("").to_ascii_lowercase();
    match scheme.as_str() {
        "http" | "https" if path.ends_with(".m3u8") => Protocol::Hls,
        "http" | "https" if kind == Kind::Live => Protocol::Ts,
        "http" | "https" => Protocol::File,
        "acestream" => Protocol::Ace,
        _ => Protocol::Foreign,
    }
}
