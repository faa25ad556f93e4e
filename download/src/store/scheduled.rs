//! Recordings that are to come, which move with the guide.

use rusqlite::params;

use super::change::{is_taken, shift};
use super::events::{Action, By, Telling};
use super::{Store, StoreError, row};
use crate::job::{Airing, Job, Wish};

impl Store {
    /// Recordings of programmes of the guide that have not begun, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn scheduled(&self) -> Result<Vec<Job>, StoreError> {
        let asked = "SELECT * FROM job INDEXED BY job_record WHERE state = 'pending' AND kind = 'live'
              AND wait = 'schedule' AND identity LIKE ? || '%' ORDER BY not_before, id";
        let connection = self.connection();
        let mut asking = connection.prepare_cached(asked)?;
        let rows = asking.query_map([Wish::PROGRAMME], row::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A recording that has not begun is of another time: from `starts` to `stops`, Unix times in seconds. `false` if it has
    /// begun meanwhile, or there is another recording of that time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn moved(&self, job: &Job, (starts, stops): (i64, i64), now: i64) -> Result<bool, StoreError> {
        let Some(before) = &job.wish.airing else { return Ok(false) };
        let airing = Airing { starts, stops, ..before.clone() };
        let identity = Wish::identity_of(job.wish.stream_id, &airing, true);
        let change = "UPDATE job SET starts = ?, stops = ?, not_before = ?, identity = ?, updated = ?
            WHERE id = ? AND state = 'pending' AND wait = 'schedule'";
        let values = params![starts, stops, airing.begins(), identity, now, job.id];
        let details =
            format!("it is on {} s {}", starts.abs_diff(before.starts), later(starts, before.starts));
        let telling = Telling::job(job.id, Action::Moved, &details);
        match self.write(|writing| shift(writing, change, values, &By::worker(), now, &telling)) {
            Err(StoreError::Sqlite(error)) if is_taken(&error) => Ok(false),
            moved => moved,
        }
    }
}

fn later(now: i64, before: i64) -> &'static str {
    if now >= before { "later" } else { "earlier" }
}
