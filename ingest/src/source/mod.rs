//! Sources: what ingest reads. One folder for each kind.

use contract::bundle::{Kind, Protocol, Upstream};
use contract::source;

pub(crate) mod m3u;
pub(crate) mod xtream;

/// From where an entry of a source can be received.
pub(crate) fn upstream(source: &source::Source, kind: Kind, id: &str, container: &str) -> Upstream {
    let path = xtream::path(kind, id, container);
    let protocol = match kind {
        Kind::Live => Protocol::Ts,
        Kind::Movie | Kind::Episode => Protocol::File,
    };
    let account = source.name.as_str().to_owned();
    Upstream { account, path, protocol, headers: Default::default() }
}
