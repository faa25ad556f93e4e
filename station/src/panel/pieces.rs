//! Documents made while they are sent: a hundred thousand entries cost one buffer.

use std::io;

use bytes::Bytes;
use futures_util::stream;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use httpd::{Body, Response};

/// About how much is made at a time.
const PIECE: usize = 64 * 1024;

/// An answer that `step` writes part by part until it returns false. A part should be small against 64 KiB.
pub(crate) fn pieces(
    content_type: &'static str,
    step: impl FnMut(&mut Vec<u8>) -> bool + Send + 'static,
) -> Response {
    let body = stream::unfold((step, true), |(mut step, mut more)| async move {
        if !more {
            return None;
        }
        let mut out = Vec::with_capacity(PIECE + PIECE / 8);
        while more && out.len() < PIECE {
            more = step(&mut out);
        }
        Some((Ok::<_, io::Error>(Bytes::from(out)), (step, more)))
    });
    let mut answer = Response::new(Body::stream(body));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// Steps for [`pieces`]: a head, a part for every number, a tail.
pub(crate) fn over(
    mut numbers: std::ops::Range<u32>,
    head: Vec<u8>,
    mut part: impl FnMut(u32, &mut Vec<u8>) + Send + 'static,
    tail: &'static [u8],
) -> impl FnMut(&mut Vec<u8>) -> bool + Send + 'static {
    let mut head = Some(head);
    move |out| {
        if let Some(head) = head.take() {
            out.extend(head);
            return true;
        }
        let Some(number) = numbers.next() else {
            out.extend_from_slice(tail);
            return false;
        };
        part(number, out);
        true
    }
}
