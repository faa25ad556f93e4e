//! Why somebody gets no picture, and what he is told instead. The one place that knows statuses, and logs.

use std::net::IpAddr;
use std::time::Duration;

use contract::ticket::pass::Obstacle;
use http::StatusCode;
use http::header::{self, HeaderValue};
use httpd::reply;
use tracing::{debug, info, warn};

/// Seconds after which a viewer may ask again when something is full.
const RETRY: u32 = 5;

/// Why an upstream gives nothing. The text holds no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The account's connections are all in use.
    #[error("every connection of the account is in use")]
    Full,
    /// The provider answered with this status.
    #[error("the provider refused with status {0}")]
    Refused(u16),
    /// The provider has had enough of us for so long.
    #[error("the provider asks to be left alone for {} s", .0.as_secs())]
    Busy(Duration),
    /// The provider answered 200 with something else than was asked for.
    #[error("the provider sent {0} instead")]
    Foreign(&'static str),
    /// The provider answered 200 with a page, in which it says why.
    #[error("the provider sent a page instead")]
    Page,
    /// Asked for the rest of a file, the provider gave some of another.
    #[error("the provider sent another file instead")]
    Exchanged,
    /// What is wanted whole is not there as a whole, or not any more.
    #[error("the provider does not have the whole of it")]
    Incomplete,
    /// A short clip and the end: how panels say "expired", "not on air" or "too many connections".
    #[error("the provider sent a short clip and the end")]
    Clip,
    /// Redirected too often, to nowhere or to where it must not lead.
    #[error("the provider's redirect is not followed: {0}")]
    Redirect(&'static str),
    /// No connection, or it broke.
    #[error("the provider cannot be reached: {0}")]
    Dead(&'static str),
    /// The stream ended.
    #[error("the provider ended the stream")]
    Ended,
    /// Received again, the channel is coded unlike before: players cannot go on, but those who ask again can begin.
    #[error("the channel is coded differently now")]
    Changed,
    /// Connected, and nothing came.
    #[error("the provider is silent")]
    Silent,
    /// The configuration has no source of this name any more.
    #[error("no source of this name is configured")]
    NoSource,
    /// The relay is closing.
    #[error("the relay is closing")]
    Closing,
    /// An HLS upstream that cannot become a transport stream: what stands in the way.
    #[error("{0} cannot become a transport stream")]
    Unsupported(Obstacle),
    /// The Ace Stream engine's fault.
    #[error(transparent)]
    Ace(#[from] Ace),
}

/// Why the Ace Stream engine gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Ace {
    /// No connection.
    #[error("the Ace Stream engine cannot be reached")]
    Unreachable,
    /// It does not answer in time, or sends nothing.
    #[error("the Ace Stream engine is silent")]
    Silent,
    /// It answers what nobody understands.
    #[error("the Ace Stream engine answered with {0}")]
    Answer(&'static str),
    /// Its owner has not paid for what this channel needs.
    #[error("the Ace Stream engine lacks an option that this channel needs")]
    Option,
    /// It finds no such content, by either kind of id.
    #[error("the Ace Stream engine does not find this channel")]
    Unknown,
    /// It may have the content, but not as one transport stream.
    #[error("the Ace Stream engine gives this channel in segments only")]
    Segmented,
    /// Nobody shares the content.
    #[error("nobody shares this channel now")]
    NoPeers,
    /// Somebody else has started the same content.
    #[error("another player has taken this channel over at the Ace Stream engine")]
    Superseded,
    /// The session was stopped, or expired.
    #[error("the Ace Stream engine has ended this channel's session")]
    Gone,
    /// A session has one reader, and there was one.
    #[error("another player reads this channel's session at the Ace Stream engine")]
    Conflict,
}

impl Ace {
    fn status(self) -> StatusCode {
        match self {
            Self::Unreachable | Self::Superseded | Self::Gone | Self::Conflict => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Silent | Self::NoPeers => StatusCode::GATEWAY_TIMEOUT,
            Self::Answer(_) | Self::Option | Self::Segmented => StatusCode::BAD_GATEWAY,
            Self::Unknown => StatusCode::NOT_FOUND,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Unreachable => "engine_unavailable",
            Self::Silent => "engine_timeout",
            Self::Answer(_) => "engine_bad_response",
            Self::Option => "engine_option_missing",
            Self::Unknown => "content_not_found",
            Self::Segmented => "engine_segments_only",
            Self::NoPeers => "no_peers",
            Self::Superseded => "session_superseded",
            Self::Gone => "session_gone",
            Self::Conflict => "reader_conflict",
        }
    }

    /// Whether the engine means it: asking again will not help.
    pub(crate) fn is_refusal(self) -> bool {
        matches!(self, Self::Option | Self::Unknown | Self::NoPeers)
    }
}

impl From<httpc::Nowhere> for Failure {
    fn from(_: httpc::Nowhere) -> Self {
        Self::Redirect("it leads nowhere")
    }
}

impl Failure {
    /// Whether an upstream that gave no film so will not give it later either.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Unsupported(_) | Self::Refused(404 | 410) | Self::Page | Self::NoSource)
    }

    /// The word by which it is counted.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Refused(500..) => "unavailable",
            Self::Refused(_) => "refused",
            Self::Busy(_) => "busy",
            Self::Foreign(_) | Self::Page | Self::Exchanged => "foreign",
            Self::Incomplete => "incomplete",
            Self::Clip => "clip",
            Self::Redirect(_) => "redirect",
            Self::Dead(_) => "dead",
            Self::Ended => "ended",
            Self::Changed => "changed",
            Self::Silent => "silent",
            Self::NoSource => "no_source",
            Self::Closing => "closing",
            Self::Unsupported(_) => "unsupported_remux",
            Self::Ace(why) => why.kind(),
        }
    }

    /// Said by the provider on purpose: asking again and again makes it worse.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Refused(status) => *status < 500,
            Self::Busy(_)
            | Self::Foreign(_)
            | Self::Page
            | Self::Exchanged
            | Self::Incomplete
            | Self::Clip
            | Self::Redirect(_)
            | Self::NoSource
            | Self::Closing
            | Self::Changed
            | Self::Unsupported(_) => true,
            Self::Ace(why) => why.is_refusal(),
            Self::Full | Self::Dead(_) | Self::Ended | Self::Silent => false,
        }
    }
}

/// Why a request is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// A pair nobody has, or a user who may not watch now.
    #[error("credentials")]
    Forbidden,
    /// Too many wrong pairs came from this address: it may send others after so many seconds.
    #[error("too many wrong pairs of name and password from there")]
    TooMany(u32),
    /// No such id, or not for this user, or not in this form; nobody can tell which.
    #[error("no such stream")]
    Unknown,
    /// There is no release.
    #[error("there is no release yet")]
    NotReady,
    /// The user has as many streams as he may.
    #[error("the user's streams are all in use")]
    Seats,
    /// The user begins streams faster than he may.
    #[error("the user begins too many streams a minute")]
    Haste,
    /// The first segment of a channel is not complete yet.
    #[error("the channel is only beginning")]
    Warming,
    /// A part of the channel that is listed does not come.
    #[error("a segment does not come")]
    Missing,
    /// A start of catch-up that is no time.
    #[error("no such time")]
    Start,
    /// No id of Ace Stream, or more than one.
    #[error(transparent)]
    AceId(#[from] contract::ace::Fault),
    /// A session that has ended, or never was.
    #[error("no such session")]
    Session,
    /// A key that is not ours.
    #[error("the key is another one")]
    Key,
    /// Nobody without a card can watch it.
    #[error("the channel is scrambled")]
    Scrambled,
    /// Neither GET, HEAD nor OPTIONS.
    #[error("this method is not served")]
    Method,
    /// The provider gives the film from its beginning only; that part of it can be had says nothing of the rest.
    #[error("the provider gives no ranges of this film")]
    NoRanges,
    /// The film is HLS of which no file can be made: what stands in the way.
    #[error("no file can be made of {0}")]
    Unmade(Obstacle),
    /// A range behind the end of a file of this size.
    #[error("a range behind the end")]
    Range(u64),
    /// The upstream's fault.
    #[error(transparent)]
    Upstream(#[from] Failure),
}

impl Refusal {
    /// The word by which it is counted.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Forbidden => "credentials",
            Self::TooMany(_) => "too_many",
            Self::Unknown => "unknown",
            Self::NotReady => "not_ready",
            Self::Seats => "seats",
            Self::Haste => "haste",
            Self::Warming => "warming",
            Self::Missing => "missing",
            Self::Scrambled => "scrambled",
            Self::Key => "key",
            Self::Method => "method",
            Self::NoRanges => "no_ranges",
            Self::Unmade(_) => "unmade",
            Self::Range(_) => "range",
            Self::Start => "start",
            Self::AceId(_) => "bad_id",
            Self::Session => "session_not_found",
            Self::Upstream(_) => "upstream",
        }
    }

    /// What the client gets; and the line in the log.
    pub(crate) fn answer(self, id: Option<u32>, client: IpAddr) -> httpd::Response {
        match &self {
            Self::Upstream(why) => warn!(id, %why, "no picture"),
            Self::Unmade(_) => warn!(id, why = %self, "no picture"),
            Self::NotReady
            | Self::Seats
            | Self::Haste
            | Self::Warming
            | Self::Missing
            | Self::Scrambled
            | Self::NoRanges
            | Self::TooMany(_)
            | Self::Key => {
                info!(id, %client, why = %self, "refused")
            }
            Self::Forbidden
            | Self::Unknown
            | Self::Start
            | Self::AceId(_)
            | Self::Session
            | Self::Method
            | Self::Range(_) => {
                debug!(id, %client, why = %self, "refused")
            }
        }
        self.reply()
    }

    /// The same without a line in the log: for those who ask again and again.
    pub(crate) fn reply(self) -> httpd::Response {
        let mut response = match self {
            Self::Forbidden => reply::empty(StatusCode::FORBIDDEN),
            Self::TooMany(seconds) => too_many(seconds),
            Self::Unknown => reply::text(StatusCode::NOT_FOUND, "There is no such stream.\n"),
            Self::Start => reply::text(StatusCode::BAD_REQUEST, "The start is no time.\n"),
            Self::AceId(fault) => reply::text(StatusCode::BAD_REQUEST, format!("Which channel? {fault}.\n")),
            Self::Session => reply::text(StatusCode::NOT_FOUND, "There is no such session.\n"),
            Self::NotReady => reply::unavailable(RETRY, "There is nothing to watch yet; ask again."),
            Self::Seats => reply::unavailable(RETRY, "You are watching as many streams as you may."),
            Self::Haste => reply::unavailable(1, "You change channels too fast; ask again."),
            Self::Warming => reply::unavailable(1, "The channel is only beginning; ask again."),
            Self::Missing => reply::unavailable(1, "This part of the channel has not come; ask again."),
            Self::Scrambled => reply::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The channel is scrambled.\n"),
            Self::Key => unauthorized(),
            Self::Method => not_allowed(),
            Self::Range(size) => unsatisfiable(size),
            Self::Upstream(Failure::Full | Failure::Closing) => {
                reply::unavailable(RETRY, "Every connection is in use; ask again.")
            }
            // For as long as the provider has said, where that is longer.
            Self::Upstream(Failure::Busy(rest)) => {
                let seconds = rest.as_secs().try_into().unwrap_or(u32::MAX);
                reply::unavailable(RETRY.max(seconds), "The provider has no connection now; ask again.")
            }
            Self::Upstream(Failure::Silent) => {
                reply::text(StatusCode::GATEWAY_TIMEOUT, "The provider is silent.\n")
            }
            Self::Upstream(Failure::Unsupported(_)) => reply::text(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "This channel can only be had as a playlist: ask for .m3u8 instead.\n",
            ),
            Self::Unmade(obstacle) => {
                let words = format!("This film is {obstacle}, of which no file can be made here.\n");
                reply::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, words)
            }
            Self::Upstream(Failure::Ace(why)) => reply::text(why.status(), format!("Sorry: {why}.\n")),
            Self::NoRanges | Self::Upstream(_) => {
                reply::text(StatusCode::BAD_GATEWAY, "The provider sends nothing usable.\n")
            }
        };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

fn too_many(seconds: u32) -> httpd::Response {
    let mut response = reply::empty(StatusCode::TOO_MANY_REQUESTS);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn unauthorized() -> httpd::Response {
    let words = "This key is not the one of [relay] key.\n";
    let mut response = reply::text(StatusCode::UNAUTHORIZED, words);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn not_allowed() -> httpd::Response {
    let mut response = reply::empty(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    response
}

fn unsatisfiable(size: u64) -> httpd::Response {
    let mut response = reply::empty(StatusCode::RANGE_NOT_SATISFIABLE);
    let range = HeaderValue::try_from(format!("bytes */{size}")).expect("digits");
    response.headers_mut().insert(header::CONTENT_RANGE, range);
    response
}
