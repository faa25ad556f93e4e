//! What one source gave: its entries, tidied, under its own ids.
//!
//! A harvest knows nothing of our ids, of other sources or of addresses. It is what the gate judges and what is kept
//! for the day on which the source gives nothing.

use std::collections::BTreeMap;

use contract::bundle::Kind;
use serde::{Deserialize, Serialize};

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

/// Counted entries, under the words of [`List::word`] and `programmes`.
pub(crate) type Counts = BTreeMap<String, u64>;

/// The word for guide entries in [`Counts`].
pub(crate) const PROGRAMMES: &str = "programmes";

/// Everything a source gave at one time, but for its guide.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Harvest {
    /// Unix time, in seconds.
    pub(crate) harvested: u64,
    /// Connections the account allows at once; 0 when it did not say.
    pub(crate) max_connections: u32,
    /// Categories by list, in the source's order.
    pub(crate) categories: BTreeMap<List, Vec<Category>>,
    /// Channels in the source's order.
    pub(crate) live: Vec<Channel>,
    /// Films in the source's order.
    pub(crate) movies: Vec<Movie>,
    /// Series in the source's order.
    pub(crate) series: Vec<Series>,
    /// Programmes that its guide had.
    pub(crate) programmes: u64,
}

impl Harvest {
    /// Entries by kind.
    pub(crate) fn counts(&self) -> Counts {
        [
            (List::Live.word(), self.live.len()),
            (List::Movies.word(), self.movies.len()),
            (List::Series.word(), self.series.len()),
            (PROGRAMMES, self.programmes as usize),
        ]
        .map(|(word, count)| (word.to_owned(), count as u64))
        .into()
    }
}

/// A category of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Category {
    /// The source's id, whatever it looks like.
    pub(crate) id: String,
    /// Tidied; may be empty.
    pub(crate) name: String,
}

/// Positions in [`Harvest::categories`] of the entry's list, the principal one first.
pub(crate) type Places = Vec<u32>;

/// An entry of any list.
pub(crate) trait Listed {
    /// The source's id.
    fn id(&self) -> &str;
    /// Where it belongs.
    fn places(&self) -> &[u32];
}

/// A channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Channel {
    pub(crate) id: String,
    /// The source's number for it.
    pub(crate) num: Option<u32>,
    pub(crate) name: String,
    pub(crate) radio: bool,
    pub(crate) icon: String,
    /// The guide channel, as the source spells it; replaced by the guide's own spelling once that is known.
    pub(crate) guide: String,
    pub(crate) added: Option<u64>,
    pub(crate) adult: bool,
    pub(crate) places: Places,
    /// Days that can be watched later; 0 for none.
    pub(crate) archive: u32,
}

/// A film.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Movie {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) year: String,
    pub(crate) icon: String,
    /// Out of ten; 0 when unknown.
    pub(crate) rating: f64,
    pub(crate) tmdb: String,
    pub(crate) trailer: String,
    pub(crate) added: Option<u64>,
    pub(crate) adult: bool,
    pub(crate) places: Places,
    pub(crate) container: String,
}

/// A series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Series {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) year: String,
    pub(crate) cover: String,
    pub(crate) plot: String,
    pub(crate) cast: String,
    pub(crate) director: String,
    pub(crate) genre: String,
    pub(crate) released: String,
    pub(crate) last_modified: Option<u64>,
    /// Out of ten; 0 when unknown.
    pub(crate) rating: f64,
    pub(crate) backdrops: Vec<String>,
    pub(crate) trailer: String,
    /// Minutes of an episode; 0 when unknown.
    pub(crate) minutes: u64,
    pub(crate) places: Places,
    pub(crate) tmdb: String,
}

impl Listed for Channel {
    fn id(&self) -> &str {
        &self.id
    }
    fn places(&self) -> &[u32] {
        &self.places
    }
}

impl Listed for Movie {
    fn id(&self) -> &str {
        &self.id
    }
    fn places(&self) -> &[u32] {
        &self.places
    }
}

impl Listed for Series {
    fn id(&self) -> &str {
        &self.id
    }
    fn places(&self) -> &[u32] {
        &self.places
    }
}

/// The word for a kind in a source key of the id ledger.
pub(crate) const fn key_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Live => "live",
        Kind::Movie => "movie",
        Kind::Episode => "episode",
    }
}
