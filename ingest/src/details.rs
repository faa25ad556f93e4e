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
use std::io;
use std::time::Duration;

pub(crate) use background::Background;
use contract::details::{Details, Subject};
use contract::disk::Data;
pub use fill::{Filled, fill};
pub(crate) use listed::Staged;
pub(crate) use roster::{is_there as has_roster, write as write_roster};
use serde::de::IgnoredAny;

use crate::harvest::List;
use crate::line_up::{Episode, LineUp, Placed, Told};

/// Everything that a line-up has details of, hidden or not.
#[derive(Debug)]
pub(crate) struct Listed {
    movies: HashSet<u32>,
    series: HashSet<u32>,
}

impl Listed {
    /// That of `line_up`.
    pub(crate) fn of(line_up: &LineUp) -> Self {
        let ids = |shown: &[Placed], list: List| {
            let hidden = line_up.hidden.get(&list).into_iter().flatten();
            shown.iter().chain(hidden).map(|placed| placed.id).collect()
        };
        Self { movies: ids(&line_up.movies, List::Movies), series: ids(&line_up.series, List::Series) }
    }

    /// Forgets what is known of everything else and would be asked for again if it came back.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn forget_others(&self, data: &Data, max_age: Duration) -> io::Result<()> {
        let listed = |subject| match subject {
            Subject::Movie(id) => self.movies.contains(&id),
            Subject::Series(id) => self.series.contains(&id),
        };
        let gone = Details::new(data).forget(&listed, max_age)?;
        if gone > 0 {
            tracing::info!(gone, "details of what is not listed any more were removed");
        }
        Ok(())
    }
}

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
