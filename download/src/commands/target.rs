//! `coax download target`.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use contract::bundle::Kind;
use contract::library::Style;

use super::Desk;
use super::show::size;
use crate::store::{By, Store, now};
use crate::target::{Health, Record, Status, Target};

/// What can be typed.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a folder a target: of this disk, one that is mounted here, or one of another machine
    Add {
        /// 1 to 64 letters, digits, `-` or `_`
        #[arg(value_parser = name)]
        name: String,
        /// Below which `Movies` and `Shows` are made: /FOLDER, sftp://USER@HOST/FOLDER, smb://USER@HOST/SHARE/FOLDER,
        /// rsync://USER@HOST/MODULE/FOLDER, or ssh://USER@HOST/FOLDER, which is rsync over ssh
        address: String,
        #[command(flatten)]
        options: Options,
    },
    /// Change what is said of a target; the rest stays
    Set {
        name: String,
        #[command(flatten)]
        options: Options,
        /// Take it out of use, or (off) back: jobs for it wait
        #[arg(long, value_name = "on|off", value_parser = on)]
        maintenance: Option<bool>,
    },
    /// Show all targets
    List,
    /// See whether a target can be reached and takes files, or all of them
    Test { name: Option<String> },
    /// Deliver to it no more; what is there stays
    Rm { name: String },
}

/// How it is delivered there.
#[derive(Debug, Args)]
pub struct Options {
    /// Where its password or private key is kept: env:NAME or file:/PATH
    #[arg(long, value_name = "PLACE")]
    secret: Option<String>,
    /// By what its machine is known over ssh: a line of known_hosts, or a fingerprint (SHA256:...)
    #[arg(long, value_name = "KEY")]
    host_key: Option<String>,
    /// What it is for: films, episodes, or all
    #[arg(long, value_name = "WHAT", value_parser = what)]
    only: Option<What>,
    /// Lines of a picture that it takes at least, such as 720; 0: any
    #[arg(long, value_name = "LINES")]
    min: Option<u32>,
    /// Lines of a picture that it takes at most; 0: any
    #[arg(long, value_name = "LINES")]
    max: Option<u32>,
    /// Whose spelling of names: jellyfin unless it is said
    #[arg(long, value_enum)]
    style: Option<Style>,
    /// Transfers to it at a time: 3 unless it is said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    parallel: Option<u32>,
    /// Bytes per second to it; 0: as many as there are
    #[arg(long, value_name = "BYTES")]
    limit: Option<u64>,
    /// Keep the files here as well (yes), or remove them once they are there (no)
    #[arg(long, value_name = "yes|no", value_parser = yes)]
    keep: Option<bool>,
}

impl Desk {
    pub(super) async fn target(&self, command: Command) -> anyhow::Result<ExitCode> {
        let store = self.store()?;
        match command {
            Command::Add { name, address, options } => {
                self.add_target(&store, name, &address, &options).await?
            }
            Command::Set { name, options, maintenance } => {
                let mut record = find(&store, &name)?;
                options.apply(&mut record);
                record.maintenance = maintenance.unwrap_or(record.maintenance);
                store.set_target(&record, &By::command(), now())?;
                self.say(&line(&record), &record)?;
            }
            Command::List => {
                let all = store.targets()?;
                let lines: Vec<String> = all.iter().map(line).collect();
                let nothing =
                    "there is no target yet; `coax download target add NAME FOLDER` makes one".to_owned();
                self.say(&if lines.is_empty() { nothing } else { lines.join("\n") }, &all)?;
            }
            Command::Test { name } => return self.test(&store, name.as_deref()).await,
            Command::Rm { name } => {
                store.remove_target(find(&store, &name)?.id, &By::command(), now())?;
                self.say(&format!("{name} is a target no more; what was delivered stays there"), &())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn add_target(
        &self,
        store: &Store,
        name: String,
        address: &str,
        options: &Options,
    ) -> anyhow::Result<()> {
        let mut record = Record { name, ..Record::at(address)? };
        options.apply(&mut record);
        let target = Target::open(&record)?;
        target.found().await?;
        record.health = target.health(now()).await;
        if let Some(why) = &record.health.error {
            anyhow::bail!("{} cannot be a target: {why}", record.name);
        }
        record.id = store.add_target(&record, &By::command(), now())?;
        store.set_health(record.id, &record.health, now())?;
        self.say(&line(&record), &record)
    }

    /// Exit status 1 if one is not well.
    async fn test(&self, store: &Store, name: Option<&str>) -> anyhow::Result<ExitCode> {
        let mut records = match name {
            Some(name) => vec![find(store, name)?],
            None => store.targets()?,
        };
        for record in &mut records {
            record.health = match Target::open(record) {
                Ok(target) => target.health(now()).await,
                Err(trouble) => {
                    Health { status: Status::Error, error: Some(trouble.to_string()), ..Health::default() }
                }
            };
            store.set_health(record.id, &record.health, now())?;
        }
        let lines: Vec<String> = records.iter().map(line).collect();
        self.say(&lines.join("\n"), &records)?;
        let all = records.iter().all(|record| record.health.status == Status::Online);
        Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Options {
    fn apply(&self, record: &mut Record) {
        record.secret = self.secret.clone().or(record.secret.take());
        record.host_key = self.host_key.clone().or(record.host_key.take());
        record.types = self.only.as_ref().map_or_else(|| record.types.clone(), |what| what.0.clone());
        let lines = |said: Option<u32>, before| said.map_or(before, |lines| (lines > 0).then_some(lines));
        record.min_q = lines(self.min, record.min_q);
        record.max_q = lines(self.max, record.max_q);
        record.style = self.style.unwrap_or(record.style);
        record.max_parallel = self.parallel.unwrap_or(record.max_parallel);
        record.bwlimit = self.limit.unwrap_or(record.bwlimit);
        record.cleanup = self.keep.map_or(record.cleanup, |keep| !keep);
    }
}

fn find(store: &Store, name: &str) -> anyhow::Result<Record> {
    let found = store.target_named(name)?;
    found.with_context(|| {
        format!("there is no target `{name}`; `coax download target list` shows which there are")
    })
}

fn line(record: &Record) -> String {
    let Health { status, space, rtt_ms, error, .. } = &record.health;
    let mut line = format!("{}  {}  {}", record.name, record.kind, [&*record.url, &*record.base].concat());
    line += &if record.maintenance { "  maintenance".to_owned() } else { format!("  {status}") };
    if let Some(space) = space {
        line += &format!("  {} of {} free", size(space.free), size(space.total));
    }
    line += &rtt_ms.map_or_else(String::new, |rtt| format!("  {rtt} ms"));
    line += &error.as_ref().map_or_else(String::new, |why| format!("  {why}"));
    line
}

fn name(text: &str) -> Result<String, &'static str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let good = (1..=64).contains(&text.len()) && text.bytes().all(fits);
    if good { Ok(text.into()) } else { Err("a target's name is 1 to 64 letters, digits, `-` or `_`") }
}

/// Kinds that a target is for; none are all.
#[derive(Clone, Debug)]
struct What(Vec<Kind>);

fn what(text: &str) -> Result<What, &'static str> {
    match text {
        "films" => Ok(What(vec![Kind::Movie])),
        "episodes" => Ok(What(vec![Kind::Episode])),
        "all" => Ok(What(Vec::new())),
        _ => Err("expected films, episodes or all"),
    }
}

fn on(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off"),
    }
}

fn yes(text: &str) -> Result<bool, &'static str> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("expected yes or no"),
    }
}
