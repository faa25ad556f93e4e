//! Engines: what brings the bytes of one job into one file.
//!
//! ```text
//!  Order ──▶ http::fetch(&client, &order, &mut |report| ...).await ──▶ Ended
//!                   ▲                           │
//!            pace ──┘                           └──▶ store
//! ```
//!
//! An engine makes *one attempt*. It keeps nothing between two of them but the file: what it must know of the one before
//! comes with the [`Order`], and what the next one must know is told by [`Report`]s while it goes on, so that whoever is
//! killed in between has lost nothing. It is stopped by dropping it. When to try again, and how often, is for whoever
//! calls: [`Ended::Waits`] says what for, and [`Rest`] how long.
//!
//! What does *not* belong here: jobs, the store, names.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::job::{Cause, Wait};
use crate::pace::Bucket;

pub mod http;
pub mod outlet;
pub mod part;
pub mod record;
pub mod ytdlp;

/// What an engine is to bring.
#[derive(Clone, Debug)]
pub struct Order {
    /// Where it is had: as a rule at the relay.
    pub url: String,
    /// What is said besides, to its own host alone.
    pub headers: Vec<(String, String)>,
    /// Where it may lead.
    pub reach: Reach,
    /// The file that it goes to. It is made if it is not there; what it holds is gone on with. Its folder exists.
    pub part: PathBuf,
    /// What reports of earlier attempts have told.
    pub known: Known,
    /// Limits that all have to be kept: of everything, of the account, of the target, while somebody watches.
    pub paces: Vec<Arc<Bucket>>,
    /// A silence of the provider that is longer than this ends the attempt.
    pub patience: Duration,
}

impl Order {
    /// Whether its address says that it is a transport stream, or says nothing.
    fn is_transport_stream(&self) -> bool {
        let path = self.url.split(['?', '#']).next().unwrap_or("");
        let name = path.rsplit('/').next().unwrap_or("");
        name.rsplit_once('.').is_none_or(|(_, extension)| is_transport_stream(extension))
    }
}

/// Whether transport streams have this extension.
pub(crate) fn is_transport_stream(extension: &str) -> bool {
    matches!(extension, "ts" | "m2ts" | "mts" | "mpg")
}

/// Where an address and its redirects may lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere, as long as nothing in the internet sends it into a private network: what is configured.
    #[default]
    Anywhere,
    /// Into the internet only: what stands in a list that somebody has handed in.
    Internet,
}

/// What is known of a file from earlier attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Its size in bytes, as [`Report::Began`] told it.
    pub total: Option<u64>,
    /// Only so many bytes of the part can be trusted, as [`Report::Checkpoint`] told: the machine was started anew since.
    /// `None`: all of them. A program that is killed loses nothing of what it has written.
    pub synced: Option<u64>,
}

/// What an engine tells while it goes on. The last one of each kind is worth keeping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The source answers.
    Began {
        /// Bytes that are here already and were found to be those of the same file.
        have: u64,
        /// Its size in bytes, if it is known.
        total: Option<u64>,
        /// Its validator, for the log: bytes decide, not this.
        etag: Option<String>,
    },
    /// It is another file than before, or its part was not what it should be: what was here is thrown away.
    Anew {
        /// Why, for the log.
        why: &'static str,
    },
    /// So many bytes have been written.
    Progress {
        /// Bytes in the part.
        have: u64,
    },
    /// So many bytes are on the disk, whatever happens.
    Checkpoint {
        /// Bytes of the part.
        synced: u64,
    },
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All bytes are in the part and on the disk.
    Done {
        /// How many.
        total: u64,
    },
    /// Not now, but later.
    Waits {
        /// What for.
        wait: Wait,
        /// How long to rest before the next attempt.
        rest: Rest,
        /// There is more in the part than when this attempt began, so attempts in vain are counted anew.
        progress: bool,
        /// What went wrong, for people; no address and nothing secret is in it.
        why: String,
    },
    /// 551: panels say so where there is no connection to spare, and where the file has another extension than the address
    /// says. Once in the life of a job it is worth looking for that; after that it is a wait for a slot.
    Misnamed {
        /// For people.
        why: String,
    },
    /// Never.
    Failed {
        /// Of what kind.
        cause: Cause,
        /// What went wrong, for people; no address and nothing secret is in it.
        why: String,
    },
}

/// How long to wait before the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// As long as the source has asked for.
    Said(Duration),
    /// The account has no connection to spare: a minute, then twice as long each time, at most a quarter of an hour.
    Slot,
    /// Something broke: 5 s, then twice as long each time, at most ten minutes; a fifth more or less, so that not all come
    /// back at once.
    Broken,
}

impl Rest {
    /// How long it is after `vain` attempts in a row without progress; `dice` is a random number from 0 to 1.
    pub fn after(self, vain: u32, dice: f64) -> Duration {
        let doubled = |first: u64, most: u64| {
            let seconds = first.saturating_mul(1 << vain.min(16)).min(most);
            Duration::from_secs(seconds)
        };
        match self {
            Self::Said(time) => time,
            Self::Slot => doubled(60, 15 * 60),
            Self::Broken => doubled(5, 10 * 60).mul_f64(0.8 + 0.4 * dice.clamp(0.0, 1.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_to_a_limit_and_what_the_source_says_counts() {
        let seconds = |rest: Rest, vain, dice| rest.after(vain, dice).as_secs();
        assert_eq!([0, 1, 3, 4, 99].map(|vain| seconds(Rest::Slot, vain, 0.9)), [60, 120, 480, 900, 900]);
        assert_eq!([0, 1, 6, 7, 99].map(|vain| seconds(Rest::Broken, vain, 0.5)), [5, 10, 320, 600, 600]);
        assert_eq!((seconds(Rest::Broken, 9, 0.0), seconds(Rest::Broken, 9, 1.0)), (480, 720));
        assert_eq!(seconds(Rest::Said(Duration::from_secs(7)), 5, 0.1), 7);
    }
}
