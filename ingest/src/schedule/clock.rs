//! Says when it is time. The scheduler looks at the clock every second and nothing more: it would freeze a zone at its
//! present offset, so when it is time is [`Calendar`]'s to say.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use contract::source::Source;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler};

use super::Calendar;
use crate::Settings;

/// The part of the time between two runs that a delay may take, at most.
const SHARE: u32 = 10;

/// A running clock. Times that come during a run are one time after it.
pub(super) struct Clock {
    scheduler: JobScheduler,
    pub(super) tick: Arc<Notify>,
    /// Between the next two times.
    pub(super) period: Duration,
}

impl Clock {
    pub(super) async fn start(settings: &Settings, sources: &[Source]) -> anyhow::Result<Self> {
        let calendar = Calendar::new(&settings.schedule, &settings.zone).map_err(anyhow::Error::msg)?;
        let period = calendar.period(Timestamp::now());
        let due = Due::new(calendar, delay(sources, settings.jitter, period), Timestamp::now());
        due.tell();
        let tick = Arc::new(Notify::new());
        let (ticking, due) = (tick.clone(), Mutex::new(due));
        let look = move |_, _: JobScheduler| {
            let mut due = due.lock().expect("nobody panics while holding this lock");
            if due.is_it_time(Timestamp::now()) {
                due.tell();
                ticking.notify_one();
            }
        };
        let scheduler = JobScheduler::new().await.context("the scheduler does not start")?;
        let job = Job::new("* * * * * *", look).context("the scheduler takes no job")?;
        scheduler.add(job).await.context("the scheduler takes no job")?;
        scheduler.start().await.context("the scheduler does not start")?;
        Ok(Self { scheduler, tick, period })
    }

    pub(super) async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::debug!(%error, "the scheduler did not stop by itself");
        }
    }
}

/// The next time, and what it takes to know whether it has come.
struct Due {
    calendar: Calendar,
    delay: Duration,
    next: Option<Timestamp>,
}

impl Due {
    fn new(calendar: Calendar, delay: Duration, now: Timestamp) -> Self {
        let mut due = Self { calendar, delay, next: None };
        due.next = due.after(now);
        due
    }

    /// Whether the time has come; then the next one is after `now`, however long the machine slept.
    fn is_it_time(&mut self, now: Timestamp) -> bool {
        let come = self.next.is_some_and(|next| next <= now);
        if come {
            self.next = self.after(now);
        }
        come
    }

    /// The first time of the calendar, delayed, after `now`.
    fn after(&self, now: Timestamp) -> Option<Timestamp> {
        let earlier = now.checked_sub(self.delay).unwrap_or(now);
        self.calendar.next(earlier)?.checked_add(self.delay).ok()
    }

    fn tell(&self) {
        match &self.next {
            Some(next) => {
                let next = next.to_zoned(self.calendar.zone().clone());
                tracing::info!(at = %next.strftime("%Y-%m-%d %H:%M:%S %Z"), "next run");
            }
            None => tracing::warn!("the schedule never comes; runs are only made when asked for"),
        }
    }
}

/// By how much this installation comes later than the schedule says, so that not all subscribers of a provider ask it
/// at the same second. Always the same for the same accounts; never more than `jitter` or a tenth of the time between
/// two runs.
fn delay(sources: &[Source], jitter: Duration, period: Duration) -> Duration {
    let most = jitter.min(period / SHARE).as_millis();
    let mut hash = blake3::Hasher::new();
    for source in sources {
        let logins = source.logins().map(|(username, _)| username.to_owned());
        for part in [source.name.to_string(), source.whereabouts()].into_iter().chain(logins) {
            hash.update(part.as_bytes()).update(&[0]);
        }
    }
    let number = u64::from_le_bytes(hash.finalize().as_bytes()[..8].try_into().expect("eight bytes"));
    Duration::from_millis((u128::from(number) % (most + 1)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> Vec<Source> {
        let text = format!("name = 'a'\nurl = 'http://h'\nusername = '{name}'\npassword = 'p'");
        vec![toml::from_str(&text).unwrap()]
    }

    #[test]
    fn installations_are_delayed_differently_and_always_by_the_same() {
        let (jitter, period) = (Duration::from_secs(300), Duration::from_secs(6 * 3600));
        let of = |name: &str| delay(&account(name), jitter, period);
        assert_eq!(of("ann"), of("ann"));
        let all: std::collections::BTreeSet<_> = (0..50).map(|number| of(&format!("user{number}"))).collect();
        assert!(all.len() > 45 && all.iter().all(|delay| *delay <= jitter), "{all:?}");
        assert!(delay(&account("ann"), jitter, Duration::from_secs(60)) <= Duration::from_secs(6));
        assert_eq!(delay(&account("ann"), Duration::ZERO, period), Duration::ZERO);
    }

    #[test]
    fn each_time_comes_once_and_a_slept_night_is_one_time() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let calendar = Calendar::new("0 * * * *", "UTC").unwrap();
        let mut due = Due::new(calendar, Duration::from_secs(90), at("2026-01-01T00:00:30Z"));
        assert_eq!(due.next, Some(at("2026-01-01T00:01:30Z")), "midnight, delayed");
        assert!(!due.is_it_time(at("2026-01-01T00:01:29Z")));
        assert!(due.is_it_time(at("2026-01-01T00:01:30Z")));
        assert!(!due.is_it_time(at("2026-01-01T00:01:31Z")));
        assert!(due.is_it_time(at("2026-01-01T09:30:00Z")));
        assert_eq!(due.next, Some(at("2026-01-01T10:01:30Z")));
    }
}
