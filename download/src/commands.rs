//! What an operator types: `coax download ...`.
//!
//! Commands change the same rows as the worker, in the same way, and need no word with it: it notices within a quarter of a
//! second. So they do the same whether it is running or not.

mod add;
mod diff;
mod output;
mod parse;
mod queue;
mod record;
mod run;
mod show;
mod target;
mod when;
mod whereto;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use contract::config::{Config, Skip};
use contract::disk::Data;
use contract::say::{document, say};
use contract::source::BaseUrl;

use crate::Settings;
use crate::store::{self, By, Store};

/// What can be typed.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fetch and deliver what is queued, until stopped; `coax up` does so by itself where that is configured
    Run(run::Arguments),
    /// Queue films and episodes of the line-up
    Add(add::Arguments),
    /// Record a channel: a programme of the guide, or from one time to another
    Record(record::Arguments),
    /// What a list has that the line-up has not, or other lists
    Diff(diff::Arguments),
    /// What is read out of titles: lines in, JSON lines out
    Parse(parse::Arguments),
    /// What is queued, what goes on, and what has become of it
    Status(show::Arguments),
    /// Hold jobs where they are
    Pause(Jobs),
    /// Let jobs that are held go on
    Resume(Jobs),
    /// Want jobs no more: what is there of them is removed
    Cancel(Jobs),
    /// Try jobs again that have failed or were cancelled
    Retry(Jobs),
    /// Put jobs before all others
    Top(Jobs),
    /// Put jobs into another class: high, medium or low
    Priority(queue::Class),
    /// How many may go on at once; without an option, says how many
    Limits(queue::Limits),
    /// Where films and episodes are delivered
    Target {
        /// What of them
        #[command(subcommand)]
        command: target::Command,
    },
    /// What happened, oldest first
    Log(show::Log),
    /// Figures
    Stats,
    /// Write the queue and all that is known of it into one file, in use or not
    Backup {
        /// Such as jobs.db.gz
        file: PathBuf,
    },
    /// Put a backup in the place of what there is; nothing may be running
    Restore {
        /// What `backup` has written
        file: PathBuf,
    },
}

/// Which jobs.
#[derive(Debug, Args)]
pub struct Jobs {
    /// Their numbers, as `status` shows them
    #[arg(value_name = "JOB", required_unless_present = "all")]
    ids: Vec<i64>,
    /// All that it means something for
    #[arg(long, conflicts_with = "ids")]
    all: bool,
}

/// With what a command is carried out.
pub struct Desk {
    data: Data,
    settings: Settings,
    relay: BaseUrl,
    /// The file with the configuration, if there is one.
    config: Option<PathBuf>,
    /// Whether machines read what is printed.
    json: bool,
}

impl Desk {
    /// That of a configuration.
    ///
    /// # Errors
    /// `listen` is no address.
    pub fn new(config: &Config<Skip, Skip, Skip, Settings>, json: bool) -> anyhow::Result<Self> {
        let relay = match &config.download.relay {
            Some(relay) => relay.clone(),
            None => here(config.listen.parse().context("`listen` is no address")?)?,
        };
        let (data, settings) = (config.data(), config.download.clone());
        Ok(Self { data, settings, relay, config: config.file.clone(), json })
    }

    /// Carries out `command`.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub async fn run(&self, command: Command) -> anyhow::Result<ExitCode> {
        let done = match command {
            Command::Run(arguments) => return self.work(&arguments).await,
            Command::Restore { file } => {
                store::restore(&self.data, &file)?;
                self.say("restored; jobs that were being worked at begin anew", &())
            }
            Command::Target { command } => return self.target(command).await,
            Command::Add(arguments) => self.add(&arguments),
            Command::Record(arguments) => self.record(&arguments),
            Command::Diff(arguments) => self.diff(&arguments),
            Command::Parse(arguments) => arguments.run(),
            Command::Status(arguments) => self.status(&arguments),
            Command::Pause(jobs) => return self.act(store::Act::Pause, &jobs),
            Command::Resume(jobs) => return self.act(store::Act::Resume, &jobs),
            Command::Cancel(jobs) => return self.act(store::Act::Cancel, &jobs),
            Command::Retry(jobs) => return self.act(store::Act::Retry, &jobs),
            Command::Top(jobs) => return self.act(store::Act::Top, &jobs),
            Command::Priority(class) => return self.act(store::Act::Priority(class.class), &class.jobs),
            Command::Limits(limits) => self.limits(&limits),
            Command::Log(arguments) => self.log(&arguments),
            Command::Stats => self.stats(),
            Command::Backup { file } => {
                self.store()?.backup(&file, &By::command())?;
                self.say(&format!("written to {}", file.display()), &())
            }
        };
        done.map(|()| ExitCode::SUCCESS)
    }

    fn store(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&self.data)?)
    }

    /// Prints a line for people, or `value` for machines.
    fn say(&self, line: &str, value: &impl serde::Serialize) -> anyhow::Result<()> {
        Ok(if self.json { document(value) } else { say(line) }?)
    }
}

/// Where this machine reaches what listens at `address`.
///
/// # Errors
/// It is none.
pub fn here(address: SocketAddr) -> anyhow::Result<BaseUrl> {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    BaseUrl::new(&format!("http://{}", SocketAddr::new(ip, address.port()))).map_err(anyhow::Error::msg)
}
