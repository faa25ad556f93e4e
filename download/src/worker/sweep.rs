//! Sweeping: what is left of jobs that have ended.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant};

use tracing::info;

use super::{Work, beside};
use crate::engine::Rest;
use crate::job::{Job, State};
use crate::store::StoreError;
use crate::target::{Delivery, Target};

/// Who was not tried again for so long after his rest is to be swept no more: somebody wants it again, or it is no job any more.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// What came of sweeping up after a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Swept {
    /// Nothing is left, or there was nothing to do; what is to be done at a target that takes no jobs is when it does.
    All,
    /// Something lies where nobody could remove it: it is to be tried again.
    Again,
}

/// Jobs of which something is left all the same.
#[derive(Debug, Default)]
pub(super) struct Resting(HashMap<i64, Rested>);

#[derive(Debug)]
struct Rested {
    /// How often in a row it was tried.
    vain: u32,
    /// When it is tried again, at the latest.
    until: Instant,
}

impl Resting {
    /// One has been tried at `now`, and something of it is left; `dice` is a random number from 0 to 1.
    pub(super) fn again(&mut self, id: i64, now: Instant, dice: f64) {
        let vain = self.0.get(&id).map_or(0, |rested| rested.vain + 1);
        let until = now + Rest::Broken.after(vain, dice);
        self.0.insert(id, Rested { vain, until });
    }

    /// Nothing is left of one.
    pub(super) fn is_swept(&mut self, id: i64) {
        self.0.remove(&id);
    }

    /// Those that are not to be tried yet.
    pub(super) fn at(&mut self, now: Instant) -> Vec<i64> {
        self.0.retain(|_, rested| now.saturating_duration_since(rested.until) < FORGOTTEN);
        self.0.iter().filter(|(_, rested)| rested.until > now).map(|(id, _)| *id).collect()
    }
}

/// Removes what is left of a job that has ended: here, and, if nobody wanted it any more, at its target. What was delivered gets
/// what belongs beside it.
pub(super) async fn sweep(work: &Work, job: &Job) -> Result<Swept, anyhow::Error> {
    // Somebody may want it again since. Then it begins when this is over.
    if work.store.states(&[job.id])?.first() != Some(&(job.id, job.state)) {
        return Ok(Swept::All);
    }
    let record = work.store.target(job.wish.target)?;
    let stays = job.state == State::Completed && record.as_ref().is_some_and(|record| !record.cleanup);
    if let (Some(part), false) = (&job.temp_path, stays) {
        remove(part)?;
    }
    match (job.state, record, job.final_path.clone()) {
        // What belongs there, or goes there, waits until it can be reached. Nobody looks here again until then.
        (_, Some(record), Some(_)) if !record.takes_jobs() => {
            if !stays {
                work.store.without_part(job.id, job.state)?;
            }
            return Ok(Swept::All);
        }
        (State::Completed, Some(record), _) => {
            let is_done = beside::put(work, job, &record).await?;
            if !is_done {
                return Ok(Swept::Again);
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
    Ok(Swept::All)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_tried_in_vain_rests_longer_each_time_until_nothing_is_left() {
        let (mut resting, mut now) = (Resting::default(), Instant::now());
        let mut rests = |resting: &mut Resting| {
            resting.again(7, now, 0.5);
            let seconds =
                (1..).find(|after| resting.at(now + Duration::from_secs(*after)).is_empty()).unwrap();
            now += Duration::from_secs(seconds);
            seconds
        };
        let grown: Vec<u64> = (0..9).map(|_| rests(&mut resting)).collect();
        assert_eq!(grown, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
        resting.is_swept(7);
        assert_eq!(rests(&mut resting), 5, "it is another time");
    }

    #[test]
    fn each_rests_for_itself_and_who_is_tried_no_more_is_forgotten() {
        let (mut resting, began) = (Resting::default(), Instant::now());
        resting.again(1, began, 0.5);
        resting.again(2, began + Duration::from_secs(3), 0.5);
        let mut at = |seconds: u64| {
            let mut ids = resting.at(began + Duration::from_secs(seconds));
            ids.sort_unstable();
            ids
        };
        assert_eq!((at(4), at(6), at(9)), (vec![1, 2], vec![2], vec![]));
        assert_eq!(at(2 * 3600), [] as [i64; 0]);
        assert!(resting.0.is_empty());
    }
}
