//! What a player gets: the types, what may be kept and for how long, and ranges.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use httpd::{Body, Coding, Entity, Range};

use super::shelf::{Found, Shelf};
use super::tag::Kind;
use crate::refusal::{Failure, Refusal};

/// How long a piece may take to begin; a player has gone by then.
const HOLD: Duration = Duration::from_secs(20);

/// The segment or key that a reference stands for.
///
/// # Errors
/// There is no such reference, or what is behind it does not come.
pub(crate) async fn piece(
    shelf: &Arc<Shelf>,
    kind: Kind,
    name: &str,
    headers: &HeaderMap,
) -> Result<httpd::Response, Refusal> {
    let wanted = match httpd::range(headers, u64::MAX) {
        Range::Part { start, end } => Some((start, end)),
        Range::Whole | Range::Unsatisfiable => None,
    };
    let found = shelf.piece(kind, name, wanted)?;
    let begun = tokio::time::timeout(HOLD, poll_fn(|cx| found.piece.poll_begun(cx)));
    let length = begun.await.map_err(|_| Refusal::Missing)?.map_err(refused)?;
    let mut response = match (found.range, wanted) {
        (Some(range), Some(wanted)) => part(&found, range, wanted, shelf).await?,
        // The end must be known before something can be said of a part.
        (None, Some(_)) => {
            complete(&found).await?;
            whole(&found, name, headers, shelf)
        }
        _ if found.piece.whole().is_some() => whole(&found, name, headers, shelf),
        _ => growing(&found, length, shelf),
    };
    let about = response.headers_mut();
    about.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(&found)));
    about.insert(header::CACHE_CONTROL, cache(kind, shelf));
    Ok(response)
}

async fn complete(found: &Found) -> Result<(), Refusal> {
    let ended = tokio::time::timeout(HOLD, poll_fn(|cx| found.piece.poll_ended(cx)));
    ended.await.map_err(|_| Refusal::Missing)?.map_err(refused)
}

/// What is missing at the provider is missing here; for anything else a player may ask again.
fn refused(why: Failure) -> Refusal {
    match why {
        Failure::Refused(404 | 410) => Refusal::Unknown,
        _ => Refusal::Missing,
    }
}

fn whole(found: &Found, name: &str, headers: &HeaderMap, shelf: &Shelf) -> httpd::Response {
    let chunks = found.piece.whole().unwrap_or_default();
    let sent = match httpd::range(headers, found.piece.size()) {
        Range::Whole => found.piece.size(),
        Range::Part { start, end } => end - start,
        Range::Unsatisfiable => 0,
    };
    shelf.meter.sent(sent);
    let (etag, content_type) = (name.to_owned(), media_type(found));
    Entity { chunks, content_type, etag, coding: Coding::Identity, cache: "no-store", ranges: true }
        .reply(headers)
}

/// The beginning of something whose end is still on its way.
fn growing(found: &Found, length: Option<u64>, shelf: &Shelf) -> httpd::Response {
    let reader = found.piece.read(shelf.meter.clone());
    let body = match length {
        Some(length) => Body::sized_stream(length, reader),
        None => Body::stream(reader),
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

/// A part of a resource of which only parts are known: nobody knows how large all of it is.
async fn part(
    found: &Found,
    range: (u64, u64),
    wanted: (u64, u64),
    shelf: &Shelf,
) -> Result<httpd::Response, Refusal> {
    complete(found).await?;
    let bytes = found.piece.whole().unwrap_or_default().concat();
    let (start, end) = (wanted.0, wanted.1.min(range.1));
    let end = end.min(range.0 + bytes.len() as u64);
    if start >= end {
        return Err(Refusal::Missing);
    }
    shelf.meter.sent(end - start);
    let cut = |at: u64| usize::try_from(at - range.0).expect("it is within what is in memory");
    let bytes = bytes::Bytes::from(bytes).slice(cut(start)..cut(end));
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    let said = HeaderValue::try_from(format!("bytes {start}-{}/*", end - 1)).expect("digits");
    response.headers_mut().insert(header::CONTENT_RANGE, said);
    response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(response)
}

fn media_type(found: &Found) -> &'static str {
    match found.link.extension {
        "ts" => "video/mp2t",
        "m4s" | "mp4" => "video/mp4",
        "m4a" => "audio/mp4",
        "aac" => "audio/aac",
        "mp3" => "audio/mpeg",
        "ac3" => "audio/ac3",
        "ec3" => "audio/eac3",
        "vtt" => "text/vtt",
        _ => "application/octet-stream",
    }
}

/// A segment never changes, and lives as long as lists name it. A key is nobody's but the player's.
fn cache(kind: Kind, shelf: &Shelf) -> HeaderValue {
    match kind {
        Kind::Segment => {
            let value = format!("private, max-age={}, immutable", shelf.patience().as_secs());
            HeaderValue::try_from(value).expect("words and digits")
        }
        Kind::Playlist | Kind::Key => HeaderValue::from_static("no-store"),
    }
}
