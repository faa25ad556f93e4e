//! How a source is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::secret::Secret;

/// The player most providers allow.
pub const USER_AGENT: &str = "VLC/3.0.20 LibVLC/3.0.20";

/// Request headers that say nothing about us: they go with a request wherever it is sent on to.
const HARMLESS: [&str; 6] =
    ["accept", "accept-language", "origin", "referer", "user-agent", "x-requested-with"];

/// What goes with every request to a source, and how much patience there is. What is `None` is as `[ingest]` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Transport {
    /// Providers block the names of libraries, and empty ones.
    pub user_agent: String,
    /// Further request headers. Their values may be credentials.
    pub headers: BTreeMap<String, Secret>,
    /// `http://`, `https://`, `socks5://` or `socks5h://`, with credentials where it wants them.
    pub proxy: Option<Secret>,
    /// Takes any certificate. For testing: whoever is on the way can then read and change everything.
    pub insecure_tls: bool,
    /// How long a connection may take.
    pub connect_timeout: Option<Duration>,
    /// How long an answer may take to begin.
    pub first_byte_timeout: Option<Duration>,
    /// How long a whole answer may take, guides included.
    pub request_timeout: Option<Duration>,
    /// How often a request that failed for the moment is made again.
    pub retries: Option<u32>,
    /// What the provider tolerates.
    pub requests: Budget,
    /// Whether what the source lists may lie in our own network: `127.0.0.1`, `192.168.x.x` and the like.
    pub private_addresses: bool,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            user_agent: USER_AGENT.into(),
            headers: BTreeMap::new(),
            proxy: None,
            insecure_tls: false,
            connect_timeout: None,
            first_byte_timeout: None,
            request_timeout: None,
            retries: None,
            requests: Budget::default(),
            private_addresses: false,
        }
    }
}

impl Transport {
    /// Whether a request header of this name may go to anybody. The values of all others may be credentials, which are
    /// meant for the hosts that are configured.
    pub fn is_harmless(name: &str) -> bool {
        HARMLESS.iter().any(|harmless| name.eq_ignore_ascii_case(harmless))
    }
}

/// Requests that a provider account tolerates, whoever makes them and for what.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// At the same time; at least 1.
    pub parallel: u32,
    /// In any second; at least 0.01.
    pub per_second: f64,
    /// In any hour; at least 1.
    pub per_hour: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { parallel: 1, per_second: 2.0, per_hour: 3000 }
    }
}

impl Budget {
    /// # Errors
    /// What is out of range.
    pub(super) fn check(self) -> Result<Self, &'static str> {
        let fits = self.parallel > 0 && self.per_hour > 0 && (0.01..=1000.0).contains(&self.per_second);
        if fits {
            Ok(self)
        } else {
            Err("`requests` needs parallel and per_hour of at least 1 and per_second between 0.01 and 1000")
        }
    }
}
