//! Entries: each of its contract type, and what they say about each other.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use contract::bundle::{
    Account, Category, Digits, GuideRange, Kind, LiveStream, Playable, Scan, Scanned, Section, Series,
    Upstream, VodStream,
};
use contract::release::BUNDLE;
use contract::vault::Vault;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::DeserializeOwned;

use super::Found;

/// The largest id: clients hold them in signed 32-bit numbers.
const MAX: u32 = i32::MAX as u32;

/// What the other checks need of the entries.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) counts: BTreeMap<&'static str, u64>,
    /// Ids of channels and films, in list order; of episodes, in the order of their addresses.
    pub(super) live: Vec<u32>,
    pub(super) movies: Vec<u32>,
    pub(super) episodes: Vec<u32>,
    pub(super) guide: Vec<GuideRange>,
}

/// A category and what refers to it.
struct Group {
    section: Section,
    used: bool,
}

/// What is remembered from one entry to the next.
#[derive(Default)]
struct Reading {
    entries: Entries,
    groups: FxHashMap<u32, Group>,
    series: FxHashSet<u32>,
    /// What is in a list and must be playable: its kind and its container.
    listed: FxHashMap<u32, (Kind, Box<str>)>,
    /// Guide channels that are named, with the first channel that does.
    wanted: BTreeMap<String, u32>,
    accounts: FxHashSet<String>,
    played: FxHashSet<u32>,
    /// `None` if it cannot be read, which is told already.
    vault: Option<Vault>,
}

pub(super) fn check(folder: &Path, vault: Option<Vault>, found: &mut Found) -> Entries {
    let mut reading = Reading { vault, ..Reading::default() };
    if let Err(error) = reading.read(folder, found) {
        found.file(BUNDLE, error.to_string());
    }
    reading.finish(found)
}

impl Reading {
    fn read(&mut self, folder: &Path, found: &mut Found) -> std::io::Result<()> {
        let mut scan = Scan::new(BufReader::with_capacity(1 << 18, File::open(folder.join(BUNDLE))?));
        while let Some(entry) = scan.entry()? {
            *self.entries.counts.entry(entry.section.key()).or_default() += 1;
            self.entry(&entry, found);
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Scanned<'_>, found: &mut Found) {
        let section = entry.section;
        match section {
            Section::LiveCategories | Section::VodCategories | Section::SeriesCategories => {
                if let Some(category) = typed::<Category>(entry, found) {
                    self.category(section, &category, found);
                }
            }
            Section::LiveStreams => {
                if let Some(live) = typed::<LiveStream>(entry, found) {
                    self.listed(section, live.stream_id, Kind::Live, "ts", found);
                    self.grouped(section, live.stream_id, live.category_id, &live.category_ids, found);
                    self.entries.live.push(live.stream_id);
                    if !live.epg_channel_id.is_empty() {
                        self.wanted.entry(live.epg_channel_id).or_insert(live.stream_id);
                    }
                    direct(entry, live.stream_id, found);
                }
            }
            Section::VodStreams => {
                if let Some(film) = typed::<VodStream>(entry, found) {
                    self.listed(section, film.stream_id, Kind::Movie, &film.container_extension, found);
                    self.grouped(section, film.stream_id, film.category_id, &film.category_ids, found);
                    self.entries.movies.push(film.stream_id);
                    direct(entry, film.stream_id, found);
                }
            }
            Section::Series => {
                if let Some(series) = typed::<Series>(entry, found) {
                    let id = series.series_id;
                    number(section, id, found);
                    if !self.series.insert(id) {
                        found.entry(section.key(), id, "the id is given twice");
                    }
                    self.grouped(section, id, series.category_id, &series.category_ids, found);
                }
            }
            Section::Guide => {
                if let Some(range) = typed::<GuideRange>(entry, found) {
                    self.entries.guide.push(range);
                }
            }
            Section::Accounts => {
                if let Some(account) = typed::<Account>(entry, found) {
                    self.accounts.insert(account.name);
                }
            }
            Section::Playables => {
                if let Some(playable) = typed::<Playable>(entry, found) {
                    self.playable(&playable, found);
                }
            }
        }
    }

    fn category(&mut self, section: Section, category: &Category, found: &mut Found) {
        let id = u32::try_from(category.category_id.0).unwrap_or(u32::MAX);
        number(section, id, found);
        if category.category_name.is_empty() {
            found.entry(section.key(), id, "has no name");
        }
        if self.groups.insert(id, Group { section, used: false }).is_some() {
            found.entry(section.key(), id, "the id is given twice");
        }
    }

    /// An entry that must be playable.
    fn listed(&mut self, section: Section, id: u32, kind: Kind, container: &str, found: &mut Found) {
        number(section, id, found);
        if self.listed.insert(id, (kind, container.into())).is_some() {
            found.entry(section.key(), id, "the id is given twice");
        }
    }

    fn grouped(&mut self, section: Section, id: u32, first: Digits, all: &[u32], found: &mut Found) {
        let of = match section {
            Section::LiveStreams => Section::LiveCategories,
            Section::VodStreams => Section::VodCategories,
            _ => Section::SeriesCategories,
        };
        if all.first().map(|first| u64::from(*first)) != Some(first.0) {
            found.entry(section.key(), id, "category_id is not the first of category_ids");
        }
        for category in all {
            match self.groups.get_mut(category) {
                Some(group) if group.section == of => group.used = true,
                _ => {
                    found.entry(section.key(), id, format!("there is no category {category} in {}", of.key()))
                }
            }
        }
    }

    fn playable(&mut self, playable: &Playable, found: &mut Found) {
        const PLACE: &str = Section::Playables.key();
        let id = playable.id;
        number(Section::Playables, id, found);
        if !self.played.insert(id) {
            found.entry(PLACE, id, "the id is given twice");
        }
        match (self.listed.get(&id), playable.kind) {
            (None, Kind::Episode) => self.entries.episodes.push(id),
            (None, Kind::Live | Kind::Movie) => {} // hidden by a rule, or nothing a relay can receive
            (Some((kind, _)), played) if *kind != played => {
                found.entry(PLACE, id, format!("is {played:?} here and {kind:?} in its list"));
            }
            (Some((_, container)), _) if **container != playable.container => {
                found.entry(PLACE, id, "has another container than in its list");
            }
            _ => {}
        }
        if playable.upstreams.is_empty() {
            found.entry(PLACE, id, "has no upstream");
        }
        for upstream in
            playable.upstreams.iter().filter(|upstream| !self.accounts.contains(&upstream.account))
        {
            found.entry(PLACE, id, format!("there is no account `{}`", upstream.account));
        }
        if playable.upstreams.iter().any(|upstream| !self.opens(upstream)) {
            found.entry(PLACE, id, "the vault does not have what its address needs");
        }
    }

    /// Whether the vault has every secret that an upstream is dialled with.
    fn opens(&self, upstream: &Upstream) -> bool {
        let mut texts = std::iter::once(&upstream.path).chain(upstream.headers.values());
        let opens = |vault: &Vault| texts.all(|text| vault.reveal(&upstream.account, text).is_some());
        self.vault.as_ref().is_none_or(opens)
    }

    /// What only the whole can tell.
    fn finish(self, found: &mut Found) -> Entries {
        let mut silent: Vec<u32> =
            self.listed.keys().filter(|id| !self.played.contains(id)).copied().collect();
        silent.sort_unstable();
        for id in silent {
            found.entry(Section::Playables.key(), id, "is listed and cannot be played");
        }
        let mut unused: Vec<_> = self.groups.iter().filter(|(_, group)| !group.used).collect();
        unused.sort_unstable_by_key(|(id, _)| **id);
        for (id, group) in unused {
            found.entry(group.section.key(), *id, "is empty");
        }
        let ranges: FxHashSet<&str> = self.entries.guide.iter().map(|range| range.id.as_str()).collect();
        for (guide, id) in self.wanted.iter().filter(|(guide, _)| !ranges.contains(guide.as_str())) {
            found.entry(Section::LiveStreams.key(), *id, format!("there is no guide channel {guide:?}"));
        }
        self.entries
    }
}

/// An entry as its type; what is wrong with it is told with where it stands.
fn typed<T: DeserializeOwned>(entry: &Scanned<'_>, found: &mut Found) -> Option<T> {
    serde_json::from_str(entry.json)
        .inspect_err(|error| {
            found.file(entry.section.key(), format!("the entry at byte {}: {error}", entry.at));
        })
        .ok()
}

fn number(section: Section, id: u32, found: &mut Found) {
    if id == 0 || id > MAX {
        found.entry(section.key(), id, "is no id: 1 to 2147483647");
    }
}

/// Players open a `direct_source` instead of our address, and would show the provider's.
fn direct(entry: &Scanned<'_>, id: u32, found: &mut Found) {
    if memchr::memmem::find(entry.json.as_bytes(), br#""direct_source":"""#).is_none() {
        found.entry(entry.section.key(), id, "direct_source is not empty");
    }
}
