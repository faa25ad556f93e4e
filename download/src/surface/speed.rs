//! How fast those go that go on, and when they will be there: what whoever follows is told beside how far they are.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use crate::job::State;
use crate::store::Progress;

/// Over so long a speed is taken. The worker writes down once a second how far something is, and is looked at as often: over
/// less than some of that it would be nothing now and twice as much a moment later.
const SPAN: Duration = Duration::from_secs(6);
/// No speed is told before so long is known of it.
const LEAST: Duration = Duration::from_secs(1);

/// How far something is, and how fast it goes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Going {
    #[serde(flatten)]
    progress: Progress,
    /// Bytes per second; `None` before that is known.
    speed: Option<u64>,
    /// Seconds until all of it is there, as fast as it goes now; `None` if nobody can tell.
    eta: Option<u64>,
}

/// Where those have been that go on, lately.
#[derive(Debug, Default)]
pub(super) struct Speeds(HashMap<i64, Lately>);

/// A way to the disk here, or to the target: which of them, and at which time how far.
#[derive(Debug)]
struct Lately {
    state: State,
    seen: VecDeque<(Instant, u64)>,
}

impl Speeds {
    /// How fast each goes, which is so far now.
    pub(super) fn of(&mut self, all: Vec<Progress>, now: Instant) -> Vec<Going> {
        self.0.retain(|id, lately| all.iter().any(|it| it.id == *id && it.state == lately.state));
        all.into_iter().map(|progress| self.one(progress, now)).collect()
    }

    fn one(&mut self, progress: Progress, now: Instant) -> Going {
        let bytes = if progress.state == State::Transferring { progress.t_have } else { progress.have };
        let fresh = || Lately { state: progress.state, seen: VecDeque::new() };
        let Lately { seen, .. } = self.0.entry(progress.id).or_insert_with(fresh);
        // It was thrown away, and comes anew.
        if seen.back().is_some_and(|(_, before)| *before > bytes) {
            seen.clear();
        }
        while seen.front().is_some_and(|(at, _)| now.duration_since(*at) > SPAN) {
            seen.pop_front();
        }
        seen.push_back((now, bytes));
        let (since, first) = seen[0];
        let span = now.duration_since(since);
        let speed = (span >= LEAST).then(|| ((bytes - first) as f64 / span.as_secs_f64()) as u64);
        let left = progress.total.map(|total| total.saturating_sub(bytes));
        let eta = left.zip(speed.filter(|speed| *speed > 0)).map(|(left, speed)| left.div_ceil(speed));
        Going { progress, speed, eta }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(state: State, have: u64, t_have: u64) -> Vec<Progress> {
        vec![Progress { id: 7, state, step: None, total: Some(10_000), have, t_have }]
    }

    #[test]
    fn a_speed_is_that_of_the_last_seconds_and_tells_when_it_is_there() {
        let (mut speeds, begin) = (Speeds::default(), Instant::now());
        let mut told = |seconds: u64, all| {
            let going = speeds.of(all, begin + Duration::from_secs(seconds)).remove(0);
            (going.speed, going.eta)
        };
        let fetching = |have| at(State::Downloading, have, 0);
        assert_eq!(told(0, fetching(5000)), (None, None), "what was here before says nothing of it");
        assert_eq!(told(1, fetching(5000)), (Some(0), None));
        assert_eq!(told(2, fetching(5200)), (Some(100), Some(48)));
        assert_eq!(told(9, fetching(6200)), (None, None), "nobody has looked for long");
        assert_eq!(told(10, fetching(7200)), (Some(1000), Some(3)));
        assert_eq!(told(11, fetching(0)), (None, None), "it comes anew");
        let delivering = |t_have| at(State::Transferring, 10_000, t_have);
        assert_eq!(told(12, delivering(0)), (None, None), "this is another way");
        assert_eq!(told(14, delivering(10_000)), (Some(5000), Some(0)));
    }
}
