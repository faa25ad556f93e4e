//! Figures: all of them asked of the tables, so that they cannot say anything else.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde::Serialize;

use super::events::Action;
use super::{Store, StoreError};
use crate::job::{Cause, State};

/// What the jobs amount to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stats {
    /// Jobs in each state.
    pub states: BTreeMap<State, u64>,
    /// Bytes of completed jobs in all.
    pub bytes: u64,
    /// The same by the day, UTC, on which each was completed, such as `2026-11-27`.
    pub days: BTreeMap<String, u64>,
    /// How fast downloads were; `None` before the first.
    pub throughput: Option<Throughput>,
    /// Failed jobs by what they failed of.
    pub failures: BTreeMap<Cause, u64>,
    /// Jobs by who wished for them.
    pub users: BTreeMap<String, u64>,
    /// Bytes delivered by the id of the target.
    pub targets: BTreeMap<i64, u64>,
}

/// Bytes per second while bytes came, over all that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Throughput {
    /// On the average of jobs.
    pub mean: f64,
    /// So fast or slower were 95 of a hundred.
    pub p95: f64,
}

impl Store {
    /// The figures of all jobs that there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let connection = self.connection();
        // What is asked one after the other is of one instant.
        let reading = connection.unchecked_transaction()?;
        let completed = "FROM job WHERE state = 'completed'";
        let stats = Stats {
            states: counted(&reading, "SELECT state, count(*) FROM job GROUP BY state")?,
            bytes: reading.query_row(&format!("SELECT coalesce(sum(total), 0) {completed}"), [], one)?,
            days: days(&reading)?,
            throughput: throughput(&reading)?,
            failures: counted(
                &reading,
                "SELECT cause, count(*) FROM job WHERE state = 'failed' GROUP BY cause",
            )?,
            users: counted(&reading, "SELECT user, count(*) FROM job GROUP BY user")?,
            targets: counted(&reading, &format!("SELECT target, sum(total) {completed} GROUP BY target"))?,
        };
        Ok(stats)
    }
}

impl Store {
    /// For how many seconds jobs have waited for a connection, by the account of which: those of which it is still told what
    /// happened to them (`event_days`), and until `now` where one waits still.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn slot_waits(&self, now: i64) -> Result<BTreeMap<String, u64>, StoreError> {
        // As the index has it, or it is not used.
        let ends: Vec<String> =
            Action::ALL.iter().filter(|it| it.ends_a_wait()).map(|it| format!("'{it}'")).collect();
        let asked = format!("SELECT job.account, sum(coalesce(
              (SELECT next.ts FROM event AS next WHERE next.job = event.job AND next.id > event.id AND next.action IN ({})
                 ORDER BY next.id LIMIT 1),
              ?) - event.ts)
            FROM event INDEXED BY event_slot JOIN job ON job.id = event.job
            WHERE event.action = 'wait' AND substr(event.details, 1, 5) = 'slot:' GROUP BY job.account", ends.join(", "));
        let connection = self.connection();
        let mut asking = connection.prepare_cached(&asked)?;
        let rows =
            asking.query_map([now], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.max(0).unsigned_abs())))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn one(row: &rusqlite::Row<'_>) -> rusqlite::Result<u64> {
    row.get::<_, i64>(0).map(i64::unsigned_abs)
}

fn counted<K: rusqlite::types::FromSql + Ord>(
    reading: &Connection,
    asked: &str,
) -> Result<BTreeMap<K, u64>, StoreError> {
    let mut asking = reading.prepare_cached(asked)?;
    let rows = asking.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn days(reading: &Connection) -> Result<BTreeMap<String, u64>, StoreError> {
    let by_day = counted::<i64>(
        reading,
        "SELECT finished / 86400, sum(total) FROM job WHERE state = 'completed' GROUP BY finished / 86400",
    )?;
    let named = by_day.into_iter().map(|(day, bytes)| {
        let time = Timestamp::from_second(day * 86_400).unwrap_or(Timestamp::UNIX_EPOCH);
        (time.to_zoned(TimeZone::UTC).date().to_string(), bytes)
    });
    Ok(named.collect())
}

fn throughput(reading: &Connection) -> Result<Option<Throughput>, StoreError> {
    let asked = "SELECT CAST(total AS REAL) / max(body_seconds, 1) AS speed FROM job
        WHERE state IN ('downloaded', 'transferring', 'completed') AND total IS NOT NULL ORDER BY speed";
    let mut asking = reading.prepare_cached(asked)?;
    let speeds: Vec<f64> = asking.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let Some(last) = speeds.len().checked_sub(1) else { return Ok(None) };
    let mean = speeds.iter().sum::<f64>() / speeds.len() as f64;
    Ok(Some(Throughput { mean, p95: speeds[last * 95 / 100] }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use contract::disk::Data;

    use super::*;
    use crate::job::{Priority, Wait};
    use crate::store::tests::{LIMITS, RULES, film, folder};
    use crate::store::{Act, By, Later, Which};

    #[test]
    fn it_is_told_how_long_an_account_had_no_connection() {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(&Data::new(data.path())).unwrap();
        store.add_target(&folder("/mnt"), &By::command(), 1).unwrap();
        let job = store.add(&[film(1)], &By::command(), &RULES, 1).unwrap()[0].id();
        let later = |wait| Later { wait, until: 0, why: "551".into(), no_progress: 0, refused: 1 };
        for (begun, wait) in [(10, Wait::Slot), (40, Wait::Retry), (100, Wait::Slot)] {
            store.begin_download(LIMITS, Path::new("/tmp/x"), "boot", begun).unwrap().unwrap();
            store.put_off(job, State::Downloading, &later(wait), 1, begun + 5).unwrap();
        }
        let waited = |now: i64| store.slot_waits(now).unwrap();
        assert_eq!(waited(105), BTreeMap::from([("account-1".to_owned(), 25)]), "from 15 to 40");
        assert_eq!(waited(112), BTreeMap::from([("account-1".to_owned(), 32)]), "it waits still");
        for (act, at) in [(Act::Top, 115), (Act::Priority(Priority::Low), 118)] {
            store.act(act, Which::These(&[job]), &By::command(), at).unwrap();
        }
        assert_eq!(waited(125), BTreeMap::from([("account-1".to_owned(), 45)]), "wherever in the queue");
        store.act(Act::Pause, Which::These(&[job]), &By::command(), 130).unwrap();
        store.act(Act::Resume, Which::These(&[job]), &By::command(), 150).unwrap();
        assert_eq!(
            waited(200),
            BTreeMap::from([("account-1".to_owned(), 50)]),
            "whoever is held waits for nothing"
        );
    }
}
