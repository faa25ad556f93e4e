//! Entries of the line-up.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use contract::bundle::{Category, List, Series, VodStream};
use contract::details::{Details, SeriesFacts, Subject};
use contract::library::episode_name;
use contract::library::title::{self, Form, Hints, Kind};
use contract::release::{Release, View};
use contract::user::Sight;

use super::{Entry, Origin};

/// Gives `each` every film of a release, and every episode that is known, in the order in which they were given their ids.
///
/// # Errors
/// The bundle cannot be read, or what `each` says.
pub fn of_bundle(
    release: &Arc<Release>,
    details: &Details,
    mut each: impl FnMut(Entry) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let view = View::of(release.clone(), &Sight::default());
    let groups = categories(&view, List::Movies)?;
    for id in sorted(view.ids(List::Movies)) {
        let Some(film) = view.find(List::Movies.entries(), id) else { continue };
        let film: VodStream = serde_json::from_slice(&film).context("a film of the bundle")?;
        each(of_film(&film, name_of(&groups, &film.category_ids), &account(release, id)))?;
    }
    let groups = categories(&view, List::Series)?;
    for id in sorted(view.ids(List::Series)) {
        let Some(series) = view.find(List::Series.entries(), id) else { continue };
        let series: Series = serde_json::from_slice(&series).context("a series of the bundle")?;
        let kept = details.kept(Subject::Series(id)).and_then(|kept| kept.answer);
        // Nobody has asked for its episodes yet.
        let Some(facts) = kept.and_then(|facts| serde_json::from_slice(&facts).ok()) else { continue };
        let group = name_of(&groups, &series.category_ids);
        for entry in of_series(&series, &facts, group, |id| account(release, id)) {
            each(entry)?;
        }
    }
    Ok(())
}

fn sorted(mut ids: Vec<u32>) -> Vec<u32> {
    ids.sort_unstable();
    ids
}

fn categories(view: &View, list: List) -> anyhow::Result<HashMap<u32, String>> {
    let bytes = view.list(list.categories()).concat();
    let all: Vec<Category> = serde_json::from_slice(&bytes).context("the categories of the bundle")?;
    Ok(all.into_iter().map(|it| (u32::try_from(it.category_id.0).unwrap_or(0), it.category_name)).collect())
}

fn name_of<'a>(groups: &'a HashMap<u32, String>, ids: &[u32]) -> &'a str {
    ids.first().and_then(|id| groups.get(id)).map_or("", |name| name)
}

/// Whose connection it takes to have it.
fn account(release: &Release, id: u32) -> String {
    let first = release.playable(id).and_then(|it| it.upstreams.into_iter().next());
    first.map_or_else(String::new, |upstream| upstream.account)
}

fn of_film(film: &VodStream, group: &str, account: &str) -> Entry {
    let mut reading = title::read(&film.name, Hints { form: Form::Film, group });
    // Among films is what is a film, whatever its title looks like.
    reading.kind = Kind::Film;
    if !film.year.is_empty() {
        film.year.clone_into(&mut reading.title.year);
    }
    let origin = Origin::Ours { account: account.into(), stream_id: film.stream_id, series: 0 };
    Entry::of_reading(reading, group, film.tmdb.parse().unwrap_or(0), (origin, &film.container_extension))
}

fn of_series(
    series: &Series,
    facts: &SeriesFacts,
    group: &str,
    account: impl Fn(u32) -> String,
) -> Vec<Entry> {
    let mut show = title::read(&series.name, Hints { form: Form::Episode, group });
    if !series.year.is_empty() {
        series.year.clone_into(&mut show.title.year);
    }
    let mut episodes: Vec<_> = facts.episodes.values().flatten().collect();
    episodes.sort_by_key(|episode| episode.id.0);
    let entry = |episode: &contract::details::Episode| {
        let id = u32::try_from(episode.id.0).unwrap_or(0);
        let own = title::read(&episode.title, Hints { form: Form::Episode, group: "" });
        let mut reading = show.clone();
        (reading.season, reading.episode) = (Some(episode.season), Some(episode.episode_num));
        reading.name = episode_name(&episode.title, &series.title).to_owned();
        reading.lines = own.lines.or(reading.lines);
        reading.language = own.language.or(reading.language);
        reading.voice = own.voice.or(reading.voice);
        let origin = Origin::Ours { account: account(id).into(), stream_id: id, series: series.series_id };
        Entry::of_reading(
            reading,
            group,
            series.tmdb.parse().unwrap_or(0),
            (origin, &episode.container_extension),
        )
    };
    episodes.into_iter().map(entry).collect()
}
