//! Why an attempt ends early.

use std::io;
use std::time::Duration;

use crate::engine::{Ended, Rest};
use crate::job::{Cause, Wait};

/// How long a full disk is left alone.
const DISK: Rest = Rest::Said(Duration::from_secs(60));

/// Why an attempt does not go on.
#[derive(Debug)]
pub(in crate::engine) enum Stop {
    Waits(Wait, Rest, String),
    Misnamed(String),
    Failed(Cause, String),
}

/// Why an answer is of no use.
pub(in crate::engine) enum Odd {
    /// It is another file than the one that is here, or nobody can tell.
    Other(&'static str),
    Stop(Stop),
}

impl Stop {
    pub(in crate::engine) fn broken(why: impl Into<String>) -> Self {
        Self::Waits(Wait::Retry, Rest::Broken, why.into())
    }

    pub(super) fn slot(rest: Option<Rest>) -> Self {
        let rest = rest.unwrap_or(Rest::Said(Duration::from_secs(5)));
        Self::Waits(Wait::Slot, rest, "there is no connection to spare".to_owned())
    }

    pub(super) fn inside() -> Self {
        Self::Failed(Cause::Gone, "its address leads into a private network".to_owned())
    }

    pub(in crate::engine) fn ended(self, progress: bool) -> Ended {
        match self {
            Self::Waits(wait, rest, why) => Ended::Waits { wait, rest, progress, why },
            Self::Misnamed(why) => Ended::Misnamed { why },
            Self::Failed(cause, why) => Ended::Failed { cause, why },
        }
    }
}

impl From<io::Error> for Stop {
    /// Whatever is the matter with a disk is mended by somebody, and then the job goes on.
    fn from(error: io::Error) -> Self {
        let why = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "there is no room on the disk".into()
            }
            io::ErrorKind::ResourceBusy => "another download writes the same file".into(),
            kind => format!("the disk refuses: {kind}"),
        };
        Self::Waits(Wait::Disk, DISK, why)
    }
}

impl From<Odd> for Stop {
    fn from(odd: Odd) -> Self {
        match odd {
            Odd::Other(why) => Self::broken(why),
            Odd::Stop(stop) => stop,
        }
    }
}

impl From<Stop> for Odd {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}
