//! What those are told who give way to viewers: that they get nothing, or no more, and why.

use bytes::Bytes;
use contract::ticket::pass::{WHY, Why};
use futures_util::{Stream, StreamExt, stream};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use httpd::Body;

use super::part::Part;
use crate::refusal::{Failure, Refusal};

/// The body of an answer. Where it ends early, a trailer says why; a length that was promised could only be broken. Behind
/// the whole of what `is_made` a trailer says that it is, which else nobody could know.
pub(super) fn body(part: Part, is_made: bool) -> Body {
    let told = |why| HeaderMap::from_iter([said(why)]);
    let part = part.map(move |bytes| {
        bytes.map_err(|error| {
            told(error.get_ref().and_then(|inner| inner.downcast_ref()).map_or(Why::Broken, of_film))
        })
    });
    Body::told(part.chain(stream::iter(is_made.then(|| Err(told(Why::Whole))))))
}

/// The same of what has no end: whenever it ends, a trailer says why.
pub(super) fn endless(stream: impl Stream<Item = Result<Bytes, Failure>> + Send + 'static) -> Body {
    Body::told(stream.map(|bytes| bytes.map_err(|failure| HeaderMap::from_iter([said(of(&failure))]))))
}

/// Says where in the file the body begins, which without a length nothing else does, and what comes behind it.
pub(super) fn describe(headers: &mut HeaderMap, (start, end, size): (u64, Option<u64>, Option<u64>)) {
    headers.insert(header::TRAILER, HeaderValue::from_static(WHY));
    if let (Some(end), Some(size)) = (end, size)
        && end > start
    {
        let range = format!("bytes {start}-{}/{size}", end - 1);
        headers.insert(header::CONTENT_RANGE, HeaderValue::try_from(range).expect("digits"));
    }
}

/// What a refusal means, as a header of it.
pub(crate) fn why(refusal: &Refusal) -> Option<(HeaderName, HeaderValue)> {
    match refusal {
        Refusal::Upstream(failure) => Some(said(of(failure))),
        Refusal::Unmade(obstacle) => Some(said(Why::Unsupported(*obstacle))),
        Refusal::Unknown => Some(said(Why::Status(404))),
        _ => None,
    }
}

fn of_film(failure: &Failure) -> Why {
    match failure {
        Failure::Unsupported(obstacle) => Why::Unsupported(*obstacle),
        failure => of(failure),
    }
}

/// Of a channel nothing is final: another of its upstreams may be back soon, and what is sent until then is lost.
fn of(failure: &Failure) -> Why {
    match failure {
        Failure::Full | Failure::Busy(_) | Failure::Closing => Why::Slot,
        Failure::Refused(status) => Why::Status(*status),
        Failure::Page => Why::Foreign,
        Failure::Incomplete => Why::Incomplete,
        _ => Why::Broken,
    }
}

fn said(why: Why) -> (HeaderName, HeaderValue) {
    (HeaderName::from_static(WHY), HeaderValue::try_from(why.to_string()).expect("words and digits"))
}
