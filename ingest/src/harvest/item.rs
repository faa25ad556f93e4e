//! Kinds of lines of a harvest.

use serde::{Deserialize, Serialize};

use super::List;

/// A kind of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Item {
    /// A channel.
    Channel,
    /// A film.
    Movie,
    /// A series.
    Series,
    /// An episode.
    Episode,
}

impl Item {
    /// All, by number.
    pub(crate) const ALL: [Self; 4] = [Self::Channel, Self::Movie, Self::Series, Self::Episode];

    /// As in counts.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Channel => List::Live.word(),
            Self::Movie => List::Movies.word(),
            Self::Series => List::Series.word(),
            Self::Episode => super::EPISODES,
        }
    }

    /// What its lines begin with.
    pub(super) const fn opening(self) -> &'static str {
        match self {
            Self::Channel => r#"{"channel":"#,
            Self::Movie => r#"{"movie":"#,
            Self::Series => r#"{"series":"#,
            Self::Episode => r#"{"episode":"#,
        }
    }
}
