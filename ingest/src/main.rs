//! `ingest`: reads the sources of `coax.toml` and publishes a release.
//!
//! Exit status: 0 published or unchanged, 1 refused or failed, 2 bad configuration or arguments, 3 published or unchanged,
//! but a source gave nothing that could be taken: what it gave last stands for it, if there is any.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use contract::config::{Config, ConfigError, Place, Skip};
use contract::disk::Data;
use contract::log;
use contract::owner::become_owner;
use contract::release::{Change, Releases};
use contract::say::{complain, document, say};
use contract::source::Source;
use ingest::{Changes, Progress, Report, RunNow, Settings, Told};
use serde::Serialize;

/// Reads sources and publishes releases.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    place: Place,
    /// How to write log lines.
    #[arg(long, global = true, default_value = "text", env = "COAX_LOG_FORMAT")]
    log_format: log::Format,
    /// Prints what there is to say as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reads all sources once and publishes what they gave.
    Run {
        /// Takes what would be refused as too small.
        #[arg(long)]
        accept: bool,
        /// Says what would be published and changes nothing.
        #[arg(long)]
        dry_run: bool,
        /// Keeps every input in an empty folder, without credentials, hosts and tokens.
        #[arg(long, value_name = "DIR", conflicts_with_all = ["dry_run", "replay"])]
        record: Option<PathBuf>,
        /// Runs as was recorded in a folder, asks nobody, and says whether it makes the same release; in the folder of
        /// `--data`, which must be empty, or in one that is gone afterwards.
        #[arg(long, value_name = "DIR", conflicts_with_all = ["dry_run", "accept"])]
        replay: Option<PathBuf>,
    },
    /// Runs when it is time and on SIGUSR1, until it is stopped.
    Schedule,
    /// Tells what is different between two releases.
    Diff {
        /// The older one; without it, the one before the current.
        from: Option<u32>,
        /// The newer one; without it, the current.
        to: Option<u32>,
    },
    /// Tells which guide channel each channel has and why, from what was read last.
    Match {
        /// Writes what was found by names to a new file, to be reviewed and merged into the aliases.
        #[arg(long, value_name = "FILE")]
        export: Option<std::path::PathBuf>,
    },
    /// Makes an older release the current one.
    Rollback {
        /// Which; without it, the one before the current.
        number: Option<u32>,
    },
    /// Lists the releases that are kept.
    List,
    /// Checks a release: files, entries, everything that refers to something else; exit status 1 if anything is wrong.
    Verify {
        /// Which; without it, the current one.
        number: Option<u32>,
    },
}

type Configuration = Config<Settings, Skip, Skip>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::init(arguments.log_format);
    // Before there is a second thread. What is wrong with the configuration is told when it is read for use.
    if let Ok(configuration) = arguments.place.load::<Skip, Skip, Skip, Skip>()
        && let Err(error) = become_owner(&configuration.data())
    {
        complain(format_args!(
            "cannot go on as the owner of {}: {error}",
            configuration.data().path().display()
        ));
        return ExitCode::FAILURE;
    }
    start(arguments)
}

#[tokio::main]
async fn start(arguments: Arguments) -> ExitCode {
    if let Command::Run { replay: Some(folder), .. } = &arguments.command {
        return replay(folder, &arguments).await;
    }
    let configuration = match configuration(&arguments) {
        Ok(configuration) => configuration,
        Err(error) => {
            complain(error);
            return ExitCode::from(2);
        }
    };
    let data = configuration.data();
    let written = written(&arguments);
    match execute(arguments.command, (configuration, written), &Say { json: arguments.json }).await {
        Ok(code) => code,
        Err(error) => {
            complain(ingest::explain(&error, &data));
            ExitCode::FAILURE
        }
    }
}

fn configuration(arguments: &Arguments) -> Result<Configuration, ConfigError> {
    let configuration: Configuration = arguments.place.load()?;
    let publishes = matches!(arguments.command, Command::Run { .. } | Command::Schedule);
    if publishes && configuration.source.is_empty() {
        let what = "no source is configured: add a [[source]] to coax.toml, or set XTREAM_BASE_URL, XTREAM_USERNAME \
                    and XTREAM_PASSWORD";
        return Err(ConfigError::new(arguments.place.name(), what));
    }
    Ok(configuration)
}

/// `[ingest]` as it is written.
fn written(arguments: &Arguments) -> Option<toml::Table> {
    let text = std::fs::read_to_string(arguments.place.file()?).ok()?;
    toml::from_str::<toml::Table>(&text).ok()?.get("ingest")?.as_table().cloned()
}

/// A run that asks nobody: the configuration is that of the tape.
async fn replay(folder: &Path, arguments: &Arguments) -> ExitCode {
    let data = arguments.place.data.as_ref().map(Data::new);
    let replayed = async {
        let replayed = ingest::replay(folder, data.as_ref()).await?;
        Say { json: arguments.json }.one(&replayed)?;
        anyhow::Ok(if replayed.is_same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    };
    match replayed.await {
        Ok(code) => code,
        Err(error) => {
            complain(ingest::explain(&error, data.as_ref().unwrap_or(&Data::new(folder))));
            ExitCode::FAILURE
        }
    }
}

async fn execute(
    command: Command,
    (configuration, written): (Configuration, Option<toml::Table>),
    say: &Say,
) -> anyhow::Result<ExitCode> {
    let data = configuration.data();
    let sources = &configuration.source;
    let releases = Releases::new(data.clone());
    match command {
        Command::Run { accept, dry_run, record, .. } => {
            let settings = Settings { accept, ..configuration.ingest };
            return if let Some(folder) = record {
                let settings = (&settings, written.as_ref());
                let report = ingest::record(&data, sources, settings, &Progress::detect(), &folder).await?;
                say.one(&report)?;
                Ok(status(&report))
            } else if dry_run {
                let rehearsal = ingest::rehearse(&data, sources, &settings, &Progress::detect()).await?;
                say.one(&rehearsal)?;
                Ok(status(&rehearsal.report))
            } else {
                run(&data, sources, &settings, say).await
            };
        }
        Command::Schedule => {
            let run_now = RunNow::default();
            // What providers refuse to a relay is known there.
            let telling = ingest::notify(data.clone(), configuration.ingest.clone(), BTreeMap::new);
            let telling = tokio::spawn(telling);
            let scheduled =
                ingest::schedule(&data, sources, &configuration.ingest, &run_now, stopped()).await;
            telling.abort();
            scheduled?;
        }
        Command::Diff { from, to } => say.one(&diff(&releases, from, to)?)?,
        Command::Match { export } => {
            let review = ingest::review(&data, sources, &configuration.ingest)?;
            match export {
                Some(file) => review.export(&file)?,
                None => say.one(&review)?,
            }
        }
        Command::Rollback { number } => {
            let lock = releases.lock()?.context("a run is going on; try again when it is done")?;
            let before = releases.current();
            say.one(&RolledBack { current: releases.rollback(&lock, number)?, before })?;
        }
        Command::List => say.all(&ingest::kept(&releases)?)?,
        Command::Verify { number } => {
            let number = number.or_else(|| releases.current()).context("there is no release")?;
            is_kept(&releases, number)?;
            let verified = ingest::verify(&releases, number);
            say.one(&verified)?;
            return Ok(if verified.sound { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn status(report: &Report) -> ExitCode {
    match (report.is_whole(), report.is_success()) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => ExitCode::from(3),
        (false, false) => ExitCode::FAILURE,
    }
}

/// One run; whoever wants to know is told, also of one that failed.
async fn run(data: &Data, sources: &[Source], settings: &Settings, say: &Say) -> anyhow::Result<ExitCode> {
    let outcome = ingest::run(data, sources, settings, &Progress::detect()).await;
    for note in ingest::tell(settings, &outcome).await {
        complain(note);
    }
    let report = outcome?;
    say.one(&report)?;
    if report.is_success() {
        // Not a part of what is said about the run, which machines read; nor of its exit status: what it has published is
        // published, and the next one fills what is missing.
        match ingest::fill(data, sources, settings, &Progress::detect()).await {
            Ok(filled) if filled.asked == 0 => {}
            Ok(filled) => {
                complain(format_args!("details: asked for {}, answered {}", filled.asked, filled.answered));
            }
            Err(error) => complain(format_args!("details: {}", ingest::explain(&error, data))),
        }
    }
    Ok(status(&report))
}

fn diff(releases: &Releases, from: Option<u32>, to: Option<u32>) -> anyhow::Result<Difference> {
    let to = to.or_else(|| releases.current()).context("there is no release")?;
    let before = || releases.list().ok()?.into_iter().rev().find(|number| *number < to);
    let from = from.or_else(before).context("there is no release before it")?;
    is_kept(releases, from)?;
    is_kept(releases, to)?;
    let changes = ingest::between(Some(&releases.folder(from)), &releases.folder(to))?;
    Ok(Difference { from, to, changes })
}

/// # Errors
/// There is no such release.
fn is_kept(releases: &Releases, number: u32) -> anyhow::Result<()> {
    let kept = releases.folder(number).exists();
    anyhow::ensure!(kept, "there is no release {number:06}: `ingest list` tells which are kept");
    Ok(())
}

/// What `ingest diff` tells.
#[derive(Serialize)]
struct Difference {
    from: u32,
    to: u32,
    changes: Changes,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = Told { changes: &self.changes, examples: Change::EXAMPLES }.to_string();
        write!(f, "release {:06} to {:06}\n{}", self.from, self.to, told.trim_end())?;
        if told.is_empty() { write!(f, "nothing is different") } else { Ok(()) }
    }
}

/// What `ingest rollback` tells.
#[derive(Serialize)]
struct RolledBack {
    current: u32,
    before: Option<u32>,
}

impl fmt::Display for RolledBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "current is release {:06}", self.current)
    }
}

/// Until SIGTERM or Ctrl-C.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate()).expect("signals can be listened for");
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// The one place where this program speaks.
struct Say {
    json: bool,
}

impl Say {
    fn one(&self, what: &(impl Serialize + fmt::Display)) -> anyhow::Result<()> {
        Ok(if self.json { document(what) } else { say(what) }?)
    }

    fn all<T: Serialize + fmt::Display>(&self, list: &[T]) -> anyhow::Result<()> {
        if self.json {
            return Ok(document(list)?);
        }
        Ok(list.iter().try_for_each(say)?)
    }
}
