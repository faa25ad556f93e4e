//! What a station has seen.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

/// What a station has seen since it started or was reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Streams open now: sockets of live television, films and catch-up, and HLS sessions.
    pub open: u64,
    /// The most of them at the same time.
    pub peak: u64,
    /// Requests by endpoint or action, such as `get_live_streams`, `xmltv`, `live`, `film`.
    pub requests: BTreeMap<String, u64>,
    /// Of those, answered with 304, since the client has it already.
    pub unchanged: BTreeMap<String, u64>,
    /// How the past was asked for, last: `path` or `query`, the start and the minutes.
    pub pasts: VecDeque<String>,
    /// Requests for the segments, keys and playlists of HLS origins, such as `1017/high/12`,
    /// `1017/index`; the first 8192 names.
    pub fetched: BTreeMap<String, u64>,
    /// The Ace Stream engine.
    pub ace: AceCounts,
    /// By stream id.
    pub channels: BTreeMap<u32, ChannelCounts>,
    /// By user name.
    pub accounts: BTreeMap<String, AccountCounts>,
}

impl Counts {
    /// The counts of one stream; zeros if it was never asked for.
    pub fn channel(&self, id: u32) -> ChannelCounts {
        self.channels.get(&id).copied().unwrap_or_default()
    }

    /// Requests of an endpoint or action.
    pub fn requests(&self, endpoint: &str) -> u64 {
        self.requests.get(endpoint).copied().unwrap_or(0)
    }
}

/// What the Ace Stream engine has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AceCounts {
    /// Starts that were not refused, joined ones included.
    pub starts: u64,
    /// Stops of a session that there was.
    pub stops: u64,
    /// Sessions that ended by a newer start.
    pub superseded: u64,
    /// Sessions that ended because nobody read.
    pub expired: u64,
    /// Sessions open now.
    pub sessions: u64,
    /// The most of them at the same time.
    pub sessions_peak: u64,
    /// Transport streams being read now.
    pub readers: u64,
    /// The most of them at the same time.
    pub readers_peak: u64,
    /// Readers refused because a session had one already.
    pub conflicts: u64,
}

/// What one stream has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChannelCounts {
    /// Connections open now.
    pub open: u64,
    /// The most of them at the same time.
    pub peak: u64,
    /// Requests, refused ones included; the hops of a redirect are one request.
    pub requests: u64,
    /// Answers of an HLS origin being sent now.
    pub sending: u64,
    /// The most of them at the same time.
    pub sending_peak: u64,
}

/// What one account has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AccountCounts {
    /// Connections open now.
    pub open: u64,
    /// The most of them at the same time.
    pub peak: u64,
    /// Answers being sent now, of which several may share a connection: parts of one film to one client.
    pub bodies: u64,
    /// The most of them at the same time.
    pub bodies_peak: u64,
    /// Connections the panel believes to be open: those and the ones it has not noticed to be closed.
    pub held: u64,
    /// Requests refused (or given a slate) because of the limit.
    pub refused: u64,
    /// Connections cut to make room for a newer one.
    pub kicked: u64,
    /// Requests for documents and actions, whatever became of them.
    pub asked: u64,
    /// The most of them that arrived in any second.
    pub asked_in_a_second: u64,
}
