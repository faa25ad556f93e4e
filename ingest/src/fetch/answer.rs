//! An answer whose body is still to come, from the web or from a file.

use bytes::Bytes;
use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::time::{Duration, Instant, timeout_at};

use super::Failure;
use super::ledger::Permit;

/// Bytes that are read of a file at a time.
const PIECE: usize = 1 << 17;

/// What a server says of a document besides its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// What was asked for conditionally is as it was: there is no body.
    pub(crate) same: bool,
    /// `ETag`, with its quotes.
    pub(crate) etag: Option<String>,
    /// `Last-Modified`, as it was spelled.
    pub(crate) modified: Option<String>,
    /// `Content-Type`, in lower case.
    pub(crate) content_type: Option<String>,
    /// Bytes of the body, where it is known before it is over and the body was not packed for the journey.
    pub(crate) length: Option<u64>,
}

impl Facts {
    pub(super) fn of(response: &Response) -> Self {
        let text = |headers: &HeaderMap, name| {
            let value: &header::HeaderValue = headers.get(name)?;
            // Remembered and sent back: what is longer is no validator but a nuisance.
            value.to_str().ok().filter(|text| text.len() <= 1024).map(str::to_owned)
        };
        let headers = response.headers();
        Self {
            same: response.status() == StatusCode::NOT_MODIFIED,
            etag: text(headers, header::ETAG),
            modified: text(headers, header::LAST_MODIFIED),
            content_type: text(headers, header::CONTENT_TYPE).map(|text| text.to_ascii_lowercase()),
            length: response.content_length(),
        }
    }
}

/// Where the bytes come from.
#[derive(Debug)]
pub(super) enum Body {
    /// A server. Packing for the journey (`Content-Encoding`) is undone; packed files stay packed.
    Web(Response),
    /// A disk.
    File(File),
    /// A tape: what came, and why not more.
    Tape(File, Option<Failure>),
    /// Nowhere: there are none.
    Nothing,
}

/// An answer whose body is still to come. While it is held its request counts as running.
#[derive(Debug)]
pub(crate) struct Answer {
    facts: Facts,
    body: Body,
    received: u64,
    /// When the patience is at its end.
    ends: Instant,
    patience: Duration,
    /// What came in percent, as a tape says: there, bodies are unpacked.
    told: Option<u64>,
    _permit: Option<Permit>,
}

impl Answer {
    pub(super) fn new(
        facts: Facts,
        body: Body,
        patience: Duration,
        ends: Instant,
        permit: Option<Permit>,
    ) -> Self {
        let body = if facts.same { Body::Nothing } else { body };
        Self { facts, body, received: 0, ends, patience, told: None, _permit: permit }
    }

    /// What a tape has in `file`: up to its end, and then why not more, and how many percent that is.
    pub(crate) fn taped(
        facts: Facts,
        file: File,
        failure: Option<Failure>,
        told: Option<u64>,
        patience: Duration,
    ) -> Self {
        let body = Body::Tape(file, failure);
        Self { told, ..Self::new(facts, body, patience, Instant::now() + patience, None) }
    }

    /// The same once more, from where what was received has been written.
    pub(crate) fn again(self, file: File, failure: Option<Failure>) -> Self {
        let told = self.percent();
        Self::taped(self.facts, file, failure, told, self.patience)
    }

    /// What is known of the document.
    pub(crate) const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The next piece of the body; `None` at its end, and only there.
    ///
    /// # Errors
    /// The connection broke, or the patience is at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let chunk = timeout_at(self.ends, self.body.chunk()).await;
        let chunk = chunk.map_err(|_| Failure::Slow(self.patience.as_secs()))??;
        self.received += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Ok(chunk)
    }

    /// How much of the body has come, in bytes.
    pub(crate) const fn received(&self) -> u64 {
        self.received
    }

    /// How much of the body has come, in percent, where its size is known.
    pub(crate) fn percent(&self) -> Option<u64> {
        if self.told.is_some() {
            return self.told;
        }
        self.facts
            .length
            .filter(|length| *length > 0)
            .map(|length| self.received.saturating_mul(100) / length)
    }

    /// The whole body of a small document.
    ///
    /// # Errors
    /// As [`Self::chunk`], and there is more than `largest` bytes: what is too large is refused, not cut.
    pub(crate) async fn whole(mut self, largest: usize) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > largest {
                return Err(Failure::Refused(format!("the answer is larger than {largest} bytes")));
            }
        }
        Ok(body)
    }
}

impl Body {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Web(response) => response.chunk().await.map_err(Failure::connection),
            Self::File(file) => piece(file).await,
            Self::Tape(file, failure) => match piece(file).await? {
                None => failure.take().map_or(Ok(None), Err),
                some => Ok(some),
            },
            Self::Nothing => Ok(None),
        }
    }
}

async fn piece(file: &mut File) -> Result<Option<Bytes>, Failure> {
    let mut piece = Vec::with_capacity(PIECE);
    let read = file.read_buf(&mut piece).await;
    read.map_err(|error| Failure::Disk(format!("the file cannot be read: {error}")))?;
    Ok((!piece.is_empty()).then(|| piece.into()))
}
