//! What all requests of one station share.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::HeaderValue;

use crate::ace::{Content, Engine};
use crate::catalogue::{Catalogue, mix};
use crate::clock;
use crate::fault::Fault;
use crate::ledger::{Counts, Ledger};
use crate::settings::{Account, Settings, Status, Target};
use crate::television::Reels;

/// Redirect tokens that can be open at the same time; the oldest is forgotten for a new one.
const MOST_TOKENS: usize = 4096;

pub(crate) struct Provider {
    pub(crate) settings: Settings,
    pub(crate) catalogue: Catalogue,
    pub(crate) reels: Reels,
    pub(crate) ledger: Arc<Ledger>,
    faults: Mutex<BTreeMap<Target, Planned>>,
    tokens: Mutex<VecDeque<Token>>,
    published: Mutex<BTreeMap<String, Published>>,
    pub(crate) engine: Arc<Engine>,
    contents: Mutex<BTreeMap<u32, Content>>,
    edge: SocketAddr,
}

/// A document that somebody gave the station.
#[derive(Clone)]
pub(crate) struct Published {
    pub(crate) bytes: Bytes,
    pub(crate) content_type: HeaderValue,
    pub(crate) encoding: Option<HeaderValue>,
}

/// A fault, how many requests go well before it happens, and how many more times it happens; `None` is always.
#[derive(Clone, Copy)]
struct Planned {
    fault: Fault,
    after: u32,
    times: Option<u32>,
}

struct Token {
    text: String,
    made: Instant,
    /// Redirects that still follow.
    hops: u32,
    path_and_query: String,
}

impl Provider {
    /// One that can be reached at a second port, `edge`, as well.
    pub(crate) fn new(settings: Settings, edge: SocketAddr) -> Self {
        let faults = settings
            .faults
            .iter()
            .map(|(target, fault)| (target.clone(), Planned { fault: *fault, after: 0, times: None }));
        Self {
            catalogue: Catalogue::new(&settings),
            reels: Reels::default(),
            ledger: Arc::new(Ledger::new(settings.release_delay)),
            faults: Mutex::new(faults.collect()),
            tokens: Mutex::default(),
            published: Mutex::default(),
            engine: Arc::new(Engine::new(settings.ace.idle)),
            contents: Mutex::default(),
            edge,
            settings,
        }
    }

    /// The second port.
    pub(crate) fn edge(&self) -> SocketAddr {
        self.edge
    }

    /// Answers `path` with a document from now on.
    pub(crate) fn publish(&self, path: &str, document: Published) {
        lock(&self.published).insert(path.to_owned(), document);
    }

    /// The document at `path`.
    pub(crate) fn published(&self, path: &str) -> Option<Published> {
        lock(&self.published).get(path).cloned()
    }

    /// What is the matter with a channel as a content of the engine.
    pub(crate) fn content(&self, id: u32) -> Content {
        lock(&self.contents).get(&id).copied().unwrap_or_default()
    }

    /// From now on a channel is such a content.
    pub(crate) fn set_content(&self, id: u32, content: Content) {
        lock(&self.contents).insert(id, content);
    }

    /// What the station has seen so far.
    pub(crate) fn counts(&self) -> Counts {
        Counts { ace: self.engine.counts(), ..self.ledger.counts() }
    }

    /// Forgets what it has seen, all faults and all that is the matter with contents.
    pub(crate) fn reset(&self) {
        lock(&self.faults).clear();
        lock(&self.contents).clear();
        self.ledger.reset();
        self.engine.reset();
    }

    /// The account with these credentials.
    pub(crate) fn account(&self, username: &str, password: &str) -> Option<&Account> {
        let (username, password) = (username.trim(), password.trim());
        self.settings
            .accounts
            .iter()
            .find(|account| account.username == username && account.password == password)
    }

    /// The standing of an account at this time.
    pub(crate) fn status(&self, account: &Account) -> Status {
        match account.expires {
            Some(time) if time <= self.catalogue.guide().now() => Status::Expired,
            _ => account.status,
        }
    }

    /// Plans a fault for what comes after so many requests, or with `None` takes it back.
    pub(crate) fn set_fault(&self, target: Target, fault: Option<Fault>, after: u32, times: Option<u32>) {
        let mut faults = lock(&self.faults);
        match fault {
            Some(fault) => faults.insert(target, Planned { fault, after, times }),
            None => faults.remove(&target),
        };
    }

    /// The fault that happens to this request, counted down.
    pub(crate) fn fault(&self, target: &Target) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        let every = matches!(target, Target::Stream(_)) && !faults.contains_key(target);
        let target = if every { &Target::EveryStream } else { target };
        let planned = faults.get_mut(target)?;
        if planned.after > 0 {
            planned.after -= 1;
            return None;
        }
        let fault = planned.fault;
        if let Some(times) = &mut planned.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                faults.remove(target);
            }
        }
        Some(fault)
    }

    /// A token that leads to a stream through so many more redirects, once.
    pub(crate) fn issue(&self, hops: u32, path_and_query: &str) -> String {
        let mut tokens = lock(&self.tokens);
        let salt = tokens.back().map_or(0, |token| token.text.len() as u64 + u64::from(token.hops));
        let made = clock::micros() ^ salt << 50 ^ (tokens.len() as u64) << 40;
        let text = format!("{:016x}{:016x}", mix(self.settings.seed, made), mix(made, 7));
        if tokens.len() >= MOST_TOKENS {
            tokens.pop_front();
        }
        let token = Token {
            text: text.clone(),
            made: Instant::now(),
            hops,
            path_and_query: path_and_query.to_owned(),
        };
        tokens.push_back(token);
        text
    }

    /// Uses a token up: the redirects that still follow, and what it leads to.
    pub(crate) fn redeem(&self, text: &str) -> Option<(u32, String)> {
        let mut tokens = lock(&self.tokens);
        tokens.retain(|token| token.made.elapsed() < self.settings.token_life);
        let place = tokens.iter().position(|token| token.text == text)?;
        tokens.remove(place).map(|token| (token.hops, token.path_and_query))
    }
}

/// Whatever panicked elsewhere left these maps whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
