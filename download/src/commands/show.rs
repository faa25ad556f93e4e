//! `coax download status`, `log`, `stats`.

use clap::Args;
use contract::bundle::Kind;
use contract::say::say;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Desk;
use crate::job::{Job, State, Wait, Wish};
use crate::store::{Hold, Scope, now};

/// `status`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Jobs by their numbers; without any, those that have not ended
    #[arg(value_name = "JOB")]
    ids: Vec<i64>,
    /// Those that have ended as well
    #[arg(long)]
    all: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    most: usize,
}

/// `log`.
#[derive(Debug, Args)]
pub struct Log {
    /// Of this job alone
    #[arg(value_name = "JOB")]
    job: Option<i64>,
    /// Behind the event of this number
    #[arg(long, value_name = "N", default_value_t = 0)]
    after: i64,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 1000)]
    most: usize,
}

/// What there is to say of a job.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    job: Job,
    /// What it waits for, by itself or with others.
    waits_for: Option<Wait>,
    /// Until when, in Unix seconds, if that is known.
    until: Option<i64>,
    /// In words.
    why: Option<String>,
}

impl Desk {
    pub(super) fn status(&self, arguments: &Arguments) -> anyhow::Result<()> {
        let store = self.store()?;
        let jobs = if arguments.ids.is_empty() {
            let open: Vec<State> = State::ALL.iter().copied().filter(|state| !state.has_ended()).collect();
            store.jobs(if arguments.all { &[] } else { &open }, 0, arguments.most)?
        } else {
            let found: Result<Vec<_>, _> = arguments.ids.iter().map(|id| store.job(*id)).collect();
            found?.into_iter().flatten().collect()
        };
        let holds = store.holds(now())?;
        let targets = store.targets()?;
        let unwell = |job: &Job| {
            let record = targets.iter().find(|record| record.id == job.wish.target)?;
            (!record.takes_jobs())
                .then(|| record.health.error.clone().unwrap_or_else(|| "in maintenance".into()))
        };
        let shown: Vec<Shown> = jobs.into_iter().map(|job| shown(job, &holds, unwell)).collect();
        if self.json {
            return self.say("", &shown);
        }
        if shown.is_empty() {
            say("nothing is queued")?;
        }
        for it in &shown {
            say(line(it))?;
        }
        Ok(())
    }

    pub(super) fn log(&self, log: &Log) -> anyhow::Result<()> {
        let events = self.store()?.events(log.after, log.job, log.most)?;
        if self.json {
            return self.say("", &events);
        }
        for event in events {
            let time = Timestamp::from_second(event.ts).unwrap_or(Timestamp::UNIX_EPOCH);
            let of = event.job.or(event.target).map_or_else(String::new, |id| id.to_string());
            say(format_args!(
                "{time}  {:8} {of:6} {:10} {}  {}",
                event.level, event.action, event.user, event.details
            ))?;
        }
        Ok(())
    }

    pub(super) fn stats(&self) -> anyhow::Result<()> {
        let stats = self.store()?.stats()?;
        if self.json {
            return self.say("", &stats);
        }
        for (state, count) in &stats.states {
            say(format_args!("{state:14} {count}"))?;
        }
        say(format_args!("{:14} {}", "delivered", size(stats.bytes)))?;
        if let Some(speed) = stats.throughput {
            say(format_args!("{:14} {}/s on the average", "throughput", size(speed.mean as u64)))?;
        }
        for (cause, count) in &stats.failures {
            say(format_args!("failed: {cause:6} {count}"))?;
        }
        Ok(())
    }
}

fn shown(job: Job, holds: &[Hold], unwell: impl Fn(&Job) -> Option<String>) -> Shown {
    let waits = matches!(job.state, State::Pending | State::Downloaded);
    if !waits {
        return Shown { job, waits_for: None, until: None, why: None };
    }
    if let (Some(wait), true) = (job.wait, job.not_before > now()) {
        let begins = || Some(format!("it begins at {}", time(job.not_before)));
        let why = if wait == Wait::Schedule { begins() } else { job.error.clone() };
        let until = Some(job.not_before);
        return Shown { job, waits_for: Some(wait), until, why };
    }
    let records = job.wish.airing.is_some() && job.state == State::Pending;
    if let Some(why) = unwell(&job).filter(|_| !records) {
        return Shown { job, waits_for: Some(Wait::Target), until: None, why: Some(why) };
    }
    let (target, fetches) = (job.wish.target.to_string(), job.state == State::Pending);
    let holds_it = |hold: &&Hold| match hold.scope {
        Scope::All => fetches && (!records || hold.wait == Wait::Disk),
        _ if records => false,
        Scope::Account => fetches && hold.name == job.wish.account,
        Scope::Target => hold.name == target,
    };
    match holds.iter().find(holds_it) {
        Some(hold) => {
            Shown { waits_for: Some(hold.wait), until: Some(hold.until), why: Some(hold.why.clone()), job }
        }
        None => Shown { job, waits_for: None, until: None, why: None },
    }
}

fn line(shown: &Shown) -> String {
    let Shown { job, waits_for, why, .. } = shown;
    let done = if job.state == State::Transferring { job.t_have } else { job.have };
    let far = match job.total {
        Some(total) if total > 0 => format!("{} % of {}", done.saturating_mul(100) / total, size(total)),
        _ => size(done),
    };
    let measured = job.measured_h.map_or_else(String::new, |lines| format!("  {lines}p"));
    let state = job
        .step
        .filter(|_| job.state.is_busy())
        .map_or_else(|| job.state.to_string(), |step| format!("{} ({step})", job.state));
    let waits = match (waits_for, why) {
        (Some(wait), Some(why)) => format!("  waits for {wait}: {why}"),
        (Some(wait), None) => format!("  waits for {wait}"),
        _ => String::new(),
    };
    let failed = match (job.state, job.cause, &job.error) {
        (State::Failed, Some(cause), Some(error)) => format!("  {cause}: {error}"),
        _ => String::new(),
    };
    format!("{:6}  {state:22} {far:20} {}{measured}{waits}{failed}", job.id, title(&job.wish))
}

/// How a wish is called in a line.
pub(super) fn title(wish: &Wish) -> String {
    if let Some(airing) = &wish.airing {
        let channel = if airing.channel == wish.title { "" } else { &airing.channel };
        return format!("{}  {}  {channel}", wish.title, time(airing.starts)).trim_end().to_owned();
    }
    let year = if wish.year.is_empty() { String::new() } else { format!(" ({})", wish.year) };
    match (wish.kind, wish.season, wish.episode) {
        (Kind::Episode, Some(season), Some(number)) => {
            format!("{}{year} S{season:02}E{number:02}", wish.title)
        }
        _ => format!("{}{year}", wish.title),
    }
}

/// A time by the clock of this machine, for people.
pub(super) fn time(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Bytes, for people.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
