//! A film: a file over HTTP, as panels serve it.
//!
//! Their answers deviate from RFC 9110 in known ways: a whole file with a `Content-Range`, a part of one with status 200,
//! 416 with the range that was asked for in place of `*`, ranges ignored, suffixes misread, a playlist where a film was listed.
//! What is certain here is where the bytes begin and how large the file is, if anybody said so, and that it is a file.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use contract::bundle::Upstream;
use futures_util::{Stream, StreamExt, stream};
use http::header::{self, HeaderMap, HeaderName};

use super::dial::{self, Dialler};
use super::{hls, ts};
use crate::refusal::Failure;

/// A provider's answer.
pub(crate) enum File {
    /// Bytes of the file.
    Open(Open),
    /// There are none where they were asked for.
    Behind {
        /// How large the file is.
        size: Option<u64>,
    },
    /// There is no file: what is there is HLS (RFC 8216), and this was its list.
    List,
}

/// A file that is coming in.
pub(crate) struct Open {
    /// Where in the file the bytes begin.
    pub(crate) from: u64,
    /// How large the file is.
    pub(crate) size: Option<u64>,
    /// Its strong validator, with the quotes (RFC 9110, 8.8.3): bytes under the same one are bytes of the same file.
    pub(crate) etag: Option<String>,
    /// Whether the provider gives parts of it, as far as it says.
    pub(crate) ranges: bool,
    /// It is no file of the provider's: it is made of HLS while it is sent.
    pub(crate) is_made: bool,
    /// The bytes.
    pub(crate) body: Body,
}

/// Where a file is had: an upstream, and with which of its account's logins.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) upstream: Upstream,
    pub(crate) login: usize,
}

/// What is asked of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ask {
    /// Its bytes from `.0` on, up to `.1`; else all.
    pub(crate) part: Option<(u64, Option<u64>)>,
    /// A part only if this is still its validator; else all (RFC 9110, 13.1.5).
    pub(crate) if_range: Option<String>,
}

/// Bytes that are coming in. Dropping it closes the connection.
pub(crate) struct Body(Pin<Box<dyn Stream<Item = Result<Bytes, Failure>> + Send>>);

impl File {
    /// Asks for a file or a part of it.
    ///
    /// # Errors
    /// The provider refuses, or there is no provider.
    pub(crate) async fn open(dialler: &Dialler, way: &Way, ask: &Ask) -> Result<Self, Failure> {
        let range = ask.part.map(|(start, end)| match end {
            // What it is shows in so many bytes; whoever wants less of them takes no more.
            Some(end) if start == 0 => format!("bytes=0-{}", end.max(ts::HEAD as u64) - 1),
            Some(end) => format!("bytes={start}-{}", end - 1),
            None => format!("bytes={start}-"),
        });
        let mut upstream = way.upstream.clone();
        upstream.headers.extend(ask.if_range.iter().map(|etag| ("If-Range".to_owned(), etag.clone())));
        let response = dialler.get(&upstream, way.login, range.as_deref()).await?;
        let headers = response.headers();
        match response.status().as_u16() {
            416 => Ok(Self::Behind { size: described(headers).1 }),
            200 | 206 if is_page(headers) => Err(Failure::Page),
            status @ (200 | 206) => {
                let (from, size) = place(status, headers)?;
                let (etag, ranges) = (etag(headers), status == 206 || takes_ranges(headers));
                let called_list = is_called_list(headers);
                let bytes = response.bytes_stream();
                let body = Body::of(bytes.map(|bytes| bytes.map_err(|error| dial::failure(&error))));
                let mut open = Open { from, size, etag, ranges, is_made: false, body };
                Ok(if open.is_list(called_list).await? { Self::List } else { Self::Open(open) })
            }
            _ => Err(dial::refused(&response)),
        }
    }
}

impl Open {
    /// Whether it is a playlist, by its first bytes, which stay. What is called one may be packed, or come from somewhere in
    /// its text; but panels call television so as well, and films. What is larger than any list, or begins elsewhere and is
    /// not called one, is passed on before a byte of it has come.
    async fn is_list(&mut self, is_called_one: bool) -> Result<bool, Failure> {
        let may_begin_there = self.from == 0 || is_called_one;
        if !may_begin_there || self.size.is_some_and(|size| size > hls::PLAYLIST as u64) {
            return Ok(false);
        }
        let head = self.body.peek(ts::HEAD).await?;
        Ok(match self.from {
            0 => {
                ts::begins_as_playlist(&head) == Some(true) || is_called_one && head.starts_with(hls::PACKED)
            }
            _ => is_text(&head),
        })
    }

    /// A film that its provider has as HLS, made one transport stream. Of one that is to be kept (`is_kept`) nothing may be
    /// missing; whoever watches would rather go on behind what is.
    ///
    /// # Errors
    /// There is no list, or what it lists cannot become a transport stream, is not the whole film, or does not come.
    pub(crate) async fn made(dialler: &Arc<Dialler>, way: &Way, is_kept: bool) -> Result<Self, Failure> {
        let television = match is_kept {
            true => hls::Stream::whole(dialler, &way.upstream, way.login).await?,
            false => hls::Stream::recorded(dialler, &way.upstream, way.login).await?,
        };
        let mut body = television.into_body();
        // Until something of it is here, the next upstream may have it.
        match body.peek(1).await?.is_empty() {
            true => Err(Failure::Foreign("a playlist without segments")),
            false => Ok(Self::of_hls(body)),
        }
    }

    /// Nobody knows the size of what is made of HLS before it ends, and it is given from its beginning.
    pub(super) fn of_hls(body: Body) -> Self {
        Self { from: 0, size: None, etag: None, ranges: false, is_made: true, body }
    }
}

impl Body {
    pub(super) fn of(bytes: impl Stream<Item = Result<Bytes, Failure>> + Send + 'static) -> Self {
        Self(Box::pin(bytes))
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        self.0.as_mut().poll_next(cx)
    }

    /// The next bytes; `None` at their end.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, Failure>> {
        self.0.next().await
    }

    /// The first `size` bytes or a few more, or all there are. They are read again afterwards.
    ///
    /// # Errors
    /// The connection broke or is silent.
    pub(super) async fn peek(&mut self, size: usize) -> Result<Vec<u8>, Failure> {
        let (mut head, mut read) = (Vec::new(), Vec::new());
        while head.len() < size
            && let Some(bytes) = self.0.next().await
        {
            let bytes = bytes?;
            head.extend_from_slice(&bytes);
            read.push(Ok(bytes));
        }
        let rest = std::mem::replace(&mut self.0, Box::pin(stream::empty()));
        self.0 = Box::pin(stream::iter(read).chain(rest));
        Ok(head)
    }
}

/// Where an answer's bytes begin and how large the file is.
fn place(status: u16, headers: &HeaderMap) -> Result<(u64, Option<u64>), Failure> {
    let (from, size) = described(headers);
    let length = number(headers, header::CONTENT_LENGTH);
    match (status, from) {
        (206, from) => Ok((from.ok_or(Failure::Foreign("an unknown part of the file"))?, size)),
        // As long as the file: it is the file, whatever else is said.
        (_, Some(from)) if from > 0 && length != size => Ok((from, size)),
        _ => Ok((0, size.or(length))),
    }
}

/// Where the bytes begin and how large the file is, by `Content-Range: bytes FROM-TO/SIZE`; either may be a `*`.
fn described(headers: &HeaderMap) -> (Option<u64>, Option<u64>) {
    let range = text(headers, header::CONTENT_RANGE).strip_prefix("bytes");
    let Some((range, size)) = range.and_then(|range| range.split_once('/')) else { return (None, None) };
    let from = range.split('-').next().and_then(|from| from.trim().parse().ok());
    (from, size.trim().parse().ok())
}

fn number(headers: &HeaderMap, name: HeaderName) -> Option<u64> {
    text(headers, name).parse().ok()
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").trim()
}

/// A weak validator says nothing of bytes.
fn etag(headers: &HeaderMap) -> Option<String> {
    let etag = text(headers, header::ETAG);
    (etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"')).then(|| etag.to_owned())
}

/// `bytes`, or what panels write in place of it.
fn takes_ranges(headers: &HeaderMap) -> bool {
    let said = text(headers, header::ACCEPT_RANGES);
    !said.is_empty() && !said.eq_ignore_ascii_case("none")
}

/// A playlist, by what is said of it.
fn is_called_list(headers: &HeaderMap) -> bool {
    text(headers, header::CONTENT_TYPE).to_ascii_lowercase().contains("mpegurl")
}

/// What addresses and the words of playlists are written in. No packet of television is.
fn is_text(bytes: &[u8]) -> bool {
    let is_written = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    !bytes.is_empty() && bytes.iter().all(is_written)
}

/// An error page, or a document of the panel's API.
fn is_page(headers: &HeaderMap) -> bool {
    let said = text(headers, header::CONTENT_TYPE).to_ascii_lowercase();
    said.starts_with("text/html") || said.starts_with("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn what_a_provider_says_of_its_bytes_is_taken_apart() {
        for (value, expected) in [
            ("bytes 5-9/100", (Some(5), Some(100))),
            ("bytes 5-9/*", (Some(5), None)),
            ("bytes */100", (None, Some(100))),
            ("bytes 5-/100", (Some(5), Some(100))),
            ("items 5-9/100", (None, None)),
            ("bytes", (None, None)),
        ] {
            assert_eq!(described(&headers(&[(header::CONTENT_RANGE, value)])), expected, "{value}");
        }
        assert_eq!(described(&HeaderMap::new()), (None, None));
    }

    #[test]
    fn a_part_is_known_from_the_whole_whatever_the_status_says() {
        for (status, range, length, expected) in [
            (200, "", "100", Some((0, Some(100)))),
            (200, "", "", Some((0, None))),
            (200, "bytes 0-99/100", "100", Some((0, Some(100)))),
            (200, "bytes 0-1/100", "2", Some((0, Some(100)))),
            (200, "bytes 50-99/100", "50", Some((50, Some(100)))),
            (200, "bytes 50-99/100", "100", Some((0, Some(100)))),
            (206, "bytes 50-99/100", "50", Some((50, Some(100)))),
            (206, "bytes 50-99/*", "50", Some((50, None))),
            (206, "bytes */100", "50", None),
            (206, "", "50", None),
        ] {
            let said = [(header::CONTENT_RANGE, range), (header::CONTENT_LENGTH, length)];
            let said = headers(&said).into_iter().filter(|(_, value)| !value.is_empty());
            let said = said.filter_map(|(name, value)| Some((name?, value))).collect();
            assert_eq!(place(status, &said).ok(), expected, "{status} {range} {length}");
        }
    }

    #[test]
    fn only_strong_validators_count() {
        for (value, strong) in [("\"a\"", true), ("W/\"a\"", false), ("a", false), ("\"\"", false)] {
            assert_eq!(etag(&headers(&[(header::ETAG, value)])).is_some(), strong, "{value}");
        }
    }
}
