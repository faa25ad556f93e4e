//! Whether a session is worth waiting for. Pure: no I/O, no clock of its own.
//!
//! ```text
//! Starting ──answer──▶ Warming ──first byte──▶ Streaming ◀──byte── Stalled ──▶ given up ──▶ Restarting ──▶ Starting
//!                       │ no peers, no byte     └──── silence ──────▲
//!                       └──▶ given up
//! ```

use std::time::{Duration, Instant};

use serde::Serialize;

use super::answer::{Stat, Status};
use crate::refusal::Ace;
use crate::settings::Settings;

/// A session that gives nothing for this long has stalled;
const STALLED: Duration = Duration::from_secs(10);
/// if its statistics say that it still receives, it is waited for this much longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Waits before a session is started anew, one after the other. At the engine a player that comes back at once is the
/// usual case.
const BACK_OFF: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];
/// So many of them in this time; then others must see to it.
const SPAN: Duration = Duration::from_secs(60);

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// The engine has been asked.
    Starting,
    /// It has answered, and looks for peers.
    Warming,
    /// Bytes come.
    Streaming,
    /// None have come for a while.
    Stalled,
    /// It was lost, and is started anew.
    Restarting,
}

/// How long what is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    pub(super) first_byte: Duration,
    pub(super) no_peers: Duration,
}

/// Watches one session from the engine's answer on.
pub(super) struct Vigil {
    budget: Budget,
    began: Instant,
    /// The last bytes.
    received: Option<Instant>,
    /// Since when there has been no peer.
    lonely: Option<Instant>,
    downloaded: u64,
    /// When statistics last said that something was received.
    grown: Instant,
}

impl Budget {
    pub(super) fn of(settings: &Settings) -> Self {
        Self { first_byte: settings.ace_first_byte, no_peers: settings.ace_no_peers }
    }
}

impl Vigil {
    pub(super) fn new(budget: Budget, now: Instant) -> Self {
        Self { budget, began: now, received: None, lonely: None, downloaded: 0, grown: now }
    }

    /// Bytes have come.
    pub(super) fn received(&mut self, now: Instant) {
        self.received = Some(now);
    }

    /// Statistics have come.
    pub(super) fn polled(&mut self, stat: &Stat, now: Instant) {
        self.lonely = if stat.peers > 0 { None } else { self.lonely.or(Some(now)) };
        let receiving = matches!(stat.status, Status::Dl | Status::Prebuf | Status::Buf);
        if receiving && stat.downloaded > self.downloaded {
            self.grown = now;
        }
        self.downloaded = stat.downloaded;
    }

    pub(super) fn state(&self, now: Instant) -> State {
        match self.received {
            None => State::Warming,
            Some(last) if now.duration_since(last) < STALLED => State::Streaming,
            Some(_) => State::Stalled,
        }
    }

    /// When to look again if nothing happens.
    pub(super) fn next(&self, now: Instant) -> Instant {
        match self.received {
            None => now + Duration::from_secs(1),
            Some(last) if now < last + STALLED => last + STALLED,
            Some(_) => now + Duration::from_secs(1),
        }
    }

    /// Why the session is given up, if it is.
    pub(super) fn verdict(&self, now: Instant) -> Option<Ace> {
        let Some(last) = self.received else {
            let lonely = self.lonely.is_some_and(|since| now.duration_since(since) >= self.budget.no_peers);
            let late = now.duration_since(self.began) >= self.budget.first_byte;
            return lonely.then_some(Ace::NoPeers).or(late.then_some(Ace::Silent));
        };
        let silent = now.duration_since(last);
        let hopeful = now.duration_since(self.grown) < STALLED && silent < STALLED + PATIENCE;
        (silent >= STALLED && !hopeful).then_some(Ace::Silent)
    }
}

/// Counts how often a session is started anew.
#[derive(Default)]
pub(super) struct Restarts(Vec<Instant>);

impl Restarts {
    /// How long to wait before the next start; `None` when there were too many.
    pub(super) fn next(&mut self, now: Instant) -> Option<Duration> {
        self.0.retain(|at| now.duration_since(*at) < SPAN);
        let wait = *BACK_OFF.get(self.0.len())?;
        self.0.push(now);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget { first_byte: Duration::from_secs(60), no_peers: Duration::from_secs(30) };

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    fn stat(status: Status, peers: u64, downloaded: u64) -> Stat {
        Stat { status, peers, downloaded, ..Stat::default() }
    }

    #[test]
    fn a_channel_without_peers_is_given_up_sooner_than_a_slow_one() {
        let begin = Instant::now();
        let mut vigil = Vigil::new(BUDGET, begin);
        vigil.polled(&stat(Status::Prebuf, 0, 0), begin + seconds(1));
        assert_eq!(vigil.verdict(begin + seconds(30)), None);
        assert_eq!(vigil.verdict(begin + seconds(31)), Some(Ace::NoPeers));
        vigil.polled(&stat(Status::Prebuf, 3, 0), begin + seconds(29));
        assert_eq!((vigil.verdict(begin + seconds(59)), vigil.state(begin)), (None, State::Warming));
        assert_eq!(vigil.verdict(begin + seconds(60)), Some(Ace::Silent));
    }

    #[test]
    fn what_has_stalled_is_waited_for_while_the_engine_receives() {
        let begin = Instant::now();
        let mut vigil = Vigil::new(BUDGET, begin);
        vigil.received(begin);
        vigil.polled(&stat(Status::Dl, 3, 1000), begin);
        assert_eq!(
            (vigil.verdict(begin + seconds(9)), vigil.state(begin + seconds(9))),
            (None, State::Streaming)
        );
        assert_eq!(vigil.verdict(begin + seconds(10)), Some(Ace::Silent), "its statistics stand still");
        for second in 1..40 {
            vigil.polled(&stat(Status::Buf, 0, 1000 + second), begin + seconds(second));
            assert_eq!(vigil.verdict(begin + seconds(second)), None);
        }
        assert_eq!(vigil.state(begin + seconds(39)), State::Stalled);
        vigil.polled(&stat(Status::Dl, 3, 9000), begin + seconds(40));
        assert_eq!(vigil.verdict(begin + seconds(40)), Some(Ace::Silent));
        vigil.received(begin + seconds(40));
        assert_eq!(vigil.verdict(begin + seconds(41)), None);
    }

    #[test]
    fn it_is_started_anew_at_once_and_then_less_and_less_often() {
        let (mut restarts, begin) = (Restarts::default(), Instant::now());
        let waits: Vec<_> = (0..6).map(|number| restarts.next(begin + seconds(number))).collect();
        assert_eq!(waits[..5], [0, 1, 2, 5, 10].map(|wait| Some(seconds(wait))));
        assert_eq!(waits[5], None);
        assert_eq!(restarts.next(begin + seconds(120)), Some(Duration::ZERO), "a new story");
    }
}
