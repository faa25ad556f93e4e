//! A part of the guide: programmes from so many days ago until so many from now.

use bytes::Bytes;
use contract::release::{GuidePlace, View};
use httpd::Params;

use crate::xtream::search::{START, STOP, first_of, written};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// More days than any guide has.
const MOST: u64 = 10_000;

/// Times between which programmes are wanted, as they stand in the guide: `20251009080000`, in UTC.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// Those that end later.
    from: Option<String>,
    /// Those that begin earlier.
    to: Option<String>,
}

impl Window {
    /// `days` to come and `prev_days` gone by; what is not said is everything, and no days to come are too. Its ends
    /// are full hours, so that the same is asked for again.
    pub(super) fn asked(params: &Params, now: u64) -> Option<Self> {
        let days = |name| params.get(name)?.trim().parse::<u64>().ok().map(|days| days.min(MOST) * DAY);
        let (past, future) = (days("prev_days"), days("days").filter(|days| *days > 0));
        let hour = now - now % HOUR;
        let from = past.map(|past| written(hour.saturating_sub(past)));
        let to = future.map(|future| written(hour + HOUR + future));
        (from.is_some() || to.is_some()).then_some(Self { from, to })
    }

    /// Tells it from others.
    pub(super) fn name(&self) -> String {
        let end = |time: &Option<String>| time.clone().unwrap_or_default();
        format!("{}-{}", end(&self.from), end(&self.to))
    }

    /// The guide with the channels of a view and those of their programmes: slices of the whole one.
    pub(super) fn cut(&self, view: &View) -> Vec<Bytes> {
        let (guide, index) = (&view.release().guide, &view.release().index);
        let place = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(guide.len());
        let range = |(start, end): (u64, u64)| (place(start), place(end));
        let first = index.guides().map(|it| range(it.channel).0).min();
        let last = index.guides().map(|it| range(it.channel).1.max(range(it.programmes).1)).max();
        let (Some(first), Some(last)) = (first, last) else { return vec![guide.clone()] };
        let (head, tail) = ((0, first), (last, guide.len()));
        let shown = view.guides();
        let ranges = |of: fn(&GuidePlace) -> (u64, u64)| {
            let ranges = shown.iter().map(|it| range(of(it)));
            let mut ranges: Vec<(usize, usize)> = ranges.filter(|(start, end)| start < end).collect();
            ranges.sort_unstable();
            ranges
        };
        let (channels, programmes) = (ranges(|it| it.channel), ranges(|it| it.programmes));
        let wanted = programmes.iter().map(|(start, end)| {
            let programmes = &guide[*start..*end];
            let from = self
                .from
                .as_ref()
                .map_or(0, |from| first_of(programmes, STOP, |stop| stop > from.as_bytes()));
            let to = self.to.as_ref();
            let to =
                to.map_or(programmes.len(), |to| first_of(programmes, START, |start| start >= to.as_bytes()));
            (start + from, start + to.max(from))
        });
        joined([head].into_iter().chain(channels).chain(wanted).chain([tail]))
            .map(|(start, end)| guide.slice(start..end))
            .collect()
    }
}

/// Ranges with those made one that follow each other without a gap.
fn joined(ranges: impl Iterator<Item = (usize, usize)>) -> impl Iterator<Item = (usize, usize)> {
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (start, end) in ranges.filter(|(start, end)| start < end) {
        match joined.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => joined.push((start, end)),
        }
    }
    joined.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_full_hours_and_what_is_no_number_is_no_end() {
        let asked = |query| Window::asked(&Params::from_query(Some(query)), 10 * DAY + 1234);
        assert_eq!(asked("days=1").unwrap().name(), "-19700112010000");
        assert_eq!(asked("prev_days=2&days=1").unwrap().name(), "19700109000000-19700112010000");
        assert_eq!(asked("prev_days=0").unwrap().name(), "19700111000000-");
        assert!(asked("days=18446744073709551615&prev_days=99999").is_some());
        for none in ["", "days=0", "days=&prev_days=", "days=x", "days=-1"] {
            assert_eq!(asked(none), None, "{none}");
        }
    }
}
