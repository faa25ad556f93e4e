//! A job: one download and its delivery.
//!
//! ```text
//! pending ──▶ downloading ──verified──▶ downloaded ──▶ transferring ──verified──▶ completed
//!    ▲   ▲        │    │                   │    ▲           │
//!    │   └─ wait ─┘    └──▶ failed ◀───────┘    └── wait ───┘
//!    └────── retry ────────────┘
//! the first four ⇄ paused, which remembers where; all but what is completed ──▶ cancelled
//! what was fetched and is here no more when it is to be delivered ──▶ pending
//! ```
//!
//! A job that waits is where it was: what for, and until when, stand beside its state.

mod wish;

use std::path::PathBuf;

use serde::Serialize;

pub use wish::{Address, Airing, Priority, Wish};

/// An enum of words: what the store, answers and commands call its variants.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// What it is called in the store and in answers.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                let all = || Self::ALL.iter().map(|it| it.word()).collect::<Vec<_>>().join(", ");
                let found = Self::ALL.iter().find(|it| it.word() == word).copied();
                found.ok_or_else(|| format!("expected one of {}", all()))
            }
        }

        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(self.word().into())
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                value.as_str()?.parse().map_err(|why: String| rusqlite::types::FromSqlError::Other(why.into()))
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Where a job is.
    State {
        /// Nothing is going on; it begins when it is its turn.
        Pending = "pending",
        /// Its bytes are coming.
        Downloading = "downloading",
        /// All bytes are here, and are what they should be.
        Downloaded = "downloaded",
        /// They are on their way to the target.
        Transferring = "transferring",
        /// They are there, under their name.
        Completed = "completed",
        /// It will not go on by itself.
        Failed = "failed",
        /// Somebody holds it; it remembers where it was.
        Paused = "paused",
        /// Somebody wants it no more.
        Cancelled = "cancelled",
    }
}

impl State {
    /// Whether nothing follows by itself.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether somebody is at work on it.
    pub const fn is_busy(self) -> bool {
        matches!(self, Self::Downloading | Self::Transferring)
    }

    /// Where work on it begins anew, when it was interrupted here.
    pub const fn again(self) -> Self {
        match self {
            Self::Downloading => Self::Pending,
            Self::Transferring => Self::Downloaded,
            other => other,
        }
    }

    /// Whether a job may go from here to `next`: the arrows above, and no other.
    pub const fn may_become(self, next: Self) -> bool {
        use State::{Cancelled, Completed, Downloaded, Downloading, Failed, Paused, Pending, Transferring};
        match (self, next) {
            (Pending, Downloading) | (Downloading, Pending | Downloaded | Failed) => true,
            (Downloaded, Transferring | Failed) => true,
            (Transferring, Pending | Downloaded | Completed | Failed) => true,
            // When it was delivered that somebody removed from here, or it failed on the way to the target.
            (Failed | Cancelled, Pending | Downloaded) | (Paused, Pending | Downloaded) => true,
            (Pending | Downloading | Downloaded | Transferring, Paused) => true,
            (Pending | Downloading | Downloaded | Transferring | Failed | Paused, Cancelled) => true,
            _ => false,
        }
    }
}

words! {
    /// What a job waits for.
    Wait {
        /// A connection of the provider's account: viewers have them, or the provider counts one that was closed.
        Slot = "slot",
        /// Room on a disk.
        Disk = "disk",
        /// The hours in which downloads may go on.
        Window = "window",
        /// A while, after something went wrong.
        Retry = "retry",
        /// The target, which cannot be reached or is in maintenance.
        Target = "target",
        /// A program that is not installed.
        Engine = "engine",
        /// The time at which a recording begins.
        Schedule = "schedule",
    }
}

words! {
    /// How far a job is within its state.
    Step {
        /// The source has been asked.
        Connect = "connect",
        /// Bytes come.
        Body = "body",
        /// What came is looked at.
        Verify = "verify",
        /// It is being named.
        Name = "name",
        /// Bytes go to the target.
        Upload = "upload",
        /// What is there is compared.
        Check = "check",
    }
}

words! {
    /// Why a job has failed, for those who decide by it.
    Cause {
        /// The credentials are refused.
        Auth = "auth",
        /// There is no such film or episode any more.
        Gone = "gone",
        /// What came is no video: a page, an error in words.
        Content = "content",
        /// Attempt after attempt brought nothing.
        Stuck = "stuck",
        /// The time of a recording went by.
        Missed = "missed",
        /// The target refuses for good.
        Target = "target",
        /// An external program was called wrongly, or refuses for good.
        Engine = "engine",
    }
}

/// One row of the store. Bytes are counted from the first of the file; times are Unix time in seconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Job {
    /// Never given twice.
    pub id: i64,
    /// What shall be had, and where.
    #[serde(flatten)]
    pub wish: Wish,
    /// By which ending it was asked for when it came: the one of its wish is then that of what came.
    #[serde(skip)]
    pub asked: Option<String>,
    /// Where it is.
    pub state: State,
    /// Of one that is paused or has failed: where it goes on.
    pub held: Option<State>,
    /// How far it is within its state.
    pub step: Option<Step>,
    /// What it waits for by itself; what everybody waits for is a [`crate::store::Hold`].
    pub wait: Option<Wait>,
    /// Not to be tried before.
    pub not_before: i64,
    /// Its class in the queue now: the one of its wish, or a better one if it has waited for long or was put on top.
    pub rank: Priority,
    /// Its place within the class; less is earlier.
    pub pos: i64,
    /// Attempts in all.
    pub retries: u32,
    /// Attempts in a row that brought nothing.
    pub no_progress: u32,
    /// Refusals in a row for want of a connection.
    pub refused: u32,
    /// Length of the file, once it is known.
    pub total: Option<u64>,
    /// Bytes that are here.
    pub have: u64,
    /// Of these, the ones that a power cut leaves.
    pub synced: u64,
    /// What the source called this version of the file; for the log alone.
    pub etag: Option<String>,
    /// The boot in which the file here was last written.
    #[serde(skip)]
    pub boot: String,
    /// Where its bytes are collected; set when it first began, and not again while anything may be there.
    pub temp_path: Option<PathBuf>,
    /// What it is called at the target, below its base, with `/`; set when it was first delivered, and never again.
    pub final_path: Option<String>,
    /// Bytes that are at the target.
    pub t_have: u64,
    /// Of these, the ones that the target has promised to keep.
    pub t_synced: u64,
    /// Of the whole file, as hexadecimal.
    pub sha256: Option<String>,
    /// The class of its picture in lines, as measured.
    pub measured_h: Option<u32>,
    /// Whether it was looked for under other endings than the list says, which is done once.
    pub was_renamed: bool,
    /// Why it failed.
    pub cause: Option<Cause>,
    /// What went wrong last, in words; without addresses.
    pub error: Option<String>,
    /// When it was wished for.
    pub created: i64,
    /// When it first began.
    pub started: Option<i64>,
    /// When it ended.
    pub finished: Option<i64>,
    /// When anything of it last changed.
    pub updated: i64,
}

impl Job {
    /// By which ending it is asked for, whatever came when it was asked for last.
    pub fn asks_for(&self) -> &str {
        self.asked.as_deref().unwrap_or(&self.wish.ext)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_goes_where_the_arrows_lead_and_nowhere_else() {
        use State::{Cancelled, Completed, Downloaded, Downloading, Failed, Paused, Pending, Transferring};
        let arrows = [
            (Pending, &[Downloading, Paused, Cancelled][..]),
            (Downloading, &[Pending, Downloaded, Failed, Paused, Cancelled]),
            (Downloaded, &[Transferring, Failed, Paused, Cancelled]),
            (Transferring, &[Pending, Downloaded, Completed, Failed, Paused, Cancelled]),
            (Completed, &[]),
            (Failed, &[Pending, Downloaded, Cancelled]),
            (Paused, &[Pending, Downloaded, Cancelled]),
            (Cancelled, &[Pending, Downloaded]),
        ];
        for (from, to) in arrows {
            let may: Vec<State> = State::ALL.iter().copied().filter(|next| from.may_become(*next)).collect();
            assert_eq!(may, to, "{from}");
        }
    }

    #[test]
    fn a_word_is_read_as_it_is_written() {
        for state in State::ALL {
            assert_eq!(state.word().parse(), Ok(*state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.word());
        }
        assert_eq!(
            "slots".parse::<Wait>(),
            Err("expected one of slot, disk, window, retry, target, engine, schedule".into())
        );
    }
}
