//! `coax download add`.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use clap::Args;
use contract::library::title::Kind;
use contract::say::say;
use serde_json::json;

use super::Desk;
use super::whereto::target;
use crate::entry::{Entry, of_list};
use crate::job::{Priority, Wish};
use crate::line_up::{Choice, Chosen, For, LineUp, wish};
use crate::store::{Added, By, Store, now};

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
    /// Where to; if it is not said, each to the target that suits it best
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
        let whom = For { target, priority: arguments.priority, user: by.user.clone() };
        let chosen = LineUp::open(&self.data)?.choose(&choice, &whom)?;
        tell_of_missing(&chosen);
        ensure!(!chosen.wishes.is_empty(), "nothing of it is in the line-up");
        let wishes = self.directed(&store, chosen.wishes)?;
        if arguments.dry_run { self.would(&store, &wishes) } else { self.queued(&store, &wishes) }
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
        let whom = For { target, priority: arguments.priority, user: By::command().user };
        let entry = entries.into_iter().next().map(of_page);
        let wish = entry.and_then(|entry| wish(&entry, &whom));
        let wish = wish.context("the address is none that can be asked for: http://, or https://")?;
        let wishes = self.directed(&store, vec![wish])?;
        if arguments.dry_run { self.would(&store, &wishes) } else { self.queued(&store, &wishes) }
    }

    /// Makes jobs of wishes, and says how many there are for which target.
    pub(super) fn queued(&self, store: &Store, wishes: &[Wish]) -> anyhow::Result<()> {
        let added = store.add(wishes, &By::command(), &self.settings.rules(), now())?;
        let names = names(store)?;
        let mut targets: BTreeMap<&str, Vec<Added>> = BTreeMap::new();
        for (wish, added) in wishes.iter().zip(&added) {
            let name = names.get(&wish.target).map_or("", String::as_str);
            targets.entry(name).or_default().push(*added);
        }
        let ids = |all: &[Added], is_new: bool| -> Vec<i64> {
            let all = all.iter().filter(|it| matches!(it, Added::New(_)) == is_new);
            all.map(|it| it.id()).collect()
        };
        let line = |(name, all): (&&str, &Vec<Added>)| {
            let new = ids(all, true).len();
            format!("{new} queued for {name}, {} were already", all.len() - new)
        };
        let lines: Vec<String> = targets.iter().map(line).collect();
        let of_each = |(name, all): (&&str, &Vec<Added>)| {
            (name.to_string(), all.iter().map(|it| it.id()).collect::<Vec<i64>>())
        };
        let told = json!({
            // Where all of it goes, if that is one.
            "target": targets.keys().next().filter(|_| targets.len() == 1),
            "targets": targets.iter().map(of_each).collect::<BTreeMap<_, _>>(),
            "added": ids(&added, true),
            "there": ids(&added, false),
        });
        self.say(&lines.join("\n"), &told)
    }

    fn would(&self, store: &Store, wishes: &[Wish]) -> anyhow::Result<()> {
        if self.json {
            return self.say("", &wishes);
        }
        let names = names(store)?;
        for wish in wishes {
            let name = names.get(&wish.target).map_or("", String::as_str);
            say(format_args!("{}  {}  for {name}", wish.stream_id, super::show::title(wish)))?;
        }
        Ok(())
    }
}

/// What targets are called, by their ids.
fn names(store: &Store) -> anyhow::Result<BTreeMap<i64, String>> {
    Ok(store.targets()?.into_iter().map(|record| (record.id, record.name)).collect())
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
