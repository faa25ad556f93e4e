//! The status for people.

use std::fmt;

use contract::release::Outcome;
use contract::run::{Ending, LastRun};
use serde_json::Value;

use super::Status;
use crate::doctor::{age, span};

/// A line for each fact, names to the left.
pub(super) struct Shown<'a>(pub(super) &'a Status);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.0;
        match &status.running {
            Some(told) => {
                let uptime = span(told["uptime_s"].as_u64().unwrap_or(0));
                let release = told["release"].as_str().unwrap_or("none yet");
                line(f, "running", &format!("{} for {uptime}, release {release}", status.at))?;
            }
            None => {
                let how =
                    format!("nobody answers at {}, or tells only who has the key of [relay]", status.at);
                line(f, "running", &how)?;
            }
        }
        match &status.release {
            Some(release) => {
                let (live, movies, series) = (release.live, release.movies, release.series);
                let what = format!("{live} channels, {movies} films, {series} series");
                let (made, kept) = (age(release.created), status.releases.len());
                let number = release.number;
                line(f, "release", &format!("{number:06}: {what}, made {made} ago; {kept} kept"))?;
            }
            None => line(f, "release", "nothing is published yet")?,
        }
        if let Some(run) = &status.run {
            last_run(f, run)?;
        }
        line(f, "users", &format!("{}, of whom {} may watch", status.users.all, status.users.active))?;
        status.running.iter().try_for_each(|told| running(f, told))
    }
}

fn line(f: &mut fmt::Formatter<'_>, what: &str, how: &str) -> fmt::Result {
    writeln!(f, "{what:9} {how}")
}

fn last_run(f: &mut fmt::Formatter<'_>, run: &LastRun) -> fmt::Result {
    let verdict = match run.verdict {
        Ending::Published => "published".to_owned(),
        Ending::Unchanged => "nothing has changed".to_owned(),
        Ending::Refused => "refused: what was published stays".to_owned(),
        Ending::Failed => format!("failed: {}", run.why),
    };
    let took = span(run.ended.saturating_sub(run.began));
    line(f, "last run", &format!("{} ago, in {took}: {verdict}", age(run.ended)))?;
    let width = run.sources.iter().map(|gave| gave.name.chars().count()).max().unwrap_or(0);
    for gave in &run.sources {
        let outcome = match gave.outcome {
            Some(Outcome::Taken) => "taken",
            Some(Outcome::Kept) => "kept",
            None => "nothing",
        };
        let counts: Vec<String> = gave.counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        line(f, "  source", &format!("{:width$}  {outcome:7}  {}", gave.name, counts.join(", ")))?;
        gave.notes.iter().try_for_each(|note| line(f, "", &format!("{:width$}  {note}", "")))?;
    }
    Ok(())
}

/// What is received, by whom, and with which connections.
fn running(f: &mut fmt::Formatter<'_>, told: &Value) -> fmt::Result {
    let list = |key: &str| told[key].as_array().map_or(&[][..], Vec::as_slice);
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or("?").to_owned();
    let number = |value: &Value, key: &str| value[key].as_u64().unwrap_or(0);
    let channels = list("channels");
    if channels.is_empty() {
        line(f, "streams", "none")?;
    }
    for channel in channels {
        let (name, state, account) =
            (text(channel, "name"), text(channel, "state"), text(channel, "account"));
        let viewers = number(channel, "viewers");
        let rate = number(channel, "bitrate_kbps") as f64 / 1000.0;
        let how = format!("{name}: {state}, {viewers} watching, {rate:.1} Mbit/s from {account}");
        line(f, "stream", &how)?;
    }
    for slot in list("slots") {
        let (account, login) = (text(slot, "account"), number(slot, "login"));
        let limit = slot["limit"].as_u64().map_or("any number".into(), |limit| limit.to_string());
        let resting = slot["why"].as_str().map_or_else(String::new, |why| format!("; not dialled: {why}"));
        let used = number(slot, "used");
        line(f, "slots", &format!("{account}, account {login}: {used} of {limit}{resting}"))?;
    }
    Ok(())
}
