//! What the sources of a run are doing, for whoever looks on: the page of an operator, say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;

/// What the sources of one run are doing. Whoever holds it sees the same.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<Vec<Doing>>>);

/// What one source is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Doing {
    /// Its name in the configuration.
    pub source: String,
    /// What is read of it now: `account`, `live`, `guide`. Empty before the first.
    pub step: String,
    /// Entries that were found so far, by kind.
    pub found: BTreeMap<String, u64>,
    /// Whether all of it was read, or nothing more comes.
    pub done: bool,
}

impl Doing {
    /// So many entries of a kind were found.
    pub(crate) fn note(&mut self, kind: &str, count: u64) {
        self.found.insert(kind.to_owned(), count);
    }
}

impl Board {
    /// What is on it.
    pub fn read(&self) -> Vec<Doing> {
        self.all().clone()
    }

    /// Wiped for the next run.
    pub(crate) fn wipe(&self) {
        self.all().clear();
    }

    /// Changes the line of a source, which is added if there is none.
    pub(crate) fn tell(&self, source: &str, change: impl FnOnce(&mut Doing)) {
        let mut all = self.all();
        let at = all.iter().position(|doing| doing.source == source).unwrap_or_else(|| {
            all.push(Doing { source: source.to_owned(), ..Doing::default() });
            all.len() - 1
        });
        change(&mut all[at]);
    }

    fn all(&self) -> MutexGuard<'_, Vec<Doing>> {
        self.0.lock().expect("nobody panics while holding this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_has_one_line_until_the_board_is_wiped() {
        let board = Board::default();
        board.tell("acme", |doing| doing.step = "live".into());
        board.tell("list", |_| {});
        board.clone().tell("acme", |doing| doing.note("live", 7));
        let read = board.read();
        assert_eq!((read.len(), &*read[0].step, read[0].found["live"]), (2, "live", 7));
        board.wipe();
        assert!(board.read().is_empty());
    }
}
