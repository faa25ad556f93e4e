//! What a worker does first: whatever killed the one before, every job is where work on it begins anew.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rusqlite::params;

use super::change::shift;
use super::events::{Action, By, Telling};
use super::{Lock, Store, StoreError, row};
use crate::job::{Job, State};

/// What was put right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Jobs at which the worker before was at work.
    pub again: usize,
    /// Files that were cut to what a power cut is certain to have left.
    pub cut: usize,
}

impl Store {
    /// Puts everything right, in the boot `boot` (see [`boot`]). Only whoever holds the lock may.
    ///
    /// A program that was killed has lost nothing that it wrote: the kernel has it. After a power cut the end of a file may be
    /// anything, so it is cut to what was on the disk for certain.
    ///
    /// # Errors
    /// [`StoreError`]; it is then done again from the beginning at the next start.
    pub fn recover(&self, _: &Lock, boot: &str, now: i64) -> Result<Recovered, StoreError> {
        let mut recovered = Recovered::default();
        for job in self.jobs(&[State::Downloading, State::Transferring], 0, usize::MAX >> 1)? {
            let change = "UPDATE job SET state = ?, step = NULL, updated = ? WHERE id = ? AND state = ?";
            let values = params![job.state.again(), now, job.id, job.state];
            let details = format!("was {}", job.state);
            let telling = Telling::job(job.id, Action::Recover, &details);
            self.write(|writing| shift(writing, change, values, &By::worker(), now, &telling))?;
            recovered.again += 1;
        }
        for job in self.written_before(boot)? {
            // The file first: whoever is killed in between does it once more.
            let have = match &job.temp_path {
                Some(path) => cut(path, job.synced).map_err(StoreError::disk(path))?,
                None => 0,
            };
            self.write(|writing| {
                let change = "UPDATE job SET have = ?1, synced = ?1, boot = ?2, updated = ?3 WHERE id = ?4";
                writing.execute(change, params![have as i64, boot, now, job.id])?;
                Ok(())
            })?;
            recovered.cut += 1;
        }
        Ok(recovered)
    }

    /// Jobs with files that were last written in another boot.
    fn written_before(&self, boot: &str) -> Result<Vec<Job>, StoreError> {
        let asked = "SELECT * FROM job WHERE temp_path IS NOT NULL AND boot <> ?
            AND state NOT IN ('completed', 'cancelled')";
        let connection = self.connection();
        let mut asking = connection.prepare_cached(asked)?;
        let rows = asking.query_map([boot], row::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Cuts the file at `path` to `length` at most. How long it is then; one that is not there is empty.
fn cut(path: &Path, length: u64) -> io::Result<u64> {
    let file = match File::options().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let about = file.metadata()?;
    let there = about.len();
    if there > length {
        file.set_len(length)?;
        // When it was last written tells how much of a recording is missing.
        file.set_modified(about.modified()?)?;
        file.sync_all()?;
    }
    Ok(there.min(length))
}

/// What tells one boot of this machine from others; empty where the kernel does not say, which is then always the same one.
pub fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}
