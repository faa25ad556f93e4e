//! The part of a release that a user may see, found once: runs of entries, and those entries that cannot be sent as they
//! stand because they name other groups as well.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::OnceLock;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{GuidePlace, Release};
use crate::bundle::{Category, List, Section};
use crate::user::Sight;

/// What an entry that is changed takes beside its bytes: its place in the map, and what knows of its bytes.
const ENTRY: usize = 96;

/// What one sight shows of one release. Costs little memory: groups stand together, and so do what is seen of them.
pub(super) struct Seen {
    parts: [Part; 3],
    /// Where the guides of its channels are, since somebody asked first: to find them, every channel is read.
    guides: OnceLock<Box<[GuidePlace]>>,
}

/// What it shows of one list.
#[derive(Default)]
struct Part {
    /// Categories, by id.
    categories: BTreeSet<u32>,
    /// Runs of them.
    category_runs: Vec<Range<u32>>,
    /// Runs of entries.
    runs: Vec<Range<u32>>,
    /// Entries without the groups that are not shown, by their places.
    changed: BTreeMap<u32, Bytes>,
}

/// What an entry says of its groups, as it stands in it.
#[derive(Deserialize)]
struct Grouped<'a> {
    #[serde(borrow)]
    category_id: &'a RawValue,
    #[serde(borrow)]
    category_ids: &'a RawValue,
}

impl Seen {
    pub(super) fn new(release: &Release, sight: &Sight) -> Self {
        Self { parts: List::ALL.map(|list| Part::new(release, sight, list)), guides: OnceLock::new() }
    }

    /// The whole list, as far as it is shown.
    pub(super) fn list(&self, release: &Release, section: Section) -> Vec<Bytes> {
        let Some(list) = List::of(section) else { return array(release, section, &[], &BTreeMap::new()) };
        let part = self.part(list);
        match section == list.categories() {
            true => array(release, section, &part.category_runs, &BTreeMap::new()),
            false => array(release, section, &part.runs, &part.changed),
        }
    }

    /// The entries of a category that is shown.
    pub(super) fn category(&self, release: &Release, section: Section, category: u32) -> Vec<Bytes> {
        let part = List::of(section).map(|list| self.part(list));
        match part.filter(|part| part.categories.contains(&category)) {
            Some(part) => array(release, section, release.index.runs(section, category), &part.changed),
            None => array(release, section, &[], &BTreeMap::new()),
        }
    }

    /// An entry that is shown.
    pub(super) fn find(&self, release: &Release, section: Section, id: u32) -> Option<Bytes> {
        let list = List::of(section)?;
        let (part, at) = (self.part(list), release.index.position(section, id)?);
        if section == list.categories() {
            let shown = part.categories.contains(&id);
            return shown.then(|| release.index.slice(&release.bundle, section, at..at + 1));
        }
        let as_it_is = || release.index.slice(&release.bundle, section, at..at + 1);
        part.holds(at).then(|| part.changed.get(&at).cloned().unwrap_or_else(as_it_is))
    }

    /// The ids of the entries that are shown, in their order.
    pub(super) fn ids<'a>(&'a self, release: &'a Release, list: List) -> impl Iterator<Item = u32> + 'a {
        let entries = release.index.entries(list.entries());
        let runs = self.part(list).runs.iter();
        runs.flat_map(move |run| &entries[run.start as usize..run.end as usize]).map(|entry| entry.id)
    }

    /// Whether an entry is shown in its list.
    pub(super) fn shows(&self, release: &Release, list: List, id: u32) -> bool {
        release.index.position(list.entries(), id).is_some_and(|at| self.part(list).holds(at))
    }

    /// The guide channels of what is shown, in the order of the guide.
    pub(super) fn guides(&self, release: &Release) -> &[GuidePlace] {
        #[derive(Deserialize)]
        struct Channel {
            epg_channel_id: String,
        }
        let section = Section::LiveStreams;
        let find = || {
            let entries = self.part(List::Live).runs.iter().cloned().flatten();
            let entries = entries.map(|at| release.index.slice(&release.bundle, section, at..at + 1));
            let channels = entries.filter_map(|entry| serde_json::from_slice::<Channel>(&entry).ok());
            let places = channels.filter_map(|channel| release.index.guide(&channel.epg_channel_id));
            places.map(GuidePlace::of).collect::<BTreeSet<_>>().into_iter().collect()
        };
        self.guides.get_or_init(find)
    }

    /// The names of the groups of an entry that is shown without others; `None` if it is sent as it stands.
    pub(super) fn group(&self, release: &Release, list: List, id: u32) -> Option<String> {
        #[derive(Deserialize)]
        struct Principal {
            category_id: String,
        }
        let at = release.index.position(list.entries(), id)?;
        let entry: Principal = serde_json::from_slice(self.part(list).changed.get(&at)?).ok()?;
        let category = release.find(list.categories(), entry.category_id.parse().ok()?)?;
        serde_json::from_slice::<Category>(&category).ok().map(|category| category.category_name)
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let guides = self.guides.get().map_or(0, |guides| size_of_val(&guides[..]));
        guides + self.parts.iter().map(Part::size).sum::<usize>()
    }

    fn part(&self, list: List) -> &Part {
        &self.parts[list as usize]
    }
}

impl Part {
    fn new(release: &Release, sight: &Sight, list: List) -> Self {
        let (index, bundle, section) = (&release.index, &release.bundle, list.entries());
        let mut part = Self::default();
        if !sight.sees_list(list) {
            return part;
        }
        let mut others = Vec::new();
        for (at, category) in (0..).zip(index.entries(list.categories())) {
            let entry = index.slice(bundle, list.categories(), at..at + 1);
            let named = serde_json::from_slice::<Category>(&entry);
            let runs = index.runs(section, category.id).iter().cloned();
            if named.is_ok_and(|named| sight.sees_group(list, &named.category_name)) {
                part.categories.insert(category.id);
                part.category_runs.push(at..at + 1);
                part.runs.extend(runs);
            } else {
                others.extend(runs);
            }
        }
        (part.category_runs, part.runs) = (joined(part.category_runs), joined(part.runs));
        for at in others.into_iter().flat_map(|run| part.common(run)).collect::<Vec<_>>() {
            let entry = index.slice(bundle, section, at..at + 1);
            part.changed.extend(without_others(&entry, &part.categories).map(|entry| (at, entry)));
        }
        part
    }

    fn size(&self) -> usize {
        let runs = size_of_val(&self.runs[..]) + size_of_val(&self.category_runs[..]);
        let changed = self.changed.values().map(|entry| entry.len() + ENTRY).sum::<usize>();
        runs + changed + self.categories.len() * size_of::<u32>()
    }

    fn holds(&self, at: u32) -> bool {
        let run = self.runs.partition_point(|run| run.end <= at);
        self.runs.get(run).is_some_and(|run| run.contains(&at))
    }

    /// Those of a run that are shown.
    fn common(&self, run: Range<u32>) -> impl Iterator<Item = u32> {
        let first = self.runs.partition_point(|shown| shown.end <= run.start);
        let shown = self.runs[first..].iter().take_while(move |shown| shown.start < run.end);
        shown.flat_map(move |shown| shown.start.max(run.start)..shown.end.min(run.end))
    }
}

/// An array of JSON, as [`crate::bundle::Index::list`] gives it.
fn array(
    release: &Release,
    section: Section,
    runs: &[Range<u32>],
    changed: &BTreeMap<u32, Bytes>,
) -> Vec<Bytes> {
    let mut pieces = vec![Bytes::from_static(b"[")];
    let mut put = |piece: Bytes| {
        if pieces.len() > 1 {
            pieces.push(Bytes::from_static(b","));
        }
        pieces.push(piece);
    };
    let slice = |run| release.index.slice(&release.bundle, section, run);
    for run in runs {
        let mut from = run.start;
        for (at, entry) in changed.range(run.clone()) {
            if from < *at {
                put(slice(from..*at));
            }
            put(entry.clone());
            from = at + 1;
        }
        if from < run.end {
            put(slice(from..run.end));
        }
    }
    pieces.push(Bytes::from_static(b"]"));
    pieces
}

/// The entry as if it were in groups of `shown` alone; `None` if that cannot be told.
fn without_others(entry: &Bytes, shown: &BTreeSet<u32>) -> Option<Bytes> {
    let text = std::str::from_utf8(entry).ok()?;
    let Grouped { category_id, category_ids } = serde_json::from_str(text).ok()?;
    let principal: String = serde_json::from_str(category_id.get()).ok()?;
    let mut ids: Vec<u32> = serde_json::from_str(category_ids.get()).ok()?;
    ids.retain(|id| shown.contains(id));
    let principal = principal.parse().ok().filter(|id| ids.contains(id)).or(ids.first().copied())?;
    let place = |raw: &RawValue| {
        let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
        start..start + raw.get().len()
    };
    let mut edits = [
        (place(category_id), format!("\"{principal}\"")),
        (place(category_ids), serde_json::to_string(&ids).expect("numbers become JSON")),
    ];
    edits.sort_by_key(|(place, _)| place.start);
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (place, written) in edits {
        out.push_str(&text[at..place.start]);
        out.push_str(&written);
        at = place.end;
    }
    out.push_str(&text[at..]);
    Some(out.into())
}

/// Runs in order, with those made one that touch or overlap.
fn joined(mut runs: Vec<Range<u32>>) -> Vec<Range<u32>> {
    runs.retain(|run| run.start < run.end);
    runs.sort_unstable_by_key(|run| run.start);
    let mut joined: Vec<Range<u32>> = Vec::new();
    for run in runs {
        match joined.last_mut() {
            Some(last) if run.start <= last.end => last.end = last.end.max(run.end),
            _ => joined.push(run),
        }
    }
    joined
}
