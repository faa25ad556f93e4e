//! Which segment comes next, and when the list is asked for again. Pure: no I/O, no clock of its own.
//!
//! ```text
//! lists ──▶ listed() ──▶ waiting: segments that nobody has fetched yet, oldest first ──▶ turn() ──▶ fetched() │ failed()
//!           │ by number, as long as the numbers can be believed; else by address
//!           └ what is missing in between, and what could not be fetched, is a splice before the next one
//! ```
//!
//! `waiting` is bounded by the list ([`super::lines`] bounds that), what is remembered of addresses by three lists.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::playlist::{Media, Segment};
use crate::refusal::Failure;

/// The list of a channel on the air is begun this many segments before its end.
const BEHIND: usize = 3;
/// A list that was asked for so often and had nothing new is one of a channel that has stopped, or of what is over.
const UNCHANGED: u32 = 6;
/// A segment is tried so often at least before it is left out,
const ATTEMPTS: u32 = 3;
/// and again after these waits; the last one is repeated.
const AGAIN: [Duration; 3] = [Duration::from_millis(500), Duration::from_millis(500), Duration::from_secs(1)];
/// So many segments in a row that cannot be had are an upstream that is lost.
const LEFT_OUT: u32 = 3;
/// The time between two lists, whatever they say.
const PACE: std::ops::RangeInclusive<Duration> = Duration::from_millis(500)..=Duration::from_secs(15);

/// Follows one list of segments.
pub(super) struct Follower {
    /// Nothing may be left out: how long the segments of the list are, once it was seen.
    whole: Option<Vec<Duration>>,
    /// It was on the air once: it is begun at its beginning, whether its list has an end or not.
    past: bool,
    waiting: VecDeque<Item>,
    /// The number of the next segment that is new.
    next: u64,
    last: Option<Seen>,
    /// The numbers are wrong: addresses tell what is new. By address, with the count of lists when it was last seen.
    addresses: Option<HashMap<Place, u64>>,
    lists: u64,
    unchanged: u32,
    ended: bool,
    target: Duration,
    /// Until the list is asked for again.
    pause: Duration,
    /// It could not be had the last time.
    unlisted: bool,
    /// The next segment does not continue what went before.
    broken: bool,
    trouble: Option<Trouble>,
    left_out: u32,
    /// Something has been fetched.
    begun: bool,
}

/// What a segment is known by.
type Place = (String, Option<(u64, u64)>);

/// A list that was seen.
struct Seen {
    first: u64,
    end: u64,
    /// Segments that are listed once, by address.
    numbers: HashMap<Place, u64>,
    /// It had a segment in common with the one before, so addresses are not made up for every request.
    steady: bool,
}

struct Item {
    number: u64,
    segment: Segment,
    splice: bool,
}

/// The first of those that wait cannot be had.
struct Trouble {
    attempts: u32,
    since: Instant,
    again: Instant,
}

/// A segment that is to be fetched.
#[derive(Debug, PartialEq)]
pub(super) struct Next<'a> {
    pub(super) segment: &'a Segment,
    /// It does not continue the one before.
    pub(super) splice: bool,
    /// Not before this; at once if there is nothing to wait for.
    pub(super) at: Option<Instant>,
    /// It has been tried before.
    pub(super) again: bool,
}

impl Follower {
    pub(super) fn new() -> Self {
        Self {
            whole: None,
            past: false,
            waiting: VecDeque::new(),
            next: 0,
            last: None,
            addresses: None,
            lists: 0,
            unchanged: 0,
            ended: false,
            target: Duration::ZERO,
            pause: Duration::ZERO,
            unlisted: false,
            broken: false,
            trouble: None,
            left_out: 0,
            begun: false,
        }
    }

    /// One of what was on the air once.
    pub(super) fn of_past() -> Self {
        Self { past: true, ..Self::new() }
    }

    /// One that leaves nothing out: the list must have an end, all of its segments, and the same ones whenever it is asked
    /// for.
    pub(super) fn of_whole() -> Self {
        Self { whole: Some(Vec::new()), ..Self::new() }
    }

    /// Whether nothing may be left out.
    pub(super) fn is_of_whole(&self) -> bool {
        self.whole.is_some()
    }

    /// The list as it is now.
    ///
    /// # Errors
    /// It has not changed for so long that the channel must have stopped; or it is not that of the whole.
    pub(super) fn listed(&mut self, list: Media) -> Result<(), Failure> {
        if !self.admits(&list) {
            return Err(Failure::Incomplete);
        }
        self.lists += 1;
        self.unlisted = false;
        self.ended = list.ended;
        self.target = target(&list);
        let seen = Seen::new(&list, self.last.as_ref());
        let before = (self.next, self.waiting.len(), self.last.is_none());
        match self.last.take() {
            None => self.begin(list),
            Some(last) => self.go_on(list, &last, &seen),
        }
        let changed = before != (self.next, self.waiting.len(), false);
        self.last = Some(seen);
        self.unchanged = if changed { 0 } else { self.unchanged + 1 };
        let pause = if changed { self.target } else { self.target / 2 };
        self.pause = pause.clamp(*PACE.start(), *PACE.end());
        if self.unchanged >= UNCHANGED && self.waiting.is_empty() && !self.ended {
            if !self.past {
                return Err(Failure::Silent);
            }
            self.ended = true; // it was over long ago, and nobody has said so
        }
        Ok(())
    }

    /// The list could not be had.
    pub(super) fn unlisted(&mut self) {
        self.unlisted = true;
        self.pause = (self.target / 2).clamp(*PACE.start(), *PACE.end());
    }

    /// How long after the last request for the list the next one is due; `None` when nothing new will be in it. One that
    /// was asked for all the same is wanted for its addresses.
    pub(super) fn pause(&self) -> Option<Duration> {
        (!self.ended || self.unlisted).then_some(self.pause)
    }

    /// How long a segment may be.
    pub(super) fn target(&self) -> Duration {
        self.target
    }

    /// How much there is to fetch, by what the list says.
    pub(super) fn ahead(&self) -> Duration {
        self.waiting.iter().map(|item| item.segment.duration).sum()
    }

    /// What is to be fetched next, if it is known yet.
    pub(super) fn next(&self) -> Option<Next<'_>> {
        let item = self.waiting.front()?;
        let trouble = self.trouble.as_ref();
        Some(Next {
            segment: &item.segment,
            splice: self.begun && (item.splice || self.broken),
            at: trouble.map(|trouble| trouble.again),
            again: trouble.is_some(),
        })
    }

    /// Everything was fetched, and nothing more will come.
    pub(super) fn over(&self) -> bool {
        self.ended && self.waiting.is_empty()
    }

    /// The next segment was fetched.
    pub(super) fn fetched(&mut self) {
        self.waiting.pop_front();
        (self.trouble, self.broken, self.left_out, self.begun) = (None, false, 0, true);
        self.leave_gaps_out();
    }

    /// The next segment could not be fetched now. It is tried again, but not for so long that those behind it are lost
    /// as well.
    ///
    /// # Errors
    /// There is no use in going on: `why`.
    pub(super) fn failed(&mut self, now: Instant, why: Failure) -> Result<(), Failure> {
        let trouble = self.trouble.get_or_insert(Trouble { attempts: 0, since: now, again: now });
        let wait = AGAIN[AGAIN.len().min(trouble.attempts as usize + 1) - 1];
        trouble.attempts += 1;
        trouble.again = now + wait;
        let tried = trouble.attempts >= ATTEMPTS;
        let long = now.duration_since(trouble.since) > 2 * self.target.max(Duration::from_secs(1));
        if self.whole.is_some() {
            return match why {
                Failure::Refused(404 | 410) if tried => Err(Failure::Incomplete),
                why if tried && (long || !self.begun) => Err(why),
                _ => Ok(()),
            };
        }
        // Before anything was seen somebody waits for an answer, and has missed nothing.
        if tried && (long || !self.begun || self.is_leaving()) {
            self.waiting.pop_front();
            self.trouble = None;
            self.broken = true;
            self.left_out += 1;
            self.leave_gaps_out();
            if self.left_out >= LEFT_OUT || !self.begun && self.waiting.is_empty() {
                return Err(why);
            }
        }
        Ok(())
    }

    /// Whether `list` has everything that it must have. Addresses may be new ones: those with a token hold for a while only.
    fn admits(&mut self, list: &Media) -> bool {
        let Some(known) = &mut self.whole else { return true };
        let lengths: Vec<_> = list.segments.iter().map(|segment| segment.duration).collect();
        let is_same = self.last.as_ref().is_none_or(|last| last.first == list.first && *known == lengths);
        *known = lengths;
        is_same && list.ended && !list.ragged && !list.segments.iter().any(|segment| segment.gap)
    }

    /// Whether the next segment is about to leave the list, or has left it.
    fn is_leaving(&self) -> bool {
        let Some((item, last)) = self.waiting.front().zip(self.last.as_ref()) else { return true };
        self.ended || item.number <= last.first
    }

    /// The first list: a channel is begun near its end, what has an end or was on the air once at its beginning.
    fn begin(&mut self, list: Media) {
        let from = if list.ended || self.past { 0 } else { list.segments.len().saturating_sub(BEHIND) };
        self.next = list.first.saturating_add(from as u64);
        self.append(list, from);
    }

    fn go_on(&mut self, list: Media, last: &Seen, seen: &Seen) {
        if self.addresses.is_none() && seen.numbered_wrongly(last) {
            let known = last.numbers.keys().map(|place| (place.clone(), self.lists - 1));
            self.addresses = Some(known.collect());
        }
        if self.addresses.is_some() {
            return self.by_address(list);
        }
        if seen.begun_anew(last, self.next) {
            self.waiting.clear();
            self.trouble = None;
            self.broken = true;
            return self.begin(list);
        }
        self.refresh(&list);
        let new = self.next.saturating_sub(list.first);
        if list.first > self.next {
            self.broken = self.broken || self.waiting.is_empty();
            self.next = list.first;
            let from = self.waiting.len();
            self.append(list, 0);
            if let Some(item) = self.waiting.get_mut(from) {
                item.splice = true;
            }
        } else if let Ok(new) = usize::try_from(new) {
            self.append(list, new);
        }
    }

    /// Takes the segments of `list` from place `from` on, which are new.
    fn append(&mut self, list: Media, from: usize) {
        let numbers = list.first..;
        for (segment, number) in list.segments.into_iter().zip(numbers).skip(from) {
            self.next = number.saturating_add(1);
            let splice = segment.discontinuity;
            self.waiting.push_back(Item { number, segment, splice });
        }
        self.leave_gaps_out();
    }

    /// What is waiting may have a newer address: those with a token hold for a while only.
    fn refresh(&mut self, list: &Media) {
        for item in &mut self.waiting {
            let place = item.number.checked_sub(list.first).and_then(|place| usize::try_from(place).ok());
            if let Some(segment) = place.and_then(|place| list.segments.get(place)) {
                item.segment = segment.clone();
            }
        }
    }

    /// New is what was in none of the last lists.
    fn by_address(&mut self, list: Media) {
        let Some(known) = &mut self.addresses else { return };
        let (mut any_known, mut new) = (false, Vec::new());
        for segment in list.segments {
            if known.insert(place(&segment), self.lists).is_some() {
                any_known = true;
            } else {
                new.push(segment);
            }
        }
        known.retain(|_, seen| *seen + 3 > self.lists);
        if !any_known && let Some(first) = new.first_mut() {
            first.discontinuity = true;
        }
        let first = self.next;
        self.append(Media { first, segments: new, ..list }, 0);
    }

    fn leave_gaps_out(&mut self) {
        while self.waiting.pop_front_if(|item| item.segment.gap).is_some() {
            self.broken = true;
        }
    }
}

impl Seen {
    fn new(list: &Media, last: Option<&Self>) -> Self {
        let mut numbers = HashMap::new();
        let mut repeated = HashSet::new();
        for (segment, number) in list.segments.iter().zip(list.first..) {
            if numbers.insert(place(segment), number).is_some() {
                repeated.insert(place(segment));
            }
        }
        numbers.retain(|place, _| !repeated.contains(place));
        let mut seen = Self { first: list.first, end: list.end(), numbers, steady: false };
        seen.steady = last.is_some_and(|last| last.steady || seen.shares(last));
        seen
    }

    /// Some segment has the number that it had.
    fn shares(&self, last: &Self) -> bool {
        self.numbers.iter().any(|(place, number)| last.numbers.get(place) == Some(number))
    }

    /// Some segment has a lower number than before, which must never be (RFC 8216, 6.2.2): a server that counts from the
    /// beginning of every list.
    fn numbered_wrongly(&self, last: &Self) -> bool {
        self.numbers
            .iter()
            .any(|(place, number)| last.numbers.get(place).is_some_and(|before| number < before))
    }

    /// The numbers have fallen and nothing is as it was: whoever made the list was started again. A list that is merely
    /// old, from a cache that lags behind, has segments that are known.
    fn begun_anew(&self, last: &Self, next: u64) -> bool {
        let length = self.end - self.first;
        let far = self.end.saturating_add(length) <= next;
        length > 0 && self.end < next && !self.shares(last) && (last.steady || far)
    }
}

fn place(segment: &Segment) -> Place {
    (segment.url.to_string(), segment.range)
}

/// How long segments are at most; a list that does not say it means its longest one.
fn target(list: &Media) -> Duration {
    let longest = || list.segments.iter().map(|segment| segment.duration).max().unwrap_or_default();
    let target = if list.target.is_zero() { longest() } else { list.target };
    target.clamp(Duration::from_millis(500), Duration::from_secs(60))
}

#[cfg(test)]
mod tests;
