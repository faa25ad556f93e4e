//! Clean HTTP from whatever a provider made of it: what a viewer is answered of a file that is coming in.

use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use httpd::{Body, Range};

use super::asked::Asked;
use super::part::{Named, Part, SKIP};
use super::yielding;
use crate::play::Request;
use crate::refusal::Refusal;
use crate::upstream::file::{Open, Way};

/// What to do where a provider gives no ranges.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rangeless {
    /// A film has its index where it is: another part than the one that was asked for is no use.
    Refused,
    /// Television can be begun anywhere: it is given from its beginning.
    Whole,
}

/// The answer to what was `asked`, out of `open`, which `request` reads from now on.
///
/// # Errors
/// The range lies behind the end, or the provider has begun elsewhere.
pub(super) fn answer(
    asked: &Asked,
    way: Way,
    open: Open,
    request: Request,
    media_type: HeaderValue,
    rangeless: Rangeless,
) -> Result<httpd::Response, Refusal> {
    let Open { from, size, etag, ranges, is_made, body } = open;
    let whole = from == 0 && (is_made || rangeless == Rangeless::Whole);
    let placed = match is_made {
        true => None, // nobody can have a part of it
        false => place(asked, from, size)?.filter(|_| ranges || !whole),
    };
    let placed = placed.or(whole.then_some(Placed { status: StatusCode::OK, start: 0, end: size }));
    let Placed { status, start, end } = placed.ok_or(Refusal::NoRanges)?;
    let left = end.map(|end| end - start);
    let file = Named { way, size, etag: etag.clone() };
    request.open(body);
    // Whoever does not hear what is said behind a body must not take what broke off for the whole: it is cut.
    let is_told = !request.is_watched() && asked.hears_trailers();
    let part = Part::new(request, file, start, start - from, left);
    let mut response = Response::new(match left {
        _ if is_told => yielding::body(part, is_made),
        Some(left) => Body::sized_stream(left, part),
        None => Body::stream(part),
    });
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    if is_told {
        yielding::describe(headers, (start, end, size));
    }
    if let Some(size) = size
        && (ranges || rangeless == Rangeless::Refused)
    {
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if status == StatusCode::PARTIAL_CONTENT {
            let range = format!("bytes {start}-{}/{size}", end.unwrap_or(size) - 1);
            headers.insert(header::CONTENT_RANGE, HeaderValue::try_from(range).expect("digits"));
        }
    }
    if let Some(Ok(etag)) = etag.map(HeaderValue::try_from) {
        headers.insert(header::ETAG, etag);
    }
    Ok(response)
}

/// Bytes `start..end` of a file.
struct Placed {
    status: StatusCode,
    start: u64,
    /// `None` for what is of unknown size.
    end: Option<u64>,
}

/// What of a file that comes in from `from` on answers the request; `None` if nothing of it does.
fn place(asked: &Asked, from: u64, size: Option<u64>) -> Result<Option<Placed>, Refusal> {
    let Some(size) = size else {
        // Without a size there is only the whole, also for the many players who ask for `bytes=0-` at first.
        let whole = asked.ask(None)?.part.is_none_or(|part| part == (0, None)) && from == 0;
        return Ok(whole.then_some(Placed { status: StatusCode::OK, start: 0, end: None }));
    };
    let (status, start, end) = match asked.range(size) {
        Range::Whole => (StatusCode::OK, 0, size),
        Range::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start, end),
        Range::Unsatisfiable => return Err(Refusal::Range(size)),
    };
    let near = start.checked_sub(from).is_some_and(|skip| skip <= SKIP);
    Ok(near.then_some(Placed { status, start, end: Some(end) }))
}
