//! `coax strm`: films and series as a folder of small files, each of which holds an address, for media servers that make
//! a library of them.
//!
//! ```text
//!  release ──▶ line_up ──films, series──▶ library::Places ──▶ tree ──▶ DIR/Movies, DIR/Shows
//!  details/ ──episodes──────────────────────┘                  └──▶ DIR/.coax-strm.jsonl    what it has written
//! ```

mod line_up;
mod record;
mod summary;
mod tree;
mod writing;

use std::io::{Write, stderr};
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use contract::config::{Config, Skip};
use contract::details::Details;
use contract::library::Style;
use contract::say::document;
use contract::source::BaseUrl;
use contract::user::{Standing, Users, check_password};

use crate::user::{given, now};
use line_up::LineUp;
use tree::Tree;
use writing::Writing;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder, which becomes `Movies` and `Shows`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Whose films and series; his password is read from standard input, or a token if nobody is named
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Where streams are, as the media server reaches them; `public_base_url` unless it is said
    #[arg(long, value_name = "URL", value_parser = crate::export::url)]
    url: Option<BaseUrl>,
    /// Whose spelling of names
    #[arg(long, value_enum, default_value_t)]
    style: Style,
    /// Write no .nfo: the media server finds out everything by itself
    #[arg(long)]
    no_nfo: bool,
    /// Let the folder's group read the addresses, which hold the password; otherwise only their owner may
    #[arg(long)]
    group: bool,
    /// Print what was done for machines
    #[arg(long)]
    json: bool,
}

/// Writes what has changed, and says how far it is.
pub(crate) fn run(config: &Config<Skip, Skip, Skip>, arguments: Arguments) -> anyhow::Result<()> {
    let url = arguments.url.or_else(|| config.public_base_url.clone());
    let url = url.context("say where streams are: --url http://192.168.1.5:8080")?;
    let (data, shown) = (config.data(), given()?);
    // SECURITY: it goes into addresses as it is.
    check_password(&shown)
        .map_err(|why| anyhow!("{why}; with another one, `coax user token add` gives a token"))?;
    let name = arguments.user.unwrap_or_default(); // none for a token
    let user = Users::new(data.clone()).check(&name, &shown);
    let user = user.with_context(|| match &*name {
        "" => "there is no such token; with a password say --user as well",
        _ => "there is no user of this name and password; `coax user list` tells who there is",
    })?;
    match user.standing(now()) {
        Standing::Active => {}
        other => bail!("{} may not watch ({}); `coax user show` tells until when", user.name, other.word()),
    }
    let line_up = LineUp::open(&data, &user.sees)?;
    let tree = Tree::open(&arguments.folder)
        .with_context(|| format!("{} cannot be used", arguments.folder.display()))?;
    let writing = Writing {
        line_up: &line_up,
        details: Details::new(&data),
        place: match &*name {
            "" => format!("{url}/{{form}}/{shown}/"),
            _ => format!("{url}/{{form}}/{name}/{shown}/"),
        },
        style: arguments.style,
        nfo: !arguments.no_nfo,
        access: if arguments.group { 0o640 } else { 0o600 },
    };
    let summary = writing.write(tree).with_context(|| format!("{}", arguments.folder.display()))?;
    if arguments.json {
        document(&summary)?;
    } else {
        write!(stderr(), "{summary}")?;
    }
    Ok(())
}
