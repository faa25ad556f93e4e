//! What somebody may, as it is typed.

use anyhow::Context;
use clap::{Args, ValueEnum};
use contract::bundle::List;
use contract::user::{Change, Downloads, Groups, Sight, State};
use contract::zone::Zone;
use jiff::civil::Date;
use jiff::tz::TimeZone;

#[derive(Debug, Args)]
pub(crate) struct Rights {
    /// Streams at once; 0 is unlimited, and 1 is what a new user has
    #[arg(long, value_name = "N")]
    max_connections: Option<u32>,
    /// The last day (UTC) on which he may watch, or `never`
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = last_day)]
    expires: Option<LastDay>,
    /// Whether he is welcome
    #[arg(long, value_enum, value_name = "STATE")]
    state: Option<Word>,
    /// Whether apps are told that this is a trial
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    trial: Option<bool>,
    /// Whether he may administer; with `no`, his tokens for that are gone
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    admin: Option<bool>,
    /// What he may do with downloads: see how far they are, or choose them as well; who administers may do everything
    #[arg(long, value_enum, value_name = "ROLE")]
    downloads: Option<Downloads>,
    /// Whatever is worth remembering of him; nobody else sees it
    #[arg(long, value_name = "TEXT")]
    notes: Option<String>,
    /// A list that he may see, and no other: live, movies or series; may be said several times
    #[arg(long = "list", value_name = "LIST", value_parser = list)]
    lists: Vec<List>,
    /// He may see every list
    #[arg(long, conflicts_with = "lists")]
    all_lists: bool,
    /// A group that he may see, and no other; `*` stands for any text, as in "UK *"; may be said several times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// He may see every group
    #[arg(long, conflicts_with = "groups")]
    all_groups: bool,
    /// A group that he may not see, whatever --group says; may be said several times
    #[arg(long = "not-group", value_name = "GROUP")]
    not_groups: Vec<String>,
    /// There is no group that he may not see, but for what --group says
    #[arg(long, conflicts_with = "not_groups")]
    no_not_groups: bool,
    /// By which clock his apps tell when a part of the past began: UTC, as in our lists, unless they take that of the device:
    /// Europe/London, +05:30
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    catchup_zone: Option<Zone>,
}

#[derive(Clone, Copy, Debug)]
enum LastDay {
    Never,
    /// Unix time in seconds at which it is over.
    Until(u64),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Word {
    Active,
    Disabled,
    Banned,
}

impl Rights {
    /// Whether nothing is said.
    pub(crate) fn is_nothing(&self) -> bool {
        let Self { max_connections, expires, state, trial, admin, downloads, notes, catchup_zone, .. } = self;
        let said = [
            max_connections.is_some(),
            expires.is_some(),
            state.is_some(),
            trial.is_some(),
            admin.is_some(),
            downloads.is_some(),
            notes.is_some(),
            catchup_zone.is_some(),
        ];
        !said.contains(&true) && !self.speaks_of_sight()
    }

    /// What shall be different of one who sees so much.
    pub(crate) fn change(&self, sees: Sight) -> Change {
        Change {
            password: None,
            max_connections: self.max_connections,
            expires: self.expires.map(|expires| match expires {
                LastDay::Never => None,
                LastDay::Until(over) => Some(over),
            }),
            state: self.state.map(|word| match word {
                Word::Active => State::Active,
                Word::Disabled => State::Disabled,
                Word::Banned => State::Banned,
            }),
            trial: self.trial,
            admin: self.admin,
            downloads: self.downloads,
            notes: self.notes.clone(),
            sees: self.speaks_of_sight().then(|| self.sight(sees)),
            catchup_zone: self.catchup_zone.clone(),
        }
    }

    fn speaks_of_sight(&self) -> bool {
        let named = [&self.groups, &self.not_groups].iter().any(|names| !names.is_empty());
        named || !self.lists.is_empty() || self.all_lists || self.all_groups || self.no_not_groups
    }

    fn sight(&self, before: Sight) -> Sight {
        let named = |names: &[String]| names.iter().map(|name| Groups(name.clone())).collect::<Vec<_>>();
        let mut sees = before;
        if self.all_lists || !self.lists.is_empty() {
            sees.lists = (!self.all_lists).then(|| self.lists.clone());
        }
        if self.all_groups || !self.groups.is_empty() {
            sees.groups = (!self.all_groups).then(|| named(&self.groups));
        }
        if self.no_not_groups || !self.not_groups.is_empty() {
            sees.not_groups = named(&self.not_groups);
        }
        sees
    }
}

fn last_day(text: &str) -> anyhow::Result<LastDay> {
    if text == "never" {
        return Ok(LastDay::Never);
    }
    let day: Date = text.parse().context("expected a day such as 2037-12-31, or never")?;
    let over = day.tomorrow()?.to_zoned(TimeZone::UTC)?.timestamp().as_second();
    Ok(LastDay::Until(u64::try_from(over).ok().context("that day is before 1970")?))
}

fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("expected yes or no"),
    }
}

fn list(text: &str) -> Result<List, &'static str> {
    List::ALL.into_iter().find(|list| list.word() == text).ok_or("expected live, movies or series")
}

fn zone(text: &str) -> Result<Zone, &'static str> {
    Zone::of(text).ok_or("a zone is UTC, a name such as Europe/London, or an offset such as +05:30")
}
