//! `coax status`: what is published, what the last run did, and what runs now.
//!
//! The former is read from the disk and is told whatever runs; the latter is asked of the program that listens where the
//! configuration says, as a monitor asks it.

mod shown;

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use contract::bundle::Section;
use contract::config::Place;
use contract::release::{Release, Releases};
use contract::run::LastRun;
use contract::say::{document, say};
use contract::user::Users;
use serde::Serialize;
use serde_json::Value;

use self::shown::Shown;
use crate::cli::{self, Settings};
use crate::doctor;

/// How long the program may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most of what it says, in bytes.
const MOST: usize = 16 << 20;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Print for machines
    #[arg(long)]
    json: bool,
}

/// All there is to say.
#[derive(Serialize)]
struct Status {
    /// Where the program listens.
    at: String,
    /// What it says of itself, as `/status.json`; `None` if it is not running, or tells only who has its key.
    running: Option<Value>,
    /// The published release.
    release: Option<Published>,
    /// All that are kept, oldest first.
    releases: Vec<u32>,
    /// What the last run did.
    run: Option<LastRun>,
    /// How many users there are, and how many of them may watch now.
    users: People,
}

/// The published release.
#[derive(Serialize)]
struct Published {
    number: u32,
    /// Unix time, in seconds.
    created: u64,
    live: usize,
    movies: usize,
    series: usize,
}

#[derive(Serialize)]
struct People {
    all: usize,
    active: usize,
}

/// Looks, asks and tells.
pub(crate) async fn run(place: &Place, arguments: &Arguments) -> anyhow::Result<()> {
    let settings = cli::load(place)?;
    let status = look(&settings).await?;
    if arguments.json {
        document(&status)?;
    } else {
        say(Shown(&status).to_string().trim_end())?;
    }
    Ok(())
}

async fn look(settings: &Settings) -> anyhow::Result<Status> {
    let data = settings.data();
    let releases = Releases::new(data.clone());
    let users = Users::new(data.clone()).list()?;
    let now = crate::user::now();
    let active = users.iter().filter(|user| user.profile(now).status == "Active").count();
    let at = doctor::local(settings.listen.parse().context("`listen` was checked")?);
    Ok(Status {
        running: ask(&at, settings).await,
        at,
        release: releases.current().and_then(|number| published(&releases, number)),
        releases: releases.list()?,
        run: LastRun::load(&data).context("run.json cannot be read")?,
        users: People { all: users.len(), active },
    })
}

fn published(releases: &Releases, number: u32) -> Option<Published> {
    let release = Release::open(&releases.folder(number)).ok()?;
    let count = |section| release.index.entries(section).len();
    Some(Published {
        number,
        created: release.manifest.created,
        live: count(Section::LiveStreams),
        movies: count(Section::VodStreams),
        series: count(Section::Series),
    })
}

/// What the program at `at` says of itself.
async fn ask(at: &str, settings: &Settings) -> Option<Value> {
    let mut request = doctor::client(PATIENCE).ok()?.get(format!("{at}/status.json"));
    if let Some(key) = &settings.relay.key {
        request = request.bearer_auth(key.reveal());
    }
    let answer = request.send().await.ok()?;
    let told = answer.status().is_success();
    serde_json::from_slice(&doctor::body(answer, MOST).await.ok()?).ok().filter(|_| told)
}
