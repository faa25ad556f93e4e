//! Every address of the station, decoded once.

use httpd::segments;

use crate::ace;
use crate::database::Query;
use crate::origin::Place;
use crate::pages::Page;
use crate::panel::{Action, Document};

/// What a path asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/player_api.php`, `/panel_api.php`, `/get.php`, `/xmltv.php`, each also without `.php`
    Document(Document),
    /// `/live/u/p/ID[.ts|.m3u8]`, `/u/p/ID[.ext]`, `/movie/u/p/ID.EXT`, `/series/u/p/ID.EXT`
    Stream { username: String, password: String, id: u32, form: Form },
    /// `/timeshift/u/p/MINUTES/START/ID.ts`
    Archive { username: String, password: String, minutes: String, start: String, id: u32 },
    /// `/streaming/timeshift.php`, `/timeshift.php`
    ArchiveQuery,
    /// `/hls/SESSION/ID/NUMBER.ts`
    Segment { session: String, id: u32, number: u64 },
    /// `/variant/VARIANT/USER/PASSWORD/ID.ts`
    Variant { variant: String, username: String, password: String, id: u32 },
    /// `/origin/QUIRKS/USER/PASSWORD/ID/...`
    Origin { quirks: String, username: String, password: String, id: u32, place: Place },
    /// `/ace/...`, `/content/...`, `/webui/api/service`, `/server/api`
    Ace(ace::Call),
    /// `/auth/TOKEN`, what a redirect leads to
    Token(String),
    /// `/logo/ID.svg`, `/poster/ID.svg`
    Picture(u32),
    /// `/pages/channels.html`, `.json`, `.m3u`; `?page=1&pages=3` for parts
    Page(Page),
    /// `/pages/upstreams.m3u`
    Upstreams,
    /// `/tmdb/3/search/movie`, `/tmdb/3/movie/ID` and the like
    Database(Query),
    /// `/_station/counts`
    Counts,
    /// `/_station/reset`
    Reset,
    /// `/_station/fault`
    Fault,
    /// `/_station/ace`
    Content,
    /// Anything else.
    Unknown,
}

/// In what form a stream is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `.ts` or nothing
    Ts,
    /// `.m3u8`
    Hls,
    /// Any other extension: a file
    File,
}

impl Route {
    pub(crate) fn of(path: &str, action: impl Fn() -> Action) -> Self {
        let segments = segments(path);
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        Self::decode(&segments, action).unwrap_or(Self::Unknown)
    }

    fn decode(segments: &[&str], action: impl Fn() -> Action) -> Option<Self> {
        if let Some(call) = ace::Call::decode(segments) {
            return Some(Self::Ace(call));
        }
        Some(match segments {
            ["player_api.php" | "player_api"] => Self::Document(Document::Player(action())),
            ["panel_api.php" | "panel_api"] => Self::Document(Document::Panel),
            ["get.php" | "get"] => Self::Document(Document::Playlist),
            ["xmltv.php" | "xmltv"] => Self::Document(Document::Guide),
            ["streaming", "timeshift.php"] | ["timeshift.php"] => Self::ArchiveQuery,
            ["_station", "counts"] => Self::Counts,
            ["_station", "reset"] => Self::Reset,
            ["_station", "fault"] => Self::Fault,
            ["_station", "ace"] => Self::Content,
            ["pages", "upstreams.m3u"] => Self::Upstreams,
            ["tmdb", "3", rest @ ..] => Self::Database(Query::decode(rest)?),
            ["pages", file] => Self::Page(Page::of(file)?),
            ["auth", token] => Self::Token((*token).to_owned()),
            ["logo" | "poster", file] => Self::Picture(file.strip_suffix(".svg")?.parse().ok()?),
            ["variant", variant, username, password, file] => Self::Variant {
                variant: (*variant).to_owned(),
                username: (*username).to_owned(),
                password: (*password).to_owned(),
                id: file.strip_suffix(".ts").unwrap_or(file).parse().ok()?,
            },
            ["origin", quirks, username, password, id, rest @ ..] => Self::Origin {
                quirks: (*quirks).to_owned(),
                username: (*username).to_owned(),
                password: (*password).to_owned(),
                id: id.parse().ok()?,
                place: Place::decode(rest)?,
            },
            ["hls", session, id, file] => Self::Segment {
                session: (*session).to_owned(),
                id: id.parse().ok()?,
                number: file.strip_suffix(".ts")?.parse().ok()?,
            },
            ["timeshift", username, password, minutes, start, file] => Self::Archive {
                username: (*username).to_owned(),
                password: (*password).to_owned(),
                minutes: (*minutes).to_owned(),
                start: (*start).to_owned(),
                id: file.strip_suffix(".ts").unwrap_or(file).parse().ok()?,
            },
            ["live" | "movie" | "series", username, password, file] | [username, password, file] => {
                let (id, extension) = file.split_once('.').unwrap_or((file, "ts"));
                Self::Stream {
                    username: (*username).to_owned(),
                    password: (*password).to_owned(),
                    id: id.parse().ok()?,
                    form: match extension {
                        "ts" => Form::Ts,
                        "m3u8" => Form::Hls,
                        _ => Form::File,
                    },
                }
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Sort;

    #[test]
    fn every_address_is_understood() {
        let stream = |id, form| Route::Stream { username: "u".into(), password: "p".into(), id, form };
        let table = [
            ("/player_api.php", Route::Document(Document::Player(Action::Live))),
            ("//player_api", Route::Document(Document::Player(Action::Live))),
            ("/panel_api.php", Route::Document(Document::Panel)),
            ("/get.php", Route::Document(Document::Playlist)),
            ("/xmltv.php", Route::Document(Document::Guide)),
            ("/live/u/p/5.ts", stream(5, Form::Ts)),
            ("/live/u/p/5", stream(5, Form::Ts)),
            ("/u/p/5", stream(5, Form::Ts)),
            ("/live/u/p/5.m3u8", stream(5, Form::Hls)),
            ("/movie/u/p/5.mkv", stream(5, Form::File)),
            ("/series/u/p/5.mp4", stream(5, Form::File)),
            ("/u/p/five", Route::Unknown),
            (
                "/timeshift/u/p/60/2025-01-01:06-00/5.ts",
                Route::Archive {
                    username: "u".into(),
                    password: "p".into(),
                    minutes: "60".into(),
                    start: "2025-01-01:06-00".into(),
                    id: 5,
                },
            ),
            ("/tmdb/3/search/tv", Route::Database(Query::Search(Sort::Series))),
            ("/tmdb/3/movie/603", Route::Database(Query::One(Sort::Movie, 603))),
            ("/streaming/timeshift.php", Route::ArchiveQuery),
            ("/timeshift.php", Route::ArchiveQuery),
            ("/hls/abc/5/77.ts", Route::Segment { session: "abc".into(), id: 5, number: 77 }),
            (
                "/variant/hevc,192/u/p/5.ts",
                Route::Variant {
                    variant: "hevc,192".into(),
                    username: "u".into(),
                    password: "p".into(),
                    id: 5,
                },
            ),
            (
                "/origin/gap:5,aes/u/p/5/index.m3u8",
                Route::Origin {
                    quirks: "gap:5,aes".into(),
                    username: "u".into(),
                    password: "p".into(),
                    id: 5,
                    place: Place::decode(&["index.m3u8"]).unwrap(),
                },
            ),
            ("/auth/abc", Route::Token("abc".into())),
            ("/logo/5.svg", Route::Picture(5)),
            ("/poster/5.svg", Route::Picture(5)),
            ("/pages/channels.html", Route::Page(Page::Html)),
            ("/pages/channels.json", Route::Page(Page::Json)),
            ("/pages/channels.m3u", Route::Page(Page::M3u)),
            ("/pages/upstreams.m3u", Route::Upstreams),
            ("/pages/other.html", Route::Unknown),
            ("/_station/counts", Route::Counts),
            ("/_station/reset", Route::Reset),
            ("/_station/fault", Route::Fault),
            ("/_station/ace", Route::Content),
            ("/webui/api/service", Route::Ace(ace::Call::Service)),
            ("/server/api", Route::Ace(ace::Call::Api)),
            ("/ace/getstream", Route::Ace(ace::Call::Start(ace::Form::Ts))),
            ("/ace/manifest.m3u8", Route::Ace(ace::Call::Start(ace::Form::Hls))),
            ("/ace/r/abc/def", Route::Ace(ace::Call::Read("def".into()))),
            ("/content/abc/def", Route::Ace(ace::Call::Content("def".into()))),
            ("/ace/m/abc/def.m3u8", Route::Ace(ace::Call::Playlist("def".into()))),
            ("/ace/c/def/7.ts", Route::Ace(ace::Call::Segment("def".into(), 7))),
            ("/ace/stat/abc/def", Route::Ace(ace::Call::Stat("def".into()))),
            ("/ace/cmd/abc/def", Route::Ace(ace::Call::Command("def".into()))),
            ("/ace/event/abc/def", Route::Ace(ace::Call::Event("def".into()))),
            ("/", Route::Unknown),
        ];
        for (path, route) in table {
            assert_eq!(Route::of(path, || Action::Live), route, "{path}");
        }
    }
}
