//! Films and episodes that are on a disk here: the file, with ranges, and no provider is asked.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::Arc;

use bytes::Bytes;
use contract::bundle::Playable;
use contract::stock::Stock;
use contract::user::User;
use futures_util::{Stream, stream};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode};
use httpd::{Body, Range};

use super::file::media_type;
use crate::headend::Headend;
use crate::play::{Key, Request};
use crate::refusal::Refusal;
use crate::seat::Client;

/// Bytes that are read at a time, each by a thread of the pool.
const PIECE: u64 = 256 * 1024;

/// Answers a request for `film` if it is in stock. The viewer takes a seat as everywhere, and no slot.
///
/// # Errors
/// He has no seat left; the range lies behind the end.
pub(crate) async fn answer(
    headend: &Arc<Headend>,
    stock: &Stock,
    film: &Playable,
    (user, client): (&User, &Client),
    (method, headers): (&Method, &HeaderMap),
) -> Result<Option<httpd::Response>, Refusal> {
    let (stock, id) = (stock.clone(), film.id);
    // A disk that sleeps takes seconds to say that it is there.
    let opened = tokio::task::spawn_blocking(move || {
        let (file, path) = stock.open(id)?;
        let known = file.metadata().ok()?;
        Some((file, path, known))
    });
    let Some((file, path, known)) = opened.await.ok().flatten() else { return Ok(None) };
    let (size, etag) = (known.len(), format!("\"{:x}-{:x}-{:x}\"", known.ino(), known.len(), known.mtime()));
    // A part of another file than the one that the player has the beginning of is of no use to it.
    let is_stale = headers.get(header::IF_RANGE).is_some_and(|value| value.as_bytes() != etag.as_bytes());
    let wanted = if is_stale { Range::Whole } else { httpd::range(headers, size) };
    let (status, part) = match wanted {
        Range::Whole => (StatusCode::OK, 0..size),
        Range::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start..end),
        Range::Unsatisfiable => return Err(Refusal::Range(size)),
    };
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let request = headend.play(Key::new(user, client, film.id), user)?;
        Body::sized_stream(part.end - part.start, pieces(request, file, part.clone()))
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let said = response.headers_mut();
    let container = path.extension().and_then(|extension| extension.to_str()).unwrap_or(&film.container);
    said.insert(header::CONTENT_TYPE, media_type(container));
    said.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    said.insert(header::CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
    said.insert(header::ETAG, HeaderValue::try_from(etag).expect("hexadecimal digits"));
    if status == StatusCode::PARTIAL_CONTENT {
        let described = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        said.insert(header::CONTENT_RANGE, HeaderValue::try_from(described).expect("digits"));
    }
    Ok(Some(response))
}

/// The bytes of `part`, as long as the viewer keeps his seat.
fn pieces(
    request: Request,
    file: File,
    part: std::ops::Range<u64>,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let file = Arc::new(file);
    stream::try_unfold((request, part), move |(request, part)| {
        let file = file.clone();
        async move {
            if part.is_empty() {
                return Ok(None);
            }
            if request.play.closed() {
                return Err(io::Error::other("the seat was given to somebody else"));
            }
            let (at, length) = (part.start, PIECE.min(part.end - part.start));
            let reading = tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; usize::try_from(length).expect("a piece is short")];
                file.read_exact_at(&mut piece, at).map(|()| Bytes::from(piece))
            });
            let piece = reading.await.map_err(io::Error::other)??;
            request.headend.tally.films.sent.add(length);
            Ok(Some((piece, (request, at + length..part.end))))
        }
    })
}
