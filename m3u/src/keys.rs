//! The attributes that mean something to us, by every name they go by.

/// An attribute of `#EXTINF` or `#EXTM3U`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The guide channel.
    TvgId,
    /// The name the guide may have it under.
    TvgName,
    /// The address of a picture.
    Logo,
    /// The same under a name that counts less.
    OtherLogo,
    /// The channel's number, `10` or `10.1`.
    Number,
    /// Groups, divided by `;`.
    GroupTitle,
    /// The same under a name that counts less.
    Group,
    /// Hours by which the guide is early or late.
    Shift,
    /// `true` or `1` for radio.
    Radio,
    /// Its language or languages.
    Language,
    /// Its country or countries.
    Country,
    /// `live`, `movie`, `series`.
    Type,
    /// A code that guards it: for adults.
    ParentCode,
    /// `1` for adults.
    Censored,
    /// How the past is asked for.
    Catchup,
    /// The address of the past, with placeholders.
    CatchupSource,
    /// Days that can be watched later.
    CatchupDays,
    /// The same, as some write it.
    TvgRec,
    /// The same, as panels write it.
    Timeshift,
    /// Hours that are added to the times asked for.
    CatchupCorrection,
    /// The panel's id.
    XuiId,
    /// The provider's id.
    Cuid,
    /// The provider's id, as others call it.
    StreamId,
    /// The provider's id, as yet others call it.
    ChannelId,
    /// What is on; serves as a name.
    GuideTitle,
    /// The film's id at TMDB.
    Tmdb,
    /// The season an episode belongs to.
    Season,
    /// The episode's number.
    Episode,
    /// A header of requests.
    UserAgent,
    /// A header of requests.
    Referrer,
    /// A recording or a film, and no channel.
    Media,
    /// Addresses of guides; only in the playlist's header.
    Guides,
}

impl Key {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::Guides as usize + 1;

    /// What `name` stands for, in whatever letters it is written.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut plain = [0; 24];
        let plain = plain.get_mut(..name.len())?;
        for (to, from) in plain.iter_mut().zip(name.bytes()) {
            *to = if from == b'_' { b'-' } else { from.to_ascii_lowercase() };
        }
        Some(match &*plain {
            b"tvg-id" => Self::TvgId,
            b"tvg-name" => Self::TvgName,
            b"tvg-logo" => Self::Logo,
            b"logo" | b"tvg-logo-small" => Self::OtherLogo,
            b"tvg-chno" | b"ch-number" | b"channel-number" => Self::Number,
            b"group-title" => Self::GroupTitle,
            b"group" => Self::Group,
            b"tvg-shift" => Self::Shift,
            b"radio" => Self::Radio,
            b"tvg-language" => Self::Language,
            b"tvg-country" => Self::Country,
            b"tvg-type" => Self::Type,
            b"parent-code" => Self::ParentCode,
            b"censored" => Self::Censored,
            b"catchup" | b"catchup-type" => Self::Catchup,
            b"catchup-source" => Self::CatchupSource,
            b"catchup-days" => Self::CatchupDays,
            b"tvg-rec" => Self::TvgRec,
            b"timeshift" => Self::Timeshift,
            b"catchup-correction" => Self::CatchupCorrection,
            b"xui-id" => Self::XuiId,
            b"cuid" => Self::Cuid,
            b"stream-id" => Self::StreamId,
            b"channel-id" => Self::ChannelId,
            b"tvc-guide-title" => Self::GuideTitle,
            b"tmdb-id" => Self::Tmdb,
            b"tvg-season" => Self::Season,
            b"tvg-episode" => Self::Episode,
            b"user-agent" | b"http-user-agent" => Self::UserAgent,
            b"referrer" | b"referer" | b"http-referrer" | b"http-referer" => Self::Referrer,
            b"media" => Self::Media,
            b"x-tvg-url" | b"url-tvg" | b"tvg-url" => Self::Guides,
            _ => return None,
        })
    }

    /// Whether a playlist's header may give a value for all its entries.
    pub(crate) const fn is_inherited(self) -> bool {
        matches!(
            self,
            Self::Shift | Self::Catchup | Self::CatchupSource | Self::CatchupDays | Self::CatchupCorrection
        )
    }
}
