//! What a relay without the disk copies from a server, so that it has a data folder of its own.
//!
//! ```text
//!  relay ──GET /relay/state, If-None-Match, Prefer: wait=2──▶ serve      again and again: has anything changed?
//!        ◀── 304, or what there is now: State ──
//!        ──GET /relay/vault.json, /relay/users.json, /relay/bundle.json──▶     what has changed, in this order
//!        ──GET /relay/episodes/37.json──▶      when somebody asks for an id that the bundle does not have
//!        ──POST /relay/seats, relay=NAME&user=ann&seats=2──▶      whenever that changes, and now and then
//! ```
//!
//! Every request shows the key that both have in their configuration ([`crate::secret::SharedKey`]); where a server has
//! none, there is nothing at these addresses. What is copied opens the streams of providers: it travels over TLS or
//! within a private network.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a server may be asked to wait for a change (RFC 7240, 4.3). No longer, so that one that is asked to stop need
/// not break off an answer.
pub const WAIT: Duration = Duration::from_secs(2);

/// What a relay said of its seats holds for this long.
pub const HOLDS: Duration = Duration::from_secs(15);

/// For so long a server says whose streams were cut.
pub const CUT_FOR: Duration = Duration::from_secs(60);

/// Bytes of the form in which a relay says it, at most: some 90 000 users with names of 64 characters. A relay that has more
/// leaves the last ones out; a longer form is not heard.
pub const SEATS: usize = 8 * 1024 * 1024;

/// Something that is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What there is now.
    State,
    /// `bundle.json` of the published release.
    Bundle,
    /// `users.json`.
    Users,
    /// `vault.json`.
    Vault,
    /// A block of [`crate::details::Episodes`].
    Episodes(u32),
    /// The other way: how many streams users have open at a relay.
    Seats,
}

impl Part {
    /// Reads the segments of a path; `None` for what is no part.
    pub fn read(segments: &[&str]) -> Option<Self> {
        let digits = |name: &str| {
            let digits = name.strip_suffix(".json")?;
            // `parse` alone would take a plus.
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        match *segments {
            ["relay", "state"] => Some(Self::State),
            ["relay", "bundle.json"] => Some(Self::Bundle),
            ["relay", "users.json"] => Some(Self::Users),
            ["relay", "vault.json"] => Some(Self::Vault),
            ["relay", "seats"] => Some(Self::Seats),
            ["relay", "episodes", name] => digits(name).map(Self::Episodes),
            _ => None,
        }
    }

    /// Where it is, below the server's address.
    pub fn path(self) -> String {
        match self {
            Self::State => "/relay/state".into(),
            Self::Bundle => "/relay/bundle.json".into(),
            Self::Users => "/relay/users.json".into(),
            Self::Vault => "/relay/vault.json".into(),
            Self::Seats => "/relay/seats".into(),
            Self::Episodes(block) => format!("/relay/episodes/{block}.json"),
        }
    }
}

/// What a server has. The hashes are strong validators; that of a file which is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The release's name at the server, for people; empty before the first.
    pub release: String,
    /// Unix time, in seconds, of the run that made it.
    pub created: u64,
    /// SHA-256 of the bundle, as in `release.json`.
    pub bundle: String,
    /// A hash of `users.json`.
    pub users: String,
    /// A hash of `vault.json`.
    pub vault: String,
    /// Users whose streams an operator has cut lately, and what tells one time from another: a relay that reads of one for the
    /// first time cuts them as well.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cut: BTreeMap<String, u64>,
}

/// The hash that stands for the content of a small file in [`State`].
pub fn hash(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_found_where_it_says_it_is() {
        for part in [Part::State, Part::Bundle, Part::Users, Part::Vault, Part::Episodes(37), Part::Seats] {
            let path = part.path();
            let segments: Vec<&str> = path.split('/').skip(1).collect();
            assert_eq!(Part::read(&segments), Some(part), "{path}");
        }
        for other in [
            &["relay"][..],
            &["relay", "key"],
            &["relay", "episodes", "+1.json"],
            &["relay", "episodes", ".json"],
            &["relay", "episodes", "../users.json"],
            &["users.json"],
        ] {
            assert_eq!(Part::read(other), None, "{other:?}");
        }
    }
}
