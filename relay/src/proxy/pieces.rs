//! All segments and keys that the relay holds in memory. When they are too many, those go that were not asked for longest.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::piece::Piece;
use crate::refusal::Failure;

/// What a provider does not have is not asked for again for this long,
const MISSING: Duration = Duration::from_secs(1);
/// and what did not come for another reason.
const BROKEN: Duration = Duration::from_millis(500);

/// The pieces of all channels.
pub(crate) struct Pieces {
    most: u64,
    held: Arc<AtomicU64>,
    clock: AtomicU64,
    all: Mutex<HashMap<Key, Kept>>,
}

/// Which bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Whose it is. Not the channel: while the last viewers of one that has ended are still there, it may begin anew.
    pub(crate) shelf: u64,
    /// The reference.
    pub(crate) name: String,
    /// `[start, end)` of the resource.
    pub(crate) range: Option<(u64, u64)>,
}

struct Kept {
    piece: Arc<Piece>,
    used: u64,
}

impl Pieces {
    /// At most so many bytes.
    pub(crate) fn new(most: u64) -> Arc<Self> {
        Arc::new(Self { most, held: Arc::default(), clock: 0.into(), all: Mutex::default() })
    }

    /// A piece, and whether it is to be fetched: it is new, or has failed some time ago.
    pub(crate) fn take(&self, key: &Key) -> (Arc<Piece>, bool) {
        let used = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut all = self.all();
        if let Some(kept) = all.get_mut(key).filter(|kept| !is_stale(&kept.piece)) {
            kept.used = used;
            return (kept.piece.clone(), false);
        }
        let piece = Piece::new(self.held.clone());
        all.insert(key.clone(), Kept { piece: piece.clone(), used });
        (piece, true)
    }

    /// A piece that is there or on its way.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.all().get(key).is_some_and(|kept| !is_stale(&kept.piece))
    }

    /// The number of a new shelf.
    pub(crate) fn number(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    /// Forgets what `keep` does not want of one shelf.
    pub(crate) fn retain(&self, shelf: u64, keep: impl Fn(&str) -> bool) {
        self.all().retain(|key, _| key.shelf != shelf || keep(&key.name));
    }

    /// Forgets what was not asked for longest, until the rest fits. What is on its way stays.
    pub(crate) fn trim(&self) {
        let Some(mut over) =
            self.held.load(Ordering::Relaxed).checked_sub(self.most).filter(|over| *over > 0)
        else {
            return;
        };
        let mut gone = Vec::new();
        let mut all = self.all();
        let mut order: Vec<(u64, Key)> = all
            .iter()
            .filter(|(_, kept)| kept.piece.ended().is_some())
            .map(|(key, kept)| (kept.used, key.clone()))
            .collect();
        order.sort_unstable_by_key(|(used, _)| *used);
        for (_, key) in order {
            if over == 0 {
                break;
            }
            if let Some(kept) = all.remove(&key) {
                over = over.saturating_sub(kept.piece.size());
                gone.push(kept);
            }
        }
        drop(all);
    }

    /// Bytes of one shelf.
    pub(crate) fn of(&self, shelf: u64) -> usize {
        let all = self.all();
        let own = all.iter().filter(|(key, _)| key.shelf == shelf);
        own.map(|(_, kept)| usize::try_from(kept.piece.size()).unwrap_or(usize::MAX)).sum()
    }

    /// Bytes in memory.
    pub(crate) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, Kept>> {
        self.all.lock().expect("nobody panics while holding this lock")
    }
}

fn is_stale(piece: &Piece) -> bool {
    let pause = |why: &Failure| match why {
        Failure::Refused(404 | 410) => MISSING,
        _ => BROKEN,
    };
    let now = Instant::now();
    piece.ended().is_some_and(|(when, how)| how.is_err_and(|why| now > when + pause(&why)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(shelf: u64, name: &str) -> Key {
        Key { shelf, name: name.into(), range: None }
    }

    #[test]
    fn what_was_not_asked_for_longest_goes_first() {
        let pieces = Pieces::new(100);
        for name in ["a", "b", "c"] {
            let (piece, fresh) = pieces.take(&key(1, name));
            assert!(fresh);
            piece.push(&[0; 50]);
            if name != "c" {
                piece.end(Ok(()));
            }
        }
        assert!(!pieces.take(&key(1, "a")).1);
        pieces.trim();
        let has = |name: &str| pieces.has(&key(1, name));
        assert!(has("a") && !has("b") && has("c"));
        assert_eq!(pieces.held(), 100);
        pieces.take(&key(2, "a"));
        pieces.retain(1, |name| name == "c");
        assert!(!has("a") && has("c") && pieces.has(&key(2, "a")));
    }

    #[test]
    fn what_has_failed_is_fetched_again_after_a_while() {
        let pieces = Pieces::new(100);
        pieces.take(&key(1, "a")).0.end(Err(Failure::Ended));
        assert!(!pieces.take(&key(1, "a")).1, "not at once");
        std::thread::sleep(BROKEN + Duration::from_millis(50));
        assert!(pieces.take(&key(1, "a")).1);
    }
}
