//! Who is told of a run: a webhook, a command. Neither can spoil it: what goes wrong is a note.

pub(crate) mod command;
pub(crate) mod webhook;

use std::time::{SystemTime, UNIX_EPOCH};

use contract::release::Outcome;
use serde::{Deserialize, Serialize};

use crate::Settings;
use crate::report::{Report, Verdict};

pub use webhook::Webhook;

/// Of which runs somebody is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tell {
    /// Every run.
    #[default]
    Always,
    /// Those that published a release.
    Published,
    /// Those that were refused or failed, or in which a source was not taken.
    Refused,
}

/// What is told, as JSON.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    /// Who tells it.
    program: &'static str,
    /// Unix time, in seconds, of the end of the run.
    at: u64,
    /// All of it for people. Chats that take webhooks show a key of this name.
    text: String,
    /// What the run did; not there if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<&'a Report>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

/// Tells whom `settings` name of a run. Answers what went wrong with that, in words without an address.
pub async fn tell(settings: &Settings, outcome: &anyhow::Result<Report>) -> Vec<String> {
    if !is_told(settings.tell, outcome.as_ref().ok()) {
        return Vec::new();
    }
    let summary = match serde_json::to_vec(&summary(outcome)) {
        Ok(summary) => summary,
        Err(error) => return vec![format!("nobody was told: {error}")],
    };
    let (webhook, command) = tokio::join!(
        webhook::post(&settings.webhook, &summary),
        command::run(&settings.command, &summary, settings.command_timeout),
    );
    [webhook, command].into_iter().filter_map(Result::err).collect()
}

fn summary(outcome: &anyhow::Result<Report>) -> Summary<'_> {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (text, report, failed) = match outcome {
        Ok(report) => (report.to_string(), Some(report), None),
        Err(error) => (format!("the run failed: {error:#}"), None, Some(format!("{error:#}"))),
    };
    Summary { program: "coax", at, text, report, failed }
}

fn is_told(tell: Tell, report: Option<&Report>) -> bool {
    match tell {
        Tell::Always => true,
        Tell::Published => report.is_some_and(|report| matches!(report.verdict, Verdict::Published(_))),
        Tell::Refused => report.is_none_or(|report| {
            let taken = |outcome| outcome == Some(Outcome::Taken);
            !report.is_success() || !report.sources.iter().all(|source| taken(source.outcome))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceReport;

    fn report(verdict: Verdict, outcome: Option<Outcome>) -> Report {
        let source = SourceReport {
            name: "acme".into(),
            outcome,
            notes: Vec::new(),
            counts: Default::default(),
            harvested: 0,
            ends: None,
        };
        Report::new(verdict, vec![source])
    }

    #[test]
    fn each_setting_has_its_runs() {
        let published = report(Verdict::Published(1), Some(Outcome::Taken));
        let unchanged = report(Verdict::Unchanged(1), Some(Outcome::Taken));
        let kept = report(Verdict::Unchanged(1), Some(Outcome::Kept));
        let refused = report(Verdict::Refused, None);
        for (tell, expected) in [
            (Tell::Always, [true; 5]),
            (Tell::Published, [true, false, false, false, false]),
            (Tell::Refused, [false, false, true, true, true]),
        ] {
            let runs = [Some(&published), Some(&unchanged), Some(&kept), Some(&refused), None];
            assert_eq!(runs.map(|run| is_told(tell, run)), expected, "{tell:?}");
        }
    }

    #[test]
    fn a_summary_is_for_people_and_for_machines() {
        let outcome = Ok(report(Verdict::Published(7), Some(Outcome::Taken)));
        let told = serde_json::to_value(summary(&outcome)).unwrap();
        assert!(told["text"].as_str().unwrap().ends_with("published release 000007"));
        assert_eq!(told["report"]["verdict"]["published"], 7);
        let failed = Err(anyhow::anyhow!("another run is going on"));
        let told = serde_json::to_value(summary(&failed)).unwrap();
        assert_eq!((told["failed"].as_str(), told.get("report")), (Some("another run is going on"), None));
    }
}
