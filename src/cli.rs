//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use contract::config::{Config, Place};
use contract::say::say;

/// The configuration, with the sections of all programs.
pub(crate) type Settings = Config<ingest::Settings, serve::Settings, relay::Settings, download::Settings>;

/// A television gateway: one cable in, every screen.
///
/// Without a command: `up` if there is a coax.toml here or in /etc/coax, or one or a provider in the environment, else `demo`.
#[derive(Debug, Parser)]
#[command(name = "coax", version)]
pub(crate) struct Cli {
    /// The form of log lines on standard error.
    #[arg(long, global = true, value_enum, default_value_t, env = "COAX_LOG_FORMAT")]
    pub log_format: contract::log::Format,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Everything at once, with a built-in synthetic provider: television within seconds, user `demo`, password `demo`
    Demo {
        /// Keep the demo's data in this folder instead of a temporary one
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Where to listen; by default port 8080 of this machine alone, or a free one if that is taken
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: Option<SocketAddr>,
    },
    /// Ingest on schedule, serve and relay, in one process on one port
    Up {
        #[command(flatten)]
        place: Place,
    },
    /// Who may watch
    User {
        #[command(flatten)]
        place: Place,
        /// Print for machines
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        command: crate::user::Command,
    },
    /// Write what is published into a folder that any web server can serve
    Export {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        arguments: crate::export::Arguments,
    },
    /// Write films and series as .strm and .nfo, for Jellyfin, Kodi, Plex and Emby
    Strm {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        arguments: crate::strm::Arguments,
    },
    /// Films and episodes to your own servers: what is queued, and where it goes
    Download {
        #[command(flatten)]
        place: Place,
        /// Print for machines
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        command: download::Command,
    },
    /// Look at everything that has to be right, and say what is wrong and what to do
    Doctor {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        arguments: crate::doctor::Arguments,
    },
    /// Say what is published, what the last run did, and what runs now
    Status {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        arguments: crate::status::Arguments,
    },
    /// Send a trial to everybody in [[ingest.notify]], to see whether it arrives
    Notify {
        #[command(flatten)]
        place: Place,
    },
    /// Write all that cannot be had again into one file: users, ids, keys, details, the configuration
    Backup {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        arguments: crate::backup::Arguments,
    },
    /// Put back what `coax backup` has written
    Restore {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        arguments: crate::backup::RestoreArguments,
    },
    /// Read the configuration and say what is wrong with it
    CheckConfig {
        #[command(flatten)]
        place: Place,
    },
    /// Print what makes a shell complete commands: `coax completions bash > /etc/bash_completion.d/coax`
    Completions { shell: clap_complete::Shell },
    /// Write manual pages into a folder: `coax man /usr/local/share/man/man1`
    Man {
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// What is done when nothing is said.
pub(crate) fn default_command() -> Command {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let place = Place { config: set("COAX_CONFIG").map(PathBuf::from), data: None };
    if place.file().is_some() || set("XTREAM_BASE_URL").is_some() {
        Command::Up { place }
    } else {
        Command::Demo { data: None, listen: None }
    }
}

/// The configuration of everything in one process.
pub(crate) fn load(place: &Place) -> anyhow::Result<Settings> {
    let mut settings: Settings = place.load()?;
    settings.serve.environment()?;
    settings.relay.environment()?;
    Ok(settings)
}

/// `coax check-config`: silence is not an answer, so it says what it found.
pub(crate) fn check_config(place: &Place) -> anyhow::Result<()> {
    let settings = load(place)?;
    say(format_args!("{}: ok", place.name()))?;
    say(format_args!("  data    {}", settings.data.display()))?;
    say(format_args!("  listen  {}", settings.listen))?;
    if settings.tls.is_on() {
        say(format_args!("  https   {}", settings.tls.listen))?;
    }
    for source in &settings.source {
        say(format_args!("  source  {}  {}", source.name, source.whereabouts()))?;
    }
    for device in &settings.hdhomerun {
        say(format_args!("  device  {}  as {}", device.name, device.user))?;
    }
    if settings.source.is_empty() {
        say("  source  none: add a [[source]], or set XTREAM_BASE_URL, XTREAM_USERNAME and XTREAM_PASSWORD")?;
    }
    Ok(())
}

/// `coax notify`: exit status 1 if somebody could not be told.
pub(crate) async fn notify(place: &Place) -> anyhow::Result<ExitCode> {
    let settings = load(place)?;
    anyhow::ensure!(!settings.ingest.notify.is_empty(), "nobody is told: there is no [[ingest.notify]]");
    let outcomes = ingest::try_notices(&settings.ingest).await;
    for (at, outcome) in outcomes.iter().enumerate() {
        let outcome = outcome.as_ref().map_or_else(String::as_str, |()| "told");
        say(format_args!("{}  {outcome}", at + 1))?;
    }
    Ok(if outcomes.iter().all(Result::is_ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example with every setting in force.
    fn uncommented() -> String {
        let example = include_str!("../coax.example.toml");
        let settings =
            example.lines().filter_map(|line| line.strip_prefix('#').filter(|text| !text.starts_with(' ')));
        settings.map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn the_example_shows_the_defaults() {
        let mut shown = Settings::parse(&uncommented(), "coax.example.toml").unwrap();
        assert!(
            !std::mem::take(&mut shown.ingest.rule).is_empty(),
            "rules are shown; there are none by default"
        );
        let real = Settings::default();
        let notify = std::mem::take(&mut shown.ingest.notify);
        assert_eq!(notify.len(), 1, "somebody is told, who by default is nobody");
        let usual = ingest::Notify { url: notify[0].url.clone(), ..ingest::Notify::default() };
        assert_eq!(format!("{:?}", notify[0]), format!("{usual:?}"));
        assert_eq!((&shown.data, &shown.listen), (&real.data, &real.listen));
        assert_eq!(shown.tls, real.tls);
        assert_eq!(format!("{:?}", shown.ingest), format!("{:?}", real.ingest));
        assert_eq!(format!("{:?}", shown.serve), format!("{:?}", real.serve));
        assert_eq!(format!("{:?}", shown.relay), format!("{:?}", real.relay));
        assert_eq!(format!("{:?}", shown.download), format!("{:?}", real.download));
        assert_eq!(shown.source[0].transport.user_agent, contract::source::USER_AGENT);
    }

    #[test]
    fn the_example_shows_every_setting() {
        let shown = uncommented();
        let sections =
            ["", "[tls]", "[[source]]", "[[hdhomerun]]", "[ingest]", "[[ingest.notify]]", "[serve]"];
        for section in sections.into_iter().chain(["[relay]", "[download]"]) {
            let (_, shown) = shown.split_once(section).unwrap();
            // A key that nobody has: the error lists those that there are.
            let error = Settings::parse(&format!("{section}\nno_such_key = 1"), "x").unwrap_err().to_string();
            let (_, valid) = error.split_once("(valid here: ").unwrap();
            for key in valid.trim_end_matches(')').split(", ") {
                let inner = format!("\n{}.{key}]", section.trim_end_matches(']'));
                let several = format!("\n[{}.{key}]]", section.trim_end_matches(']'));
                let there =
                    [format!("\n{key} = "), format!("\n[{key}]"), format!("\n[[{key}]]"), inner, several];
                let shown = format!("\n{shown}");
                assert!(there.iter().any(|form| shown.contains(form)), "{section} {key}");
            }
        }
    }
}
