//! Sweeping: what is left of jobs that have ended.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use tracing::info;

use super::{Work, beside};
use crate::job::{Job, State};
use crate::store::StoreError;
use crate::target::{Delivery, Target};

/// Removes what is left of a job that has ended: here, and, if nobody wanted it any more, at its target. What was delivered gets
/// what belongs beside it. `false` if something of it lies where nobody could remove it, so that it is to be tried again.
pub(super) async fn sweep(work: &Work, job: &Job) -> Result<bool, anyhow::Error> {
    // Somebody may want it again since. Then it begins when this is over.
    if work.store.states(&[job.id])?.first() != Some(&(job.id, job.state)) {
        return Ok(true);
    }
    let record = work.store.target(job.wish.target)?;
    let stays = job.state == State::Completed && record.as_ref().is_some_and(|record| !record.cleanup);
    if let (Some(part), false) = (&job.temp_path, stays) {
        remove(part)?;
    }
    match (job.state, record, job.final_path.clone()) {
        // What belongs there, or goes there, waits until it can be reached.
        (_, Some(record), Some(_)) if !record.takes_jobs() => return Ok(true),
        (State::Completed, Some(record), _) => {
            let is_done = beside::put(work, job, &record).await?;
            if !is_done {
                return Ok(false);
            }
        }
        (State::Cancelled, Some(record), Some(place)) => {
            let (file, length, paces) = (Default::default(), 0, Vec::new());
            let delivery = Delivery { file, length, place, job: job.id, paces };
            Target::open(&record)?.remove(&delivery.temporary()).await?;
        }
        _ => {}
    }
    work.store.swept(job.id, job.state)?;
    Ok(true)
}

/// Removes files of jobs that there are no more: of a target that was removed, or of a queue that was put back to what it was
/// before.
pub(super) fn strays(work: &Work) -> Result<(), StoreError> {
    for entry in fs::read_dir(&work.temp).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix('.')?.split_once(".part")?.0.parse().ok());
        if let Some(id) = id
            && work.store.states(&[id])?.is_empty()
        {
            info!(job = id, "what is left of a job that is no more is removed");
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// Removes a part, and what another program has kept beside it.
fn remove(part: &Path) -> io::Result<()> {
    let name = part.file_name().unwrap_or_default().to_string_lossy();
    let beside = format!("{name}.");
    let folder = fs::read_dir(part.parent().unwrap_or(Path::new("."))).into_iter().flatten().flatten();
    let others =
        folder.filter(|it| it.file_name().to_string_lossy().starts_with(&beside)).map(|it| it.path());
    for path in others.chain([part.to_owned()]) {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
