//! A harvest on the disk.
//!
//! `harvest.jsonl`: a line that says where the last line begins; a line for each entry; lines with categories of entries
//! that came again; and the [`Head`], last because a source may say only at its end what it had.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use contract::disk::Data;
use contract::source::Name;
use serde::de::DeserializeOwned;
use tempfile::TempPath;

use super::head::first_line;
use super::held::Held;
use super::{Entry, Head, Item};
use crate::fetch::{Fresh, forget};

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

pub(super) fn path(data: &Data, source: &Name) -> PathBuf {
    data.state().join(source.as_str()).join("harvest.jsonl")
}

/// Removes the last good harvest of `source`, which cannot be read: it is good for nothing, and would stand for a
/// document that is as it was.
pub(crate) fn remove_damaged(data: &Data, source: &Name) -> io::Result<()> {
    std::fs::remove_file(path(data, source))
}

/// What the last good harvest of `source` said about itself; `None` without one.
pub(crate) fn head(data: &Data, source: &Name) -> Option<Head> {
    Head::read(&mut File::open(path(data, source)).ok()?).ok()
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
            && Head::read(&mut last).is_ok_and(|head| head.hash == self.head.hash)
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
        let head = Head::read(&mut file)?;
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

#[cfg(test)]
mod tests {
    use super::super::{Channel, Episode, List, Movie, Series, Writer};
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
