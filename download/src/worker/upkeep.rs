//! What is done beside the jobs: looking how targets are, sweeping up after those that have ended, backups, copies of the
//! configuration, what is told, and the limits of bandwidth, which all jobs share.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::release::Releases;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tracing::{error, warn};

use super::copies::Copies;
use super::journal::Journal;
use super::sweep::{Resting, Swept, strays, sweep};
use super::{Ended, Running, Work};
use crate::Settings;
use crate::job::{Job, State};
use crate::pace::Bucket;
use crate::store::{StoreError, now};
use crate::target::{Health, Record, Status, Target};

/// How often it is looked whether there is anything to do.
const EVERY: Duration = Duration::from_secs(1);
/// How often events and holds are forgotten, and who has waited for long comes up.
const HOURLY: Duration = Duration::from_secs(3600);
/// How often the relay is asked whether anybody watches.
const WATCH: Duration = Duration::from_secs(5);
/// A target that was not well is looked at after this time again, after twice as long the next time, and so on.
const UNWELL: Duration = Duration::from_secs(15);
/// One that takes longer to say how it is cannot be reached. A folder of a server that is gone says nothing at all.
const SILENCE: Duration = Duration::from_secs(30);
/// Seconds of a day.
const DAY: i64 = 86_400;

/// What is done beside the jobs.
pub(super) struct Upkeep {
    settings: Settings,
    looked: Instant,
    /// When what is done every hour is done next.
    hour: Instant,
    /// Whether that goes on.
    is_keeping: bool,
    /// Jobs of which is being removed what is left, and their targets, each of which has a thread.
    sweeping: HashMap<i64, i64>,
    resting: Resting,
    targets: HashMap<i64, Looked>,
    journal: Journal,
    /// `None` while they are being made.
    copies: Option<Copies>,
    /// The release whose guide recordings have followed, and whether they do now.
    release: Option<u32>,
    is_following: bool,
    watch: Watch,
    everything: Arc<Bucket>,
    accounts: HashMap<String, Arc<Bucket>>,
    deliveries: HashMap<i64, Arc<Bucket>>,
}

/// When a target was looked at, and will be.
struct Looked {
    due: Instant,
    /// How often in a row it was not well.
    failures: u32,
    /// Since when somebody waits for it to answer.
    since: Option<Instant>,
}

/// When it was asked whether anybody watches, and will be.
struct Watch {
    due: Instant,
    is_asking: bool,
    /// What the relay has said; `None` if it has not.
    watched: Option<bool>,
}

/// What has been done.
pub(super) enum Done {
    /// What was left of jobs for a target, or not.
    Swept(i64, Vec<(i64, Swept)>),
    Kept,
    /// The configuration is copied, or need not be.
    Copied(Copies),
    /// Recordings are where the guide has them.
    Followed,
    /// Whether anybody watches, if that is known.
    Watched(Option<bool>),
    /// How a target is, which is told to the store already.
    Probed(i64, Status),
}

impl Upkeep {
    pub(super) fn new(settings: &Settings, copies: Copies) -> Self {
        let now = Instant::now();
        Self {
            settings: settings.clone(),
            // At once: what a worker that was killed has left of a probe goes with the next one.
            looked: now.checked_sub(EVERY).unwrap_or(now),
            hour: now,
            is_keeping: false,
            sweeping: HashMap::new(),
            resting: Resting::default(),
            targets: HashMap::new(),
            journal: Journal::default(),
            copies: Some(copies),
            release: None,
            is_following: false,
            watch: Watch { due: now, is_asking: false, watched: None },
            everything: Arc::new(Bucket::new(everything(settings, true))),
            accounts: HashMap::new(),
            deliveries: HashMap::new(),
        }
    }

    /// Does what is due. `running` is left alone.
    pub(super) fn look(
        &mut self,
        work: &Arc<Work>,
        running: &HashMap<i64, Running>,
        threads: &mut JoinSet<Ended>,
    ) {
        if self.looked.elapsed() < EVERY {
            return;
        }
        self.looked = Instant::now();
        let done = self.probe(work, threads).and_then(|()| self.sweep(work, running, threads));
        if let Err(error) = done.and_then(|()| self.journal.write(&work.store)) {
            warn!(%error, "what is done beside the jobs is done a little later");
        }
        self.copy(work, threads);
        self.keep(work, threads);
        self.follow(work, threads);
        self.watch(work, running, threads);
    }

    /// The limits that a job has to keep.
    pub(super) fn paces(&mut self, job: &Job) -> Vec<Arc<Bucket>> {
        if job.state == State::Transferring {
            return self.deliveries.get(&job.wish.target).cloned().into_iter().collect();
        }
        if job.wish.airing.is_some() {
            return Vec::new(); // what is sent now cannot come more slowly
        }
        let limit = rate(self.settings.account_bandwidth);
        let account =
            self.accounts.entry(job.wish.account.clone()).or_insert_with(|| Arc::new(Bucket::new(limit)));
        vec![self.everything.clone(), account.clone()]
    }

    /// The limits of targets are those of their records, for what is being delivered as well.
    pub(super) fn pace(&mut self, targets: &[Record]) {
        for record in targets {
            let bucket = self.deliveries.entry(record.id).or_insert_with(|| Arc::new(Bucket::new(None)));
            bucket.set(rate(record.bwlimit));
        }
    }

    /// Whether is being removed what is left of a job.
    pub(super) fn sweeps(&self, id: i64) -> bool {
        self.sweeping.contains_key(&id)
    }

    /// Something has been done.
    pub(super) fn done(&mut self, done: Done) {
        match done {
            Done::Swept(target, jobs) => {
                self.sweeping.retain(|_, its| *its != target);
                for (id, swept) in jobs {
                    let mut again = |target| self.resting.again(id, target, Instant::now(), rand::random());
                    match swept {
                        Swept::All => self.resting.is_swept(id),
                        Swept::Again => again(None),
                        Swept::Waits => again(Some(target)),
                    }
                }
            }
            Done::Kept => self.is_keeping = false,
            Done::Copied(copies) => self.copies = Some(copies),
            Done::Followed => self.is_following = false,
            Done::Watched(watched) => self.watched(watched),
            Done::Probed(id, status) => {
                let Some(looked) = self.targets.get_mut(&id) else { return };
                looked.failures = if status == Status::Online { 0 } else { looked.failures + 1 };
                let usual = self.settings.probe_every;
                let soon = UNWELL.saturating_mul(1 << looked.failures.saturating_sub(1).min(10)).min(usual);
                looked.due = Instant::now() + if status == Status::Online { usual } else { soon };
                looked.since = None;
            }
        }
    }

    /// Looks how those targets are whose turn it is.
    fn probe(&mut self, work: &Arc<Work>, threads: &mut JoinSet<Ended>) -> Result<(), StoreError> {
        let records = work.store.targets()?;
        self.targets.retain(|id, _| records.iter().any(|record| record.id == *id));
        for record in records {
            if record.takes_jobs() {
                self.resting.takes_jobs(record.id);
            }
            let fresh = || Looked { due: Instant::now(), failures: 0, since: None };
            let looked = self.targets.entry(record.id).or_insert_with(fresh);
            if let Some(since) = looked.since {
                if since.elapsed() > SILENCE && record.health.status != Status::Offline {
                    let error = Some("it does not answer".to_owned());
                    let health = Health { status: Status::Offline, error, ..record.health.clone() };
                    work.store.set_health(record.id, &health, now())?;
                }
                continue;
            }
            // A job has found it gone, or somebody has changed it: that is looked into.
            let is_news = looked.failures == 0 && record.health.status != Status::Online;
            if record.maintenance || (looked.due > Instant::now() && !is_news) {
                continue;
            }
            looked.since = Some(Instant::now());
            let work = work.clone();
            threads.spawn_blocking(move || Ended::Upkeep(probe(&work, &record)));
        }
        Ok(())
    }

    /// Removes what is left of jobs that have ended.
    fn sweep(
        &mut self,
        work: &Arc<Work>,
        running: &HashMap<i64, Running>,
        threads: &mut JoinSet<Ended>,
    ) -> Result<(), StoreError> {
        // A target that does not answer keeps nobody's remains here but its own.
        let mut by_target: HashMap<i64, Vec<Job>> = HashMap::new();
        let busy: Vec<i64> = self.sweeping.values().copied().collect();
        let unswept = work.store.unswept(&self.resting.at(Instant::now()), &busy)?;
        for job in unswept.into_iter().filter(|job| !running.contains_key(&job.id)) {
            by_target.entry(job.wish.target).or_default().push(job);
        }
        for (target, jobs) in by_target {
            self.sweeping.extend(jobs.iter().map(|job| (job.id, target)));
            let work = work.clone();
            threads.spawn_blocking(move || {
                let swept = jobs.iter().map(|job| {
                    let swept = Handle::current().block_on(sweep(&work, job)).unwrap_or_else(|error| {
                        warn!(job = job.id, %error, "what is left of it stays for now");
                        Swept::Again
                    });
                    (job.id, swept)
                });
                Ended::Upkeep(Done::Swept(target, swept.collect()))
            });
        }
        Ok(())
    }

    /// Recordings follow the guide whenever there is another one.
    fn follow(&mut self, work: &Arc<Work>, threads: &mut JoinSet<Ended>) {
        let current = Releases::new(work.data.clone()).current();
        if self.is_following || current == self.release {
            return;
        }
        (self.is_following, self.release) = (true, current);
        let work = work.clone();
        threads.spawn_blocking(move || {
            super::guide::follow(&work);
            Ended::Upkeep(Done::Followed)
        });
    }

    /// Asks whether anybody watches, where that matters.
    fn watch(&mut self, work: &Arc<Work>, running: &HashMap<i64, Running>, threads: &mut JoinSet<Ended>) {
        let fetches = running.values().any(|it| it.state == State::Downloading && !it.records);
        let is_due = !self.watch.is_asking && self.watch.due <= Instant::now();
        if rate(self.settings.when_viewers).is_none() || !fetches || !is_due {
            return;
        }
        self.watch.is_asking = true;
        let work = work.clone();
        threads.spawn(async move { Ended::Upkeep(Done::Watched(super::watched::watched(&work).await)) });
    }

    /// The relay has said whether anybody watches. Where it does not, somebody may.
    fn watched(&mut self, watched: Option<bool>) {
        let before = &mut self.watch;
        if watched.is_none() && before.watched.is_some() {
            warn!("the relay does not say whether anybody watches; downloads go on as if somebody did");
        }
        *before = Watch { due: Instant::now() + WATCH, is_asking: false, watched };
        self.everything.set(everything(&self.settings, watched.unwrap_or(true)));
    }

    /// Copies the configuration, if it has become another. Where its disk says nothing, nothing else waits for that.
    fn copy(&mut self, work: &Arc<Work>, threads: &mut JoinSet<Ended>) {
        let Some(mut copies) = self.copies.take() else { return };
        let work = work.clone();
        threads.spawn_blocking(move || {
            copies.look(&work.store);
            Ended::Upkeep(Done::Copied(copies))
        });
    }

    /// What is done every hour.
    fn keep(&mut self, work: &Arc<Work>, threads: &mut JoinSet<Ended>) {
        if self.is_keeping || self.hour > Instant::now() {
            return;
        }
        (self.is_keeping, self.hour) = (true, Instant::now() + HOURLY);
        let (work, settings) = (work.clone(), self.settings.clone());
        threads.spawn_blocking(move || {
            if let Err(error) = keep(&work, &settings) {
                error!(%error, "there is no backup of the queue of today");
            }
            Ended::Upkeep(Done::Kept)
        });
    }
}

/// Bytes per second of all downloads together.
fn everything(settings: &Settings, watched: bool) -> Option<u64> {
    let while_watched = rate(settings.when_viewers).filter(|_| watched);
    rate(settings.bandwidth).into_iter().chain(while_watched).min()
}

/// 0 is no limit.
fn rate(bytes: u64) -> Option<u64> {
    (bytes > 0).then_some(bytes)
}

fn probe(work: &Work, record: &Record) -> Done {
    let health = match Target::open(record) {
        Ok(target) => Handle::current().block_on(target.health(now())),
        Err(trouble) => {
            Health { status: Status::Error, error: Some(trouble.to_string()), ..Health::default() }
        }
    };
    if let Err(error) = work.store.set_health(record.id, &health, now()) {
        warn!(target = record.name, %error, "how it is could not be written down");
    }
    Done::Probed(record.id, health.status)
}

fn keep(work: &Work, settings: &Settings) -> Result<(), StoreError> {
    let now = now();
    work.store.forget_holds(now)?;
    work.store.forget_events(now - i64::from(settings.event_days) * DAY)?;
    work.store.age(settings.age_days, now)?;
    strays(work)?;
    work.store.daily_backup(settings.backups, now).map(drop)
}
