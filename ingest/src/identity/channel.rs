//! The ids of channels that several entries are.
//!
//! The channel owns its id; the entries are joined to it. So the id stays when the first of them goes, and when rules
//! take them apart again, the one whose own it is keeps it.

use contract::ids::Ledger;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{given, key_of};
use crate::harvest::Item;
use crate::line_up::{Part, Row};

/// The ids of channels that are joined, or once were.
#[derive(Default)]
pub(super) struct Channels {
    /// By part and entry of the row.
    pub(super) settled: FxHashMap<(u16, u32), u32>,
    /// Those whose first entry has gone.
    pub(super) heirs: FxHashSet<u32>,
}

/// Settles the ids of all channels that are joined, or once were.
///
/// # Errors
/// The ledger has no more ids, or cannot be written.
pub(super) fn claim(parts: &[Part], rows: &[Row], ledger: &mut Ledger) -> anyhow::Result<Channels> {
    let (mut settled, mut heirs) = (FxHashMap::default(), FxHashSet::default());
    if !ledger.has_joined() && rows.iter().all(|row| members(row).len() == 1) {
        return Ok(Channels::default());
    }
    let keys = |row: &Row| members(row).into_iter().map(|member| key_of(parts, Item::Channel, member).1);
    let mut claimed = FxHashSet::default();
    let mut open: Vec<(&Row, bool)> = Vec::new();
    // Owners first: a channel that has the entry to which an id was given.
    for row in rows {
        let own: Vec<Option<u32>> = keys(row).map(|key| ledger.known(STREAM, &key)).collect();
        let joined: Vec<u32> = keys(row).filter_map(|key| ledger.joined(&key)).collect();
        let owned = joined.iter().copied().find(|id| own.contains(&Some(*id)));
        let alone = own.iter().flatten().copied().next().filter(|_| joined.is_empty());
        match owned.or(alone).filter(|id| claimed.insert(*id)) {
            Some(_) if joined.is_empty() && own.len() == 1 => {}
            Some(id) => drop(settled.insert((row.part, row.entry), id)),
            None => open.push((row, !joined.is_empty())),
        }
    }
    // Then heirs: the entry to which the id was given has gone.
    open.retain(|(row, has_joined)| {
        let mut joined = keys(row).filter(|_| *has_joined).filter_map(|key| ledger.joined(&key));
        let Some(id) = joined.find(|id| claimed.insert(*id)) else { return true };
        settled.insert((row.part, row.entry), id);
        heirs.insert(id);
        false
    });
    for (row, _) in open {
        let mut key = key_of(parts, Item::Channel, (row.part, row.entry)).1;
        let mut id = given(ledger, STREAM, &key)?;
        while !claimed.insert(id) {
            key.push('+'); // its own id went to an heir
            id = given(ledger, STREAM, &key)?;
        }
        settled.insert((row.part, row.entry), id);
    }
    for row in rows {
        let Some(id) = settled.get(&(row.part, row.entry)) else { continue };
        let all: Vec<String> = keys(row).collect();
        for key in &all {
            // One that was never joined and is alone has its id by its own key.
            if all.len() > 1 || ledger.joined(key).is_some() || ledger.known(STREAM, key) != Some(*id) {
                ledger.join(key, *id)?;
            }
        }
    }
    Ok(Channels { settled, heirs })
}

const STREAM: contract::ids::Space = contract::ids::Space::Stream;

/// All entries of a channel, the principal one first.
fn members(row: &Row) -> Vec<(u16, u32)> {
    let others = row.more.iter().flat_map(|more| more.members.iter().copied());
    std::iter::once((row.part, row.entry)).chain(others).collect()
}
