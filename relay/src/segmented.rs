//! Which files have turned out to be HLS, though nothing in their lists says so.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use contract::bundle::Upstream;

/// How many are remembered; when it is full, all are forgotten.
const CAPACITY: usize = 4096;
/// A provider may put a file in the place of one.
const FRESH: Duration = Duration::from_secs(3600);

/// A place: its account, and its path there.
type Place = (String, String);

/// Upstreams that answered with a playlist.
#[derive(Default)]
pub(crate) struct Segmented(Mutex<HashMap<Place, Instant>>);

impl Segmented {
    pub(crate) fn holds(&self, upstream: &Upstream) -> bool {
        self.known().get(&place(upstream)).is_some_and(|since| since.elapsed() < FRESH)
    }

    pub(crate) fn put(&self, upstream: &Upstream) {
        let (place, mut known) = (place(upstream), self.known());
        if known.len() >= CAPACITY && !known.contains_key(&place) {
            known.clear();
        }
        known.insert(place, Instant::now());
    }

    pub(crate) fn forget(&self, upstream: &Upstream) {
        self.known().remove(&place(upstream));
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Place, Instant>> {
        self.0.lock().expect("nobody panics while holding this lock")
    }
}

fn place(upstream: &Upstream) -> Place {
    (upstream.account.clone(), upstream.path.clone())
}
