//! Xtream panels: account, three lists of categories, three lists of entries, the guide, and details of films and
//! series.
//!
//! One request after the other for each account, as the apps of subscribers ask.

pub(crate) mod account;
mod collect;
pub(crate) mod document;
pub(crate) mod entries;
mod guide;
pub(crate) mod listings;
mod lists;
pub(crate) mod movie;
mod panel;
pub(crate) mod reading;
pub(crate) mod series;

use std::io;

use contract::bundle::Kind;
use contract::source::Source;

use collect::Collected;
pub(crate) use movie::movie;
pub(crate) use panel::{Panel, Question};
pub(crate) use series::{Episodes, SeasonFacts, series};

use crate::fetch::Fetcher;
use crate::gate::Gate;
use crate::gather::{Gathering, Taken};
use crate::harvest::{Head, List};
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
    let gate = Gate::new(run.data, source, run.settings);
    let mut collected = Collected::new(run, (source, &panel), last);
    for list in List::ALL {
        bar.step(list.word());
        if collected.categories(list).await? == 0 {
            // Fewer are a provider's choice; without any every entry would move to one that we make up.
            let before = last.and_then(|last| last.categories.get(&list)).map_or(0, Vec::len);
            gate.judge(&format!("{} categories", list.word()), 0, before as u64)?;
        }
    }
    for list in List::ALL {
        bar.step(list.word());
        collected.list(list).await?;
    }
    let zone = accounts.values().next().map(|account| account.zone.clone()).unwrap_or_default();
    let (harvest, odd) = collected.harvest(account::connections(&panel, &accounts), zone).await?;
    notes.extend(odd);
    notes.extend(judge(&harvest.head, last, gate, bar)?);

    let (harvest, guides) = guide::guides(run, panel, harvest.seen(run.now), bar, &mut notes).await;
    Ok(Taken { harvest: Some(harvest), guides, notes, ends })
}

fn disk(error: io::Error) -> String {
    format!("the harvest cannot be written: {}", crate::disk::words(&error))
}

/// Judges a harvest list by list.
fn judge(head: &Head, last: Option<&Head>, gate: Gate<'_>, bar: &Bar) -> Result<Vec<String>, String> {
    let (mut notes, mut refusals) = (Vec::new(), Vec::new());
    for list in List::ALL {
        let of = |head: &Head| head.counts.get(list.word()).copied().unwrap_or(0);
        match gate.judge(list.word(), of(head), last.map_or(0, of)) {
            Ok(note) => notes.extend(note),
            Err(why) => refusals.push(why),
        }
        bar.found(list.word(), of(head));
    }
    if !refusals.is_empty() {
        return Err(refusals.join("; ")); // all of them, so that all are confirmed by the same runs
    }
    let empty =
        List::ALL.into_iter().all(|list| head.counts.get(list.word()).is_none_or(|count| *count == 0));
    if empty { Err("all lists are empty".into()) } else { Ok(notes) }
}
