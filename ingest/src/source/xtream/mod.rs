//! Xtream panels: account, three lists of categories, three lists of entries, the guide, and details of series.
//!
//! One request after the other for each account, as the apps of subscribers ask.

mod account;
mod details;
mod entries;
mod guide;
mod lists;
mod panel;

use std::time::Duration;

use contract::bundle::Kind;
use contract::source::Source;

pub(crate) use details::{Episodes, series};
pub(crate) use guide::guide;
pub(crate) use panel::{Failure, Panel};

use crate::Settings;
use crate::gate::Doubts;
use crate::harvest::{Category, Harvest, List};
use crate::progress::Bar;
use crate::state::Head;
use crate::{gate, harvest};

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

/// Everything but the guide, judged list by list against `last`: the first that is refused ends it.
///
/// # Errors
/// What is refused and why, in words without an address.
pub(crate) async fn harvest(
    panel: &Panel<'_>,
    source: &Source,
    settings: &Settings,
    last: Option<&Head>,
    now: u64,
    (bar, doubts): (&Bar, &mut Doubts),
) -> Result<(Harvest, Vec<String>), String> {
    let mut notes = Vec::new();
    let patience = settings.request_timeout;
    bar.step("account");
    let account = panel
        .insist(|| async {
            account::read(&panel.ask(account::question(patience)).await?.whole(1 << 20).await?, source)
        })
        .await
        .map_err(|failure| format!("account: {failure}"))?;
    if let Some(expires) = account.expires.filter(|expires| *expires < now + ENDS_SOON) {
        notes.push(format!("the account ends in {} h", expires.saturating_sub(now) / 3600));
    }
    let max_connections = source.max_connections.unwrap_or(account.max_connections);
    let mut harvest = Harvest { harvested: now, max_connections, ..Harvest::default() };
    for list in List::ALL {
        bar.step(list.word());
        let categories = lists::categories(panel, list, source, patience)
            .await
            .map_err(|failure| format!("{} categories: {failure}", list.word()))?;
        if categories.is_empty() {
            // Fewer are a provider's choice; without any every entry would move to one that we make up.
            let before = last.and_then(|last| last.categories.get(&list)).map_or(0, Vec::len);
            let what = format!("{} categories", list.word());
            notes.extend(gate::judge(doubts, &what, (0, before as u64), source, settings)?);
        }
        harvest.categories.insert(list, categories);
    }
    for list in List::ALL {
        bar.step(list.word());
        let (count, rejects) = fill(panel, list, source, patience, &mut harvest)
            .await
            .map_err(|failure| format!("{}: {failure}", list.word()))?;
        if rejects > 0 {
            notes.push(format!("{}: {rejects} unusable entries left out", list.word()));
        }
        let before = last.and_then(|last| last.counts.get(list.word())).copied().unwrap_or(0);
        notes.extend(gate::judge(doubts, list.word(), (count, before), source, settings)?);
        bar.found(list.word(), count);
    }
    if harvest.live.is_empty() && harvest.movies.is_empty() && harvest.series.is_empty() {
        return Err("all lists are empty".into());
    }
    Ok((harvest, notes))
}

/// Reads one list into its place. Answers how many entries there are, and how many were unusable.
async fn fill(
    panel: &Panel<'_>,
    list: List,
    source: &Source,
    patience: Duration,
    harvest: &mut Harvest,
) -> Result<(u64, usize), Failure> {
    async fn of<T: lists::Entry>(
        panel: &Panel<'_>,
        (list, categories): (List, &[Category]),
        source: &Source,
        patience: Duration,
        into: &mut Vec<T>,
    ) -> Result<(u64, usize), Failure> {
        let (entries, rejects) = lists::entries(panel, list, categories, source, patience).await?;
        *into = entries;
        Ok((into.len() as u64, rejects))
    }
    let harvest::Harvest { categories, live, movies, series, .. } = harvest;
    let from = (list, categories.get(&list).map_or(&[][..], Vec::as_slice));
    match list {
        List::Live => of(panel, from, source, patience, live).await,
        List::Movies => of(panel, from, source, patience, movies).await,
        List::Series => of(panel, from, source, patience, series).await,
    }
}
