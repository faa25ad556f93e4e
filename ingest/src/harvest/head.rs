//! What a harvest says about itself: its last line, to which the first one leads.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek, SeekFrom};
use std::time::UNIX_EPOCH;

use contract::zone::Zone;
use serde::{Deserialize, Serialize};

use super::{Category, Counts, Item, List};

/// The layout this program writes; another one is no harvest.
pub(super) const VERSION: u32 = 2;

/// What a harvest says about itself.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(super) version: u32,
    /// Of all other lines: the same hash is the same harvest.
    pub(crate) hash: String,
    /// Unix time, in seconds. That of the file: a harvest that comes again in the same words is not written again.
    #[serde(skip)]
    pub(crate) harvested: u64,
    /// Connections that each account of the source allows at once; 0 when it did not say.
    pub(crate) connections: Vec<u32>,
    /// By which clock the source tells times.
    #[serde(default, skip_serializing_if = "Zone::is_utc")]
    pub(crate) zone: Zone,
    /// Entries by kind.
    pub(crate) counts: Counts,
    /// By list, in the source's order.
    pub(crate) categories: BTreeMap<List, Vec<Category>>,
    /// Addresses of guides that the source names. SECURITY: they may hold credentials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) guides: Vec<String>,
    /// What was odd about what it was read from, in words without an address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
    /// How often the ids of a kind had changed their meaning when this was read: by which renumbering they count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) epochs: BTreeMap<Item, u32>,
}

// SECURITY: what types print of themselves ends up in logs.
impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head({})", self.hash)
    }
}

impl Head {
    /// By which renumbering the ids of a kind count; 0 is how they began.
    pub(crate) fn epoch(&self, item: Item) -> u32 {
        self.epochs.get(&item).copied().unwrap_or(0)
    }

    /// Reads that of a harvest.
    ///
    /// # Errors
    /// The file is no harvest, or one of another version.
    pub(super) fn read(file: &mut File) -> io::Result<Self> {
        #[derive(Deserialize)]
        struct First {
            head: String,
        }
        let mut line = vec![0; first_line(0).len()];
        file.seek(SeekFrom::Start(0))?;
        file.read_exact(&mut line)?;
        let first: First = serde_json::from_slice(&line)?;
        let at: u64 = first.head.parse().map_err(io::Error::other)?;
        file.seek(SeekFrom::Start(at))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let mut head: Self = serde_json::from_slice(&text)?;
        let modified = file.metadata()?.modified()?;
        head.harvested = modified.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if head.version == VERSION { Ok(head) } else { Err(io::Error::other("it is of another version")) }
    }
}

/// Says where the head begins, always in as many bytes.
pub(crate) fn first_line(head: u64) -> Vec<u8> {
    format!(r#"{{"head":"{head:015}"}}"#).into_bytes()
}
