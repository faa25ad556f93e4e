//! What a list has that one has not, and what the line-up has of it.
//!
//! A list says what there is; bytes come from the line-up, whose provider is known and whose connections are counted, where it
//! has the same under whatever name and number; and else from where the list says.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use contract::disk::Data;
use contract::library::title::Kind;

use crate::difference::{Difference, Owned, Preferences};
use crate::entry::{Entry, Origin, of_job};
use crate::identity::{identity, variant};
use crate::job::Address;
use crate::line_up::LineUp;
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
    LineUp::published(data)?.map_or(Ok(Vec::new()), |line_up| line_up.entries())
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
        let (mut completed, mut last) = (Vec::new(), 0);
        while let page = store.completed(last, PAGE)?
            && let Some(job) = page.last()
        {
            last = job.id;
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

    /// From where the entry of the list at `place` is had: [`Compared::ours`], or else the entry itself, if it says an address that
    /// can be asked for.
    pub fn source(&self, place: u32) -> Option<&Entry> {
        let has_address = |entry: &&Entry| match &entry.origin {
            Origin::Web(address) => entry.kind != Kind::Live && Address::new(address).is_some(),
            Origin::Ours { .. } => true,
        };
        self.ours(place).or_else(|| self.list.get(place as usize).filter(has_address))
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
