//! What people ask for: hold, go on, want no more, try again, first.

use rusqlite::{Connection, params};
use serde::Serialize;

use super::change::{is_taken, shift};
use super::events::{Action, By, Telling};
use super::{Store, StoreError, row};
use crate::job::{Job, Priority, State};

/// What shall become of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It is held where it is.
    Pause,
    /// One that is held goes on.
    Resume,
    /// Nobody wants it any more: what is there of it goes, and it stays in the list.
    Cancel,
    /// One that has failed, or that nobody wanted any more, is tried again.
    Retry,
    /// It comes before all that wait.
    Top,
    /// It is of this class from now on.
    Priority(Priority),
}

/// Of which jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which<'a> {
    /// Of all for which it means something.
    All,
    /// Of these, in this order.
    These(&'a [i64]),
}

/// What became of what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The job.
    pub id: i64,
    /// Where it is now; `None` if there is none.
    pub state: Option<State>,
    /// Why it was not done, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl Act {
    /// For which jobs it means something.
    fn takes(self, state: State) -> bool {
        match self {
            Self::Pause => state.may_become(State::Paused),
            Self::Resume => state == State::Paused,
            Self::Cancel => state.may_become(State::Cancelled),
            Self::Retry => matches!(state, State::Failed | State::Cancelled),
            Self::Top | Self::Priority(_) => !state.has_ended(),
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::Pause => Action::Pause,
            Self::Resume => Action::Resume,
            Self::Cancel => Action::Cancel,
            Self::Retry => Action::Retry,
            Self::Top => Action::Top,
            Self::Priority(_) => Action::Priority,
        }
    }
}

impl Store {
    /// Does what somebody asks for: all of it is done when this returns, and the worker notices within a quarter of a second.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was done then.
    pub fn act(&self, act: Act, which: Which<'_>, by: &By, now: i64) -> Result<Vec<Answer>, StoreError> {
        self.write(|writing| {
            let ids = match which {
                Which::These(ids) => ids.to_vec(),
                Which::All => all(writing, act)?,
            };
            // The last one that is put on top is on top.
            let ids: Vec<i64> = if act == Act::Top { ids.into_iter().rev().collect() } else { ids };
            let mut answers = Vec::with_capacity(ids.len());
            for id in ids {
                answers.push(obey(writing, act, id, by, now)?);
            }
            if act == Act::Top {
                answers.reverse();
            }
            Ok(answers)
        })
    }
}

fn all(reading: &Connection, act: Act) -> Result<Vec<i64>, StoreError> {
    // What nobody wanted any more is tried again, and what has failed is given up, when somebody says so of it alone.
    let alone = |state: State| state == State::Cancelled || (act, state) == (Act::Cancel, State::Failed);
    let takes = |state: &&State| act.takes(**state) && !alone(**state);
    let words: Vec<String> = State::ALL.iter().filter(takes).map(|it| format!("'{}'", it.word())).collect();
    let asked = format!(
        "SELECT id FROM job WHERE state IN ({}) ORDER BY rank, pos, created, season, episode, id",
        words.join(", ")
    );
    let mut asking = reading.prepare_cached(&asked)?;
    let rows = asking.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn obey(writing: &Connection, act: Act, id: i64, by: &By, now: i64) -> Result<Answer, StoreError> {
    let Some(job) = row::one(writing, id)? else {
        return Ok(Answer { id, state: None, refused: Some("there is no such job".into()) });
    };
    if !act.takes(job.state) {
        let refused = Some(format!("it is {}", job.state));
        return Ok(Answer { id, state: Some(job.state), refused });
    }
    match make(writing, act, &job, by, now) {
        Ok(state) => Ok(Answer { id, state: Some(state), refused: None }),
        Err(StoreError::Sqlite(error)) if is_taken(&error) => {
            let refused = Some("there is another job of the same by now".into());
            Ok(Answer { id, state: Some(job.state), refused })
        }
        Err(error) => Err(error),
    }
}

/// Does it, where it can be done. Where the job is then.
fn make(writing: &Connection, act: Act, job: &Job, by: &By, now: i64) -> Result<State, StoreError> {
    let next = match act {
        Act::Pause => State::Paused,
        Act::Cancel => State::Cancelled,
        Act::Resume => job.held.unwrap_or(State::Pending),
        Act::Retry if job.state == State::Cancelled => State::Pending,
        Act::Retry => job.held.unwrap_or(State::Pending),
        Act::Top | Act::Priority(_) => job.state,
    };
    let told = match act {
        Act::Priority(class) => class.word(),
        _ => "",
    };
    let telling = Telling::job(job.id, act.action(), told);
    let (id, state) = (job.id, job.state);
    match act {
        Act::Pause => {
            let change = "UPDATE job SET state = 'paused', held = ?, step = NULL, updated = ? WHERE id = ? AND state = ?";
            shift(writing, change, params![state.again(), now, id, state], by, now, &telling)?;
        }
        Act::Cancel => {
            let change =
                "UPDATE job SET state = 'cancelled', held = NULL, step = NULL, wait = NULL, swept = 0,
                  finished = ?1, updated = ?1 WHERE id = ?2 AND state = ?3";
            shift(writing, change, params![now, id, state], by, now, &telling)?;
        }
        Act::Resume => {
            let change = "UPDATE job SET state = ?, held = NULL, updated = ? WHERE id = ? AND state = ?";
            shift(writing, change, params![next, now, id, state], by, now, &telling)?;
        }
        Act::Retry => {
            // Of one that was cancelled nothing is left, here and there, and somebody may have taken its name.
            // A recording begins when it is time, and not before.
            let change = "UPDATE job SET state = ?1, held = NULL, no_progress = 0, refused = 0, swept = 0,
                  wait = CASE kind WHEN 'live' THEN 'schedule' END, not_before = coalesce(starts - lead, 0), cause = NULL, error = NULL,
                  finished = NULL, updated = ?2,
                  final_path = CASE state WHEN 'cancelled' THEN NULL ELSE final_path END,
                  total = CASE state WHEN 'cancelled' THEN NULL ELSE total END,
                  have = have * (state <> 'cancelled'), synced = synced * (state <> 'cancelled'),
                  t_have = t_have * (state <> 'cancelled'), t_synced = t_synced * (state <> 'cancelled')
                WHERE id = ?3 AND state = ?4";
            shift(writing, change, params![next, now, id, state], by, now, &telling)?;
        }
        Act::Top => {
            let change = "UPDATE job SET rank = 0, updated = ?,
                  pos = (SELECT min(0, coalesce(min(pos), 0)) - 1 FROM job WHERE state IN ('pending', 'downloaded', 'paused'))
                WHERE id = ? AND state = ?";
            shift(writing, change, params![now, id, state], by, now, &telling)?;
        }
        Act::Priority(class) => {
            let change = "UPDATE job SET priority = ?1, rank = ?1, pos = 0, aged = ?2, updated = ?2 WHERE id = ?3 AND state = ?4";
            shift(writing, change, params![class as i64, now, id, state], by, now, &telling)?;
        }
    }
    Ok(next)
}
