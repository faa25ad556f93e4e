//! Sources: what ingest reads. One folder for each kind.

use contract::bundle::{Kind, Protocol, Upstream};
use contract::source::{Origin, Source};
use contract::vault::Vault;

use crate::harvest::{Address, Channel};
use crate::seal::{sealed, sealed_template};
use crate::tidy;

pub(crate) mod acestream;
pub(crate) mod m3u;
pub(crate) mod past;
pub(crate) mod scrape;
pub(crate) mod xmltv;
pub(crate) mod xtream;

/// From where an entry of a source can be received: at its own address if it has one, else below the panel's.
///
/// Secrets of an address go into the vault; one with more of them than that takes is nothing a relay can receive.
pub(crate) fn upstream(
    source: &Source,
    (kind, id, container): (Kind, &str, &str),
    address: &Address,
    vault: &mut Vault,
) -> Upstream {
    if address.is_empty() {
        return below_panel(source, kind, id, container);
    }
    let account = source.name.as_str().to_owned();
    match sealed(address, &account, &asked_with(source), vault) {
        Some(open) => {
            let protocol = protocol(kind, &address.url);
            Upstream { account, path: open.url, protocol, headers: open.headers, archive: 0, past: None }
        }
        None => {
            let headers = Default::default();
            Upstream {
                account,
                path: String::new(),
                protocol: Protocol::Foreign,
                headers,
                archive: 0,
                past: None,
            }
        }
    }
}

/// From where a channel can be received, and how its past is asked for: below a panel as of panels, elsewhere as its
/// playlist says.
pub(crate) fn channel(source: &Source, id: &str, channel: &Channel, vault: &mut Vault) -> Upstream {
    let live = upstream(source, (Kind::Live, id, "ts"), &channel.address, vault);
    if channel.address.is_empty() {
        return Upstream { archive: channel.archive, ..live };
    }
    let past = past::template(channel).filter(|_| live.protocol != Protocol::Foreign);
    match past.and_then(|past| sealed_template(&past, &live.account, &asked_with(source), vault)) {
        Some(past) => Upstream { archive: channel.archive, past: Some(Box::new(past)), ..live },
        None => live,
    }
}

/// The account that a source is asked with, as the addresses that it lists may repeat it.
fn asked_with(source: &Source) -> Vec<String> {
    match &source.origin {
        Origin::M3u(list) => m3u::account(&list.from),
        Origin::Scrape(scrape) => scrape.pages.iter().flat_map(m3u::account).collect(),
        Origin::Xtream(_) | Origin::Xmltv(_) | Origin::Acestream(_) => Vec::new(),
    }
}

/// From where a panel's entry can be received.
pub(crate) fn below_panel(source: &Source, kind: Kind, id: &str, container: &str) -> Upstream {
    let protocol = match kind {
        Kind::Live => Protocol::Ts,
        Kind::Movie | Kind::Episode if container == tidy::LIST => Protocol::Hls,
        Kind::Movie | Kind::Episode => Protocol::File,
    };
    let (account, path) = (source.name.as_str().to_owned(), xtream::path(kind, id, container));
    Upstream { account, path, protocol, headers: Default::default(), archive: 0, past: None }
}

/// What is spoken at an address, as far as it can be seen from it.
pub(crate) fn protocol(kind: Kind, url: &str) -> Protocol {
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
