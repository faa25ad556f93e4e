//! Runs on time: by a cron expression in UTC, never two at once.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use contract::disk::Data;
use contract::release::Releases;
use contract::source::Source;
use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler};

use crate::progress::Progress;
use crate::report::{Report, Verdict};
use crate::{Settings, harvest, run};

/// Checks a cron expression of five, six or seven fields.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(expression: &str) -> Result<(), String> {
    Job::new(with_seconds(expression), |_, _| {})
        .map(drop)
        .map_err(|_| format!("`schedule` is {expression:?}; expected a cron expression such as 0 */6 * * *"))
}

/// Runs when it is time, until `shutdown`: a run that is going on is then given up, which harms nothing.
///
/// The first run is at once if there is no release, or if the last harvest is older than the time between two runs.
/// What becomes of each run is logged.
///
/// # Errors
/// The schedule cannot be understood.
pub async fn schedule(
    data: &Data,
    sources: &[Source],
    settings: &Settings,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let clock = Clock::start(&settings.schedule).await?;
    let running = async {
        if overdue(data, sources, clock.period) {
            report(run(data, sources, settings, &Progress::log()).await);
        }
        loop {
            clock.tick.notified().await;
            report(run(data, sources, settings, &Progress::log()).await);
        }
    };
    tokio::select! {
        () = running => {}
        () = shutdown => {}
    }
    clock.stop().await;
    Ok(())
}

fn report(outcome: anyhow::Result<Report>) {
    match outcome {
        Ok(report) => {
            for source in &report.sources {
                let outcome = source.outcome.map_or("nothing".into(), |it| format!("{it:?}").to_lowercase());
                tracing::info!(source = source.name, outcome, notes = source.notes.join("; "), "read");
            }
            match report.verdict {
                Verdict::Published(release) => tracing::info!(release, "published"),
                Verdict::Unchanged(release) => tracing::info!(release, "unchanged"),
                Verdict::Refused => tracing::warn!("refused; what was published stays"),
            }
        }
        Err(error) => tracing::error!(error = format!("{error:#}"), "the run failed"),
    }
}

/// Whether there is no release, or no source was read within `period`.
fn overdue(data: &Data, sources: &[Source], period: Duration) -> bool {
    let newest = sources
        .iter()
        .filter_map(|source| harvest::head(data, &source.name))
        .map(|head| head.harvested)
        .max();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let age = newest.map(|newest| now.saturating_sub(Duration::from_secs(newest)));
    Releases::new(data.clone()).current().is_none() || age.is_none_or(|age| age >= period)
}

/// The scheduler's seconds come first; crontabs have none.
fn with_seconds(expression: &str) -> String {
    let fields = expression.split_whitespace().count();
    if fields == 5 { format!("0 {expression}") } else { expression.to_owned() }
}

/// Says when it is time. Ticks that come during a run are one tick after it.
struct Clock {
    scheduler: JobScheduler,
    tick: Arc<Notify>,
    /// Between the next two ticks.
    period: Duration,
}

impl Clock {
    async fn start(expression: &str) -> anyhow::Result<Self> {
        check(expression).map_err(anyhow::Error::msg)?;
        let tick = Arc::new(Notify::new());
        let ticking = tick.clone();
        // Only UTC: the scheduler freezes other zones at their present offset.
        let job = Job::new(with_seconds(expression), move |_, _| ticking.notify_one())?;
        let scheduler = JobScheduler::new().await.context("the scheduler does not start")?;
        scheduler.add(job).await.context("the schedule cannot be added")?;
        scheduler.start().await.context("the scheduler does not start")?;
        Ok(Self { scheduler, tick, period: period(expression)? })
    }

    async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::debug!(%error, "the scheduler did not stop by itself");
        }
    }
}

fn period(expression: &str) -> anyhow::Result<Duration> {
    let cron = croner::parser::CronParser::builder()
        .seconds(croner::parser::Seconds::Required)
        .build()
        .parse(&with_seconds(expression))?;
    let mut next = cron.iter_after(chrono::Utc::now());
    let (first, second) = (next.next().context("the schedule never comes")?, next.next());
    Ok(second.map_or(Duration::MAX, |second| (second - first).to_std().unwrap_or(Duration::MAX)))
}
