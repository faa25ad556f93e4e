//! The sums of one account: what was asked and when, and whether one more request fits. Knows no clock but the one it
//! is told, so that an hour can be tested in no time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use contract::source::Budget;

/// Seconds of the window that `per_hour` is about.
const HOUR: u64 = 3600;
/// Of an hour's requests, those that details leave to lists and guides: one in so many, and no more than the other.
const RESERVE: (u32, u32) = (4, 200);

/// Who is asking. The order is that in which requests are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// The next address of a request that was let through already.
    Hop,
    /// Lists, guides, and details that somebody waits for: first come, first served, so that neither starves the other.
    Now,
    /// Details for later. They leave something of every hour to the others.
    Background,
}

/// A place in the queue: smaller goes first.
pub(super) type Ticket = (Urgency, u64);

/// A moment, on both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// On a clock that never jumps.
    pub(super) since: Duration,
    /// Unix time in seconds, which survives the process.
    pub(super) unix: u64,
}

/// What a waiting request is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is counted and may be made.
    Go,
    /// Something else has to happen first: somebody leaves, or is answered.
    Behind,
    /// Not before so much time has passed.
    In(Duration),
}

/// The books of one account.
///
/// A provider counts a request when it arrives, which is some time between being let through and being answered. So a
/// request counts from the one until a whole window after the other: whatever the network does, the provider never
/// sees more than the budget.
#[derive(Debug, Default)]
pub(super) struct Books {
    budget: Budget,
    /// Requests whose answer is not over.
    running: u32,
    /// Requests whose answer has not begun.
    unanswered: u32,
    /// When answers began, in order, as far back as the window goes.
    answered: VecDeque<Duration>,
    /// So many of an earlier process count until then.
    before: (usize, Duration),
    /// Requests by minute since 1970. Whole minutes make the hour a little longer than it is, never shorter.
    minutes: BTreeMap<u64, u32>,
    /// The provider wants to be left alone until then.
    rest: Duration,
    waiting: BTreeSet<Ticket>,
    next: u64,
}

impl Books {
    /// Books of an account that was never asked.
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, ..Self::default() }
    }

    /// Books that go on: `minutes` is what was asked for so far; `lately` of it are younger than a window, and the last
    /// was `age` ago.
    pub(super) fn resumed(
        budget: Budget,
        minutes: BTreeMap<u64, u32>,
        (lately, age): (usize, Duration),
    ) -> Self {
        let before = (lately, window(budget).saturating_sub(age));
        Self { budget, minutes, before, ..Self::default() }
    }

    /// Requests that are not older than a window.
    pub(super) fn lately(&mut self, now: Moment) -> usize {
        self.forget(now);
        self.unanswered as usize + self.answered.len()
    }

    /// Queues up.
    pub(super) fn ticket(&mut self, urgency: Urgency) -> Ticket {
        self.next += 1;
        self.waiting.insert((urgency, self.next));
        (urgency, self.next)
    }

    /// Leaves the queue.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
    }

    /// Whether it is the turn of `ticket`. With [`Turn::Go`] it has left the queue and is counted.
    pub(super) fn turn(&mut self, ticket: Ticket, now: Moment) -> Turn {
        let hop = ticket.0 == Urgency::Hop;
        if self.waiting.first() != Some(&ticket) || (!hop && self.running >= self.budget.parallel) {
            return Turn::Behind;
        }
        let Some(second) = self.until_second(now) else { return Turn::Behind };
        let rest = self.rest.saturating_sub(now.since);
        let wait = second.max(rest).max(self.until_hour(ticket.0, now));
        if !wait.is_zero() {
            return Turn::In(wait);
        }
        self.waiting.remove(&ticket);
        self.running += u32::from(!hop);
        self.unanswered += 1;
        *self.minutes.entry(now.unix / 60).or_default() += 1;
        Turn::Go
    }

    /// The request that was let through in `minute` is answered now, or given up.
    pub(super) fn answered(&mut self, minute: u64, now: Moment) {
        self.unanswered -= 1;
        self.answered.push_back(now.since);
        // A clock that was put right meanwhile may have made it forgotten.
        if let Some(count) = self.minutes.get_mut(&minute).filter(|count| **count > 0) {
            *count -= 1;
            *self.minutes.entry(now.unix / 60).or_default() += 1;
        }
    }

    /// An answer is over.
    pub(super) fn done(&mut self) {
        self.running -= 1;
    }

    /// The provider asked to be left alone for `pause`.
    pub(super) fn rest(&mut self, pause: Duration, now: Moment) {
        self.rest = self.rest.max(now.since.saturating_add(pause));
    }

    /// Requests by minute, as far as they still count, with `ahead` more for the current minute.
    pub(super) fn minutes(&self, ahead: u32, now: Moment) -> BTreeMap<u64, u32> {
        let mut minutes = self.minutes.clone();
        minutes.retain(|minute, count| *count > 0 && counts(*minute, now.unix));
        if ahead > 0 {
            *minutes.entry(now.unix / 60).or_default() += ahead;
        }
        minutes
    }

    /// One hundredth of an hour's requests, at least one: what may be lost when a process is killed.
    pub(super) fn block(&self) -> u32 {
        (self.budget.per_hour / 100).max(1)
    }

    /// How long until one more fits into every second; `None` if somebody has to be answered first.
    fn until_second(&mut self, now: Moment) -> Option<Duration> {
        let most = self.budget.per_second.floor().max(1.0);
        self.forget(now);
        let window = window(self.budget);
        let room = (most as usize).saturating_sub(self.before.0);
        if self.before.0 > 0 && self.unanswered as usize + self.answered.len() >= room {
            return Some(self.before.1.saturating_sub(now.since));
        }
        let over = (self.unanswered as usize + self.answered.len() + 1).saturating_sub(most as usize);
        match over.checked_sub(1) {
            None => Some(Duration::ZERO),
            Some(last) => self.answered.get(last).map(|then| (*then + window).saturating_sub(now.since)),
        }
    }

    /// Forgets what is older than a window.
    fn forget(&mut self, now: Moment) {
        let window = window(self.budget);
        while self.answered.front().is_some_and(|then| *then + window <= now.since) {
            self.answered.pop_front();
        }
        if self.before.1 <= now.since {
            self.before.0 = 0;
        }
    }

    fn until_hour(&mut self, urgency: Urgency, now: Moment) -> Duration {
        self.minutes.retain(|minute, _| counts(*minute, now.unix));
        let reserve = match urgency {
            Urgency::Hop | Urgency::Now => 0,
            Urgency::Background => (self.budget.per_hour / RESERVE.0).min(RESERVE.1),
        };
        let most = u64::from(self.budget.per_hour - reserve);
        let spent: u64 = self.minutes.values().map(|count| u64::from(*count)).sum();
        let mut over = (spent + 1).saturating_sub(most);
        for (minute, count) in &self.minutes {
            if over == 0 {
                break;
            }
            over = over.saturating_sub(u64::from(*count));
            if over == 0 {
                return Duration::from_secs((minute * 60 + 60 + HOUR).saturating_sub(now.unix).max(1));
            }
        }
        Duration::ZERO
    }
}

/// The time in which no more than `per_second` requests fit, or than one if that is less.
fn window(budget: Budget) -> Duration {
    Duration::from_secs_f64(if budget.per_second < 1.0 { 1.0 / budget.per_second.max(0.001) } else { 1.0 })
}

/// Whether requests of `minute` count at `unix`. Those of the future are a clock's that was put right since.
fn counts(minute: u64, unix: u64) -> bool {
    minute.saturating_mul(60).saturating_add(60 + HOUR) > unix && minute <= unix / 60 + HOUR / 60
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_700_000_000;

    fn at(millis: u64) -> Moment {
        Moment { since: Duration::from_millis(millis), unix: START + millis / 1000 }
    }

    fn books(parallel: u32, per_second: f64, per_hour: u32) -> Books {
        Books::new(Budget { parallel, per_second, per_hour })
    }

    /// Makes requests as soon as they are allowed for `seconds`, each answered after `takes`; answers when they arrived.
    fn drive(books: &mut Books, urgency: Urgency, seconds: u64, takes: u64) -> Vec<u64> {
        let (mut arrived, mut open, mut ticket) = (Vec::new(), VecDeque::new(), None);
        for millis in 0..seconds * 1000 {
            while open.front().is_some_and(|(until, _)| *until <= millis) {
                let (_, minute) = open.pop_front().unwrap();
                books.answered(minute, at(millis));
                books.done();
            }
            let mine = *ticket.get_or_insert_with(|| books.ticket(urgency));
            if books.turn(mine, at(millis)) == Turn::Go {
                ticket = None;
                // The worst network: some arrive at once, others just before they are answered.
                arrived.push(if arrived.len() % 2 == 0 { millis } else { millis + takes });
                open.push_back((millis + takes, at(millis).unix / 60));
            }
        }
        arrived.sort_unstable();
        arrived
    }

    fn most_within(arrived: &[u64], window: u64) -> usize {
        arrived
            .iter()
            .map(|from| arrived.iter().filter(|at| (*from..*from + window).contains(at)).count())
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn no_second_sees_more_than_its_share_however_long_requests_travel() {
        for (parallel, per_second, takes) in
            [(1, 2.0, 0), (1, 2.0, 300), (4, 3.0, 700), (8, 5.9, 2500), (2, 1.0, 10)]
        {
            let arrived = drive(&mut books(parallel, per_second, 100_000), Urgency::Now, 60, takes);
            let most = most_within(&arrived, 1000);
            assert!(most <= per_second as usize, "{most} of {per_second}, {parallel} at once, {takes} ms");
            assert!(arrived.len() >= 20, "{} in a minute", arrived.len());
        }
        let arrived = drive(&mut books(1, 0.1, 100), Urgency::Now, 60, 5);
        assert_eq!((arrived.len(), most_within(&arrived, 10_000)), (6, 1));
    }

    #[test]
    fn no_hour_sees_more_than_its_share_and_details_leave_something_of_it() {
        let mut books = books(1, 100.0, 40);
        assert_eq!(drive(&mut books, Urgency::Background, 60, 1).len(), 30);
        books.waiting.clear();
        let ticket = books.ticket(Urgency::Background);
        assert!(matches!(books.turn(ticket, at(60_000)), Turn::In(wait) if wait.as_secs() > 3000));
        assert_eq!(drive(&mut books, Urgency::Now, 60, 1).len(), 10);
        books.waiting.clear();
        let ticket = books.ticket(Urgency::Now);
        let Turn::In(wait) = books.turn(ticket, at(60_000)) else { panic!("the hour is full") };
        assert!((3500..=3720).contains(&wait.as_secs()), "{wait:?}");
        assert_eq!(books.turn(ticket, at(60_000 + wait.as_millis() as u64)), Turn::Go);
    }

    #[test]
    fn an_hour_goes_on_in_the_next_process() {
        let mut first = books(1, 100.0, 10);
        drive(&mut first, Urgency::Now, 1, 1);
        let kept = first.minutes(0, at(1000));
        assert_eq!(kept.values().sum::<u32>(), 10);
        let mut second = Books::resumed(
            Budget { parallel: 1, per_second: 1.0, per_hour: 10 },
            kept.clone(),
            (0, Duration::MAX),
        );
        let ticket = second.ticket(Urgency::Now);
        assert!(matches!(second.turn(ticket, at(2000)), Turn::In(_)));
        let later = Moment { since: Duration::ZERO, unix: START + 3 * HOUR };
        assert_eq!(second.turn(ticket, later), Turn::Go);
        // A clock that was a year ahead when they were written.
        let mut third =
            Books::resumed(Budget { parallel: 1, per_second: 1.0, per_hour: 10 }, kept, (0, Duration::MAX));
        let ticket = third.ticket(Urgency::Now);
        assert_eq!(third.turn(ticket, Moment { since: Duration::ZERO, unix: START - 9 * HOUR }), Turn::Go);
    }

    #[test]
    fn who_waits_goes_before_details_and_a_hop_before_all() {
        let mut books = books(1, 100.0, 100);
        let [detail, list, wish, hop] = [Urgency::Background, Urgency::Now, Urgency::Now, Urgency::Hop]
            .map(|urgency| books.ticket(urgency));
        for (ticket, turn) in
            [(detail, Turn::Behind), (list, Turn::Behind), (hop, Turn::Go), (wish, Turn::Behind)]
        {
            assert_eq!(books.turn(ticket, at(0)), turn, "{ticket:?}");
        }
        assert_eq!(books.turn(list, at(1)), Turn::Go);
        assert_eq!(books.turn(wish, at(2)), Turn::Behind, "one at a time");
        books.done();
        assert_eq!(books.turn(detail, at(3)), Turn::Behind);
        books.leave(wish);
        assert_eq!(books.turn(detail, at(4)), Turn::Go);
    }

    #[test]
    fn a_provider_that_wants_rest_is_left_alone() {
        let mut books = books(4, 100.0, 100);
        books.rest(Duration::from_secs(30), at(0));
        books.rest(Duration::from_secs(5), at(0));
        let ticket = books.ticket(Urgency::Now);
        assert_eq!(books.turn(ticket, at(1000)), Turn::In(Duration::from_secs(29)));
        assert_eq!(books.turn(ticket, at(30_000)), Turn::Go);
    }

    #[test]
    fn a_clock_that_jumps_while_requests_travel_spoils_no_sum() {
        let mut books = books(2, 100.0, 100);
        let [first, second] = [(); 2].map(|()| books.ticket(Urgency::Now));
        assert_eq!(books.turn(first, at(0)), Turn::Go);
        let ahead = Moment { since: Duration::from_millis(1), unix: START + 3 * HOUR };
        let third = books.ticket(Urgency::Hop);
        assert_eq!(books.turn(third, ahead), Turn::Go, "the first is forgotten: it counts three hours ago");
        assert_eq!(books.turn(second, at(2)), Turn::Go);
        books.answered(START / 60, at(60_000));
        books.answered(START / 60, at(60_001));
        assert!(books.minutes(0, at(60_002)).values().sum::<u32>() < 10);
    }
}
