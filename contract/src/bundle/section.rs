//! The sections of a bundle, in the order in which they stand in the file.

/// A section of `bundle.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// [`super::Category`] of live channels.
    LiveCategories,
    /// [`super::LiveStream`].
    LiveStreams,
    /// [`super::Category`] of films.
    VodCategories,
    /// [`super::VodStream`].
    VodStreams,
    /// [`super::Category`] of series.
    SeriesCategories,
    /// [`super::Series`].
    Series,
    /// [`super::GuideRange`]; not for clients.
    Guide,
    /// [`super::Account`]; not for clients.
    Accounts,
    /// [`super::Playable`]; not for clients.
    Playables,
}

impl Section {
    /// All, in file order.
    pub const ALL: [Self; 9] = [
        Self::LiveCategories,
        Self::LiveStreams,
        Self::VodCategories,
        Self::VodStreams,
        Self::SeriesCategories,
        Self::Series,
        Self::Guide,
        Self::Accounts,
        Self::Playables,
    ];

    /// The key in the file.
    pub const fn key(self) -> &'static str {
        match self {
            Self::LiveCategories => "live_categories",
            Self::LiveStreams => "live_streams",
            Self::VodCategories => "vod_categories",
            Self::VodStreams => "vod_streams",
            Self::SeriesCategories => "series_categories",
            Self::Series => "series",
            Self::Guide => "guide",
            Self::Accounts => "accounts",
            Self::Playables => "playables",
        }
    }
}
