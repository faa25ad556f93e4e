//! What the worker makes of a job. Everything here says in which state it believes the job to be, and is told whether it still
//! was: if it was not, somebody has paused or cancelled it meanwhile, and the worker stops.

use rusqlite::{Connection, ErrorCode, params};

use super::events::{Action, By, Level, Telling, tell};
use super::{Store, StoreError};
use crate::job::{Cause, Job, State, Step, Wait};

/// How far a download is on the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Bytes that are here.
    pub have: u64,
    /// Of these, the ones that a power cut leaves.
    pub synced: u64,
    /// Length of the file, once it is known.
    pub total: Option<u64>,
    /// What the source calls this version of the file.
    pub etag: Option<String>,
}

/// A download that is complete and was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Length of the file, all of which is on the disk.
    pub total: u64,
    /// Of the whole file, as hexadecimal, where it was computed.
    pub sha256: Option<String>,
    /// The class of its picture in lines, where it was measured.
    pub measured_h: Option<u32>,
    /// What it is to be called by, if that is not the ending by which it was asked for.
    pub ext: Option<String>,
}

/// What puts a job off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// What it waits for.
    pub wait: Wait,
    /// Unix time, in seconds, before which it is not tried again.
    pub until: i64,
    /// In words; without addresses.
    pub why: String,
    /// Attempts in a row that brought nothing, this one included.
    pub no_progress: u32,
    /// Refusals in a row for want of a connection, this one included.
    pub refused: u32,
}

impl Store {
    /// A job that is at work is at another step of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn step(&self, id: i64, state: State, step: Step, now: i64) -> Result<bool, StoreError> {
        let change = "UPDATE job SET step = ?, updated = ? WHERE id = ? AND state = ?";
        self.write(|writing| Ok(writing.prepare_cached(change)?.execute(params![step, now, id, state])? == 1))
    }

    /// So far a download is on the disk.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn checkpoint(&self, id: i64, at: &Checkpoint, now: i64) -> Result<bool, StoreError> {
        let change = "UPDATE job SET have = ?, synced = ?, total = coalesce(?, total), etag = coalesce(?, etag), updated = ?
            WHERE id = ? AND state = 'downloading'";
        let values =
            params![at.have as i64, at.synced as i64, at.total.map(|it| it as i64), at.etag, now, id];
        self.write(|writing| Ok(writing.prepare_cached(change)?.execute(values)? == 1))
    }

    /// So many bytes of a transfer are at the target, and so many of them for good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sent(&self, id: i64, have: u64, synced: u64, now: i64) -> Result<bool, StoreError> {
        let change =
            "UPDATE job SET t_have = ?, t_synced = ?, updated = ? WHERE id = ? AND state = 'transferring'";
        let values = params![have as i64, synced as i64, now, id];
        self.write(|writing| Ok(writing.prepare_cached(change)?.execute(values)? == 1))
    }

    /// How far those are that are at work, as pairs of id and bytes; a power cut may take it back. Those of them that are in
    /// `state` no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn progress(&self, state: State, all: &[(i64, u64)], now: i64) -> Result<Vec<i64>, StoreError> {
        let column = if state == State::Transferring { "t_have" } else { "have" };
        let change = format!("UPDATE job SET {column} = ?, updated = ? WHERE id = ? AND state = ?");
        self.write_soon(|writing| {
            let mut changing = writing.prepare_cached(&change)?;
            let mut gone = Vec::new();
            for (id, bytes) in all {
                if changing.execute(params![*bytes as i64, now, id, state])? == 0 {
                    gone.push(*id);
                }
            }
            Ok(gone)
        })
    }

    /// Where those of `ids` are that there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn states(&self, ids: &[i64]) -> Result<Vec<(i64, State)>, StoreError> {
        let connection = self.connection();
        let mut asking = connection.prepare_cached("SELECT state FROM job WHERE id = ?")?;
        let mut states = Vec::with_capacity(ids.len());
        for id in ids {
            let mut rows = asking.query([id])?;
            if let Some(row) = rows.next()? {
                states.push((*id, row.get(0)?));
            }
        }
        Ok(states)
    }

    /// It was looked whether a file that is being downloaded has another ending than the list says: which, if so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn renamed(&self, id: i64, ext: Option<&str>, now: i64) -> Result<bool, StoreError> {
        let change =
            "UPDATE job SET renamed = 1, ext = coalesce(?1, ext), asked = coalesce(?1, asked), updated = ?2
            WHERE id = ?3 AND state = 'downloading'";
        let details = ext.map_or_else(|| "no other ending helps".to_owned(), |ext| format!("it is {ext}"));
        self.shift(change, params![ext, now, id], now, &Telling::job(id, Action::Renamed, &details))
    }

    /// A download is complete, and was found to be what it should be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn arrived(&self, job: &Job, what: &Arrived, seconds: u64, now: i64) -> Result<bool, StoreError> {
        let change = "UPDATE job SET state = 'downloaded', step = NULL, have = ?1, synced = ?1, total = ?1, sha256 = ?2,
              measured_h = ?3, asked = coalesce(asked, ext), ext = coalesce(?4, asked, ext),
              body_seconds = body_seconds + ?5, no_progress = 0, refused = 0, error = NULL, updated = ?6
            WHERE id = ?7 AND state = 'downloading'";
        let values =
            params![what.total as i64, what.sha256, what.measured_h, what.ext, seconds as i64, now, job.id];
        let details = format!("{} bytes", what.total);
        self.shift(change, values, now, &Telling::job(job.id, Action::Downloaded, &details))
    }

    /// A job that is in `from` waits, where work on it begins anew. `seconds` were spent on receiving.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_off(
        &self,
        id: i64,
        from: State,
        later: &Later,
        seconds: u64,
        now: i64,
    ) -> Result<bool, StoreError> {
        let change =
            "UPDATE job SET state = ?, step = NULL, wait = ?, not_before = ?, error = ?, no_progress = ?,
              refused = ?, retries = retries + 1, body_seconds = body_seconds + ?, updated = ?
            WHERE id = ? AND state = ?";
        let Later { wait, until, why, no_progress, refused } = later;
        let values =
            params![from.again(), wait, until, why, no_progress, refused, seconds as i64, now, id, from];
        let details = format!("{wait}: {why}");
        self.shift(change, values, now, &Telling::job(id, Action::Wait, &details))
    }

    /// A job that is in `from` will not go on by itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn fail(&self, id: i64, from: State, cause: Cause, why: &str, now: i64) -> Result<bool, StoreError> {
        let change =
            "UPDATE job SET state = 'failed', held = ?, step = NULL, wait = NULL, not_before = 0, cause = ?,
              error = ?, retries = retries + 1, finished = ?5, updated = ?5
            WHERE id = ?4 AND state = ?6";
        let values = params![from.again(), cause, why, id, now, from];
        let details = format!("{cause}: {why}");
        let telling = Telling { level: Level::Error, ..Telling::job(id, Action::Failed, &details) };
        self.shift(change, values, now, &telling)
    }

    /// Gives a job that is being transferred its name at the target: the first of `names` that no other job has there, unless
    /// it has one already. `None` if it is being transferred no more, or all are taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn name(&self, id: i64, names: &[String], now: i64) -> Result<Option<String>, StoreError> {
        let change = "UPDATE job SET final_path = coalesce(final_path, ?), updated = ?
            WHERE id = ? AND state = 'transferring' RETURNING final_path";
        self.write(|writing| {
            for name in names {
                let mut changing = writing.prepare_cached(change)?;
                match changing.query_row(params![name, now, id], |row| row.get(0)) {
                    Ok(name) => return Ok(Some(name)),
                    Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(None),
                    Err(error) if is_taken(&error) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(None)
        })
    }

    /// A transfer is verified and has its name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn complete(&self, id: i64, now: i64) -> Result<bool, StoreError> {
        let change =
            "UPDATE job SET state = 'completed', step = NULL, t_have = total, t_synced = total, error = NULL,
              no_progress = 0, finished = ?1, updated = ?1
            WHERE id = ?2 AND state = 'transferring'";
        self.shift(change, params![now, id], now, &Telling::job(id, Action::Completed, ""))
    }

    /// What was fetched of a job that is being delivered is here no more: it is fetched anew.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn lost(&self, id: i64, now: i64) -> Result<bool, StoreError> {
        let change = "UPDATE job SET state = 'pending', step = NULL, have = 0, synced = 0, total = NULL, sha256 = NULL,
              t_have = 0, t_synced = 0, no_progress = no_progress + 1, retries = retries + 1, updated = ?
            WHERE id = ? AND state = 'transferring'";
        let details = "what was fetched is here no more";
        let telling = Telling { level: Level::Warning, ..Telling::job(id, Action::Anew, details) };
        self.shift(change, params![now, id], now, &telling)
    }

    /// What is here of a job is nothing worth going on from.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn nothing_here(&self, id: i64, now: i64) -> Result<(), StoreError> {
        self.write(|writing| {
            let change =
                "UPDATE job SET have = 0, synced = 0, total = NULL, sha256 = NULL, updated = ? WHERE id = ?";
            writing.execute(change, [now, id])?;
            Ok(())
        })
    }

    /// Jobs that have ended and of which something may still lie about here or at the target; at most a hundred. `but` and the
    /// jobs of the targets `busy` do not count among them, nor do those that have nothing here, and whose target takes no jobs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unswept(&self, but: &[i64], busy: &[i64]) -> Result<Vec<Job>, StoreError> {
        // Those whose target cannot be reached come last, so that they keep nobody from it.
        let asked = "SELECT job.* FROM job LEFT JOIN target ON target.id = job.target
            WHERE job.state IN ('completed', 'cancelled') AND job.swept = 0
              AND job.id NOT IN (SELECT value FROM json_each(?)) AND job.target NOT IN (SELECT value FROM json_each(?))
              AND (job.final_path IS NOT NULL AND (target.maintenance OR target.status IN ('offline', 'error'))
                   AND (job.temp_path IS NULL OR job.state = 'completed' AND NOT target.cleanup)) IS NOT TRUE
            ORDER BY job.final_path IS NOT NULL AND (target.maintenance OR target.status IN ('offline', 'error')), job.id
            LIMIT 100";
        let connection = self.connection();
        let mut asking = connection.prepare_cached(asked)?;
        let list = |ids: &[i64]| serde_json::Value::from(ids).to_string();
        let rows = asking.query_map([list(but), list(busy)], super::row::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Nothing of it does here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn without_part(&self, id: i64, state: State) -> Result<(), StoreError> {
        self.write(|writing| {
            let change =
                "UPDATE job SET temp_path = NULL WHERE id = ? AND state = ? AND temp_path IS NOT NULL";
            writing.execute(change, params![id, state])?;
            Ok(())
        })
    }

    /// Nothing of it does any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn swept(&self, id: i64, state: State) -> Result<(), StoreError> {
        self.write(|writing| {
            writing.execute("UPDATE job SET swept = 1 WHERE id = ? AND state = ?", params![id, state])?;
            Ok(())
        })
    }

    /// A change of state, and what is told of it.
    fn shift(
        &self,
        change: &str,
        values: &[&dyn rusqlite::ToSql],
        now: i64,
        telling: &Telling<'_>,
    ) -> Result<bool, StoreError> {
        self.write(|writing| shift(writing, change, values, &By::worker(), now, telling))
    }
}

/// A change of state, and, if there is one, what is told of it.
pub(super) fn shift(
    writing: &Connection,
    change: &str,
    values: &[&dyn rusqlite::ToSql],
    by: &By,
    now: i64,
    telling: &Telling<'_>,
) -> Result<bool, StoreError> {
    let changed = writing.prepare_cached(change)?.execute(values)? == 1;
    if changed {
        tell(writing, by, now, telling)?;
    }
    Ok(changed)
}

/// Whether something else is in its place.
pub(super) fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
