//! Fetching one segment or key.

use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderValue};
use http::{HeaderName, StatusCode};
use reqwest::Response;
use tokio::time::timeout;

use super::fetch::Fetcher;
use super::piece::Piece;
use super::shelf::{Shelf, Want};
use crate::refusal::Failure;
use crate::upstream::dial;

/// The largest piece, in bytes: ten seconds at fifty megabits.
const LARGEST: u64 = 64 * 1024 * 1024;
/// A transport stream's packet.
const PACKET: u64 = 188;

const TOO_LARGE: Failure = Failure::Foreign("a segment that is too large");

/// A piece on its way. However that ends, nobody waits for it for ever.
struct Parcel<'a> {
    piece: Arc<Piece>,
    shelf: &'a Shelf,
}

impl Drop for Parcel<'_> {
    fn drop(&mut self) {
        if self.piece.ended().is_none() {
            self.piece.end(Err(Failure::Closing));
        }
    }
}

/// Fetches what is wanted; a second time where the first broke off. What does not come in time, be it that a provider
/// sends it byte by byte, is given up, so that the rest of the channel goes on.
pub(super) async fn deliver(fetcher: &Fetcher, shelf: &Shelf, want: Want) {
    let parcel = Parcel { piece: want.piece.clone(), shelf };
    let fetching = async {
        match parcel.fetch(fetcher, &want).await {
            Err(Failure::Dead(_) | Failure::Ended) => parcel.fetch(fetcher, &want).await,
            how => how,
        }
    };
    let how = timeout(shelf.deadline(), fetching).await.unwrap_or(Err(Failure::Silent));
    if let Err(Failure::Refused(401 | 403)) = how {
        shelf.hurry(); // its address may have lived too long: the playlist has a new one
    }
    parcel.piece.end(how);
    shelf.trim();
}

impl Parcel<'_> {
    /// Asks, and takes in what the piece does not have yet.
    async fn fetch(&self, fetcher: &Fetcher, want: &Want) -> Result<(), Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some((start, end)) = want.key.range {
            let range = HeaderValue::try_from(format!("bytes={start}-{}", end - 1)).expect("digits");
            headers.insert(header::RANGE, range);
        }
        let response = fetcher.get(&want.link.url, &headers).await?.response;
        let (skip, left) = position(&response, want.key.range)?;
        let length = left.or_else(|| response.content_length());
        let exact = want.link.size.filter(|_| want.key.range.is_none());
        if length.is_some_and(|length| length > LARGEST) {
            return Err(TOO_LARGE);
        }
        if exact.is_some_and(|exact| length.is_some_and(|length| length != exact)) {
            return Err(Failure::Foreign("a key of another size"));
        }
        self.piece.promise(length);
        self.take_in(response, skip + self.piece.size(), left).await?;
        match (self.piece.size(), exact) {
            (0, _) => Err(Failure::Ended),
            (size, Some(exact)) if size != exact => Err(Failure::Foreign("a key of another size")),
            (size, _) if length.is_some_and(|length| size < length) => Err(Failure::Ended),
            (size, _) if length.is_none() && self.piece.is_transport() && size % PACKET != 0 => {
                Err(Failure::Ended)
            }
            _ => Ok(()),
        }
    }

    /// Takes in what comes after `skip` bytes, `left` of the answer at most.
    async fn take_in(&self, mut response: Response, skip: u64, left: Option<u64>) -> Result<(), Failure> {
        let mut skip = skip;
        while let Some(chunk) = response.chunk().await.map_err(|error| dial::failure(&error))? {
            self.shelf.meter.received(chunk.len() as u64);
            let skipped = skip.min(chunk.len() as u64);
            skip -= skipped;
            let chunk = &chunk[skipped as usize..];
            let room = left.map_or(u64::MAX, |left| left - self.piece.size()).min(chunk.len() as u64);
            if self.piece.size() + room > LARGEST {
                return Err(TOO_LARGE);
            }
            if room > 0 {
                self.piece.push(&chunk[..room as usize]);
            }
            if left == Some(self.piece.size()) {
                break; // and what comes after it is not waited for
            }
        }
        Ok(())
    }
}

/// How many bytes of an answer come before those that were asked for, and how many are meant.
fn position(response: &Response, range: Option<(u64, u64)>) -> Result<(u64, Option<u64>), Failure> {
    let headers = response.headers();
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = text(header::CONTENT_TYPE).to_ascii_lowercase();
    let page = kind.starts_with("text/html") || kind.starts_with("application/json");
    match (response.status(), range) {
        (StatusCode::OK | StatusCode::PARTIAL_CONTENT, _) if page => Err(Failure::Page),
        (StatusCode::OK, None) => Ok((0, None)),
        // A server that knows no ranges sends everything.
        (StatusCode::OK, Some((start, end))) if end <= LARGEST => Ok((start, Some(end - start))),
        (StatusCode::OK, Some(_)) => Err(TOO_LARGE),
        (StatusCode::PARTIAL_CONTENT, Some((start, end))) => {
            let said = text(header::CONTENT_RANGE).trim().strip_prefix("bytes").unwrap_or("");
            let from = said.trim().split('-').next().and_then(|from| from.parse::<u64>().ok());
            match from {
                Some(from) if from == start => Ok((0, Some(end - start))),
                _ => Err(Failure::Foreign("another part of a segment")),
            }
        }
        _ => Err(dial::refused(response)),
    }
}
