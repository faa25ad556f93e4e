//! `coax download pause`, `resume`, `cancel`, `retry`, `top`, `priority`, `limits`.

use std::process::ExitCode;

use clap::Args;
use contract::say::say;

use super::{Desk, Jobs};
use crate::job::Priority;
use crate::store::{Act, By, Changed, Which, now};

/// `priority`.
#[derive(Debug, Args)]
pub struct Class {
    /// high, medium or low
    pub(super) class: Priority,
    #[command(flatten)]
    pub(super) jobs: Jobs,
}

/// `limits`.
#[derive(Debug, Args)]
pub struct Limits {
    /// Downloads
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    downloads: Option<u32>,
    /// Downloads from one account
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    per_account: Option<u32>,
    /// Transfers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    transfers: Option<u32>,
    /// As the configuration says again
    #[arg(long, conflicts_with_all = ["downloads", "per_account", "transfers"])]
    as_configured: bool,
}

impl Desk {
    /// Exit status 1 if something of it could not be done.
    pub(super) fn act(&self, act: Act, jobs: &Jobs) -> anyhow::Result<ExitCode> {
        let which = if jobs.all { Which::All } else { Which::These(&jobs.ids) };
        let answers = self.store()?.act(act, which, &By::command(), now())?;
        if self.json {
            self.say("", &answers)?;
        } else if answers.is_empty() {
            say("there is nothing to be done")?;
        }
        for answer in answers.iter().filter(|_| !self.json) {
            match (&answer.refused, answer.state) {
                (Some(why), _) => say(format_args!("{}  not done: {why}", answer.id)),
                (None, Some(state)) => say(format_args!("{}  {state}", answer.id)),
                (None, None) => say(answer.id),
            }?;
        }
        let all = answers.iter().all(|answer| answer.refused.is_none());
        Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    pub(super) fn limits(&self, limits: &Limits) -> anyhow::Result<()> {
        let store = self.store()?;
        let Limits { downloads, per_account, transfers, as_configured } = *limits;
        let changed = Changed { downloads, per_account, transfers };
        if as_configured {
            store.set_limits(None, &By::command(), now())?;
        } else if changed != Changed::default() {
            store.set_limits(Some(changed), &By::command(), now())?;
        }
        let now = store.limits(self.settings.limits())?;
        let line = format!(
            "{} downloads, {} from one account, {} transfers at once",
            now.downloads, now.per_account, now.transfers
        );
        self.say(&line, &now)
    }
}
