//! Seats: the streams that users have open, and who has to go when there is one too many.
//!
//! A user may hold `max_connections` seats (0: as many as he likes). When they are all taken, the same *client*
//! (address and User-Agent) gets the oldest of its own seats anew, because a player that changes the channel opens the
//! new stream before it closes the old one; another client gets that of a film or of catch-up that is not being read, and
//! is refused without one.
//!
//! What a seat holds is let go the moment the seat is cut, not when the old connection notices: a player that has
//! stopped reading would keep it for long.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use contract::user::User;
use http::HeaderMap;
use http::header;

use crate::headend::Viewing;
use crate::metrics::Page;
use crate::play::Play;
use crate::slot::Holder;

/// The seats of all users.
#[derive(Default)]
pub(crate) struct Seats {
    users: Mutex<HashMap<String, Vec<Arc<Place>>>>,
    last: AtomicU64,
}

/// A seat that is taken. Given back by dropping it.
pub(crate) struct Seat {
    seats: Arc<Seats>,
    place: Arc<Place>,
}

/// A seat that somebody else has now. It is cut by dropping this.
pub(crate) struct Replaced(Option<Arc<Place>>);

/// A seat as the list knows it.
struct Place {
    asking: Asking,
    cut: AtomicBool,
    holds: Mutex<Option<Hold>>,
}

/// What a seat is for.
enum Hold {
    Channel(Viewing),
    Film(Weak<Play>),
}

/// Who asks for a stream, by the seat he has taken for it.
#[derive(Clone)]
pub(crate) struct Asking {
    /// Later seats have higher numbers.
    number: u64,
    user: Arc<str>,
    client: Client,
}

/// A device, as far as one can tell it from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    address: IpAddr,
    agent: String,
}

impl Client {
    /// Who sent this request. A forwarding proxy is believed: all that somebody gains by lying is to be taken for
    /// another device of the same user.
    pub(crate) fn of(headers: &HeaderMap, peer: SocketAddr) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let forwarded = text(header::HeaderName::from_static("x-forwarded-for"));
        let first = forwarded.split(',').next().and_then(|first| first.trim().parse().ok());
        Self {
            address: first.unwrap_or_else(|| peer.ip().to_canonical()),
            agent: text(header::USER_AGENT).into(),
        }
    }
}

impl Seats {
    /// A seat for `user`, and the one it replaces, which is cut when that is dropped; `None` if all are taken by other
    /// clients.
    pub(crate) fn take(self: &Arc<Self>, user: &User, client: &Client) -> Option<(Seat, Replaced)> {
        let mut users = self.users();
        let taken = users.entry(user.name.clone()).or_default();
        let full = user.max_connections > 0 && taken.len() >= user.max_connections as usize;
        let replaced = match full {
            true => {
                let own = taken.iter().position(|place| place.asking.client == *client);
                Some(taken.remove(own.or_else(|| taken.iter().position(|place| place.is_idle()))?))
            }
            false => None,
        };
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let asking = Asking { number, user: user.name.as_str().into(), client: client.clone() };
        let place = Arc::new(Place { asking, cut: AtomicBool::new(false), holds: Mutex::default() });
        taken.push(place.clone());
        drop(users);
        Some((Seat { seats: self.clone(), place }, Replaced(replaced)))
    }

    /// Cuts the oldest stream that the client of `asking` opened before and whose connection `would_do`.
    pub(crate) fn zap(&self, asking: &Asking, would_do: impl Fn(Holder) -> bool) -> bool {
        let own =
            |place: &&Arc<Place>| place.asking.client == asking.client && place.asking.number < asking.number;
        let taken: Vec<_> = {
            let users = self.users();
            users.get(&*asking.user).into_iter().flatten().filter(own).cloned().collect()
        };
        let frees = |place: &&Arc<Place>| place.alone().is_some_and(&would_do);
        let Some(found) = taken.iter().find(frees) else { return false };
        self.strike(found);
        found.cut();
        true
    }

    /// Cuts every stream of those who may not go on, by name.
    pub(crate) fn cut_unless(&self, may_watch: impl Fn(&str) -> bool) {
        let mut cut = Vec::new();
        self.users().retain(|user, taken| {
            let stays = may_watch(user);
            if !stays {
                cut.append(taken);
            }
            stays
        });
        cut.iter().for_each(|place| place.cut());
    }

    /// Seats that are taken, by whomever.
    pub(crate) fn taken(&self) -> usize {
        self.users().values().map(Vec::len).sum()
    }

    pub(crate) fn render(&self, page: &mut Page) {
        page.gauge("coax_relay_seats", "Streams that users have open.").value(self.taken());
    }

    /// Streams of a user.
    pub(crate) fn of(&self, user: &str) -> usize {
        self.users().get(user).map_or(0, Vec::len)
    }

    fn strike(&self, place: &Arc<Place>) {
        let mut users = self.users();
        if let Some(taken) = users.get_mut(&*place.asking.user) {
            taken.retain(|each| !Arc::ptr_eq(each, place));
            if taken.is_empty() {
                users.remove(&*place.asking.user);
            }
        }
    }

    fn users(&self) -> MutexGuard<'_, HashMap<String, Vec<Arc<Place>>>> {
        self.users.lock().expect("nobody panics while holding this lock")
    }
}

impl Place {
    fn cut(&self) {
        let held = {
            let mut holds = self.holds();
            self.cut.store(true, Ordering::Relaxed);
            holds.take()
        };
        match held {
            Some(Hold::Channel(viewing)) => viewing.nudge(),
            Some(Hold::Film(play)) => play.upgrade().iter().for_each(|play| play.close()),
            None => {}
        }
    }

    /// A film or catch-up that nobody reads any more, though somebody may come back to it.
    fn is_idle(&self) -> bool {
        match &*self.holds() {
            Some(Hold::Film(play)) => play.upgrade().is_none_or(|play| play.is_idle()),
            Some(Hold::Channel(_)) | None => false,
        }
    }

    /// What is received for this seat and no other.
    fn alone(&self) -> Option<Holder> {
        match &*self.holds() {
            Some(Hold::Channel(viewing)) => viewing.alone(),
            Some(Hold::Film(play)) => play.upgrade().map(|play| play.holder()),
            None => None,
        }
    }

    fn holds(&self) -> MutexGuard<'_, Option<Hold>> {
        self.holds.lock().expect("nobody panics while holding this lock")
    }
}

impl Seat {
    pub(crate) fn asking(&self) -> &Asking {
        &self.place.asking
    }

    /// Somebody else has the seat now, or nobody may.
    pub(crate) fn is_cut(&self) -> bool {
        self.place.cut.load(Ordering::Relaxed)
    }

    /// The seat is for a channel, which is let go with it.
    pub(crate) fn hold_channel(&self, viewing: Viewing) {
        let mut holds = self.place.holds();
        if !self.is_cut() {
            *holds = Some(Hold::Channel(viewing));
        }
    }

    /// The seat is for a film, which is closed with it.
    pub(crate) fn hold_film(&self, play: &Arc<Play>) {
        let mut holds = self.place.holds();
        *holds = Some(Hold::Film(Arc::downgrade(play)));
        drop(holds);
        if self.is_cut() {
            play.close(); // it was, before there was anything to close
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.strike(&self.place);
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        self.0.iter().for_each(|place| place.cut());
    }
}
