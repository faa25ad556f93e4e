//! Whether there is room: for what is fetched, here, and for what is delivered, there.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::Ordering;

use super::{Running, Worker};
use crate::job::{Job, State, Wait};
use crate::store::{Hold, Later, Scope, StoreError};
use crate::target::space;

/// How long a disk without room is left alone, in seconds.
const DISK: i64 = 60;
/// The same for what is too large for the room that there is.
const TOO_LARGE: i64 = 300;

impl Worker {
    /// Nothing begins while the disk has less room than is to be left.
    pub(super) fn make_room(&self, now: i64) -> Result<(), StoreError> {
        let temp = &self.work.temp;
        let is_held = |hold: Hold| (hold.scope, hold.wait) == (Scope::All, Wait::Disk);
        let held = self.work.store.holds(now)?.into_iter().any(is_held);
        let Ok(space) = space(temp) else { return Ok(()) };
        if held || space.free.saturating_sub(self.coming()) >= self.work.settings.reserve {
            return Ok(());
        }
        let why = format!("less than {} bytes are free in {}", self.work.settings.reserve, temp.display());
        let hold = Hold { scope: Scope::All, name: String::new(), wait: Wait::Disk, until: now + DISK, why };
        self.work.store.hold(&hold)
    }

    /// Whether a job that has just begun fits: here, if it is fetched, and at its target. One that does not waits.
    pub(super) fn has_room(&self, job: &Job, now: i64) -> Result<bool, StoreError> {
        let store = &self.work.store;
        let is_fetched = job.state == State::Downloading;
        let rest = match &job.temp_path {
            Some(part) if is_fetched => unreserved(part, job.total, job.have),
            _ => job.total.unwrap_or(0).saturating_sub(if is_fetched { job.have } else { job.t_synced }),
        };
        let needed = rest.saturating_add(self.work.settings.reserve);
        let here = space(&self.work.temp).ok().map(|it| it.free.saturating_sub(self.coming()));
        let there = store.target(job.wish.target)?.and_then(|record| record.health.space);
        let there = there.map(|it| it.free.saturating_sub(self.going(job.wish.target)));
        let lacks_here = is_fetched && here.is_some_and(|free| free < needed);
        let lacks_there = there.is_some_and(|free| free < needed);
        if !lacks_here && !lacks_there {
            return Ok(true);
        }
        let place = if lacks_here { "here" } else { "at the target" };
        let why = format!("{rest} bytes are to come, and there is no room for them {place}");
        let Job { no_progress, refused, .. } = *job;
        let later = Later { wait: Wait::Disk, until: now + TOO_LARGE, why, no_progress, refused };
        store.put_off(job.id, job.state, &later, 0, now)?;
        Ok(false)
    }

    /// What those that are being fetched will still take here.
    fn coming(&self) -> u64 {
        let fetched = self.running.values().filter(|it| it.state == State::Downloading);
        fetched.filter_map(|it| Some(unreserved(it.part.as_ref()?, it.total, bytes(it)))).sum()
    }

    /// What those that are being delivered will still take at a target.
    fn going(&self, target: i64) -> u64 {
        let delivered =
            self.running.values().filter(|it| it.state == State::Transferring && it.target == target);
        delivered.map(|it| it.total.unwrap_or(0).saturating_sub(bytes(it))).sum()
    }
}

fn bytes(running: &Running) -> u64 {
    running.bytes.load(Ordering::Relaxed)
}

/// What a file of `total` bytes, `have` of which are in `part`, will still take of its disk. What is reserved for it is taken
/// already.
fn unreserved(part: &Path, total: Option<u64>, have: u64) -> u64 {
    let taken = fs::metadata(part).map_or(0, |it| it.blocks().saturating_mul(512));
    total.unwrap_or(0).saturating_sub(have.max(taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_for_a_film_is_not_counted_twice() {
        let part = tempfile::NamedTempFile::new().unwrap();
        let rest = || unreserved(part.path(), Some(10 << 20), 1000);
        assert_eq!(rest(), (10 << 20) - 1000);
        rustix::fs::fallocate(part.as_file(), rustix::fs::FallocateFlags::KEEP_SIZE, 0, 10 << 20).unwrap();
        assert_eq!(rest(), 0);
        assert_eq!(unreserved(part.path(), None, 1000), 0, "nobody knows");
        assert_eq!(unreserved(Path::new("/no/such/part"), Some(7), 2), 5);
    }
}
