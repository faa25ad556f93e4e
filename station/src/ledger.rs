//! Who is connected: the panel's view, which decides who may come in, and the true one, which the tests read.

mod books;
mod counts;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use books::{Books, Place};
pub use counts::{AccountCounts, AceCounts, ChannelCounts, Counts};

/// Requests for the past that are remembered.
const MOST_PASTS: usize = 64;

/// One stream being delivered. Dropping it closes the connection in the books.
pub(crate) struct Seat {
    ledger: Arc<Ledger>,
    number: u64,
    kicked: Arc<AtomicBool>,
}

impl Seat {
    /// Somebody else has been given the place.
    pub(crate) fn is_kicked(&self) -> bool {
        self.kicked.load(Ordering::Relaxed)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.ledger.close(self.number);
    }
}

/// One answer being sent. Dropping it ends it in the books.
pub(crate) struct Sending {
    ledger: Arc<Ledger>,
    stream: u32,
}

impl Drop for Sending {
    fn drop(&mut self) {
        let mut books = self.ledger.books();
        let channel = books.counts.channels.entry(self.stream).or_default();
        // Fewer than none is what is left of those that a reset forgot.
        channel.sending = channel.sending.saturating_sub(1);
    }
}

/// Names of what was fetched; more are not remembered.
const MOST_FETCHED: usize = 8192;

/// What is asked of the ledger.
pub(crate) struct Claim<'a> {
    pub(crate) account: &'a str,
    /// The account's limit, 0 for none.
    pub(crate) max: u32,
    pub(crate) stream: u32,
    /// Requests with the same name share a place: the ranges of one film, the segments of one HLS session.
    pub(crate) session: Option<String>,
    /// How long the place is kept after the last of them.
    pub(crate) linger: Duration,
    /// The oldest goes instead.
    pub(crate) kick: bool,
}

/// The account has no place left.
pub(crate) struct Full;

pub(crate) struct Ledger {
    release_delay: Duration,
    books: Mutex<Books>,
}

impl Ledger {
    pub(crate) fn new(release_delay: Duration) -> Self {
        Self { release_delay, books: Mutex::default() }
    }

    /// Takes a place, or joins the one of the same session.
    pub(crate) fn open(self: &Arc<Self>, claim: Claim<'_>) -> Result<Seat, Full> {
        self.sweep();
        let mut books = self.books();
        if let Some(number) = books.session(&claim) {
            return self.join(&mut books, number);
        }
        let mut held: Vec<u64> = books.of(claim.account).map(|(number, _)| number).collect();
        held.sort_unstable();
        let most = claim.max as usize;
        if claim.max > 0 && held.len() >= most {
            if !claim.kick {
                books.account(claim.account).refused += 1;
                return Err(Full);
            }
            for number in &held[..held.len() + 1 - most] {
                books.kick(*number);
            }
        }
        let number = books.next;
        books.next += 1;
        let place = Place {
            account: claim.account.to_owned(),
            stream: claim.stream,
            session: claim.session,
            linger: claim.linger,
            users: 0,
            open: false,
            touched: Instant::now(),
            kicked: Arc::default(),
        };
        books.places.insert(number, place);
        self.join(&mut books, number)
    }

    fn join(self: &Arc<Self>, books: &mut Books, number: u64) -> Result<Seat, Full> {
        let place = books.places.get_mut(&number).ok_or(Full)?;
        place.users += 1;
        place.touched = Instant::now();
        let kicked = place.kicked.clone();
        let (account, stream) = (place.account.clone(), place.stream);
        if !std::mem::replace(&mut place.open, true) {
            books.opened(&account, stream);
        }
        let counts = books.account(&account);
        counts.bodies += 1;
        counts.bodies_peak = counts.bodies_peak.max(counts.bodies);
        Ok(Seat { ledger: self.clone(), number, kicked })
    }

    fn close(&self, number: u64) {
        let mut books = self.books();
        let Some(place) = books.places.get_mut(&number) else { return };
        place.users -= 1;
        place.touched = Instant::now();
        let (idle, account) = (place.users == 0 && place.linger.is_zero(), place.account.clone());
        // None is there if a reset forgot it.
        if let Some(counts) = books.counts.accounts.get_mut(&account) {
            counts.bodies = counts.bodies.saturating_sub(1);
        }
        if idle {
            books.closed(number);
        }
        drop(books);
        self.sweep();
    }

    /// A session whose place was given away.
    pub(crate) fn is_kicked(&self, session: &str) -> bool {
        let books = self.books();
        let places = books.places.values().filter(|place| place.session.as_deref() == Some(session));
        let mut kicked = None;
        for place in places {
            kicked = Some(kicked.unwrap_or(true) && place.kicked.load(Ordering::Relaxed));
        }
        kicked.unwrap_or(false)
    }

    /// Connections the panel believes an account to have.
    pub(crate) fn held(&self, account: &str) -> u64 {
        self.sweep();
        self.books().of(account).count() as u64
    }

    /// Counts a request by what it asked for.
    pub(crate) fn request(&self, endpoint: &str) {
        let mut books = self.books();
        match books.counts.requests.get_mut(endpoint) {
            Some(requests) => *requests += 1,
            None => {
                books.counts.requests.insert(endpoint.to_owned(), 1);
            }
        }
    }

    /// Counts a request that an account makes for a document.
    pub(crate) fn asked(&self, account: &str) {
        let (mut books, now) = (self.books(), Instant::now());
        let arrivals = books.arrivals.entry(account.to_owned()).or_default();
        while arrivals.front().is_some_and(|then| now.duration_since(*then) >= Duration::from_secs(1)) {
            arrivals.pop_front();
        }
        arrivals.push_back(now);
        let within = arrivals.len() as u64;
        let counts = books.account(account);
        counts.asked += 1;
        counts.asked_in_a_second = counts.asked_in_a_second.max(within);
    }

    /// Remembers how the past was asked for.
    pub(crate) fn past(&self, asked: String) {
        let pasts = &mut self.books().counts.pasts;
        if pasts.len() == MOST_PASTS {
            pasts.pop_front();
        }
        pasts.push_back(asked);
    }

    /// Counts an answer of 304.
    pub(crate) fn unchanged(&self, endpoint: &str) {
        *self.books().counts.unchanged.entry(endpoint.to_owned()).or_default() += 1;
    }

    /// Counts a request for one of the files of a stream.
    pub(crate) fn fetched(&self, stream: u32, file: &str) {
        let (mut books, name) = (self.books(), format!("{stream}/{file}"));
        let fetched = &mut books.counts.fetched;
        if fetched.len() < MOST_FETCHED || fetched.contains_key(&name) {
            *fetched.entry(name).or_default() += 1;
        }
    }

    /// Counts an answer until it is sent.
    pub(crate) fn sending(self: &Arc<Self>, stream: u32) -> Sending {
        let mut books = self.books();
        let channel = books.counts.channels.entry(stream).or_default();
        channel.sending += 1;
        channel.sending_peak = channel.sending_peak.max(channel.sending);
        Sending { ledger: self.clone(), stream }
    }

    /// Counts a request for a stream.
    pub(crate) fn stream_request(&self, stream: u32) {
        self.books().counts.channels.entry(stream).or_default().requests += 1;
    }

    pub(crate) fn counts(&self) -> Counts {
        self.sweep();
        let books = self.books();
        let mut counts = books.counts.clone();
        for (account, counts) in &mut counts.accounts {
            counts.held = books.of(account).count() as u64;
        }
        counts
    }

    /// Forgets everything but what is open.
    pub(crate) fn reset(&self) {
        self.sweep();
        let mut books = self.books();
        books.counts = Counts::default();
        let open: Vec<(String, u32)> = books
            .places
            .values()
            .filter(|place| place.open)
            .map(|place| (place.account.clone(), place.stream))
            .collect();
        for (account, stream) in open {
            books.opened(&account, stream);
        }
    }

    /// Closes sessions that have lingered and lets go of what the panel has noticed to be closed.
    fn sweep(&self) {
        let mut books = self.books();
        let stale: Vec<u64> = books
            .places
            .iter()
            .filter(|(_, place)| place.open && place.users == 0 && place.touched.elapsed() >= place.linger)
            .map(|(number, _)| *number)
            .collect();
        for number in stale {
            books.closed(number);
        }
        let delay = self.release_delay;
        books.places.retain(|_, place| {
            place.users > 0 || place.open || place.touched.elapsed() < place.linger + delay
        });
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // The books are consistent between any two statements, so a panic elsewhere does not spoil them.
        self.books.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
