//! A channel as HLS. A player of HLS has no connection, so his seat is kept by a *session*: from his first request for
//! the playlist until he has asked for nothing for a while.
//!
//! Segments lie below a [`Ticket`], not below credentials: players, proxies and cast receivers keep such addresses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use contract::bundle::Playable;
use contract::ticket::{LIFETIME, Ticket, TicketError};
use contract::user::User;
use http::HeaderMap;

use super::answer;
use super::form::{Form, HOLD};
use crate::headend::Headend;
use crate::packager::Packager;
use crate::play::Key;
use crate::proxy::Proxies;
use crate::refusal::{Failure, Refusal};
use crate::seat::{Client, Seat, What};
use httpd::metrics::Page;

/// Sessions there may be; one needs no connection, so a single user could open any number.
const SESSIONS: usize = 8192;

/// Players of HLS and what they watch.
pub(crate) struct Sessions {
    /// What tickets are signed with.
    key: contract::ticket::Key,
    /// Channels that cannot be made of a feed.
    proxies: Arc<Proxies>,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    sessions: HashMap<Key, Session>,
    /// Whose session a ticket is for. Before one expires, its session gets another.
    tickets: HashMap<String, Key>,
    /// Tickets whose seat was given to somebody else: they must not take it back. Until when they would hold.
    revoked: HashMap<String, Instant>,
    packagers: HashMap<u32, Weak<Packager>>,
    /// Players whose session may be beginning.
    turns: HashMap<Key, Weak<Turn>>,
}

type Turn = tokio::sync::Mutex<()>;

struct Session {
    /// The newest, as it stands in addresses.
    ticket: String,
    /// Until when that is given to the player; afterwards he gets another.
    fresh: Instant,
    form: Form,
    seat: Seat,
    asked: Instant,
}

/// Whose ticket it is.
pub(crate) enum Holder {
    /// Somebody who watches.
    Here(Form),
    /// Somebody who does not watch yet, or no more: the relay was started anew, or he has been silent for long.
    Gone(Ticket),
}

impl Session {
    fn is_over(&self) -> bool {
        self.seat.is_cut() || self.form.ended()
    }
}

/// To `HEAD`: what would come, and nothing is received for it.
pub(crate) fn head() -> httpd::Response {
    answer::playlist(String::new(), &HeaderMap::new())
}

impl Books {
    /// The session that a player has already.
    fn known(&mut self, key: &Key) -> Option<&mut Session> {
        let session = self.sessions.get_mut(key).filter(|session| !session.is_over())?;
        session.asked = Instant::now();
        Some(session)
    }

    /// What simultaneous requests of one player wait for.
    fn turn(&mut self, key: &Key) -> Arc<Turn> {
        if let Some(turn) = self.turns.get(key).and_then(Weak::upgrade) {
            return turn;
        }
        self.turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::<Turn>::default();
        self.turns.insert(key.clone(), Arc::downgrade(&turn));
        turn
    }
}

impl Sessions {
    /// Nobody's yet; tickets are signed with `key`.
    pub(crate) fn new(key: contract::ticket::Key, proxies: Arc<Proxies>) -> Self {
        Self { key, proxies, books: Mutex::default() }
    }

    /// What one viewer watches of a channel, and the ticket for it.
    ///
    /// # Errors
    /// He has no seat, or there is nothing to watch.
    pub(crate) async fn watch(
        &self,
        headend: &Arc<Headend>,
        channel: Playable,
        user: &User,
        client: &Client,
    ) -> Result<(String, Form), Refusal> {
        let key = Key::new(user, client, channel.id);
        // Players ask twice at first, to see what it is and to play it: one after the other, for one session.
        let turn = self.books().turn(&key);
        let _turn = turn.lock().await;
        let known = self.known(user, &key);
        match known {
            Some(known) => Ok(known),
            None => self.begin(headend, channel, user, key).await,
        }
    }

    /// Whose ticket this is.
    ///
    /// # Errors
    /// [`Refusal::Unknown`]: it is no ticket. [`Refusal::Forbidden`]: nobody may watch with it.
    pub(crate) fn holder(&self, text: &str) -> Result<Holder, Refusal> {
        let ticket = Ticket::read(&self.key, text, now()).map_err(|why| match why {
            TicketError::Malformed => Refusal::Unknown,
            TicketError::Forged | TicketError::Expired => Refusal::Forbidden,
        })?;
        let mut books = self.books();
        if books.revoked.contains_key(text) {
            return Err(Refusal::Forbidden);
        }
        let Some(key) = books.tickets.get(text).cloned() else { return Ok(Holder::Gone(ticket)) };
        if let Some(session) = books.known(&key) {
            return Ok(Holder::Here(session.form.clone()));
        }
        match books.sessions.get(&key).is_some_and(|session| session.seat.is_cut()) {
            true => Err(Refusal::Forbidden),
            false => Ok(Holder::Gone(ticket)),
        }
    }

    /// Whether a genuine ticket was given to `user`.
    pub(crate) fn is_for(&self, ticket: &Ticket, user: &User) -> bool {
        ticket.is_for(&self.key, user)
    }

    /// From now on this ticket, too, is the one of what `client` watches.
    pub(crate) fn resume(&self, text: &str, ticket: &Ticket, user: &User, client: &Client) {
        let key = Key::new(user, client, ticket.channel);
        let mut books = self.books();
        if books.sessions.contains_key(&key) && books.tickets.len() < 2 * SESSIONS {
            books.tickets.insert(text.to_owned(), key);
        }
    }

    /// What a client of a user watches just now, with the tickets for it.
    pub(crate) fn watched(&self, user: &User, client: &Client) -> Vec<(String, Form)> {
        let mut books = self.books();
        let own =
            books.sessions.iter_mut().filter(|(key, session)| key.is_of(user, client) && !session.is_over());
        own.map(|(_, session)| {
            session.asked = Instant::now();
            (session.ticket.clone(), session.form.clone())
        })
        .collect()
    }

    /// Begins a session for a player that is waited for elsewhere, unless it has one.
    ///
    /// # Errors
    /// As of [`Sessions::watch`].
    pub(crate) async fn open(
        &self,
        headend: &Arc<Headend>,
        channel: Playable,
        user: &User,
        client: &Client,
    ) -> Result<Key, Refusal> {
        let key = Key::new(user, client, channel.id);
        self.begin(headend, channel, user, key.clone()).await?;
        Ok(key)
    }

    /// The playlist of a session, whose segments lie below `base` under one number that `name` makes of two.
    pub(crate) async fn playlist_of(
        &self,
        key: &Key,
        base: &str,
        name: fn(u64, u64) -> u64,
        headers: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        let packager = self.books().known(key).ok_or(Refusal::Session)?.form.packager()?;
        let text = packager.playlist(base, HOLD).await?;
        let renamed = |line: &str| {
            let file = line.strip_prefix(base)?.strip_prefix('/')?.strip_suffix(".ts")?;
            let (generation, number) = file.split_once('-')?;
            Some(format!("{base}/{}.ts\n", name(generation.parse().ok()?, number.parse().ok()?)))
        };
        let lines = text.lines().map(|line| renamed(line).unwrap_or_else(|| format!("{line}\n")));
        Ok(answer::playlist(lines.collect(), headers))
    }

    /// A segment of a session.
    pub(crate) fn segment_of(
        &self,
        key: &Key,
        generation: u64,
        number: u64,
        headers: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        let packager = self.books().known(key).ok_or(Refusal::Unknown)?.form.packager()?;
        packager.segment(generation, number, headers)
    }

    /// Whether a session goes on.
    pub(crate) fn runs(&self, key: &Key) -> bool {
        self.books().sessions.get(key).is_some_and(|session| !session.is_over())
    }

    /// Ends a session.
    pub(crate) fn end(&self, key: &Key) {
        let ended = {
            let mut books = self.books();
            books.tickets.retain(|_, of| of != key);
            books.sessions.remove(key)
        };
        drop(ended); // and with it its seat
    }

    /// How many watch `channel` in this way.
    pub(crate) fn of(&self, channel: u32) -> usize {
        let books = self.books();
        let here = |(key, session): &(&Key, &Session)| key.film == channel && !session.is_over();
        books.sessions.iter().filter(here).count()
    }

    pub(crate) fn render(&self, page: &mut Page) {
        let sessions = self.books().sessions.values().filter(|session| !session.is_over()).count();
        page.gauge("coax_relay_hls_sessions", "Viewers who get a channel as HLS.").value(sessions);
    }

    /// Ends the sessions of those who have gone; to be called every second or so.
    pub(crate) fn sweep(&self) {
        let mut books = self.books();
        let Books { sessions, tickets, revoked, packagers, .. } = &mut *books;
        let stays =
            |session: &mut Session| !session.is_over() && session.asked.elapsed() < session.form.patience();
        let gone: HashMap<Key, Session> = sessions.extract_if(|_, session| !stays(session)).collect();
        let now = Instant::now();
        revoked.retain(|_, until| *until > now);
        for (ticket, key) in tickets.extract_if(|_, key| !sessions.contains_key(key)) {
            let cut = gone.get(&key).is_some_and(|session| session.seat.is_cut());
            if cut && revoked.len() < SESSIONS {
                revoked.insert(ticket, now + Duration::from_secs(LIFETIME.into()));
            }
        }
        packagers.retain(|_, packager| packager.strong_count() > 0);
        drop(books);
        drop(gone); // and with them their seats
    }

    /// The session that a player has already: the ticket for his addresses, and what he watches.
    fn known(&self, user: &User, key: &Key) -> Option<(String, Form)> {
        let mut books = self.books();
        let session = books.known(key)?;
        if session.fresh < Instant::now() {
            (session.ticket, session.fresh) = self.ticket(user, key);
        }
        let known = (session.ticket.clone(), session.form.clone());
        books.tickets.insert(known.0.clone(), key.clone());
        Some(known)
    }

    /// A new ticket, and until when it is given out.
    fn ticket(&self, user: &User, key: &Key) -> (String, Instant) {
        let ticket = Ticket::new(&self.key, user, key.film, now()).sign(&self.key);
        (ticket, Instant::now() + Duration::from_secs(u64::from(LIFETIME) / 2))
    }

    /// Takes a seat, and waits until the channel is there: an error must still become an answer.
    async fn begin(
        &self,
        headend: &Arc<Headend>,
        channel: Playable,
        user: &User,
        key: Key,
    ) -> Result<(String, Form), Refusal> {
        let (seat, replaced) =
            headend.seats.take(user, &key.client, What::Channel(channel.id)).ok_or(Refusal::Seats)?;
        drop(replaced);
        let form = self.tuned(headend, channel, &seat).await?;
        let mut books = self.books();
        if books.sessions.len() >= SESSIONS {
            return Err(Refusal::Seats);
        }
        let (ticket, fresh) = self.ticket(user, &key);
        books.tickets.insert(ticket.clone(), key.clone());
        let (told, asked) = ((ticket.clone(), form.clone()), Instant::now());
        let before = books.sessions.insert(key, Session { ticket, fresh, form, seat, asked });
        drop(books);
        drop(before);
        Ok(told)
    }

    /// The channel, made of its feed, or else passed on as it is.
    async fn tuned(&self, headend: &Arc<Headend>, channel: Playable, seat: &Seat) -> Result<Form, Refusal> {
        let id = channel.id;
        if !self.proxies.takes(id) {
            match self.packaged(headend, channel.clone(), seat).await {
                Err(Refusal::Upstream(Failure::Unsupported(_))) => self.proxies.note(id),
                tuned => return tuned,
            }
        }
        if let Some(why) = headend.recent_failure(id).filter(|why| !matches!(why, Failure::Unsupported(_))) {
            return Err(why.into());
        }
        let proxy = self.proxies.open(headend, channel, seat.asking())?;
        let shelf = proxy.shelf();
        seat.hold_proxy(proxy);
        Ok(Form::Passed(shelf))
    }

    async fn packaged(
        &self,
        headend: &Arc<Headend>,
        channel: Playable,
        seat: &Seat,
    ) -> Result<Form, Refusal> {
        let (id, budget) = (channel.id, headend.start_budget(&channel));
        let viewing = headend.tune(channel, seat.asking())?;
        let feed = viewing.feed();
        seat.hold_channel(viewing);
        tokio::time::timeout(budget, feed.started_or_failed()).await.map_err(|_| Failure::Silent)??;
        let mut books = self.books();
        let running = books.packagers.get(&id).and_then(Weak::upgrade).filter(|packager| !packager.ended());
        let packager = running.unwrap_or_else(|| Packager::start(feed, headend.settings.hls_segment));
        books.packagers.insert(id, Arc::downgrade(&packager));
        Ok(Form::Packaged(packager))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nobody panics while holding this lock")
    }
}

/// Unix time, in seconds.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
