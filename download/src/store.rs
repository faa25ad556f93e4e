//! All that is known of jobs and targets: one SQLite file.
//!
//! ```text
//! downloads/jobs.db       jobs, targets, events, what holds them up; write-ahead log beside it
//! downloads/worker.lock   locked by the one worker
//! ```
//!
//! Whoever changes a job says in which state he believes it to be, and changes nothing if it is in another
//! (`UPDATE ... WHERE id = ? AND state = ?`); what has changed and the event that tells of it are one transaction, which is on
//! the disk when it returns. So commands and the worker need no word with each other: both change rows, and the worker looks
//! four times a second whether somebody else has ([`Store::version`]).
//!
//! Only one worker is at work on a store: it holds [`Lock`]. Commands need no lock.

mod acts;
mod add;
mod asked;
mod backup;
mod change;
mod events;
mod holds;
mod limits;
mod recover;
mod row;
mod scheduled;
mod schema;
mod stats;
mod targets;
mod tmdb;
mod turn;
mod whereto;

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use contract::disk::Data;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use acts::{Act, Answer, Which};
pub use add::Added;
pub use asked::{Progress, Sought, Told};
pub use backup::restore;
pub use change::{Arrived, Checkpoint, Later};
pub use events::{Action, By, Event, Level};
pub use holds::{Hold, Scope};
pub use limits::{Changed, Limits};
pub use recover::{Recovered, boot};
pub use stats::{Stats, Throughput};
pub use whereto::Directed;

/// How often, and after what time each, it is tried again to become the worker.
const GLANCES: u32 = 5;
const GLANCE: Duration = Duration::from_millis(20);
/// How long somebody waits who wants to write while another does.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why something is not known or not changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What SQLite says.
    #[error("downloads/jobs.db: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// What the disk says.
    #[error("{}: {error}", path.display())]
    Disk {
        /// Of what.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
    /// Made by a newer program.
    #[error(
        "downloads/jobs.db is of version {found}, and this program knows {known}: start the newer one again"
    )]
    Newer {
        /// Its version.
        found: usize,
        /// The one of this program.
        known: usize,
    },
    /// Made by an older program, and only looked at.
    #[error(
        "downloads/jobs.db is of version {found}, and this program knows {known}: it is brought up to that when it is used next"
    )]
    Older {
        /// Its version.
        found: usize,
        /// The one of this program.
        known: usize,
    },
    /// Another worker holds the lock.
    #[error("another worker is at work on {}: there is one for each data folder", path.display())]
    Running {
        /// The locked file.
        path: PathBuf,
    },
    /// What is asked for cannot be done; in words for people.
    #[error("{0}")]
    Refused(String),
}

impl StoreError {
    fn disk(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::Disk { path, error }
    }
}

/// The jobs and targets of a data folder. Every call is short, blocks, and is alone at its time.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
    folder: PathBuf,
}

/// The right to be the worker of a data folder, given back by dropping it or by dying.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "it is held")] File);

impl Lock {
    /// Takes it.
    ///
    /// # Errors
    /// [`StoreError::Running`] if somebody has it.
    pub fn take(data: &Data) -> Result<Self, StoreError> {
        let folder = data.downloads();
        make(&folder)?;
        let path = folder.join("worker.lock");
        let file = File::options().create(true).append(true).mode(0o600).open(&path);
        let file = file.map_err(StoreError::disk(&path))?;
        let mut locked = file.try_lock();
        // Somebody may only look whether there is a worker, which takes an instant.
        for _ in 0..GLANCES {
            if !matches!(locked, Err(TryLockError::WouldBlock)) {
                break;
            }
            std::thread::sleep(GLANCE);
            locked = file.try_lock();
        }
        match locked {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Running { path }),
            Err(TryLockError::Error(error)) => Err(StoreError::Disk { path, error }),
        }
    }

    /// Whether a worker has it now.
    pub fn is_held(data: &Data) -> bool {
        let file = File::open(data.downloads().join("worker.lock"));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

impl Store {
    /// Opens the one in `data`, or makes it.
    ///
    /// # Errors
    /// The disk refuses, or a newer program made it.
    pub fn open(data: &Data) -> Result<Self, StoreError> {
        let folder = data.downloads();
        make(&folder)?;
        let path = folder.join("jobs.db");
        // Ours alone, from its first byte: it tells what people watch.
        let file = File::options().create(true).append(true).mode(0o600).open(&path);
        drop(file.map_err(StoreError::disk(&path))?);
        let mut connection = Connection::open(&path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(64);
        schema::migrate(&mut connection)?;
        Ok(Self { connection: Mutex::new(connection), folder })
    }

    /// Opens the one in `data` only to look at it, also while a worker is at work: nothing is changed, and every attempt to is an
    /// error.
    ///
    /// # Errors
    /// There is none, or not one of this program: [`StoreError::Older`], [`StoreError::Newer`].
    pub fn look(data: &Data) -> Result<Self, StoreError> {
        let folder = data.downloads();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(folder.join("jobs.db"), flags)?;
        connection.busy_timeout(PATIENCE)?;
        schema::is_of_today(&connection)?;
        Ok(Self { connection: Mutex::new(connection), folder })
    }

    /// Where it lies, and what belongs to it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Another number whenever somebody else has changed something: another process, or another [`Store`] in this one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn version(&self) -> Result<i64, StoreError> {
        let connection = self.connection();
        let mut asking = connection.prepare_cached("PRAGMA data_version")?;
        Ok(asking.query_row([], |row| row.get(0))?)
    }

    /// Whether it can be written.
    ///
    /// # Errors
    /// [`StoreError`], if not.
    pub fn test(&self, now: i64) -> Result<(), StoreError> {
        self.write(|writing| {
            writing.execute("INSERT OR REPLACE INTO meta(k, v) VALUES ('tested', ?)", [now.to_string()])?;
            Ok(())
        })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().expect("nobody panics while holding this lock")
    }

    /// One transaction, which is on the disk when this returns; nothing of it happens if `change` fails.
    fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        // At once, and not at the first change: what it decides by must not change beneath it.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let made = change(&transaction)?;
        transaction.commit()?;
        Ok(made)
    }

    /// The same for what a power cut may take back, such as how far a download is.
    fn write_soon<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        connection.pragma_update(None, "synchronous", "normal")?;
        let made = (|| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let made = change(&transaction)?;
            transaction.commit()?;
            Ok(made)
        })();
        connection.pragma_update(None, "synchronous", "full")?;
        made
    }
}

/// Makes the folder, for its owner's eyes.
fn make(folder: &Path) -> Result<(), StoreError> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(StoreError::disk(parent))?;
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(StoreError::disk(folder)(error)),
        _ => Ok(()),
    }
}

/// Unix time, in seconds.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}

#[cfg(test)]
pub(crate) mod tests;
