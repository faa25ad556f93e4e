//! Seats: the streams that users have open, and who has to go when there is one too many.
//!
//! A user may hold `max_connections` seats (0: as many as he likes). When they are all taken, the same *client*
//! (address and User-Agent) gets the oldest of its own seats anew, because a player that changes the channel opens the
//! new stream before it closes the old one; another client gets that of a film or of catch-up that is not being read, and
//! is refused without one.
//!
//! Streams of one thing that one client opens beside each other are one seat: players look at a channel before they play
//! it, and reconnect before they have closed what broke.
//!
//! What a seat holds is let go the moment the seat is cut, not when the old connection notices: a player that has
//! stopped reading would keep it for long.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use contract::session::Session;
use contract::user::User;
use http::HeaderMap;
use http::header;

use crate::headend::Viewing;
use crate::play::Play;
use crate::proxy::Proxy;
use crate::slot::Holder;
use httpd::metrics::Page;

/// So many streams share a seat at most: whoever has more of one channel has them for others too.
const SHARES: u32 = 4;

/// The seats of all users.
#[derive(Default)]
pub(crate) struct Seats {
    users: Mutex<HashMap<String, Vec<Arc<Place>>>>,
    last: AtomicU64,
}

/// A seat that is taken, or a share of one. Given back by dropping it.
pub(crate) struct Seat {
    seats: Arc<Seats>,
    place: Arc<Place>,
    asking: Asking,
}

/// A seat that somebody else has now. It is cut by dropping this.
pub(crate) struct Replaced(Option<Arc<Place>>);

/// A seat as the list knows it.
struct Place {
    id: u64,
    /// Unix time, in seconds.
    since: u64,
    user: Arc<str>,
    /// Through which of his tokens, if through one.
    device: Option<Arc<str>>,
    client: Client,
    what: What,
    /// How many share it; changed under the lock of the list.
    shares: AtomicU32,
    /// The number of the last one who took it.
    number: AtomicU64,
    cut: AtomicBool,
    /// By the numbers of those who share it.
    holds: Mutex<Vec<(u64, Hold)>>,
}

/// What is watched, by our ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A channel as it is sent.
    Channel(u32),
    /// A film, or the past of a channel.
    File(u32),
}

impl What {
    pub(crate) const fn id(self) -> u32 {
        match self {
            Self::Channel(id) | Self::File(id) => id,
        }
    }
}

/// What a seat keeps open.
enum Hold {
    Channel(Viewing),
    Film(Weak<Play>),
    Proxy(Arc<Proxy>),
}

/// Who asks for a stream, by the seat he has taken for it.
#[derive(Clone)]
pub(crate) struct Asking {
    /// Later seats have higher numbers.
    number: u64,
    pub(crate) user: Arc<str>,
    client: Client,
}

/// A device, as far as one can tell it from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    address: IpAddr,
    agent: String,
}

impl Client {
    /// A player that is known by the id of its session, wherever it asks from.
    pub(crate) fn of_session(id: &str) -> Self {
        Self { address: IpAddr::from([0, 0, 0, 0]), agent: id.into() }
    }

    /// Who sent a request with these headers from `address`, which is what trusted proxies say that it is.
    pub(crate) fn of(headers: &HeaderMap, address: IpAddr) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Self { address: address.to_canonical(), agent: agent.unwrap_or("").into() }
    }
}

impl Seats {
    /// A seat for `user` to watch `what`, and the one it replaces, which is cut when that is dropped; `None` if
    /// all are taken by other clients.
    pub(crate) fn take(
        self: &Arc<Self>,
        user: &User,
        client: &Client,
        what: What,
    ) -> Option<(Seat, Replaced)> {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let mut films = Vec::new(); // dropped after the locks: the last one to have a film gives its seat back
        let mut users = self.users();
        let taken = users.entry(user.name.clone()).or_default();
        let own = |place: &&Arc<Place>| place.client == *client && place.device == user.device;
        let shared = taken.iter().find(|place| own(place) && place.has_room_for(what));
        if let Some(place) = shared.cloned() {
            place.shares.fetch_add(1, Ordering::Relaxed);
            place.number.store(number, Ordering::Relaxed);
            drop(users);
            return Some((self.seat(place, number), Replaced(None)));
        }
        let full = user.max_connections > 0 && taken.len() >= user.max_connections as usize;
        let replaced = match full {
            true => {
                let own = taken.iter().position(|place| place.client == *client);
                Some(taken.remove(own.or_else(|| taken.iter().position(|place| place.is_idle(&mut films)))?))
            }
            false => None,
        };
        let place = Arc::new(Place {
            id: number,
            since: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
            user: user.name.as_str().into(),
            device: user.device.clone(),
            client: client.clone(),
            what,
            shares: AtomicU32::new(1),
            number: AtomicU64::new(number),
            cut: AtomicBool::new(false),
            holds: Mutex::default(),
        });
        taken.push(place.clone());
        drop(users);
        Some((self.seat(place, number), Replaced(replaced)))
    }

    fn seat(self: &Arc<Self>, place: Arc<Place>, number: u64) -> Seat {
        let asking = Asking { number, user: place.user.clone(), client: place.client.clone() };
        Seat { seats: self.clone(), place, asking }
    }

    /// Cuts the oldest stream that the client of `asking` opened before and whose connection `would_do`. What was received
    /// for it.
    pub(crate) fn zap(&self, asking: &Asking, would_do: impl Fn(Holder) -> bool) -> Option<Holder> {
        let own = |place: &&Arc<Place>| {
            place.client == asking.client && place.number.load(Ordering::Relaxed) < asking.number
        };
        let taken: Vec<_> = {
            let users = self.users();
            users.get(&*asking.user).into_iter().flatten().filter(own).cloned().collect()
        };
        let frees =
            |place: Arc<Place>| place.alone().filter(|holder| would_do(*holder)).map(|it| (place, it));
        let (found, holder) = taken.into_iter().find_map(frees)?;
        self.strike(&found);
        found.cut();
        Some(holder)
    }

    /// Cuts every stream of those who may not go on with it, by their names and the devices whose tokens they showed.
    pub(crate) fn cut_unless(&self, may_watch: impl Fn(&str, Option<&str>, What) -> bool) {
        let mut cut = Vec::new();
        self.users().retain(|user, taken| {
            let stays = |place: &Place| may_watch(user, place.device.as_deref(), place.what);
            cut.extend(taken.extract_if(.., |place| !stays(place)));
            !taken.is_empty()
        });
        cut.iter().for_each(|place| place.cut());
    }

    /// Cuts a stream by its id; `false` if there is none.
    pub(crate) fn kick(&self, id: u64) -> bool {
        let found = self.users().values().flatten().find(|place| place.id == id).cloned();
        if let Some(place) = &found {
            self.strike(place);
            place.cut();
        }
        found.is_some()
    }

    /// The streams that users have open, in the order in which they began.
    pub(crate) fn sessions(&self) -> Vec<Session> {
        let mut sessions: Vec<Session> =
            self.users().values().flatten().map(|place| place.session()).collect();
        sessions.sort_unstable_by_key(|session| session.id);
        sessions
    }

    /// Seats that are taken, by whomever.
    pub(crate) fn taken(&self) -> usize {
        self.users().values().map(Vec::len).sum()
    }

    pub(crate) fn render(&self, page: &mut Page) {
        page.gauge("coax_relay_seats", "Streams that users have open.").value(self.taken());
    }

    /// Who has how many, in the order of their names.
    pub(crate) fn by_user(&self) -> BTreeMap<String, usize> {
        let users = self.users();
        users
            .iter()
            .filter(|(_, seats)| !seats.is_empty())
            .map(|(user, seats)| (user.clone(), seats.len()))
            .collect()
    }

    /// Streams of a user.
    pub(crate) fn of(&self, user: &str) -> usize {
        self.users().get(user).map_or(0, Vec::len)
    }

    /// One of those who share a seat has left.
    fn leave(&self, place: &Arc<Place>) {
        let users = self.users();
        let last = place.shares.fetch_sub(1, Ordering::Relaxed) == 1;
        drop(users);
        if last {
            self.strike(place);
        }
    }

    fn strike(&self, place: &Arc<Place>) {
        let mut users = self.users();
        if let Some(taken) = users.get_mut(&*place.user) {
            taken.retain(|each| !Arc::ptr_eq(each, place));
            if taken.is_empty() {
                users.remove(&*place.user);
            }
        }
    }

    fn users(&self) -> MutexGuard<'_, HashMap<String, Vec<Arc<Place>>>> {
        self.users.lock().expect("nobody panics while holding this lock")
    }
}

impl Place {
    fn session(&self) -> Session {
        Session {
            id: self.id,
            user: self.user.to_string(),
            device: self.device.as_deref().map(str::to_owned),
            address: self.client.address,
            agent: self.client.agent.clone(),
            watches: self.what.id(),
            file: matches!(self.what, What::File(_)),
            since: self.since,
        }
    }

    /// Whether another stream of `what` can share it.
    fn has_room_for(&self, what: What) -> bool {
        self.what == what && self.shares.load(Ordering::Relaxed) < SHARES
    }

    fn cut(&self) {
        let held = {
            let mut holds = self.holds();
            self.cut.store(true, Ordering::Relaxed);
            std::mem::take(&mut *holds)
        };
        for (_, hold) in held {
            match hold {
                Hold::Channel(viewing) => viewing.nudge(),
                Hold::Film(play) => play.upgrade().iter().for_each(|play| play.close()),
                Hold::Proxy(proxy) => drop(proxy),
            }
        }
    }

    /// A film or catch-up that nobody reads any more, though somebody may come back to it. `seen` gets what was looked at.
    fn is_idle(&self, seen: &mut Vec<Arc<Play>>) -> bool {
        let holds = self.holds();
        let mut idle = |(_, hold): &(u64, Hold)| match hold {
            Hold::Film(play) => play.upgrade().is_none_or(|play| {
                seen.push(play.clone());
                play.is_idle()
            }),
            Hold::Channel(_) | Hold::Proxy(_) => false,
        };
        !holds.is_empty() && holds.iter().all(&mut idle)
    }

    /// What is received for this seat and no other.
    fn alone(&self) -> Option<Holder> {
        let holds = self.holds();
        let film = match &holds.first()?.1 {
            Hold::Channel(viewing) => return viewing.alone(holds.len()),
            Hold::Film(play) => play.upgrade(),
            Hold::Proxy(proxy) => {
                return (Arc::strong_count(proxy) == holds.len()).then(|| proxy.holder());
            }
        };
        drop(holds); // the last one to have a film gives its seat back
        film.map(|play| play.holder())
    }

    fn holds(&self) -> MutexGuard<'_, Vec<(u64, Hold)>> {
        self.holds.lock().expect("nobody panics while holding this lock")
    }
}

impl Seat {
    pub(crate) fn asking(&self) -> &Asking {
        &self.asking
    }

    /// Somebody else has the seat now, or nobody may.
    pub(crate) fn is_cut(&self) -> bool {
        self.place.cut.load(Ordering::Relaxed)
    }

    /// The seat is for a channel, which is let go with it.
    pub(crate) fn hold_channel(&self, viewing: Viewing) {
        let mut holds = self.place.holds();
        if !self.is_cut() {
            holds.push((self.asking.number, Hold::Channel(viewing)));
        }
    }

    /// The seat is for a channel that is passed on, which is let go with it.
    pub(crate) fn hold_proxy(&self, proxy: Arc<Proxy>) {
        let number = self.asking.number;
        let before: Vec<_> = {
            let mut holds = self.place.holds();
            let before = holds.extract_if(.., |(holder, _)| *holder == number).collect();
            if !self.is_cut() {
                holds.push((number, Hold::Proxy(proxy)));
            }
            before
        };
        drop(before); // a tuner, which is let go with the house locked
    }

    /// The seat is for a film, which is closed with it.
    pub(crate) fn hold_film(&self, play: &Arc<Play>) {
        let mut holds = self.place.holds();
        holds.push((self.asking.number, Hold::Film(Arc::downgrade(play))));
        drop(holds);
        if self.is_cut() {
            play.close(); // it was, before there was anything to close
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let held: Vec<_> = {
            let mut holds = self.place.holds();
            holds.extract_if(.., |(number, _)| *number == self.asking.number).collect()
        };
        self.seats.leave(&self.place);
        drop(held); // which lets its channel go, and for that needs the house
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        self.0.iter().for_each(|place| place.cut());
    }
}
