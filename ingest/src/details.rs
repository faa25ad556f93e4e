//! Details of films and series: fetched one by one, newest first, within what a provider tolerates, and never while
//! somebody waits for a release.
//!
//! ```text
//!  run ──▶ roster: what can be asked for ──▶ background (between scheduled runs) ─┐
//!      └─▶ listed: what sources told          fill (a few, after `ingest run`) ───┼─▶ ask ──▶ keeper ──▶ details/
//!                                             wanted/ (before everything else) ───┘           ids.json
//! ```
//!
//! The episodes found so far are part of the next release. Until then they play because the keeper writes down how they
//! are received before anybody can read their ids.

mod ask;
mod background;
mod fill;
mod keeper;
mod listed;
mod pace;
mod roster;

use std::collections::HashSet;

pub(crate) use background::Background;
use contract::details::{Details, Subject};
use contract::disk::Data;
pub use fill::{Filled, fill};
pub(crate) use listed::Staged;
pub(crate) use roster::{is_there as has_roster, write as write_roster};
use serde::de::IgnoredAny;

use crate::line_up::{Episode, LineUp, Told};

/// Gives the line-up the episodes that are known of its series.
pub(crate) fn add_episodes(line_up: &mut LineUp, data: &Data) {
    let store = Details::new(data);
    let mut episodes = std::mem::take(&mut line_up.episodes);
    for (series, placed) in line_up.series.iter().enumerate() {
        let source = &line_up.part(placed).source;
        let stored = source.xtream().and_then(|_| store.stored::<IgnoredAny>(Subject::Series(placed.id)));
        // What another source told of it is asked for anew.
        let Some(stored) = stored.filter(|stored| stored.head.source == source.name.as_str()) else {
            continue;
        };
        episodes.extend(stored.episodes.into_iter().map(|fact| Episode {
            series: series as u32,
            id: fact.id,
            season: fact.season,
            number: fact.number,
            told: Told::Details(fact.provider_id.into(), fact.container.into()),
        }));
    }
    // Two series of a source may name one episode; an id stands in the bundle once.
    let mut seen = HashSet::new();
    episodes.retain(|episode| seen.insert(episode.id));
    line_up.episodes = episodes;
}
