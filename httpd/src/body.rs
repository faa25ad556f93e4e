//! The one body type: nothing, bytes that exist already, or a stream that is made while it is read.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use http::HeaderMap;
use http_body::{Frame, SizeHint};

/// The body of an answer.
///
/// Dropping it is the only sign that a client has left, so whatever a stream holds must be released by `Drop`.
pub struct Body(Kind);

enum Kind {
    Chunks { chunks: VecDeque<Bytes>, left: u64 },
    Stream { stream: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>, left: Option<u64> },
    Told(Pin<Box<dyn Stream<Item = Result<Bytes, HeaderMap>> + Send>>),
}

impl Body {
    /// No bytes at all.
    pub fn empty() -> Self {
        Self::chunks([])
    }

    /// Bytes in several pieces, sent one after the other without being copied; the length is known.
    pub fn chunks(chunks: impl IntoIterator<Item = Bytes>) -> Self {
        let chunks: VecDeque<Bytes> = chunks.into_iter().filter(|chunk| !chunk.is_empty()).collect();
        let left = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        Self(Kind::Chunks { chunks, left })
    }

    /// Bytes made while they are read. The length is unknown: chunked on HTTP/1.1, until close on HTTP/1.0.
    ///
    /// An `Err` item cuts the connection, so that a client can tell a broken answer from a finished one.
    pub fn stream(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self(Kind::Stream { stream: Box::pin(stream), left: None })
    }

    /// As [`Body::stream`], with the length promised in `Content-Length`.
    pub fn sized_stream(length: u64, stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self(Kind::Stream { stream: Box::pin(stream), left: Some(length) })
    }

    /// As [`Body::stream`], where an `Err` item is what is told behind the bytes and ends them: trailers (RFC 9110, 6.5),
    /// which reach whoever says `TE: trailers` if the header `Trailer` names them.
    pub fn told(stream: impl Stream<Item = Result<Bytes, HeaderMap>> + Send + 'static) -> Self {
        Self(Kind::Told(Box::pin(stream)))
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self::chunks([bytes.into()])
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.0 {
            Kind::Chunks { chunks, left } => Poll::Ready(chunks.pop_front().map(|chunk| {
                *left -= chunk.len() as u64;
                Ok(Frame::data(chunk))
            })),
            Kind::Stream { stream, left } => stream.as_mut().poll_next(cx).map_ok(|chunk| {
                if let Some(left) = left {
                    *left = left.saturating_sub(chunk.len() as u64);
                }
                Frame::data(chunk)
            }),
            Kind::Told(stream) => stream.as_mut().poll_next(cx).map(|next| match next? {
                Ok(chunk) => Some(Ok(Frame::data(chunk))),
                Err(trailers) => {
                    self.0 = Kind::Chunks { chunks: VecDeque::new(), left: 0 };
                    Some(Ok(Frame::trailers(trailers)))
                }
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Chunks { left: 0, .. })
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Chunks { left, .. } | Kind::Stream { left: Some(left), .. } => SizeHint::with_exact(*left),
            Kind::Stream { left: None, .. } | Kind::Told(_) => SizeHint::default(),
        }
    }
}
