//! Entries, whole: a line of the harvest each.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A category of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Category {
    /// The source's id, whatever it looks like.
    pub(crate) id: String,
    /// Tidied; may be empty.
    pub(crate) name: String,
}

/// Positions in [`super::Head::categories`] of the entry's list, the principal one first.
pub(crate) type Places = Vec<u32>;

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
    /// What the source calls it for matching guides (`tvg-name`).
    pub(crate) guide_name: String,
    /// Seconds by which its guide is off (`tvg-shift`).
    pub(crate) shift: i32,
    /// Where it is from, as the source says it.
    pub(crate) country: String,
    /// How the past is asked for, when the source says so.
    pub(crate) catchup: Option<Box<Catchup>>,
    /// Where it is received, when the source says so.
    #[serde(skip_serializing_if = "Address::is_empty")]
    pub(crate) address: Address,
}

/// How a channel's past is asked for; see `xtream-api.md` 19.5 for the words and templates of players.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Catchup {
    /// `default`, `append`, `shift`, `flussonic`, ...
    pub(crate) mode: String,
    /// The template, if the mode has one. May hold credentials.
    pub(crate) source: String,
    /// Seconds that are added to the time asked for.
    pub(crate) correction: i32,
}

/// Where an entry is received. Empty for panels, whose addresses follow from their ids.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Address {
    /// As the source gave it, without what only players understand. May hold credentials.
    pub(crate) url: String,
    /// Request headers that it wants. May hold credentials.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
}

// SECURITY: what types print of themselves ends up in logs; here and below.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({} bytes, {} headers)", self.url.len(), self.headers.len())
    }
}

impl fmt::Debug for Catchup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Catchup({})", self.mode)
    }
}

impl Address {
    /// Whether the source said nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.url.is_empty()
    }
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
    /// Where it is received, when the source says so.
    #[serde(skip_serializing_if = "Address::is_empty")]
    pub(crate) address: Address,
}

/// An episode that the source lists itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Episode {
    /// The source's id.
    pub(crate) id: String,
    /// The source's id of its series, which has been written before.
    pub(crate) series: String,
    /// 0 for specials.
    pub(crate) season: u32,
    /// Within the season.
    pub(crate) number: u32,
    /// Tidied; may be empty.
    pub(crate) title: String,
    /// Lower case, without a dot.
    pub(crate) container: String,
    /// A URL or `""`.
    pub(crate) icon: String,
    /// Unix time, in seconds.
    pub(crate) added: Option<u64>,
    /// Where it is received.
    pub(crate) address: Address,
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
