//! Episodes that became known after the release that is in force: what is listed plays, and a release is never changed.
//!
//! They lie in blocks of [`BLOCK`] ids, since the episodes of a series have neighbouring ids. Whoever dials looks here
//! for an id that the release does not have, and believes it as long as the release lists the series.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::put;
use crate::bundle::{Playable, Section};
use crate::disk::Data;
use crate::release::Release;

/// Ids in a file.
const BLOCK: u32 = 256;

/// The episodes in a data folder.
#[derive(Clone, Debug)]
pub struct Episodes {
    folder: PathBuf,
}

/// An episode, from the day on which it is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// Our id of its series.
    pub series: u32,
    /// How it is received.
    pub playable: Playable,
}

impl Episodes {
    /// Those in `data`.
    pub fn new(data: &Data) -> Self {
        Self { folder: data.details().join("episodes") }
    }

    /// In which block `id` would be.
    pub fn block_of(id: u32) -> u32 {
        id / BLOCK
    }

    /// A block as it is on the disk, which need not be there.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn read_block(&self, number: u32) -> io::Result<Vec<u8>> {
        match fs::read(self.path(number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        }
    }

    /// Puts a block that was read elsewhere in the place of ours.
    ///
    /// # Errors
    /// It is no block, or the disk refuses.
    pub fn write_block(&self, number: u32, content: &[u8]) -> io::Result<()> {
        let _: Vec<Late> = serde_json::from_slice(content)?;
        put(&self.path(number), content)
    }

    /// How `id` is received, if it belongs to a series that `release` lists.
    pub fn playable(&self, release: &Release, id: u32) -> Option<Playable> {
        let found = self.block(id / BLOCK).remove(&id)?;
        release.find(Section::Series, found.series)?;
        Some(Playable { series: found.series, ..found.playable })
    }

    /// Keeps `late`, in place of what was known of the same ids. Only one at a time may do so: who holds
    /// [`crate::ids::Turn`].
    ///
    /// # Errors
    /// The disk refuses; each block is then as it was or as it shall be.
    pub fn put(&self, late: impl IntoIterator<Item = Late>) -> io::Result<()> {
        let mut blocks: BTreeMap<u32, BTreeMap<u32, Late>> = BTreeMap::new();
        for late in late {
            let id = late.playable.id;
            blocks.entry(id / BLOCK).or_insert_with(|| self.block(id / BLOCK)).insert(id, late);
        }
        for (number, block) in blocks {
            put(&self.path(number), &serde_json::to_vec(&block.into_values().collect::<Vec<_>>())?)?;
        }
        Ok(())
    }

    /// What cannot be read is empty.
    fn block(&self, number: u32) -> BTreeMap<u32, Late> {
        let text = fs::read(self.path(number)).unwrap_or_default();
        let block: Vec<Late> = serde_json::from_slice(&text).unwrap_or_default();
        block.into_iter().map(|late| (late.playable.id, late)).collect()
    }

    fn path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number}.json"))
    }
}
