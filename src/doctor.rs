//! `coax doctor`: looks at everything that has to be right, and says of each what is wrong and what to do.
//!
//! ```text
//!  configuration ─┬─▶ machine      limits, ports, memory       ─┐
//!                 ├─▶ certificate  files, names, its end         │
//!                 ├─▶ folder       disk, permissions, locks      │  all at the same time,
//!                 ├─▶ line_up      release, last run, guide      ├─ told in this order
//!                 ├─▶ sources      names, accounts, documents    │
//!                 ├─▶ downloads    worker, room, targets         │
//!                 └─▶ others       engine, relays, addresses    ─┘
//! ```
//!
//! Nothing is changed but the ledger of requests: what a provider is asked counts, whoever asks. At targets of downloads a small
//! file is written, and removed. Every question has its patience. Those to one source come one after the other, everything else at the same time.

mod certificate;
mod downloads;
mod finding;
mod folder;
mod line_up;
mod machine;
mod others;
mod secrets;
mod sources;
mod web;

use std::io::{self, IsTerminal, Write, stderr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use contract::config::{Config, Place, Skip};
use contract::disk::Data;
use contract::say::{document, say};
use serde_json::json;
use tokio::task::{JoinHandle, spawn_blocking};

use self::finding::{Finding, Level};
pub(crate) use self::folder::amount;
pub(crate) use self::line_up::{age, span};
pub(crate) use self::machine::local;
pub(crate) use self::secrets::files_of;
pub(crate) use self::web::{body, client};
use crate::cli::{self, Settings};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Print for machines
    #[arg(long)]
    json: bool,
    /// Seconds that each question may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    patience: u64,
}

/// What all that is looked at needs.
struct Patient {
    settings: Settings,
    place: Place,
    patience: Duration,
    /// Asks those who are no providers.
    web: reqwest::Client,
}

/// Looks at everything. 0: nothing has failed; 1: something has; 2: the configuration cannot be read.
pub(crate) async fn run(place: &Place, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut report = Report::new(arguments.json);
    let settings = match cli::load(place) {
        Ok(settings) => settings,
        Err(error) => {
            let remedy = "mend it, then ask again: without it little else can be looked at";
            report.tell(vec![Finding::fail("configuration", format!("{error:#}"), remedy)])?;
            // What was added on the page stands in the data folder: that may be what cannot be read.
            if let Ok(config) = Config::<Skip, Skip, Skip>::load(place.file()) {
                let data = place.data.as_ref().map_or_else(|| config.data(), Data::new);
                report.tell(folder::look(&data, place))?;
            }
            report.end()?;
            return Ok(ExitCode::from(2));
        }
    };
    report.width(&settings);
    report.tell(machine::configuration(&settings, place))?;
    let patience = Duration::from_secs(arguments.patience);
    let web = web::client(patience)?;
    let patient = Arc::new(Patient { settings, place: place.clone(), patience, web });
    for (what, examination) in examinations(&patient) {
        report.looking_at(what);
        report.tell(examination.await?)?;
    }
    report.end()
}

type Examination = (&'static str, JoinHandle<Vec<Finding>>);

/// Everything that is looked at, begun.
fn examinations(patient: &Arc<Patient>) -> [Examination; 8] {
    let blocking = |look: fn(&Patient) -> Vec<Finding>| {
        let patient = patient.clone();
        spawn_blocking(move || look(&patient))
    };
    [
        ("this machine", blocking(|_| machine::limits())),
        ("the port", tokio::spawn(machine::ports(patient.clone()))),
        ("the certificate", blocking(certificate::look)),
        ("the data folder", blocking(|patient| folder::look(&patient.settings.data(), &patient.place))),
        ("the line-up", blocking(line_up::look)),
        ("sources", tokio::spawn(sources::ask(patient.clone()))),
        ("downloads", tokio::spawn(downloads::look(patient.clone()))),
        ("everybody else", tokio::spawn(others::ask(patient.clone()))),
    ]
}

/// What was found so far, told as it is found.
struct Report {
    json: bool,
    width: usize,
    findings: Vec<Finding>,
    /// A person sees what is being looked at.
    is_watched: bool,
}

impl Report {
    fn new(json: bool) -> Self {
        Self { json, width: "configuration".len(), findings: Vec::new(), is_watched: stderr().is_terminal() }
    }

    /// Lines are as wide as the longest name wants.
    fn width(&mut self, settings: &Settings) {
        let longest = settings.source.iter().map(|source| source.name.as_str().chars().count()).max();
        self.width = self.width.max("source ".len() + longest.unwrap_or(0));
    }

    fn looking_at(&self, what: &str) {
        if self.is_watched {
            let _ = write!(stderr(), "\rlooking at {what} ...\x1b[K");
        }
    }

    fn tell(&mut self, findings: Vec<Finding>) -> io::Result<()> {
        if self.is_watched {
            let _ = write!(stderr(), "\r\x1b[K");
        }
        if !self.json {
            findings.iter().try_for_each(|finding| say(finding.line(self.width)))?;
        }
        self.findings.extend(findings);
        Ok(())
    }

    fn end(&self) -> anyhow::Result<ExitCode> {
        let count = |level| self.findings.iter().filter(|finding| finding.level == level).count();
        let [ok, warn, fail] = [Level::Ok, Level::Warn, Level::Fail].map(count);
        if self.json {
            let told = json!({ "ok": ok, "warn": warn, "fail": fail, "findings": self.findings });
            document(&told)?;
        } else {
            say(format_args!("\n{ok} ok, {warn} to be looked at, {fail} failed"))?;
        }
        Ok(if fail == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
