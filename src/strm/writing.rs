//! What belongs into the folder.

use std::collections::HashSet;
use std::io::{IsTerminal, Write, stderr};

use anyhow::Context;
use contract::bundle::{List, Series, VodStream};
use contract::details::{Details, Episode, MovieFacts, SeriesFacts, Subject};
use contract::library::{Places, Show, Style, Title, episode_name, nfo};
use contract::logo::{LogoPath, Owner};

use super::line_up::LineUp;
use super::summary::Summary;
use super::tree::{Tree, Wanted};

/// Who may read what holds no secret.
const EVERYBODY: u32 = 0o644;
/// How often somebody who looks is told how far it is, in films and series.
const OFTEN: u64 = 100;

/// What is written, and how.
pub(super) struct Writing<'a> {
    pub(super) line_up: &'a LineUp,
    pub(super) details: Details,
    /// The address of a stream up to its id, with `{form}` for `movie` or `series`.
    pub(super) place: String,
    pub(super) style: Style,
    pub(super) nfo: bool,
    /// Who may read addresses, as in `chmod`.
    pub(super) access: u32,
}

/// A folder that is being written, and what was done.
struct Folder<'a> {
    writing: &'a Writing<'a>,
    tree: Tree,
    summary: Summary,
}

impl Writing<'_> {
    pub(super) fn write(&self, tree: Tree) -> anyhow::Result<Summary> {
        let summary = Summary { release: self.line_up.release().to_owned(), ..Summary::default() };
        let mut folder = Folder { writing: self, tree, summary };
        let mut places = Places::new(self.style);
        for film in self.line_up.films() {
            folder.film(&mut places, &film?)?;
        }
        let mut unknown = HashSet::new();
        for series in self.line_up.series() {
            let series = series?;
            if !folder.series(&mut places, &series)? {
                unknown.insert(series.series_id);
            }
        }
        let Folder { mut tree, mut summary, .. } = folder;
        // What nobody has fetched is not known to have vanished.
        tree.spare(|series| unknown.contains(&series));
        tree.finish(&mut summary)?;
        told(&summary, true);
        Ok(summary)
    }

    fn address(&self, form: &str, id: impl std::fmt::Display, container: &str) -> String {
        format!("{}{id}.{container}\n", self.place.replace("{form}", form))
    }
}

impl Folder<'_> {
    fn film(&mut self, places: &mut Places, film: &VodStream) -> anyhow::Result<()> {
        let kept = self.writing.details.kept(Subject::Movie(film.stream_id)).and_then(|kept| kept.answer);
        let mut facts: MovieFacts =
            kept.and_then(|facts| serde_json::from_slice(&facts).ok()).unwrap_or_default();
        if LogoPath::is_in(Owner { list: List::Movies, id: film.stream_id }, &film.stream_icon) {
            facts.show_only(&film.stream_icon);
        }
        // Most lists say no id, but most details do: a film is called anew once, and found from then on.
        let tmdb = if film.tmdb.is_empty() { &facts.tmdb_id } else { &film.tmdb };
        let title = Title::read(&film.title, &film.year, tmdb);
        let place = places.film(&title, film.stream_id);
        let address = self.writing.address("movie", film.stream_id, &film.container_extension);
        self.stream(&place, &address, None)?;
        self.beside(&format!("{place}.nfo"), || nfo::film(&title, "", film, &facts), None)?;
        self.summary.films += 1;
        self.told();
        Ok(())
    }

    /// `false` if its episodes are not known.
    fn series(&mut self, places: &mut Places, series: &Series) -> anyhow::Result<bool> {
        let title = Title::read(&series.title, &series.year, &series.tmdb);
        let mut show = places.series(title.clone(), series.series_id);
        let kept = self.writing.details.kept(Subject::Series(series.series_id)).and_then(|kept| kept.answer);
        let facts: Option<SeriesFacts> = kept.and_then(|facts| serde_json::from_slice(&facts).ok());
        self.summary.series += 1;
        self.told();
        let Some(mut facts) = facts else {
            self.summary.series_without_episodes += 1;
            return Ok(false);
        };
        if LogoPath::is_in(Owner { list: List::Series, id: series.series_id }, &series.cover) {
            facts.show_only(&series.cover);
        }
        let mut episodes: Vec<&Episode> = facts.episodes.values().flatten().collect();
        episodes.sort_by_key(|episode| episode.id.0);
        for episode in &episodes {
            self.episode(&mut show, &title, series, episode)?;
        }
        if !episodes.is_empty() {
            let file = format!("{}/tvshow.nfo", show.folder);
            self.beside(&file, || nfo::series(&title, "", series), Some(series.series_id))?;
        }
        Ok(true)
    }

    fn episode(
        &mut self,
        show: &mut Show,
        title: &Title,
        series: &Series,
        episode: &Episode,
    ) -> anyhow::Result<()> {
        let (id, of) = (u32::try_from(episode.id.0).unwrap_or(0), Some(series.series_id));
        let name = episode_name(&episode.title, &series.title);
        let place = show.episode((Some(episode.season), episode.episode_num), name, id);
        self.stream(&place, &self.writing.address("series", id, &episode.container_extension), of)?;
        self.beside(&format!("{place}.nfo"), || nfo::episode(title, name, episode), of)?;
        self.summary.episodes += 1;
        Ok(())
    }

    fn stream(&mut self, place: &str, address: &str, series: Option<u32>) -> anyhow::Result<()> {
        let file = format!("{place}.strm");
        let wanted = Wanted { file: &file, content: address.as_bytes(), access: self.writing.access, series };
        self.tree.put(&wanted, &mut self.summary).with_context(|| file.clone())
    }

    fn beside(
        &mut self,
        file: &str,
        document: impl Fn() -> String,
        series: Option<u32>,
    ) -> anyhow::Result<()> {
        if !self.writing.nfo {
            return Ok(());
        }
        let document = document();
        let wanted = Wanted { file, content: document.as_bytes(), access: EVERYBODY, series };
        self.tree.put(&wanted, &mut self.summary).with_context(|| file.to_owned())
    }

    fn told(&self) {
        if (self.summary.films + self.summary.series).is_multiple_of(OFTEN) {
            told(&self.summary, false);
        }
    }
}

/// A line that grows while somebody looks.
fn told(summary: &Summary, is_complete: bool) {
    let mut out = stderr().lock();
    if out.is_terminal() {
        let Summary { films, series, episodes, written, .. } = summary;
        // Who has stopped looking misses it; that is no reason to stop.
        let _ = write!(out, "\r{films} films, {series} series, {episodes} episodes: {written} files written");
        let _ = if is_complete { write!(out, "\r\x1b[K") } else { Ok(()) };
        let _ = out.flush();
    }
}
