//! The worker: takes jobs through their life, as many at a time as there may be.
//!
//! ```text
//!  tick, four times a second ──▶ has somebody changed anything? ──▶ those that he stopped are stopped
//!                                                               └─▶ as many as may are begun
//!  each job: a thread of its own ──▶ fetch ──▶ verify ──▶ downloaded        deliver ──▶ check ──▶ completed
//!                                       └──── every step is a change of its row, which says whether to go on
//! ```
//!
//! What a job does may block: the disk, the store, the target. So it has a thread, and the program's others answer viewers
//! meanwhile. It is stopped by its row: whoever pauses or cancels it changes that, and the next thing that it would write
//! there is refused, or the tick notices first.

mod beside;
mod copies;
mod deliver;
mod fetch;
mod guide;
mod journal;
mod record;
mod room;
mod sweep;
mod upkeep;
mod verify;
mod watched;
mod work;

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use contract::disk::Data;
use contract::source::BaseUrl;
use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::Settings;
use crate::front::Pulse;
use crate::job::{Job, State, Wait};
use crate::queue::Window;
use crate::store::{Later, Lock, Scope, Store, StoreError, boot, now};
use copies::Copies;
use upkeep::Upkeep;
use work::{Attempt, Work};

/// How often it looks whether somebody has changed anything.
const TICK: Duration = Duration::from_millis(250);
/// How often progress is written down.
const TELLING: Duration = Duration::from_secs(1);
/// How long those that are stopped may take to notice.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a job rests whose thread ended without saying why: the store could not be written, say.
const LOST: i64 = 60;

/// The one worker of a data folder.
pub struct Worker {
    work: Arc<Work>,
    lock: Lock,
    /// Jobs at which a thread is at work.
    running: HashMap<i64, Running>,
    /// Those that are to begin when the thread is gone that was at work on them before.
    next: HashMap<i64, Job>,
    threads: JoinSet<Ended>,
    upkeep: Upkeep,
    zone: TimeZone,
    pulse: Pulse,
}

/// A job at which a thread is at work.
pub(crate) struct Running {
    state: State,
    target: i64,
    /// What is sent now is recorded: nobody asks it to come back later.
    records: bool,
    /// Its file here.
    part: Option<PathBuf>,
    /// Length of that, as far as that was known when it began.
    total: Option<u64>,
    bytes: Arc<AtomicU64>,
    stop: CancellationToken,
    /// Its thread.
    thread: tokio::task::Id,
}

/// What a thread has come to the end of.
enum Ended {
    Job(i64),
    Upkeep(upkeep::Done),
}

impl Worker {
    /// Becomes the worker of `data`, and puts right what the one before has left. Streams are had from `relay`; `config` is the
    /// file with which the program was started, if there is one.
    ///
    /// # Errors
    /// Somebody else is; or the disk refuses.
    pub fn new(
        data: &Data,
        settings: Settings,
        relay: BaseUrl,
        config: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let lock = Lock::take(data)?;
        let store = Store::open(data)?;
        let (temp, boot) = (settings.temp(data), boot());
        std::fs::create_dir_all(&temp).with_context(|| format!("cannot make {}", temp.display()))?;
        let recovered = store.recover(&lock, &boot, now())?;
        if recovered.again + recovered.cut > 0 {
            info!(
                again = recovered.again,
                cut = recovered.cut,
                "going on where the worker before was interrupted"
            );
        }
        let upkeep = Upkeep::new(&settings, Copies::new(config));
        let work = Arc::new(Work::new(data, settings, relay, store, boot)?);
        let (running, next, threads) = (HashMap::new(), HashMap::new(), JoinSet::new());
        let (zone, pulse) = (zone(&work.settings), Pulse::new());
        Ok(Self { work, lock, running, next, threads, upkeep, zone, pulse })
    }

    /// When it has last looked whether there is anything to do, while it works.
    pub(crate) fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Works until `shutdown`. To be awaited on a thread of its own: it waits for the disk.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut told, mut seen, mut due, mut was_open) = (Instant::now(), 0, 0, false);
        loop {
            let mut look = false;
            tokio::select! {
                () = &mut shutdown => break,
                Some(ended) = self.threads.join_next() => {
                    // Whether the configuration was copied gives nobody his turn.
                    look = !matches!(ended, Ok(Ended::Upkeep(upkeep::Done::Copied(_))));
                    self.ended(ended);
                }
                _ = tick.tick() => {}
            }
            let looked = (|| {
                let (version, now) = (self.work.store.version()?, now());
                self.pulse.beat();
                let open = self.work.settings.window.closed_until(now, &self.zone).is_none();
                if look || version != seen || now >= due || open != was_open {
                    (seen, was_open) = (version, open);
                    due = self.turn(now)?.min(now + 60);
                }
                if told.elapsed() >= TELLING {
                    told = Instant::now();
                    self.tell(now)?;
                }
                Ok::<_, StoreError>(())
            })();
            if let Err(error) = looked {
                warn!(%error, "the queue stands still for a moment");
            }
            self.upkeep.look(&self.work, &self.running, &mut self.threads);
        }
        self.stop().await;
    }

    /// Sees to it that those are at work that should be, and no others. When to look again, in Unix seconds.
    fn turn(&mut self, now: i64) -> Result<i64, StoreError> {
        self.window(now)?;
        self.stop_those_who_are_stopped(now)?;
        let limits = self.work.store.limits(self.work.settings.limits())?;
        self.upkeep.pace(&self.work.store.targets()?);
        self.make_room(now)?;
        // How much comes of it nobody knows, and the target has time.
        while let Some(job) = self.work.store.begin_recording(&self.work.temp, &self.work.boot, now)? {
            self.begin(job);
        }
        while let Some(job) = self.work.store.begin_download(limits, &self.work.temp, &self.work.boot, now)? {
            if self.has_room(&job, now)? {
                self.begin(job);
            }
        }
        while let Some(job) = self.work.store.begin_transfer(limits, now)? {
            if self.has_room(&job, now)? {
                self.begin(job);
            }
        }
        Ok(self.work.store.next_turn(now)?.unwrap_or(i64::MAX))
    }

    /// Outside of its hours nothing is downloaded.
    fn window(&mut self, now: i64) -> Result<(), StoreError> {
        let window = self.work.settings.window;
        let held = self
            .work
            .store
            .holds(now)?
            .into_iter()
            .find(|it| (it.scope, it.wait) == (Scope::All, Wait::Window));
        let Some(until) = window.closed_until(now, &self.zone) else {
            if held.is_some() {
                // It was another window when that was written.
                self.work.store.window(None)?;
            }
            return Ok(());
        };
        let why = format!("downloads go on at {window}");
        let fetches = |running: &Running| running.state == State::Downloading && !running.records;
        for (id, running) in self.running.iter().filter(|(_, running)| fetches(running)) {
            let later = Later { wait: Wait::Window, until, why: why.clone(), no_progress: 0, refused: 0 };
            self.work.store.put_off(*id, State::Downloading, &later, 0, now)?;
            running.stop.cancel();
        }
        if held.is_none_or(|hold| (hold.until, &hold.why) != (until, &why)) {
            self.work.store.window(Some((until, &why)))?;
        }
        Ok(())
    }

    /// Stops the threads of jobs that somebody has paused or cancelled, and puts back those jobs that have lost their thread.
    fn stop_those_who_are_stopped(&mut self, now: i64) -> Result<(), StoreError> {
        let ids: Vec<i64> = self.running.keys().copied().collect();
        let states: HashMap<i64, State> = self.work.store.states(&ids)?.into_iter().collect();
        for (id, running) in &self.running {
            if states.get(id) != Some(&running.state) {
                running.stop.cancel();
            }
        }
        for job in self.work.store.jobs(&[State::Downloading, State::Transferring], 0, 1000)? {
            if !self.running.contains_key(&job.id) && !self.next.contains_key(&job.id) {
                let why = "it was interrupted".to_owned();
                let Job { no_progress, refused, .. } = job;
                let later = Later { wait: Wait::Retry, until: now + LOST, why, no_progress, refused };
                self.work.store.put_off(job.id, job.state, &later, 0, now)?;
            }
        }
        Ok(())
    }

    /// Gives a job a thread, or the promise of one.
    fn begin(&mut self, job: Job) {
        if self.is_busy(job.id) {
            self.next.insert(job.id, job);
            return;
        }
        let bytes = if job.state == State::Transferring { job.t_synced } else { job.have };
        let (id, state, target, part, total) =
            (job.id, job.state, job.wish.target, job.temp_path.clone(), job.total);
        let records = job.wish.airing.is_some();
        let (bytes, stop) = (Arc::new(AtomicU64::new(bytes)), CancellationToken::new());
        let paces = self.upkeep.paces(&job);
        let (work, its_bytes, its_stop) = (self.work.clone(), bytes.clone(), stop.clone());
        let thread = self.threads.spawn_blocking(move || {
            let attempt = Attempt { work: &work, job, bytes: &its_bytes, stop: &its_stop, paces };
            if let Err(error) = Handle::current().block_on(attempt.make()) {
                error!(job = id, %error, "the store cannot be written");
            }
            Ended::Job(id)
        });
        self.running
            .insert(id, Running { state, target, records, part, total, bytes, stop, thread: thread.id() });
    }

    /// Whether a thread has its file: one that is at work on it, or removes what is left of it.
    fn is_busy(&self, id: i64) -> bool {
        self.running.contains_key(&id) || self.upkeep.sweeps(id)
    }

    /// A thread has ended: those begin that waited for it.
    fn ended(&mut self, ended: Result<Ended, tokio::task::JoinError>) {
        match ended {
            Ok(Ended::Job(id)) => drop(self.running.remove(&id)),
            Ok(Ended::Upkeep(done)) => self.upkeep.done(done),
            Err(error) => {
                // A defect of ours. Its job is put back by the next turn.
                error!(%error, "a job has ended unexpectedly");
                self.running.retain(|_, running| running.thread != error.id());
            }
        }
        let free: Vec<i64> = self.next.keys().copied().filter(|id| !self.is_busy(*id)).collect();
        for job in free.iter().filter_map(|id| self.next.remove(id)).collect::<Vec<_>>() {
            let states = self.work.store.states(&[job.id]);
            if states.is_ok_and(|states| states.first() == Some(&(job.id, job.state))) {
                self.begin(job);
            }
        }
    }

    /// Writes down how far they are, and stops those that are at work no more.
    fn tell(&self, now: i64) -> Result<(), StoreError> {
        for state in [State::Downloading, State::Transferring] {
            let all: Vec<(i64, u64)> = self
                .running
                .iter()
                .filter(|(_, running)| running.state == state && !running.stop.is_cancelled())
                .map(|(id, running)| (*id, running.bytes.load(Ordering::Relaxed)))
                .collect();
            if all.is_empty() {
                continue;
            }
            for gone in self.work.store.progress(state, &all, now)? {
                self.running[&gone].stop.cancel();
            }
        }
        Ok(())
    }

    /// Ends, with every job where work on it begins anew.
    async fn stop(mut self) {
        self.running.values().for_each(|running| running.stop.cancel());
        let all = async { while self.threads.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            warn!("some transfers take longer to stop; they go on where they are at the next start");
        }
        if let Err(error) = self.work.store.recover(&self.lock, &self.work.boot, now()) {
            warn!(%error, "the queue was left as it is");
        }
    }
}

/// The zone by whose clock hours are meant.
fn zone(settings: &Settings) -> TimeZone {
    TimeZone::try_system().unwrap_or_else(|error| {
        // Many containers know none, and nobody minds who says no hours.
        if std::env::var_os("TZ").is_some() || settings.window != Window::default() {
            warn!(%error, "the time zone is not known, and hours are those of UTC; expected TZ=Europe/Rome, or the like, or /etc/localtime");
        }
        TimeZone::UTC
    })
}
