//! A representation that exists already, and the conditional and partial answers it can give.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};

use crate::{Body, Coding, Range};

/// Bytes that can be sent as they are, with what a client or a cache needs to know of them.
#[derive(Clone, Debug)]
pub struct Entity {
    /// The bytes in order; slices of a mapped file as a rule.
    pub chunks: Vec<Bytes>,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// A strong validator without its quotes; one per coding (RFC 9110 section 8.8.3). Empty: none.
    pub etag: String,
    /// How `chunks` are coded.
    pub coding: Coding,
    /// `Cache-Control`.
    pub cache: &'static str,
    /// Whether parts may be asked for.
    pub ranges: bool,
}

impl Entity {
    /// 200, or 304 when the client has it already, or 206 and 416 when it asks for a part.
    pub fn reply(self, request: &HeaderMap) -> crate::Response {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.cache));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        let quoted = format!("\"{}\"", self.etag);
        if !self.etag.is_empty() {
            let etag = HeaderValue::try_from(&quoted).expect("validators are made of hexadecimal digits");
            headers.insert(header::ETAG, etag);
            if matches(request, &quoted) {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                return response;
            }
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some(coding) = self.coding.name() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        if self.ranges {
            headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        }
        let size = self.chunks.iter().map(|chunk| chunk.len() as u64).sum();
        // RFC 9110 section 13.1.5: a range of something else than what the client holds is no use to it.
        let stale = request.get(header::IF_RANGE).is_some_and(|value| value.as_bytes() != quoted.as_bytes());
        let wanted = if self.ranges && !stale { crate::range(request, size) } else { Range::Whole };
        match wanted {
            Range::Whole => *response.body_mut() = Body::chunks(self.chunks),
            Range::Part { start, end } => {
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                let described = format!("bytes {start}-{}/{size}", end - 1);
                let described = HeaderValue::try_from(described).expect("digits");
                response.headers_mut().insert(header::CONTENT_RANGE, described);
                *response.body_mut() = Body::chunks(cut(self.chunks, start, end));
            }
            Range::Unsatisfiable => {
                *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
                let described = HeaderValue::try_from(format!("bytes */{size}")).expect("digits");
                response.headers_mut().insert(header::CONTENT_RANGE, described);
            }
        }
        response
    }
}

/// `If-None-Match`, compared weakly as RFC 9110 section 13.1.2 wants it: a proxy may have weakened our validator.
fn matches(request: &HeaderMap, quoted: &str) -> bool {
    request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value
            .split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == quoted)
    })
}

/// Bytes `start..end` of the chunks laid end to end.
fn cut(chunks: Vec<Bytes>, start: u64, end: u64) -> Vec<Bytes> {
    let mut at = 0;
    let mut cut = Vec::new();
    for chunk in chunks {
        let length = chunk.len() as u64;
        let from = start.saturating_sub(at).min(length) as usize;
        let to = end.saturating_sub(at).min(length) as usize;
        if from < to {
            cut.push(chunk.slice(from..to));
        }
        at += length;
    }
    cut
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn entity() -> Entity {
        Entity {
            chunks: vec![Bytes::from_static(b"abc"), Bytes::from_static(b"defg")],
            content_type: "text/plain",
            etag: "77".into(),
            coding: Coding::Identity,
            cache: "no-cache",
            ranges: true,
        }
    }

    fn request(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    async fn text(response: crate::Response) -> String {
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn parts_may_cross_chunks() {
        let response = entity().reply(&request(header::RANGE, "bytes=2-4"));
        assert_eq!(response.status(), 206);
        assert_eq!(response.headers()[header::CONTENT_RANGE], "bytes 2-4/7");
        assert_eq!(text(response).await, "cde");
        let response = entity().reply(&request(header::RANGE, "bytes=7-"));
        assert_eq!(
            (response.status(), &response.headers()[header::CONTENT_RANGE]),
            (StatusCode::RANGE_NOT_SATISFIABLE, &HeaderValue::from_static("bytes */7"))
        );
    }

    #[tokio::test]
    async fn a_client_that_has_it_gets_no_body() {
        for tag in ["\"77\"", "W/\"77\"", "\"1\", \"77\"", "*"] {
            let response = entity().reply(&request(header::IF_NONE_MATCH, tag));
            assert_eq!(response.status(), 304, "{tag}");
            assert_eq!(text(response).await, "");
        }
        assert_eq!(entity().reply(&request(header::IF_NONE_MATCH, "\"78\"")).status(), 200);
    }

    #[tokio::test]
    async fn a_range_of_something_older_becomes_the_whole() {
        let mut headers = request(header::RANGE, "bytes=0-1");
        headers.insert(header::IF_RANGE, "\"76\"".parse().unwrap());
        assert_eq!(text(entity().reply(&headers)).await, "abcdefg");
        headers.insert(header::IF_RANGE, "\"77\"".parse().unwrap());
        assert_eq!(text(entity().reply(&headers)).await, "ab");
    }
}
