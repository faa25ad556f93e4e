//! How large files are, as far as somebody has played them.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use contract::address::Past;
use tokio::sync::MutexGuard;

/// How many are remembered; when it is full, all are forgotten.
const CAPACITY: usize = 4096;
/// A provider may put another file in the place of one.
const FRESH: Duration = Duration::from_secs(3600);
/// Whoever only wants to know a size does not wait longer than this for somebody else to learn another.
const TURN: Duration = Duration::from_secs(3);

/// What plays, by our id: a film, or a part of a channel's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Title {
    pub(crate) id: u32,
    pub(crate) past: Option<Past>,
}

/// Sizes in bytes.
#[derive(Default)]
pub(crate) struct Sizes {
    known: Mutex<HashMap<Title, (u64, Instant)>>,
    learning: tokio::sync::Mutex<()>,
}

impl Title {
    pub(crate) fn film(id: u32) -> Self {
        Self { id, past: None }
    }
}

impl Sizes {
    pub(crate) fn get(&self, title: Title) -> Option<u64> {
        let known = self.known.lock().expect("nobody panics while holding this lock");
        known.get(&title).filter(|(_, since)| since.elapsed() < FRESH).map(|(size, _)| *size)
    }

    pub(crate) fn put(&self, title: Title, size: u64) {
        let mut known = self.known.lock().expect("nobody panics while holding this lock");
        if known.len() >= CAPACITY && !known.contains_key(&title) {
            known.clear();
        }
        known.insert(title, (size, Instant::now()));
    }

    /// The right to ask a provider for a size, one after the other; `None` if that takes too long.
    pub(crate) async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        tokio::time::timeout(TURN, self.learning.lock()).await.ok()
    }
}
