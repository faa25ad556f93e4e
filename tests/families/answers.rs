//! Which answers there are, and who declares what of them.

use serde::de::DeserializeOwned;

use crate::{emby, enigma, exact, go, jellyfin, open_tv, television};

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Account,
    Categories,
    Channels,
    Films,
    Series,
    /// `get_vod_info`
    Film,
    /// `get_series_info`
    Show,
    /// `get_short_epg`
    Next,
    /// `get_simple_data_table`
    Table,
    /// `panel_api.php`
    Panel,
}

/// Reads an answer as somebody declares it; an error says why that one fails on it.
type Take = fn(Kind, &[u8]) -> Result<(), String>;

/// The whole of every answer, and what each family of clients with types of its own needs of it. pyxtream and
/// @iptv/xtream-api are real in `tests/programs/clients.rs`.
const FAMILIES: [(&str, Take); 7] = [
    ("what Coax promises", exact::take),
    ("plug-ins of Jellyfin", jellyfin::take),
    ("a plug-in of Emby", emby::take),
    ("a library of Go", go::take),
    ("open-tv", open_tv::take),
    ("players of Enigma2", enigma::take),
    ("apps of televisions", television::take),
];

/// Every family must take an answer.
pub(crate) fn taken(kind: Kind, query: &str, body: &[u8]) {
    for (family, take) in FAMILIES {
        if let Err(error) = take(kind, body) {
            let start = String::from_utf8_lossy(&body[..body.len().min(2000)]);
            panic!("{family}: {query}: {error}\n{start}");
        }
    }
}

/// Whether a body is a `T`, from its first byte to its last.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<(), String> {
    serde_json::from_slice::<T>(body).map(drop).map_err(|error| error.to_string())
}
