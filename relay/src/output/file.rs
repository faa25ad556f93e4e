//! Films and episodes: files with ranges, passed through. Whatever the provider answers, the viewer gets clean HTTP.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use contract::bundle::{Playable, Upstream};
use contract::user::User;
use futures_util::Stream;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode};
use httpd::{Body, Range};

use crate::headend::Headend;
use crate::play::{Key, Request};
use crate::refusal::{Failure, Refusal};
use crate::seat::Client;
use crate::slot::Holder;
use crate::upstream::file::File;

/// Where a provider ignores ranges, at most this much is read and thrown away to get to the one that was asked for.
const SKIP: u64 = 1024 * 1024;

/// A part of a film on its way to a viewer: the body of the answer.
struct Part {
    request: Request,
    /// Bytes to be thrown away first.
    skip: u64,
    /// Bytes to be sent; `None` for all that come.
    left: Option<u64>,
}

/// Answers a request for `film`.
pub(crate) async fn answer(
    headend: &Arc<Headend>,
    film: Playable,
    user: &User,
    client: &Client,
    method: &Method,
    headers: &HeaderMap,
) -> Result<httpd::Response, Refusal> {
    let upstream = film.upstreams.first().ok_or(Failure::NoSource)?;
    let headers = &asked(headers);
    if method == Method::HEAD {
        return Ok(head(&film, size(headend, &film, upstream).await));
    }
    let key = Key { user: user.name.clone(), client: client.clone(), film: film.id };
    let request = headend.play(key, user)?;
    if let Some(failure) = headend.recent_failure(film.id) {
        return Err(failure.into());
    }
    let login = request.claim(&upstream.account).await?;
    match open(headend, &film, (upstream, login), headers, request).await {
        Err(Refusal::Upstream(why)) => {
            headend.tally.failed(&why);
            headend.failed(film.id, why.clone());
            Err(why.into())
        }
        answer => answer,
    }
}

async fn open(
    headend: &Headend,
    film: &Playable,
    (upstream, login): (&Upstream, usize),
    headers: &HeaderMap,
    request: Request,
) -> Result<httpd::Response, Refusal> {
    let mut known = headend.sizes.get(film.id);
    if known.is_none() && is_suffix(headers) {
        known = learn(headend, film.id, (upstream, login)).await.ok().flatten(); // panels misread suffixes
    }
    let part = match httpd::range(headers, known.unwrap_or(u64::MAX)) {
        Range::Whole => None,
        Range::Part { start, end } => Some((start, Some(end).filter(|end| *end < known.unwrap_or(u64::MAX)))),
        Range::Unsatisfiable => return Err(Refusal::Range(known.unwrap_or(0))),
    };
    match File::open(&headend.dialler, upstream, login, part).await? {
        File::Behind { size } => Err(Refusal::Range(size.or(known).unwrap_or(0))),
        File::Open { from, size: Some(size), body } => {
            headend.sizes.put(film.id, size);
            let (status, start, end) = match httpd::range(headers, size) {
                Range::Whole => (StatusCode::OK, 0, size),
                Range::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start, end),
                Range::Unsatisfiable => return Err(Refusal::Range(size)),
            };
            let skip = start.checked_sub(from).filter(|skip| *skip <= SKIP);
            let skip = skip.ok_or(Refusal::NoRanges)?;
            request.open(body);
            let left = end - start;
            let body = Body::sized_stream(left, Part { request, skip, left: Some(left) });
            Ok(described(film, status, start..end, size, body))
        }
        // Without a size there is only the whole, also for the many players who ask for `bytes=0-` at first.
        File::Open { from: 0, size: None, body } if part.is_none_or(|part| part == (0, None)) => {
            request.open(body);
            let mut response = Response::new(Body::stream(Part { request, skip: 0, left: None }));
            response.headers_mut().insert(header::CONTENT_TYPE, media_type(&film.container));
            Ok(response)
        }
        File::Open { .. } => Err(Refusal::NoRanges),
    }
}

/// The size, for `HEAD`: known already, or learnt by a short probe if there is a connection to spare.
async fn size(headend: &Headend, film: &Playable, upstream: &Upstream) -> Option<u64> {
    if let Some(size) = headend.sizes.get(film.id) {
        return Some(size);
    }
    if headend.recent_failure(film.id).is_some() {
        return None;
    }
    let slot = headend.spare(&upstream.account, Holder::Probe)?;
    learn(headend, film.id, (upstream, slot.login())).await.unwrap_or_else(|why| {
        headend.failed(film.id, why);
        None
    })
}

/// Asks for two bytes, because panels do not answer `HEAD`.
async fn learn(
    headend: &Headend,
    film: u32,
    (upstream, login): (&Upstream, usize),
) -> Result<Option<u64>, Failure> {
    let size = match File::open(&headend.dialler, upstream, login, Some((0, Some(2)))).await? {
        File::Open { size, .. } => size,
        File::Behind { .. } => None,
    };
    size.iter().for_each(|size| headend.sizes.put(film, *size));
    Ok(size)
}

fn head(film: &Playable, size: Option<u64>) -> httpd::Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type(&film.container));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(size) = size {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    }
    response
}

fn described(
    film: &Playable,
    status: StatusCode,
    part: std::ops::Range<u64>,
    size: u64,
    body: Body,
) -> httpd::Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type(&film.container));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        headers.insert(header::CONTENT_RANGE, HeaderValue::try_from(range).expect("digits"));
    }
    response
}

/// The headers that decide about ranges. No validators are given out, so whoever sends one has it from elsewhere, and
/// RFC 9110, 13.1.5, gives him the whole.
fn asked(headers: &HeaderMap) -> HeaderMap {
    let range = headers.get(header::RANGE).filter(|_| !headers.contains_key(header::IF_RANGE));
    HeaderMap::from_iter(range.map(|range| (header::RANGE, range.clone())))
}

fn is_suffix(headers: &HeaderMap) -> bool {
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    range
        .and_then(|range| range.split_once('='))
        .is_some_and(|(_, range)| range.trim_start().starts_with('-'))
}

/// What a container is called in HTTP, whatever the address says.
fn media_type(container: &str) -> HeaderValue {
    HeaderValue::from_static(match container {
        "mp4" | "m4v" => "video/mp4",
        "mkv" => "video/x-matroska",
        "avi" => "video/x-msvideo",
        "ts" => "video/mp2t",
        "mov" => "video/quicktime",
        "flv" => "video/x-flv",
        "wmv" => "video/x-ms-wmv",
        "3gp" => "video/3gpp",
        "mpg" | "mpeg" => "video/mpeg",
        "webm" => "video/webm",
        _ => "application/octet-stream",
    })
}

impl Stream for Part {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { request, skip, left } = &mut *self;
        while *left != Some(0) {
            let mut bytes = match ready!(request.poll_next(cx)) {
                Some(Ok(bytes)) => bytes,
                Some(Err(why)) => return Poll::Ready(Some(Err(io::Error::other(why)))),
                None if left.is_none() => return Poll::Ready(None),
                None => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            };
            let skipped = usize::try_from(*skip).map_or(bytes.len(), |skip| skip.min(bytes.len()));
            bytes = bytes.split_off(skipped);
            *skip -= skipped as u64;
            if let Some(left) = left {
                bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= bytes.len() as u64;
            }
            if !bytes.is_empty() {
                request.headend.tally.films.sent.add(bytes.len() as u64);
                return Poll::Ready(Some(Ok(bytes)));
            }
        }
        Poll::Ready(None)
    }
}
