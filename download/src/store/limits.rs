//! How many may go on at once, as it was said while the program runs.

use rusqlite::params;
use serde::Serialize;

use super::events::{Action, By, Level, Telling, tell};
use super::{Store, StoreError};

/// How many may go on at once; at least 1 of each. Targets have a limit of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Downloads.
    pub downloads: u32,
    /// Downloads from one account.
    pub per_account: u32,
    /// Transfers.
    pub transfers: u32,
}

/// What is changed of them while the program runs; it holds on when that ends. `None` stays as it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// As in [`Limits`].
    pub downloads: Option<u32>,
    /// As in [`Limits`].
    pub per_account: Option<u32>,
    /// As in [`Limits`].
    pub transfers: Option<u32>,
}

const KEYS: [&str; 3] = ["limit.downloads", "limit.per_account", "limit.transfers"];

impl Store {
    /// Those in force, where `configured` are those of the configuration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn limits(&self, configured: Limits) -> Result<Limits, StoreError> {
        let connection = self.connection();
        let mut asking = connection.prepare_cached("SELECT v FROM meta WHERE k = ?")?;
        let mut said = |key: &str, usual: u32| -> rusqlite::Result<u32> {
            let found = asking.query_map([key], |row| row.get::<_, String>(0))?.next().transpose()?;
            Ok(found.and_then(|text| text.parse().ok()).unwrap_or(usual).max(1))
        };
        let [downloads, per_account, transfers] = KEYS;
        Ok(Limits {
            downloads: said(downloads, configured.downloads)?,
            per_account: said(per_account, configured.per_account)?,
            transfers: said(transfers, configured.transfers)?,
        })
    }

    /// Changes what is said; `None` in place of it: those of the configuration are in force again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_limits(&self, changed: Option<Changed>, by: &By, now: i64) -> Result<(), StoreError> {
        self.write(|writing| {
            let Some(changed) = changed else {
                writing.execute("DELETE FROM meta WHERE k LIKE 'limit.%'", [])?;
                let telling = Telling {
                    level: Level::Info,
                    job: None,
                    target: None,
                    action: Action::Limits,
                    details: "as configured",
                };
                return Ok(tell(writing, by, now, &telling)?);
            };
            for (key, said) in
                KEYS.into_iter().zip([changed.downloads, changed.per_account, changed.transfers])
            {
                let Some(said) = said else { continue };
                writing.execute(
                    "INSERT OR REPLACE INTO meta(k, v) VALUES (?, ?)",
                    params![key, said.to_string()],
                )?;
                let details = format!("{key} is {said}");
                let telling = Telling {
                    level: Level::Info,
                    job: None,
                    target: None,
                    action: Action::Limits,
                    details: &details,
                };
                tell(writing, by, now, &telling)?;
            }
            Ok(())
        })
    }
}
