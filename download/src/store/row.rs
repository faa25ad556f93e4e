//! A row of the table of jobs as a [`Job`].

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use contract::bundle::Kind;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};

use super::{Store, StoreError};
use crate::job::{Address, Airing, Job, Priority, State, Wish};

impl Store {
    /// The job of this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn job(&self, id: i64) -> Result<Option<Job>, StoreError> {
        Ok(one(&self.connection(), id)?)
    }

    /// Jobs in the order in which they have their turn: those in `states`, or all if there are none, and of these `most`
    /// from the one at `from`, counted from 0.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn jobs(&self, states: &[State], from: usize, most: usize) -> Result<Vec<Job>, StoreError> {
        // By words of ours alone.
        let listed: Vec<String> = states.iter().map(|state| format!("'{}'", state.word())).collect();
        let only =
            if states.is_empty() { "TRUE".into() } else { format!("state IN ({})", listed.join(", ")) };
        let asked = format!(
            "SELECT * FROM job WHERE {only} ORDER BY rank, pos, created, season, episode, id LIMIT ? OFFSET ?"
        );
        let connection = self.connection();
        let mut asking = connection.prepare_cached(&asked)?;
        let rows = asking.query_map([most as i64, from as i64], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Completed jobs behind the one of id `after`, in the order of their ids; at most `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn completed(&self, after: i64, most: usize) -> Result<Vec<Job>, StoreError> {
        let asked = "SELECT * FROM job WHERE id > ? AND state = 'completed' ORDER BY id LIMIT ?";
        let connection = self.connection();
        let mut asking = connection.prepare_cached(asked)?;
        let rows = asking.query_map([after, most as i64], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// The job of this id.
pub(super) fn one(connection: &Connection, id: i64) -> rusqlite::Result<Option<Job>> {
    connection.prepare_cached("SELECT * FROM job WHERE id = ?")?.query_row([id], read).optional()
}

/// What a row says.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Job> {
    let bytes = |name: &str| row.get::<_, i64>(name).map(|it| it.unsigned_abs());
    Ok(Job {
        id: row.get("id")?,
        wish: wish(row)?,
        asked: row.get("asked")?,
        state: row.get("state")?,
        held: row.get("held")?,
        step: row.get("step")?,
        wait: row.get("wait")?,
        not_before: row.get("not_before")?,
        rank: class(row.get("rank")?),
        pos: row.get("pos")?,
        retries: row.get("retries")?,
        no_progress: row.get("no_progress")?,
        refused: row.get("refused")?,
        total: row.get::<_, Option<i64>>("total")?.map(i64::unsigned_abs),
        have: bytes("have")?,
        synced: bytes("synced")?,
        etag: row.get("etag")?,
        boot: row.get("boot")?,
        temp_path: row.get::<_, Option<Vec<u8>>>("temp_path")?.map(|path| OsString::from_vec(path).into()),
        final_path: row.get("final_path")?,
        t_have: bytes("t_have")?,
        t_synced: bytes("t_synced")?,
        sha256: row.get("sha256")?,
        measured_h: row.get("measured_h")?,
        was_renamed: row.get("renamed")?,
        cause: row.get("cause")?,
        error: row.get("error")?,
        created: row.get("created")?,
        started: row.get("started")?,
        finished: row.get("finished")?,
        updated: row.get("updated")?,
    })
}

fn wish(row: &Row<'_>) -> rusqlite::Result<Wish> {
    let broken =
        |error: serde_json::Error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error));
    let (kind, tags): (String, String) = (row.get("kind")?, row.get("tags")?);
    Ok(Wish {
        identity: row.get("identity")?,
        variant: row.get("variant")?,
        target: row.get("target")?,
        kind: serde_json::from_value::<Kind>(kind.into()).map_err(broken)?,
        title: row.get("title")?,
        year: row.get("year")?,
        tmdb: row.get("tmdb")?,
        tags: serde_json::from_str(&tags).map_err(broken)?,
        season: row.get("season")?,
        episode: row.get("episode")?,
        ep_title: row.get("ep_title")?,
        series: row.get("series")?,
        quality: row.get("quality")?,
        account: row.get("account")?,
        stream_id: row.get("stream_id")?,
        address: row.get::<_, Option<String>>("address")?.and_then(|text| Address::new(&text)),
        ext: row.get("ext")?,
        airing: airing(row)?,
        priority: row.get::<_, Option<i64>>("priority")?.map(class),
        user: row.get("user")?,
    })
}

fn airing(row: &Row<'_>) -> rusqlite::Result<Option<Airing>> {
    let Some(channel) = row.get("channel")? else { return Ok(None) };
    Ok(Some(Airing {
        channel,
        starts: row.get("starts")?,
        stops: row.get("stops")?,
        lead: row.get("lead")?,
        tail: row.get("tail")?,
    }))
}

/// Classes are numbers in the store, since it sorts by them.
fn class(number: i64) -> Priority {
    match number {
        ..=0 => Priority::High,
        1 => Priority::Medium,
        _ => Priority::Low,
    }
}

/// What `kind` is called in the store.
pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Live => "live",
        Kind::Movie => "movie",
        Kind::Episode => "episode",
    }
}

/// A path as it is, whatever its letters.
pub(super) fn path(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}
