//! One side of a comparison: a release, read once, of which a few numbers for each entry are kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::Hasher as _;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use contract::bundle::{self, GuideRange, Scan, Section};
use contract::release::{BUNDLE, FULL_M3U};
use rustc_hash::{FxHashSet, FxHasher};
use serde::Deserialize;

/// The kinds of entries whose changes are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Live,
    Movies,
    Series,
    Episodes,
    Categories,
}

impl Kind {
    pub(super) const ALL: [Self; 5] =
        [Self::Live, Self::Movies, Self::Series, Self::Episodes, Self::Categories];

    /// As in `release.json`.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Movies => "movies",
            Self::Series => "series",
            Self::Episodes => "episodes",
            Self::Categories => "categories",
        }
    }
}

/// What is kept of an entry: 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    pub(super) id: u32,
    length: u32,
    at: u64,
    /// Of its bytes. Two entries that differ and hash alike would be a change that is not told, no more.
    pub(super) hash: u64,
    /// Of its guide channel's id.
    pub(super) guide: u64,
}

/// What an entry says that may be worth telling.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Facts {
    #[serde(alias = "category_name")]
    pub(super) name: String,
    pub(super) num: u32,
    pub(super) category_ids: Vec<u32>,
    pub(super) epg_channel_id: String,
}

/// A release that is compared; the default one is empty.
#[derive(Default)]
pub(super) struct Side {
    folder: PathBuf,
    bundle: Option<File>,
    /// By [`Kind`], each sorted by id.
    facts: [Vec<Fact>; 5],
    /// Hashes of the ids of guide channels that have programmes.
    programmes: FxHashSet<u64>,
}

/// What an entry is counted under.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(default, alias = "stream_id", alias = "series_id")]
    id: u32,
    #[serde(default, borrow)]
    category_id: &'a str,
    #[serde(default)]
    epg_channel_id: std::borrow::Cow<'a, str>,
    #[serde(default)]
    kind: Option<bundle::Kind>,
}

impl Side {
    /// Reads the release in `folder`.
    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        let path = folder.join(BUNDLE);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let bundle = File::open(&path).map_err(named)?;
        let mut side = Self { folder: folder.into(), ..Self::default() };
        let mut scan = Scan::new(BufReader::with_capacity(1 << 18, &bundle));
        while let Some(entry) = scan.entry().map_err(named)? {
            side.note(&entry).map_err(io::Error::from).map_err(named)?;
        }
        for facts in &mut side.facts {
            facts.sort_unstable_by_key(|fact| (fact.id, fact.at));
            facts.dedup_by_key(|fact| fact.id); // a release where an id is given twice is damaged, and told elsewhere
        }
        side.bundle = Some(bundle);
        Ok(side)
    }

    fn note(&mut self, entry: &bundle::Scanned<'_>) -> serde_json::Result<()> {
        let kind = match entry.section {
            Section::LiveCategories | Section::VodCategories | Section::SeriesCategories => Kind::Categories,
            Section::LiveStreams => Kind::Live,
            Section::VodStreams => Kind::Movies,
            Section::Series => Kind::Series,
            Section::Playables => Kind::Episodes,
            Section::Guide => {
                let range: GuideRange = serde_json::from_str(entry.json)?;
                if range.programmes.0 < range.programmes.1 {
                    self.programmes.insert(hash(&range.id));
                }
                return Ok(());
            }
            Section::Accounts => return Ok(()),
        };
        let head: Head<'_> = serde_json::from_str(entry.json)?;
        if kind == Kind::Episodes && head.kind != Some(bundle::Kind::Episode) {
            return Ok(()); // stands in its list
        }
        let id = if kind == Kind::Categories { head.category_id.parse().unwrap_or(0) } else { head.id };
        self.facts[kind as usize].push(Fact {
            id,
            length: u32::try_from(entry.json.len()).unwrap_or(u32::MAX),
            at: entry.at,
            hash: hash(entry.json),
            guide: hash(&head.epg_channel_id),
        });
        Ok(())
    }

    /// All entries of a kind, by ascending id.
    pub(super) fn facts(&self, kind: Kind) -> &[Fact] {
        &self.facts[kind as usize]
    }

    /// Reads an entry again.
    pub(super) fn told(&self, fact: &Fact) -> io::Result<Facts> {
        let Some(bundle) = &self.bundle else { return Ok(Facts::default()) };
        let mut json = vec![0; fact.length as usize];
        bundle.read_exact_at(&mut json, fact.at)?;
        Ok(serde_json::from_slice(&json)?)
    }

    /// Whether there are programmes for a channel.
    pub(super) fn has_programmes(&self, fact: &Fact) -> bool {
        self.programmes.contains(&fact.guide)
    }

    /// The names of categories, as one text.
    pub(super) fn categories(&self, ids: &[u32]) -> String {
        let facts = self.facts(Kind::Categories);
        let name = |id: &u32| {
            let fact = &facts[facts.binary_search_by_key(id, |fact| fact.id).ok()?];
            Some(self.told(fact).ok()?.name)
        };
        ids.iter().filter_map(name).collect::<Vec<_>>().join(", ")
    }

    /// The names of some episodes, from the playlist, which is the only place where they stand.
    pub(super) fn episodes(&self, ids: &[u32]) -> io::Result<BTreeMap<u32, String>> {
        let mut names = BTreeMap::new();
        let mut playlist = BufReader::with_capacity(1 << 18, File::open(self.folder.join(FULL_M3U))?);
        let (mut line, mut title) = (String::new(), String::new());
        while names.len() < ids.len() {
            line.clear();
            if playlist.read_line(&mut line)? == 0 {
                break;
            }
            if line.starts_with('#') {
                std::mem::swap(&mut line, &mut title);
            } else if let Some(id) = episode(&line).filter(|id| ids.contains(id)) {
                names.insert(id, name(&title).to_owned());
            }
        }
        Ok(names)
    }
}

/// The id in the address of an episode.
fn episode(address: &str) -> Option<u32> {
    let (folders, file) = address.trim_end().rsplit_once('/')?;
    let (id, _) = file.rsplit_once('.')?;
    folders.starts_with("{base}/series/").then(|| id.parse().ok())?
}

/// What stands after the attributes of an `#EXTINF`: they are quoted, and no value holds a quote.
fn name(title: &str) -> &str {
    let rest = title.rsplit_once('"').map_or(title, |(_, rest)| rest);
    rest.split_once(',').map_or("", |(_, name)| name.trim())
}

fn hash(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn episodes_are_found_in_a_playlist() {
        assert_eq!(episode("{base}/series/{username}/{password}/17.mp4\n"), Some(17));
        assert_eq!(episode("{base}/movie/{username}/{password}/17.mp4\n"), None);
        assert_eq!(name("#EXTINF:-1 tvg-name=\"A, b\" group-title=\"C, d\",A, b S01E02\n"), "A, b S01E02");
        assert_eq!(name("#EXTINF:-1,Plain \"quoted\", name"), "name");
        assert_eq!(name("#EXTM3U"), "");
    }
}
