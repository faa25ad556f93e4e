//! What somebody wishes to have, and where.

use contract::bundle::Kind;
use serde::{Deserialize, Serialize};

use super::words;

words! {
    /// How soon: a class of the queue.
    Priority {
        /// Before everything else.
        High = "high",
        /// As most.
        Medium = "medium",
        /// When there is nothing else; it comes up by waiting.
        Low = "low",
    }
}

impl Priority {
    /// The next better class.
    pub const fn better(self) -> Self {
        match self {
            Self::High | Self::Medium => Self::High,
            Self::Low => Self::Medium,
        }
    }
}

/// What shall be had, and where. It never changes once there is a job of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// Which film or episode it is, wherever it comes from and whatever it is called there.
    pub identity: String,
    /// Which version of it: quality, language, dubbed or subtitled. Empty where nothing is known.
    pub variant: String,
    /// The id of the target.
    pub target: i64,
    /// What it is.
    pub kind: Kind,
    /// Of the film or the series, without marks.
    pub title: String,
    /// Four digits or `""`.
    pub year: String,
    /// The id at themoviedb.org of the film or the series, digits or `""`.
    pub tmdb: String,
    /// Marks that stood beside the title and tell versions of it apart.
    pub tags: Vec<String>,
    /// Of an episode; 0 holds the specials.
    pub season: Option<u32>,
    /// Of an episode, within its season.
    pub episode: Option<u32>,
    /// The name of an episode, or `""`.
    pub ep_title: String,
    /// Of an episode, our id of its series; else 0.
    pub series: u32,
    /// Lines of the picture as the list says it, such as 1080; `None` if it does not.
    pub quality: Option<u32>,
    /// Whose connection it takes: an account of the bundle.
    pub account: String,
    /// Our id.
    pub stream_id: u32,
    /// The container, lower case, without a dot.
    pub ext: String,
    /// How soon; `None` goes by the rules.
    pub priority: Option<Priority>,
    /// Who wishes.
    pub user: String,
}
