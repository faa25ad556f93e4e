//! From rows to places: our ids, our categories, and what is in no list.

use std::collections::{BTreeMap, HashMap};

use super::groups::Groups;
use super::table::{Row, Table};
use super::{Episode, Part, Placed, Told, item};
use crate::harvest::{Address, Channel, Item, List, Movie};
use crate::identity::Identity;

/// A list, done.
pub(super) struct Done {
    pub(super) placed: Vec<Placed>,
    pub(super) hidden: Vec<Placed>,
    pub(super) groups: Groups,
    /// What cannot be relayed.
    pub(super) note: Option<String>,
}

/// Gives the rows of `list` their ids, in display order.
///
/// # Errors
/// The ledger has no more ids, or cannot be written.
pub(super) fn place(table: &mut Table<'_>, list: List, identity: &mut Identity<'_>) -> anyhow::Result<Done> {
    let mut taken = table.take(list);
    let mut foreign: BTreeMap<String, u64> = BTreeMap::new();
    for row in &mut taken.rows {
        if let Some(scheme) = scheme(table, list, row) {
            row.hidden = true;
            *foreign.entry(scheme).or_default() += 1;
        }
    }
    identity.claim(list, &taken.rows)?;
    // Categories first: they are numbered in display order, others that entries are in besides behind them.
    for row in taken.rows.iter().filter(|row| !row.hidden) {
        taken.groups.number(list, identity.ledger(), row.group)?;
    }
    for row in taken.rows.iter().filter(|row| !row.hidden) {
        number_others(table, list, row, &mut taken.groups, identity)?;
    }
    let hidden: Vec<Row> = taken.rows.extract_if(.., |row| row.hidden).collect();
    let groups = taken.groups;
    let mut num = 0;
    let mut placed = |row: Row| {
        num += 1;
        let id = identity.id(list, &row)?;
        let Row { part, adult, regrouped, entry, group, name, number, more, .. } = row;
        let category = groups.id(group).unwrap_or(0);
        let num = if list == List::Live { number.code() } else { num };
        anyhow::Ok(Placed { id, num, category, entry, name, part, adult, regrouped, more })
    };
    // A row and a place have one size, so that the places come to stand where the rows were.
    let shown = taken.rows.into_iter().map(&mut placed).collect::<anyhow::Result<Vec<Placed>>>()?;
    let hidden = hidden.into_iter().map(&mut placed).collect::<anyhow::Result<Vec<Placed>>>()?;
    Ok(Done { placed: shown, hidden, groups, note: note(list, &foreign) })
}

/// Numbers the groups that an entry is in besides the principal one.
fn number_others(
    table: &Table<'_>,
    list: List,
    row: &Row,
    groups: &mut Groups,
    identity: &mut Identity<'_>,
) -> anyhow::Result<()> {
    if row.regrouped {
        for group in row.more.iter().flat_map(|more| &more.categories) {
            groups.number(list, identity.ledger(), *group)?;
        }
        return Ok(());
    }
    let part = &table.parts[usize::from(row.part)];
    for place in part.harvest.places(table.entry(list, row)) {
        if let Some(group) = groups.of_part(row.part, *place) {
            groups.number(list, identity.ledger(), group)?;
        }
    }
    Ok(())
}

/// The scheme of an entry that nothing can relay, such as `rtsp`.
fn scheme(table: &Table<'_>, list: List, row: &Row) -> Option<String> {
    let foreign = |(part, entry): (u16, u32)| {
        table.parts[usize::from(part)].harvest.entries(item(list))[entry as usize].foreign
    };
    let others = row.more.iter().flat_map(|more| more.members.iter().copied());
    if !foreign((row.part, row.entry)) || !others.into_iter().all(foreign) {
        return None;
    }
    let (harvest, entry) = (&table.parts[usize::from(row.part)].harvest, table.entry(list, row));
    let address: Option<Address> = match list {
        List::Live => harvest.whole::<Channel>(entry).ok().map(|channel| channel.address),
        List::Movies => harvest.whole::<Movie>(entry).ok().map(|movie| movie.address),
        List::Series => None,
    };
    let scheme = address.as_ref().and_then(|address| address.url.split_once(':')).map_or("", |(it, _)| it);
    let fits = (1..=12).contains(&scheme.len()) && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    Some(if fits { scheme.to_ascii_lowercase() } else { "other".into() })
}

fn note(list: List, foreign: &BTreeMap<String, u64>) -> Option<String> {
    /// Schemes that are named.
    const NAMED: usize = 6;
    if foreign.is_empty() {
        return None;
    }
    let mut order: Vec<(&String, &u64)> = foreign.iter().collect();
    order.sort_by_key(|(scheme, count)| (u64::MAX - **count, *scheme));
    let named: Vec<String> =
        order.iter().take(NAMED).map(|(scheme, count)| format!("{scheme} {count}")).collect();
    let all: u64 = foreign.values().sum();
    Some(format!("{}: {all} entries cannot be relayed and are not listed: {}", list.word(), named.join(", ")))
}

/// The episodes that sources list themselves, of series that are listed.
///
/// # Errors
/// The ledger has no more ids, or cannot be written.
pub(super) fn episodes(
    parts: &[Part],
    series: &[Placed],
    identity: &mut Identity<'_>,
) -> anyhow::Result<Vec<Episode>> {
    let mut episodes = Vec::new();
    if parts.iter().all(|part| part.harvest.entries(Item::Episode).is_empty()) {
        return Ok(episodes);
    }
    let mut at: HashMap<(u16, u32), u32> = HashMap::new();
    for (position, placed) in series.iter().enumerate() {
        at.insert((placed.part, placed.entry), position as u32);
    }
    for (part_at, part) in (0..).zip(parts) {
        for (position, entry) in part.harvest.entries(Item::Episode).iter().enumerate() {
            let (series, season, number) = entry.episode;
            let Some(series) = at.get(&(part_at, series)) else { continue };
            let id = identity.of_episode(part, part.harvest.id(entry))?;
            let told = Told::Harvest(position as u32);
            episodes.push(Episode { series: *series, id, season, number, told });
        }
    }
    episodes.sort_by_key(|it| (it.series, it.season, it.number));
    Ok(episodes)
}
