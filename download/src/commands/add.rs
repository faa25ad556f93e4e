//! `coax download add`.

use anyhow::{Context, bail, ensure};
use clap::Args;
use contract::library::title::Kind;
use contract::say::say;
use serde_json::json;

use super::Desk;
use crate::entry::{Entry, of_list};
use crate::job::{Priority, Wish};
use crate::line_up::{Choice, Chosen, For, LineUp, wish};
use crate::store::{Added, By, Store, now};
use crate::target::Record;

/// What is queued, and where it goes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Films and episodes, by their ids in the lists
    #[arg(value_name = "ID")]
    ids: Vec<u32>,
    /// All episodes of a series that are known, by its id in the lists
    #[arg(long, value_name = "ID")]
    series: Vec<u32>,
    /// Of series, only these seasons
    #[arg(long, value_name = "N")]
    season: Vec<u32>,
    /// Films and series of groups with this in their name
    #[arg(long, value_name = "TEXT")]
    group: Option<String>,
    /// Films and series with this in their title; with --group, those of these groups
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// A film or an episode that is in no line-up, by its address: a file, HLS, DASH, or a page
    #[arg(long, value_name = "ADDRESS", requires = "title", conflicts_with_all = ["ids", "series", "group", "text"])]
    url: Option<String>,
    /// What that is called, as lists call it: "Film (2020)", "Show S01E02"
    #[arg(long, value_name = "TEXT", requires = "url")]
    title: Option<String>,
    /// Where to; needed if there are several targets
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// high, medium or low, in place of what the rules say
    #[arg(long, value_name = "CLASS")]
    priority: Option<Priority>,
    /// Say what would be queued, and queue nothing
    #[arg(long)]
    dry_run: bool,
}

impl Desk {
    pub(super) fn add(&self, arguments: &Arguments) -> anyhow::Result<()> {
        if let (Some(address), Some(title)) = (&arguments.url, &arguments.title) {
            return self.add_address(arguments, address, title);
        }
        let choice = Choice {
            ids: arguments.ids.clone(),
            series: arguments.series.clone(),
            seasons: arguments.season.clone(),
            group: arguments.group.clone(),
            text: arguments.text.clone(),
        };
        let nothing = choice.ids.is_empty() && choice.series.is_empty() && choice.group.is_none();
        ensure!(
            !nothing || choice.text.is_some(),
            "what shall be had? ids, --series, --group, --text or --url say so"
        );
        let store = self.store()?;
        let target = target(&store, arguments.target.as_deref())?;
        let by = By::command();
        let whom = For { target: target.id, priority: arguments.priority, user: by.user.clone() };
        let chosen = LineUp::open(&self.data)?.choose(&choice, &whom)?;
        tell_of_missing(&chosen);
        ensure!(!chosen.wishes.is_empty(), "nothing of it is in the line-up");
        if arguments.dry_run {
            return self.would(&chosen.wishes);
        }
        self.queued(&store, &target, &chosen.wishes)
    }

    /// Queues something that is in no line-up.
    fn add_address(&self, arguments: &Arguments, address: &str, title: &str) -> anyhow::Result<()> {
        // It is an entry of a list that has nothing else.
        let list = format!("#EXTM3U\n#EXTINF:-1,{}\n{}\n", title.replace(['\r', '\n'], " "), address.trim());
        let mut entries = Vec::new();
        let read = m3u::read(list.as_bytes(), |entry| {
            entries.push(of_list(&entry));
            Ok(())
        });
        read.context("this is no address")?;
        let store = self.store()?;
        let target = target(&store, arguments.target.as_deref())?;
        let whom = For { target: target.id, priority: arguments.priority, user: By::command().user };
        let entry = entries.into_iter().next().map(of_page);
        let wish = entry.and_then(|entry| wish(&entry, &whom));
        let wish = wish.context("the address is none that can be asked for: http://, or https://")?;
        if arguments.dry_run {
            return self.would(&[wish]);
        }
        self.queued(&store, &target, &[wish])
    }

    /// Makes jobs of wishes, and says how many there are.
    pub(super) fn queued(&self, store: &Store, target: &Record, wishes: &[Wish]) -> anyhow::Result<()> {
        let added = store.add(wishes, &By::command(), &self.settings.rules(), now())?;
        let new = added.iter().filter(|it| matches!(it, Added::New(_))).count();
        let there = added.len() - new;
        let told = json!({
            "target": target.name,
            "added": added.iter().filter(|it| matches!(it, Added::New(_))).map(|it| it.id()).collect::<Vec<_>>(),
            "there": added.iter().filter(|it| matches!(it, Added::There(_))).map(|it| it.id()).collect::<Vec<_>>(),
        });
        self.say(&format!("{new} queued for {}, {there} were already", target.name), &told)
    }

    fn would(&self, wishes: &[Wish]) -> anyhow::Result<()> {
        if self.json {
            return self.say("", &wishes);
        }
        for wish in wishes {
            say(format_args!("{}  {}", wish.stream_id, super::show::title(wish)))?;
        }
        Ok(())
    }
}

/// What somebody says to be a film or an episode is none of the channels that addresses without an ending are in lists.
fn of_page(entry: Entry) -> Entry {
    let kind = match entry.kind {
        Kind::Live if entry.episode.is_some() => Kind::Series,
        Kind::Live => Kind::Film,
        kind => kind,
    };
    Entry { kind, ..entry }
}

/// The target of a name, or the only one.
pub(super) fn target(store: &Store, name: Option<&str>) -> anyhow::Result<Record> {
    if let Some(name) = name {
        let found = store.target_named(name)?;
        return found.with_context(|| {
            format!("there is no target `{name}`; `coax download target list` shows which there are")
        });
    }
    let mut all = store.targets()?;
    match all.len() {
        0 => bail!("there is no target yet; `coax download target add NAME FOLDER` makes one"),
        1 => Ok(all.remove(0)),
        _ => bail!("there are several targets; `--target NAME` says which"),
    }
}

/// What was chosen and is not there is told, and the rest is queued.
fn tell_of_missing(chosen: &Chosen) {
    for id in &chosen.unknown {
        tracing::warn!(id, "is no film, episode or series of the line-up");
    }
    for id in &chosen.without_episodes {
        tracing::warn!(
            id,
            "nobody has asked for the episodes of this series yet; open it in an app, and try again"
        );
    }
}
