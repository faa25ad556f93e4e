//! How programs speak to the operator: one line per event on standard error, fields rather than prose.

mod recent;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

pub use recent::{Line, recent};

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Without `RUST_LOG`: everything from `info` up, but for the scheduler, which tells there how it is made.
const USUAL: &str = "info,tokio_cron_scheduler=warn";

/// Starts logging. What is logged follows `RUST_LOG`; without it, everything from `info` up.
///
/// Called once, first thing in a program; a second call changes nothing.
pub fn init(format: Format) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL));
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let lines = match format {
        Format::Text => lines.with_ansi(colour).boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    let _ = tracing_subscriber::registry().with(filter).with(lines).with(recent::Keeping).try_init();
}
