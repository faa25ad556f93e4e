//! The tables, and how an older file becomes one of today.

use rusqlite::Connection;

use super::StoreError;

/// What brings a file from each version to the next; its length is the version that this program writes.
const STEPS: &[&str] = &[FIRST, RECORDINGS, ADDRESSES, WAITS, ENDINGS];

/// Jobs that have come to nothing may be wished for again; of all others there is one for each version and target, by what
/// it is as by where it comes from. The indexes of turns hold only those that wait for theirs, in the order in which they
/// have it, so that a pick is the first entry, however many there are.
const FIRST: &str = "
CREATE TABLE job(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  identity TEXT NOT NULL, variant TEXT NOT NULL, target INTEGER NOT NULL REFERENCES target(id),
  kind TEXT NOT NULL, title TEXT NOT NULL, year TEXT NOT NULL, tmdb TEXT NOT NULL, tags TEXT NOT NULL,
  season INTEGER, episode INTEGER, ep_title TEXT NOT NULL, series INTEGER NOT NULL, quality INTEGER,
  account TEXT NOT NULL, stream_id INTEGER NOT NULL, ext TEXT NOT NULL, user TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending', held TEXT, step TEXT, wait TEXT, not_before INTEGER NOT NULL DEFAULT 0,
  priority INTEGER, rank INTEGER NOT NULL, aged INTEGER NOT NULL, pos INTEGER NOT NULL DEFAULT 0,
  retries INTEGER NOT NULL DEFAULT 0, no_progress INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
  total INTEGER, have INTEGER NOT NULL DEFAULT 0, synced INTEGER NOT NULL DEFAULT 0, etag TEXT,
  boot TEXT NOT NULL DEFAULT '', temp_path BLOB, final_path TEXT,
  t_have INTEGER NOT NULL DEFAULT 0, t_synced INTEGER NOT NULL DEFAULT 0,
  sha256 TEXT, measured_h INTEGER, cause TEXT, error TEXT,
  body_seconds INTEGER NOT NULL DEFAULT 0, renamed INTEGER NOT NULL DEFAULT 0, swept INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL, started INTEGER, finished INTEGER, updated INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX job_identity ON job(identity, variant, target) WHERE state NOT IN ('failed', 'cancelled');
CREATE UNIQUE INDEX job_source ON job(account, stream_id, target) WHERE state NOT IN ('failed', 'cancelled');
CREATE UNIQUE INDEX job_place ON job(target, final_path COLLATE NOCASE) WHERE state <> 'cancelled';
CREATE INDEX job_download ON job(rank, pos, created, season, episode, id) WHERE state = 'pending';
CREATE INDEX job_transfer ON job(rank, pos, created, season, episode, id) WHERE state = 'downloaded';
CREATE INDEX job_wakes ON job(not_before) WHERE not_before > 0;
CREATE INDEX job_state ON job(state);
CREATE INDEX job_aged ON job(aged) WHERE state = 'pending' AND rank > 0;
CREATE INDEX job_unswept ON job(id) WHERE state IN ('completed', 'cancelled') AND swept = 0;

CREATE TABLE target(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, url TEXT NOT NULL, base TEXT NOT NULL,
  secret_ref TEXT, host_key TEXT, style TEXT NOT NULL, types TEXT NOT NULL,
  min_q INTEGER, max_q INTEGER, max_parallel INTEGER NOT NULL, bwlimit INTEGER NOT NULL, cleanup INTEGER NOT NULL,
  maintenance INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL, checked INTEGER NOT NULL DEFAULT 0, rtt_ms INTEGER, free INTEGER, total INTEGER, last_error TEXT
) STRICT;

CREATE TABLE hold(
  scope TEXT NOT NULL, name TEXT NOT NULL, wait TEXT NOT NULL, until INTEGER NOT NULL, why TEXT NOT NULL,
  PRIMARY KEY(scope, name, wait)
) STRICT, WITHOUT ROWID;

CREATE TABLE event(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ts INTEGER NOT NULL, level TEXT NOT NULL, job INTEGER, target INTEGER,
  user TEXT NOT NULL, action TEXT NOT NULL, details TEXT NOT NULL, session TEXT NOT NULL, ip TEXT NOT NULL
) STRICT;
CREATE INDEX event_job ON event(job, id) WHERE job IS NOT NULL;
CREATE INDEX event_ts ON event(ts);

CREATE TABLE tmdb(key TEXT PRIMARY KEY, body TEXT, fetched INTEGER NOT NULL, used INTEGER NOT NULL) STRICT;
CREATE INDEX tmdb_used ON tmdb(used);
CREATE TABLE pick(key TEXT PRIMARY KEY, body TEXT, made INTEGER NOT NULL) STRICT;

CREATE TABLE meta(k TEXT PRIMARY KEY, v TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// Recordings: two of one channel are two, and they begin by the clock, whoever else waits for his turn.
const RECORDINGS: &str = "
ALTER TABLE job ADD COLUMN channel TEXT;
ALTER TABLE job ADD COLUMN starts INTEGER;
ALTER TABLE job ADD COLUMN stops INTEGER;
ALTER TABLE job ADD COLUMN lead INTEGER;
ALTER TABLE job ADD COLUMN tail INTEGER;
DROP INDEX job_source;
CREATE UNIQUE INDEX job_source ON job(account, stream_id, target)
  WHERE state NOT IN ('failed', 'cancelled') AND kind <> 'live';
DROP INDEX job_download;
CREATE INDEX job_download ON job(rank, pos, created, season, episode, id) WHERE state = 'pending' AND kind <> 'live';
CREATE INDEX job_record ON job(not_before, id) WHERE state = 'pending' AND kind = 'live';
";

/// What is in no line-up is known by its address.
const ADDRESSES: &str = "
ALTER TABLE job ADD COLUMN address TEXT;
DROP INDEX job_source;
CREATE UNIQUE INDEX job_source ON job(account, stream_id, target)
  WHERE state NOT IN ('failed', 'cancelled') AND kind <> 'live' AND address IS NULL;
CREATE UNIQUE INDEX job_address ON job(address, target)
  WHERE address IS NOT NULL AND state NOT IN ('failed', 'cancelled');
";

/// When jobs had to wait for a connection.
const WAITS: &str = "
CREATE INDEX event_slot ON event(job, id) WHERE action = 'wait' AND substr(details, 1, 5) = 'slot:';
";

/// What came is called by what it is, and asked for again by what it is called where it comes from.
const ENDINGS: &str = "
ALTER TABLE job ADD COLUMN asked TEXT;
";

/// Makes of `connection` a store of today.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version = version(&transaction)?;
    for step in &STEPS[version..] {
        transaction.execute_batch(step)?;
    }
    if version < STEPS.len() {
        transaction.pragma_update(None, "user_version", STEPS.len() as i64)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Whether `connection` is to a store of today.
///
/// # Errors
/// It is older or newer, or cannot be read.
pub(super) fn is_of_today(connection: &Connection) -> Result<(), StoreError> {
    let (found, known) = (version(connection)?, STEPS.len());
    if found < known { Err(StoreError::Older { found, known }) } else { Ok(()) }
}

/// Of which version the store at `connection` is: how many of the steps it has made.
///
/// # Errors
/// It has made more than there are, or cannot be read.
fn version(connection: &Connection) -> Result<usize, StoreError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let (found, known) = (found as usize, STEPS.len());
    if found > known { Err(StoreError::Newer { found, known }) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use contract::disk::Data;

    use super::*;
    use crate::job::State;
    use crate::store::Store;

    /// A store of an older program, of this version, with a job that was fetched.
    fn older(version: usize) -> (tempfile::TempDir, Data) {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        fs::create_dir_all(data.downloads()).unwrap();
        let connection = Connection::open(data.downloads().join("jobs.db")).unwrap();
        STEPS[..version].iter().for_each(|step| connection.execute_batch(step).unwrap());
        connection.pragma_update(None, "user_version", version as i64).unwrap();
        let rows = "
            INSERT INTO target(name, kind, url, base, style, types, max_parallel, bwlimit, cleanup, status)
              VALUES ('nas', 'dir', '', '/mnt/nas', 'plex', 'any', 1, 0, 1, 'online');
            INSERT INTO job(identity, variant, target, kind, title, year, tmdb, tags, ep_title, series, account,
              stream_id, ext, user, state, rank, aged, total, have, created, updated)
              VALUES ('movie|film|-', '', 1, 'movie', 'Film', '', '', '[]', '', 0, 'main', 7, 'mkv', 'ann',
              'downloaded', 1, 0, 10, 10, 0, 0);";
        connection.execute_batch(rows).unwrap();
        (folder, data)
    }

    #[test]
    fn a_store_of_every_older_program_is_brought_up_to_today_with_its_jobs() {
        for version in 1..STEPS.len() {
            let (_folder, data) = older(version);
            let looked = Store::look(&data);
            assert!(matches!(looked, Err(StoreError::Older { found, .. }) if found == version), "{looked:?}");
            let job = Store::open(&data).unwrap().job(1).unwrap().unwrap();
            assert_eq!((&*job.wish.title, job.state, job.total), ("Film", State::Downloaded, Some(10)));
            assert_eq!((&*job.wish.ext, job.asks_for()), ("mkv", "mkv"), "{version}");
            assert!(Store::look(&data).is_ok());
        }
    }
}
