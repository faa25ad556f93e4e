//! Every path the server knows, decoded once.

use contract::address::{ArchiveAddress, StreamAddress};
use contract::mirror::Part;

/// What a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/player_api.php`: account, lists, details, listings.
    PlayerApi,
    /// `/get.php`: the line-up as a playlist.
    Playlist,
    /// `/xmltv.php`, also `/epg.php`, `/epg` and `/update/epg.php`: the guide.
    Guide,
    /// `/health`: whether there is something to serve.
    Health,
    /// `/`: what this is, for a person.
    Front,
    /// `/live/u/p/1.ts`, `/u/p/1`, `/movie/u/p/2.mkv`, `/series/u/p/3.mp4`, `/timeshift/u/p/60/START/1.ts`: the id of
    /// what a relay plays.
    Stream(u32),
    /// `/streaming/timeshift.php`, `/timeshift.php`: a part of the past of the channel that the query names.
    Past,
    /// `/relay/state` and what it names: what relays without the disk copy.
    Mirror(Part),
    /// Anything else.
    Unknown,
}

impl Route {
    /// Reads a path. Repeated and trailing slashes do not count, and neither does a missing `.php`.
    pub fn decode(path: &str) -> Self {
        let segments = httpd::segments(path);
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments[..] {
            [] => Self::Front,
            ["health"] => Self::Health,
            ["relay", ..] => Part::read(&segments).map_or(Self::Unknown, Self::Mirror),
            ["update", "epg.php"] => Self::Guide,
            _ if ArchiveAddress::is_asked_in_query(&segments) => Self::Past,
            [page] => match page.strip_suffix(".php").unwrap_or(page) {
                "player_api" => Self::PlayerApi,
                "get" => Self::Playlist,
                "xmltv" | "epg" => Self::Guide,
                _ => Self::Unknown,
            },
            _ => {
                let past = || ArchiveAddress::read(&segments).map(|address| address.channel);
                let stream = StreamAddress::read(&segments).or_else(past);
                stream.map_or(Self::Unknown, |address| Self::Stream(address.id))
            }
        }
    }

    /// The name under which the log knows it: a URL would show credentials.
    pub fn name(self) -> &'static str {
        match self {
            Self::PlayerApi => "player_api",
            Self::Playlist => "get",
            Self::Guide => "xmltv",
            Self::Health => "health",
            Self::Front => "front",
            Self::Stream(_) => "stream",
            Self::Mirror(_) => "mirror",
            Self::Past => "timeshift",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_route() {
        for (path, expected) in [
            ("/", Route::Front),
            ("", Route::Front),
            ("/player_api.php", Route::PlayerApi),
            ("/player_api", Route::PlayerApi),
            ("//player_api.php", Route::PlayerApi),
            ("/player_api.php/", Route::PlayerApi),
            ("/get.php", Route::Playlist),
            ("/get", Route::Playlist),
            ("/xmltv.php", Route::Guide),
            ("/xmltv", Route::Guide),
            ("/epg", Route::Guide),
            ("/epg.php", Route::Guide),
            ("/update/epg.php", Route::Guide),
            ("/health", Route::Health),
            ("/health.php", Route::Unknown),
            ("/live/u/p/1.ts", Route::Stream(1)),
            ("/u/p/1", Route::Stream(1)),
            ("/movie/u/p/2.mkv", Route::Stream(2)),
            ("/series/u/p/3.mp4", Route::Stream(3)),
            ("/timeshift/u/p/60/2025-10-09:08-00/1.ts", Route::Stream(1)),
            ("/streaming/timeshift.php", Route::Past),
            ("/timeshift.php", Route::Past),
            ("/relay/state", Route::Mirror(Part::State)),
            ("/relay/episodes/7.json", Route::Mirror(Part::Episodes(7))),
            ("/relay/p/7.ts", Route::Unknown),
            ("/hls/token/7.ts", Route::Unknown),
            ("/u/p/x", Route::Unknown),
            ("/u/p/1/2", Route::Unknown),
            ("/panel_api.php", Route::Unknown),
            ("/favicon.ico", Route::Unknown),
        ] {
            assert_eq!(Route::decode(path), expected, "{path}");
        }
    }
}
