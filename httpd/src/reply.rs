//! Short answers, each made in one place.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};

use crate::Body;

/// `application/json`, spelt as strict clients want it.
pub const JSON: &str = "application/json; charset=utf-8";

/// A status and a line of text for the person who looks.
pub fn text(status: StatusCode, text: impl Into<String>) -> crate::Response {
    typed(status, "text/plain; charset=utf-8", text.into())
}

/// A JSON document that is already written.
pub fn json(status: StatusCode, document: impl Into<bytes::Bytes>) -> crate::Response {
    typed(status, JSON, document.into())
}

/// A status without a body.
pub fn empty(status: StatusCode) -> crate::Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// "Not now": 503 with the number of seconds after which a client should ask again.
pub fn unavailable(seconds: u32, why: &str) -> crate::Response {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// 302 that no cache may keep. Never 301: players and browsers keep those for ever.
///
/// A `location` that is no header value (a control character in it) is answered with 404.
pub fn redirect(location: &str) -> crate::Response {
    let Ok(location) = HeaderValue::try_from(location) else { return empty(StatusCode::NOT_FOUND) };
    let mut response = empty(StatusCode::FOUND);
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The answer to `OPTIONS`: web players on other origins may ask, also from the internet into the network at home, where
/// `request` wants to know that.
pub fn preflight(request: &HeaderMap) -> crate::Response {
    let mut response = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers
        .insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST, OPTIONS"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Range, Content-Type, Authorization"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    if request.contains_key("access-control-request-private-network") {
        headers.insert("access-control-allow-private-network", HeaderValue::from_static("true"));
    }
    cors(response)
}

/// Lets pages of other origins read the answer. Credentials are in the URL, never in cookies, so `*` gives nothing
/// away that the URL did not.
pub fn cors(mut response: crate::Response) -> crate::Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Content-Length, Content-Range, Date, ETag"),
    );
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    headers.insert("timing-allow-origin", HeaderValue::from_static("*"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn typed(status: StatusCode, content_type: &'static str, body: impl Into<bytes::Bytes>) -> crate::Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
