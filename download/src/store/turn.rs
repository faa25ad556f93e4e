//! Whose turn it is.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Statement, named_params, params};

use super::events::{Action, By, Telling, tell};
use super::{Limits, Store, StoreError, row};
use crate::job::Job;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The first of those who wait for a download, neither of them held up, nor his account, nor his target. A host that we know
/// nothing of is asked for one thing at a time. The index has them in this order; the planner would rather sort them all.
const DOWNLOAD: &str =
    "SELECT job.* FROM job INDEXED BY job_download CROSS JOIN target ON target.id = job.target
    WHERE job.state = 'pending' AND job.kind <> 'live' AND job.not_before <= :now
      AND target.maintenance = 0 AND target.status NOT IN ('offline', 'error')
      AND job.account NOT IN (SELECT account FROM job WHERE state = 'downloading' AND kind <> 'live'
                              GROUP BY account
                              HAVING count(*) >= CASE WHEN account GLOB '@*' THEN 1 ELSE :per_account END)
      AND NOT EXISTS (SELECT 1 FROM hold WHERE until > :now AND (scope = 'all'
                        OR scope = 'account' AND name = job.account
                        OR scope = 'target' AND name = CAST(job.target AS TEXT)))
    ORDER BY job.rank, job.pos, job.created, job.season, job.episode, job.id LIMIT 1";

/// The first recording whose time has come. What is sent is sent once, so nothing holds it up but a disk that is full; one
/// whose time is over ends, whatever is.
const RECORD: &str = "SELECT * FROM job INDEXED BY job_record
    WHERE state = 'pending' AND kind = 'live' AND not_before <= :now
      AND (stops + tail <= :now
           OR NOT EXISTS (SELECT 1 FROM hold WHERE until > :now AND scope = 'all' AND wait = 'disk'))
    ORDER BY not_before, id LIMIT 1";

/// Recordings that go on at once, at most: more than anybody has connections for.
const RECORDINGS: u32 = 50;

/// The same for a delivery, whatever holds downloads up.
const TRANSFER: &str =
    "SELECT job.* FROM job INDEXED BY job_transfer CROSS JOIN target ON target.id = job.target
    WHERE job.state = 'downloaded' AND job.not_before <= :now
      AND target.maintenance = 0 AND target.status NOT IN ('offline', 'error')
      AND (SELECT count(*) FROM job AS other
           WHERE other.state = 'transferring' AND other.target = job.target) < target.max_parallel
      AND NOT EXISTS (SELECT 1 FROM hold WHERE until > :now
                        AND scope = 'target' AND name = CAST(job.target AS TEXT))
    ORDER BY job.rank, job.pos, job.created, job.season, job.episode, job.id LIMIT 1";

impl Store {
    /// Begins the download whose turn it is; `None` if there is none, or there are as many as there may be. Its bytes are
    /// collected in `temp`, unless it began elsewhere before. `boot` is the boot in which that happens.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin_download(
        &self,
        limits: Limits,
        temp: &Path,
        boot: &str,
        now: i64,
    ) -> Result<Option<Job>, StoreError> {
        self.write(|writing| {
            if count(writing, "state = 'downloading' AND kind <> 'live'")? >= limits.downloads {
                return Ok(None);
            }
            let mut asking = writing.prepare_cached(DOWNLOAD)?;
            let values = named_params! { ":now": now, ":per_account": limits.per_account };
            let Some(job) = first(&mut asking, values)? else { return Ok(None) };
            fetching(writing, job.id, Action::Download, (temp, boot), now)
        })
    }

    /// Begins the recording whose time has come, likewise; several at once may.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin_recording(&self, temp: &Path, boot: &str, now: i64) -> Result<Option<Job>, StoreError> {
        self.write(|writing| {
            if count(writing, "state = 'downloading' AND kind = 'live'")? >= RECORDINGS {
                return Ok(None);
            }
            let mut asking = writing.prepare_cached(RECORD)?;
            let Some(job) = first(&mut asking, named_params! { ":now": now })? else { return Ok(None) };
            fetching(writing, job.id, Action::Record, (temp, boot), now)
        })
    }

    /// Begins the delivery whose turn it is, likewise.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin_transfer(&self, limits: Limits, now: i64) -> Result<Option<Job>, StoreError> {
        self.write(|writing| {
            if count(writing, "state = 'transferring'")? >= limits.transfers {
                return Ok(None);
            }
            let mut asking = writing.prepare_cached(TRANSFER)?;
            let Some(job) = first(&mut asking, named_params! { ":now": now })? else { return Ok(None) };
            let change = "UPDATE job SET state = 'transferring', step = 'name', wait = NULL, not_before = 0, updated = ?
                WHERE id = ? AND state = 'downloaded'";
            writing.prepare_cached(change)?.execute(params![now, job.id])?;
            tell(writing, &By::worker(), now, &Telling::job(job.id, Action::Transfer, ""))?;
            Ok(row::one(writing, job.id)?)
        })
    }

    /// Whoever has waited for `age_days` comes up a class, so that nobody waits for ever. How many do.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn age(&self, age_days: u32, now: i64) -> Result<usize, StoreError> {
        if age_days == 0 {
            return Ok(0);
        }
        let days = i64::from(age_days) * DAY;
        self.write(|writing| {
            let change = "UPDATE job SET rank = rank - 1, aged = aged + ?1
                WHERE state = 'pending' AND rank > 0 AND aged <= ?2 - ?1";
            Ok(writing.prepare_cached(change)?.execute([days, now])?)
        })
    }

    /// When the next of those who wait by themselves wait no more; `None` if nobody does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_turn(&self, now: i64) -> Result<Option<i64>, StoreError> {
        let asked = "SELECT min(at) FROM (
            SELECT min(not_before) AS at FROM job WHERE not_before > 0 AND not_before > ?1
            UNION ALL SELECT min(until) FROM hold WHERE until > ?1)";
        Ok(self.connection().prepare_cached(asked)?.query_row([now], |row| row.get(0))?)
    }
}

/// The bytes of a job are coming from now on.
fn fetching(
    writing: &Connection,
    id: i64,
    action: Action,
    (temp, boot): (&Path, &str),
    now: i64,
) -> Result<Option<Job>, StoreError> {
    let part = temp.join(format!(".{id}.part"));
    let change = "UPDATE job SET state = 'downloading', step = 'connect', wait = NULL, not_before = 0,
          temp_path = coalesce(temp_path, ?), boot = ?, started = coalesce(started, ?3), updated = ?3
        WHERE id = ? AND state = 'pending'";
    writing.prepare_cached(change)?.execute(params![row::path(&part), boot, now, id])?;
    tell(writing, &By::worker(), now, &Telling::job(id, action, ""))?;
    Ok(row::one(writing, id)?)
}

fn first(
    asking: &mut Statement<'_>,
    values: &[(&str, &dyn rusqlite::ToSql)],
) -> Result<Option<Job>, StoreError> {
    Ok(asking.query_row(values, row::read).optional()?)
}

/// How many jobs there are of which `only` is true: words of ours alone.
fn count(connection: &Connection, only: &'static str) -> Result<u32, StoreError> {
    let mut asking = connection.prepare_cached(&format!("SELECT count(*) FROM job WHERE {only}"))?;
    Ok(asking.query_row([], |row| row.get(0))?)
}
