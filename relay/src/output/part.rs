//! A part of a file on its way to a viewer: the body of his answer.
//!
//! Where the provider's connection breaks, it is made anew from there, and the viewer notices nothing. It must be the same
//! file, which is not taken on trust: size and validator must be those of before, and the last bytes that were sent must
//! come again.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;

use crate::play::Request;
use crate::refusal::Failure;
use crate::upstream::file::{Ask, Body, File, Open, Way};

/// Where a provider ignores ranges, at most this much is read and thrown away to get to the one that was asked for.
pub(super) const SKIP: u64 = 1024 * 1024;
/// So many of the last bytes must come again.
const PROOF: usize = 4096;
/// The rests before a connection is made anew, one after the other: some providers go on counting the broken one.
const RESTS: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// After so many bytes the rests begin again.
const PAID: u64 = 1024 * 1024;

/// Bytes of a file for one viewer.
pub(super) struct Part {
    request: Request,
    file: Named,
    /// Where in the file the next byte of the viewer stands.
    at: u64,
    /// Bytes to be sent; `None` for all that come.
    left: Option<u64>,
    /// Bytes to be thrown away first,
    skip: u64,
    /// and then those that must come again.
    again: Bytes,
    /// The last bytes that were sent.
    sent: Bytes,
    breaks: usize,
    /// Bytes since the last break.
    since: u64,
    reopening: Option<Reopening>,
}

type Reopening = Pin<Box<dyn Future<Output = Result<(u64, Body), Failure>> + Send>>;

/// A file, by where it is had and what is known of it.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) way: Way,
    pub(super) size: Option<u64>,
    pub(super) etag: Option<String>,
}

impl Part {
    /// Bytes `start` and following of a file whose bytes from `start - skip` on the request has open; `left` of them, or
    /// all that come.
    pub(super) fn new(request: Request, file: Named, start: u64, skip: u64, left: Option<u64>) -> Self {
        Self {
            request,
            file,
            at: start,
            left,
            skip,
            again: Bytes::new(),
            sent: Bytes::new(),
            breaks: 0,
            since: 0,
            reopening: None,
        }
    }

    /// Makes the connection anew, unless that was tried often enough.
    fn broken(&mut self, why: Failure) -> io::Result<()> {
        if self.since >= PAID {
            self.breaks = 0;
        }
        // Without a size nobody knows whether there is more.
        let rest = RESTS.get(self.breaks).filter(|_| self.file.size.is_some());
        let Some(rest) = rest.filter(|_| why != Failure::Closing) else { return Err(io::Error::other(why)) };
        tracing::debug!(%why, at = self.at, "a file is opened again");
        (self.breaks, self.since) = (self.breaks + 1, 0);
        let headend = self.request.headend.clone();
        let (file, from) = (self.file.clone(), self.at - self.sent.len() as u64);
        self.reopening = Some(Box::pin(async move {
            tokio::time::sleep(*rest).await;
            let ask = Ask { part: Some((from, None)), if_range: file.etag.clone() };
            match File::open(&headend.dialler, &file.way, &ask).await? {
                File::Open(open) => file.rest(open, from),
                File::Behind { .. } | File::List => Err(Failure::Exchanged),
            }
        }));
        Ok(())
    }

    /// What of `bytes` is for the viewer.
    ///
    /// # Errors
    /// They are not those of the same file.
    fn taken(&mut self, mut bytes: Bytes) -> io::Result<Bytes> {
        let skipped = usize::try_from(self.skip).map_or(bytes.len(), |skip| skip.min(bytes.len()));
        bytes = bytes.split_off(skipped);
        self.skip -= skipped as u64;
        let known = self.again.len().min(bytes.len());
        if bytes.split_to(known) != self.again.split_to(known) {
            return Err(io::Error::other(Failure::Exchanged));
        }
        if let Some(left) = &mut self.left {
            bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= bytes.len() as u64;
        }
        self.at += bytes.len() as u64;
        self.since += bytes.len() as u64;
        if bytes.len() >= PROOF {
            self.sent = Bytes::copy_from_slice(&bytes[bytes.len() - PROOF..]);
        } else if !bytes.is_empty() {
            let sent = [&self.sent[..], &bytes].concat();
            self.sent = Bytes::from(sent).split_off((self.sent.len() + bytes.len()).saturating_sub(PROOF));
        }
        Ok(bytes)
    }
}

impl Named {
    /// What comes of `open` from `from` on, if it is this file: bytes to be thrown away first, and all.
    fn rest(&self, open: Open, from: u64) -> Result<(u64, Body), Failure> {
        let other = |known: &Option<String>| known.is_some() && open.etag.is_some() && *known != open.etag;
        if open.size != self.size || other(&self.etag) {
            return Err(Failure::Exchanged);
        }
        match from.checked_sub(open.from) {
            Some(skip) if skip <= SKIP => Ok((skip, open.body)),
            _ => Err(Failure::Foreign("another part of the file")),
        }
    }
}

impl Stream for Part {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let part = &mut *self;
        while part.left != Some(0) {
            if let Some(reopening) = &mut part.reopening {
                let reopened = ready!(reopening.as_mut().poll(cx));
                part.reopening = None;
                match reopened {
                    Ok((skip, body)) => {
                        (part.skip, part.again) = (skip, part.sent.clone());
                        part.request.open(body);
                    }
                    Err(why @ Failure::Exchanged) => {
                        return Poll::Ready(Some(Err(io::Error::other(why))));
                    }
                    Err(why) => part.broken(why)?,
                }
                continue;
            }
            match ready!(part.request.poll_next(cx)) {
                Some(Ok(bytes)) => match part.taken(bytes) {
                    Ok(bytes) if bytes.is_empty() => {}
                    taken => {
                        let sent = taken.as_ref().map_or(0, |bytes| bytes.len() as u64);
                        part.request.headend.tally.films.sent.add(sent);
                        return Poll::Ready(Some(taken));
                    }
                },
                None if part.left.is_none() => return Poll::Ready(None),
                None => part.broken(Failure::Ended)?,
                Some(Err(why)) => part.broken(why)?,
            }
        }
        Poll::Ready(None)
    }
}
