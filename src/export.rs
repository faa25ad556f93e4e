//! `coax export`: what is published as a folder of files, for a web server or a CDN.

use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use contract::config::{Config, Skip};
use contract::source::BaseUrl;
use serve::{Counts, Wanted};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder; a web server serves its `current`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Where the folder will be served; `public_base_url` unless it is said
    #[arg(long, value_name = "URL", value_parser = url)]
    url: Option<BaseUrl>,
    /// Where streams are: Coax, or a relay; the same unless it is said
    #[arg(long, value_name = "URL", value_parser = url)]
    streams: Option<BaseUrl>,
    /// Write this user's account and playlists as well; his password is read from standard input
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Leave out the listings of channels, which are of the time of the export
    #[arg(long)]
    no_listings: bool,
}

/// Exports, and says how far it is.
pub(crate) fn run(config: &Config<Skip, Skip, Skip>, arguments: Arguments) -> anyhow::Result<()> {
    let url = arguments.url.or_else(|| config.public_base_url.clone());
    let url = url.context("say where the folder will be served: --url https://tv.example")?;
    let streams = arguments.streams.unwrap_or_else(|| url.clone());
    let viewer = match arguments.user {
        Some(name) => Some((name, crate::user::given()?)),
        None => None,
    };
    let wanted = Wanted { url, streams, viewer, listings: !arguments.no_listings };
    let now = crate::user::now();
    let name = serve::export(&config.data(), &wanted, &arguments.folder, now, &mut say)?;
    let _ = writeln!(stderr(), "exported {name} to {}", arguments.folder.display());
    Ok(())
}

/// A line for each family of answers, which grows while somebody looks.
fn say(family: &'static str, Counts { files, written }: Counts, complete: bool) {
    let mut out = stderr().lock();
    let watched = out.is_terminal();
    let begin = if watched { "\r" } else { "" };
    let end = if complete { "\n" } else { "" };
    if complete || watched {
        // Who has stopped looking misses it; that is no reason to stop.
        let _ = write!(out, "{begin}{family:22} {files:>7} files, {written:>7} written{end}");
        let _ = out.flush();
    }
}

pub(crate) fn url(text: &str) -> Result<BaseUrl, String> {
    BaseUrl::new(text).map_err(str::to_owned)
}
