//! One viewer's film, or his catch-up of a channel: one seat and one slot, however many parts of it his player asks for
//! at once.
//!
//! A player opens a film with about three requests: the beginning, the index near the end, the beginning again. They
//! share a [`Play`], and so does the next one when he seeks a moment later. A player of catch-up seeks by asking for another
//! start: that takes the place of the one before.
//!
//! Whoever downloads has a play without a seat, one for each request, which ends when somebody who watches needs its
//! connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use contract::ticket::pass::Class;
use contract::user::User;
use tokio::sync::Notify;

use crate::headend::{Claim, Headend};
use crate::refusal::Failure;
use crate::remedy::Blame;
use crate::seat::{Client, Seat};
use crate::settings::Settings;
use crate::slot::{Holder, Slot};
use crate::upstream::file::Body;

/// What a segment of catch-up takes to be watched.
const MINUTE: Duration = Duration::from_secs(60);

/// Who plays what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) user: String,
    /// Through which of his tokens, if through one: what is taken back from one device is kept by no other.
    pub(crate) device: Option<Arc<str>>,
    pub(crate) client: Client,
    pub(crate) film: u32,
}

impl Key {
    pub(crate) fn new(user: &User, client: &Client, film: u32) -> Self {
        Self { user: user.name.clone(), device: user.device.clone(), client: client.clone(), film }
    }

    pub(crate) fn is_of(&self, user: &User, client: &Client) -> bool {
        self.user == user.name && self.device == user.device && self.client == *client
    }
}

/// A film that is being played.
pub(crate) struct Play {
    number: u64,
    /// None where nobody watches.
    seat: Option<Seat>,
    pub(crate) class: Class,
    /// Simultaneous requests wait for one slot.
    claiming: tokio::sync::Mutex<()>,
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
    /// The provider has given something of it.
    given: bool,
    /// Of catch-up: when what is being watched began, in Unix seconds.
    start: Option<i64>,
    /// It is fetched minute by minute, with rests between them.
    segmented: bool,
    /// The provider has refused, perhaps because it still counted a part that was closed.
    counted: bool,
    closed: bool,
    /// A connection is being made, which is given up before its slot is.
    dialling: Option<Arc<Notify>>,
}

struct Part {
    start: Option<i64>,
    body: Body,
    waiting: Option<Waker>,
}

/// One request for a part of a film. Dropping it closes what it has open.
pub(crate) struct Request {
    pub(crate) play: Arc<Play>,
    pub(crate) headend: Arc<Headend>,
    number: u64,
    /// Of catch-up.
    start: Option<i64>,
}

impl Play {
    pub(crate) fn new(number: u64, seat: Seat) -> Arc<Self> {
        let (claiming, parts) = Default::default();
        let play = Arc::new(Self { number, seat: Some(seat), class: Class::Viewer, claiming, parts });
        play.seat.iter().for_each(|seat| seat.hold_film(&play));
        play
    }

    /// One of somebody who does not watch.
    pub(crate) fn lesser(number: u64, class: Class) -> Arc<Self> {
        let (claiming, parts) = Default::default();
        Arc::new(Self { number, seat: None, class, claiming, parts })
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
            if let Some(dialling) = &parts.dialling {
                dialling.notify_one();
                return; // whoever dials gives the slot back once he does no more
            }
            (std::mem::take(&mut parts.open), parts.slot.take())
        };
        open.into_values().filter_map(|part| part.waiting).for_each(Waker::wake);
        drop(slot);
    }

    /// It was read, and nobody reads it now, though somebody may come back to it.
    pub(crate) fn is_idle(&self) -> bool {
        let parts = self.parts();
        parts.last > 0 && parts.requests == 0 && !parts.segmented
    }

    /// How long it is kept for a viewer who may come back.
    pub(crate) fn linger(&self, settings: &Settings) -> Duration {
        let parts = self.parts();
        match (parts.start, parts.segmented) {
            (None, _) => settings.film_linger,
            (Some(_), false) => settings.catchup_linger,
            (Some(_), true) => settings.catchup_linger + MINUTE,
        }
    }

    /// A request begins; to be called under the lock of the house.
    pub(crate) fn enter(self: Arc<Self>, headend: Arc<Headend>) -> Request {
        let mut parts = self.parts();
        parts.last += 1;
        parts.requests += 1;
        let number = parts.last;
        drop(parts);
        Request { play: self, headend, number, start: None }
    }

    /// A request has ended; to be called under the lock of the house. Whether it was the last one, and has left a
    /// connection behind that is worth keeping: what never gave anything is not.
    pub(crate) fn leave(&self, number: u64) -> bool {
        let mut parts = self.parts();
        parts.requests -= 1;
        let part = parts.open.remove(&number);
        if part.is_some() {
            parts.slot.iter().for_each(Slot::part_closed);
        }
        let last = parts.requests == 0 && parts.slot.is_some() && parts.given && self.seat.is_some();
        drop(parts);
        drop(part);
        last
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().expect("nobody panics while holding this lock")
    }
}

impl Request {
    /// Takes a connection of `account` for the film, with none of the logins that were `tried`, unless it has one; one that
    /// will not do is given back, if nothing comes over it. With which of the account's logins to dial.
    ///
    /// # Errors
    /// [`Failure::Full`], or why the provider lets none of the account's logins in.
    pub(crate) async fn claim(&self, account: &str, tried: &[usize]) -> Result<usize, Failure> {
        let (play, headend) = (&self.play, &self.headend);
        let _turn = play.claiming.lock().await;
        let before = {
            let mut parts = play.parts();
            let does = |slot: &Slot| slot.account() == account && !tried.contains(&slot.login());
            match &parts.slot {
                Some(slot) if does(slot) => return Ok(slot.login()),
                Some(_) if !parts.open.is_empty() => return Err(Failure::Full),
                _ => parts.slot.take(),
            }
        };
        drop(before);
        let asking = play.seat.as_ref().map(Seat::asking);
        let claim = Claim { account, holder: play.holder(), class: play.class, asking, except: tried };
        let slot = headend.claim(claim).await?;
        let mut parts = play.parts();
        match parts.closed {
            true => Err(Failure::Closing),
            false => Ok(parts.slot.insert(slot).login()),
        }
    }

    /// Waits for `dialled`, unless somebody needs the connection meanwhile, who then does not get it before that is over.
    ///
    /// # Errors
    /// [`Failure::Closing`], or what went wrong.
    pub(crate) async fn dial<T>(
        &self,
        dialled: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let ended = Arc::new(Notify::new());
        {
            let mut parts = self.play.parts();
            if parts.closed {
                return Err(Failure::Closing);
            }
            parts.dialling = Some(ended.clone());
        }
        let dialled = tokio::select! {
            dialled = dialled => dialled,
            () = ended.notified() => Err(Failure::Closing),
        };
        let slot = {
            let mut parts = self.play.parts();
            parts.dialling = None;
            if parts.closed { parts.slot.take() } else { None }
        };
        if slot.is_some() {
            drop(dialled); // before its slot
            return Err(Failure::Closing);
        }
        dialled
    }

    /// Whether somebody watches.
    pub(crate) fn is_watched(&self) -> bool {
        self.play.class == Class::Viewer
    }

    /// The provider refused what we call `id`, and nothing else comes over the connection.
    pub(crate) fn refused(&self, id: u32, blame: Blame, why: &Failure) {
        // Those who give way do not have a login rest that others watch with.
        let blame = if self.is_watched() { blame } else { Blame::Nobody };
        let parts = self.play.parts();
        if let Some(slot) = parts.slot.as_ref().filter(|_| parts.open.is_empty()) {
            slot.refused(id, blame, why);
        }
    }

    /// Whether the provider may count another part of the film, or what came over this connection before.
    pub(crate) fn still_counted(&self) -> bool {
        let parts = self.play.parts();
        parts.slot.as_ref().is_some_and(|slot| !parts.open.is_empty() || slot.still_counted())
    }

    /// The provider has refused, perhaps for that reason only, and is asked again.
    pub(crate) fn asked_again(&self) {
        self.play.parts().counted = true;
    }

    /// From now on catch-up from `start` (Unix time, in seconds) is watched, as a whole or in segments, and nothing else
    /// of it.
    pub(crate) fn turn_to(&mut self, start: i64, segmented: bool) {
        self.start = Some(start);
        let closed: Vec<Part> = {
            let mut parts = self.play.parts();
            (parts.start, parts.segmented) = (self.start, segmented);
            let others = parts.open.extract_if(|_, part| part.start != Some(start));
            let closed: Vec<Part> = others.map(|(_, part)| part).collect();
            if !closed.is_empty() {
                parts.slot.iter().for_each(Slot::part_closed);
            }
            closed
        };
        closed.into_iter().filter_map(|part| part.waiting).for_each(Waker::wake);
    }

    /// From now on this request reads `body`, unless something else is watched by now.
    pub(crate) fn open(&self, body: Body) {
        let mut parts = self.play.parts();
        if !parts.closed && parts.start == self.start {
            let again = std::mem::take(&mut parts.counted);
            parts.slot.iter().for_each(|slot| slot.accepted(again));
            parts.given = true;
            parts.open.insert(self.number, Part { start: self.start, body, waiting: None });
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
