//! The sums of one account: what was asked and when, and whether one more request fits. Knows no clock but the one it
//! is told, so that an hour can be tested in no time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use contract::source::Budget;
use serde::{Deserialize, Serialize};

use crate::fetch::retry::LONGEST;

/// Seconds of the window that `per_hour` is about.
const HOUR: u64 = 3600;
/// Of an hour's requests, those that details leave to lists and guides: one in so many, and no more than the other.
const RESERVE: (u32, u32) = (4, 200);

/// The most requests of a process that was killed which are taken to have been unanswered. More are a damaged file.
const MOST_UNANSWERED: u32 = 1000;

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
    /// Since 1970, which other processes know, too.
    pub(super) unix: Duration,
}

impl Moment {
    /// Minutes since 1970.
    pub(super) const fn minute(self) -> u64 {
        self.unix.as_secs() / 60
    }

    const fn micros(self) -> u64 {
        self.unix.as_micros() as u64
    }
}

/// What a waiting request is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is counted and may be made.
    Go,
    /// Something else has to happen first: somebody leaves, or is answered.
    Behind,
    /// The same, in another process.
    Elsewhere,
    /// Not before so much time has passed.
    In(Duration),
}

/// What one process tells the next about an account, beside its hour.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Lately {
    /// When answers began that are younger than a window: microseconds since 1970.
    answered: Vec<u64>,
    /// Requests that were let through and had no answer when this was written.
    unanswered: u32,
    /// Until when the provider wants to be left alone: microseconds since 1970.
    rest: u64,
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
    /// Until when those count whose answer has begun, in order.
    answered: VecDeque<Duration>,
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

    /// Goes on where another process ended: `minutes` is what was asked for so far. Nothing of ours is being asked.
    pub(super) fn resume(&mut self, minutes: BTreeMap<u64, u32>, lately: &Lately, now: Moment) {
        let window = window(self.budget);
        // A time to come is a clock's that was put right since: it counts in full.
        let left =
            |then: &u64| window.saturating_sub(Duration::from_micros(now.micros().saturating_sub(*then)));
        // Who was killed while he asked may have been heard until now.
        let unheard = std::iter::repeat_n(window, lately.unanswered.min(MOST_UNANSWERED) as usize);
        let mut counting: Vec<Duration> =
            lately.answered.iter().map(left).chain(unheard).map(|left| now.since + left).collect();
        counting.sort_unstable();
        self.answered = counting.into();
        self.minutes = minutes;
        self.rest(LONGEST.min(Duration::from_micros(lately.rest.saturating_sub(now.micros()))), now);
    }

    /// What another process must know to go on.
    pub(super) fn lately(&mut self, now: Moment) -> Lately {
        self.forget(now);
        let window = window(self.budget).as_micros() as u64;
        let unix = |until: Duration| now.micros() + until.saturating_sub(now.since).as_micros() as u64;
        Lately {
            answered: self.answered.iter().map(|until| unix(*until).saturating_sub(window)).collect(),
            unanswered: self.unanswered,
            rest: if self.rest > now.since { unix(self.rest) } else { 0 },
        }
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

    /// Whether nobody waits.
    pub(super) fn is_quiet(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether somebody goes before `ticket`, or so many are running that it cannot be let through.
    pub(super) fn is_behind(&self, ticket: Ticket) -> bool {
        let full = ticket.0 != Urgency::Hop && self.running >= self.budget.parallel;
        full || self.waiting.first() != Some(&ticket)
    }

    /// Whether `wait` is only for what was asked a moment ago.
    pub(super) fn is_short(&self, wait: Duration) -> bool {
        wait <= window(self.budget)
    }

    /// Whether it is the turn of `ticket`. With [`Turn::Go`] it has left the queue and is counted.
    pub(super) fn turn(&mut self, ticket: Ticket, now: Moment) -> Turn {
        let hop = ticket.0 == Urgency::Hop;
        if self.is_behind(ticket) {
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
        *self.minutes.entry(now.minute()).or_default() += 1;
        Turn::Go
    }

    /// The request that was let through in `minute` is answered now, or given up.
    pub(super) fn answered(&mut self, minute: u64, now: Moment) {
        self.unanswered -= 1;
        self.answered.push_back(now.since + window(self.budget));
        // A clock that was put right meanwhile may have made it forgotten.
        if let Some(count) = self.minutes.get_mut(&minute).filter(|count| **count > 0) {
            *count -= 1;
            *self.minutes.entry(now.minute()).or_default() += 1;
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

    /// Requests by minute, as far as they still count.
    pub(super) fn minutes(&self, now: Moment) -> BTreeMap<u64, u32> {
        let mut minutes = self.minutes.clone();
        minutes.retain(|minute, count| *count > 0 && counts(*minute, now));
        minutes
    }

    /// How long until one more fits into every second; `None` if somebody has to be answered first.
    fn until_second(&mut self, now: Moment) -> Option<Duration> {
        let most = self.budget.per_second.floor().max(1.0);
        self.forget(now);
        let over = (self.unanswered as usize + self.answered.len() + 1).saturating_sub(most as usize);
        match over.checked_sub(1) {
            None => Some(Duration::ZERO),
            Some(last) => self.answered.get(last).map(|until| until.saturating_sub(now.since)),
        }
    }

    /// Forgets what is older than a window.
    fn forget(&mut self, now: Moment) {
        while self.answered.front().is_some_and(|until| *until <= now.since) {
            self.answered.pop_front();
        }
    }

    fn until_hour(&mut self, urgency: Urgency, now: Moment) -> Duration {
        self.minutes.retain(|minute, _| counts(*minute, now));
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
                return Duration::from_secs(
                    (minute * 60 + 60 + HOUR).saturating_sub(now.unix.as_secs()).max(1),
                );
            }
        }
        Duration::ZERO
    }
}

/// The time in which no more than `per_second` requests fit, or than one if that is less.
fn window(budget: Budget) -> Duration {
    Duration::from_secs_f64(if budget.per_second < 1.0 { 1.0 / budget.per_second.max(0.001) } else { 1.0 })
}

/// Whether requests of `minute` count `now`. Those of the future are a clock's that was put right since.
fn counts(minute: u64, now: Moment) -> bool {
    minute.saturating_mul(60).saturating_add(60 + HOUR) > now.unix.as_secs()
        && minute <= now.minute() + HOUR / 60
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_700_000_000;

    fn at(millis: u64) -> Moment {
        Moment { since: Duration::from_millis(millis), unix: Duration::from_millis(START * 1000 + millis) }
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
                open.push_back((millis + takes, at(millis).minute()));
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
        let (kept, lately) = (first.minutes(at(1000)), Lately::default());
        assert_eq!(kept.values().sum::<u32>(), 10);
        let mut second = books(1, 1.0, 10);
        second.resume(kept.clone(), &lately, at(2000));
        let ticket = second.ticket(Urgency::Now);
        assert!(matches!(second.turn(ticket, at(2000)), Turn::In(_)));
        let on = |hours: i64| {
            let unix = Duration::from_secs(START.saturating_add_signed(hours * HOUR as i64));
            Moment { since: Duration::from_secs(3), unix }
        };
        assert_eq!(second.turn(ticket, on(3)), Turn::Go);
        // A clock that was a year ahead when they were written.
        let mut third = books(1, 1.0, 10);
        third.resume(kept, &lately, on(-9));
        let ticket = third.ticket(Urgency::Now);
        assert_eq!(third.turn(ticket, on(-9)), Turn::Go);
    }

    #[test]
    fn a_second_and_a_rest_go_on_in_the_next_process_whatever_became_of_the_one_before() {
        let mut first = books(2, 2.0, 100);
        let [one, another] = [(); 2].map(|()| first.ticket(Urgency::Now));
        assert_eq!(first.turn(one, at(0)), Turn::Go);
        first.answered(at(0).minute(), at(100));
        assert_eq!(first.turn(another, at(200)), Turn::Go);
        // Killed while the second is being asked; this clock began when the next process did.
        let told = serde_json::to_vec(&first.lately(at(200))).unwrap();
        let lately: Lately = serde_json::from_slice(&told).unwrap();
        let moment = |millis: u64| Moment { since: Duration::from_millis(millis - 500), ..at(millis) };
        let mut second = books(2, 2.0, 100);
        second.resume(BTreeMap::new(), &lately, moment(500));
        let ticket = second.ticket(Urgency::Now);
        assert_eq!(second.turn(ticket, moment(500)), Turn::In(Duration::from_millis(600)));
        assert_eq!(second.turn(ticket, moment(1100)), Turn::Go);
        second.answered(0, moment(1100));
        let ticket = second.ticket(Urgency::Now);
        assert_eq!(second.turn(ticket, moment(1200)), Turn::In(Duration::from_millis(300)), "it was heard");
        // The clock was put back by a day, or the file is damaged: a window, and no more than the longest rest.
        let mut third = books(1, 1.0, 100);
        let lately = Lately { answered: vec![u64::MAX], unanswered: 0, rest: 0 };
        third.resume(BTreeMap::new(), &lately, at(0));
        let ticket = third.ticket(Urgency::Now);
        assert_eq!(third.turn(ticket, at(0)), Turn::In(Duration::from_secs(1)));
        first.rest(Duration::from_secs(30), at(200));
        let lately = first.lately(at(10_200));
        third.resume(BTreeMap::new(), &lately, at(15_200));
        assert_eq!(third.turn(ticket, at(15_200)), Turn::In(Duration::from_secs(15)));
        third.resume(BTreeMap::new(), &Lately { rest: u64::MAX, ..Lately::default() }, at(30_200));
        assert_eq!(third.turn(ticket, at(30_200)), Turn::In(LONGEST));
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
        let ahead = Moment { since: Duration::from_millis(1), unix: Duration::from_secs(START + 3 * HOUR) };
        let third = books.ticket(Urgency::Hop);
        assert_eq!(books.turn(third, ahead), Turn::Go, "the first is forgotten: it counts three hours ago");
        assert_eq!(books.turn(second, at(2)), Turn::Go);
        books.answered(START / 60, at(60_000));
        books.answered(START / 60, at(60_001));
        assert!(books.minutes(at(60_002)).values().sum::<u32>() < 10);
    }
}
