//! What keeps more than one job from going on.

use rusqlite::params;
use serde::Serialize;

use super::{Store, StoreError};
use crate::job::{Wait, words};

words! {
    /// Whom it keeps.
    Scope {
        /// Every download.
        All = "all",
        /// The downloads from an account.
        Account = "account",
        /// The transfers to a target, and the downloads for it.
        Target = "target",
    }
}

/// What keeps more than one job from going on. It is one row, however many jobs it holds, and is over by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// Whom it keeps.
    pub scope: Scope,
    /// The account or the id of the target; `""` where it is everybody.
    pub name: String,
    /// What they wait for.
    pub wait: Wait,
    /// Unix time, in seconds, from which on they do no more.
    pub until: i64,
    /// In words.
    pub why: String,
}

impl Store {
    /// Those in force at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn holds(&self, now: i64) -> Result<Vec<Hold>, StoreError> {
        let connection = self.connection();
        let mut asking =
            connection.prepare_cached("SELECT * FROM hold WHERE until > ? ORDER BY scope, name")?;
        let rows = asking.query_map([now], |row| {
            Ok(Hold {
                scope: row.get("scope")?,
                name: row.get("name")?,
                wait: row.get("wait")?,
                until: row.get("until")?,
                why: row.get("why")?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Holds somebody, in place of what held him for the same before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hold(&self, hold: &Hold) -> Result<(), StoreError> {
        self.write(|writing| {
            let insert = "INSERT OR REPLACE INTO hold(scope, name, wait, until, why) VALUES (?, ?, ?, ?, ?)";
            writing.execute(insert, params![hold.scope, hold.name, hold.wait, hold.until, hold.why])?;
            Ok(())
        })
    }

    /// Holds him for that no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn release(&self, scope: Scope, name: &str, wait: Wait) -> Result<(), StoreError> {
        self.write(|writing| {
            let delete = "DELETE FROM hold WHERE scope = ? AND name = ? AND wait = ?";
            writing.execute(delete, params![scope, name, wait])?;
            Ok(())
        })
    }

    /// Holds every download until a time (Unix time in seconds), for a reason in words, since the hours are over in which they go
    /// on; `None`: they are not. Those that have waited for other hours do as all do.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn window(&self, closed: Option<(i64, &str)>) -> Result<(), StoreError> {
        self.write(|writing| {
            let (until, why) = match closed {
                Some((until, why)) => {
                    let insert =
                        "INSERT OR REPLACE INTO hold(scope, name, wait, until, why) VALUES (?, '', ?, ?, ?)";
                    writing.execute(insert, params![Scope::All, Wait::Window, until, why])?;
                    (until, Some(why))
                }
                None => {
                    let delete = "DELETE FROM hold WHERE scope = ? AND wait = ?";
                    writing.execute(delete, params![Scope::All, Wait::Window])?;
                    (0, None)
                }
            };
            let change = "UPDATE job SET not_before = ?, error = ? WHERE not_before > 0 AND wait = ?";
            writing.execute(change, params![until, why, Wait::Window])?;
            Ok(())
        })
    }

    /// Forgets those that were over at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_holds(&self, now: i64) -> Result<(), StoreError> {
        self.write(|writing| {
            writing.execute("DELETE FROM hold WHERE until <= ?", [now])?;
            Ok(())
        })
    }
}
