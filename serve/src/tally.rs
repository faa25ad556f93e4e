//! What is counted, for monitors: what was answered, what is published, and what the last run of ingest did. The latter
//! two are read from the disk, so that it does not matter where ingest runs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::bundle::Section;
use contract::disk::Data;
use contract::release::{Outcome, Release, Releases};
use contract::run::{Ending, LastRun};
use contract::user::User;
use http::StatusCode;
use httpd::metrics::{Counter, Histogram, Page};
use rustix::fs::statvfs;

use crate::{DOORS, Route};

/// What is counted since the server began.
#[derive(Debug)]
pub(crate) struct Tally {
    began: SystemTime,
    /// By the first of [`DOORS`] that has the route's name; by the first digit of the status, less one.
    answers: [[Counter; 5]; DOORS.len()],
    /// From the request to the head of the answer.
    times: [Histogram; DOORS.len()],
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            began: SystemTime::now(),
            answers: std::array::from_fn(|_| Default::default()),
            times: std::array::from_fn(|_| Histogram::default()),
        }
    }
}

impl Tally {
    /// A request was answered, after `time`.
    pub(crate) fn answered(&self, route: Route, status: StatusCode, time: Duration) {
        let name = route.door().name;
        let place = DOORS.iter().position(|door| door.name == name);
        let Some(place) = place else { return };
        self.times[place].add(time);
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.answers[place][class].add(1);
    }

    pub(crate) fn render(&self, page: &mut Page) {
        let began = self.began.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        page.gauge("coax_serve_start_time_seconds", "When the server began, in Unix time.").value(began);
        let mut answers = page.counter("coax_serve_answers", "Requests that were answered.");
        for (door, classes) in DOORS.iter().zip(&self.answers) {
            for (class, count) in ["1xx", "2xx", "3xx", "4xx", "5xx"].iter().zip(classes) {
                if count.get() > 0 {
                    answers = answers.with(&[("route", door.name), ("status", class)], count.get());
                }
            }
        }
        let mut times =
            page.histogram("coax_serve_answer_seconds", "From a request to the head of its answer.");
        for ((door, time), classes) in DOORS.iter().zip(&self.times).zip(&self.answers) {
            if classes.iter().any(|count| count.get() > 0) {
                times = times.distribution(&[("route", door.name)], time);
            }
        }
    }
}

/// What is published.
pub(crate) fn release(page: &mut Page, release: Option<&Release>) {
    let number = release.and_then(|release| release.name.parse::<u32>().ok()).unwrap_or(0);
    page.gauge("coax_release_number", "The release that is served; 0 without one.").value(number);
    let Some(release) = release else { return };
    page.gauge("coax_release_created_timestamp_seconds", "When it was made, in Unix time.")
        .value(release.manifest.created);
    let lists =
        [("live", Section::LiveStreams), ("movies", Section::VodStreams), ("series", Section::Series)];
    let mut entries = page.gauge("coax_release_entries", "Entries of its lists.");
    for (list, section) in lists {
        entries = entries.with(&[("list", list)], release.index.entries(section).len());
    }
}

/// Users, by how they stand at `now` (Unix time in seconds).
pub(crate) fn users(page: &mut Page, users: &[User], now: u64) {
    let mut counts = std::collections::BTreeMap::from([("Active", 0)]);
    for user in users {
        *counts.entry(user.standing(now).word()).or_insert(0) += 1;
    }
    let mut family = page.gauge("coax_users", "Users, by how they stand.");
    for (word, count) in counts {
        family = family.with(&[("status", &word.to_ascii_lowercase())], count);
    }
}

/// The disk of the data folder, and the last run.
pub(crate) fn disk(page: &mut Page, data: &Data) {
    if let Ok(disk) = statvfs(data.path()) {
        page.gauge("coax_disk_free_bytes", "Room on the disk of the data folder.")
            .value(disk.f_bavail.saturating_mul(disk.f_frsize));
        page.gauge("coax_disk_size_bytes", "Its size.").value(disk.f_blocks.saturating_mul(disk.f_frsize));
    }
    let kept = Releases::new(data.clone()).list().map_or(0, |list| list.len());
    page.gauge("coax_releases_kept", "Releases that one can go back to, and the current one.").value(kept);
    if let Ok(Some(run)) = LastRun::load(data) {
        last_run(page, &run);
    }
}

fn last_run(page: &mut Page, run: &LastRun) {
    page.gauge("coax_ingest_last_run_timestamp_seconds", "When the last run ended, in Unix time.")
        .value(run.ended);
    page.gauge("coax_ingest_last_run_duration_seconds", "How long it took.")
        .value(run.ended.saturating_sub(run.began));
    let mut verdicts = page.gauge("coax_ingest_last_run_verdict", "How it ended: 1 at one of these.");
    for (word, verdict) in [
        ("published", Ending::Published),
        ("unchanged", Ending::Unchanged),
        ("refused", Ending::Refused),
        ("failed", Ending::Failed),
    ] {
        verdicts = verdicts.with(&[("verdict", word)], u8::from(run.verdict == verdict));
    }
    let mut taken =
        page.gauge("coax_ingest_source_taken", "Whether what a source gave in the last run was taken.");
    for gave in &run.sources {
        let is_taken = gave.outcome == Some(Outcome::Taken);
        taken = taken.with(&[("source", &gave.name)], u8::from(is_taken));
    }
    let mut harvested = page.gauge(
        "coax_ingest_source_harvested_timestamp_seconds",
        "When what is used of a source was given, in Unix time.",
    );
    for gave in &run.sources {
        harvested = harvested.with(&[("source", &gave.name)], gave.harvested);
    }
    let mut ends = page.gauge(
        "coax_ingest_source_ends_timestamp_seconds",
        "When the first account of a source ends, in Unix time, where the provider says so.",
    );
    for gave in &run.sources {
        if let Some(end) = gave.ends {
            ends = ends.with(&[("source", &gave.name)], end);
        }
    }
    let mut entries = page.gauge("coax_ingest_source_entries", "Entries of a source in the line-up.");
    for gave in &run.sources {
        for (kind, count) in &gave.counts {
            entries = entries.with(&[("source", &gave.name), ("kind", kind)], count);
        }
    }
}
