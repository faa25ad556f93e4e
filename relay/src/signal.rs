//! What a tuner is doing, for those who ask.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use contract::bundle::{Protocol, Upstream};

/// Where a tuner is with its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It has not received anything yet.
    Starting,
    /// It receives.
    OnAir,
    /// It has lost the channel and is after it.
    Recovering,
}

impl State {
    pub(crate) const ALL: [Self; 3] = [Self::Starting, Self::OnAir, Self::Recovering];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::OnAir => "on_air",
            Self::Recovering => "recovering",
        }
    }
}

/// As of one moment.
#[derive(Clone, Debug)]
pub(crate) struct Now {
    pub(crate) state: State,
    /// The upstream that is in use, or being dialled: its account,
    pub(crate) account: String,
    /// and how it is received.
    pub(crate) protocol: Option<Protocol>,
    /// All of it.
    pub(crate) upstream: Option<Upstream>,
    /// When the tuner began.
    pub(crate) began: Instant,
    /// From dialling to the first byte, the last time.
    pub(crate) first_byte: Option<Duration>,
    dialled: Instant,
}

/// Told by the tuner, read by others.
pub(crate) struct Signal(Mutex<Now>);

impl Signal {
    pub(crate) fn new() -> Self {
        let began = Instant::now();
        let account = String::new();
        let state = State::Starting;
        Self(Mutex::new(Now {
            state,
            account,
            protocol: None,
            upstream: None,
            began,
            first_byte: None,
            dialled: began,
        }))
    }

    /// The tuner dials an upstream.
    pub(crate) fn dialling(&self, upstream: &Upstream) {
        let mut now = self.lock();
        if now.state == State::OnAir {
            now.state = State::Recovering;
        }
        now.account.clone_from(&upstream.account);
        now.protocol = Some(upstream.protocol);
        now.upstream = Some(upstream.clone());
        (now.dialled, now.first_byte) = (Instant::now(), None);
    }

    /// Bytes have come. How long they took, if they are the first ones.
    pub(crate) fn receiving(&self) -> Option<Duration> {
        let mut now = self.lock();
        now.state = State::OnAir;
        if now.first_byte.is_some() {
            return None;
        }
        now.first_byte = Some(now.dialled.elapsed());
        now.first_byte
    }

    pub(crate) fn now(&self) -> Now {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.0.lock().expect("nobody panics while holding this lock")
    }
}
