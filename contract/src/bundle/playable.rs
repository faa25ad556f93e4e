//! Facts for the programs, never sent to a client.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::Template;
use crate::zone::Zone;

/// Where one guide channel stands in `guide.xml`, as byte ranges `[start, end)` of that file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuideRange {
    /// The `<channel id>`, which is the `epg_channel_id` of the lists.
    pub id: String,
    /// Its `<channel>` element.
    pub channel: (u64, u64),
    /// Its `<programme>` elements, which stand together, sorted by start; empty when there are none.
    pub programmes: (u64, u64),
}

/// What is known of a login at a provider: no address and no credentials, those are in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The name of its source in the configuration; of the logins after the first followed by `/2`, `/3`, ...
    pub name: String,
    /// Connections the provider allows at once; 0 when it did not say.
    #[serde(default)]
    pub max_connections: u32,
    /// By which clock the provider tells times.
    #[serde(default, skip_serializing_if = "Zone::is_utc")]
    pub zone: Zone,
}

impl Account {
    /// What is known of a source's login of this number, from 0; it tells times in UTC.
    pub fn new(source: &str, login: usize, max_connections: u32) -> Self {
        let name = if login == 0 { source.to_owned() } else { format!("{source}/{}", login + 1) };
        Self { name, max_connections, zone: Zone::default() }
    }

    /// Whether it is the login of this number, from 0, of the source.
    pub fn is_login(&self, source: &str, login: usize) -> bool {
        match self.name.split_once('/') {
            Some((name, number)) => name == source && number.parse() == Ok(login + 1),
            None => self.name == source && login == 0,
        }
    }
}

/// What an id is. Live channels, films and episodes share one number space, so that `/user/pass/ID` is unambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A channel.
    Live,
    /// A film.
    Movie,
    /// An episode of a series.
    Episode,
}

/// How an upstream is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// An MPEG transport stream over HTTP that goes on for ever.
    Ts,
    /// A file over HTTP, with a length and ranges.
    File,
    /// An HLS playlist over HTTP.
    Hls,
    /// A channel of Ace Stream; its address is `acestream://` and an id.
    Ace,
    /// Something no relay receives (`rtsp`, `udp`, `pipe`, ...), kept as it was given.
    Foreign,
}

/// An address something can be received from, without what only the configuration knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// The account to dial with: the name of its source.
    pub account: String,
    /// Below the account's base URL, with `{username}` and `{password}` where they go; or a whole address, with
    /// `{secret:N}` where the [`crate::vault`] has what must not stand here.
    pub path: String,
    /// How it is received.
    pub protocol: Protocol,
    /// Request headers that the source asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Days of a channel's past that can be had there; 0 for none.
    #[serde(default, skip_serializing_if = "none")]
    pub archive: u32,
    /// How the past is asked for, where that is not as of panels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past: Option<Box<Template>>,
}

fn none(number: &u32) -> bool {
    *number == 0
}

/// From where an id can be received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playable {
    /// Our id.
    pub id: u32,
    /// What it is.
    pub kind: Kind,
    /// The container of a film or an episode, as in its list entry; `ts` for live.
    pub container: String,
    /// Of an episode, our id of its series; 0 where an older program did not write it, and for everything else.
    #[serde(default, skip_serializing_if = "none")]
    pub series: u32,
    /// In order of preference; not empty.
    pub upstreams: Vec<Upstream>,
}
