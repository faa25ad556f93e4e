//! What one source gave: its entries, tidied, under its own ids. It lies on the disk; a slim [`Entry`] of each is held.
//!
//! ```text
//!  source ──▶ Writer ──▶ state/<source>/.harvest-…   ── Harvest::keep ──▶ state/<source>/harvest.jsonl
//!                        a line for each entry                            the last good one
//! ```
//!
//! A harvest knows nothing of our ids, of other sources or of accounts. It is what the gate judges and what is kept for
//! the day on which the source gives nothing. Lists of 600 000 entries exist, and most of what an entry says (addresses,
//! pictures, plots) is only passed through: so that is read again, line by line, when it is written out.

mod again;
mod before;
mod entry;
mod head;
mod held;
mod item;
mod kept;
mod writer;

use std::collections::BTreeMap;

pub(crate) use again::again;
pub(crate) use before::{Past, before};
use contract::bundle::Kind;
pub(crate) use entry::{Address, Catchup, Category, Channel, Episode, Movie, Places, Series};
pub(crate) use head::{Head, first_line};
pub(crate) use held::Entry;
pub(crate) use item::Item;
pub(crate) use kept::{Harvest, head, remove_damaged};
use serde::{Deserialize, Serialize};
pub(crate) use writer::{Pushed, Writer};

/// The lists a source gives. What is different between them is a `match` over this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum List {
    /// Channels.
    Live,
    /// Films.
    Movies,
    /// Series.
    Series,
}

impl List {
    /// All, in the order in which they are read and written.
    pub(crate) const ALL: [Self; 3] = [Self::Live, Self::Movies, Self::Series];

    /// As in reports and counts.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Movies => "movies",
            Self::Series => "series",
        }
    }
}

/// Counted entries, under the words of [`List::word`] and the two below.
pub(crate) type Counts = BTreeMap<String, u64>;

/// The word for episodes that the source lists itself, as playlists do.
pub(crate) const EPISODES: &str = "episodes";
/// The word for guide entries.
pub(crate) const PROGRAMMES: &str = "programmes";

/// The word for a kind in a source key of the id ledger.
pub(crate) const fn key_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Live => "live",
        Kind::Movie => "movie",
        Kind::Episode => "episode",
    }
}
