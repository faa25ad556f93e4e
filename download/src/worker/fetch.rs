//! Fetching: the bytes of a film or an episode.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use contract::bundle::Kind;
use contract::ticket::pass::{Class, Pass};

use super::Attempt;
use crate::engine::http::extension;
use crate::engine::{Ended, Known, Order, Reach, Report, Rest, http, ytdlp};
use crate::job::{Cause, Job, State, Step, Wait};
use crate::store::{Action, Checkpoint, Hold, Later, Level, Scope, StoreError, now};

/// For how long nothing else is asked of a stranger's host that has refused a file, in seconds.
const STRANGER: i64 = 30;

impl Attempt<'_> {
    /// Makes one attempt to fetch, and writes down what came of it.
    pub(super) async fn fetch(self) -> Result<(), StoreError> {
        let Some(part) = self.job.temp_path.clone() else { return Ok(()) }; // set when it began
        let order = self.order(&part);
        let began = Instant::now();
        let mut told = Told { attempt: &self, at: self.checkpoint(), failed: None };
        let mut tell = |report| told.tell(report);
        let ended = tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            ended = self.bring(&order, &mut tell) => Some(ended),
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
            Some(Ended::Misnamed { why }) if self.job.was_renamed || self.job.wish.address.is_some() => {
                self.put_off((Wait::Slot, Rest::Slot, false), why, seconds)
            }
            Some(Ended::Misnamed { why }) => self.rename(&order, why, seconds).await,
            Some(Ended::Failed { cause, why }) => {
                self.work.store.fail(self.job.id, State::Downloading, cause, &why, now()).map(drop)
            }
        }
    }

    /// What an engine is told.
    fn order(&self, part: &Path) -> Order {
        let (settings, wish) = (&self.work.settings, &self.job.wish);
        // SECURITY: an address that stands in a list may be anybody's.
        let (url, reach) = match &wish.address {
            None => (self.url(self.job.asks_for()), Reach::Anywhere),
            Some(address) if settings.private_addresses => (address.reveal().to_owned(), Reach::Anywhere),
            Some(address) => (address.reveal().to_owned(), Reach::Internet),
        };
        Order {
            url,
            headers: Vec::new(),
            reach,
            part: part.to_owned(),
            known: Known { total: self.job.total, synced: None },
            paces: self.paces.clone(),
            patience: settings.patience,
        }
    }

    /// Has the engine bring it that can: our own what is a file, that of others what is none. Which of them it is shows in the
    /// end of its address, or else in what comes.
    async fn bring(&self, order: &Order, told: http::Told<'_>) -> Ended {
        let (is_listed, ext) = (self.job.wish.address.is_none(), self.job.asks_for());
        let is_list = matches!(ext, "m3u8" | "m3u" | "mpd");
        if is_listed || !is_list {
            let ended = http::fetch(&self.work.client, order, told).await;
            let has_come = order.part.metadata().is_ok_and(|part| part.len() > 0);
            let is_file = has_come || is_listed || ext == "ts" || m3u::is_video(ext);
            if is_file || !matches!(ended, Ended::Failed { cause: Cause::Content, .. }) {
                return ended;
            }
        }
        ytdlp::fetch(&self.work.settings.yt_dlp, order, told).await
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
    pub(super) fn url(&self, ext: &str) -> String {
        let wish = &self.job.wish;
        let (word, class) = match wish.kind {
            Kind::Live => ("live", Class::Record),
            Kind::Movie => ("movie", Class::Background),
            Kind::Episode => ("series", Class::Background),
        };
        // The relay makes one transport stream of what its provider has as HLS.
        let ext = if ext == "m3u8" { "ts" } else { ext };
        let pass = Pass::new(class, now().unsigned_abs()).sign(&self.work.key);
        format!("{}/{word}/{pass}/{}.{}", self.work.relay.as_str(), wish.stream_id, ext)
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        let Job { have, synced, total, .. } = self.job;
        Checkpoint { have, synced, total, etag: None }
    }

    /// It goes on later, or never, if it has come to nothing for too often.
    pub(super) fn put_off(
        &self,
        (wait, rest, progress): (Wait, Rest, bool),
        why: String,
        seconds: u64,
    ) -> Result<(), StoreError> {
        let (store, id, job) = (&self.work.store, self.job.id, &self.job);
        let before = if progress { 0 } else { job.no_progress };
        let is_strangers = job.wish.address.is_some();
        // Somebody who is not let in has not tried in vain; but a stranger's "no" may be for ever.
        let (no_progress, refused) = match wait {
            Wait::Slot => (before + u32::from(is_strangers), if progress { 0 } else { job.refused } + 1),
            Wait::Retry => (before + 1, 0),
            _ => (before, 0),
        };
        if no_progress >= self.work.settings.max_retries.max(1) {
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
        // Unless its host says for how long, it is one file that it refuses: others from there have their turns before that.
        let is_of_file = is_strangers && wait == Wait::Slot && rest == Rest::Slot;
        let until = if is_of_file { until.min(now() + STRANGER) } else { until };
        store.hold(&Hold { scope, name, wait, until, why })
    }
}

/// Writes down what an engine tells.
pub(super) struct Told<'a> {
    pub(super) attempt: &'a Attempt<'a>,
    pub(super) at: Checkpoint,
    pub(super) failed: Option<StoreError>,
}

impl Told<'_> {
    pub(super) fn tell(&mut self, report: Report) {
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
