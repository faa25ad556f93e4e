//! Finding the ranges of a mapped bundle in one pass.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Account, GuideRange, Playable, Section, VERSION};

/// Where an entry stands in the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `stream_id`, `series_id`, `category_id` or the id of a [`Playable`].
    pub id: u32,
    start: u32,
    end: u32,
}

impl Entry {
    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A bundle that does not hold what a bundle must hold. The text says what was expected; it never quotes the bundle.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Not JSON, or not of the right shape.
    #[error("not a bundle: {0}")]
    Shape(#[from] serde_json::Error),
    /// Made by a newer program.
    #[error("bundle version {0} is newer than this program knows ({VERSION})")]
    Newer(u32),
    /// Offsets are 32-bit.
    #[error("a bundle over 4 GiB cannot be served")]
    TooLarge,
}

/// Knows the byte range of every entry of a bundle, and which ranges make up a category.
///
/// Costs about 12 bytes for each entry, whatever the entries hold.
#[derive(Debug, Default)]
pub struct Index {
    lists: [List; 7],
    guide: HashMap<String, GuideRange>,
    accounts: Vec<Account>,
}

/// One list section.
#[derive(Debug, Default)]
struct List {
    /// In file order.
    entries: Vec<Entry>,
    /// Positions in `entries`, by id.
    by_id: Vec<u32>,
    /// For each category the runs of `entries` that belong to it.
    categories: FxHashMap<u32, Vec<Range<u32>>>,
}

impl Index {
    /// Reads `bundle` once.
    ///
    /// # Errors
    /// [`IndexError`] if it is no bundle that this program can serve. Unknown sections are passed over.
    pub fn read(bundle: &Bytes) -> Result<Self, IndexError> {
        if u32::try_from(bundle.len()).is_err() {
            return Err(IndexError::TooLarge);
        }
        let mut reader = serde_json::Deserializer::from_slice(bundle);
        let base = bundle.as_ptr() as usize;
        let (version, mut index) = reader.deserialize_map(Top { base }).map_err(IndexError::Shape)?;
        reader.end()?;
        if version > VERSION {
            return Err(IndexError::Newer(version));
        }
        index.lists.iter_mut().for_each(List::sort);
        Ok(index)
    }

    /// The whole list as the JSON array of an answer: pieces of `bundle`, nothing copied.
    pub fn list(&self, bundle: &Bytes, section: Section) -> Vec<Bytes> {
        let whole = 0..self.entries(section).len() as u32;
        self.array(bundle, section, std::slice::from_ref(&whole))
    }

    /// The entries of one category as the JSON array of an answer; `[]` for a category that has none.
    pub fn category(&self, bundle: &Bytes, section: Section, category: u32) -> Vec<Bytes> {
        self.array(bundle, section, self.runs(section, category))
    }

    /// The entry with this id, as JSON.
    pub fn find(&self, bundle: &Bytes, section: Section, id: u32) -> Option<Bytes> {
        let at = self.position(section, id)?;
        Some(self.slice(bundle, section, at..at + 1))
    }

    /// From where `id` can be received.
    pub fn playable(&self, bundle: &Bytes, id: u32) -> Option<Playable> {
        serde_json::from_slice(&self.find(bundle, Section::Playables, id)?).ok()
    }

    /// The entries of a list section in file order; none for the sections that are no lists.
    pub fn entries(&self, section: Section) -> &[Entry] {
        self.lists(section).map_or(&[], |list| &list.entries)
    }

    /// Where an entry stands in its list.
    pub(crate) fn position(&self, section: Section, id: u32) -> Option<u32> {
        let list = self.lists(section)?;
        let place = list.by_id.binary_search_by_key(&id, |at| list.entries[*at as usize].id).ok()?;
        Some(list.by_id[place])
    }

    /// The runs of entries that belong to a category.
    pub(crate) fn runs(&self, section: Section, category: u32) -> &[Range<u32>] {
        let runs = self.lists(section).and_then(|list| list.categories.get(&category));
        runs.map_or(&[], Vec::as_slice)
    }

    /// How many entries belong to a category.
    pub fn count(&self, section: Section, category: u32) -> usize {
        self.runs(section, category).iter().map(ExactSizeIterator::len).sum()
    }

    /// Neighbouring entries, with what stands between them. The run must be within the list, and not empty.
    pub(crate) fn slice(&self, bundle: &Bytes, section: Section, run: Range<u32>) -> Bytes {
        let entries = self.entries(section);
        bundle.slice(entries[run.start as usize].range().start..entries[run.end as usize - 1].range().end)
    }

    /// Where a guide channel stands in `guide.xml`.
    pub fn guide(&self, channel: &str) -> Option<&GuideRange> {
        self.guide.get(channel)
    }

    /// All channels of the guide, in no order.
    pub fn guides(&self) -> impl Iterator<Item = &GuideRange> {
        self.guide.values()
    }

    /// The provider accounts, in configured order.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    fn lists(&self, section: Section) -> Option<&List> {
        self.lists.get(slot(section)?)
    }

    fn array(&self, bundle: &Bytes, section: Section, runs: &[Range<u32>]) -> Vec<Bytes> {
        let mut pieces = vec![Bytes::from_static(b"[")];
        for run in runs.iter().filter(|run| !run.is_empty()) {
            if pieces.len() > 1 {
                pieces.push(Bytes::from_static(b","));
            }
            pieces.push(self.slice(bundle, section, run.clone()));
        }
        pieces.push(Bytes::from_static(b"]"));
        pieces
    }
}

impl List {
    fn push(&mut self, entry: Entry, categories: &[u32]) {
        let at = self.entries.len() as u32;
        self.entries.push(entry);
        for category in categories {
            let runs = self.categories.entry(*category).or_default();
            match runs.last_mut() {
                Some(run) if run.end == at => run.end += 1,
                Some(run) if run.end > at => {} // named twice
                _ => runs.push(at..at + 1),
            }
        }
    }

    fn sort(&mut self) {
        self.by_id = (0..self.entries.len() as u32).collect();
        self.by_id.sort_unstable_by_key(|at| self.entries[*at as usize].id);
    }
}

/// The place of a list section in [`Index::lists`].
const fn slot(section: Section) -> Option<usize> {
    Some(match section {
        Section::LiveCategories => 0,
        Section::LiveStreams => 1,
        Section::VodCategories => 2,
        Section::VodStreams => 3,
        Section::SeriesCategories => 4,
        Section::Series => 5,
        Section::Playables => 6,
        Section::Guide | Section::Accounts => return None,
    })
}

/// The top level: reads each known section with its own reader. `base` is the address of the bundle's first byte, by
/// which borrowed text is turned back into offsets.
struct Top {
    base: usize,
}

impl<'de> Visitor<'de> for Top {
    type Value = (u32, Index);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bundle: an object with a version and sections")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut version = None;
        let mut index = Index::default();
        while let Some(key) = map.next_key::<&str>()? {
            let section = Section::ALL.into_iter().find(|section| section.key() == key);
            match section {
                Some(Section::Guide) => {
                    let ranges: Vec<GuideRange> = map.next_value()?;
                    index.guide = ranges.into_iter().map(|range| (range.id.clone(), range)).collect();
                }
                Some(Section::Accounts) => index.accounts = map.next_value()?,
                Some(section) => {
                    let list = &mut index.lists[slot(section).expect("the other sections are lists")];
                    map.next_value_seed(Entries { base: self.base, section, list })?;
                }
                None if key == "version" => {
                    version = Some(map.next_value()?);
                    if version > Some(VERSION) {
                        // Whatever else it holds, it is not what we would take it for.
                        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                        break;
                    }
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let version = version.ok_or_else(|| A::Error::missing_field("version"))?;
        Ok((version, index))
    }
}

/// A list section: notes where each entry stands without keeping it.
struct Entries<'a> {
    base: usize,
    section: Section,
    list: &'a mut List,
}

/// What every entry says about itself, under the name its kind uses.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(default, alias = "stream_id", alias = "series_id")]
    id: Option<u32>,
    /// Digits; borrowed, since entries of categories have nothing else.
    #[serde(default, borrow)]
    category_id: Option<&'a str>,
    #[serde(default)]
    category_ids: Vec<u32>,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        use Section::{LiveCategories, SeriesCategories, VodCategories};
        let categories = matches!(self.section, LiveCategories | VodCategories | SeriesCategories);
        while let Some(raw) = seq.next_element::<&'de RawValue>()? {
            let text = raw.get();
            let head: Head<'_> = serde_json::from_str(text).map_err(A::Error::custom)?;
            let id = match (head.id, head.category_id) {
                (Some(id), _) => id,
                (None, Some(digits)) if categories => digits.parse().map_err(A::Error::custom)?,
                (None, _) => return Err(A::Error::missing_field("id")),
            };
            let start = (text.as_ptr() as usize - self.base) as u32;
            let entry = Entry { id, start, end: start + text.len() as u32 };
            self.list.push(entry, &head.category_ids);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
