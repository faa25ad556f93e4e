//! What can be wished for: films and episodes of the published line-up, and what its channels send.

mod channel;
mod known;

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::Context;
use contract::bundle::{Kind, Section};
use contract::details::{Details, Episodes};
use contract::disk::Data;
use contract::library::title::Kind as Sort;
use contract::release::{Release, Releases};

pub use channel::{Channel, Programme, moved, recording};
pub use known::Known;

use crate::entry::{Entry, Origin, of_bundle};
use crate::identity::{identity, variant};
use crate::job::{Address, Priority, Wish};

/// The published line-up, and what is known of it beyond.
pub struct LineUp {
    release: Arc<Release>,
    details: Details,
    late: Episodes,
}

/// What somebody chooses of it. Titles and groups are compared without regard to case.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Films and episodes by our ids.
    pub ids: Vec<u32>,
    /// Series by our ids: all of their episodes that are known.
    pub series: Vec<u32>,
    /// Of series, only episodes of these seasons; of all if there are none.
    pub seasons: Vec<u32>,
    /// Films and series whose group has this in its name,
    pub group: Option<String>,
    /// and whose title has this in it, if both are said.
    pub text: Option<String>,
}

/// For whom, and where to.
#[derive(Clone, Debug)]
pub struct For {
    /// The id of the target.
    pub target: i64,
    /// How soon; `None` goes by the rules.
    pub priority: Option<Priority>,
    /// Who wishes.
    pub user: String,
}

impl For {
    /// The target of what is for any; none has this id.
    pub const ANY: i64 = 0;
}

/// What a choice comes to.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// In the order in which they were given their ids: films, then series by series.
    pub wishes: Vec<Wish>,
    /// Ids that the line-up does not have, or has as a channel.
    pub unknown: Vec<u32>,
    /// Series whose episodes nobody has asked for yet.
    pub without_episodes: Vec<u32>,
}

impl LineUp {
    /// The one that is published.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn open(data: &Data) -> anyhow::Result<Self> {
        Self::published(data)?.context("there is no release yet; `ingest run` makes one")
    }

    /// The one that is published, if any is.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn published(data: &Data) -> anyhow::Result<Option<Self>> {
        let releases = Releases::new(data.clone());
        let Some(number) = releases.current() else { return Ok(None) };
        let release = Release::open(&releases.folder(number)).context("the release cannot be opened")?;
        let (release, details) = (Arc::new(release), Details::new(data));
        Ok(Some(Self { release, details, late: Episodes::new(data) }))
    }

    /// All of its films and episodes.
    ///
    /// # Errors
    /// The release is damaged.
    pub fn entries(&self) -> anyhow::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        of_bundle(&self.release, &self.details, &self.late, |entry| {
            entries.push(entry);
            Ok(())
        })?;
        Ok(entries)
    }

    /// The wishes of a choice.
    ///
    /// # Errors
    /// The release is damaged.
    pub fn choose(&self, choice: &Choice, whom: &For) -> anyhow::Result<Chosen> {
        let (mut chosen, mut found) = (Chosen::default(), HashSet::new());
        of_bundle(&self.release, &self.details, &self.late, |entry| {
            let Origin::Ours { stream_id, series, .. } = entry.origin else { return Ok(()) };
            found.insert((true, series));
            if choice.takes(&entry, stream_id, series) {
                found.insert((false, stream_id));
                chosen.wishes.extend(wish(&entry, whom));
            }
            Ok(())
        })?;
        chosen.unknown.extend(choice.ids.iter().filter(|id| !found.contains(&(false, **id))));
        for &id in choice.series.iter().filter(|id| !found.contains(&(true, **id))) {
            let is_known = self.release.find(Section::Series, id).is_some();
            if is_known { chosen.without_episodes.push(id) } else { chosen.unknown.push(id) }
        }
        Ok(chosen)
    }
}

impl Choice {
    /// Whether nothing is chosen.
    pub fn is_nothing(&self) -> bool {
        self.ids.is_empty() && self.series.is_empty() && self.group.is_none() && self.text.is_none()
    }

    fn takes(&self, entry: &Entry, id: u32, series: u32) -> bool {
        if self.ids.contains(&id) {
            return true;
        }
        let has = |text: &str, part: &Option<String>| {
            part.as_ref().is_none_or(|part| text.to_lowercase().contains(&part.to_lowercase()))
        };
        let by_name = (self.group.is_some() || self.text.is_some())
            && has(&entry.group, &self.group)
            && has(&entry.title, &self.text);
        let season =
            self.seasons.is_empty() || entry.season.is_none_or(|season| self.seasons.contains(&season));
        season && (by_name || series > 0 && self.series.contains(&series))
    }
}

/// The wish for an entry of the line-up, or of a list that says where it is had; `None` for channels, and for what nobody can
/// ask for.
pub fn wish(entry: &Entry, whom: &For) -> Option<Wish> {
    let (account, stream_id, series, address) = match &entry.origin {
        Origin::Ours { account, stream_id, series } => (account.to_string(), *stream_id, *series, None),
        Origin::Web(address) => {
            let address = Address::new(address)?;
            (address.account(), 0, 0, Some(address))
        }
    };
    let kind = match entry.kind {
        Sort::Film => Kind::Movie,
        Sort::Series | Sort::Novela => Kind::Episode,
        Sort::Live => return None,
    };
    let known = |number: u32| if number == 0 { String::new() } else { number.to_string() };
    // A version is told from others by what is known of it, as people and media servers write it.
    let lines = entry.quality.lines.map(|lines| format!("{lines}p"));
    let voice = entry.voice.map(|voice| voice.word().to_owned());
    let tags = [lines, entry.language.map(str::to_owned), voice].into_iter().flatten().collect();
    Some(Wish {
        identity: identity(entry),
        variant: variant(entry),
        target: whom.target,
        kind,
        title: entry.title.to_string(),
        year: known(entry.year.into()),
        tmdb: known(entry.tmdb),
        tags,
        season: entry.season,
        episode: entry.episode,
        ep_title: entry.name.to_string(),
        series,
        quality: entry.quality.lines.map(u32::from),
        account,
        stream_id,
        address,
        ext: entry.ext.to_string(),
        airing: None,
        priority: whom.priority,
        user: whom.user.clone(),
    })
}
