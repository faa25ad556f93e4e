//! Which channels a panel is asked for, and in which order.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use contract::bundle::{Kind, Playable, Scan, Section};

use super::document::{Key, key};
use crate::harvest::{Harvest, Item};
use crate::source::xtream::path;

/// A channel that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    /// What its line is found by: one for all channels that share a guide.
    pub(super) key: Key,
    /// The panel's id.
    pub(super) stream: String,
    pub(super) name: String,
    /// Its guide channel as the panel calls it; may be empty.
    pub(super) guide: String,
}

/// The channels of `harvest`, which is held: those that the release in `current` has of the source called `account`, in
/// its order; without such a release, all. Channels that name their guide come before those that do not.
pub(super) fn roster(harvest: &Harvest, account: &str, current: Option<&Path>) -> Vec<Subject> {
    let entries = harvest.entries(Item::Channel);
    let published = current.map(|folder| published(folder, account)).unwrap_or_default();
    let by_path: HashMap<String, usize> = match published.is_empty() {
        true => HashMap::new(),
        false => entries.iter().map(|entry| path(Kind::Live, harvest.id(entry), "ts")).zip(0..).collect(),
    };
    let known: Vec<usize> = published.iter().filter_map(|path| by_path.get(path).copied()).collect();
    let order = if known.is_empty() { (0..entries.len()).collect() } else { known };
    let subject = |at: usize| {
        let (stream, guide) = (harvest.id(&entries[at]), harvest.guide(&entries[at]));
        let key = if guide.is_empty() { key(&format!("stream {stream}")) } else { key(guide) };
        Subject { key, stream: stream.into(), name: harvest.name(&entries[at]).into(), guide: guide.into() }
    };
    let mut seen = HashSet::new();
    let mut roster: Vec<Subject> =
        order.into_iter().map(subject).filter(|subject| seen.insert(subject.key)).collect();
    roster.sort_by_key(|subject| subject.guide.is_empty());
    roster
}

/// From where a release's channels are received at `account`, below the panel's address; none if it cannot be read.
fn published(folder: &Path, account: &str) -> Vec<String> {
    let Ok(file) = File::open(folder.join(contract::release::BUNDLE)) else { return Vec::new() };
    let mut paths = Vec::new();
    let mut scan = Scan::new(BufReader::with_capacity(1 << 18, file));
    while let Ok(Some(entry)) = scan.entry() {
        if entry.section != Section::Playables {
            continue;
        }
        let Ok(playable) = serde_json::from_str::<Playable>(entry.json) else { continue };
        if playable.kind != Kind::Live {
            break; // channels come first
        }
        paths.extend(playable.upstreams.into_iter().filter(|it| it.account == account).map(|it| it.path));
    }
    paths
}
