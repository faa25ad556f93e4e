//! `ingest`: reads the sources of `coax.toml` and publishes a release.
//!
//! Exit status: 0 published or unchanged, 1 refused or failed, 2 bad configuration or arguments.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use contract::config::{Config, ConfigError, Place, Skip};
use contract::disk::Data;
use contract::log;
use contract::release::Releases;
use ingest::{Progress, RunNow, Settings};

/// Reads sources and publishes releases.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    place: Place,
    /// How to write log lines.
    #[arg(long, global = true, default_value = "text")]
    log_format: log::Format,
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
        /// Prints the report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Runs when it is time, until it is stopped.
    Schedule,
    /// Counts what came and went between two releases.
    Diff {
        /// The older one; without it, the one before the current.
        from: Option<u32>,
        /// The newer one; without it, the current.
        to: Option<u32>,
    },
    /// Makes an older release the current one.
    Rollback {
        /// Which; without it, the one before the current.
        number: Option<u32>,
    },
    /// Lists the releases that are kept.
    List,
    /// Compares the files of a release with their hashes.
    Verify {
        /// Which; without it, the current one.
        number: Option<u32>,
    },
}

type Configuration = Config<Settings, Skip, Skip>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::init(arguments.log_format);
    let configuration = match configuration(&arguments) {
        Ok(configuration) => configuration,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match execute(arguments.command, configuration).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
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

async fn execute(command: Command, configuration: Configuration) -> anyhow::Result<ExitCode> {
    let data = configuration.data();
    let sources = &configuration.source;
    match command {
        Command::Run { accept, json } => {
            let settings = Settings { accept, ..configuration.ingest };
            let report = ingest::run(&data, sources, &settings, &Progress::detect()).await?;
            say(&if json { serde_json::to_string_pretty(&report)? } else { report.to_string() });
            return Ok(if report.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Schedule => ingest::schedule(&data, sources, &configuration.ingest, &RunNow::default(), stopped()).await?,
        Command::Diff { from, to } => diff(&data, from, to)?,
        Command::Rollback { number } => {
            let releases = Releases::new(data);
            let lock = releases.lock()?.context("a run is going on; try again when it is done")?;
            say(&format!("current is release {:06}", releases.rollback(&lock, number)?));
        }
        Command::List => list(&data)?,
        Command::Verify { number } => {
            let releases = Releases::new(data);
            let number = number.or_else(|| releases.current()).context("there is no release")?;
            let files = releases.verify(number)?.files.len();
            say(&format!("release {number:06}: {files} files, all as published"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn diff(data: &Data, from: Option<u32>, to: Option<u32>) -> anyhow::Result<()> {
    let releases = Releases::new(data.clone());
    let to = to.or_else(|| releases.current()).context("there is no release")?;
    let before = || releases.list().ok()?.into_iter().rev().find(|number| *number < to);
    let from = from.or_else(before).context("there is no release before it")?;
    say(&format!("release {from:06} to {to:06}"));
    let changes = ingest::between(Some(&releases.folder(from)), &releases.folder(to))?;
    say(&ingest::Told { changes: &changes, examples: 10 }.to_string());
    Ok(())
}

fn list(data: &Data) -> anyhow::Result<()> {
    let releases = Releases::new(data.clone());
    let current = releases.current();
    for number in releases.list()? {
        let mark = if current == Some(number) { "current" } else { "" };
        let told = match releases.manifest(number) {
            Ok(manifest) => {
                let size: u64 = manifest.files.iter().map(|file| file.size).sum();
                let created = jiff::Timestamp::from_second(manifest.created as i64)?;
                format!("{created}  {:8.1} MB", size as f64 / 1e6)
            }
            Err(error) => error.to_string(),
        };
        say(format!("{number:06}  {told}  {mark}").trim_end());
    }
    Ok(())
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

#[allow(clippy::print_stdout)] // the one place where this program speaks
fn say(line: &str) {
    println!("{line}");
}
