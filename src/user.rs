//! `coax user`: who may watch.

mod password;
mod rights;
mod show;
mod token;

use anyhow::{bail, ensure};
use clap::Subcommand;
use contract::disk::Data;
use contract::user::{PasswordHash, User, Users, check_name};
use jiff::Timestamp;
use serde_json::json;

pub(crate) use self::password::given;
use self::password::{Obtained, Origin};
use self::rights::Rights;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Let somebody watch; prints a new password unless one is given
    Add {
        /// 1 to 64 of A-Z a-z 0-9 . _ -
        name: String,
        #[command(flatten)]
        password: Origin,
        #[command(flatten)]
        rights: Rights,
    },
    /// Show all users
    List,
    /// Show all that is known of somebody
    Show { name: String },
    /// Change what somebody may; what is not said stays as it is
    Set {
        name: String,
        #[command(flatten)]
        rights: Rights,
    },
    /// Give somebody a new password; prints it unless one is given
    Passwd {
        name: String,
        #[command(flatten)]
        password: Origin,
    },
    /// What somebody's devices may show in place of name and password
    Token {
        #[command(subcommand)]
        command: token::Command,
    },
    /// Let somebody watch no more
    Remove { name: String },
}

pub(crate) fn run(data: &Data, command: Command, json: bool) -> anyhow::Result<()> {
    let users = Users::new(data.clone());
    match command {
        Command::Add { name, password, rights } => add(&users, &name, &password, &rights, json),
        Command::List => show::list(&users.list()?, json),
        Command::Show { name } => show::one(&find(&users, &name)?, json),
        Command::Set { name, rights } => {
            ensure!(
                !rights.is_nothing(),
                "what shall be different? `coax user set --help` tells what can be"
            );
            let mut made = Ok(());
            edit(&users, &name, |user| made = make(&rights, user))?;
            made?;
            show::one(&find(&users, &name)?, json)
        }
        Command::Passwd { name, password } => {
            find(&users, &name)?; // before a password is asked for
            let password = password.obtain()?;
            let hash = password.hash();
            edit(&users, &name, |user| user.renew(hash))?;
            show::done(&format!("{name} has a new password"), &secret(&name, &password), json)
        }
        Command::Token { command } => token::run(&users, command, json),
        Command::Remove { name } => {
            let removed = users.edit(|all| {
                let before = all.len();
                all.retain(|user| user.name != name);
                all.len() < before
            })?;
            known(removed, &name)?;
            show::done(&format!("removed {name}"), &json!({ "name": name }), json)
        }
    }
}

fn add(users: &Users, name: &str, password: &Origin, rights: &Rights, json: bool) -> anyhow::Result<()> {
    check_name(name).map_err(anyhow::Error::msg)?;
    rights.change(Default::default()).check().map_err(anyhow::Error::msg)?; // before a password is asked for
    let password = password.obtain()?;
    let mut user = User::new(name, password.hash(), now());
    make(rights, &mut user)?;
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
    show::done(&format!("added {name}"), &secret(name, &password), json)
}

/// Makes of `user` what is said, or leaves him as he is.
fn make(rights: &Rights, user: &mut User) -> anyhow::Result<()> {
    let change = rights.change(user.sees.clone());
    change.check().map_err(anyhow::Error::msg)?;
    change.make(user, None);
    Ok(())
}

/// A password that we made is shown once; one that was given is known already.
fn secret(name: &str, password: &Obtained) -> serde_json::Value {
    match password.made() {
        Some(made) => json!({ "name": name, "password": made }),
        None => json!({ "name": name }),
    }
}

fn find(users: &Users, name: &str) -> anyhow::Result<User> {
    let found = users.list()?.into_iter().find(|user| user.name == name);
    known(found.is_some(), name)?;
    Ok(found.expect("it was just looked"))
}

fn edit(users: &Users, name: &str, edit: impl FnOnce(&mut User)) -> anyhow::Result<()> {
    let changed = users.edit(|all| all.iter_mut().find(|user| user.name == name).map(edit).is_some())?;
    known(changed, name)
}

fn known(is_there: bool, name: &str) -> anyhow::Result<()> {
    ensure!(is_there, "there is no user `{name}`; `coax user list` shows who there is");
    Ok(())
}

/// A user who may watch from now on, on so many screens at a time; 0 is as many as he likes.
pub(crate) fn new_user(name: &str, password: &str, max_connections: u32) -> User {
    User { max_connections, ..User::new(name, PasswordHash::new(password), now()) }
}

/// Unix time, in seconds.
pub(crate) fn now() -> u64 {
    Timestamp::now().as_second().unsigned_abs()
}
