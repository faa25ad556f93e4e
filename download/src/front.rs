//! What answers where downloads run by themselves (`coax download run --listen`): the service, and what monitors ask.
//!
//! ```text
//! /health    anybody: 200 while the queue can be written (tried every five seconds at most) and the worker works, else 503;
//!            who may see /metrics is told besides which programs and targets are not as they should be
//! /metrics   this machine, or whoever shows `COAX_MONITOR_KEY`
//! /api/...   the service
//! ```

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use contract::secret::SharedKey;
use http::{Method, StatusCode};
use httpd::metrics::Page;
use httpd::{Request, Response, api, reply};
use serde::Serialize;
use tracing::warn;

use crate::job::State;
use crate::programs::missing;
use crate::store::{Store, StoreError, now};
use crate::surface::Service;
use crate::target::{Record, Status, space};

/// A worker that has not looked for so long, in seconds, stands still.
const STILL: i64 = 60;
/// For how long it is believed that the queue can be written, or cannot.
const TESTED: Duration = Duration::from_secs(5);

/// When the worker has last looked whether there is anything to do.
#[derive(Clone, Debug)]
pub(crate) struct Pulse(Arc<AtomicI64>);

impl Pulse {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(now())))
    }

    pub(crate) fn beat(&self) {
        self.0.store(now(), Ordering::Relaxed);
    }

    /// How long ago that was, in seconds.
    fn age(&self) -> i64 {
        now() - self.0.load(Ordering::Relaxed)
    }
}

/// Everything that answers.
pub(crate) struct Front {
    pub(crate) service: Service,
    pub(crate) store: Arc<Store>,
    pub(crate) pulse: Pulse,
    /// The folder in which files are collected.
    pub(crate) temp: PathBuf,
    /// Where yt-dlp is, or is looked for.
    pub(crate) yt_dlp: PathBuf,
    pub(crate) monitor: Option<SharedKey>,
    /// Whether the queue could be written when that was last tried.
    pub(crate) written: Written,
}

/// Whether something could be written, and when that was tried. SECURITY: `/health` is asked by anybody, as often as he likes,
/// and each try is waited for by the disk.
pub(crate) struct Written(Mutex<(Instant, bool)>);

impl Written {
    /// Of a store that was opened a moment ago, which has written to it.
    pub(crate) fn new() -> Self {
        Self(Mutex::new((Instant::now(), true)))
    }

    /// What was found last, which is found out anew by `test` if it is of before [`TESTED`]; by one at a time, while others are
    /// told what was known before.
    fn is_so(&self, test: impl FnOnce() -> bool) -> bool {
        {
            let mut known = self.known();
            if known.0.elapsed() < TESTED {
                return known.1;
            }
            known.0 = Instant::now();
        }
        let is_so = test();
        *self.known() = (Instant::now(), is_so);
        is_so
    }

    fn known(&self) -> MutexGuard<'_, (Instant, bool)> {
        self.0.lock().expect("nobody panics while holding this lock")
    }
}

/// What `/health` says to anybody: no names.
#[derive(Serialize)]
struct Health {
    status: &'static str,
    /// Seconds since the worker has last looked.
    worker_age: i64,
    /// Bytes that are free where files are collected.
    free: Option<u64>,
    /// Targets that take files, and all of them.
    targets_online: usize,
    targets: usize,
    #[serde(flatten)]
    wrong: Option<Wrong>,
}

/// What it says to monitors besides.
#[derive(Serialize)]
struct Wrong {
    /// Programs of others that are not installed.
    missing: Vec<String>,
    /// Targets that take no files.
    bad_targets: Vec<Bad>,
}

#[derive(Serialize)]
struct Bad {
    name: String,
    /// `maintenance`, or how it was found to be.
    status: &'static str,
}

impl Bad {
    fn of(record: &Record) -> Self {
        let status = if record.maintenance { "maintenance" } else { record.health.status.word() };
        Self { name: record.name.clone(), status }
    }
}

impl Front {
    /// Answers one request that came from `peer`.
    pub(crate) async fn answer(self: Arc<Self>, request: Request, peer: SocketAddr) -> Response {
        let is_asked = matches!(*request.method(), Method::GET | Method::HEAD);
        match request.uri().path() {
            "/health" if is_asked => {
                let is_monitor = self.admits(&request, peer);
                self.aside(move |front| front.health(is_monitor)).await
            }
            "/metrics" if is_asked && self.admits(&request, peer) => self.aside(Self::metrics).await,
            path if Service::takes(path) => self.service.answer(request, peer).await,
            _ => api::problem(StatusCode::NOT_FOUND, "there is no such thing"),
        }
    }

    fn admits(&self, request: &Request, peer: SocketAddr) -> bool {
        let shown = httpd::bearer(request.headers());
        let is_key = |key: &SharedKey| shown.is_some_and(|shown| key.is(shown));
        self.monitor.as_ref().is_some_and(is_key) || httpd::is_from_this_machine(request.headers(), peer)
    }

    /// Asks the disk, off the async threads.
    async fn aside<A>(self: &Arc<Self>, ask: A) -> Response
    where
        A: FnOnce(&Self) -> Result<Response, StoreError> + Send + 'static,
    {
        let front = self.clone();
        let asked = tokio::task::spawn_blocking(move || ask(&front)).await;
        match asked {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                warn!(%error, "nothing can be told to a monitor");
                reply::text(StatusCode::SERVICE_UNAVAILABLE, "The queue cannot be read.\n")
            }
            Err(_) => reply::text(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here.\n"),
        }
    }

    fn health(&self, is_monitor: bool) -> Result<Response, StoreError> {
        let written = self.written.is_so(|| self.store.test(now()).is_ok());
        let targets = self.store.targets()?;
        let status = match (written, self.pulse.age() <= STILL) {
            (true, true) => "ok",
            (false, _) => "the queue cannot be written",
            (true, false) => "the worker stands still",
        };
        let (good, bad): (Vec<_>, Vec<_>) =
            targets.iter().partition(|it| it.health.status == Status::Online && !it.maintenance);
        let health = Health {
            status,
            worker_age: self.pulse.age(),
            free: space(&self.temp).ok().map(|space| space.free),
            targets_online: good.len(),
            targets: targets.len(),
            wrong: is_monitor.then(|| Wrong {
                missing: missing(&self.yt_dlp, &targets),
                bad_targets: bad.into_iter().map(Bad::of).collect(),
            }),
        };
        let code = if status == "ok" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        Ok(api::closed(api::told(code, &health)))
    }

    fn metrics(&self) -> Result<Response, StoreError> {
        let mut page = Page::default();
        page.process();
        render(&self.store, &mut page)?;
        if let Ok(space) = space(&self.temp) {
            page.gauge("coax_download_free_bytes", "Bytes that are free where files are collected.")
                .value(space.free);
        }
        Ok(page.answer())
    }
}

/// The lines of downloads among those of others.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn render(store: &Store, page: &mut Page) -> Result<(), StoreError> {
    let (stats, targets) = (store.stats()?, store.targets()?);
    let mut jobs = page.gauge("coax_download_jobs", "Downloads by where they are.");
    for state in State::ALL {
        jobs = jobs.with(&[("state", state.word())], stats.states.get(state).copied().unwrap_or(0));
    }
    let mut failed =
        page.gauge("coax_download_failures", "Downloads that have failed, by what they failed of.");
    for (cause, count) in &stats.failures {
        failed = failed.with(&[("cause", cause.word())], count);
    }
    page.gauge("coax_download_delivered_bytes", "Bytes of the downloads that are delivered.")
        .value(stats.bytes);
    let mut held = page.gauge("coax_download_holds", "What holds up more than one download.");
    let holds = store.holds(now())?;
    for wait in crate::job::Wait::ALL {
        let count = holds.iter().filter(|hold| hold.wait == *wait).count();
        held = held.with(&[("wait", wait.word())], count);
    }
    let mut healthy = page.gauge("coax_download_targets", "Targets by how they were found to be.");
    for status in Status::ALL {
        let count = targets.iter().filter(|it| it.health.status == *status).count();
        healthy = healthy.with(&[("status", status.word())], count);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_often_it_is_asked_the_queue_is_written_once_in_a_while() {
        let (written, mut tried) = (Written::new(), 0);
        let mut ask = |found: bool| {
            written.is_so(|| {
                tried += 1;
                found
            })
        };
        assert!((0..100).all(|_| ask(false)), "it was opened a moment ago");
        let earlier = || *written.known() = (Instant::now().checked_sub(TESTED).unwrap(), true);
        earlier();
        assert!((0..100).all(|_| !ask(false)), "what was found then is told");
        earlier();
        assert!(ask(true));
        assert_eq!(tried, 2);
    }
}
