//! Every path the server knows, decoded once.

use contract::address::{ArchiveAddress, StreamAddress};
use contract::hdhomerun::{Address, Asked};
use contract::logo::{LogoPath, Owner};
use contract::mirror::Part;

use crate::Page;

/// What a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/player_api.php`: account, lists, details, listings.
    PlayerApi,
    /// `/panel_api.php`: account and channels in one document.
    PanelApi,
    /// `/get.php`, also `/playlist`: the line-up as a playlist.
    Playlist,
    /// `/xmltv.php`, also `/epg.php`, `/epg` and `/update/epg.php`: the guide.
    Guide,
    /// `/health`: whether there is something to serve.
    Health,
    /// `/metrics`: counters for monitors.
    Metrics,
    /// `/`: the page for people, or what this is.
    Front,
    /// `/page/...`: what the page is made of, and what it asks for.
    Page(Page),
    /// `/live/u/p/1.ts`, `/u/p/1`, `/movie/u/p/2.mkv`, `/series/u/p/3.mp4`, `/timeshift/u/p/60/START/1.ts`: the id of
    /// what a relay plays.
    Stream(u32),
    /// `/streaming/timeshift.php`, `/timeshift.php`: a part of the past of the channel that the query names.
    Past,
    /// `/relay/state` and what it names: what relays without the disk copy.
    Mirror(Part),
    /// `/logo/live/5001/SEALED`, also `movies` and `series`: a picture, or the initials of the entry's name.
    Logo(Owner),
    /// `/discover.json`, `/hdhomerun/1A2B3C4D/lineup.json` and their like: devices for media servers.
    HdHomeRun(Address),
    /// `/api/channels/...`: the catalogue of Ace Stream channels.
    Catalogue,
    /// `/api/...`: the administration, and what describes it.
    Admin,
    /// Anything else.
    Unknown,
}

httpd::doors! {
    Route::PlayerApi => "player_api", Users, [
        "/player_api.php?username=USER&password=PASS", "/player_api?username=USER&password=PASS",
        "/player_api/USER/PASS", "/player_api/USER/PASS/get_live_streams",
    ];
    Route::PanelApi => "panel_api", Users, ["/panel_api.php?username=USER&password=PASS", "/panel_api/USER/PASS"];
    Route::Playlist => "get", Users, [
        "/get.php?username=USER&password=PASS", "/playlist?username=USER&password=PASS", "/playlist/USER/PASS/m3u_plus/ts",
    ];
    Route::Guide => "xmltv", Users, [
        "/xmltv.php?username=USER&password=PASS", "/xmltv.php?username=USER&password=PASS&gzip=1&days=1",
        "/epg?username=USER&password=PASS", "/update/epg.php?username=USER&password=PASS", "/epg/USER/PASS/gz",
    ];
    Route::Health => "health", Anybody, ["/health"];
    Route::Metrics => "metrics", Operators, ["/metrics"];
    Route::Front => "front", Anybody, ["/"];
    // Their names change with what is in them.
    Route::Page(Page::Asset(_)) => "page_asset", Anybody, [];
    // Posted, and refused without what a door of its own asks for.
    Route::Page(Page::LogIn) => "page_login", Anybody, [];
    Route::Page(Page::LogOut) => "page_logout", Anybody, [];
    Route::Page(Page::Setup) => "page_setup", Anybody, ["/page/api/setup"];
    Route::Page(Page::Session) => "page_session", Visitors, ["/page/api/session"];
    Route::Page(Page::Guide) => "page_guide", Visitors, ["/page/api/guide?ids=101"];
    Route::Page(Page::Channel(_)) => "page_channel", Visitors, ["/page/api/channel/101"];
    Route::Page(Page::Picture(_)) => "page_picture", Visitors, ["/page/api/picture/live/101"];
    Route::Catalogue => "catalogue", Users, [
        "/api/channels?username=USER&password=PASS", "/api/channels/search?username=USER&password=PASS&q=x",
    ];
    Route::Stream(_) => "stream", Elsewhere, [
        "/live/USER/PASS/101.ts", "/live/USER/PASS/101.m3u8", "/USER/PASS/101", "/movie/USER/PASS/9001.mp4",
        "/series/USER/PASS/12001.mkv", "/timeshift/USER/PASS/60/2025-10-09:08-00/101.ts",
    ];
    Route::Past => "timeshift", Elsewhere, [
        "/streaming/timeshift.php?username=USER&password=PASS&stream=101&start=2025-10-09:08-00&duration=60",
        "/timeshift.php?username=USER&password=PASS&stream=101&start=2025-10-09:08-00&duration=60",
    ];
    Route::Mirror(Part::State) => "mirror", Relays, ["/relay/state"];
    Route::Mirror(Part::Bundle) => "mirror", Relays, ["/relay/bundle.json"];
    Route::Mirror(Part::Users) => "mirror", Relays, ["/relay/users.json"];
    Route::Mirror(Part::Vault) => "mirror", Relays, ["/relay/vault.json"];
    Route::Mirror(Part::Episodes(_)) => "mirror", Relays, ["/relay/episodes/7.json"];
    Route::Mirror(Part::Seats) => "mirror", Relays, ["/relay/seats"];
    Route::Logo(_) => "logo", Holders, ["/logo/live/101/SEALED", "/logo/movies/9001/SEALED", "/logo/series/77/SEALED"];
    Route::HdHomeRun(Address { asked: Asked::Discover, .. }) => "hdhomerun", Home, ["/discover.json"];
    Route::HdHomeRun(Address { asked: Asked::Description, .. }) => "hdhomerun", Home, ["/device.xml"];
    Route::HdHomeRun(Address { asked: Asked::Lineup, .. }) => "hdhomerun", Home, ["/lineup.json"];
    Route::HdHomeRun(Address { asked: Asked::LineupXml, .. }) => "hdhomerun", Home, ["/lineup.xml"];
    Route::HdHomeRun(Address { asked: Asked::LineupM3u, .. }) => "hdhomerun", Home, ["/lineup.m3u"];
    Route::HdHomeRun(Address { asked: Asked::LineupStatus, .. }) => "hdhomerun", Home, ["/lineup_status.json"];
    Route::HdHomeRun(Address { asked: Asked::Scan, .. }) => "hdhomerun", Home, ["/lineup.post"];
    Route::HdHomeRun(Address { asked: Asked::Tune(_), .. }) => "hdhomerun", Home, ["/auto/v1"];
    // Each for whom `admin::ENDPOINTS` says.
    Route::Admin => "admin", Operators, ["/api/admin", "/api/nothing"];
    Route::Unknown => "unknown", Nobody, ["/nothing", "/users.json", "/data", "/relay", "/health.php", "/live/USER/PASS/x"];
}

/// Pages that some apps ask for with the parameters in the path, as newer panels allow: `/player_api/u/p/get_series`,
/// `/playlist/u/p/m3u_plus/ts`, `/epg/u/p/gz`. Name and password must be there, what follows them need not.
const IN_PATH: &[(&str, Route, &[&str])] = &[
    ("player_api", Route::PlayerApi, &["username", "password", "action"]),
    ("panel_api", Route::PanelApi, &["username", "password"]),
    ("playlist", Route::Playlist, &["username", "password", "type", "output"]),
    ("epg", Route::Guide, &["username", "password", "gzip"]),
];

impl Route {
    /// Reads a path. Repeated and trailing slashes do not count, and neither does a missing `.php`.
    pub fn decode(path: &str) -> Self {
        let segments = httpd::segments(path);
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments[..] {
            [] => Self::Front,
            ["health"] => Self::Health,
            ["metrics"] => Self::Metrics,
            ["api", "channels", ..] => Self::Catalogue,
            ["api", ..] => Self::Admin,
            ["page", ..] => Page::read(&segments).map_or(Self::Unknown, Self::Page),
            ["relay", ..] => Part::read(&segments).map_or(Self::Unknown, Self::Mirror),
            ["logo", ..] => LogoPath::read(&segments).map_or(Self::Unknown, |path| Self::Logo(path.owner)),
            ["update", "epg" | "epg.php"] => Self::Guide,
            _ if let Some(address) = Address::read(&segments) => Self::HdHomeRun(address),
            _ if ArchiveAddress::is_asked_in_query(&segments) => Self::Past,
            [page] => match page.strip_suffix(".php").unwrap_or(page) {
                "player_api" => Self::PlayerApi,
                "panel_api" => Self::PanelApi,
                "get" | "playlist" => Self::Playlist,
                "xmltv" | "epg" => Self::Guide,
                _ => Self::Unknown,
            },
            _ if in_path(&segments).is_some() => in_path(&segments).map_or(Self::Unknown, |(route, _)| route),
            _ => {
                let past = || ArchiveAddress::read(&segments).map(|address| address.channel);
                let stream = StreamAddress::read(&segments).or_else(past);
                stream.map_or(Self::Unknown, |address| Self::Stream(address.id))
            }
        }
    }

    /// The parameters that stand in a path.
    pub(crate) fn parameters(path: &str) -> Vec<(String, String)> {
        let segments = httpd::segments(path);
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let Some((_, names)) = in_path(&segments) else { return Vec::new() };
        names.iter().zip(&segments[1..]).map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }
}

/// The page of [`IN_PATH`] that a path asks for, and the names of what may follow it.
fn in_path(segments: &[&str]) -> Option<(Route, &'static [&'static str])> {
    let (page, rest) = segments.split_first()?;
    let (_, route, names) = IN_PATH.iter().find(|(name, ..)| name == page)?;
    (2..=names.len()).contains(&rest.len()).then_some((*route, *names))
}

#[cfg(test)]
mod tests {
    use contract::bundle::List;

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
            ("/metrics", Route::Metrics),
            ("/health.php", Route::Unknown),
            ("/api/admin/users", Route::Admin),
            ("/api/openapi.json", Route::Admin),
            ("/api/channels/search", Route::Catalogue),
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
            ("/panel_api.php", Route::PanelApi),
            ("/panel_api", Route::PanelApi),
            ("/playlist", Route::Playlist),
            ("/update/epg", Route::Guide),
            ("/player_api/u/p", Route::PlayerApi),
            ("/player_api/u/p/get_series", Route::PlayerApi),
            ("/player_api/u/p/get_series/1", Route::Unknown),
            ("/panel_api/u/p/", Route::PanelApi),
            ("/playlist/u/p/m3u_plus", Route::Playlist),
            ("/playlist/u/p/m3u_plus/ts", Route::Playlist),
            ("/epg/u/p", Route::Guide),
            ("/epg/u/p/gz", Route::Guide),
            ("/epg/u", Route::Unknown),
            ("/logo/live/5/x", Route::Logo(Owner { list: List::Live, id: 5 })),
            ("/logo/radio/5/x", Route::Unknown),
            ("/page/api/session", Route::Page(Page::Session)),
            ("/page/p/1", Route::Unknown),
            ("/favicon.ico", Route::Unknown),
        ] {
            assert_eq!(Route::decode(path), expected, "{path}");
        }
    }

    #[test]
    fn every_door_is_where_it_says_it_is() {
        for door in DOORS {
            for at in door.at {
                let path = at.split('?').next().unwrap_or("");
                assert_eq!(Route::decode(path).door(), *door, "{at}");
            }
        }
    }

    #[test]
    fn parameters_may_stand_in_the_path() {
        let found = Route::parameters("//playlist/ann/p%20w/m3u");
        let expected = [("username", "ann"), ("password", "p w"), ("type", "m3u")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(Route::parameters("/live/ann/p/1.ts").is_empty() && Route::parameters("/epg").is_empty());
    }
}
