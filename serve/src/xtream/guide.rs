//! Listings as JSON, read from the one range of the guide where a channel's programmes stand.

mod programme;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::bundle::{Digits, Flag, Section};
use http::StatusCode;
use http::header::{self, HeaderValue};
use httpd::{Response, reply};
use serde::{Deserialize, Serialize};

use self::programme::{Programme, programmes};
use super::account::date_time;
use crate::Server;
use crate::prepared::Prepared;
use crate::refusal::Refusal;
use crate::service::Asked;

/// Listings of a channel when the client does not say how many it wants, and the most it gets.
const LIMIT: usize = 4;
const MOST: usize = 1000;

/// Channels that are answered at once.
const MOST_CHANNELS: usize = 256;

const DAY: u64 = 24 * 60 * 60;

/// What is asked of a channel's listings.
#[derive(Clone, Copy)]
enum Extent {
    /// What is on, and what follows: so many.
    Next(usize),
    /// Past and future, with the flags that tell what can be watched.
    All,
}

/// One element of `epg_listings`.
#[derive(Serialize)]
struct Listing {
    id: Digits,
    epg_id: Digits,
    /// Base64, like `description`.
    title: String,
    lang: String,
    start: String,
    end: String,
    /// The same as `end`: clients disagree on the key.
    stop: String,
    description: String,
    channel_id: String,
    start_timestamp: Digits,
    stop_timestamp: Digits,
    #[serde(flatten)]
    flags: Option<Flags>,
}

#[derive(Serialize)]
struct Flags {
    now_playing: Flag,
    has_archive: Flag,
}

/// What matters here of a live entry.
#[derive(Deserialize)]
struct Channel<'a> {
    #[serde(borrow)]
    epg_channel_id: Cow<'a, str>,
    tv_archive: Flag,
    tv_archive_duration: u32,
}

/// `get_short_epg`.
pub(super) async fn short(
    server: &Server,
    prepared: Arc<Prepared>,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let limit = asked.params.get("limit").and_then(|limit| limit.trim().parse().ok());
    let limit = limit.filter(|limit| *limit > 0).unwrap_or(LIMIT).min(MOST);
    answer(server, prepared, asked, Extent::Next(limit)).await
}

/// `get_simple_data_table`.
pub(super) async fn all(
    server: &Server,
    prepared: Arc<Prepared>,
    asked: &Asked,
) -> Result<Response, Refusal> {
    answer(server, prepared, asked, Extent::All).await
}

async fn answer(
    server: &Server,
    prepared: Arc<Prepared>,
    asked: &Asked,
    extent: Extent,
) -> Result<Response, Refusal> {
    let now = server.now();
    let asked_for = asked.params.get("stream_id").unwrap_or("");
    let several = asked_for.contains(',') || asked.params.get("multi") == Some("1");
    let ids: Vec<u32> =
        asked_for.split(',').filter_map(|id| id.trim().parse().ok()).take(MOST_CHANNELS).collect();
    let reading = tokio::task::spawn_blocking(move || {
        let of = |id: &u32| listings(&prepared, *id, extent, now);
        match several {
            false => document(&ids.first().map_or_else(Vec::new, of)),
            true => document(&ids.iter().map(|id| (*id, of(id))).collect::<BTreeMap<_, _>>()),
        }
    });
    let mut response = reply::json(StatusCode::OK, reading.await.context("reading the guide")?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn document(epg_listings: &impl Serialize) -> Vec<u8> {
    #[derive(Serialize)]
    struct Document<'a, T> {
        epg_listings: &'a T,
    }
    serde_json::to_vec(&Document { epg_listings }).expect("plain fields become JSON")
}

/// The listings of one channel; none for an unknown one, or one without a guide.
fn listings(prepared: &Prepared, id: u32, extent: Extent, now: u64) -> Vec<Listing> {
    let release = &prepared.release;
    let Some(entry) = release.find(Section::LiveStreams, id) else { return Vec::new() };
    let Ok(channel) = serde_json::from_slice::<Channel<'_>>(&entry) else { return Vec::new() };
    let Some(range) = release.index.guide(&channel.epg_channel_id) else { return Vec::new() };
    let (start, end) = range.programmes;
    let xml = release.guide.get(start as usize..end as usize).unwrap_or_default();
    let programmes = programmes(std::str::from_utf8(xml).unwrap_or_default());

    let channel_id = channel.epg_channel_id.to_string();
    let ids = ids(&channel_id, &programmes);
    let all = programmes.iter().zip(ids);
    match extent {
        Extent::All => all
            .map(|(programme, id)| {
                let flags = flags(programme, &channel, now);
                listing(id, programme, channel_id.clone(), Some(flags))
            })
            .collect(),
        Extent::Next(limit) => all
            .filter(|(programme, _)| programme.stop > now)
            .take(limit)
            .map(|(programme, id)| listing(id, programme, channel_id.clone(), None))
            .collect(),
    }
}

fn listing(id: u32, programme: &Programme<'_>, channel_id: String, flags: Option<Flags>) -> Listing {
    let text = programme.text();
    let end = date_time(programme.stop);
    Listing {
        id: Digits(id.into()),
        epg_id: Digits(id.into()),
        title: STANDARD.encode(text.title),
        lang: text.lang,
        start: date_time(programme.start),
        stop: end.clone(),
        end,
        description: STANDARD.encode(text.description),
        channel_id,
        start_timestamp: Digits(programme.start),
        stop_timestamp: Digits(programme.stop),
        flags,
    }
}

fn flags(programme: &Programme<'_>, channel: &Channel<'_>, now: u64) -> Flags {
    let depth = u64::from(channel.tv_archive_duration) * DAY;
    let kept = programme.stop < now && programme.stop >= now.saturating_sub(depth);
    Flags {
        now_playing: Flag(programme.start <= now && now < programme.stop),
        has_archive: Flag(channel.tv_archive.0 && kept),
    }
}

/// Ids that survive a restart and the next guide: made of channel and start, positive, in 31 bits, unique within the
/// channel.
fn ids(channel: &str, programmes: &[Programme<'_>]) -> Vec<u32> {
    let mut taken = HashSet::with_capacity(programmes.len());
    let id = |programme: &Programme<'_>| {
        let mut hash = blake3::Hasher::new();
        hash.update(channel.as_bytes()).update(&programme.start.to_le_bytes());
        let [a, b, c, d, ..] = *hash.finalize().as_bytes();
        let most = contract::ids::MAX;
        let mut id = 1 + u32::from_le_bytes([a, b, c, d]) % most;
        while !taken.insert(id) {
            id = 1 + id % most;
        }
        id
    };
    programmes.iter().map(id).collect()
}
