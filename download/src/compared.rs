//! What a list has that one has not, and what the line-up has of it.
//!
//! A list says what there is; bytes come from the line-up, whose provider is known and whose connections are counted. So of a
//! list that somebody has uploaded that can be had which the line-up has as well, under whatever name and number.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use anyhow::Context;
use contract::bundle::Kind as Served;
use contract::details::{Details, Episodes};
use contract::disk::Data;
use contract::library::title::Kind;
use contract::release::{Release, Releases};

use crate::difference::{Difference, Owned, Preferences};
use crate::entry::{Entry, Origin, of_bundle};
use crate::identity::{identity, variant};
use crate::job::{Job, Priority, State, Wish};
use crate::quality::{LADDER, Quality};
use crate::shelf::{Kept, Shelf};
use crate::store::Store;

/// Jobs that are read at a time.
const PAGE: usize = 1000;

/// A list, compared with what one has.
#[derive(Debug)]
pub struct Compared {
    /// The list: that of the line-up, or one that was uploaded.
    pub list: Arc<Vec<Entry>>,
    /// What is different.
    pub difference: Difference,
    /// What the lists that are marked as main have, one after the other: of it, some may be gone.
    pub main: Vec<Entry>,
    line_up: Arc<Vec<Entry>>,
    /// By what something is, the places in the line-up of its versions.
    ours: HashMap<String, Vec<u32>>,
    is_line_up: bool,
}

/// The films and episodes of the published line-up; none if nothing is published.
///
/// # Errors
/// It cannot be read.
pub fn line_up(data: &Data) -> anyhow::Result<Vec<Entry>> {
    let releases = Releases::new(data.clone());
    let Some(number) = releases.current() else { return Ok(Vec::new()) };
    let release = Release::open(&releases.folder(number)).context("the line-up cannot be opened")?;
    let mut entries = Vec::new();
    of_bundle(&Arc::new(release), &Details::new(data), &Episodes::new(data), |entry| {
        entries.push(entry);
        Ok(())
    })?;
    Ok(entries)
}

impl Compared {
    /// Compares `kept`, or the line-up if there is none, with the lists that are marked as main and all that is completed.
    ///
    /// # Errors
    /// A list, the line-up or the store cannot be read.
    pub fn of(
        kept: Option<&Kept>,
        (shelf, store, data): (&Shelf, &Store, &Data),
        preferences: &Preferences,
    ) -> anyhow::Result<Self> {
        let line_up = Arc::new(line_up(data)?);
        let list = match kept {
            Some(kept) => Arc::new(shelf.entries(kept)?),
            None => line_up.clone(),
        };
        let mut main = Vec::new();
        for other in
            shelf.all()?.iter().filter(|other| other.main && Some(other.id) != kept.map(|kept| kept.id))
        {
            main.append(&mut shelf.entries(other)?);
        }
        let mut completed = Vec::new();
        while let page = store.jobs(&[State::Completed], completed.len(), PAGE)?
            && !page.is_empty()
        {
            completed.extend(page.iter().map(of_job));
        }
        let difference = Difference::of(&list, Owned { main: &main, completed: &completed }, preferences);
        let is_line_up = kept.is_none();
        let mut ours: HashMap<String, Vec<u32>> = HashMap::new();
        if !is_line_up {
            for (place, entry) in (0..).zip(line_up.iter()) {
                ours.entry(identity(entry)).or_default().push(place);
            }
        }
        Ok(Self { list, difference, main, line_up, ours, is_line_up })
    }

    /// What the line-up has in place of the entry of the list at `place`: the same version, or else another.
    pub fn ours(&self, place: u32) -> Option<&Entry> {
        let entry = self.list.get(place as usize)?;
        if self.is_line_up {
            return Some(entry);
        }
        let versions = || self.ours.get(&identity(entry)).into_iter().flatten();
        let wanted = variant(entry);
        let at = |place: &u32| &self.line_up[*place as usize];
        let same = versions().map(at).find(|ours| variant(ours) == wanted);
        same.or_else(|| versions().map(at).next())
    }
}

/// Those of the line-up that have these ids, in its order, and the ids that it has not.
pub fn by_ids(line_up: &[Entry], ids: &[u32]) -> (Vec<Entry>, Vec<u32>) {
    let wanted: HashSet<u32> = ids.iter().copied().collect();
    let id = |entry: &Entry| match entry.origin {
        Origin::Ours { stream_id, .. } => Some(stream_id),
        Origin::Web(_) => None,
    };
    let found: Vec<Entry> =
        line_up.iter().filter(|it| id(it).is_some_and(|id| wanted.contains(&id))).cloned().collect();
    let known: HashSet<u32> = found.iter().filter_map(id).collect();
    let unknown = ids.iter().copied().filter(|id| !known.contains(id)).collect();
    (found, unknown)
}

/// The wish for something of the line-up; `None` for what is not of it, or has no end.
pub fn wish(entry: &Entry, target: i64, priority: Option<Priority>, user: &str) -> Option<Wish> {
    let Origin::Ours { account, stream_id, series } = &entry.origin else { return None };
    let kind = match entry.kind {
        Kind::Film => Served::Movie,
        Kind::Series | Kind::Novela => Served::Episode,
        Kind::Live => return None,
    };
    let words = [entry.language.map(str::to_owned), entry.voice.map(|voice| voice.word().to_owned())];
    let lines = entry.quality.lines.map(|lines| format!("{lines}p"));
    Some(Wish {
        identity: identity(entry),
        variant: variant(entry),
        target,
        kind,
        title: entry.title.to_string(),
        year: if entry.year > 0 { entry.year.to_string() } else { String::new() },
        tmdb: if entry.tmdb > 0 { entry.tmdb.to_string() } else { String::new() },
        tags: words.into_iter().chain([lines]).flatten().collect(),
        season: entry.season,
        episode: entry.episode,
        ep_title: entry.name.to_string(),
        series: *series,
        quality: entry.quality.lines.map(u32::from),
        account: account.to_string(),
        stream_id: *stream_id,
        ext: entry.ext.to_string(),
        priority,
        user: user.to_owned(),
    })
}

/// What was downloaded, as an entry.
fn of_job(job: &Job) -> Entry {
    let Wish { kind, title, year, tmdb, season, episode, ep_title, series, account, stream_id, ext, .. } =
        &job.wish;
    let lines = job.measured_h.or(job.wish.quality).and_then(|lines| u16::try_from(lines).ok());
    Entry {
        kind: match kind {
            Served::Live => Kind::Live,
            Served::Movie => Kind::Film,
            Served::Episode => Kind::Series,
        },
        title: title.as_str().into(),
        year: year.parse().unwrap_or(0),
        season: *season,
        episode: *episode,
        name: ep_title.as_str().into(),
        quality: Quality { lines: lines.filter(|lines| LADDER.contains(lines)), cam: false },
        language: None,
        voice: None,
        group: "".into(),
        tmdb: tmdb.parse().unwrap_or(0),
        origin: Origin::Ours { account: account.as_str().into(), stream_id: *stream_id, series: *series },
        ext: ext.as_str().into(),
    }
}
