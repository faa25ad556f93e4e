//! The keeper: writes down what was found. Episodes get their ids here, between runs and beside them.
//!
//! The order makes everything that can be read true: the ids are in the ledger before anything names them, and how an
//! episode is received is on the disk before its series lists it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use contract::bundle::{Blank, Digits, Kind, Playable};
use contract::details::{
    self, Details, EpisodeFact, Episodes as LateEpisodes, Head, Kept, Late, SeriesFacts, Stored, Subject,
};
use contract::disk::Data;
use contract::ids::{Ledger, Turn};
use contract::source::Source;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::ask::{Answer, Found, now};
use crate::identity::{episode_id, inherit_episode};
use crate::output::UNKNOWN;
use crate::source::below_panel;
use crate::source::xtream::{Episodes, SeasonFacts};
use crate::tidy;

/// The ledger is held for so long after it was last used.
const HELD: Duration = Duration::from_secs(60);

/// Writes details. Shared by those who find them.
#[derive(Debug)]
pub(super) struct Keeper {
    data: Data,
    sources: Arc<[Source]>,
    details: Details,
    /// Read when it is first needed: it is large.
    ledger: Mutex<Option<Held>>,
}

/// The ledger as it was on the disk.
#[derive(Debug)]
struct Held {
    ledger: Ledger,
    stamp: Option<(u64, SystemTime)>,
    used: Instant,
}

/// A series with ids.
struct Named {
    facts: Vec<EpisodeFact>,
    answer: SeriesFacts,
}

impl Keeper {
    pub(super) fn new(data: &Data, sources: Arc<[Source]>) -> Self {
        Self { data: data.clone(), sources, details: Details::new(data), ledger: Mutex::new(None) }
    }

    /// Keeps `found`. Blocks.
    ///
    /// # Errors
    /// The disk refuses, or the ledger is damaged or has no more ids. Some may have been kept.
    pub(super) fn keep(&self, found: Vec<Found>) -> anyhow::Result<()> {
        let mut series = Vec::new();
        for Found { item, source, fetched, answer } in found {
            let (provider_id, last_modified) = (item.provider_id.into(), item.modified);
            let head = Head { source, provider_id, fetched, last_modified, restless: false };
            match answer {
                Answer::Movie(facts) => self.put(item.subject, head, Vec::new(), facts)?,
                Answer::Series(Some(episodes)) => series.push((item.subject, head, episodes)),
                Answer::Series(None) => self.put::<SeriesFacts>(item.subject, head, Vec::new(), None)?,
            }
        }
        if series.is_empty() { Ok(()) } else { self.keep_series(series) }
    }

    /// Keeps that nobody can be asked for `subject`, so that nobody waits for it again.
    ///
    /// # Errors
    /// The disk refuses.
    pub(super) fn nobody_knows(&self, subject: Subject) -> anyhow::Result<()> {
        if matches!(self.details.kept(subject), Some(Kept { answer: Some(_), .. })) {
            return Ok(());
        }
        let head = Head { fetched: now(), ..Head::default() };
        self.put::<()>(subject, head, Vec::new(), None)
    }

    /// Forgets what it only holds to be quick, if nobody needed it for a while.
    pub(super) fn rest(&self) {
        let mut held = self.ledger.lock().expect("nobody panics while holding this lock");
        held.take_if(|held| held.used.elapsed() > HELD);
    }

    fn keep_series(&self, series: Vec<(Subject, Head, Episodes)>) -> anyhow::Result<()> {
        let mut held = self.ledger.lock().expect("nobody panics while holding this lock");
        let turn = Turn::wait(&self.data).context("the id ledger cannot be locked")?;
        // Whatever fails below, the next one reads it anew: it may have ids that are not on the disk.
        let mut ledger = match held.take().filter(|held| held.stamp == self.stamp()) {
            Some(held) => held.ledger,
            None => Ledger::load(&self.data.ids())?,
        };
        let mut named = Vec::with_capacity(series.len());
        let mut late = Vec::new();
        for (subject, head, episodes) in series {
            let before = self.details.stored::<IgnoredAny>(subject);
            let before = before.filter(|before| before.head.source == head.source);
            let before = before.map(|before| before.episodes).unwrap_or_default();
            let series = named_episodes(&head.source, (episodes, &before), &mut ledger)?;
            late.extend(self.late(subject, &head.source, &series.facts));
            named.push((subject, head, series));
        }
        ledger.save().context("the id ledger cannot be written")?;
        *held = Some(Held { ledger, stamp: self.stamp(), used: Instant::now() });
        LateEpisodes::new(&self.data).put(late).context("episodes cannot be kept")?;
        drop(turn);
        drop(held);
        for (subject, head, Named { facts, answer }) in named {
            self.put(subject, head, facts, Some(answer))?;
        }
        Ok(())
    }

    fn stamp(&self) -> Option<(u64, SystemTime)> {
        let found = fs::metadata(self.data.ids()).ok()?;
        Some((found.ino(), found.modified().ok()?))
    }

    /// How the episodes of a series are received.
    fn late(&self, series: Subject, source: &str, facts: &[EpisodeFact]) -> Vec<Late> {
        let found = self.sources.iter().find(|it| it.name.as_str() == source);
        let (Some(source), Subject::Series(series)) = (found, series) else { return Vec::new() };
        let playable = |fact: &EpisodeFact| {
            let (id, container) = (&fact.provider_id, &fact.container);
            let upstream = below_panel(source, Kind::Episode, id, container);
            let container = tidy::given_as(container.clone());
            Playable { id: fact.id, kind: Kind::Episode, container, series, upstreams: vec![upstream] }
        };
        facts.iter().map(|fact| Late { series, playable: playable(fact) }).collect()
    }

    /// Puts what was found beside what was there: a provider who suddenly knows nothing is not believed, and one whose
    /// `last_modified` changes without anything else is remembered as such.
    fn put<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        subject: Subject,
        head: Head,
        episodes: Vec<EpisodeFact>,
        answer: Option<T>,
    ) -> anyhow::Result<()> {
        let before = self.details.stored::<T>(subject).filter(|before| before.head.source == head.source);
        let stored = match before {
            Some(Stored { answer: before @ Some(_), episodes, .. }) if answer.is_none() => {
                Stored { head, episodes, answer: before }
            }
            Some(before) => {
                let same = before.answer == answer && before.episodes == episodes;
                let restless = same && before.head.last_modified != head.last_modified;
                Stored { head: Head { restless, ..head }, episodes, answer }
            }
            None => Stored { head, episodes, answer },
        };
        self.details.put(subject, &stored).context("details cannot be kept")
    }
}

/// A series as it is kept, under our ids.
fn named_episodes(
    source: &str,
    (found, before): (Episodes, &[EpisodeFact]),
    ledger: &mut Ledger,
) -> anyhow::Result<Named> {
    let known: HashMap<(u32, u32), u32> =
        before.iter().map(|fact| ((fact.season, fact.number), fact.id)).collect();
    let mut facts = Vec::with_capacity(found.episodes.len());
    let mut episodes: BTreeMap<u32, Vec<details::Episode>> = BTreeMap::new();
    for episode in found.episodes {
        // When the provider has renumbered, season and number say which one it was.
        if let Some(id) = known.get(&(episode.season, episode.number)) {
            inherit_episode(ledger, source, &episode.id, *id)?;
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
        episodes.entry(episode.season).or_default().push(details::Episode {
            id: Digits(id.into()),
            episode_num: episode.number,
            title: episode.title,
            container_extension: tidy::given_as(episode.container),
            info: episode.info,
            subtitles: [],
            custom_sid: Blank,
            added: Digits(episode.added.unwrap_or(UNKNOWN)),
            season: episode.season,
            direct_source: Blank,
        });
    }
    Ok(Named { facts, answer: SeriesFacts { seasons: seasons(&episodes, found.seasons), episodes } })
}

/// A season for each number that has episodes; what the provider says of seasons only names and adorns them.
pub(super) fn seasons(
    episodes: &BTreeMap<u32, Vec<details::Episode>>,
    told: Vec<SeasonFacts>,
) -> Vec<details::Season> {
    let mut by_number: HashMap<u32, _> = told.into_iter().map(|season| (season.number, season)).collect();
    let season = |(number, episodes): (&u32, &Vec<details::Episode>)| {
        let facts = by_number.remove(number).unwrap_or_default();
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
    };
    episodes.iter().map(season).collect()
}
