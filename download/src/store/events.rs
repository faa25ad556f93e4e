//! What happened, to whom, and who did it.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::{Store, StoreError};
use crate::job::words;

words! {
    /// How much it matters.
    Level {
        /// For whoever looks for a fault in the program.
        Debug = "debug",
        /// What is as it should be.
        Info = "info",
        /// What somebody should know.
        Warning = "warning",
        /// What did not work.
        Error = "error",
        /// What keeps everything from working.
        Critical = "critical",
    }
}

words! {
    /// What happened.
    Action {
        /// A job was wished for.
        Add = "add",
        /// Its download began.
        Download = "download",
        /// Its recording began, or goes on.
        Record = "record",
        /// What is to be recorded is on at another time than before.
        Moved = "moved",
        /// Nothing was recorded for a while.
        Gap = "gap",
        /// Its download is complete and what it should be.
        Downloaded = "downloaded",
        /// Its delivery began.
        Transfer = "transfer",
        /// It is delivered.
        Completed = "completed",
        /// It was put off.
        Wait = "wait",
        /// It has failed.
        Failed = "failed",
        /// What was here was not the file that is there now, and all of it is had again.
        Anew = "anew",
        /// Its file was found to be what another ending says.
        Renamed = "renamed",
        /// Somebody holds it.
        Pause = "pause",
        /// It goes on.
        Resume = "resume",
        /// Nobody wants it any more.
        Cancel = "cancel",
        /// It is tried again.
        Retry = "retry",
        /// It comes first.
        Top = "top",
        /// It has another class.
        Priority = "priority",
        /// After a start it was put back to where work on it begins anew.
        Recover = "recover",
        /// Another target, or one less, or one that is another.
        Target = "target",
        /// How a target is has changed.
        Probe = "probe",
        /// How many may go on at once has changed.
        Limits = "limits",
        /// All of this was written elsewhere as well, or the configuration was.
        Backup = "backup",
        /// All of this was put in the place of what there was.
        Restore = "restore",
        /// What belongs beside a film could not be put there.
        Beside = "beside",
        /// What was measured is not what was said.
        Measured = "measured",
    }
}

impl Action {
    /// Whether a job that waited by itself does so no more, or for something else, once it was told of it. What else happens to
    /// one that waits leaves it waiting.
    pub(super) const fn ends_a_wait(self) -> bool {
        match self {
            Self::Add
            | Self::Download
            | Self::Record
            | Self::Downloaded
            | Self::Transfer
            | Self::Completed
            | Self::Wait
            | Self::Failed
            | Self::Pause
            | Self::Cancel
            | Self::Retry
            | Self::Recover => true,
            Self::Moved
            | Self::Gap
            | Self::Anew
            | Self::Renamed
            | Self::Resume
            | Self::Top
            | Self::Priority
            | Self::Target
            | Self::Probe
            | Self::Limits
            | Self::Backup
            | Self::Restore
            | Self::Beside
            | Self::Measured => false,
        }
    }
}

/// From where whoever asks on this machine does.
const LOCAL: &str = "local";

/// Who does something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// His name.
    pub user: String,
    /// What tells his session from others of his; no secret. Empty where there are none.
    pub session: String,
    /// From where he asks.
    pub ip: String,
}

impl By {
    /// The worker itself.
    pub fn worker() -> Self {
        Self { user: "worker".into(), session: String::new(), ip: LOCAL.into() }
    }

    /// Whoever types a command on this machine.
    pub fn command() -> Self {
        let user = std::env::var("USER").ok().filter(|name| !name.is_empty());
        Self { user: user.unwrap_or_else(|| "operator".into()), session: String::new(), ip: LOCAL.into() }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Greater than those of all before.
    pub id: i64,
    /// Unix time, in seconds.
    #[serde(rename = "timestamp")]
    pub ts: i64,
    /// How much it matters.
    pub level: Level,
    /// To which job.
    pub job: Option<i64>,
    /// To which target.
    pub target: Option<i64>,
    /// Who did it.
    pub user: String,
    /// What.
    pub action: Action,
    /// More of it, in words; without addresses and secrets.
    pub details: String,
    /// Which of his sessions.
    #[serde(rename = "session_id")]
    pub session: String,
    /// From where.
    #[serde(rename = "ip_address")]
    pub ip: String,
}

/// An event that is being written.
pub(super) struct Telling<'a> {
    pub(super) level: Level,
    pub(super) job: Option<i64>,
    pub(super) target: Option<i64>,
    pub(super) action: Action,
    pub(super) details: &'a str,
}

impl<'a> Telling<'a> {
    pub(super) const fn job(job: i64, action: Action, details: &'a str) -> Self {
        Self { level: Level::Info, job: Some(job), target: None, action, details }
    }

    pub(super) const fn target(target: i64, action: Action, details: &'a str) -> Self {
        Self { level: Level::Info, job: None, target: Some(target), action, details }
    }
}

/// Writes what happened, in the transaction in which it happens.
pub(super) fn tell(writing: &Connection, by: &By, now: i64, told: &Telling<'_>) -> rusqlite::Result<()> {
    let insert = "INSERT INTO event(ts, level, job, target, user, action, details, session, ip) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let Telling { level, job, target, action, details } = told;
    let values = params![now, level, job, target, by.user, action, details, by.session, by.ip];
    writing.prepare_cached(insert)?.execute(values)?;
    Ok(())
}

/// What a row says.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        id: row.get("id")?,
        ts: row.get("ts")?,
        level: row.get("level")?,
        job: row.get("job")?,
        target: row.get("target")?,
        user: row.get("user")?,
        action: row.get("action")?,
        details: row.get("details")?,
        session: row.get("session")?,
        ip: row.get("ip")?,
    })
}

impl Store {
    /// Events behind the one of id `after`, oldest first: those of `job`, or of all; at most `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn events(&self, after: i64, job: Option<i64>, most: usize) -> Result<Vec<Event>, StoreError> {
        let only = if job.is_some() { "job = ?3" } else { "?3 IS NULL" };
        let asked = format!("SELECT * FROM event WHERE id > ?1 AND {only} ORDER BY id LIMIT ?2");
        let connection = self.connection();
        let mut asking = connection.prepare_cached(&asked)?;
        let rows = asking.query_map(params![after, most as i64, job], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The last event before `ts` (Unix time in seconds), 0 if there is none; and from now on no other has an id up to `used`.
    /// For whoever has heard of events of that id and time that are none of these: an older store was put in the place of theirs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn behind(&self, used: i64, ts: i64) -> Result<i64, StoreError> {
        self.write(|writing| {
            let raise = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'event'";
            if writing.execute(raise, [used])? == 0 {
                writing.execute("INSERT INTO sqlite_sequence(name, seq) VALUES ('event', ?)", [used])?;
            }
            let asked = "SELECT coalesce(max(id), 0) FROM event WHERE ts < ?";
            Ok(writing.query_row(asked, [ts], |row| row.get(0))?)
        })
    }

    /// Tells of something that is no change of state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note(
        &self,
        job: i64,
        level: Level,
        action: Action,
        details: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(|writing| {
            let telling = Telling { level, ..Telling::job(job, action, details) };
            Ok(tell(writing, &By::worker(), now, &telling)?)
        })
    }

    /// Forgets events from before `until` (Unix time in seconds). How many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_events(&self, until: i64) -> Result<usize, StoreError> {
        self.write(|writing| Ok(writing.execute("DELETE FROM event WHERE ts < ?", [until])?))
    }
}
