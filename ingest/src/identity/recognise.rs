//! Recognising what a provider has renumbered, by its name.
//!
//! When most of the ids that a source had are gone, or belong to other names now, while the names are still there, then
//! the provider has renumbered: a new epoch of his ids begins, and what is recognised inherits our number. The last good
//! harvest is gone through line by line, once to see whether that has happened, and twice more if it has.

use std::io;

use anyhow::Context as _;
use contract::disk::Data;
use contract::ids::Ledger;
use rustc_hash::{FxHashMap, FxHashSet};

use super::recognised::{Match, Now, Signs, signs};
use super::{key, scope, word};
use crate::harvest::{Harvest, Head, Item, Past, before};
use crate::line_up::Part;

/// What is counted of a kind.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    before: usize,
    /// Those whose id means the same name.
    same: usize,
}

/// Compares the harvest of `part`, if it is new, with the one before, and settles by which renumbering its ids count.
/// Answers what is to be told.
///
/// # Errors
/// The ledger cannot be written. A harvest before that cannot be read is none.
pub(crate) fn recognise(data: &Data, part: &mut Part, ledger: &mut Ledger) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    if !part.harvest.is_fresh() {
        return Ok(notes);
    }
    let source = part.source.name.as_str().to_owned();
    let head = match count(data, part) {
        Ok(Some((head, counted))) => {
            for item in Item::ALL {
                let Counted { before, same } = counted[item as usize];
                if (before - same) * 2 > before
                    && let Some(note) = renumbered(data, part, &head, item, ledger)?
                {
                    notes.push(note);
                }
            }
            Some(head)
        }
        Ok(None) => None,
        Err(error) => {
            tracing::warn!(%source, %error, "the last harvest cannot be compared with");
            None
        }
    };
    // Those that were not renumbered just now count as before.
    for item in Item::ALL {
        let epoch = match &head {
            Some(head) => head.epoch(item),
            None => ledger.epoch(&scope(&source, item)),
        };
        if epoch > 0 {
            part.harvest.head.epochs.entry(item).or_insert(epoch);
        }
    }
    Ok(notes)
}

fn count(data: &Data, part: &Part) -> io::Result<Option<(Head, [Counted; Item::ALL.len()])>> {
    let now = Item::ALL.map(|item| Now::by_id(&part.harvest, item));
    let mut counted = [Counted::default(); Item::ALL.len()];
    let mut names = SeriesNames::default();
    let head = before(data, &part.source.name, |past| {
        let signs = names.signs(past);
        let counted = &mut counted[past.item as usize];
        counted.before += 1;
        counted.same += usize::from(now[past.item as usize].same(&signs).is_some());
    })?;
    Ok(head.map(|head| (head, counted)))
}

/// The names of series, which are part of what an episode is called.
#[derive(Default)]
struct SeriesNames(FxHashMap<u64, u64>);

impl SeriesNames {
    fn signs(&mut self, past: &Past<'_>) -> Signs {
        let signs = match past.item {
            Item::Episode => {
                let series = self.0.get(&super::recognised::hash(&past.series)).copied().unwrap_or(0);
                Signs::of_episode(past.id, series, past.episode)
            }
            _ => signs(past.id, past.name, past.group),
        };
        if past.item == Item::Series {
            self.0.insert(signs.id, signs.name);
        }
        signs
    }
}

/// Pairs what was before with what is now. If most are found again, a new epoch begins.
fn renumbered(
    data: &Data,
    part: &mut Part,
    head: &Head,
    item: Item,
    ledger: &mut Ledger,
) -> anyhow::Result<Option<String>> {
    let source = part.source.name.as_str().to_owned();
    let (pairs, all) = pairs(data, part, head, item, ledger)
        .with_context(|| format!("source {source}: the last harvest cannot be read"))?;
    if pairs.len() * 2 <= all {
        return Ok(None);
    }
    let written = "the id ledger cannot be written";
    let known = known_epoch(&part.harvest, &source, item, &pairs, ledger);
    let epoch = match known {
        Some(epoch) => epoch,
        None => ledger.begin_epoch(&scope(&source, item)).context(written)?,
    };
    if item == Item::Series && part.harvest.entries(Item::Episode).is_empty() {
        // The episodes that details tell of are numbered with them.
        ledger.begin_epoch(&scope(&source, Item::Episode)).context(written)?;
    }
    let harvest: &Harvest = &part.harvest;
    let key = |at: u32| key(&source, item, epoch, harvest.id(&harvest.entries(item)[at as usize]));
    // Back to earlier ids: what is known under one keeps it, and nobody else may have it too.
    let mut owned = FxHashSet::default();
    if known.is_some() {
        let keys = (0..harvest.entries(item).len() as u32).map(key);
        owned.extend(keys.filter_map(|(space, key)| ledger.known(space, &key)));
    }
    for Match { now, id, joined } in &pairs {
        let (space, key) = key(*now);
        if *id > 0 && !owned.contains(id) {
            ledger.inherit(space, &key, *id).context(written)?;
        }
        if *joined > 0 {
            ledger.join(&key, *joined).context(written)?;
        }
    }
    part.harvest.head.epochs.insert(item, epoch);
    let word = match item {
        Item::Channel => "channels",
        Item::Movie => "films",
        Item::Series | Item::Episode => word(item),
    };
    let back = if known.is_some() { ", back to earlier ids" } else { "" };
    Ok(Some(format!("the provider renumbered {all} {word}{back}; {} recognised by name", pairs.len())))
}

/// The renumbering by which the ids of `harvest` count if the provider has gone back to ids that he had before: then they
/// mean again what they meant, also those of what was not there in the meantime.
fn known_epoch(harvest: &Harvest, source: &str, item: Item, pairs: &[Match], ledger: &Ledger) -> Option<u32> {
    /// How many renumberings back are looked at.
    const BACK: u32 = 8;
    /// How many of what is recognised must have the same number there, in percent.
    const AGREE: usize = 95;
    let newest = ledger.epoch(&scope(source, item));
    (newest.saturating_sub(BACK)..=newest).rev().find(|epoch| {
        let agrees = |pair: &&Match| {
            let (space, key) =
                key(source, item, *epoch, harvest.id(&harvest.entries(item)[pair.now as usize]));
            pair.id > 0 && ledger.known(space, &key) == Some(pair.id)
        };
        pairs.iter().filter(agrees).count() * 100 >= pairs.len() * AGREE
    })
}

/// Who was whom, and how many there were.
fn pairs(
    data: &Data,
    part: &Part,
    head: &Head,
    item: Item,
    ledger: &Ledger,
) -> io::Result<(Vec<Match>, usize)> {
    let source = part.source.name.as_str();
    let told = |past: &Past<'_>| {
        let (space, key) = key(source, item, head.epoch(item), past.id);
        (ledger.known(space, &key).unwrap_or(0), ledger.joined(&key).unwrap_or(0))
    };
    let mut now = Now::by_id(&part.harvest, item);
    let mut pairs = Vec::new();
    let mut all = 0;
    let mut names = SeriesNames::default();
    // What has kept its id and its name is itself, before anybody else may be.
    before(data, &part.source.name, |past| {
        let signs = names.signs(past);
        if past.item == item {
            all += 1;
            if let Some(at) = now.same(&signs) {
                now.take(at);
                let (id, joined) = told(past);
                pairs.push(Match { now: at, id, joined });
            }
        }
    })?;
    let ids = now;
    let mut now = Now::by_name_and_group(&part.harvest, item, &ids);
    let mut names = SeriesNames::default();
    let mut rest = Vec::new();
    before(data, &part.source.name, |past| {
        let signs = names.signs(past);
        if past.item == item && ids.same(&signs).is_none() {
            let (id, joined) = told(past);
            match now.next(&signs) {
                Some(at) => pairs.push(Match { now: at, id, joined }),
                None => rest.push((signs.name, Match { now: 0, id, joined })),
            }
        }
    })?;
    pairs.extend(now.by_unique_name(&part.harvest, item, rest));
    Ok((pairs, all))
}
