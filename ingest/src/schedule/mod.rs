//! Runs on time, never two at once.
//!
//! ```text
//!  Clock (every second: is it time?) ──▶ Calendar (cron in a zone) ──┐
//!  SIGUSR1, POST /ingest/run ──▶ RunNow ────────────────────────────▶ a run ──▶ hooks
//!                                       in between: details of films and series
//! ```

mod calendar;
mod clock;
mod run_now;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::disk::Data;
use contract::release::Releases;
use contract::run::LastRun;
use contract::source::Source;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) use calendar::Calendar;
use clock::Clock;
pub use run_now::{Asked, RunNow};

use crate::details::Background;
use crate::fetch::Ledgers;
use crate::progress::Progress;
use crate::report::{Report, Verdict};
use crate::run::{Busy, run_beside};
use crate::{Settings, harvest, hooks, logos};

/// Runs when it is time or when `run_now` (or SIGUSR1) asks for it, until `shutdown`: a run that is going on is then
/// given up, which harms nothing.
///
/// The first run is at once if there is no release, or if the last harvest is older than the time between two runs.
/// What becomes of each run is logged, and told to the hooks. Between runs, details are fetched.
///
/// # Errors
/// The schedule cannot be understood.
pub async fn schedule(
    data: &Data,
    sources: &[Source],
    settings: &Settings,
    run_now: &RunNow,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let clock = Clock::start(settings, sources).await?;
    let _open = run_now.open();
    let ledgers = Arc::new(Ledgers::new(data));
    let background = Background::start(data, sources, settings, &ledgers);
    let _logos = logos::start(data, sources, settings, &ledgers);
    let once = || async {
        let _running = run_now.running();
        let _pause = background.pause();
        let outcome = run_beside(data, sources, settings, &Progress::on(run_now.board()), &ledgers).await;
        report(&outcome, data);
        for note in hooks::tell(settings, &outcome).await {
            tracing::warn!(note, "not everybody was told");
        }
    };
    let running = async {
        if overdue(data, sources, clock.period) {
            once().await;
        }
        loop {
            tokio::select! {
                () = clock.tick.notified() => {}
                () = run_now.asked() => {}
            }
            once().await;
        }
    };
    tokio::select! {
        () = running => {}
        () = signalled(run_now) => {}
        () = shutdown => {}
    }
    clock.stop().await;
    Ok(())
}

/// The time between the next two runs that a schedule has.
pub fn period(settings: &Settings) -> Duration {
    let calendar = Calendar::new(&settings.schedule, &settings.zone);
    calendar.map_or(Duration::MAX, |calendar| calendar.period(jiff::Timestamp::now()))
}

/// SIGUSR1 asks for a run. Never ends.
async fn signalled(run_now: &RunNow) {
    let mut signals = signal(SignalKind::user_defined1()).expect("signals can be listened for");
    while signals.recv().await.is_some() {
        let asked = run_now.ask();
        tracing::info!(begins = asked == Asked::Begins, "a run was asked for by signal");
    }
    std::future::pending().await
}

fn report(outcome: &anyhow::Result<Report>, data: &Data) {
    match outcome {
        Ok(report) => {
            for source in &report.sources {
                let outcome = source.outcome.map_or("nothing".into(), |it| format!("{it:?}").to_lowercase());
                tracing::info!(source = source.name, outcome, notes = source.notes.join("; "), "read");
            }
            for rule in &report.rules {
                for note in &rule.notes {
                    tracing::warn!(rule = rule.rule, place = rule.place, does = rule.does, note, "odd");
                }
            }
            report.notes.iter().for_each(|note| tracing::warn!(note, "odd"));
            match report.verdict {
                Verdict::Published(release) => tracing::info!(release, "published"),
                Verdict::Unchanged(release) => tracing::info!(release, "unchanged"),
                Verdict::Refused => tracing::warn!("refused; what was published stays"),
            }
        }
        Err(error) if error.is::<Busy>() => tracing::warn!(why = %error, "no run"),
        Err(error) => tracing::error!(error = crate::disk::explain(error, data), "the run failed"),
    }
}

/// Whether there is no release, or no source was read within `period`, or nobody has ever tried to read one of them.
fn overdue(data: &Data, sources: &[Source], period: Duration) -> bool {
    let newest = sources
        .iter()
        .filter_map(|source| harvest::head(data, &source.name))
        .map(|head| head.harvested)
        .max();
    let last = LastRun::load(data).ok().flatten().map_or_else(Vec::new, |run| run.sources);
    let is_new = |source: &Source| {
        harvest::head(data, &source.name).is_none()
            && last.iter().all(|gave| gave.name != source.name.as_str())
    };
    if sources.iter().any(is_new) {
        return true;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let age = newest.map(|newest| now.saturating_sub(Duration::from_secs(newest)));
    Releases::new(data.clone()).current().is_none() || age.is_none_or(|age| age >= period)
}
