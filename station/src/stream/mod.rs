//! Streams: live television, HLS, films with ranges and catch-up.

mod archive;
mod distortion;
mod file;
mod film;
mod hls;
mod live;
mod variant;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as _;
use httpd::{Body, Response, reply};

use crate::catalogue::Channel;
use crate::fault::Fault;
use crate::ledger::{Claim, Seat};
use crate::panel::page;
use crate::provider::Provider;
use crate::route::Form;
use crate::settings::{Account, Dialect, Limit, Status};
use crate::television::{Broadcast, Make};

pub(crate) use archive::{Asked, archive};
pub(crate) use file::seconds;
pub(crate) use hls::{past, segment};
pub(crate) use live::{Hold, television};
pub(crate) use variant::{SPELLINGS, Variant};

/// A request for a stream of an account that exists.
pub(crate) struct Wish<'a> {
    pub(crate) provider: &'a Arc<Provider>,
    pub(crate) account: &'a Account,
    pub(crate) id: u32,
    pub(crate) headers: &'a HeaderMap,
    /// What will happen to the answer, for those that have to be prepared for.
    pub(crate) fault: Option<Fault>,
    /// A panel does nothing for HEAD.
    pub(crate) head: bool,
}

/// An answer that ends the matter.
pub(crate) type Refusal = Box<Response>;

pub(crate) fn refuse(status: StatusCode) -> Refusal {
    Box::new(page(status, &status.to_string()))
}

/// A live channel, a film or an episode, whatever the id says.
pub(crate) fn stream(wish: &Wish<'_>, form: Form) -> Result<Response, Refusal> {
    wish.admit()?;
    let catalogue = &wish.provider.catalogue;
    if catalogue.live_index(wish.id).is_some() {
        let allowed =
            |extension: &str| wish.provider.settings.formats.iter().any(|format| format == extension);
        return match form {
            Form::Ts if allowed("ts") => wish.live(&Variant::default()),
            Form::Hls if allowed("m3u8") => hls::playlist(wish),
            _ => Err(refuse(StatusCode::NOT_ACCEPTABLE)),
        };
    }
    let film = catalogue.film_index(wish.id).map(|index| catalogue.film(index).extension);
    match film.or_else(|| catalogue.episode(wish.id).map(|(_, episode)| episode.extension)) {
        Some("m3u8") => {
            let Account { username, password, .. } = wish.account;
            let there = catalogue.live_id(0);
            Ok(reply::redirect(&format!("/origin/vod/{username}/{password}/{there}/index.m3u8")))
        }
        Some(extension) => file::film(wish, extension),
        None => Err(refuse(StatusCode::NOT_FOUND)),
    }
}

/// A live channel in a variant.
pub(crate) fn variant(wish: &Wish<'_>, variant: &Variant) -> Result<Response, Refusal> {
    wish.admit()?;
    wish.live(variant)
}

impl Wish<'_> {
    /// An account that may not watch is refused, and HEAD gets an empty 200, as from most panels.
    pub(crate) fn admit(&self) -> Result<(), Refusal> {
        if self.provider.status(self.account) != Status::Active {
            return Err(Box::new(denied(self.provider.settings.dialect)));
        }
        if self.head {
            return Err(Box::new(Response::new(Body::empty())));
        }
        Ok(())
    }

    fn live(&self, variant: &Variant) -> Result<Response, Refusal> {
        let channel = self.channel()?;
        let usual = if channel.radio { Make::RADIO } else { Make::TELEVISION };
        let make = variant.make(usual);
        let bitrate = self.provider.settings.bitrate / if make.picture.is_none() { 10 } else { 1 };
        let broadcast = self.provider.reels.broadcast(self.id, &channel.name, make, bitrate);
        if let Some(seconds) = self.clip_seconds() {
            return Ok(clip(&broadcast, seconds));
        }
        let seat = self.seat(None, Duration::ZERO)?;
        let burst = self.provider.settings.burst;
        Ok(ts(Body::stream(television(self.provider, broadcast, Hold::Account(seat), burst, variant))))
    }

    /// The broadcast of a live channel.
    fn broadcast(&self) -> Result<Broadcast, Refusal> {
        self.broadcast_at(self.provider.settings.bitrate)
    }

    /// The broadcast of a live channel at a rate; radio gets a tenth.
    pub(crate) fn broadcast_at(&self, bitrate: u64) -> Result<Broadcast, Refusal> {
        let channel = self.channel()?;
        let bitrate = bitrate / if channel.radio { 10 } else { 1 };
        let make = if channel.radio { Make::RADIO } else { Make::TELEVISION };
        Ok(self.provider.reels.broadcast(self.id, &channel.name, make, bitrate))
    }

    /// The sound of a live channel without its picture.
    pub(crate) fn sound(&self) -> Result<Broadcast, Refusal> {
        let bitrate = self.provider.settings.bitrate / 10;
        Ok(self.provider.reels.broadcast(self.id, &self.channel()?.name, Make::RADIO, bitrate))
    }

    fn channel(&self) -> Result<Channel, Refusal> {
        let catalogue = &self.provider.catalogue;
        let index = catalogue.live_index(self.id).ok_or_else(|| refuse(StatusCode::NOT_FOUND))?;
        Ok(catalogue.channel(index))
    }

    /// A short clip and the end: asked for, or the half of something endless.
    fn clip_seconds(&self) -> Option<u64> {
        match self.fault {
            Some(Fault::Clip(seconds)) => Some(seconds),
            Some(Fault::Half) => Some(8),
            _ => None,
        }
    }

    /// A place in the ledger, or what the panel says when there is none.
    pub(crate) fn seat(&self, session: Option<String>, linger: Duration) -> Result<Seat, Refusal> {
        let limit = self.provider.settings.limit;
        let claim = Claim {
            account: &self.account.username,
            max: self.account.max_connections,
            stream: self.id,
            session,
            linger,
            kick: limit == Limit::KickOldest,
        };
        self.provider.ledger.open(claim).map_err(|_| match limit {
            Limit::Refuse(status) => refuse(StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN)),
            Limit::KickOldest | Limit::Slate => {
                let slate =
                    self.provider.reels.broadcast(self.id, "Too many connections", Make::TELEVISION, 0);
                Box::new(clip(&slate, 5))
            }
        })
    }

    /// One client's requests for one title share a place.
    pub(crate) fn session(&self) -> String {
        let agent = self.headers.get(header::USER_AGENT).map_or(&b""[..], HeaderValue::as_bytes);
        let agent = agent.iter().fold(0, |hash, byte| crate::catalogue::mix(hash, u64::from(*byte)));
        format!("{:x}-{:x}", self.id, crate::catalogue::mix(agent, self.account.username.len() as u64))
    }
}

/// Some seconds from a key picture on, at line speed.
fn clip(broadcast: &Broadcast, seconds: u64) -> Response {
    let from = broadcast.entry(broadcast.entry_before(broadcast.at(crate::clock::micros())));
    let mut out = Vec::new();
    broadcast.write(from, from + broadcast.packets_in(seconds * 1_000_000), &mut out);
    ts(Body::from(Bytes::from(out)))
}

/// An answer that keeps something until it is sent or given up.
pub(crate) fn accompanied(answer: Response, guard: impl Send + Unpin + 'static) -> Response {
    let (parts, mut body) = answer.into_parts();
    let length = body.size_hint().exact();
    let bytes = stream::poll_fn(move |cx| {
        let _kept = &guard;
        Pin::new(&mut body)
            .poll_frame(cx)
            .map(|frame| frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default())))
    });
    let body = match length {
        Some(length) => Body::sized_stream(length, bytes),
        None => Body::stream(bytes),
    };
    Response::from_parts(parts, body)
}

fn ts(body: Body) -> Response {
    let mut answer = Response::new(body);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("video/mp2t"));
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// What an account that may not watch gets instead of a stream.
pub(crate) fn denied(dialect: Dialect) -> Response {
    match dialect {
        Dialect::Classic => page(StatusCode::UNAUTHORIZED, "401 Unauthorized"),
        Dialect::Xui => page(StatusCode::NOT_FOUND, "404 Not Found"),
    }
}
