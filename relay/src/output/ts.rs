//! A channel as one endless transport stream.

use contract::ticket::pass::WHY;
use http::Response;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use httpd::Body;

use super::yielding;
use crate::subscriber::{Recorder, Subscriber};

/// The head of the answer. No length and no ranges: it has no end. `Connection: close`, because after its end there is
/// nothing sensible to say on this connection.
const HEAD: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("video/mp2t")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::CONNECTION, HeaderValue::from_static("close")),
    // Reverse proxies would collect it before they pass it on.
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
];

/// To `HEAD`: what would come, and nothing is received for it.
pub(crate) fn head() -> httpd::Response {
    answer(Body::empty())
}

/// The stream of one viewer.
pub(crate) fn stream(subscriber: Subscriber) -> httpd::Response {
    answer(Body::stream(subscriber))
}

/// The stream of somebody who records.
pub(crate) fn record(recorder: Recorder) -> httpd::Response {
    let mut response = answer(yielding::endless(recorder));
    response.headers_mut().insert(header::TRAILER, HeaderValue::from_static(WHY));
    response
}

fn answer(body: Body) -> httpd::Response {
    let mut response = Response::new(body);
    *response.headers_mut() = HeaderMap::from_iter(HEAD);
    response
}
