//! Guides as they were received, in files: the last good one of each source stays.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use contract::disk::Data;
use contract::source::Name;

use super::{decoded, is_present};
use crate::fetch::{Document, Failure, Fresh};

/// A guide that breaks off counts if at least so much of it came, in percent.
const ENOUGH: u64 = 95;

/// A guide document.
#[derive(Debug)]
pub(crate) struct Copy {
    /// One that has just come, and is not yet judged.
    fresh: Option<Fresh>,
    /// Where the last good one is, if there is one.
    kept: PathBuf,
    /// How many programmes of the last good one the new one is compared with, if not with all.
    comparable: Option<u64>,
}

impl Copy {
    /// The last good one of `source`, if there is one. A source has several; the names of all begin with `guide`.
    pub(crate) fn last(data: &Data, source: &Name, name: &str) -> Self {
        let kept = data.state().join(source.as_str()).join(name);
        Self { fresh: None, kept, comparable: None }
    }

    /// All last good ones of `source`, in order of their names.
    pub(crate) fn all(data: &Data, source: &Name) -> Vec<Self> {
        let folder = data.state().join(source.as_str());
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let named = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
            name == "guide" || name.strip_prefix("guide-").is_some_and(|number| number.parse::<u8>().is_ok())
        };
        let mut kept: Vec<PathBuf> = files.filter(named).collect();
        kept.sort();
        kept.into_iter().map(|kept| Self { fresh: None, kept, comparable: None }).collect()
    }

    /// Takes what was fetched under this one's name.
    ///
    /// # Errors
    /// Too little of it came.
    pub(crate) fn take(&mut self, document: Document) -> Result<(), Failure> {
        self.fresh = match document {
            Document::Same(_) => None,
            Document::Fresh(fresh) => Some(fresh),
            Document::Part(part, _) if part.percent().is_some_and(|percent| percent >= ENOUGH) => Some(part),
            Document::Part(_, broken) => return Err(broken),
        };
        Ok(())
    }

    /// Opens the new one, or the last good one; `None` if there is neither.
    ///
    /// # Errors
    /// The disk refuses, here and below.
    pub(crate) fn open(&self) -> io::Result<Option<File>> {
        match &self.fresh {
            Some(fresh) => File::open(fresh.path()).map(Some),
            None => match File::open(&self.kept) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                opened => opened.map(Some),
            },
        }
    }

    /// Takes what was made of other answers in its place. The last one has so many `comparable` programmes: those of
    /// channels that the new one is about, too.
    pub(crate) fn renew(&mut self, made: Fresh, comparable: u64) {
        (self.fresh, self.comparable) = (Some(made), Some(comparable));
    }

    /// How many programmes of the last good one the new one is compared with; `None` for all.
    pub(crate) const fn comparable(&self) -> Option<u64> {
        self.comparable
    }

    /// Whether it is one for `now`, in Unix seconds: the new one, or the last good one, which stands in for it. Waits for
    /// the disk.
    pub(crate) fn is_present(&self, now: u64) -> bool {
        let files = [self.fresh.as_ref().map(Fresh::path), Some(&*self.kept)];
        let read = |path: &Path| decoded(File::open(path).ok()?).ok();
        files.into_iter().flatten().filter_map(read).any(|input| is_present(input, now))
    }

    /// Removes it, new and old: there is a better one.
    pub(crate) fn remove(self) -> io::Result<()> {
        [&self.kept, &self.count()].into_iter().try_for_each(|path| match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }

    /// Where the last good one is, if there is one.
    pub(crate) fn place(&self) -> &Path {
        &self.kept
    }

    /// Where it is written down how many programmes the last good one has.
    pub(crate) fn count(&self) -> PathBuf {
        self.kept.with_file_name(format!("programmes-{}", self.name()))
    }

    /// Its name below `state/<source>/`.
    pub(crate) fn name(&self) -> &str {
        self.kept.file_name().and_then(|name| name.to_str()).unwrap_or("guide")
    }

    /// When the last good one was written, in nanoseconds since 1970, and how long it is.
    pub(crate) fn changed(&self) -> Option<(u128, u64)> {
        let facts = std::fs::metadata(&self.kept).ok()?;
        Some((facts.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos(), facts.len()))
    }

    /// Whether there is one, new or old.
    pub(crate) fn exists(&self) -> bool {
        self.fresh.is_some() || self.kept.exists()
    }

    /// Whether it has just come.
    pub(crate) const fn is_fresh(&self) -> bool {
        self.fresh.is_some()
    }

    /// The new one is good, and takes the place of the last.
    pub(crate) fn keep(&mut self) -> io::Result<()> {
        self.fresh.take().map_or(Ok(()), |fresh| fresh.promote().map(drop))
    }

    /// The new one is not good.
    pub(crate) fn refuse(&mut self) {
        self.fresh = None;
    }
}
