//! Fetching: the bytes of a film or an episode, and whether they are one.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use contract::bundle::Kind;
use contract::ticket::pass::{Class, Pass};

use super::Attempt;
use crate::engine::http::extension;
use crate::engine::{Ended, Known, Order, Reach, Report, Rest, http};
use crate::job::{Cause, Job, State, Step, Wait};
use crate::store::{Action, Arrived, Checkpoint, Hold, Later, Level, Scope, StoreError, now};
use crate::walk;

impl Attempt<'_> {
    /// Makes one attempt to fetch, and writes down what came of it.
    pub(super) async fn fetch(self) -> Result<(), StoreError> {
        let Some(part) = self.job.temp_path.clone() else { return Ok(()) }; // set when it began
        let order = Order {
            url: self.url(&self.job.wish.ext),
            headers: Vec::new(),
            reach: Reach::Anywhere,
            part: part.clone(),
            known: Known { total: self.job.total, synced: None },
            paces: self.paces.clone(),
            patience: self.work.patience,
        };
        let began = Instant::now();
        let mut told = Told { attempt: &self, at: self.checkpoint(), failed: None };
        let mut tell = |report| told.tell(report);
        let ended = tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            ended = http::fetch(&self.work.client, &order, &mut tell) => Some(ended),
        };
        if let Some(error) = told.failed {
            return Err(error);
        }
        let seconds = began.elapsed().as_secs();
        match ended {
            None => Ok(()),
            Some(Ended::Done { total }) => self.verify(&part, total, seconds).await,
            Some(Ended::Waits { wait, rest, progress, why }) => {
                self.put_off((wait, rest, progress), why, seconds)
            }
            Some(Ended::Misnamed { why }) if self.job.was_renamed => {
                self.put_off((Wait::Slot, Rest::Slot, false), why, seconds)
            }
            Some(Ended::Misnamed { why }) => self.rename(&order, why, seconds).await,
            Some(Ended::Failed { cause, why }) => {
                self.work.store.fail(self.job.id, State::Downloading, cause, &why, now()).map(drop)
            }
        }
    }

    /// Looks once in the life of a job whether it has another ending than the list says.
    async fn rename(&self, order: &Order, why: String, seconds: u64) -> Result<(), StoreError> {
        let looking = extension(&self.work.client, order, &[], |ext| self.url(ext));
        let found = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Ok(()),
            found = looking => found,
        };
        if !self.work.store.renamed(self.job.id, found, now())? {
            return Ok(());
        }
        match found {
            Some(_) => self.put_off((Wait::Retry, Rest::Said(Duration::ZERO), true), why, seconds),
            None => self.put_off((Wait::Slot, Rest::Slot, false), why, seconds),
        }
    }

    /// Where it is had: at the relay, by a pass that takes what viewers do not need.
    fn url(&self, ext: &str) -> String {
        let pass = Pass::new(Class::Background, now().unsigned_abs()).sign(&self.work.key);
        let wish = &self.job.wish;
        let word = if wish.kind == Kind::Episode { "series" } else { "movie" };
        format!("{}/{word}/{pass}/{}.{}", self.work.relay.as_str(), wish.stream_id, ext)
    }

    fn checkpoint(&self) -> Checkpoint {
        let Job { have, synced, total, .. } = self.job;
        Checkpoint { have, synced, total, etag: None }
    }

    /// All bytes are here: whether they are a film.
    async fn verify(&self, part: &Path, total: u64, seconds: u64) -> Result<(), StoreError> {
        let (store, id) = (&self.work.store, self.job.id);
        if !store.step(id, State::Downloading, Step::Verify, now())? {
            return Ok(());
        }
        let walked = File::open(part).map_err(|error| error.to_string());
        let walked = walked.and_then(|mut file| walk::walk(&mut file).map_err(|defect| defect.to_string()));
        let walked = match walked {
            Ok(walked) => walked,
            Err(why) => {
                // Whoever tries again begins anew: what is here would be found to be whole.
                if store.fail(id, State::Downloading, Cause::Content, &why, now())? {
                    let _ = fs::remove_file(part);
                    store.nothing_here(id, now())?;
                }
                return Ok(());
            }
        };
        let measured_h = walked.picture.map(|(width, height)| height.max(width * 9 / 16));
        let arrived = Arrived { total, sha256: None, measured_h, ext: None };
        store.arrived(&self.job, &arrived, seconds, now()).map(drop)
    }

    /// It goes on later, or never, if it has come to nothing for too often.
    fn put_off(
        &self,
        (wait, rest, progress): (Wait, Rest, bool),
        why: String,
        seconds: u64,
    ) -> Result<(), StoreError> {
        let (store, id, job) = (&self.work.store, self.job.id, &self.job);
        let before = if progress { 0 } else { job.no_progress };
        // Somebody who is not let in has not tried in vain.
        let (no_progress, refused) = match wait {
            Wait::Slot => (before, if progress { 0 } else { job.refused } + 1),
            Wait::Retry => (before + 1, 0),
            _ => (before, 0),
        };
        if no_progress >= self.work.max_retries {
            let why = format!("{no_progress} attempts in a row brought nothing, the last one: {why}");
            return store.fail(id, State::Downloading, Cause::Stuck, &why, now()).map(drop);
        }
        let vain = if wait == Wait::Slot { refused - 1 } else { no_progress.saturating_sub(1) };
        let until = now() + rest.after(vain, rand::random()).as_secs().cast_signed();
        let later = Later { wait, until, why: why.clone(), no_progress, refused };
        let was_put_off = store.put_off(id, State::Downloading, &later, seconds, now())?;
        // The others would fare no better: those of this account, or all that write to this disk.
        let (scope, name) = match wait {
            _ if !was_put_off => return Ok(()),
            Wait::Slot => (Scope::Account, job.wish.account.clone()),
            Wait::Disk => (Scope::All, String::new()),
            _ => return Ok(()),
        };
        store.hold(&Hold { scope, name, wait, until, why })
    }
}

/// Writes down what an engine tells.
struct Told<'a> {
    attempt: &'a Attempt<'a>,
    at: Checkpoint,
    failed: Option<StoreError>,
}

impl Told<'_> {
    fn tell(&mut self, report: Report) {
        let written = self.write(report);
        // Nobody wants it any more, or nobody can tell: either way it ends here.
        if !matches!(written, Ok(true)) {
            self.attempt.stop.cancel();
        }
        self.failed = written.err().or(self.failed.take());
    }

    /// Whether to go on.
    fn write(&mut self, report: Report) -> Result<bool, StoreError> {
        let (store, id) = (&self.attempt.work.store, self.attempt.job.id);
        match report {
            Report::Began { have, total, etag } => {
                (self.at.have, self.at.total, self.at.etag) = (have, total, etag);
                self.attempt.bytes.store(have, Ordering::Relaxed);
                Ok(store.checkpoint(id, &self.at, now())?
                    && store.step(id, State::Downloading, Step::Body, now())?)
            }
            Report::Anew { why } => {
                store.note(id, Level::Warning, Action::Anew, why, now())?;
                store.nothing_here(id, now())?;
                self.at = Checkpoint::default();
                self.attempt.bytes.store(0, Ordering::Relaxed);
                Ok(true)
            }
            Report::Progress { have } => {
                self.attempt.bytes.store(have, Ordering::Relaxed);
                Ok(true)
            }
            Report::Checkpoint { synced } => {
                self.at.synced = synced;
                self.at.have = self.attempt.bytes.load(Ordering::Relaxed).max(synced);
                store.checkpoint(id, &self.at, now())
            }
        }
    }
}
