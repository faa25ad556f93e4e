//! `coax user`: who may watch.

use std::io::Read;

use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use contract::disk::Data;
use contract::user::{PasswordHash, State, User, Users, check_name, check_password};
use contract::zone::Zone;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rand::seq::IndexedRandom;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Let somebody watch; prints a new password unless one is given
    Add {
        /// 1 to 64 of A-Z a-z 0-9 . _ -
        name: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
        /// Streams at once; 0 is unlimited
        #[arg(long, value_name = "N", default_value_t = 1)]
        max_connections: u32,
        /// The last day (UTC) on which he may watch
        #[arg(long, value_name = "YYYY-MM-DD")]
        expires: Option<Date>,
        /// By which clock his apps tell when a part of the past began: Europe/London, +05:30
        #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
        catchup_zone: Zone,
    },
    /// Show all users
    List {
        /// For machines
        #[arg(long)]
        json: bool,
    },
    /// Let somebody watch no more
    Remove { name: String },
    /// Say by which clock somebody's apps tell when a part of the past began; UTC, as in our lists, unless they take that
    /// of the device
    CatchupZone {
        name: String,
        /// UTC, Europe/London, +05:30
        #[arg(value_parser = zone)]
        zone: Zone,
    },
    /// Give somebody a new password; prints it unless one is given
    Passwd {
        name: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
}

#[allow(clippy::print_stdout)]
pub(crate) fn run(data: &Data, command: Command) -> anyhow::Result<()> {
    let users = Users::new(data.clone());
    match command {
        Command::Add { name, password_stdin, max_connections, expires, catchup_zone } => {
            check_name(&name).map_err(anyhow::Error::msg)?;
            let password = Password::obtain(password_stdin)?;
            let expires = expires.map(end_of).transpose()?;
            let user = new_user(&name, &password.text, max_connections, expires);
            let user = User { catchup_zone, ..user };
            let added = users.edit(|all| {
                let free = all.iter().all(|other| other.name != name);
                if free {
                    all.push(user);
                }
                free
            })?;
            if !added {
                bail!("there is a user `{name}` already; `coax user passwd {name}` gives a new password");
            }
            println!("added {name}");
            password.show();
        }
        Command::List { json } => list(&users.list()?, json)?,
        Command::Remove { name } => {
            let removed = users.edit(|all| {
                let before = all.len();
                all.retain(|user| user.name != name);
                all.len() < before
            })?;
            known(removed, &name)?;
            println!("removed {name}");
        }
        Command::CatchupZone { name, zone } => {
            let changed = users.edit(|all| {
                let his = all.iter_mut().filter(|user| user.name == name);
                his.map(|user| user.catchup_zone = zone.clone()).count() > 0
            })?;
            known(changed, &name)?;
            println!("the apps of {name} tell times by the clock of {zone}");
        }
        Command::Passwd { name, password_stdin } => {
            known(users.list()?.iter().any(|user| user.name == name), &name)?; // before a password is asked for
            let password = Password::obtain(password_stdin)?;
            let hash = PasswordHash::new(&password.text);
            let changed = users.edit(|all| {
                let his = all.iter_mut().filter(|user| user.name == name);
                his.map(|user| user.password = hash.clone()).count() > 0
            })?;
            known(changed, &name)?;
            println!("{name} has a new password");
            password.show();
        }
    }
    Ok(())
}

/// A user who may watch from now on.
pub(crate) fn new_user(name: &str, password: &str, max_connections: u32, expires: Option<u64>) -> User {
    User {
        name: name.into(),
        password: PasswordHash::new(password),
        max_connections,
        expires,
        state: State::Active,
        trial: false,
        catchup_zone: Default::default(),
        created: Timestamp::now().as_second().unsigned_abs(),
    }
}

fn zone(text: &str) -> Result<Zone, &'static str> {
    Zone::of(text).ok_or("a zone is UTC, a name such as Europe/London, or an offset such as +05:30")
}

fn known(is_there: bool, name: &str) -> anyhow::Result<()> {
    ensure!(is_there, "there is no user `{name}`; `coax user list` shows who there is");
    Ok(())
}

struct Password {
    text: String,
    given: bool,
}

impl Password {
    fn obtain(from_stdin: bool) -> anyhow::Result<Self> {
        let text = if from_stdin { read()? } else { generate() };
        check_password(&text).map_err(anyhow::Error::msg)?;
        Ok(Self { text, given: from_stdin })
    }

    /// A password that we made is shown once; one that was given is known already.
    #[allow(clippy::print_stdout)]
    fn show(&self) {
        if !self.given {
            println!("password {}", self.text);
        }
    }
}

fn read() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .take(1024)
        .read_to_string(&mut text)
        .context("cannot read the password from standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Twelve characters that can be told apart on a television and typed with its remote control: 58 bits.
fn generate() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    (0..12).map(|_| *LETTERS.choose(&mut random).expect("there are letters") as char).collect()
}

/// The instant at which `date` is over, UTC.
fn end_of(date: Date) -> anyhow::Result<u64> {
    let over = date.tomorrow()?.to_zoned(TimeZone::UTC)?.timestamp().as_second();
    u64::try_from(over).ok().context("that day is before 1970")
}

#[allow(clippy::print_stdout)]
fn list(users: &[User], json: bool) -> anyhow::Result<()> {
    let now = Timestamp::now().as_second().unsigned_abs();
    let day = |seconds: u64| {
        let at = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        at.map_or_else(|| "?".into(), |at| at.strftime("%Y-%m-%d").to_string())
    };
    if json {
        let rows: Vec<_> = users
            .iter()
            .map(|user| {
                serde_json::json!({"name": user.name, "status": user.standing(now).word(), "created": user.created,
                                   "max_connections": user.max_connections, "expires": user.expires,
                                   "catchup_zone": user.catchup_zone})
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    let width = users.iter().map(|user| user.name.len()).max().unwrap_or(0).max(4);
    println!("{:width$}  {:8}  {:>9}  {:10}  {:10}", "NAME", "STATUS", "STREAMS", "LAST DAY", "CREATED");
    for user in users {
        let streams =
            if user.max_connections == 0 { "unlimited".into() } else { user.max_connections.to_string() };
        let last_day = user.expires.map_or_else(|| "never".into(), |expires| day(expires.saturating_sub(1)));
        let (name, status, created) = (&user.name, user.standing(now).word(), day(user.created));
        println!("{name:width$}  {status:8}  {streams:>9}  {last_day:10}  {created:10}");
    }
    Ok(())
}
