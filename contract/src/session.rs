//! Who watches what: what a relay tells those who administer, in the same process.

use std::net::IpAddr;

use serde::Serialize;

/// A stream that somebody has open: one seat, whatever shares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Tells it from all others of this relay, as long as it runs.
    pub id: u64,
    /// Whose it is.
    pub user: String,
    /// Through which of his tokens, if through one.
    pub device: Option<String>,
    /// From where it is watched, as far as it is told.
    pub address: IpAddr,
    /// What the player calls itself; may be empty.
    pub agent: String,
    /// Our id of the channel, the film or the episode.
    pub watches: u32,
    /// Whether that is a file, or the past of a channel, and not what is on the air.
    pub file: bool,
    /// Unix time, in seconds.
    pub since: u64,
}
