//! Films and episodes: files with ranges.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, StatusCode, header};
use httpd::{Body, Range, Response, range};

use super::film::Film;
use super::{Refusal, Wish};
use crate::fault::Fault;
use crate::ledger::Seat;
use crate::television::Make;

/// Bytes that are sent at once.
const PIECE: usize = 64 * 1024;

/// How long the file behind a film or an episode with this extension lasts, in seconds.
pub(crate) fn seconds(extension: &str) -> u32 {
    if extension == "mp4" { 180 } else { 8 }
}

/// The file behind a film or an episode.
pub(super) fn film(wish: &Wish<'_>, extension: &str) -> Result<Response, Refusal> {
    let settings = &wish.provider.settings;
    let other = match wish.fault {
        Some(Fault::Other(longer)) => Some(longer),
        _ => None,
    };
    let film = Film::new(wish.id, extension, settings.film_bytes, other, || transport(wish));
    // The ranges of one viewer share a place.
    let session = (!settings.each_body).then(|| wish.session());
    let seat = wish.seat(session, std::time::Duration::ZERO)?;
    Ok(ranged(wish, film, seat))
}

/// A film as a transport stream: one turn of the loop, from its beginning.
fn transport(wish: &Wish<'_>) -> Bytes {
    let broadcast = wish.provider.reels.broadcast(wish.id, "Film", Make::TELEVISION, 0);
    let mut out = Vec::new();
    broadcast.write(broadcast.turn(), 2 * broadcast.turn(), &mut out);
    out.into()
}

/// Bytes of a known size: clean HTTP, or what many panels make of it.
fn ranged(wish: &Wish<'_>, film: Film, seat: Seat) -> Response {
    let (size, media_type) = (film.size, film.media_type);
    let part = move |start: u64, end: u64| held(film, start, end, seat);
    let (status, content_range, body) = if wish.provider.settings.dirty_ranges {
        dirty(wish, size, part)
    } else {
        let asked = match wish.fault {
            Some(Fault::Rangeless) => Range::Whole,
            _ => range(wish.headers, size),
        };
        let sizeless = wish.fault == Some(Fault::Sizeless);
        match asked {
            Range::Whole => (StatusCode::OK, None, part(0, size)),
            Range::Part { start, end } => {
                let said = if sizeless { "*".to_owned() } else { size.to_string() };
                let content_range = format!("bytes {start}-{}/{said}", end - 1);
                (StatusCode::PARTIAL_CONTENT, Some(content_range), part(start, end))
            }
            Range::Unsatisfiable => {
                let content_range = (!sizeless).then(|| format!("bytes */{size}"));
                (StatusCode::RANGE_NOT_SATISFIABLE, content_range, Body::empty())
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
fn held(film: Film, start: u64, end: u64, seat: Seat) -> Body {
    let pieces = stream::unfold((film, start, seat), move |(film, at, seat)| async move {
        if at >= end {
            return None;
        }
        if seat.is_kicked() {
            return Some((
                Err(std::io::Error::other("the account's place was given away")),
                (film, end, seat),
            ));
        }
        let most = usize::try_from(end - at).map_or(PIECE, |left| left.min(PIECE));
        let piece = film.piece(at, most);
        let next = at + piece.len() as u64;
        Some((Ok(piece), (film, next, seat)))
    });
    Body::sized_stream(end - start, pieces)
}
