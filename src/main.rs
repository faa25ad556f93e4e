//! Coax: one cable in, every screen.
//!
//! ```text
//!              coax up: one process, one port
//!  sources ──▶ ingest ──release──▶ serve ──▶ lists, playlists, guide ──▶ apps
//!              (schedule)     └──▶ relay ──▶ streams ───────────────────▶ apps
//! ```
//!
//! This package composes the programs and knows nothing they know: [`up`] runs them together, [`demo`] puts a
//! synthetic provider before them, [`user`] edits who may watch, [`export`] makes files of what is served, [`strm`] a
//! library of it for media servers. [`doctor`] looks whether all is as it should be, [`status`] what is, and [`backup`] keeps what
//! cannot be had again.

mod announce;
mod backup;
mod cli;
mod demo;
mod doctor;
mod downloads;
mod export;
mod manual;
mod run_now;
mod status;
mod strm;
mod trial;
mod up;
mod user;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use contract::config::{ConfigError, Skip};
use contract::disk::Data;
use contract::owner::become_owner;
use contract::say::complain;
use download::Desk;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    httpd::return_memory();
    let cli = Cli::parse();
    contract::log::init(cli.log_format);
    // Two providers of cryptography could be linked in; the process must say which one before the first connection.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(cli.command.unwrap_or_else(cli::default_command)) {
        Ok(code) => code,
        Err(error) => {
            complain(format_args!("coax: {error:#}"));
            ExitCode::from(if error.is::<ConfigError>() { 2 } else { 1 })
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    // Before there is a second thread.
    match &command {
        Command::Up { place } | Command::User { place, .. } | Command::Download { place, .. } => {
            go_on_as_owner(&place.load::<Skip, Skip, Skip, Skip>()?.data())?;
        }
        // What root may says nothing of whom Coax runs as.
        Command::Doctor { place, .. } => {
            place.load::<Skip, Skip, Skip, Skip>().map_or(Ok(()), |config| go_on_as_owner(&config.data()))?;
        }
        _ => {}
    }
    match command {
        Command::Demo { data, listen } => runtime()?.block_on(demo::run(data, listen))?,
        Command::Up { place } => runtime()?.block_on(up::run(&place))?,
        Command::User { place, json, command } => {
            user::run(&place.load::<Skip, Skip, Skip, Skip>()?.data(), command, json)?;
        }
        Command::Export { place, arguments } => {
            export::run(&place.load::<Skip, Skip, Skip, Skip>()?, arguments)?
        }
        Command::Strm { place, arguments } => strm::run(&place.load::<Skip, Skip, Skip, Skip>()?, arguments)?,
        Command::Download { place, json, command } => {
            let desk = Desk::new(&place.load::<Skip, Skip, Skip, download::Settings>()?, json)?;
            return runtime()?.block_on(desk.run(command));
        }
        Command::Doctor { place, arguments } => return runtime()?.block_on(doctor::run(&place, &arguments)),
        Command::Status { place, arguments } => runtime()?.block_on(status::run(&place, &arguments))?,
        Command::Notify { place } => return runtime()?.block_on(cli::notify(&place)),
        Command::Backup { place, arguments } => backup::backup(&place, &arguments)?,
        Command::Restore { place, arguments } => backup::restore(&place, &arguments)?,
        Command::CheckConfig { place } => cli::check_config(&place)?,
        Command::Completions { shell } => manual::completions(shell)?,
        Command::Man { folder } => manual::man(&folder)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn go_on_as_owner(data: &Data) -> anyhow::Result<()> {
    become_owner(data).with_context(|| format!("cannot go on as the owner of {}", data.path().display()))
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    httpd::raise_file_limit();
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
