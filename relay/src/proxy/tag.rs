//! Every tag that is known, and what becomes of it. What is not in the table is denied as soon as it might name an
//! address.

/// What becomes of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Stays as it is, unless it names an address.
    Keep,
    /// The version, which is that of what stays.
    Version,
    /// Goes.
    Drop,
    /// Its address becomes a reference; it may have none.
    Link(Kind),
    /// The next line is a playlist's address.
    Variant,
    /// The address of a key, of which there are several kinds.
    Key,
    /// The duration of the next segment.
    Duration,
    /// The part of the next segment's resource that is meant.
    Part,
    /// The longest duration.
    Target,
    /// The number of the first segment.
    Sequence,
    /// The number of the first discontinuity.
    Discontinuities,
    /// A variable.
    Define,
    /// What low latency needs goes, the rest stays.
    Server,
    /// Stays without the attributes that name addresses.
    Bare,
}

/// In which kind of playlist a tag makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Any,
    Master,
    /// In a media playlist, of all of it.
    Media,
    /// Of the segment that follows.
    Segment,
}

/// What a reference leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Playlist,
    Segment,
    Key,
}

impl Kind {
    /// What stands for it in addresses.
    pub(crate) const fn letter(self) -> &'static str {
        match self {
            Self::Playlist => "p",
            Self::Segment => "s",
            Self::Key => "k",
        }
    }
}

/// RFC 8216 and its second edition (draft-pantos-hls-rfc8216bis), and what players ask for besides.
const TAGS: &[(&str, Act, Scope)] = &[
    ("EXT-X-VERSION", Act::Version, Scope::Any),
    ("EXT-X-INDEPENDENT-SEGMENTS", Act::Keep, Scope::Any),
    ("EXT-X-START", Act::Keep, Scope::Any),
    ("EXT-X-DEFINE", Act::Define, Scope::Any),
    // Master playlists.
    ("EXT-X-STREAM-INF", Act::Variant, Scope::Master),
    ("EXT-X-MEDIA", Act::Link(Kind::Playlist), Scope::Master),
    ("EXT-X-I-FRAME-STREAM-INF", Act::Link(Kind::Playlist), Scope::Master),
    ("EXT-X-IMAGE-STREAM-INF", Act::Link(Kind::Playlist), Scope::Master),
    ("EXT-X-SESSION-KEY", Act::Key, Scope::Master),
    ("EXT-X-SESSION-DATA", Act::Keep, Scope::Master),
    ("EXT-X-CONTENT-STEERING", Act::Drop, Scope::Any), // it would lead past us
    // Media playlists.
    ("EXT-X-TARGETDURATION", Act::Target, Scope::Media),
    ("EXT-X-MEDIA-SEQUENCE", Act::Sequence, Scope::Media),
    ("EXT-X-DISCONTINUITY-SEQUENCE", Act::Discontinuities, Scope::Media),
    ("EXT-X-PLAYLIST-TYPE", Act::Keep, Scope::Media),
    ("EXT-X-I-FRAMES-ONLY", Act::Keep, Scope::Media),
    ("EXT-X-ALLOW-CACHE", Act::Drop, Scope::Media),
    ("EXT-X-ENDLIST", Act::Keep, Scope::Media),
    ("EXT-X-DATERANGE", Act::Bare, Scope::Media), // interstitials are not passed on
    // Segments.
    ("EXTINF", Act::Duration, Scope::Segment),
    ("EXT-X-BYTERANGE", Act::Part, Scope::Segment),
    ("EXT-X-DISCONTINUITY", Act::Keep, Scope::Segment),
    ("EXT-X-PROGRAM-DATE-TIME", Act::Keep, Scope::Segment),
    ("EXT-X-GAP", Act::Keep, Scope::Segment),
    ("EXT-X-BITRATE", Act::Keep, Scope::Segment),
    ("EXT-X-KEY", Act::Key, Scope::Segment),
    ("EXT-X-MAP", Act::Link(Kind::Segment), Scope::Segment),
    // Low latency: without it the same list is an ordinary one.
    ("EXT-X-SERVER-CONTROL", Act::Server, Scope::Media),
    ("EXT-X-PART-INF", Act::Drop, Scope::Media),
    ("EXT-X-PART", Act::Drop, Scope::Media),
    ("EXT-X-PRELOAD-HINT", Act::Drop, Scope::Media),
    ("EXT-X-RENDITION-REPORT", Act::Drop, Scope::Media),
    ("EXT-X-SKIP", Act::Drop, Scope::Media),
];

/// A tag by its name, and what follows its colon.
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) act: Act,
    pub(super) scope: Scope,
}

impl<'a> Tag<'a> {
    /// Reads a line; `None` for a comment.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let text = line.strip_prefix('#').filter(|text| text.starts_with("EXT"))?;
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let name = name.trim_end();
        let known = TAGS.iter().find(|(known, ..)| *known == name);
        let (act, scope) = known.map_or((Act::Keep, Scope::Any), |(_, act, scope)| (*act, *scope));
        Some(Self { name, value, act, scope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_known_by_their_whole_name() {
        let act = |line| Tag::read(line).map(|tag| tag.act);
        assert_eq!(act("#EXT-X-PART:URI=\"x\""), Some(Act::Drop));
        assert_eq!(act("#EXT-X-PARTY:URI=\"x\""), Some(Act::Keep));
        assert_eq!(act("#EXTINF:4,"), Some(Act::Duration));
        assert_eq!(act("#EXT-X-ENDLIST"), Some(Act::Keep));
        assert_eq!(act("# EXTINF:4,"), None);
        assert_eq!(act("#comment"), None);
    }
}
