//! `coax user token`: what somebody's devices show in place of name and password.

use anyhow::{bail, ensure};
use clap::Subcommand;
use contract::user::{Token, Users, check_device};
use serde_json::json;

use super::{edit, find, now, show};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Give a device a token; prints it, once
    Add {
        name: String,
        /// What it is for, such as "living room"
        device: String,
        /// For administering, and for nothing else
        #[arg(long)]
        admin: bool,
    },
    /// Show what was given to whom
    List { name: String },
    /// Take the token of a device back
    Revoke { name: String, device: String },
}

pub(super) fn run(users: &Users, command: Command, json: bool) -> anyhow::Result<()> {
    match command {
        Command::Add { name, device, admin } => {
            check_device(&device).map_err(anyhow::Error::msg)?;
            let user = find(users, &name)?;
            ensure!(
                !admin || user.admin,
                "{name} is no administrator; `coax user set {name} --admin yes` makes him one"
            );
            let (token, text) = Token::new(&device, admin, now());
            let mut added = Ok(());
            edit(users, &name, |user| added = user.give(token))?;
            added.map_err(|why| {
                anyhow::anyhow!("{why}; `coax user token revoke {name} \"{device}\"` takes one back")
            })?;
            let given = json!({ "name": name, "device": device, "token": text });
            show::done(&format!("{name} has a token for {device}"), &given, json)
        }
        Command::List { name } => show::tokens(&find(users, &name)?, json),
        Command::Revoke { name, device } => {
            let mut revoked = false;
            edit(users, &name, |user| revoked = user.take_back(&device))?;
            if !revoked {
                bail!("{name} has no token for {device}; `coax user token list {name}` shows those he has");
            }
            let taken = json!({ "name": name, "device": device });
            show::done(&format!("{name} has no token for {device} any more"), &taken, json)
        }
    }
}
