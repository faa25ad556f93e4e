//! Details of series, filled slowly: a few in each run, within what a provider tolerates.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::io;

use contract::bundle::{Blank, Digits};
use contract::details::{self, Details, EpisodeFact, SeriesInfo, Stored, Subject};
use contract::ids::Ledger;
use contract::source::Source;
use serde::de::IgnoredAny;

use crate::fetch::{Failure, Fetcher, Fetching, Urgency};
use crate::harvest::{List, Series};
use crate::identity::{episode_id, inherit_episode};
use crate::line_up::{Episode, LineUp, Placed, Told};
use crate::output;
use crate::progress::Progress;
use crate::source::xtream::{Episodes, Panel, series};

/// What was fetched in this run, by our series id. Goes to the disk when the release that can play it is published.
pub(crate) type Fresh = BTreeMap<u32, Stored<SeriesInfo>>;

/// What is known of each series, in the line-up's order.
struct Known(Vec<Option<Stored<IgnoredAny>>>);

/// Gives the line-up its episodes: those known before, and those of the series that are asked for now.
///
/// A source that does not answer is left alone for the rest of the run.
///
/// # Errors
/// The ledger has no more ids, or the TLS machinery cannot be set up.
pub(crate) async fn fill(
    line_up: &mut LineUp,
    taken: &[bool],
    store: &Details,
    ledger: &mut Ledger,
    fetching: Fetching<'_>,
    progress: &Progress,
) -> anyhow::Result<Fresh> {
    let settings = fetching.settings;
    let ids = line_up.series.iter().map(|placed| store.stored(Subject::Series(placed.id)));
    let known = Known(ids.collect());
    let mut fresh = Fresh::new();
    let mut silent: Vec<bool> = taken.iter().map(|taken| !taken).collect();
    let mut asked = 0;
    // Made once: each has the certificates of all authorities, and keeps its connection.
    let mut panels: HashMap<usize, Panel<'_>> = HashMap::new();
    for at in known.wanting(line_up)? {
        let placed = &line_up.series[at];
        if silent[placed.part as usize] || asked == settings.details_per_run {
            continue;
        }
        if asked > 0 {
            tokio::time::sleep(settings.details_pause).await;
        }
        asked += 1;
        let (part, entry) = line_up.entry(List::Series, placed);
        let (source, show) = (&part.source, part.harvest.id(entry));
        let bar = progress.source(source.name.as_str());
        bar.step(&format!("details {asked}"));
        let panel = match panels.entry(placed.part as usize) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(place) => place.insert(panel(source, fetching)?),
        };
        match series(panel, source, show).await {
            Ok(found) => {
                let kept = || store.stored::<SeriesInfo>(Subject::Series(placed.id));
                let stored = match (found, kept()) {
                    (None, Some(kept)) => Stored { last_modified: modified(line_up, placed)?, ..kept },
                    (found, kept) => {
                        let before = kept.map(|kept| kept.episodes).unwrap_or_default();
                        store_form(line_up, placed, (found.unwrap_or_default(), &before), ledger)?
                    }
                };
                fresh.insert(placed.id, stored);
            }
            Err(failure) => {
                tracing::warn!(source = %source.name, %failure, "no details of series this time");
                silent[placed.part as usize] = true;
            }
        }
    }
    add_episodes(line_up, &known, &fresh);
    Ok(fresh)
}

fn panel<'a>(source: &'a Source, fetching: Fetching<'a>) -> Result<Panel<'a>, Failure> {
    let panel = source.xtream().ok_or_else(|| Failure::Refused("only panels have details".into()))?;
    Ok(Panel::new(Fetcher::new(source, fetching)?, panel).with(Urgency::Background))
}

impl Known {
    /// The positions of series whose details are missing or old: missing ones first, then those longest unchanged here.
    fn wanting(&self, line_up: &LineUp) -> io::Result<Vec<usize>> {
        let mut wanting: Vec<(u64, usize)> = Vec::new();
        for (at, (stored, placed)) in self.0.iter().zip(&line_up.series).enumerate() {
            let panel = line_up.part(placed).source.xtream().is_some();
            match stored {
                _ if !panel => {}
                None => wanting.push((0, at)),
                Some(stored) if stored.last_modified != modified(line_up, placed)? => {
                    wanting.push((stored.last_modified.saturating_add(1), at));
                }
                Some(_) => {}
            }
        }
        wanting.sort_unstable();
        Ok(wanting.into_iter().map(|(_, at)| at).collect())
    }
}

fn modified(line_up: &LineUp, placed: &Placed) -> io::Result<u64> {
    let (part, entry) = line_up.entry(List::Series, placed);
    Ok(part.harvest.whole::<Series>(entry)?.last_modified.unwrap_or(0))
}

fn add_episodes(line_up: &mut LineUp, known: &Known, fresh: &Fresh) {
    let mut episodes = std::mem::take(&mut line_up.episodes);
    for (series, placed) in line_up.series.iter().enumerate() {
        let facts = match (fresh.get(&placed.id), &known.0[series]) {
            (Some(stored), _) => &stored.episodes,
            (None, Some(stored)) => &stored.episodes,
            (None, None) => continue,
        };
        episodes.extend(facts.iter().map(|fact| Episode {
            series: series as u32,
            id: fact.id,
            season: fact.season,
            number: fact.number,
            told: Told::Details(fact.provider_id.as_str().into(), fact.container.as_str().into()),
        }));
    }
    // Two series of a source may name one episode; an id stands in the bundle once.
    let mut seen = std::collections::HashSet::new();
    episodes.retain(|episode| seen.insert(episode.id));
    line_up.episodes = episodes;
}

/// The details as they are kept. A series the panel knows nothing of is kept as such, so that it is not asked for again
/// until it changes.
fn store_form(
    line_up: &LineUp,
    placed: &Placed,
    (found, before): (Episodes, &[EpisodeFact]),
    ledger: &mut Ledger,
) -> anyhow::Result<Stored<SeriesInfo>> {
    let source = line_up.part(placed).source.name.as_str();
    let mut facts = Vec::with_capacity(found.episodes.len());
    let mut answer: BTreeMap<u32, Vec<details::Episode>> = BTreeMap::new();
    for episode in found.episodes {
        // When the provider has renumbered, season and number say which one it was.
        let same = |fact: &&EpisodeFact| (fact.season, fact.number) == (episode.season, episode.number);
        if let Some(fact) = before.iter().find(same) {
            inherit_episode(ledger, source, &episode.id, fact.id)?;
        }
        let id = episode_id(ledger, source, &episode.id)?;
        facts.push(EpisodeFact {
            id,
            provider_id: episode.id,
            container: episode.container.clone(),
            season: episode.season,
            number: episode.number,
            title: episode.title.clone(),
        });
        answer.entry(episode.season).or_default().push(details::Episode {
            id: Digits(id.into()),
            episode_num: episode.number,
            title: episode.title,
            container_extension: episode.container,
            info: episode.info,
            subtitles: [],
            custom_sid: Blank,
            added: Digits(episode.added.unwrap_or(output::UNKNOWN)),
            season: episode.season,
            direct_source: Blank,
        });
    }
    let by_number: HashMap<u32, _> =
        found.seasons.into_iter().map(|season| (season.number, season)).collect();
    let seasons = answer.iter().map(|(number, episodes)| {
        let facts = by_number.get(number).cloned().unwrap_or_default();
        let name = if facts.name.is_empty() { format!("Season {number}") } else { facts.name };
        details::Season {
            id: *number,
            season_number: *number,
            name,
            episode_count: episodes.len() as u32,
            air_date: facts.air_date,
            overview: facts.overview,
            cover: facts.cover.clone(),
            cover_big: facts.cover.clone(),
            cover_tmdb: facts.cover,
            vote_average: facts.rating,
        }
    });
    let seasons = seasons.collect();
    let info = output::series(line_up, placed)?;
    let last_modified = modified(line_up, placed)?;
    Ok(Stored { last_modified, episodes: facts, answer: SeriesInfo { seasons, info, episodes: answer } })
}
