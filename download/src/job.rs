//! A job: one download and its delivery.
//!
//! ```text
//! pending ──▶ downloading ──verified──▶ downloaded ──▶ transferring ──verified──▶ completed
//!    ▲   ▲        │    │                   │    ▲           │
//!    │   └─ wait ─┘    └──▶ failed ◀───────┘    └── wait ───┘
//!    └────── retry ────────────┘
//! the first four ⇄ paused, which remembers where; all that have not ended ──▶ cancelled
//! ```
//!
//! A job that waits is where it was: what for, and until when, stand beside its state.

use serde::{Deserialize, Serialize};

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing is going on; it begins when it is its turn.
    Pending,
    /// Its bytes are coming.
    Downloading,
    /// All bytes are here, and are what they should be.
    Downloaded,
    /// They are on their way to the target.
    Transferring,
    /// They are there, under their name.
    Completed,
    /// It will not go on by itself.
    Failed,
    /// Somebody holds it; it remembers where it was.
    Paused,
    /// Somebody wants it no more.
    Cancelled,
}

impl State {
    /// All of them, in the order of a job's life.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Downloading,
        Self::Downloaded,
        Self::Transferring,
        Self::Completed,
        Self::Failed,
        Self::Paused,
        Self::Cancelled,
    ];

    /// Its name in the store and in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Downloading => "downloading",
            Self::Downloaded => "downloaded",
            Self::Transferring => "transferring",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing follows by itself.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// What a job waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// A connection of the provider's account: viewers have them, or the provider counts one that was closed.
    Slot,
    /// Room on a disk.
    Disk,
    /// The hours in which downloads may go on.
    Window,
    /// A while, after something went wrong.
    Retry,
    /// The target, which cannot be reached or is in maintenance.
    Target,
    /// A program that is not installed.
    Engine,
}

/// How far a job is within its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// The source has been asked.
    Connect,
    /// Bytes come.
    Body,
    /// What came is looked at.
    Verify,
    /// It is being named.
    Name,
    /// Bytes go to the target.
    Upload,
    /// What is there is compared.
    Check,
}

/// Why a job has failed, for those who decide by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// The credentials are refused.
    Auth,
    /// There is no such film or episode any more.
    Gone,
    /// What came is no video: a page, an error in words.
    Content,
    /// Attempt after attempt brought nothing.
    Stuck,
    /// The time of a recording went by.
    Missed,
    /// The target refuses for good.
    Target,
    /// An external program was called wrongly, or refuses for good.
    Engine,
}
