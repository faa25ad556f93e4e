//! Where a channel is looked for next, and when it is given up. Pure: no clock of its own.
//!
//! A channel that was lost is first looked for where it was, since most losses are a broken connection; then at its
//! other upstreams, in order and round and round. It stays where it is found: the preferred upstream is asked first the
//! next time somebody tunes.

use std::time::Duration;

use tokio::time::Instant;

use crate::refusal::Failure;
use crate::remedy::{Next, remedy};

/// Waits before an upstream is asked once more; the last one is repeated.
const BACK_OFF: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5)];
/// A connection that held this long was a good one: the next loss is a new story.
const STABLE: Duration = Duration::from_secs(30);
/// So often in a row may an upstream refuse a channel whose viewers are held: a provider that says no means it, unless it
/// only goes on counting the connection that was lost.
const REFUSALS: u32 = 4;
/// So often is a channel that nobody has seen yet looked for at each upstream.
const ROUNDS: u32 = 2;

/// How an attempt ended.
pub(super) struct Attempt<'a> {
    /// Why it ended.
    pub(super) why: &'a Failure,
    /// The channel was received.
    pub(super) received: bool,
    /// How long the attempt took, or the channel was received.
    pub(super) lasted: Duration,
}

/// The search for one channel.
pub(super) struct Search {
    /// The upstream that is asked now.
    at: usize,
    upstreams: Vec<Prospect>,
    /// Viewers have seen something.
    seen: bool,
    /// When the channel was received last.
    received: Instant,
    give_up: Duration,
    /// It goes on for so long once more, since viewers have something to look at.
    prolonged: Option<Duration>,
}

/// What an upstream did since it was good.
#[derive(Clone, Default)]
struct Prospect {
    /// The channel was lost there once.
    lost: bool,
    /// Attempts that failed.
    failures: u32,
    /// Those of them that the provider meant.
    refusals: u32,
}

impl Search {
    /// Begins at the first of so many upstreams. Viewers are held for `give_up` at most.
    pub(super) fn new(upstreams: usize, give_up: Duration, now: Instant) -> Self {
        let upstreams = vec![Prospect::default(); upstreams];
        Self { at: 0, upstreams, seen: false, received: now, give_up, prolonged: None }
    }

    /// Which upstream is to be asked.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Takes notice of how an attempt ended. How long to wait before the next one; `None` if there shall be none.
    pub(super) fn next(&mut self, attempt: Attempt<'_>, now: Instant) -> Option<Duration> {
        let Attempt { why, received, lasted } = attempt;
        if received && lasted >= STABLE {
            self.upstreams.fill(Prospect::default());
            self.prolonged = None;
        }
        if received {
            (self.seen, self.received) = (true, now);
        }
        let (next, _) = remedy(why);
        if next == Next::Nowhere || self.seen && now.duration_since(self.received) >= self.patience() {
            return None;
        }
        let prospect = self.upstreams.get_mut(self.at)?;
        if received && next == Next::Again && !std::mem::replace(&mut prospect.lost, true) {
            return Some(Duration::ZERO);
        }
        prospect.failures += 1;
        // Whoever waits for a first picture cannot wait for another silence.
        let meant = next != Next::Again || !self.seen && matches!(why, Failure::Silent | Failure::Ace(_));
        // Whoever is asked seldom may refuse as often as he likes, but not give a clip each time.
        prospect.refusals += u32::from(meant && (received || self.prolonged.is_none()));
        self.at = self.following()?;
        let turn = self.upstreams[self.at].failures as usize;
        Some(BACK_OFF[turn.min(BACK_OFF.len() - 1)])
    }

    /// Viewers are not to see the end yet: every upstream is asked for the channel again, as seldom as may be, for `time`
    /// at most. How long to wait before that; `None` if it was prolonged before, and the channel not good since.
    pub(super) fn prolong(&mut self, time: Duration, now: Instant) -> Option<Duration> {
        if !self.seen || self.prolonged.is_some() {
            return None;
        }
        (self.prolonged, self.received) = (Some(time), now);
        self.upstreams.fill(Prospect { lost: true, failures: BACK_OFF.len() as u32, refusals: 0 });
        self.at = self.following()?;
        BACK_OFF.last().copied()
    }

    /// How long the channel may have been away.
    fn patience(&self) -> Duration {
        self.prolonged.unwrap_or(self.give_up)
    }

    /// The next upstream in order that may still have the channel; the same if no other may.
    fn following(&self) -> Option<usize> {
        let count = self.upstreams.len();
        let order = (1..=count).map(|step| (self.at + step) % count);
        let may = order.filter(|at| self.may_have_it(*at));
        may.min_by_key(|at| self.upstreams[*at].failures) // of equal ones the first
    }

    fn may_have_it(&self, at: usize) -> bool {
        let Prospect { failures, refusals, .. } = self.upstreams[at];
        if self.seen { refusals < REFUSALS } else { refusals == 0 && failures < ROUNDS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A search among `upstreams`, each attempt of which ends as `attempts` say: why, and for how many seconds the
    /// channel was received. Which upstreams were asked, and after how many seconds each.
    fn course(upstreams: usize, attempts: &[(Failure, u64)]) -> Vec<(usize, u64)> {
        let mut now = Instant::now();
        let mut search = Search::new(upstreams, 60 * SECOND, now);
        let mut asked = vec![(0, 0)];
        for (why, seconds) in attempts {
            let lasted = Duration::from_secs(*seconds);
            now += lasted;
            let Some(pause) = search.next(Attempt { why, received: *seconds > 0, lasted }, now) else {
                break;
            };
            now += pause;
            asked.push((search.at(), pause.as_secs()));
        }
        asked
    }

    fn refused() -> Failure {
        Failure::Refused(404)
    }

    const DEAD: Failure = Failure::Dead("x");

    #[test]
    fn a_channel_that_was_lost_is_looked_for_where_it_was_and_then_elsewhere() {
        let lost = [(DEAD, 40), (DEAD, 0), (DEAD, 0), (DEAD, 0), (DEAD, 0)];
        assert_eq!(course(3, &lost), [(0, 0), (0, 0), (1, 0), (2, 0), (0, 1), (1, 1)]);
        assert_eq!(course(1, &lost), [(0, 0), (0, 0), (0, 1), (0, 2), (0, 5), (0, 5)]);
    }

    #[test]
    fn it_stays_where_it_was_found() {
        let attempts = [(refused(), 0), (DEAD, 40), (DEAD, 40), (DEAD, 40)];
        assert_eq!(course(2, &attempts), [(0, 0), (1, 0), (1, 0), (1, 0), (1, 0)]);
    }

    #[test]
    fn a_connection_that_breaks_again_and_again_is_left() {
        let attempts = [(DEAD, 5), (DEAD, 5), (DEAD, 5), (DEAD, 5)];
        assert_eq!(course(2, &attempts), [(0, 0), (0, 0), (1, 0), (1, 0), (0, 1)]);
    }

    #[test]
    fn before_anybody_has_seen_anything_each_upstream_is_asked_once_or_twice() {
        let dead = vec![(DEAD, 0); 9];
        assert_eq!(course(2, &dead), [(0, 0), (1, 0), (0, 1), (1, 1)]);
        let refused = vec![(refused(), 0); 9];
        assert_eq!(course(2, &refused), [(0, 0), (1, 0)]);
        assert_eq!(course(1, &refused), [(0, 0)]);
    }

    #[test]
    fn who_refuses_a_channel_that_was_seen_is_asked_a_few_times() {
        let attempts: Vec<_> =
            std::iter::once((DEAD, 40)).chain(std::iter::repeat_n((refused(), 0), 9)).collect();
        assert_eq!(course(1, &attempts).len(), 1 + 4);
        assert_eq!(course(2, &attempts).len(), 1 + 2 * 4);
        assert_eq!(course(1, &vec![(Failure::Clip, 5); 9]).len(), 4, "clips are refusals");
    }

    #[test]
    fn it_is_given_up_after_a_minute() {
        let attempts: Vec<_> =
            std::iter::once((DEAD, 40)).chain(std::iter::repeat_n((DEAD, 0), 99)).collect();
        let waited: u64 = course(3, &attempts).iter().map(|(_, pause)| pause).sum();
        assert!((55..70).contains(&waited), "{waited}");
    }

    #[test]
    fn behind_a_card_it_goes_on_once_and_asks_seldom_however_often_it_is_refused() {
        let began = Instant::now();
        let mut now = began;
        let mut search = Search::new(2, Duration::ZERO, now);
        assert_eq!(search.prolong(60 * SECOND, now), None, "nobody has seen anything");
        let lost = Attempt { why: &DEAD, received: true, lasted: 40 * SECOND };
        assert_eq!(search.next(lost, now), None);
        let mut pause = search.prolong(60 * SECOND, now);
        let mut asked = Vec::new();
        while let Some(time) = pause {
            now += time;
            asked.push(search.at());
            let why = &refused();
            pause = search.next(Attempt { why, received: false, lasted: Duration::ZERO }, now);
        }
        assert_eq!(now - began, 60 * SECOND);
        assert_eq!(asked, [1, 0].repeat(6));
        assert_eq!(search.prolong(60 * SECOND, now), None);
    }

    #[test]
    fn a_card_leads_to_no_endless_row_of_clips() {
        let now = Instant::now();
        let mut search = Search::new(1, Duration::ZERO, now);
        assert_eq!(search.next(Attempt { why: &DEAD, received: true, lasted: 40 * SECOND }, now), None);
        assert!(search.prolong(60 * SECOND, now).is_some());
        let mut clip = || {
            let attempt = Attempt { why: &Failure::Clip, received: true, lasted: 5 * SECOND };
            search.next(attempt, now)
        };
        assert_eq!((1..9).take_while(|_| clip().is_some()).count(), 3, "the fourth is one too many");
        assert_eq!(search.prolong(60 * SECOND, now), None);
        let good = Attempt { why: &DEAD, received: true, lasted: 40 * SECOND };
        assert_eq!(search.next(good, now), None);
        assert!(search.prolong(60 * SECOND, now).is_some(), "the channel was good again");
    }

    #[test]
    fn counters_begin_anew_after_a_good_while() {
        let attempts = [(DEAD, 5), (DEAD, 0), (DEAD, 0), (DEAD, 40), (DEAD, 0)];
        assert_eq!(course(1, &attempts), [(0, 0), (0, 0), (0, 1), (0, 2), (0, 0), (0, 1)]);
    }
}
