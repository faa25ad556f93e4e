//! Recording: a channel as it is sent, from when it is time until it is over.
//!
//! What was not recorded is lost, so that nothing is given up before the time is over: whatever goes wrong, somebody tries
//! again soon. What is there by then is the recording, and what is missing in it is told.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::Attempt;
use super::fetch::Told;
use super::verify::walked;
use crate::engine::record::{Recording, record};
use crate::engine::{Ended, Known, Order, Reach, Report};
use crate::job::{Airing, Cause, State, Step, Wait};
use crate::store::{Action, Later, Level, StoreError, now};

/// A recording that begins so many seconds after what it is of has a gap at its beginning. Nobody is on time to the second.
const LATE: i64 = 5;
/// The longest rest after something went wrong, in seconds; the first is of one, and each in a row twice as long.
const REST: i64 = 15;

impl Attempt<'_> {
    /// Makes one attempt to record, and writes down what came of it.
    pub(super) async fn record(self, airing: &Airing) -> Result<(), StoreError> {
        let (store, id) = (&self.work.store, self.job.id);
        let Some(part) = self.job.temp_path.clone() else { return Ok(()) }; // set when it began
        let order = Order {
            url: self.url(&self.job.wish.ext),
            headers: Vec::new(),
            reach: Reach::Anywhere,
            part: part.clone(),
            known: Known::default(),
            paces: self.paces.clone(),
            patience: self.work.settings.patience,
        };
        let until = SystemTime::UNIX_EPOCH + Duration::from_secs(airing.ends().unsigned_abs());
        let (recording, began) = (Recording { order, until }, Instant::now());
        let mut told = Told { attempt: &self, at: self.checkpoint(), failed: None };
        let missing = |what: &str| store.note(id, Level::Warning, Action::Gap, what, now()).err();
        let mut tell = |report| {
            if matches!(report, Report::Began { have: 0, .. })
                && let Some(seconds) = unseen(airing, now())
            {
                told.failed = missing(&format!("its first {seconds} s are missing")).or(told.failed.take());
            }
            told.tell(report);
        };
        let mut unnoted = None;
        let mut gap = |time: Duration| {
            unnoted = missing(&format!("nothing was recorded for {:.0} s", time.as_secs_f64()));
        };
        let ended = tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            ended = record(&self.work.client, &recording, &mut tell, &mut gap) => Some(ended),
        };
        if let Some(error) = told.failed.or(unnoted) {
            return Err(error);
        }
        let seconds = began.elapsed().as_secs();
        match ended {
            None => Ok(()),
            Some(Ended::Done { total }) => self.recorded(&part, total, seconds).await,
            Some(Ended::Failed { cause: Cause::Missed, why }) => {
                let why = self.job.error.as_ref().map_or(why.clone(), |last| format!("{why}; {last}"));
                store.fail(id, State::Downloading, Cause::Missed, &why, now()).map(drop)
            }
            Some(Ended::Waits { wait, progress, why, .. }) => {
                self.again(airing, wait, progress, why, seconds)
            }
            Some(Ended::Misnamed { why } | Ended::Failed { why, .. }) => {
                self.again(airing, Wait::Retry, false, why, seconds)
            }
        }
    }

    /// Its time is over: what there is is the recording.
    async fn recorded(&self, part: &Path, total: u64, seconds: u64) -> Result<(), StoreError> {
        let (store, id) = (&self.work.store, self.job.id);
        if !store.step(id, State::Downloading, Step::Verify, now())? {
            return Ok(());
        }
        let walked = walked(part);
        if let Err(why) = walked {
            // Nothing of it can be had again.
            let what = format!("players may not like it: {why}");
            store.note(id, Level::Warning, Action::Measured, &what, now())?;
        }
        self.measured(part, total, walked.ok(), seconds).await
    }

    /// It goes on soon, while its time lasts.
    fn again(
        &self,
        airing: &Airing,
        wait: Wait,
        progress: bool,
        why: String,
        seconds: u64,
    ) -> Result<(), StoreError> {
        let vain = if progress { 0 } else { self.job.no_progress + 1 };
        let rest = (1_i64 << vain.saturating_sub(1).min(10)).min(REST);
        // What went wrong when it is over goes wrong again at once: then it rests as well.
        let until = if airing.ends() > now() { (now() + rest).min(airing.ends()) } else { now() + rest };
        let later = Later { wait, until, why, no_progress: vain, refused: 0 };
        self.work.store.put_off(self.job.id, State::Downloading, &later, seconds, now()).map(drop)
    }
}

/// How many seconds of the beginning are missing in a recording that begins at `now`, if any are. What is recorded before the
/// programme begins is for those that begin too early, and nothing of it.
fn unseen(airing: &Airing, now: i64) -> Option<i64> {
    let seconds = now.min(airing.stops) - airing.starts;
    (seconds > LATE).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_on_already_that_is_missing_which_was_sent_of_it() {
        let airing = Airing { channel: "One".into(), starts: 1000, stops: 1600, lead: 60, tail: 300 };
        for (now, missing) in [
            (940, None),
            (990, None),
            (1000 + LATE, None),
            (1001 + LATE, Some(LATE + 1)),
            (1060, Some(60)),
            (1700, Some(600)),
        ] {
            assert_eq!(unseen(&airing, now), missing, "{now}");
        }
    }
}
