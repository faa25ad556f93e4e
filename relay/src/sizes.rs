//! How large films are, as far as somebody has played them.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How many are remembered; when it is full, all are forgotten.
const CAPACITY: usize = 4096;
/// A provider may put another file in the place of one.
const FRESH: Duration = Duration::from_secs(3600);

/// Sizes in bytes, by our id.
#[derive(Default)]
pub(crate) struct Sizes(Mutex<HashMap<u32, (u64, Instant)>>);

impl Sizes {
    pub(crate) fn get(&self, film: u32) -> Option<u64> {
        let sizes = self.0.lock().expect("nobody panics while holding this lock");
        sizes.get(&film).filter(|(_, since)| since.elapsed() < FRESH).map(|(size, _)| *size)
    }

    pub(crate) fn put(&self, film: u32, size: u64) {
        let mut sizes = self.0.lock().expect("nobody panics while holding this lock");
        if sizes.len() >= CAPACITY && !sizes.contains_key(&film) {
            sizes.clear();
        }
        sizes.insert(film, (size, Instant::now()));
    }
}
