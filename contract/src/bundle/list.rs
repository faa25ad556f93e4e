//! The three lists.

use serde::{Deserialize, Serialize};

use super::{Kind, Section};

/// One of the three lists of a line-up, as apps show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum List {
    /// Channels.
    Live,
    /// Films.
    Movies,
    /// Series.
    Series,
}

impl List {
    /// All, in file order.
    pub const ALL: [Self; 3] = [Self::Live, Self::Movies, Self::Series];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Movies => "movies",
            Self::Series => "series",
        }
    }

    /// Where its categories stand.
    pub const fn categories(self) -> Section {
        match self {
            Self::Live => Section::LiveCategories,
            Self::Movies => Section::VodCategories,
            Self::Series => Section::SeriesCategories,
        }
    }

    /// Where its entries stand.
    pub const fn entries(self) -> Section {
        match self {
            Self::Live => Section::LiveStreams,
            Self::Movies => Section::VodStreams,
            Self::Series => Section::Series,
        }
    }

    /// The list that a section belongs to; `None` for what is not for clients.
    pub const fn of(section: Section) -> Option<Self> {
        match section {
            Section::LiveCategories | Section::LiveStreams => Some(Self::Live),
            Section::VodCategories | Section::VodStreams => Some(Self::Movies),
            Section::SeriesCategories | Section::Series => Some(Self::Series),
            Section::Guide | Section::Accounts | Section::Playables => None,
        }
    }

    /// The list through which something of this kind is found.
    pub const fn with(kind: Kind) -> Self {
        match kind {
            Kind::Live => Self::Live,
            Kind::Movie => Self::Movies,
            Kind::Episode => Self::Series,
        }
    }
}
