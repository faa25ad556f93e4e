//! Everything a station can be told.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use crate::fault::Fault;

/// What a station is. Tests say only the difference from the default.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// The spelling of the panel.
    pub dialect: Dialect,
    /// Live channels, radio included.
    pub live: u32,
    /// Films.
    pub films: u32,
    /// Series.
    pub series: u32,
    /// Another seed gives other names, ids, programmes and the like.
    pub seed: u64,
    /// Another number gives everything other ids, and nothing else.
    pub renumbered: u64,
    /// Whether lists are in another order, and nothing else.
    pub shuffled: bool,
    /// Days of guide from now on; what [`Settings::guide_past_days`] says comes on top. At most 60.
    pub guide_days: u32,
    /// Days of guide before now, so that catch-up has titles.
    pub guide_past_days: u32,
    /// Whether `xmltv.php` has the channels without their programmes, which are told channel by channel only.
    pub guide_by_channel: bool,
    /// Length of a programme; single ones are up to a quarter longer or shorter. At least 10.
    pub programme_minutes: u32,
    /// The time the lists and the guide are about, in seconds since 1970. `None`: now, cut to the hour for the guide's
    /// window. Television always follows the real clock.
    pub now: Option<i64>,
    /// By how many seconds its clock is ahead of ours, as the `Date` of its answers tells; negative: behind.
    pub clock_ahead: i64,
    /// The time zone in which the panel tells times and wants to be asked for the past, such as `Europe/London`.
    pub zone: String,
    /// Who may watch.
    pub accounts: Vec<Account>,
    /// What happens to one connection too many.
    pub limit: Limit,
    /// How long the panel goes on counting a connection after it was closed.
    pub release_delay: Duration,
    /// How long an HLS session counts after its last request.
    pub hls_linger: Duration,
    /// Bits per second of a channel, reached with null packets. At least what the test card needs (about 0.5 Mbit/s);
    /// radio gets a tenth.
    pub bitrate: u64,
    /// What a viewer gets at line speed before the real pace begins.
    pub burst: Duration,
    /// Where in a channel a viewer begins.
    pub start: Start,
    /// Whose clock the time stamps follow.
    pub time_base: TimeBase,
    /// How much faster than real time live television is sent. `f64::INFINITY`: as fast as it is taken.
    pub speed: f64,
    /// How often a paced connection writes.
    pub tick: Duration,
    /// The extensions by which accounts may have live channels; by another they are refused with 406.
    pub formats: Vec<String>,
    /// Redirects with one-use tokens in front of every stream; real panels have one or two.
    pub redirects: u32,
    /// How long a redirect's token can be used.
    pub token_life: Duration,
    /// Access points in an HLS segment; they are 1.28 s apart.
    pub segment_entries: u32,
    /// Segments in a live playlist.
    pub window: u32,
    /// The Ace Stream engine.
    pub ace: AceSettings,
    /// How many bytes a film has at least: what is missing is filled with what players skip.
    pub film_bytes: u64,
    /// Whether every answer takes a connection of its own, also those for parts of one film to one client.
    pub each_body: bool,
    /// Whether films and episodes are HLS: lists give them the extension `m3u8`, and each of their addresses redirects to a
    /// list that has an end. At least one channel is needed, whose pictures they are.
    pub segmented_films: bool,
    /// Answer ranges on films the way many panels do, against RFC 9110.
    pub dirty_ranges: bool,
    /// In which forms the past may be asked for: `path` or `query`, a blank, and the shape of the start with a zero for
    /// every digit, such as `path 0000-00-00:00-00`. Empty: in every one that panels know.
    pub archive_forms: Vec<String>,
    /// What happens to the others.
    pub archive_else: Otherwise,
    /// Whether parts of the past can be had; if not, it comes as a whole.
    pub archive_ranges: bool,
    /// Faults from the beginning: a channel id, `action=NAME`, or `*`, and what goes wrong there.
    pub faults: Vec<(Target, Fault)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            dialect: Dialect::Classic,
            live: 12,
            films: 8,
            series: 2,
            seed: 1,
            renumbered: 0,
            shuffled: false,
            guide_days: 2,
            guide_past_days: 1,
            guide_by_channel: false,
            programme_minutes: 60,
            now: None,
            clock_ahead: 0,
            zone: "UTC".into(),
            accounts: vec![Account::default()],
            limit: Limit::KickOldest,
            release_delay: Duration::ZERO,
            hls_linger: Duration::from_secs(15),
            bitrate: 2_000_000,
            burst: Duration::from_secs(2),
            start: Start::Anywhere,
            time_base: TimeBase::Channel,
            speed: 1.0,
            tick: Duration::from_millis(20),
            formats: vec!["m3u8".into(), "ts".into()],
            redirects: 0,
            token_life: Duration::from_secs(10),
            segment_entries: 2,
            window: 6,
            ace: AceSettings::default(),
            film_bytes: 0,
            each_body: false,
            segmented_films: false,
            dirty_ranges: false,
            archive_forms: Vec::new(),
            archive_else: Otherwise::Status(404),
            archive_ranges: true,
            faults: Vec::new(),
        }
    }
}

/// How the Ace Stream engine behaves where nothing else is said of a content.
#[derive(Clone, Debug)]
pub struct AceSettings {
    /// Where it listens besides the station's own address. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// What it calls itself.
    pub version: [u32; 3],
    /// How late a start is answered.
    pub meta: Duration,
    /// How long after the start the first byte comes. Real engines take 1 to 30 s.
    pub first: Duration,
    /// How long it looks for a content id that it does not find; for an infohash six times as long. Real engines look
    /// for about 5 s.
    pub search: Duration,
    /// A session that nobody reads ends after this.
    pub idle: Duration,
    /// What a reader gets at line speed before the real pace begins.
    pub burst: Duration,
    /// The base of the addresses it gives out, as `http://engine:6878`; `None` is what the client called it.
    pub announce: Option<String>,
}

impl Default for AceSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            version: [3, 2, 3],
            meta: Duration::ZERO,
            first: Duration::ZERO,
            search: Duration::from_millis(100),
            idle: Duration::from_secs(60),
            burst: Duration::from_secs(2),
            announce: None,
        }
    }
}

/// The two families of panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As panels of about 2018: numbers in strings, JSON escaped as PHP does, a stream repeated per category,
    /// rejections as `{"user_info":{"auth":0}}` with 200.
    Classic,
    /// As XUI and its forks: more numbers and nulls, `category_ids`, raw UTF-8, rejections as a bare 404 page.
    Xui,
}

/// Where in a channel a viewer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the packet that is on the air, less the burst, whatever it is: most panels.
    Anywhere,
    /// At the PAT before a key picture: panels that serve from their own segments.
    KeyPicture,
}

/// Whose clock PCR, PTS and DTS follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeBase {
    /// The channel's: two connections at the same time see the same bytes, a reconnect overlaps by the burst.
    Channel,
    /// Each connection's: it jumps at every reconnect.
    Connection,
}

/// What happens to one connection too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The oldest connection of the account is cut and the new one admitted: most panels.
    KickOldest,
    /// The new one is refused with this status.
    Refuse(u16),
    /// The new one gets a clip of a few seconds at line speed, with 200, and then the end.
    Slate,
}

/// What a panel makes of a request for the past in a form that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// Refused with this status.
    Status(u16),
    /// 200 and the words of PHP, said to be television.
    Page,
    /// The channel as it is on the air, if it was asked for in a query; else refused with 404.
    LiveInQuery,
}

/// Somebody who may watch.
#[derive(Clone, Debug)]
pub struct Account {
    /// `[A-Za-z0-9._-]`, please: panels do not escape it.
    pub username: String,
    /// As the name.
    pub password: String,
    /// Streams at the same time; 0 is no limit.
    pub max_connections: u32,
    /// Seconds since 1970 after which it has expired; `None` never.
    pub expires: Option<i64>,
    /// What the panel says of it, unless it has expired.
    pub status: Status,
}

impl Default for Account {
    /// `station` / `station`, one stream.
    fn default() -> Self {
        Self {
            username: "station".into(),
            password: "station".into(),
            max_connections: 1,
            expires: None,
            status: Status::Active,
        }
    }
}

/// The standing of an account. All but `Active` are refused streams and lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// May watch.
    Active,
    /// Has to pay.
    Expired,
    /// Was thrown out.
    Banned,
    /// Was switched off.
    Disabled,
}

impl Status {
    /// As panels spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Expired => "Expired",
            Self::Banned => "Banned",
            Self::Disabled => "Disabled",
        }
    }
}

/// What a fault happens to: `*`, a stream id, or `action=NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Every stream (not the panel's API).
    EveryStream,
    /// A live channel, a film or an episode.
    Stream(u32),
    /// An action of `player_api.php` (`account` for none), or `get.php`, `xmltv.php`, `panel_api.php` without `.php`.
    Action(String),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("action=") {
            Some(action) => Ok(Self::Action(action.to_owned())),
            None if text == "*" => Ok(Self::EveryStream),
            None => text
                .parse()
                .map(Self::Stream)
                .map_err(|_| format!("neither *, a stream id nor action=NAME: {text}")),
        }
    }
}

impl From<u32> for Target {
    fn from(id: u32) -> Self {
        Self::Stream(id)
    }
}
