//! Xtream panels: account, three lists of categories, three lists of entries, the guide, and details of films and
//! series.
//!
//! One request after the other for each account, as the apps of subscribers ask.

pub(crate) mod account;
pub(crate) mod document;
pub(crate) mod entries;
mod guide;
pub(crate) mod lists;
pub(crate) mod movie;
mod panel;
pub(crate) mod series;

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use contract::bundle::Kind;
use contract::source::Source;

pub(crate) use movie::movie;
use panel::Failure;
pub(crate) use panel::Panel;
pub(crate) use series::{Episodes, SeasonFacts, series};

use crate::fetch::Fetcher;
use crate::gate::Gate;
use crate::gather::{Gathering, Taken};
use crate::guide::Copy;
use crate::harvest::{Category, Head, List, Pushed, Writer};
use crate::line_up::item;
use crate::progress::Bar;

/// The account is told of as ending when it ends within this.
const ENDS_SOON: u64 = 7 * 86_400;

/// From where an entry can be received, below the panel's address.
pub(crate) fn path(kind: Kind, id: &str, container: &str) -> String {
    let folder = match kind {
        Kind::Live => "live",
        Kind::Movie => "movie",
        Kind::Episode => "series",
    };
    format!("/{folder}/{{username}}/{{password}}/{id}.{container}")
}

/// Asks a panel for everything, judged list by list against `last`: one that is refused refuses all.
///
/// # Errors
/// What is refused and why, in words without an address.
pub(crate) async fn gather(
    run: &Gathering<'_>,
    source: &Source,
    last: Option<&Head>,
    bar: &Bar,
) -> Result<Taken, String> {
    let panel = source.xtream().ok_or("it is no panel")?;
    let fetcher = Fetcher::new(source, run.fetching).map_err(|failure| failure.to_string())?;
    let panel = Panel::new(fetcher, panel);
    let mut notes = Vec::new();
    let patience = panel.patience();
    bar.step("account");
    let accounts =
        account::check(&panel, source, patience).await.map_err(|failure| format!("account: {failure}"))?;
    let ends = accounts.values().filter_map(|account| account.expires).min();
    if let Some(expires) = ends.filter(|expires| *expires < run.now + ENDS_SOON) {
        notes.push(format!("the account ends in {} h", expires.saturating_sub(run.now) / 3600));
    }
    let mut writer = Writer::new(run.data, &source.name).map_err(disk)?;
    let gate = Gate::new(run.data, source, run.settings);
    let mut refusals = Vec::new();
    let categories = all_categories(&panel, source, last, (bar, gate)).await?;
    for list in List::ALL {
        bar.step(list.word());
        let rejects = fill(&panel, (list, &categories[&list]), source, patience, &mut writer)
            .await
            .map_err(|failure| format!("{}: {failure}", list.word()))?;
        if rejects > 0 {
            notes.push(format!("{}: {rejects} unusable entries left out", list.word()));
        }
        let count = writer.count(item(list)).into();
        let before = last.and_then(|last| last.counts.get(list.word())).copied().unwrap_or(0);
        match gate.judge(list.word(), count, before) {
            Ok(note) => notes.extend(note),
            Err(why) => refusals.push(why),
        }
        bar.found(list.word(), count);
    }
    if !refusals.is_empty() {
        return Err(refusals.join("; ")); // all of them, so that all are confirmed by the same runs
    }
    if List::ALL.into_iter().all(|list| writer.count(item(list)) == 0) {
        return Err("all lists are empty".into());
    }
    for (list, categories) in categories {
        writer.categories(list, categories);
    }
    let harvest = writer.finish(run.now, account::connections(&panel, &accounts)).map_err(disk)?;

    bar.step("guide");
    let mut copy = Copy::last(run.data, &source.name, guide::NAME);
    if let Err(why) = guide::guide(&panel, &mut copy).await {
        let had = if copy.exists() { "the last one is kept" } else { "there is none" };
        notes.push(format!("guide: {why}; {had}"));
    }
    Ok(Taken { harvest: Some(harvest), guides: vec![copy], notes })
}

fn disk(error: io::Error) -> String {
    format!("the harvest cannot be written: {}", crate::disk::words(&error))
}

async fn all_categories(
    panel: &Panel<'_>,
    source: &Source,
    last: Option<&Head>,
    (bar, gate): (&Bar, Gate<'_>),
) -> Result<BTreeMap<List, Vec<Category>>, String> {
    let mut all = BTreeMap::new();
    for list in List::ALL {
        bar.step(list.word());
        let categories = lists::categories(panel, list, source, panel.patience())
            .await
            .map_err(|failure| format!("{} categories: {failure}", list.word()))?;
        if categories.is_empty() {
            // Fewer are a provider's choice; without any every entry would move to one that we make up.
            let before = last.and_then(|last| last.categories.get(&list)).map_or(0, Vec::len);
            gate.judge(&format!("{} categories", list.word()), 0, before as u64)?;
        }
        all.insert(list, categories);
    }
    Ok(all)
}

/// Reads one list into the harvest. Answers how many entries were unusable.
async fn fill(
    panel: &Panel<'_>,
    (list, categories): (List, &[Category]),
    source: &Source,
    patience: Duration,
    writer: &mut Writer,
) -> Result<usize, Failure> {
    async fn of<T: lists::Entry>(
        panel: &Panel<'_>,
        (list, categories): (List, &[Category]),
        source: &Source,
        patience: Duration,
        write: impl FnMut(&T) -> io::Result<Pushed>,
    ) -> Result<usize, Failure> {
        let (entries, rejects) = lists::entries::<T>(panel, list, categories, source, patience).await?;
        let written: io::Result<Vec<Pushed>> = entries.iter().map(write).collect();
        written.map_err(|error| Failure::Refused(disk(error)))?;
        Ok(rejects)
    }
    let from = (list, categories);
    match list {
        List::Live => of(panel, from, source, patience, |it| writer.channel(it)).await,
        List::Movies => of(panel, from, source, patience, |it| writer.movie(it)).await,
        List::Series => of(panel, from, source, patience, |it| writer.series(it)).await,
    }
}
