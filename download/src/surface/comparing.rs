//! Lists, compared with what one has: one at a time, since it takes much memory. What was compared last is kept for a moment,
//! because whoever looks at a difference asks for one page of it after the other.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Context;
use httpd::api::Refusal;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Service;
use crate::compared::Compared;
use crate::difference::Preferences;
use crate::quality::Wanted;
use crate::store::StoreError;

/// The id under which the published line-up is a list.
const LINE_UP: i64 = 0;
/// A comparison holds for so long: what is completed meanwhile is noticed by then. Its memory is free from then on.
const HOLDS: Duration = Duration::from_secs(60);
/// One of more entries is not kept, but made each time.
const KEPT: usize = 400_000;

/// Of which list, and what of it is wanted.
type Of = (i64, Wanted);

/// Whose turn it is to compare, and what was compared last.
pub(super) struct Comparing {
    turn: Semaphore,
    last: Arc<Mutex<Option<Last>>>,
}

struct Last {
    of: Of,
    until: Instant,
    compared: Arc<Compared>,
}

impl Comparing {
    pub(super) fn new() -> Self {
        Self { turn: Semaphore::new(1), last: Arc::default() }
    }

    /// What was compared is no longer so.
    pub(super) fn forget(&self) {
        *held(&self.last) = None;
    }

    fn lately(&self, of: Of) -> Option<Arc<Compared>> {
        let last = held(&self.last);
        let last = last.as_ref().filter(|last| last.of == of && last.until > Instant::now())?;
        Some(last.compared.clone())
    }

    /// Keeps it in the place of the one before, for its time.
    fn keep(&self, of: Of, compared: Arc<Compared>) {
        let until = Instant::now() + HOLDS;
        *held(&self.last) = Some(Last { of, until, compared });
        let last = Arc::downgrade(&self.last);
        tokio::spawn(async move {
            tokio::time::sleep_until(until).await;
            if let Some(last) = last.upgrade() {
                held(&last).take_if(|last| last.until <= Instant::now());
            }
        });
    }
}

fn held(last: &Mutex<Option<Last>>) -> MutexGuard<'_, Option<Last>> {
    last.lock().expect("nobody panics while holding this lock")
}

/// The list of this id, compared with what one has: a moment ago, or now.
pub(super) async fn compared(service: &Service, id: i64, wanted: Wanted) -> Result<Arc<Compared>, Refusal> {
    let comparing = &service.comparing;
    let _turn = comparing.turn.acquire().await.context("comparing")?;
    if let Some(compared) = comparing.lately((id, wanted)) {
        return Ok(compared);
    }
    comparing.forget();
    let (shelf, store, data) = (service.shelf.clone(), service.store.clone(), service.data.clone());
    let work = tokio::task::spawn_blocking(move || {
        let kept = match id {
            LINE_UP => None,
            id => Some(shelf.find(id)?.ok_or(Refusal::Unknown)?),
        };
        let preferences = Preferences { wanted, languages: Vec::new() };
        let compared = Compared::of(kept.as_ref(), (&shelf, &store, &data), &preferences);
        compared.map_err(|error| match error.downcast::<StoreError>() {
            Ok(error) => error.into(),
            Err(error) => Refusal::Failed(error),
        })
    });
    let compared = Arc::new(work.await.context("comparing")??);
    if compared.list.len() <= KEPT {
        comparing.keep((id, wanted), compared.clone());
    }
    Ok(compared)
}

#[cfg(test)]
mod tests {
    use contract::disk::Data;

    use super::*;
    use crate::shelf::Shelf;
    use crate::store::Store;

    #[tokio::test(start_paused = true)]
    async fn what_was_compared_is_kept_for_a_minute_and_then_takes_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let (shelf, store) = (Shelf::new(&data), Store::open(&data).unwrap());
        let of_nothing =
            || Arc::new(Compared::of(None, (&shelf, &store, &data), &Preferences::default()).unwrap());
        let (comparing, wanted) = (Comparing::new(), Wanted::default());
        let (first, second) = (of_nothing(), of_nothing());
        let (old, young) = (Arc::downgrade(&first), Arc::downgrade(&second));
        comparing.keep((1, wanted), first);
        assert!(comparing.lately((1, wanted)).is_some() && comparing.lately((2, wanted)).is_none());
        assert!(comparing.lately((1, Wanted { cam: true, ..wanted })).is_none());
        tokio::time::sleep(HOLDS / 2).await;
        comparing.keep((1, wanted), second);
        assert!(old.upgrade().is_none(), "another one has its place");
        tokio::time::sleep(HOLDS * 3 / 4).await;
        assert!(comparing.lately((1, wanted)).is_some(), "the end of the one before is not its own");
        tokio::time::sleep(HOLDS / 2).await;
        assert!(young.upgrade().is_none(), "nobody has asked for anything, and it is gone");
        comparing.keep((1, wanted), of_nothing());
        comparing.forget();
        assert!(comparing.lately((1, wanted)).is_none());
    }
}
