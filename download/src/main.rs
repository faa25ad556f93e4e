//! `download`: films and episodes of the line-up to your own servers. The same as `coax download`.

use std::process::ExitCode;

use clap::Parser;
use contract::config::{Config, ConfigError, Place, Skip};
use contract::log::{self, Format};
use contract::owner::become_owner;
use contract::say::complain;
use download::{Command, Desk, Settings};

/// Fetches films and episodes, and delivers them to media servers.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Print for machines.
    #[arg(long, global = true)]
    json: bool,
    /// How to log.
    #[arg(long, global = true, value_enum, default_value_t, env = "COAX_LOG_FORMAT")]
    log_format: Format,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::init(arguments.log_format);
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            complain(format_args!("download: {error:#}"));
            ExitCode::from(if error.is::<ConfigError>() { 2 } else { 1 })
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config: Config<Skip, Skip, Skip, Settings> = arguments.place.load()?;
    // Before there is a second thread.
    become_owner(&config.data())?;
    let desk = Desk::new(&config, arguments.json)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(desk.run(arguments.command))
}
