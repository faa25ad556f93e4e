//! Guides as they were received, in files: the last good one of each source stays.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use contract::disk::Data;
use contract::source::Name;

use crate::fetch::Fresh;

/// A guide document.
#[derive(Debug)]
pub(crate) struct Copy {
    /// One that has just come, and is not yet judged.
    fresh: Option<Fresh>,
    /// Where the last good one is, if there is one.
    kept: PathBuf,
}

impl Copy {
    /// What a guide is called below `state/<source>/`.
    pub(crate) const NAME: &str = "guide";

    /// The last good one of `source`, if there is one.
    pub(crate) fn last(data: &Data, source: &Name) -> Self {
        Self { fresh: None, kept: data.state().join(source.as_str()).join(Self::NAME) }
    }

    /// A new one has come, to be judged.
    pub(crate) fn came(&mut self, fresh: Fresh) {
        self.fresh = Some(fresh);
    }

    /// Opens the new one, or the last good one; `None` if there is neither.
    pub(crate) fn open(&self) -> io::Result<Option<File>> {
        match &self.fresh {
            Some(fresh) => File::open(fresh.path()).map(Some),
            None => match File::open(&self.kept) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                opened => opened.map(Some),
            },
        }
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
        self.fresh.take().map_or(Ok(()), |fresh| fresh.keep().map(drop))
    }

    /// The new one is not good.
    pub(crate) fn refuse(&mut self) {
        self.fresh = None;
    }
}
