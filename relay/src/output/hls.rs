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
use crate::headend::Headend;
use crate::metrics::Page;
use crate::packager::Packager;
use crate::play::Key;
use crate::refusal::{Failure, Refusal};
use crate::seat::{Client, Seat};

/// How long the first request waits for the first segment: some players give up after ten seconds.
const HOLD: Duration = Duration::from_secs(8);
/// Sessions there may be; one needs no connection, so a single user could open any number.
const SESSIONS: usize = 8192;

/// Players of HLS and what they watch.
pub(crate) struct Sessions {
    /// What tickets are signed with.
    key: contract::ticket::Key,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    sessions: HashMap<Key, Session>,
    /// Whose session a ticket is for. Before one expires, its session gets another.
    tickets: HashMap<String, Key>,
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
    packager: Arc<Packager>,
    seat: Seat,
    asked: Instant,
}

impl Session {
    fn is_over(&self) -> bool {
        self.seat.is_cut() || self.packager.ended()
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
    pub(crate) fn new(key: contract::ticket::Key) -> Self {
        Self { key, books: Mutex::default() }
    }

    /// The playlist of a channel for one viewer, who asked for it at `path`.
    pub(crate) async fn playlist(
        &self,
        headend: &Arc<Headend>,
        channel: Playable,
        user: &User,
        client: &Client,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        let key = Key { user: user.name.clone(), client: client.clone(), film: channel.id };
        // Players ask twice at first, to see what it is and to play it: one after the other, for one session.
        let turn = self.books().turn(&key);
        let turn = turn.lock().await;
        let known = self.known(user, &key);
        let (ticket, packager) = match known {
            Some(known) => known,
            None => self.begin(headend, channel, user, key).await?,
        };
        drop(turn);
        // Relative, so that it holds behind any proxy: up to where our addresses begin.
        let up = "../".repeat(path.matches('/').count().saturating_sub(1));
        let text = packager.playlist(&format!("{up}hls/{ticket}"), HOLD).await?;
        Ok(answer::playlist(text, headers))
    }

    /// A segment that a session was told of.
    pub(crate) fn segment(
        &self,
        ticket: &str,
        generation: u64,
        number: u64,
        headers: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        Ticket::read(&self.key, ticket, now()).map_err(|why| match why {
            TicketError::Malformed => Refusal::Unknown,
            TicketError::Forged | TicketError::Expired => Refusal::Forbidden,
        })?;
        let packager = {
            let mut books = self.books();
            let key = books.tickets.get(ticket).cloned().ok_or(Refusal::Unknown)?;
            books.known(&key).ok_or(Refusal::Unknown)?.packager.clone()
        };
        packager.segment(generation, number, headers)
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
        let Books { sessions, tickets, packagers, .. } = &mut *books;
        let stays = |session: &mut Session| {
            !session.is_over() && session.asked.elapsed() < session.packager.patience()
        };
        let gone: Vec<Session> =
            sessions.extract_if(|_, session| !stays(session)).map(|(_, gone)| gone).collect();
        tickets.retain(|_, key| sessions.contains_key(key));
        packagers.retain(|_, packager| packager.strong_count() > 0);
        drop(books);
        drop(gone); // and with them their seats
    }

    /// The session that a player has already: the ticket for his addresses, and what he watches.
    fn known(&self, user: &User, key: &Key) -> Option<(String, Arc<Packager>)> {
        let mut books = self.books();
        let session = books.known(key)?;
        if session.fresh < Instant::now() {
            (session.ticket, session.fresh) = self.ticket(user, key);
        }
        let known = (session.ticket.clone(), session.packager.clone());
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
    ) -> Result<(String, Arc<Packager>), Refusal> {
        let (seat, replaced) = headend.seats.take(user, &key.client).ok_or(Refusal::Seats)?;
        drop(replaced);
        let (id, budget) = (channel.id, headend.start_budget(&channel));
        let viewing = headend.tune(channel, seat.asking())?;
        let feed = viewing.feed();
        seat.hold_channel(viewing);
        tokio::time::timeout(budget, feed.started_or_failed()).await.map_err(|_| Failure::Silent)??;

        let mut books = self.books();
        if books.sessions.len() >= SESSIONS {
            return Err(Refusal::Seats);
        }
        let running = books.packagers.get(&id).and_then(Weak::upgrade).filter(|packager| !packager.ended());
        let packager = running.unwrap_or_else(|| Packager::start(feed, headend.settings.hls_segment));
        books.packagers.insert(id, Arc::downgrade(&packager));
        let (ticket, fresh) = self.ticket(user, &key);
        books.tickets.retain(|_, of| *of != key); // a session that is over takes its tickets along
        books.tickets.insert(ticket.clone(), key.clone());
        let (told, asked) = (ticket.clone(), Instant::now());
        let session = Session { ticket, fresh, packager: packager.clone(), seat, asked };
        let before = books.sessions.insert(key, session);
        drop(books);
        drop(before);
        Ok((told, packager))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nobody panics while holding this lock")
    }
}

/// Unix time, in seconds.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
