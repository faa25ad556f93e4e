//! Films and series of a user's line-up, in the order in which they were given their ids.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use contract::bundle::{List, Series, VodStream};
use contract::disk::Data;
use contract::release::{Release, Releases, View};
use contract::user::Sight;

/// The published release as a user sees it.
pub(super) struct LineUp(View);

impl LineUp {
    pub(super) fn open(data: &Data, sight: &Sight) -> anyhow::Result<Self> {
        let releases = Releases::new(data.clone());
        let number = releases.current().context("there is no release yet; `ingest run` makes one")?;
        let release = Release::open(&releases.folder(number)).context("the release cannot be opened")?;
        Ok(Self(View::of(Arc::new(release), sight)))
    }

    /// Such as `000412`.
    pub(super) fn release(&self) -> &str {
        &self.0.release().name
    }

    pub(super) fn films(&self) -> impl Iterator<Item = anyhow::Result<VodStream>> {
        self.entries(List::Movies).map(|entry| serde_json::from_slice(&entry).context("a film of the bundle"))
    }

    pub(super) fn series(&self) -> impl Iterator<Item = anyhow::Result<Series>> {
        self.entries(List::Series)
            .map(|entry| serde_json::from_slice(&entry).context("a series of the bundle"))
    }

    fn entries(&self, list: List) -> impl Iterator<Item = Bytes> {
        let mut ids = self.0.ids(list);
        ids.sort_unstable();
        ids.into_iter().filter_map(move |id| self.0.find(list.entries(), id))
    }
}
