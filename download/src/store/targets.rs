//! Targets as they are kept.

use clap::ValueEnum;
use contract::library::Style;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};

use super::change::is_taken;
use super::events::{Action, By, Level, Telling, tell};
use super::{Store, StoreError};
use crate::target::{Health, Record, Space};

impl Store {
    /// All of them, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn targets(&self) -> Result<Vec<Record>, StoreError> {
        let connection = self.connection();
        let mut asking = connection.prepare_cached("SELECT * FROM target ORDER BY name")?;
        let rows = asking.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The one of this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn target(&self, id: i64) -> Result<Option<Record>, StoreError> {
        let connection = self.connection();
        let mut asking = connection.prepare_cached("SELECT * FROM target WHERE id = ?")?;
        Ok(asking.query_row([id], read).optional()?)
    }

    /// The one of this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn target_named(&self, name: &str) -> Result<Option<Record>, StoreError> {
        let connection = self.connection();
        let mut asking = connection.prepare_cached("SELECT * FROM target WHERE name = ?")?;
        Ok(asking.query_row([name], read).optional()?)
    }

    /// Adds one, whatever id it says; the id that it has.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Refused`] if there is one of its name.
    pub fn add_target(&self, record: &Record, by: &By, now: i64) -> Result<i64, StoreError> {
        let insert =
            "INSERT INTO target(name, kind, url, base, secret_ref, host_key, style, types, min_q, max_q,
              max_parallel, bwlimit, cleanup, maintenance, status)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        self.write(|writing| {
            match writing.prepare_cached(insert)?.execute(params_from_iter(values(record))) {
                Err(error) if is_taken(&error) => {
                    return Err(StoreError::Refused(format!("there is a target `{}` already", record.name)));
                }
                executed => drop(executed?),
            }
            let id = writing.last_insert_rowid();
            let details = format!("added {} {}", record.kind, record.name);
            tell(writing, by, now, &Telling::target(id, Action::Target, &details))?;
            Ok(id)
        })
    }

    /// Makes of a target what `record` says, but for its id and its health.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Refused`] if there is none, or another of that name.
    pub fn set_target(&self, record: &Record, by: &By, now: i64) -> Result<(), StoreError> {
        let change = "UPDATE target SET name = ?1, kind = ?2, url = ?3, base = ?4, secret_ref = ?5, host_key = ?6,
              style = ?7, types = ?8, min_q = ?9, max_q = ?10, max_parallel = ?11, bwlimit = ?12, cleanup = ?13,
              maintenance = ?14, status = ?15 WHERE id = ?16";
        self.write(|writing| {
            let mut all = values(record);
            all.push(Box::new(record.id));
            match writing.prepare_cached(change)?.execute(params_from_iter(all)) {
                Ok(1) => {}
                Ok(_) => return Err(StoreError::Refused("there is no such target".into())),
                Err(error) if is_taken(&error) => {
                    return Err(StoreError::Refused(format!("there is a target `{}` already", record.name)));
                }
                Err(error) => return Err(error.into()),
            }
            let details = format!("changed {}", record.name);
            tell(writing, by, now, &Telling::target(record.id, Action::Target, &details))?;
            Ok(())
        })
    }

    /// Removes one, with the jobs for it that have ended.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Refused`] while there are others.
    pub fn remove_target(&self, id: i64, by: &By, now: i64) -> Result<(), StoreError> {
        self.write(|writing| {
            let ended = "('completed', 'failed', 'cancelled')";
            let asked = format!("SELECT count(*) FROM job WHERE target = ? AND state NOT IN {ended}");
            let open: u32 = writing.query_row(&asked, [id], |row| row.get(0))?;
            if open > 0 {
                let why =
                    format!("{open} jobs are for it that have not ended; `coax download cancel` ends them");
                return Err(StoreError::Refused(why));
            }
            writing.execute("DELETE FROM job WHERE target = ?", [id])?;
            if writing.execute("DELETE FROM target WHERE id = ?", [id])? == 0 {
                return Err(StoreError::Refused("there is no such target".into()));
            }
            tell(writing, by, now, &Telling::target(id, Action::Target, "removed"))?;
            Ok(())
        })
    }

    /// How one was found to be; what has changed is told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_health(&self, id: i64, health: &Health, now: i64) -> Result<(), StoreError> {
        let change = "UPDATE target SET status = ?, checked = ?, rtt_ms = ?, free = ?, total = ?, last_error = ? WHERE id = ?";
        self.write(|writing| {
            let before = status(writing, id)?;
            let (free, total) =
                (health.space.map(|it| it.free as i64), health.space.map(|it| it.total as i64));
            let values = params![health.status, now, health.rtt_ms, free, total, health.error, id];
            writing.prepare_cached(change)?.execute(values)?;
            if before.is_some_and(|before| before != health.status.word()) {
                let why = health.error.as_deref().map_or_else(String::new, |why| format!(": {why}"));
                let details = format!("{}{why}", health.status);
                let level = if health.error.is_some() { Level::Warning } else { Level::Info };
                tell(
                    writing,
                    &By::worker(),
                    now,
                    &Telling { level, ..Telling::target(id, Action::Probe, &details) },
                )?;
            }
            Ok(())
        })
    }
}

fn status(reading: &Connection, id: i64) -> rusqlite::Result<Option<String>> {
    let mut asking = reading.prepare_cached("SELECT status FROM target WHERE id = ?")?;
    asking.query_row([id], |row| row.get(0)).optional()
}

/// All but the id, in the order of the statements above.
fn values(record: &Record) -> Vec<Box<dyn ToSql>> {
    let style = record.style.to_possible_value().expect("no style is hidden");
    vec![
        Box::new(record.name.clone()),
        Box::new(record.kind),
        Box::new(record.url.clone()),
        Box::new(record.base.clone()),
        Box::new(record.secret.clone()),
        Box::new(record.host_key.clone()),
        Box::new(style.get_name().to_owned()),
        Box::new(serde_json::to_string(&record.types).expect("words are JSON")),
        Box::new(record.min_q),
        Box::new(record.max_q),
        Box::new(record.max_parallel),
        Box::new(record.bwlimit as i64),
        Box::new(record.cleanup),
        Box::new(record.maintenance),
        Box::new(record.health.status),
    ]
}

fn read(row: &Row<'_>) -> rusqlite::Result<Record> {
    let (style, types): (String, String) = (row.get("style")?, row.get("types")?);
    let bytes = |name: &str| row.get::<_, Option<i64>>(name).map(|it| it.map(i64::unsigned_abs));
    let space = bytes("free")?.zip(bytes("total")?).map(|(free, total)| Space { free, total });
    Ok(Record {
        id: row.get("id")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        url: row.get("url")?,
        base: row.get("base")?,
        secret: row.get("secret_ref")?,
        host_key: row.get("host_key")?,
        style: Style::from_str(&style, false).map_err(broken)?,
        types: serde_json::from_str(&types).map_err(|error| broken(error.to_string()))?,
        min_q: row.get("min_q")?,
        max_q: row.get("max_q")?,
        max_parallel: row.get("max_parallel")?,
        bwlimit: bytes("bwlimit")?.unwrap_or(0),
        cleanup: row.get("cleanup")?,
        maintenance: row.get("maintenance")?,
        health: Health {
            status: row.get("status")?,
            checked: row.get("checked")?,
            rtt_ms: row.get("rtt_ms")?,
            space,
            error: row.get("last_error")?,
        },
    })
}

fn broken(why: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, why.into())
}
