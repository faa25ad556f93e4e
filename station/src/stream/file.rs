//! Films and episodes: files with ranges.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, StatusCode, header};
use httpd::{Body, Range, Response, range};

use super::{Refusal, Wish};
use crate::ledger::Seat;
use crate::television::Make;

const MP4: &[u8] = include_bytes!("../../assets/film.mp4");
const MKV: &[u8] = include_bytes!("../../assets/film.mkv");

/// How long the file behind a film or an episode with this extension lasts, in seconds.
pub(crate) fn seconds(extension: &str) -> u32 {
    if extension == "mp4" { 180 } else { 8 }
}

/// The file behind a film or an episode.
pub(super) fn film(wish: &Wish<'_>, extension: &str) -> Result<Response, Refusal> {
    let (bytes, media_type) = match extension {
        "mp4" => (Bytes::from_static(MP4), "video/mp4"),
        "mkv" => (Bytes::from_static(MKV), "video/x-matroska"),
        _ => (transport(wish), "video/mp2t"),
    };
    // The ranges of one viewer share a place.
    let seat = wish.seat(Some(wish.session()), std::time::Duration::ZERO)?;
    Ok(ranged(wish, bytes, media_type, seat))
}

/// A film as a transport stream: one turn of the loop, from its beginning.
fn transport(wish: &Wish<'_>) -> Bytes {
    let broadcast = wish.provider.reels.broadcast(wish.id, "Film", Make::TELEVISION, 0);
    let mut out = Vec::new();
    broadcast.write(broadcast.turn(), 2 * broadcast.turn(), &mut out);
    out.into()
}

/// Bytes of a known size: clean HTTP, or what many panels make of it.
fn ranged(wish: &Wish<'_>, bytes: Bytes, media_type: &'static str, seat: Seat) -> Response {
    let size = bytes.len() as u64;
    let part = move |start: u64, end: u64| held(bytes.slice(start as usize..end as usize), seat);
    let (status, content_range, body) = if wish.provider.settings.dirty_ranges {
        dirty(wish, size, part)
    } else {
        match range(wish.headers, size) {
            Range::Whole => (StatusCode::OK, None, part(0, size)),
            Range::Part { start, end } => (
                StatusCode::PARTIAL_CONTENT,
                Some(format!("bytes {start}-{}/{size}", end - 1)),
                part(start, end),
            ),
            Range::Unsatisfiable => {
                (StatusCode::RANGE_NOT_SATISFIABLE, Some(format!("bytes */{size}")), Body::empty())
            }
        }
    };
    let accepted = if wish.provider.settings.dirty_ranges { format!("0-{size}") } else { "bytes".to_owned() };
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(accepted) = HeaderValue::try_from(accepted) {
        headers.insert(header::ACCEPT_RANGES, accepted);
    }
    if let Some(Ok(content_range)) = content_range.map(HeaderValue::try_from) {
        headers.insert(header::CONTENT_RANGE, content_range);
    }
    answer
}

/// As the PHP of many panels does it: a `Content-Range` on the whole file, 416 with the range that was asked for, a
/// suffix taken for an offset, several ranges refused.
fn dirty(
    wish: &Wish<'_>,
    size: u64,
    part: impl FnOnce(u64, u64) -> Body,
) -> (StatusCode, Option<String>, Body) {
    let asked = wish.headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let Some(asked) = asked.and_then(|asked| asked.strip_prefix("bytes=")) else {
        return (StatusCode::OK, Some(format!("bytes 0-{}/{size}", size.saturating_sub(1))), part(0, size));
    };
    let (first, last) = asked.split_once('-').unwrap_or((asked, ""));
    let start = first.parse().unwrap_or_else(|_| last.parse().unwrap_or(0));
    let end = if first.is_empty() {
        size
    } else {
        last.parse::<u64>().map_or(size, |last| last.saturating_add(1).min(size))
    };
    if asked.contains(',') || start >= end {
        return (
            StatusCode::RANGE_NOT_SATISFIABLE,
            Some(format!("bytes {start}-{end}/{size}")),
            Body::empty(),
        );
    }
    (StatusCode::PARTIAL_CONTENT, Some(format!("bytes {start}-{}/{size}", end - 1)), part(start, end))
}

/// Bytes that keep the place in the ledger until they are sent, piece by piece.
fn held(bytes: Bytes, seat: Seat) -> Body {
    const PIECE: usize = 64 * 1024;
    let length = bytes.len() as u64;
    let pieces = stream::unfold((bytes, seat), |(mut bytes, seat)| async move {
        if bytes.is_empty() {
            return None;
        }
        if seat.is_kicked() {
            return Some((
                Err(std::io::Error::other("the account's place was given away")),
                (Bytes::new(), seat),
            ));
        }
        let piece = bytes.split_to(PIECE.min(bytes.len()));
        Some((Ok(piece), (bytes, seat)))
    });
    Body::sized_stream(length, pieces)
}
