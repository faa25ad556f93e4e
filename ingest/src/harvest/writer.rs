//! Writing a harvest while its source is read.

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, UNIX_EPOCH};

use contract::disk::Data;
use contract::source::Name;
use contract::zone::Zone;
use serde::Serialize;
use tempfile::NamedTempFile;

use super::head::{Head, VERSION, first_line};
use super::kept::{Harvest, path};
use super::{Category, Channel, Episode, Item, List, Movie, Places, Series};

/// The most entries of one list; the largest known have 600 000.
const MOST: usize = 1_000_000;
/// The most categories of one list; the largest known has 1350.
const MOST_CATEGORIES: usize = 20_000;
/// The most categories an entry is in.
const MOST_PLACES: usize = 100;
/// The most categories of repeats that are remembered.
const MOST_REPEATED: usize = 1_000_000;

/// A harvest that is being written. Dropped, it leaves nothing.
pub(crate) struct Writer {
    out: BufWriter<NamedTempFile>,
    to: std::path::PathBuf,
    categories: HashMap<List, Categories>,
    /// By kind of entry, where each id stands, so that one that comes again is found.
    seen: HashMap<(Item, u64), u32>,
    /// Without the entries' text: an unforeseeable hash, since ids are what a source pleases.
    hasher: RandomState,
    counts: [u32; Item::ALL.len()],
    /// Categories of entries that came again.
    repeats: Vec<(Item, u32, Places)>,
    /// How many categories that are.
    repeated: usize,
    position: u64,
    hash: blake3::Hasher,
    guides: Vec<String>,
    notes: Vec<String>,
    zone: Zone,
}

#[derive(Default)]
struct Categories {
    list: Vec<Category>,
    at: HashMap<String, u32>,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It is new.
    New,
    /// Its id was there: the categories went to the first one, the rest is gone.
    Repeat,
    /// There are too many, and it is gone.
    Full,
}

impl Writer {
    /// Begins a harvest of `source`.
    ///
    /// # Errors
    /// The disk refuses, here and below.
    pub(crate) fn new(data: &Data, source: &Name) -> io::Result<Self> {
        let to = path(data, source);
        let folder = to.parent().expect("the path has a folder");
        fs::create_dir_all(folder)?;
        for left in fs::read_dir(folder)?.flatten() {
            if left.file_name().to_string_lossy().starts_with(".harvest-") {
                fs::remove_file(left.path())?; // a run was killed while writing it
            }
        }
        // SECURITY: addresses may hold credentials.
        let file = tempfile::Builder::new()
            .prefix(".harvest-")
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(folder)?;
        let mut writer = Self {
            out: BufWriter::with_capacity(1 << 18, file),
            to,
            categories: HashMap::new(),
            seen: HashMap::new(),
            hasher: RandomState::new(),
            counts: [0; Item::ALL.len()],
            repeats: Vec::new(),
            repeated: 0,
            position: 0,
            hash: blake3::Hasher::new(),
            guides: Vec::new(),
            notes: Vec::new(),
            zone: Zone::default(),
        };
        writer.line(&first_line(0))?;
        Ok(writer)
    }

    /// Says what categories a list has, for sources that know before they list entries.
    pub(crate) fn categories(&mut self, list: List, categories: Vec<Category>) {
        let at = categories.iter().map(|category| category.id.clone()).zip(0..).collect();
        self.categories.insert(list, Categories { list: categories, at });
    }

    /// The position of the category called `name`, for sources that know them by name only. `None` if it is new and
    /// there are too many.
    pub(crate) fn category(&mut self, list: List, name: &str) -> Option<u32> {
        let categories = self.categories.entry(list).or_default();
        if let Some(at) = categories.at.get(name) {
            return Some(*at);
        }
        let at = categories.list.len() as u32;
        if categories.list.len() == MOST_CATEGORIES {
            return None;
        }
        categories.list.push(Category { id: name.to_owned(), name: name.to_owned() });
        categories.at.insert(name.to_owned(), at);
        Some(at)
    }

    /// Adds a channel.
    pub(crate) fn channel(&mut self, channel: &Channel) -> io::Result<Pushed> {
        self.push(Item::Channel, &channel.id, &channel.places, channel)
    }

    /// Adds a film.
    pub(crate) fn movie(&mut self, movie: &Movie) -> io::Result<Pushed> {
        self.push(Item::Movie, &movie.id, &movie.places, movie)
    }

    /// Adds a series.
    pub(crate) fn series(&mut self, series: &Series) -> io::Result<Pushed> {
        self.push(Item::Series, &series.id, &series.places, series)
    }

    /// Adds an episode of a series that has been added.
    pub(crate) fn episode(&mut self, episode: &Episode) -> io::Result<Pushed> {
        self.push(Item::Episode, &episode.id, &[], episode)
    }

    /// Says which guides the source names, by their addresses.
    pub(crate) fn guides(&mut self, addresses: Vec<String>) {
        self.guides = addresses;
    }

    /// Says what was odd about the source, in words without an address, for the runs that find it unchanged.
    pub(crate) fn notes(&mut self, notes: Vec<String>) {
        self.notes = notes;
    }

    /// Says by which clock the source tells times.
    pub(crate) fn zone(&mut self, zone: Zone) {
        self.zone = zone;
    }

    /// How many entries of a kind there are.
    pub(crate) const fn count(&self, item: Item) -> u32 {
        self.counts[item as usize]
    }

    /// Adds an entry of another harvest by its line, in the order of that one.
    pub(super) fn line_of(&mut self, item: Item, id: &str, line: &[u8]) -> io::Result<()> {
        let key = (item, self.hasher.hash_one(id));
        self.seen.insert(key, self.counts[item as usize]);
        self.counts[item as usize] += 1;
        self.line(line)
    }

    /// Adds places that an entry of another harvest had besides those of its line.
    pub(super) fn again(&mut self, item: Item, at: u32, places: Places) {
        self.repeats.push((item, at, places));
    }

    fn push(&mut self, item: Item, id: &str, places: &[u32], entry: &impl Serialize) -> io::Result<Pushed> {
        let at = self.counts[item as usize];
        let key = (item, self.hasher.hash_one(id));
        if let Some(first) = self.seen.get(&key) {
            if !places.is_empty() && self.repeated + places.len() <= MOST_REPEATED {
                self.repeated += places.len();
                self.repeats.push((item, *first, places.to_vec()));
            }
            return Ok(Pushed::Repeat);
        }
        if at as usize == MOST {
            return Ok(Pushed::Full);
        }
        self.seen.insert(key, at);
        self.counts[item as usize] += 1;
        let mut line = Vec::with_capacity(512);
        line.extend_from_slice(item.opening().as_bytes());
        serde_json::to_writer(&mut line, entry)?;
        line.push(b'}');
        self.line(&line)?;
        Ok(Pushed::New)
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.out.write_all(line)?;
        self.out.write_all(b"\n")?;
        self.position += line.len() as u64 + 1;
        self.hash.update(line).update(b"\n");
        Ok(())
    }

    /// Ends the writing. `harvested` is the time in Unix seconds, `connections` what each account of the source allows
    /// (0: it did not say). The harvest is not kept before [`Harvest::keep`].
    pub(crate) fn finish(mut self, harvested: u64, connections: Vec<u32>) -> io::Result<Harvest> {
        drop(std::mem::take(&mut self.seen));
        for repeat in std::mem::take(&mut self.repeats) {
            let mut line = br#"{"again":"#.to_vec();
            serde_json::to_writer(&mut line, &repeat)?;
            line.push(b'}');
            self.line(&line)?;
        }
        let head_at = self.position;
        let categories = self.categories.drain().map(|(list, it)| (list, it.list)).collect();
        let counts = self.named_counts();
        let mut head = Head {
            version: VERSION,
            connections,
            counts,
            categories,
            guides: std::mem::take(&mut self.guides),
            notes: std::mem::take(&mut self.notes),
            zone: std::mem::take(&mut self.zone),
            ..Head::default()
        };
        self.hash.update(&serde_json::to_vec(&head)?);
        head.hash = self.hash.finalize().to_hex().to_string();
        let head = serde_json::to_vec(&head)?;
        self.line(&head)?;
        let mut file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&first_line(head_at))?;
        file.as_file().set_modified(UNIX_EPOCH + Duration::from_secs(harvested))?;
        let (file, temporary) = file.into_parts();
        Harvest::fresh(file, temporary, self.to)
    }

    fn named_counts(&self) -> super::Counts {
        let count = |item: Item| (item.word().to_owned(), self.count(item).into());
        let listed = |item: &Item| *item != Item::Episode || self.count(*item) > 0;
        Item::ALL.into_iter().filter(listed).map(count).collect()
    }
}

/// Adds the places of a repeat, each once.
pub(super) fn add_places(places: &mut Vec<u32>, more: &[u32]) {
    for place in more {
        if places.len() < MOST_PLACES && !places.contains(place) {
            places.push(*place);
        }
    }
}
