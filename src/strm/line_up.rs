//! Films and series of a user's line-up, in the order in which they were given their ids.

use anyhow::Context;
use bytes::Bytes;
use contract::bundle::{Section, Series, View, VodStream};
use contract::disk::Data;
use contract::release::{Release, Releases};

/// The published release as a user sees it.
pub(super) struct LineUp {
    release: Release,
    view: View,
}

impl LineUp {
    pub(super) fn open(data: &Data) -> anyhow::Result<Self> {
        let releases = Releases::new(data.clone());
        let number = releases.current().context("there is no release yet; `ingest run` makes one")?;
        let release = Release::open(&releases.folder(number)).context("the release cannot be opened")?;
        let view = View::everything(&release.index);
        Ok(Self { release, view })
    }

    /// Such as `000412`.
    pub(super) fn release(&self) -> &str {
        &self.release.name
    }

    pub(super) fn films(&self) -> impl Iterator<Item = anyhow::Result<VodStream>> {
        self.entries(Section::VodStreams)
            .map(|entry| serde_json::from_slice(&entry).context("a film of the bundle"))
    }

    pub(super) fn series(&self) -> impl Iterator<Item = anyhow::Result<Series>> {
        self.entries(Section::Series)
            .map(|entry| serde_json::from_slice(&entry).context("a series of the bundle"))
    }

    fn entries(&self, section: Section) -> impl Iterator<Item = Bytes> {
        let (index, bundle) = (&self.release.index, &self.release.bundle);
        let mut ids: Vec<u32> = index.entries(section).iter().map(|entry| entry.id).collect();
        ids.sort_unstable();
        ids.into_iter().filter_map(move |id| self.view.find(index, bundle, section, id))
    }
}
