//! A provider's playlist as it was read last, and when it is read again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::reference::Listed;
use super::rewrite::{Link, Place, Reading};
use super::tag::Kind;

/// A playlist without changes is asked for again after this, at the soonest and at the latest.
const SOONEST: Duration = Duration::from_millis(500);
const LATEST: Duration = Duration::from_secs(5);
/// Somebody who joins needs so many segments at once.
const JOINING: u64 = 3;

/// One playlist.
pub(super) struct Page {
    /// Where it is asked for.
    pub(super) url: Url,
    pub(super) copy: Option<Arc<Copy>>,
    pub(super) validators: HeaderMap,
    /// When a viewer asked last.
    pub(super) asked: Instant,
    /// When it is to be read again; `None` when never.
    pub(super) due: Option<Instant>,
    /// In a row.
    pub(super) failures: u32,
    pub(super) failing: Option<Instant>,
    pub(super) shifted: Shifted,
    /// What is read next has nothing to do with what was read before.
    pub(super) other: bool,
    /// Our number of the first segment that was not fetched ahead yet.
    ahead: Option<u64>,
}

/// How our numbers differ from those of the list that is read now, because another one went before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shifted {
    /// What is added to its numbers, modulo 2^64.
    pub(crate) by: u64,
    /// The segment that does not continue what was before, as the provider counts.
    pub(crate) splice: Option<u64>,
    /// Discontinuities that have left our list with earlier ones.
    pub(crate) slid: u64,
}

/// A playlist as viewers get it.
#[derive(Clone)]
pub(crate) struct Copy {
    pub(crate) reading: Arc<Reading>,
    pub(crate) listed: Arc<[Listed]>,
    pub(crate) read: Instant,
    /// Seconds; never less than before.
    pub(crate) target: u64,
}

impl Copy {
    /// The text, whose references lie below `prefix`.
    pub(crate) fn text(&self, prefix: &str) -> String {
        self.reading.write(&self.listed, prefix, self.target)
    }

    /// How long it is up to date after it was read.
    pub(crate) fn fresh(&self) -> Duration {
        Duration::from_secs(self.target)
    }
}

impl Page {
    pub(super) fn new(url: Url, now: Instant) -> Self {
        Self {
            url,
            copy: None,
            validators: HeaderMap::new(),
            asked: now,
            due: Some(now),
            failures: 0,
            failing: None,
            shifted: Shifted::default(),
            other: false,
            ahead: None,
        }
    }

    /// Whether somebody still reads it.
    pub(super) fn is_watched(&self, now: Instant) -> bool {
        let target = self.copy.as_ref().map_or(0, |copy| copy.target);
        now.saturating_duration_since(self.asked) < Duration::from_secs(15.max(3 * target))
    }

    /// Another upstream goes on with it.
    pub(super) fn moves(&mut self, url: &Url, now: Instant) {
        self.url.clone_from(url);
        self.validators.clear();
        self.succeeded();
        self.due = Some(now);
        self.other = self.copy.is_some();
    }

    /// RFC 8216, 6.3.4: after a change as long as the longest segment, without one half as long.
    pub(super) fn unchanged(&mut self, now: Instant) {
        self.succeeded();
        self.copy = self.copy.take().map(|copy| Arc::new(Copy { read: now, ..(*copy).clone() }));
        let target = self.copy.as_ref().map_or(1, |copy| copy.target);
        let half = Duration::from_secs(target) / 2;
        self.due = Some(now + half.clamp(SOONEST, LATEST));
    }

    /// It was read.
    pub(super) fn put(&mut self, copy: Copy, now: Instant) {
        self.succeeded();
        self.other = false;
        let changed = self.copy.as_ref().is_none_or(|before| {
            before.reading.sequence != copy.reading.sequence || before.listed.len() != copy.listed.len()
        });
        let copy = Arc::new(copy);
        let (ended, master, target) = (copy.reading.ended, copy.reading.master, copy.target);
        self.copy = Some(copy);
        if ended || master {
            self.due = None;
        } else if changed {
            self.due = Some(now + Duration::from_secs(target).max(SOONEST));
        } else {
            self.unchanged(now);
        }
    }

    fn succeeded(&mut self) {
        (self.failures, self.failing) = (0, None);
    }

    /// It could not be read. For how long it has been so.
    pub(super) fn failed(&mut self, now: Instant) -> Duration {
        self.failures += 1;
        let pause = SOONEST * 2_u32.pow(self.failures.min(4) - 1);
        self.due = Some(now + pause.min(LATEST));
        now - *self.failing.get_or_insert(now)
    }

    /// What the next segments need that was not fetched ahead yet.
    pub(super) fn ahead(&mut self) -> Vec<Listed> {
        let Some(copy) = self.copy.as_ref().filter(|copy| !copy.reading.ended && !copy.reading.master) else {
            return Vec::new();
        };
        let by = self.shifted.by;
        let end = (copy.reading.sequence + copy.reading.segments).wrapping_add(by);
        let from = self.ahead.filter(|ahead| *ahead <= end).unwrap_or(end.saturating_sub(JOINING));
        self.ahead = Some(end);
        let is_new = |listed: &&Listed| match (&listed.link.place, listed.link.kind) {
            (Some(Place::Segment(number, _)), _) => number.wrapping_add(by) >= from && !listed.link.gap,
            // Keys and initialisation sections are small, and without them nothing plays.
            (_, kind) => kind != Kind::Playlist,
        };
        copy.listed.iter().filter(is_new).cloned().collect()
    }

    /// How our numbers differ from those of `reading` from now on. A segment that was listed keeps its number, also where
    /// the provider's is wrong or has fallen; what has nothing to do with what was listed goes on behind it.
    pub(super) fn shift(&mut self, reading: &Reading) {
        let Some(copy) = self.copy.clone().filter(|copy| !copy.reading.master && !reading.master) else {
            return;
        };
        let (known, was) = (&copy.reading, self.shifted.by);
        if !self.other
            && let Some(by) = aligned(known, reading)
        {
            self.shifted.by = was.wrapping_add(by);
            if self.shifted.splice.is_some_and(|splice| splice.wrapping_add(was) < self.first(reading)) {
                self.shifted.splice = None;
                self.shifted.slid += 1;
            } else if let Some(splice) = &mut self.shifted.splice {
                *splice = splice.wrapping_sub(by); // the same segment, as the provider counts now
            }
            return;
        }
        let fallen = reading.sequence + reading.segments < known.sequence;
        if reading.segments > 0 && (self.other || fallen) {
            let next = (known.sequence + known.segments).wrapping_add(was);
            let slid = self.shifted.slid + u64::from(self.shifted.splice.is_some());
            self.shifted =
                Shifted { by: next.wrapping_sub(reading.sequence), splice: Some(reading.sequence), slid };
            (self.ahead, self.other) = (None, true);
        }
    }

    /// Our number of the first segment of `reading`.
    fn first(&self, reading: &Reading) -> u64 {
        reading.sequence.wrapping_add(self.shifted.by)
    }

    /// What was listed before, as far as it can be listed again.
    pub(super) fn before(&self) -> Arc<[Listed]> {
        let copy = self.copy.as_ref().filter(|_| !self.other);
        copy.map_or_else(|| Arc::from([]), |copy| copy.listed.clone())
    }

    /// What an answer says of itself is sent along with the next request.
    pub(super) fn validate(&mut self, answer: &HeaderMap) {
        self.validators.clear();
        let pairs: [(HeaderName, HeaderName); 2] =
            [(header::ETAG, header::IF_NONE_MATCH), (header::LAST_MODIFIED, header::IF_MODIFIED_SINCE)];
        for (said, asked) in pairs {
            let value: Option<&HeaderValue> = answer.get(said);
            self.validators.extend(value.map(|value| (asked, value.clone())));
        }
    }
}

/// What is added to the numbers of `now` so that its segments have those that they had `before`; `None` if they have no
/// segment in common.
fn aligned(before: &Reading, now: &Reading) -> Option<u64> {
    let number = |link: &Link| match link.place {
        Some(Place::Segment(number, _)) => Some(number),
        _ => None,
    };
    now.links.iter().find_map(|link| {
        let number_now = number(link)?;
        let known = before.links.iter().find(|known| known.url == link.url && known.range == link.range)?;
        Some(number(known)?.wrapping_sub(number_now))
    })
}
