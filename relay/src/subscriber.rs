//! One viewer's stream: a place in a feed and a seat. It is the body of his answer; there is no task.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;

use crate::feed::{Cursor, Feed};
use crate::headend::Viewing;
use crate::refusal::Failure;
use crate::seat::Seat;

/// A viewer of a channel. When hyper drops it, the viewer has left.
pub(crate) struct Subscriber {
    feed: Arc<Feed>,
    cursor: Cursor,
    seat: Seat,
}

impl Subscriber {
    pub(crate) fn new(viewing: Viewing, seat: Seat) -> Self {
        let feed = viewing.feed();
        seat.hold_channel(viewing);
        Self { feed, cursor: Cursor::default(), seat }
    }

    /// Waits until there is something to see.
    ///
    /// # Errors
    /// Why there will be nothing.
    pub(crate) async fn started(&self) -> Result<(), Failure> {
        self.feed.started_or_failed().await
    }
}

impl Stream for Subscriber {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { feed, cursor, seat } = &mut *self;
        if seat.is_cut() {
            return Poll::Ready(None);
        }
        feed.poll_next(cursor, cx).map(|bytes| bytes.map(Ok))
    }
}

/// Somebody who records a channel. When hyper drops it, he has left.
pub(crate) struct Recorder {
    feed: Arc<Feed>,
    cursor: Cursor,
    _viewing: Viewing,
}

impl Recorder {
    pub(crate) fn new(viewing: Viewing) -> Self {
        Self { feed: viewing.feed(), cursor: Cursor::default(), _viewing: viewing }
    }

    /// Waits until there is something to record.
    ///
    /// # Errors
    /// Why there will be nothing.
    pub(crate) async fn started(&self) -> Result<(), Failure> {
        self.feed.started_or_failed().await
    }
}

impl Stream for Recorder {
    type Item = Result<Bytes, Failure>;

    /// The last item says why there are no more.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { feed, cursor, .. } = &mut *self;
        let ended = || feed.why().unwrap_or(Failure::Ended);
        feed.poll_next(cursor, cx).map(|bytes| Some(bytes.ok_or_else(ended)))
    }
}
