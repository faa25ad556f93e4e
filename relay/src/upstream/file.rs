//! A film: a file over HTTP, as panels serve it.
//!
//! Their answers deviate from RFC 9110 in known ways: a whole file with a `Content-Range`, 416 with the range that was
//! asked for in place of `*`, ranges ignored, suffixes misread. What is certain here is where the bytes begin and how
//! large the file is, if anybody said so.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use contract::bundle::Upstream;
use futures_util::Stream;
use http::header::{self, HeaderMap, HeaderName};
use reqwest::Response;

use super::dial::{self, Dialler};
use crate::refusal::Failure;

/// A provider's answer.
pub(crate) enum File {
    /// Bytes of the file.
    Open {
        /// Where in the file they begin.
        from: u64,
        /// How large the file is.
        size: Option<u64>,
        /// The bytes.
        body: Body,
    },
    /// There are none where they were asked for.
    Behind {
        /// How large the file is.
        size: Option<u64>,
    },
}

/// Bytes that are coming in. Dropping it closes the connection.
pub(crate) struct Body(Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>);

impl File {
    /// Asks for the whole file, or for its bytes from `part.0` on, up to `part.1`.
    ///
    /// # Errors
    /// The provider refuses, or there is no provider.
    pub(crate) async fn open(
        dialler: &Dialler,
        upstream: &Upstream,
        login: usize,
        part: Option<(u64, Option<u64>)>,
    ) -> Result<Self, Failure> {
        let range = part.map(|(start, end)| match end {
            Some(end) => format!("bytes={start}-{}", end - 1),
            None => format!("bytes={start}-"),
        });
        let response = dialler.get(upstream, login, range.as_deref()).await?;
        let headers = response.headers();
        match response.status().as_u16() {
            416 => Ok(Self::Behind { size: described(headers).1 }),
            200 | 206 if is_page(headers) => Err(Failure::Foreign("a page")),
            200 => {
                let size = number(headers, header::CONTENT_LENGTH);
                Ok(Self::Open { from: 0, size, body: Body::of(response) })
            }
            206 => {
                let (from, size) = described(headers);
                let from = from.ok_or(Failure::Foreign("an unknown part of the file"))?;
                Ok(Self::Open { from, size, body: Body::of(response) })
            }
            _ => Err(dial::refused(&response)),
        }
    }
}

impl Body {
    fn of(response: Response) -> Self {
        Self(Box::pin(response.bytes_stream()))
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        self.0.as_mut().poll_next(cx).map_err(|error| dial::failure(&error))
    }
}

/// Where the bytes begin and how large the file is, by `Content-Range: bytes FROM-TO/SIZE`; either may be a `*`.
fn described(headers: &HeaderMap) -> (Option<u64>, Option<u64>) {
    let value = headers.get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let range = value.trim().strip_prefix("bytes").and_then(|range| range.split_once('/'));
    let Some((range, size)) = range else { return (None, None) };
    let from = range.split('-').next().and_then(|from| from.trim().parse().ok());
    (from, size.trim().parse().ok())
}

fn number(headers: &HeaderMap, name: HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// An error page, or a document of the panel's API.
fn is_page(headers: &HeaderMap) -> bool {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let said = said.to_ascii_lowercase();
    said.starts_with("text/html") || said.starts_with("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let headers = HeaderMap::from_iter([(header::CONTENT_RANGE, value.parse().unwrap())]);
            assert_eq!(described(&headers), expected, "{value}");
        }
        assert_eq!(described(&HeaderMap::new()), (None, None));
    }
}
