//! Delivering: what was fetched and verified, under its name, at its target.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing::{debug, warn};

use super::{Attempt, Work};
use crate::engine::Rest;
use crate::job::{Cause, State, Step, Wait, Wish};
use crate::naming;
use crate::store::{Later, StoreError, now};
use crate::target::{Delivery, Health, Kind, Record, Sent, Status, Target, Trouble};
use crate::tmdb::{Question, TmdbError};

/// How long a full target is left alone, in seconds.
const FULL: i64 = 300;
/// How often it is looked, in seconds, whether a program that is missing is there.
const MISSING: i64 = 60;
/// For how long, in seconds, nobody comes back to a target that cannot be reached: until then somebody has looked.
const AWAY: i64 = 15;

/// How long a job waits for a number.
const ASKING: Duration = Duration::from_secs(20);

/// Why a delivery does not go on.
enum Stop {
    /// The target.
    Target(Trouble),
    /// Our own store.
    Store(StoreError),
    /// Somebody has paused or cancelled it.
    Gone,
    /// Somebody has removed here what was fetched.
    Lost,
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Target(trouble)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Attempt<'_> {
    /// Makes one attempt to deliver, and writes down what came of it.
    pub(super) async fn deliver(self) -> Result<(), StoreError> {
        let Some(record) = self.work.store.target(self.job.wish.target)? else { return Ok(()) }; // not while it has jobs
        let delivered = tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Stop::Gone),
            delivered = self.to(&record) => delivered,
        };
        match delivered {
            Ok(()) | Err(Stop::Gone | Stop::Target(Trouble::Stopped)) => Ok(()),
            Err(Stop::Store(error)) => Err(error),
            Err(Stop::Lost) => self.work.store.lost(self.job.id, now()).map(drop),
            Err(Stop::Target(trouble)) => self.trouble(&record, trouble),
        }
    }

    async fn to(&self, record: &Record) -> Result<(), Stop> {
        let (store, id) = (&self.work.store, self.job.id);
        let names = naming::names(&self.numbered().await, id, record.style);
        let Some(place) = store.name(id, &names, now())? else { return self.nameless() };
        let target = Target::open(record)?;
        let file = self.job.temp_path.clone().unwrap_or_default();
        let length = self.job.total.unwrap_or(0);
        match fs::metadata(&file) {
            Ok(there) if there.len() == length => {}
            // A disk that cannot be read now has not lost it.
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Trouble::Failed(format!("here: {}", error.kind())).into());
            }
            _ => return Err(Stop::Lost),
        }
        let delivery = Delivery { file, length, place, job: id, paces: self.paces.clone() };
        if target.stat(&delivery.place).await?.is_some() {
            self.is_ours(&target, &delivery).await?;
            return self.delivered(record, &delivery);
        }
        self.step(Step::Upload)?;
        // What is there but was not promised may be anything.
        let there = target.stat(&delivery.temporary()).await?.unwrap_or(0);
        let offset = there.min(self.job.t_synced).min(length);
        let (mut synced, mut failed) = (offset, None);
        let mut sent = |at: Sent| {
            self.bytes.store(at.have, Ordering::Relaxed);
            if self.stop.is_cancelled() {
                return false;
            }
            if !at.is_checkpoint {
                return true;
            }
            synced = at.synced;
            store.sent(id, at.have, at.synced, now()).unwrap_or_else(|error| {
                failed = Some(error);
                false
            })
        };
        let written = target.write_from(&delivery, offset, &mut sent).await;
        if let Some(error) = failed {
            return Err(error.into());
        }
        written?;
        self.step(Step::Check)?;
        target.verify(&delivery, &delivery.temporary()).await?;
        // From here on nobody can take it back.
        if self.stop.is_cancelled() {
            return Err(Stop::Gone);
        }
        target.commit(&delivery).await?;
        self.delivered(record, &delivery)
    }

    /// It is there. Where this machine can see it, it is played from there from now on.
    fn delivered(&self, record: &Record, delivery: &Delivery) -> Result<(), Stop> {
        if record.kind == Kind::Dir && self.is_of_the_line_up() {
            let path = Path::new(&record.base).join(&delivery.place);
            if let Err(error) = self.work.stock.put(self.job.wish.stream_id, &path) {
                warn!(job = self.job.id, %error, "it is played from its provider still");
            }
        }
        Ok(self.work.store.complete(self.job.id, now()).map(drop)?)
    }

    /// Whether viewers ask for it as well.
    fn is_of_the_line_up(&self) -> bool {
        self.job.wish.address.is_none() && self.job.wish.airing.is_none()
    }

    /// What is wished for, with the number by which media servers look it up, if that is found soon. Once it has a name it
    /// keeps that.
    async fn numbered(&self) -> Wish {
        match self.job.final_path {
            Some(_) => self.job.wish.clone(),
            None => numbered(self.work, &self.job.wish).await,
        }
    }

    /// What lies under the name already is what we have put there before we were killed, or somebody else's.
    async fn is_ours(&self, target: &Target, delivery: &Delivery) -> Result<(), Stop> {
        match target.verify(delivery, &delivery.place).await {
            Ok(()) => Ok(target.remove(&delivery.temporary()).await?),
            Err(Trouble::Differs(_)) => {
                let why =
                    format!("{} is there already, and is another file; remove or rename it", delivery.place);
                Err(Trouble::Refused(why).into())
            }
            Err(trouble) => Err(trouble.into()),
        }
    }

    fn nameless(&self) -> Result<(), Stop> {
        match self.work.store.states(&[self.job.id])?.first() {
            Some((_, State::Transferring)) => {
                Err(Trouble::Refused("other jobs have all the names that it could have".into()).into())
            }
            _ => Err(Stop::Gone),
        }
    }

    fn step(&self, step: Step) -> Result<(), Stop> {
        let goes_on = self.work.store.step(self.job.id, State::Transferring, step, now())?;
        if goes_on { Ok(()) } else { Err(Stop::Gone) }
    }

    /// The target did not do what it should.
    fn trouble(&self, record: &Record, trouble: Trouble) -> Result<(), StoreError> {
        let (store, id, job) = (&self.work.store, self.job.id, &self.job);
        let why = trouble.to_string();
        let progress = self.bytes.load(Ordering::Relaxed) > job.t_synced;
        let before = if progress { 0 } else { job.no_progress };
        let (wait, until, no_progress) = match trouble {
            Trouble::Refused(_) => {
                return store.fail(id, State::Transferring, Cause::Target, &why, now()).map(drop);
            }
            Trouble::Full => (Wait::Disk, now() + FULL, before),
            Trouble::Offline(_) | Trouble::Denied(_) => {
                let error = Some(why.clone());
                let is_away = matches!(trouble, Trouble::Offline(_));
                let status = if is_away { Status::Offline } else { Status::Error };
                let health = Health { status, error, ..record.health.clone() };
                store.set_health(record.id, &health, now())?;
                (Wait::Target, now() + AWAY, before)
            }
            Trouble::Missing(_) => (Wait::Engine, now() + MISSING, before),
            Trouble::Differs(_) => {
                store.sent(id, 0, 0, now())?;
                (Wait::Retry, now(), job.no_progress + 1)
            }
            Trouble::Failed(_) | Trouble::Stopped => {
                let rest = Rest::Broken.after(before, rand::random()).as_secs().cast_signed();
                (Wait::Retry, now() + rest, before + 1)
            }
        };
        if no_progress >= self.work.settings.max_retries.max(1) {
            let why = format!("{no_progress} attempts in a row came to nothing, the last one: {why}");
            return store.fail(id, State::Transferring, Cause::Stuck, &why, now()).map(drop);
        }
        let later = Later { wait, until, why, no_progress, refused: 0 };
        store.put_off(id, State::Transferring, &later, 0, now()).map(drop)
    }
}

/// What is wished for, with the number by which media servers look it up, if that is found soon.
pub(super) async fn numbered(work: &Work, wish: &Wish) -> Wish {
    let mut wish = wish.clone();
    if !Question::is_of(&wish) {
        return wish;
    }
    if !wish.tmdb.is_empty() {
        match work.store.picked(Question::of(&wish)) {
            Ok(Some(_)) => wish.tmdb.clear(), // somebody has seen what the panel's number led to
            _ => return wish,
        }
    }
    match tokio::time::timeout(ASKING, work.tmdb.find(&work.store, Question::of(&wish))).await {
        Ok(Ok(Some(found))) => {
            wish.tmdb = found.id.to_string();
            if wish.year.is_empty() && found.year > 0 {
                wish.year = found.year.to_string();
            }
        }
        Ok(Ok(None) | Err(TmdbError::Off)) => {}
        Ok(Err(error)) => debug!(title = wish.title, %error, "it is named without a number"),
        Err(_) => debug!(title = wish.title, "themoviedb.org takes too long"),
    }
    wish
}
