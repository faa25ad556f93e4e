//! Sweeping: what is left of jobs that have ended.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::{Work, beside};
use crate::job::{Job, State};
use crate::target::{Delivery, Target};

/// Removes what is left of a job that has ended: here, and, if nobody wanted it any more, at its target. What was delivered gets
/// what belongs beside it.
pub(super) async fn sweep(work: &Work, job: &Job) -> Result<(), anyhow::Error> {
    let record = work.store.target(job.wish.target)?;
    let stays = job.state == State::Completed && record.as_ref().is_some_and(|record| !record.cleanup);
    if let (Some(part), false) = (&job.temp_path, stays) {
        remove(part)?;
    }
    match (job.state, record, job.final_path.clone()) {
        (State::Completed, Some(record), _) => beside::put(work, job, &record).await?,
        (State::Cancelled, Some(record), Some(place)) => {
            let (file, length, paces) = (Default::default(), 0, Vec::new());
            let delivery = Delivery { file, length, place, job: job.id, paces };
            Target::open(&record)?.remove(&delivery.temporary()).await?;
        }
        _ => {}
    }
    Ok(work.store.swept(job.id, job.state)?)
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
