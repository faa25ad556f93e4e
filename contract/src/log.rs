//! How programs speak to the operator: one line per event on standard error, fields rather than prose.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

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
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let _ = match format {
        Format::Text => builder.with_ansi(colour).try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
}
