//! One viewer's film: one seat and one slot, however many parts of it his player asks for at once.
//!
//! A player opens a film with about three requests: the beginning, the index near the end, the beginning again. They
//! share a [`Play`], and so does the next one when he seeks a moment later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::headend::{Claim, Headend};
use crate::refusal::Failure;
use crate::seat::{Client, Seat};
use crate::slot::{Holder, Slot};
use crate::upstream::file::Body;

/// Who plays what.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) user: String,
    pub(crate) client: Client,
    pub(crate) film: u32,
}

/// A film that is being played.
pub(crate) struct Play {
    number: u64,
    seat: Seat,
    /// Simultaneous requests wait for one slot.
    claimed: OnceCell<usize>,
    parts: Mutex<Parts>,
}

/// What is open at the provider.
#[derive(Default)]
struct Parts {
    slot: Option<Slot>,
    /// By the number of the request.
    open: HashMap<u64, Part>,
    last: u64,
    /// Requests that are being answered.
    requests: u32,
    closed: bool,
}

struct Part {
    body: Body,
    waiting: Option<Waker>,
}

/// One request for a part of a film. Dropping it closes what it has open.
pub(crate) struct Request {
    pub(crate) play: Arc<Play>,
    pub(crate) headend: Arc<Headend>,
    number: u64,
}

impl Play {
    pub(crate) fn new(number: u64, seat: Seat) -> Arc<Self> {
        let (claimed, parts) = (OnceCell::new(), Mutex::default());
        let play = Arc::new(Self { number, seat, claimed, parts });
        play.seat.hold_film(&play);
        play
    }

    pub(crate) fn holder(&self) -> Holder {
        Holder::Film(self.number)
    }

    /// The seat was given to somebody else.
    pub(crate) fn closed(&self) -> bool {
        self.parts().closed
    }

    /// Closes everything it has open, now.
    pub(crate) fn close(&self) {
        let (open, slot) = {
            let mut parts = self.parts();
            parts.closed = true;
            (std::mem::take(&mut parts.open), parts.slot.take())
        };
        open.into_values().filter_map(|part| part.waiting).for_each(Waker::wake);
        drop(slot);
    }

    /// A request begins; to be called under the lock of the house.
    pub(crate) fn enter(self: Arc<Self>, headend: Arc<Headend>) -> Request {
        let mut parts = self.parts();
        parts.last += 1;
        parts.requests += 1;
        let number = parts.last;
        drop(parts);
        Request { play: self, headend, number }
    }

    /// A request has ended; to be called under the lock of the house. Whether it was the last one, and has left a
    /// connection behind that is worth keeping.
    pub(crate) fn leave(&self, number: u64) -> bool {
        let mut parts = self.parts();
        parts.requests -= 1;
        let part = parts.open.remove(&number);
        let last = parts.requests == 0 && parts.slot.is_some();
        drop(parts);
        drop(part);
        last
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().expect("nobody panics while holding this lock")
    }
}

impl Request {
    /// Takes a connection of `account` for the film, unless it has one. With which of the account's logins to dial.
    ///
    /// # Errors
    /// [`Failure::Full`]
    pub(crate) async fn claim(&self, account: &str) -> Result<usize, Failure> {
        let (play, headend) = (&self.play, &self.headend);
        let claimed = play.claimed.get_or_try_init(|| async {
            let claim = Claim { account, holder: play.holder(), asking: play.seat.asking(), except: &[] };
            let slot = headend.claim(claim).await?;
            let mut parts = play.parts();
            match parts.closed {
                true => Err(Failure::Closing),
                false => Ok(parts.slot.insert(slot).login()),
            }
        });
        claimed.await.copied()
    }

    /// From now on this request reads `body`.
    pub(crate) fn open(&self, body: Body) {
        let mut parts = self.play.parts();
        if !parts.closed {
            parts.open.insert(self.number, Part { body, waiting: None });
        }
    }

    /// The next bytes from the provider; `None` at their end.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        let mut parts = self.play.parts();
        let Some(part) = parts.open.get_mut(&self.number) else {
            return Poll::Ready(Some(Err(Failure::Closing)));
        };
        let polled = part.body.poll_next(cx);
        part.waiting = polled.is_pending().then(|| cx.waker().clone());
        if let Poll::Ready(Some(Ok(bytes))) = &polled {
            self.headend.tally.films.received.add(bytes.len() as u64);
        }
        polled
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.headend.paused(&self.play, self.number);
    }
}
