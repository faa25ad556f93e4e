//! Listings as JSON, read from the one range of the guide where a channel's programmes stand.

mod span;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use contract::bundle::{Digits, Flag, Section};
use contract::programme::{Programme, programmes};
use contract::release::View;
use httpd::Response;
use serde::{Deserialize, Serialize};

pub(crate) use self::span::Span;
use super::account::date_time;
use super::{document, search};
use crate::Server;
use crate::prepared::Prepared;
use crate::refusal::Refusal;
use crate::service::Asked;

/// Listings of a channel when the client does not say how many it wants, and the most it gets.
const LIMIT: usize = 4;
const MOST: usize = 1000;

/// As many are read without leaving the thread: that would take longer than reading them.
const BRIEF: usize = 16;

/// Channels that are answered at once.
const MOST_CHANNELS: usize = 256;

const DAY: u64 = 24 * 60 * 60;

/// What is asked of a channel's listings.
#[derive(Clone, Copy)]
pub(crate) enum Extent {
    /// What is on, and what follows: so many.
    Next(usize),
    /// What is on the air in this time, past and future, with the flags that tell what can be watched.
    Table(Span),
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

/// A programme in few bytes: when it begins and ends (Unix time, in seconds), and its title.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Brief(u64, u64, String);

/// The programmes of a channel that are on at some time from `from` until before `until`, or at `from`.
pub(crate) fn between(view: &View, id: u32, from: u64, until: u64) -> Vec<Brief> {
    let Some((_, xml)) = found(view, id) else { return Vec::new() };
    let [from, until] = [from, until.max(from.saturating_add(1))].map(search::written);
    let begin = search::first_of(&xml, search::STOP, |stop| stop > from.as_bytes());
    let end = search::first_of(&xml, search::START, |start| start >= until.as_bytes());
    let within = xml.get(begin..end).unwrap_or_default();
    let brief = |programme: Programme<'_>| Brief(programme.start, programme.stop, programme.text().title);
    programmes(std::str::from_utf8(within).unwrap_or_default()).map(brief).collect()
}

/// A channel's entry, and its programmes in the guide.
fn found(view: &View, id: u32) -> Option<(Bytes, Bytes)> {
    let entry = view.find(Section::LiveStreams, id)?;
    let range = {
        let channel = serde_json::from_slice::<Channel<'_>>(&entry).ok()?;
        view.release().index.guide(&channel.epg_channel_id)?.programmes
    };
    let place = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
    let (start, end) = (place(range.0), place(range.1));
    let guide = &view.release().guide;
    let xml = if start <= end && end <= guide.len() { guide.slice(start..end) } else { Bytes::new() };
    Some((entry, xml))
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
    answer(server, prepared, asked, Extent::Table(Span::asked(&asked.params))).await
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
    let brief = ids.len() <= 1 && matches!(extent, Extent::Next(limit) if limit <= BRIEF);
    let read = move || {
        let of = |id: &u32| listings(&prepared.view, *id, extent, now);
        match several {
            false => written(&ids.first().map_or_else(Vec::new, of)),
            true => written(&ids.iter().map(|id| (*id, of(id))).collect::<BTreeMap<_, _>>()),
        }
    };
    let document = match brief {
        true => read(),
        false => server.read(read).await?,
    };
    document::answer(server, vec![document.into()], asked).await
}

/// The document about one channel, at `now`.
pub(crate) fn document_of(view: &View, id: u32, extent: Extent, now: u64) -> Bytes {
    written(&listings(view, id, extent, now)).into()
}

/// The whole document.
fn written(epg_listings: &impl Serialize) -> Vec<u8> {
    #[derive(Serialize)]
    struct Document<'a, T> {
        epg_listings: &'a T,
    }
    serde_json::to_vec(&Document { epg_listings }).expect("plain fields become JSON")
}

/// The listings of one channel; none for an unknown one, or one without a guide.
fn listings(view: &View, id: u32, extent: Extent, now: u64) -> Vec<Listing> {
    let Some((entry, xml)) = found(view, id) else { return Vec::new() };
    let Ok(channel) = serde_json::from_slice::<Channel<'_>>(&entry) else { return Vec::new() };
    let xml = &xml[..];
    let channel_id = &*channel.epg_channel_id;
    let first_id = first_id(channel_id);
    let read = |xml| programmes(std::str::from_utf8(xml).unwrap_or_default());
    let listing = |programme: Programme<'_>, flags| listing(first_id, &programme, channel_id, flags);
    match extent {
        Extent::Table(span) => read(xml)
            .filter(|programme| span.meets(programme))
            .map(|programme| {
                let flags = flags(&programme, &channel, now);
                listing(programme, Some(flags))
            })
            .collect(),
        Extent::Next(limit) => {
            let now = search::written(now);
            let next = &xml[search::first_of(xml, search::STOP, |stop| stop > now.as_bytes())..];
            read(search::first(next, limit)).map(|programme| listing(programme, None)).collect()
        }
    }
}

fn listing(first_id: u64, programme: &Programme<'_>, channel_id: &str, flags: Option<Flags>) -> Listing {
    let (text, id) = (programme.text(), id(first_id, programme));
    let end = date_time(programme.stop);
    Listing {
        id,
        epg_id: id,
        title: STANDARD.encode(text.title),
        lang: text.lang,
        start: date_time(programme.start),
        stop: end.clone(),
        end,
        description: STANDARD.encode(text.description),
        channel_id: channel_id.to_owned(),
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

/// Where the ids of a channel's programmes begin to count, one for each second: they survive a restart and the next guide,
/// are positive, in 31 bits, and unique within the channel, whose programmes do not begin together.
fn first_id(channel: &str) -> u64 {
    let [a, b, c, d, ..] = *blake3::hash(channel.as_bytes()).as_bytes();
    u32::from_le_bytes([a, b, c, d]).into()
}

fn id(first: u64, programme: &Programme<'_>) -> Digits {
    Digits(1 + first.wrapping_add(programme.start) % u64::from(contract::ids::MAX))
}
