//! HLS as other servers than panels make it: every way in which they differ, chosen by the address.
//!
//! ```text
//! /origin/QUIRKS/USER/PASSWORD/ID/index.m3u8            the playlist, or the master
//! /origin/QUIRKS/USER/PASSWORD/ID/high/index.m3u8       a playlist of the master: high, mid, low, picture, sound
//! /origin/QUIRKS/USER/PASSWORD/ID/[high/]12.ts          a segment; 12.m4s, 12.aac; 12.1.ts is a part of it,
//!                                 block-3.ts, init.mp4, key-1.bin
//! /origin/QUIRKS/USER/PASSWORD/ID/~TOKEN/...            what an expiring redirect leads to
//! ```
//!
//! What is in a segment follows from its number, as everything else in television. Unlike in a panel's own HLS,
//! continuity counters begin again in every segment, as packagers make them, while clocks run on. Viewers have one
//! session per address and account; the quirks are in [`quirk`].

mod cipher;
mod media;
mod place;
mod playlist;
mod quirk;

use http::{HeaderValue, StatusCode, header};
use httpd::{Body, Params, Range, Response, range};

use crate::catalogue::mix;
use crate::clock;
use crate::stream::{Refusal, Wish, refuse};
use crate::television::Broadcast;

use place::Rendition;
pub(crate) use place::{Place, Resource};
use quirk::{End, Media, Ranges, Reference};
pub(crate) use quirk::{Quirks, SPELLINGS};

/// The number of the first segment of a finished list.
const FIRST_OF_FINISHED: u64 = 1_000_000;
/// Segments that are one resource when there are byte ranges.
const BLOCK: u64 = 4;

/// One request of an origin.
pub(crate) struct Origin<'a> {
    pub(crate) wish: &'a Wish<'a>,
    pub(crate) quirks: &'a Quirks,
    pub(crate) place: &'a Place,
    pub(crate) params: &'a Params,
    /// Scheme and authority that the client used.
    pub(crate) base: &'a str,
    /// The path of the request.
    pub(crate) path: &'a str,
}

/// The segments that can be had now.
struct Window {
    first: u64,
    /// The one after the last.
    end: u64,
    /// There will be no more.
    finished: bool,
}

impl Origin<'_> {
    pub(crate) fn answer(&self) -> Result<Response, Refusal> {
        self.wish.admit()?;
        let settings = &self.wish.provider.settings;
        let session = format!("origin-{}-{}", self.wish.account.username, self.wish.session());
        if self.place.resource == Resource::Playlist {
            if let Some(answer) = self.redirect()? {
                return Ok(answer);
            }
        } else {
            if self.wish.provider.ledger.is_kicked(&session) {
                return Err(refuse(StatusCode::FORBIDDEN));
            }
            self.knows_cookie()?;
        }
        self.wish.seat(Some(session), settings.hls_linger)?;
        match self.place.resource {
            Resource::Playlist => self.playlist(),
            Resource::Segment(number) => {
                self.admits(number)?;
                Ok(self.typed(Body::from(self.segment(&self.broadcast()?, number))))
            }
            Resource::Part(number, part) => self.part(number, part),
            Resource::Block(block) => self.block(block),
            Resource::Init => match self.quirks.media {
                Media::Fragments => Ok(media_type("video/mp4", Body::from(self.init()?))),
                Media::Ts | Media::Packed => Err(refuse(StatusCode::NOT_FOUND)),
            },
            Resource::Key(number) => {
                let key = cipher::key(self.wish.id, number);
                Ok(media_type("application/octet-stream", Body::from(key.to_vec())))
            }
        }
    }

    /// The television behind a rendition.
    fn broadcast(&self) -> Result<Broadcast, Refusal> {
        let whole = |divisor| self.wish.broadcast_at(self.wish.provider.settings.bitrate / divisor);
        Ok(match self.place.rendition {
            _ if self.quirks.media == Media::Packed => self.wish.sound()?,
            Rendition::Main | Rendition::High => whole(1)?,
            Rendition::Mid => whole(2)?,
            Rendition::Low => whole(4)?,
            Rendition::Picture => whole(1)?.without_sound(),
            Rendition::Sound => self.wish.sound()?,
        })
    }

    fn window(&self, broadcast: &Broadcast) -> Window {
        self.window_at(broadcast, clock::micros())
    }

    /// The window as it is at `now`, in microseconds since 1970.
    fn window_at(&self, broadcast: &Broadcast, now: u64) -> Window {
        let length = u64::from(self.wish.provider.settings.window.max(1));
        let until = |time: i64| now.min(u64::try_from(time).unwrap_or(0).saturating_mul(1_000_000));
        let (until, finished) = match self.quirks.end {
            End::Never => (now, false),
            End::At(time) => (until(time), until(time) < now),
            End::Frozen(time) => (until(time), false),
            End::Vod => {
                return Window { first: FIRST_OF_FINISHED, end: FIRST_OF_FINISHED + length, finished: true };
            }
        };
        let end = broadcast.entry_before(broadcast.at(until)) / self.entries();
        Window { first: end.saturating_sub(length), end, finished }
    }

    /// Access points in a segment.
    fn entries(&self) -> u64 {
        u64::from(self.wish.provider.settings.segment_entries.max(1))
    }

    /// Refuses a segment that is no more, not yet, or a gap.
    fn admits(&self, number: u64) -> Result<(), Refusal> {
        let window = self.window(&self.broadcast()?);
        let listed = number < window.end && number + 2 * (window.end - window.first) >= window.end;
        if listed && !self.quirks.is_gap(number) { Ok(()) } else { Err(refuse(StatusCode::NOT_FOUND)) }
    }

    /// As much of a block as there is yet.
    fn block(&self, block: u64) -> Result<Response, Refusal> {
        let broadcast = self.broadcast()?;
        let window = self.window(&broadcast);
        let first = block * BLOCK;
        if first >= window.end || first + BLOCK + 2 * (window.end - window.first) < window.end {
            return Err(refuse(StatusCode::NOT_FOUND));
        }
        let mut bytes = Vec::new();
        for number in first..window.end.min(first + BLOCK) {
            bytes.extend(self.segment(&broadcast, number));
        }
        let size = bytes.len() as u64;
        let asked = match self.quirks.ranges {
            Some(Ranges::Kept) => range(self.wish.headers, size),
            Some(Ranges::Ignored) | None => Range::Whole,
        };
        let (start, end) = match asked {
            Range::Whole => return Ok(self.typed(Body::from(bytes))),
            Range::Part { start, end } => (start, end),
            Range::Unsatisfiable => return Err(refuse(StatusCode::RANGE_NOT_SATISFIABLE)),
        };
        let mut answer = self.typed(Body::from(bytes[start as usize..end as usize].to_vec()));
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
        if let Ok(told) = HeaderValue::try_from(format!("bytes {start}-{}/{size}", end - 1)) {
            answer.headers_mut().insert(header::CONTENT_RANGE, told);
        }
        Ok(answer)
    }

    fn typed(&self, body: Body) -> Response {
        let name = match self.quirks.media {
            Media::Ts => "video/mp2t",
            Media::Fragments => "video/mp4",
            Media::Packed => "audio/aac",
        };
        media_type(name, body)
    }

    /// In front of an expiring playlist: the way to a fresh token, or the end of an old one. The token is the time at
    /// which it was made, and proof that it was made here.
    fn redirect(&self) -> Result<Option<Response>, Refusal> {
        let Some(life) = self.quirks.expiring else { return Ok(None) };
        let seed = self.wish.provider.settings.seed;
        let now = clock::micros();
        let Some(token) = &self.place.token else {
            let token = format!("{now:016x}{:016x}", mix(seed, now));
            let (folder, file) = self.path.rsplit_once('/').unwrap_or(("", self.path));
            return Ok(Some(httpd::reply::redirect(&format!("{}{folder}/~{token}/{file}", self.base))));
        };
        let made = token.get(..16).and_then(|made| u64::from_str_radix(made, 16).ok()).unwrap_or(0);
        let proof = format!("{made:016x}{:016x}", mix(seed, made));
        if *token != proof || now.saturating_sub(made) > life * 1_000_000 {
            return Err(refuse(StatusCode::FORBIDDEN));
        }
        Ok(None)
    }

    fn cookie(&self) -> String {
        format!("viewer={:016x}", mix(self.wish.provider.settings.seed, u64::from(self.wish.id)))
    }

    fn knows_cookie(&self) -> Result<(), Refusal> {
        let held = self.wish.headers.get(header::COOKIE).and_then(|cookies| cookies.to_str().ok());
        let known = held.is_some_and(|held| held.split("; ").any(|cookie| cookie == self.cookie()));
        if known || !self.quirks.cookie { Ok(()) } else { Err(refuse(StatusCode::FORBIDDEN)) }
    }

    /// How the playlist names a file beside it.
    fn reference(&self, file: &str) -> String {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let authority = self.base.trim_start_matches("http:");
        match self.quirks.reference {
            Reference::Relative => file.to_owned(),
            Reference::Absolute => format!("{}{folder}/{file}", self.base),
            Reference::Network => format!("{authority}{folder}/{file}"),
            Reference::Rooted => format!("{folder}/{file}"),
            Reference::Dots => {
                let last = folder.rsplit_once('/').map_or(folder, |(_, last)| last);
                format!("../{last}/./{file}")
            }
            Reference::Query if !file.contains('/') => format!("?file={file}"),
            Reference::Query => file.to_owned(),
            Reference::Spaces if file.starts_with(|first: char| first.is_ascii_digit()) => {
                format!("segment {file}")
            }
            Reference::Spaces => file.to_owned(),
            Reference::Fragment => format!("{file}#t=0"),
            Reference::Variable => format!("{{$base}}{file}"),
        }
    }
}

fn media_type(name: &'static str, body: Body) -> Response {
    let mut answer = Response::new(body);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(name));
    answer
}
