//! The sessions of an engine: who has started what, who reads, and how it ends.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Form;
use crate::catalogue::mix;
use crate::clock;
use crate::ledger::AceCounts;

/// Sessions that are remembered after their end; the oldest is forgotten for a new one.
const MOST_FORMER: usize = 1024;

/// The engine of a station.
pub(crate) struct Engine {
    /// A session that nobody reads ends after this.
    idle: Duration,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    next: u64,
    /// By stream id: a broadcast has one session.
    sessions: BTreeMap<u32, Session>,
    former: VecDeque<(String, u32, Ending)>,
    counts: AceCounts,
}

struct Session {
    name: String,
    player: Option<String>,
    form: Form,
    began: Instant,
    touched: Instant,
    readers: u32,
    /// Statistics and events asked for.
    polls: u64,
    events: u64,
    sent: Arc<AtomicU64>,
    ended: Arc<Ended>,
}

/// How a session ended, for those who still read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A newer start took the broadcast over.
    Superseded,
    Stopped,
    /// Nobody read.
    Expired,
}

/// Whether a session has ended.
#[derive(Default)]
pub(crate) struct Ended(AtomicU8);

impl Ended {
    pub(crate) fn get(&self) -> Option<Ending> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Ending::Superseded),
            2 => Some(Ending::Stopped),
            _ => Some(Ending::Expired),
        }
    }

    fn set(&self, ending: Ending) {
        self.0.store(ending as u8 + 1, Ordering::Relaxed);
    }
}

/// A session as it is now.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) began: Instant,
    /// Statistics and events asked for so far.
    pub(crate) polls: u64,
    pub(crate) events: u64,
    pub(crate) sent: u64,
    pub(crate) ended: Arc<Ended>,
}

/// Why somebody may not read.
pub(crate) enum Refused {
    Ended(Ending),
    /// There is a reader already.
    Conflict,
    Unknown,
}

/// The one reader of a session. Dropping it lets go of the place.
pub(crate) struct Reader {
    engine: Arc<Engine>,
    id: u32,
    name: String,
    sent: Arc<AtomicU64>,
    ended: Arc<Ended>,
}

impl Reader {
    pub(crate) fn ended(&self) -> Option<Ending> {
        self.ended.get()
    }

    pub(crate) fn sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut books = self.engine.books();
        books.counts.readers = books.counts.readers.saturating_sub(1);
        if let Some(session) = books.sessions.get_mut(&self.id).filter(|session| session.name == self.name) {
            session.readers -= 1;
            session.touched = Instant::now();
        }
    }
}

impl Engine {
    pub(crate) fn new(idle: Duration) -> Self {
        Self { idle, books: Mutex::default() }
    }

    /// Starts a broadcast, or joins the same player's session of it. A player without a name stops what any other
    /// player without a name has started.
    pub(crate) fn start(&self, id: u32, player: Option<&str>, form: Form) -> View {
        let mut books = self.swept();
        books.counts.starts += 1;
        let running = books.sessions.get(&id);
        if running.is_some_and(|session| session.player.as_deref() == player && session.form == form) {
            let session = books.sessions.get_mut(&id).expect("it was found just now");
            session.touched = Instant::now();
            return session.view(id);
        }
        if player.is_none() {
            let nameless = books.sessions.iter().filter(|(other, it)| **other != id && it.player.is_none());
            for other in nameless.map(|(other, _)| *other).collect::<Vec<_>>() {
                books.end(other, Ending::Superseded);
            }
        }
        books.end(id, Ending::Superseded);
        books.next += 1;
        let session = Session {
            name: format!("{:016x}{:016x}", mix(books.next, clock::micros()), mix(u64::from(id), books.next)),
            player: player.map(str::to_owned),
            form,
            began: Instant::now(),
            touched: Instant::now(),
            readers: 0,
            polls: 0,
            events: 0,
            sent: Arc::default(),
            ended: Arc::default(),
        };
        let view = session.view(id);
        books.sessions.insert(id, session);
        books.counts.sessions = books.sessions.len() as u64;
        books.counts.sessions_peak = books.counts.sessions_peak.max(books.counts.sessions);
        view
    }

    /// Stops the broadcast of a session: whoever asks, of those who had it since it began. `false`: there is none.
    pub(crate) fn stop(&self, name: &str) -> bool {
        let mut books = self.swept();
        let Some(id) = books.broadcast_of(name) else { return false };
        books.counts.stops += 1;
        books.end(id, Ending::Stopped);
        true
    }

    /// The session that statistics are about, which is the newer one for who was superseded. Counts as no reading.
    pub(crate) fn poll(&self, name: &str) -> Option<View> {
        let mut books = self.swept();
        let id = books.broadcast_of(name)?;
        let session = books.sessions.get_mut(&id)?;
        session.polls += 1;
        Some(session.view(id))
    }

    /// Takes the one reader's place.
    pub(crate) fn read(self: &Arc<Self>, name: &str) -> Result<(View, Reader), Refused> {
        let mut books = self.swept();
        let id = books.current(name)?;
        let session = books.sessions.get_mut(&id).ok_or(Refused::Unknown)?;
        if session.readers > 0 {
            books.counts.conflicts += 1;
            return Err(Refused::Conflict);
        }
        session.readers += 1;
        let (view, sent) = (session.view(id), session.sent.clone());
        books.counts.readers += 1;
        books.counts.readers_peak = books.counts.readers_peak.max(books.counts.readers);
        let reader =
            Reader { engine: self.clone(), id, name: name.to_owned(), sent, ended: view.ended.clone() };
        Ok((view, reader))
    }

    /// A session whose playlist or segment is being fetched.
    pub(crate) fn touch(&self, name: &str) -> Result<View, Refused> {
        let mut books = self.swept();
        let id = books.current(name)?;
        let session = books.sessions.get_mut(&id).ok_or(Refused::Unknown)?;
        session.touched = Instant::now();
        Ok(session.view(id))
    }

    /// The session that an event is asked of. Counts as no reading.
    pub(crate) fn event(&self, name: &str) -> Result<View, Refused> {
        let mut books = self.swept();
        let id = books.current(name)?;
        let session = books.sessions.get_mut(&id).ok_or(Refused::Unknown)?;
        session.events += 1;
        Ok(session.view(id))
    }

    pub(crate) fn counts(&self) -> AceCounts {
        self.swept().counts
    }

    /// Forgets what was counted, but for what is open.
    pub(crate) fn reset(&self) {
        let mut books = self.swept();
        let (sessions, readers) = (books.counts.sessions, books.counts.readers);
        books.counts = AceCounts {
            sessions,
            sessions_peak: sessions,
            readers,
            readers_peak: readers,
            ..AceCounts::default()
        };
    }

    /// The books without what has been idle for too long.
    fn swept(&self) -> MutexGuard<'_, Books> {
        let mut books = self.books();
        let idle = |session: &Session| session.readers == 0 && session.touched.elapsed() >= self.idle;
        let stale = books.sessions.iter().filter(|(_, session)| idle(session)).map(|(id, _)| *id);
        for id in stale.collect::<Vec<_>>() {
            books.end(id, Ending::Expired);
        }
        books
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // The books are consistent between any two statements, so a panic elsewhere does not spoil them.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn view(&self, id: u32) -> View {
        View {
            id,
            name: self.name.clone(),
            began: self.began,
            polls: self.polls,
            events: self.events,
            sent: self.sent.load(Ordering::Relaxed),
            ended: self.ended.clone(),
        }
    }
}

impl Books {
    /// The broadcast that has this session.
    fn current(&self, name: &str) -> Result<u32, Refused> {
        if let Some((id, _)) = self.sessions.iter().find(|(_, session)| session.name == name) {
            return Ok(*id);
        }
        let former = self.former.iter().find(|(former, _, _)| former == name);
        Err(former.map_or(Refused::Unknown, |(_, _, ending)| Refused::Ended(*ending)))
    }

    /// The broadcast that has, or had until it was superseded, this session.
    fn broadcast_of(&self, name: &str) -> Option<u32> {
        if let Ok(id) = self.current(name) {
            return Some(id);
        }
        let superseded =
            self.former.iter().find(|(former, _, ending)| former == name && *ending == Ending::Superseded);
        superseded.map(|(_, id, _)| *id).filter(|id| self.sessions.contains_key(id))
    }

    fn end(&mut self, id: u32, ending: Ending) {
        let Some(session) = self.sessions.remove(&id) else { return };
        session.ended.set(ending);
        match ending {
            Ending::Superseded => self.counts.superseded += 1,
            Ending::Expired => self.counts.expired += 1,
            Ending::Stopped => {}
        }
        if self.former.len() >= MOST_FORMER {
            self.former.pop_front();
        }
        self.former.push_back((session.name, id, ending));
        self.counts.sessions = self.sessions.len() as u64;
    }
}
