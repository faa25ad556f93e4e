//! Every address the relay knows, decoded once.

use contract::address::{ArchiveAddress, StreamAddress};
use contract::hdhomerun::Address;

pub use crate::output::ace::Ace;
pub use crate::output::api::Api;

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/live/u/p/1.ts`, `/u/p/1`, `/movie/u/p/2.mkv`, `/series/u/p/3.mp4` and their like.
    Stream(StreamAddress),
    /// `/hls/TICKET/...`: what a playlist leads to that a viewer was given.
    Hls {
        /// Stands for viewer and channel; no credentials.
        ticket: String,
        /// What of it.
        part: Part,
    },
    /// `/live/u/p/any/path`: some players read what is relative in a playlist against the address they began with.
    Within {
        /// The user's name.
        user: String,
        /// The user's password.
        password: String,
        /// What follows.
        path: Vec<String>,
    },
    /// `/timeshift/u/p/60/2025-10-09:08-00/1.ts` and `.m3u8`: a part of a channel's past.
    Past(ArchiveAddress),
    /// `/streaming/timeshift.php` and `/timeshift.php`: the same, in the query.
    PastInQuery,
    /// `/timeshift/TICKET/1759996800/7.ts`: a minute of such a part.
    PastSegment {
        /// Stands for viewer and channel; no credentials.
        ticket: String,
        /// When the part begins: Unix time, in seconds.
        start: i64,
        /// Counts from its beginning.
        number: u32,
    },
    /// `/auto/v7`, `/hdhomerun/1A2B3C4D/auto/v7`: a channel of a device, by its number.
    Tune(Address),
    /// `/ace/getstream` and its like: what players ask an Ace Stream engine for.
    Ace(Ace),
    /// `/api/streams/start/ID` and its like: the session API of web players.
    Api(Api),
    /// `/status.json`: what is running, for the operator.
    Status,
    /// `/metrics`: the same for monitors.
    Metrics,
}

/// A part of a channel as HLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// `index.m3u8`: the playlist.
    Index,
    /// `17-7.ts`: a segment of what is made of a feed.
    Segment {
        /// Tells the packagings of a channel apart.
        generation: u64,
        /// Counts from the beginning of that.
        number: u64,
    },
    /// `p/REFERENCE.m3u8`, `s/REFERENCE.m4s`, `k/REFERENCE.key`: of what is passed on.
    Reference {
        /// `p`, `s` or `k`.
        kind: char,
        /// Stands for an address.
        name: String,
    },
}

httpd::doors! {
    Route::Stream(_) => "stream", Users, [
        "/live/USER/PASS/CHANNEL.ts", "/live/USER/PASS/CHANNEL", "/live/USER/PASS/CHANNEL.m3u8", "/USER/PASS/CHANNEL",
        "/movie/USER/PASS/FILM.mp4", "/series/USER/PASS/EPISODE.mkv", "/live/USER/PASS/CHANNEL.ts?utc=START",
    ];
    Route::Hls { part: Part::Index, .. } => "hls", Holders, ["/hls/TICKET/index.m3u8"];
    Route::Hls { part: Part::Segment { .. }, .. } => "hls", Holders, ["/hls/TICKET/17-7.ts"];
    Route::Hls { part: Part::Reference { .. }, .. } => "hls", Holders, [
        "/hls/TICKET/p/r-0.m3u8", "/hls/TICKET/s/r-0.ts", "/hls/TICKET/k/r-0.key",
    ];
    Route::Within { .. } => "hls", Users, ["/live/USER/PASS/hls/TICKET/17-7.ts", "/live/USER/PASS/any/path"];
    Route::Past(_) => "timeshift", Users, [
        "/timeshift/USER/PASS/60/START/CHANNEL.ts", "/timeshift/USER/PASS/60/START/CHANNEL.m3u8",
    ];
    Route::PastInQuery => "timeshift", Users, [
        "/streaming/timeshift.php?username=USER&password=PASS&stream=CHANNEL&start=START&duration=60",
        "/timeshift.php?username=USER&password=PASS&stream=CHANNEL&start=START&duration=60",
    ];
    Route::PastSegment { .. } => "timeshift", Holders, ["/timeshift/TICKET/1759996800/7.ts"];
    Route::Tune(_) => "hdhomerun", Home, ["/auto/v1", "/tuner0/v1"];
    Route::Ace(Ace::Stream) => "ace", Home, ["/ace/getstream?id=ACE"];
    Route::Ace(Ace::Playlist) => "ace", Home, ["/ace/manifest.m3u8?id=ACE"];
    Route::Ace(Ace::Status) => "ace", Home, ["/ace/status", "/ace/status?id=ACE"];
    Route::Api(Api::Start { .. }) => "api", Home, ["/api/streams/start/ACE"];
    Route::Api(Api::Playlist { .. }) => "api", Holders, ["/api/streams/hls/SESSION/manifest.m3u8"];
    Route::Api(Api::Segment { .. }) => "api", Holders, ["/api/streams/proxy/c/SESSION/7.ts"];
    Route::Api(Api::Status { .. }) => "api", Holders, ["/api/streams/status/SESSION"];
    Route::Api(Api::Stop { .. }) => "api", Holders, ["/api/streams/stop/SESSION"];
    Route::Api(Api::Active) => "api", Home, ["/api/streams/active"];
    Route::Api(Api::Health) => "api", Home, ["/api/health"];
    Route::Api(Api::EngineHealth) => "api", Home, ["/api/health/acestream"];
    Route::Status => "status", Operators, ["/status.json"];
    Route::Metrics => "metrics", Operators, ["/metrics"];
}

impl Route {
    /// Reads a path; `None` for what is no address of the relay's. Repeated and trailing slashes do not count.
    pub fn decode(path: &str) -> Option<Self> {
        let segments = httpd::segments(path);
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments[..] {
            ["status.json"] => Some(Self::Status),
            ["metrics"] => Some(Self::Metrics),
            ["ace", "getstream"] => Some(Self::Ace(Ace::Stream)),
            ["ace", "manifest.m3u8"] => Some(Self::Ace(Ace::Playlist)),
            ["ace", "status"] => Some(Self::Ace(Ace::Status)),
            ["api", ref rest @ ..] => Api::read(rest).map(Self::Api),
            ["hls", ticket, ref part @ ..] => {
                Some(Self::Hls { ticket: ticket.into(), part: Part::decode(part)? })
            }
            ["timeshift", ticket, start, name] => past_segment(ticket, start, name),
            _ if let Some(address) = Address::read(&segments) => {
                address.is_tuned().then_some(Self::Tune(address))
            }
            _ if ArchiveAddress::is_asked_in_query(&segments) => Some(Self::PastInQuery),
            _ => {
                let past = || ArchiveAddress::read(&segments).map(Self::Past);
                let stream = StreamAddress::read(&segments).map(Self::Stream);
                stream.or_else(past).or_else(|| within(&segments))
            }
        }
    }
}

impl Part {
    /// Reads what follows a ticket.
    pub(crate) fn decode(path: &[&str]) -> Option<Self> {
        match *path {
            ["index.m3u8"] => Some(Self::Index),
            [name] => {
                let (generation, number) = name.strip_suffix(".ts")?.split_once('-')?;
                Some(Self::Segment { generation: digits(generation)?, number: digits(number)? })
            }
            [kind @ ("p" | "s" | "k"), name] => {
                let (name, _) = name.split_once('.')?;
                Some(Self::Reference { kind: kind.chars().next()?, name: name.into() })
            }
            _ => None,
        }
    }
}

fn within(segments: &[&str]) -> Option<Route> {
    let ["live", user, password, path @ ..] = segments else { return None };
    let path: Vec<String> = path.iter().map(|segment| (*segment).to_owned()).collect();
    let (user, password) = ((*user).to_owned(), (*password).to_owned());
    (!path.is_empty()).then_some(Route::Within { user, password, path })
}

fn past_segment(ticket: &str, start: &str, name: &str) -> Option<Route> {
    let (start, number) = (digits(start)?, digits(name.strip_suffix(".ts")?)?);
    Some(Route::PastSegment { ticket: ticket.into(), start, number })
}

/// A number of digits: `parse` alone would take a plus.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_relay_is_known() {
        assert_eq!(Route::decode("/status.json"), Some(Route::Status));
        assert_eq!(Route::decode("/metrics/"), Some(Route::Metrics));
        let reference = |kind| Part::Reference { kind, name: "r-0".into() };
        for (path, part) in [
            ("/hls/t0/17-7.ts", Part::Segment { generation: 17, number: 7 }),
            ("/hls/t0/index.m3u8", Part::Index),
            ("/hls/t0/p/r-0.m3u8", reference('p')),
            ("/hls/t0/s/r-0.m4s", reference('s')),
            ("/hls/t0/k/r-0.key", reference('k')),
        ] {
            assert_eq!(Route::decode(path), Some(Route::Hls { ticket: "t0".into(), part }), "{path}");
        }
        let path = ["hls", "t0", "s", "r-0.ts"].map(str::to_owned).to_vec();
        let within = Route::Within { user: "u".into(), password: "p".into(), path };
        assert_eq!(Route::decode("/live/u/p/hls/t0/s/r-0.ts"), Some(within));
        let minute = Route::PastSegment { ticket: "t0".into(), start: 1_759_996_800, number: 7 };
        assert_eq!(Route::decode("/timeshift/t0/1759996800/7.ts"), Some(minute));
        for path in ["/timeshift.php", "/streaming/timeshift.php", "/timeshift", "/streaming/timeshift/"] {
            assert_eq!(Route::decode(path), Some(Route::PastInQuery), "{path}");
        }
        for path in ["/timeshift/u/p/60/2025-10-09:08-00/1.ts", "/timeshift/u/p/60/rubbish/1.m3u8"] {
            assert!(matches!(Route::decode(path), Some(Route::Past(_))), "{path}");
        }
        assert!(matches!(Route::decode("/auto/v7"), Some(Route::Tune(_))));
        assert_eq!(Route::decode("/ace/getstream"), Some(Route::Ace(Ace::Stream)));
        let (session, number) = ("0123456789abcdef0123456789abcdef01234567".to_owned(), 7);
        let path = format!("/api/streams/proxy/c/{session}/7.ts");
        assert_eq!(Route::decode(&path), Some(Route::Api(Api::Segment { session, number })));
        assert_eq!(Route::decode("/api/streams/active"), Some(Route::Api(Api::Active)));
        for path in ["/live/u/p/1.ts", "//live/u/p/1.ts", "/live//u/p/1.ts/", "/u/p/1", "/movie/u/p/2.mkv"] {
            assert!(matches!(Route::decode(path), Some(Route::Stream(_))), "{path}");
        }
    }

    #[test]
    fn every_door_is_where_it_says_it_is() {
        for door in DOORS {
            for at in door.at {
                let path = at.replace("CHANNEL", "1").replace("FILM", "2").replace("EPISODE", "3");
                let path = path.replace("SESSION", "0123456789abcdef0123456789abcdef01234567");
                let path = path.replace("START", "1759996800");
                let route = Route::decode(path.split('?').next().unwrap_or(""));
                assert_eq!(route.map(|route| route.door()), Some(*door), "{at}");
            }
        }
    }

    #[test]
    fn everything_else_is_somebody_elses() {
        for path in [
            "/",
            "/u/p/x",
            "/images/a/1.png",
            "/hls/t0/7",
            "/hls/t0/x.ts",
            "/hls/t0/7.ts",
            "/hls/t0/17-+7.ts",
            "/hls/t0/17-.ts",
            "/hls/t0/x/r.ts",
            "/hls/t0/s/r",
            "/live/u/p",
            "/timeshift/t0/-1/7.ts",
            "/timeshift/t0/1/+7.ts",
            "/timeshift/u/p/60/1/2/3.ts",
            "/player_api.php",
            "/lineup.json",
            "/api/streams/proxy/c/t0/7.ts",
            "/api/channels",
            "/ace/r/1/2",
            "/relay",
        ] {
            assert_eq!(Route::decode(path), None, "{path}");
        }
    }
}
