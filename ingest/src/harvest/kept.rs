//! A harvest on the disk, and the slim entries of it that are held.
//!
//! `harvest.jsonl`: a line that says where the last line begins; a line for each entry; lines with categories of entries
//! that came again; and the [`Head`], last because a source may say only at its end what it had.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use contract::bundle::{Kind, Protocol};
use contract::disk::Data;
use contract::source::Name;
use contract::zone::Zone;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::TempPath;

use super::writer::add_places;
use super::{Category, Counts, List, Places};
use crate::fetch::{Fresh, forget};
use crate::source::protocol;

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
}

/// A kind of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Item {
    /// A channel.
    Channel,
    /// A film.
    Movie,
    /// A series.
    Series,
    /// An episode.
    Episode,
}

impl Item {
    /// All, by number.
    pub(crate) const ALL: [Self; 4] = [Self::Channel, Self::Movie, Self::Series, Self::Episode];

    /// As in counts.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Channel => List::Live.word(),
            Self::Movie => List::Movies.word(),
            Self::Series => List::Series.word(),
            Self::Episode => super::EPISODES,
        }
    }

    /// What its lines begin with.
    pub(super) const fn opening(self) -> &'static str {
        match self {
            Self::Channel => r#"{"channel":"#,
            Self::Movie => r#"{"movie":"#,
            Self::Series => r#"{"series":"#,
            Self::Episode => r#"{"episode":"#,
        }
    }
}

/// What is held of an entry; the rest is read from its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    offset: u64,
    length: u32,
    id: Span,
    name: Span,
    guide: Span,
    places: Span,
    /// The source's number for it; 0 without one.
    pub(crate) num: u32,
    /// Of an episode: the position of its series, its season and its number.
    pub(crate) episode: (u32, u32, u32),
    /// Whether the source says where it is received.
    pub(crate) addressed: bool,
    /// Whether that is nothing a relay can receive.
    pub(crate) foreign: bool,
    /// Of a channel: whether its past can be watched.
    pub(crate) archived: bool,
}

/// A part of [`Harvest`]'s text, or of its places.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    length: u32,
}

/// Everything a source gave at one time, but for its guide.
#[derive(Debug)]
pub(crate) struct Harvest {
    /// What it says about itself.
    pub(crate) head: Head,
    /// Nothing before [`Harvest::hold`].
    held: Held,
    file: File,
    /// While it is not kept: where it lies, and where it belongs.
    fresh: Option<(TempPath, PathBuf)>,
    /// What it was read from, good when it is.
    documents: Vec<Fresh>,
}

/// What is held of all entries.
#[derive(Debug, Default)]
struct Held {
    /// By [`Item`], in the source's order.
    entries: [Vec<Entry>; Item::ALL.len()],
    /// The names, ids and guide ids of all of them.
    text: String,
    places: Vec<u32>,
    /// Whether this is all.
    whole: bool,
}

pub(super) fn path(data: &Data, source: &Name) -> PathBuf {
    data.state().join(source.as_str()).join("harvest.jsonl")
}

/// Says where the head begins, always in as many bytes.
pub(crate) fn first_line(head: u64) -> Vec<u8> {
    format!(r#"{{"head":"{head:015}"}}"#).into_bytes()
}

/// Removes the last good harvest of `source`, which cannot be read: it is good for nothing, and would stand for a
/// document that is as it was.
pub(crate) fn remove_damaged(data: &Data, source: &Name) -> io::Result<()> {
    std::fs::remove_file(path(data, source))
}

/// What the last good harvest of `source` said about itself; `None` without one.
pub(crate) fn head(data: &Data, source: &Name) -> Option<Head> {
    read_head(&mut File::open(path(data, source)).ok()?).ok()
}

fn read_head(file: &mut File) -> io::Result<Head> {
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
    let mut head: Head = serde_json::from_slice(&text)?;
    let modified = file.metadata()?.modified()?;
    head.harvested = modified.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if head.version == VERSION { Ok(head) } else { Err(io::Error::other("it is of another version")) }
}

impl Harvest {
    /// The last good harvest of `source`, of which no entry is held; `None` without one.
    pub(crate) fn last(data: &Data, source: &Name) -> Option<Self> {
        let file = File::open(path(data, source)).ok()?;
        Self::opened(file)
            .inspect_err(|error| tracing::warn!(%source, %error, "the last harvest cannot be read"))
            .ok()
    }

    /// The same, read from documents that are kept with it.
    pub(crate) fn read_from(mut self, documents: Vec<Fresh>) -> Self {
        self.documents = documents;
        self
    }

    /// The same, known to be what the source gives at `now` (Unix seconds).
    pub(crate) fn seen(mut self, now: u64) -> Self {
        self.head.harvested = now;
        // Only the schedule looks at it, to see whether a run is due.
        let _ = self.file.set_modified(UNIX_EPOCH + Duration::from_secs(now));
        self
    }

    /// One that has just been written to `temporary` and belongs to `to`. No entry of it is held.
    pub(super) fn fresh(file: File, temporary: TempPath, to: PathBuf) -> io::Result<Self> {
        let mut harvest = Self::opened(file)?;
        harvest.fresh = Some((temporary, to));
        Ok(harvest)
    }

    /// Puts it in place of the last good one; at any instant, and after any crash, one of them is there.
    ///
    /// # Errors
    /// The disk refuses; the last one is then still there.
    pub(crate) fn keep(&mut self) -> io::Result<()> {
        // Who finds the documents of the last run again takes this harvest for what they say. So those before it are
        // nothing to compare with once it may be there, and those it was read from are not before it is.
        self.documents.iter().map(Fresh::place).try_for_each(forget)?;
        self.keep_lines()?;
        self.documents.drain(..).try_for_each(|document| document.promote().map(drop))
    }

    fn keep_lines(&mut self) -> io::Result<()> {
        let Some((temporary, to)) = self.fresh.take() else { return Ok(()) };
        if let Ok(mut last) = File::options().read(true).write(true).open(&to)
            && read_head(&mut last).is_ok_and(|head| head.hash == self.head.hash)
        {
            return last.set_modified(UNIX_EPOCH + Duration::from_secs(self.head.harvested));
        }
        if !self.head.epochs.is_empty() {
            self.append_head()?;
        }
        self.file.sync_all()?;
        temporary.persist(&to).map_err(|failed| failed.error)?;
        File::open(to.parent().unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Whether it has just been written, and is not kept.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh.is_some()
    }

    /// Writes what the head says by now behind everything, where it is found instead of the one before.
    fn append_head(&self) -> io::Result<()> {
        let at = self.file.metadata()?.len();
        let mut line = serde_json::to_vec(&self.head)?;
        line.push(b'\n');
        self.file.write_all_at(&line, at)?;
        self.file.write_all_at(&first_line(at), 0)?;
        self.file.set_modified(UNIX_EPOCH + Duration::from_secs(self.head.harvested))
    }

    fn opened(mut file: File) -> io::Result<Self> {
        let head = read_head(&mut file)?;
        Ok(Self { head, held: Held::default(), file, fresh: None, documents: Vec::new() })
    }

    /// Reads the entries, of which there are none before. Not done for a run that finds nothing to do.
    ///
    /// # Errors
    /// The disk refuses, or somebody changed the file.
    pub(crate) fn hold(&mut self) -> io::Result<()> {
        if !self.held.whole {
            self.held = Held::read(&mut self.file)?;
        }
        Ok(())
    }

    /// The entries of a kind, in the source's order.
    pub(crate) fn entries(&self, item: Item) -> &[Entry] {
        &self.held.entries[item as usize]
    }

    /// The source's id of an entry.
    pub(crate) fn id(&self, entry: &Entry) -> &str {
        entry.id.text(&self.held.text)
    }

    /// Its name; may be empty.
    pub(crate) fn name(&self, entry: &Entry) -> &str {
        entry.name.text(&self.held.text)
    }

    /// Its guide channel as the source spells it; may be empty.
    pub(crate) fn guide(&self, entry: &Entry) -> &str {
        entry.guide.text(&self.held.text)
    }

    /// Positions in the categories of its list, the principal one first.
    pub(crate) fn places(&self, entry: &Entry) -> &[u32] {
        entry.places.of(&self.held.places)
    }

    /// All that is known of it.
    ///
    /// # Errors
    /// The disk refuses, or somebody changed the file.
    pub(crate) fn whole<T: DeserializeOwned>(&self, entry: &Entry) -> io::Result<T> {
        let mut line = vec![0; entry.length as usize];
        self.file.read_exact_at(&mut line, entry.offset)?;
        Ok(serde_json::from_slice(&line)?)
    }
}

impl Held {
    fn read(file: &mut File) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let mut reading = Reading::default();
        let mut lines = BufReader::with_capacity(1 << 18, file);
        let mut line = Vec::new();
        let mut offset = 0;
        loop {
            line.clear();
            let length = lines.read_until(b'\n', &mut line)?;
            if length == 0 {
                break;
            }
            reading.take(offset, line.trim_ascii_end())?;
            offset += length as u64;
        }
        let Reading { mut entries, text, mut places, mut again, .. } = reading;
        again.sort_by_key(|(entry, _)| *entry); // each is put together once, however often it came
        for repeats in again.chunk_by(|one, two| one.0 == two.0) {
            let (item, at) = repeats[0].0;
            let Some(entry) = entries[item as usize].get_mut(at as usize) else { continue };
            let mut all = entry.places.of(&places).to_vec();
            repeats.iter().for_each(|(_, more)| add_places(&mut all, more));
            entry.places = Span { start: places.len() as u32, length: all.len() as u32 };
            places.extend(all);
        }
        Ok(Self { entries, text, places, whole: true })
    }
}

impl Span {
    fn text(self, text: &str) -> &str {
        &text[self.start as usize..(self.start + self.length) as usize]
    }

    fn of(self, places: &[u32]) -> &[u32] {
        &places[self.start as usize..(self.start + self.length) as usize]
    }
}

/// What is held of every kind of entry.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Slim {
    pub(super) id: String,
    pub(super) name: String,
    guide: String,
    num: Option<u32>,
    pub(super) places: Places,
    address: Option<Told>,
    archive: u32,
    pub(super) series: String,
    pub(super) season: u32,
    pub(super) number: u32,
}

/// That an address is there, and whether it is one for a relay.
#[derive(Deserialize)]
struct Told {
    url: String,
}

#[derive(Default)]
struct Reading {
    entries: [Vec<Entry>; Item::ALL.len()],
    text: String,
    places: Vec<u32>,
    again: Vec<((Item, u32), Places)>,
    /// Positions of series that have episodes behind them, by id.
    series: HashMap<String, u32>,
    /// The guide id before: the same one often stands on neighbours.
    guide: Span,
}

impl Reading {
    fn take(&mut self, offset: u64, line: &[u8]) -> io::Result<()> {
        for item in Item::ALL {
            if let Some(entry) = line.strip_prefix(item.opening().as_bytes()) {
                let entry = entry.strip_suffix(b"}").unwrap_or(entry);
                return self.entry(item, offset + item.opening().len() as u64, entry);
            }
        }
        if let Some(again) = line.strip_prefix(br#"{"again":"#) {
            let (item, at, places) = serde_json::from_slice(again.strip_suffix(b"}").unwrap_or(again))?;
            self.again.push(((item, at), places));
        }
        Ok(())
    }

    fn entry(&mut self, item: Item, offset: u64, line: &[u8]) -> io::Result<()> {
        let slim: Slim = serde_json::from_slice(line)?;
        let series = match item {
            Item::Series => {
                self.series.insert(slim.id.clone(), self.entries[item as usize].len() as u32);
                0
            }
            Item::Episode => *self.series.get(&slim.series).ok_or(io::ErrorKind::InvalidData)?,
            Item::Channel | Item::Movie => 0,
        };
        if slim.guide != self.guide.text(&self.text) {
            self.guide = self.span(&slim.guide)?;
        }
        let places = Span { start: self.places.len() as u32, length: slim.places.len() as u32 };
        self.places.extend(slim.places);
        let entry = Entry {
            offset,
            length: line.len() as u32,
            id: self.span(&slim.id)?,
            name: self.span(&slim.name)?,
            guide: self.guide,
            places,
            num: slim.num.unwrap_or(0),
            episode: (series, slim.season, slim.number),
            foreign: slim
                .address
                .as_ref()
                .is_some_and(|told| protocol(Kind::Live, &told.url) == Protocol::Foreign),
            addressed: slim.address.is_some(),
            archived: slim.archive > 0,
        };
        self.entries[item as usize].push(entry);
        Ok(())
    }

    fn span(&mut self, text: &str) -> io::Result<Span> {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        // Offsets are 32-bit; a harvest of a million entries has some 100 MB of names.
        if self.text.len() > i32::MAX as usize {
            return Err(io::Error::other("the names of the source are too long to be held"));
        }
        Ok(Span { start, length: text.len() as u32 })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Channel, Episode, Movie, Series, Writer};
    use super::*;

    #[test]
    fn a_harvest_is_read_as_it_was_written_and_kept_when_it_is_good() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let name = Name::new("acme").unwrap();
        assert!(Harvest::last(&data, &name).is_none() && head(&data, &name).is_none());
        let mut writer = Writer::new(&data, &name).unwrap();
        let news = writer.category(List::Live, "News").unwrap();
        let all = writer.category(List::Live, "All").unwrap();
        assert_eq!((news, all, writer.category(List::Live, "News")), (0, 1, Some(0)));
        let one =
            Channel { id: "1".into(), name: "One\n\u{2028}".into(), places: vec![0], ..Channel::default() };
        let movie = Movie { id: "1".into(), rating: 7.3, ..Movie::default() };
        let show = Series { id: "s".into(), ..Series::default() };
        let episode =
            Episode { id: "e".into(), series: "s".into(), season: 2, number: 9, ..Episode::default() };
        writer.channel(&one).unwrap();
        writer.movie(&movie).unwrap();
        writer.channel(&Channel { places: vec![1, 0], ..one.clone() }).unwrap();
        writer.series(&show).unwrap();
        writer.episode(&episode).unwrap();
        let mut fresh = writer.finish(7, vec![2]).unwrap();
        assert!(head(&data, &name).is_none(), "not yet kept");
        fresh.keep().unwrap();

        let file = path(&data, &name);
        let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(path).unwrap());
        let first = inode(&file);
        let mut again = Writer::new(&data, &name).unwrap();
        again.category(List::Live, "News").unwrap();
        again.category(List::Live, "All").unwrap();
        again.channel(&one).unwrap();
        again.movie(&movie).unwrap();
        again.channel(&Channel { places: vec![1, 0], ..one.clone() }).unwrap();
        again.series(&show).unwrap();
        again.episode(&episode).unwrap();
        again.finish(9, vec![2]).unwrap().keep().unwrap();
        assert_eq!((inode(&file), head(&data, &name).unwrap().harvested), (first, 9), "the same words");

        let mut harvest = Harvest::last(&data, &name).unwrap();
        assert!(harvest.entries(Item::Channel).is_empty(), "not yet held");
        harvest.hold().unwrap();
        assert_eq!((harvest.head.harvested, &harvest.head.connections[..]), (9, &[2][..]));
        let entry = &harvest.entries(Item::Channel)[0];
        assert_eq!((harvest.id(entry), harvest.name(entry)), ("1", "One\n\u{2028}"));
        assert_eq!((harvest.places(entry), harvest.entries(Item::Channel).len()), (&[0, 1][..], 1));
        assert_eq!(harvest.whole::<Channel>(entry).unwrap(), one);
        assert_eq!(harvest.whole::<Movie>(&harvest.entries(Item::Movie)[0]).unwrap(), movie);
        assert_eq!(harvest.entries(Item::Episode)[0].episode, (0, 2, 9));
        assert_eq!(head(&data, &name).unwrap().counts["live"], 1);
        assert_eq!(std::fs::read_dir(data.state().join("acme")).unwrap().count(), 1);
    }
}
