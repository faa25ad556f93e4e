//! What people look for among jobs and events.

use contract::bundle::Kind;
use rusqlite::{Row, params};
use serde::Serialize;

use super::events::{self, Event, Level};
use super::{Store, StoreError, row};
use crate::job::{Job, State, Step};

/// Which jobs are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Only those in these; all if there are none.
    pub states: Vec<State>,
    /// Only those of these; all if there are none.
    pub kinds: Vec<Kind>,
    /// Only those for the target of this id.
    pub target: Option<i64>,
    /// Only those that have this in their title; `""` for all.
    pub text: String,
}

/// Which events are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Only those before the one of this id.
    pub before: Option<i64>,
    /// Only those of this level.
    pub level: Option<Level>,
    /// Only those of this job.
    pub job: Option<i64>,
    /// Only those that have this in what they tell, or are by the user of this name; `""` for all.
    pub text: String,
}

/// How far a job is that somebody is at work on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The job.
    pub id: i64,
    /// Where it is.
    pub state: State,
    /// How far within that.
    pub step: Option<Step>,
    /// Length of the file, once it is known.
    pub total: Option<u64>,
    /// Bytes that are here.
    pub have: u64,
    /// Bytes that are at the target.
    pub t_have: u64,
}

impl Store {
    /// How many jobs are as they are `sought`, and in the order in which they have their turn `most` of them from the one at
    /// `from`, counted from 0.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sought(&self, sought: &Sought, from: usize, most: usize) -> Result<(u64, Vec<Job>), StoreError> {
        // By words of ours alone.
        let states = among("state", sought.states.iter().map(|state| state.word()));
        let kinds = among("kind", sought.kinds.iter().map(|kind| row::kind(*kind)));
        let only = format!(
            "FROM job WHERE {states} AND {kinds} AND (?1 IS NULL OR target = ?1)
               AND (?2 = '' OR title LIKE ?2 ESCAPE '\\' OR ep_title LIKE ?2 ESCAPE '\\')"
        );
        let like = like(&sought.text);
        let connection = self.connection();
        // What is asked one after the other is of one instant.
        let reading = connection.unchecked_transaction()?;
        let mut counting = reading.prepare_cached(&format!("SELECT count(*) {only}"))?;
        let total: i64 = counting.query_row(params![sought.target, like], |row| row.get(0))?;
        let mut asking = reading.prepare_cached(&format!(
            "SELECT * {only} ORDER BY rank, pos, created, season, episode, id LIMIT ?3 OFFSET ?4"
        ))?;
        let rows = asking.query_map(params![sought.target, like, most as i64, from as i64], row::read)?;
        Ok((total.unsigned_abs(), rows.collect::<Result<_, _>>()?))
    }

    /// The events that are looked for, the newest first, at most `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn told(&self, told: &Told, most: usize) -> Result<Vec<Event>, StoreError> {
        let asked = "SELECT * FROM event WHERE (?1 IS NULL OR id < ?1) AND (?2 IS NULL OR level = ?2)
              AND (?3 IS NULL OR job = ?3) AND (?4 = '' OR details LIKE ?5 ESCAPE '\\' OR user = ?4)
            ORDER BY id DESC LIMIT ?6";
        let connection = self.connection();
        let mut asking = connection.prepare_cached(asked)?;
        let values = params![told.before, told.level, told.job, told.text, like(&told.text), most as i64];
        let rows = asking.query_map(values, events::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The id of the newest event that there ever was; 0 before the first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest_event(&self) -> Result<i64, StoreError> {
        let asked = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'event'";
        Ok(self.connection().prepare_cached(asked)?.query_row([], |row| row.get(0))?)
    }

    /// How far those are that somebody is at work on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn busy(&self) -> Result<Vec<Progress>, StoreError> {
        let asked = "SELECT id, state, step, total, have, t_have FROM job
            WHERE state IN ('downloading', 'transferring') ORDER BY id";
        let connection = self.connection();
        let mut asking = connection.prepare_cached(asked)?;
        let rows = asking.query_map([], progress)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn progress(row: &Row<'_>) -> rusqlite::Result<Progress> {
    let bytes = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
    Ok(Progress {
        id: row.get("id")?,
        state: row.get("state")?,
        step: row.get("step")?,
        total: row.get::<_, Option<i64>>("total")?.map(i64::unsigned_abs),
        have: bytes("have")?,
        t_have: bytes("t_have")?,
    })
}

/// That a column is one of these words; of any, if there are none.
fn among(column: &str, words: impl Iterator<Item = &'static str>) -> String {
    let listed: Vec<String> = words.map(|word| format!("'{word}'")).collect();
    if listed.is_empty() { "TRUE".into() } else { format!("{column} IN ({})", listed.join(", ")) }
}

/// A pattern of what has this in it.
fn like(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}
