//! Guides as they were received, in files: the last good one of each source stays.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use contract::disk::Data;
use contract::source::Name;
use tempfile::NamedTempFile;

/// A guide document.
#[derive(Debug)]
pub(crate) struct Copy {
    /// One that has just come, and is not yet judged.
    fresh: Option<NamedTempFile>,
    /// Where the last good one is, if there is one.
    kept: PathBuf,
}

impl Copy {
    /// The last good one of `source`, if there is one.
    pub(crate) fn last(data: &Data, source: &Name) -> Self {
        Self { fresh: None, kept: data.state().join(source.as_str()).join("guide") }
    }

    /// Begins to write a new one.
    ///
    /// # Errors
    /// The disk refuses, here and below.
    pub(crate) fn begin(&mut self) -> io::Result<&mut impl Write> {
        let folder = self.kept.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        for left in fs::read_dir(folder)?.flatten() {
            if left.file_name().to_string_lossy().starts_with(".guide-") {
                fs::remove_file(left.path())?; // a run was killed while writing it
            }
        }
        let file = tempfile::Builder::new().prefix(".guide-").tempfile_in(folder)?;
        Ok(self.fresh.insert(file))
    }

    /// Opens the new one, or the last good one; `None` if there is neither.
    pub(crate) fn open(&self) -> io::Result<Option<File>> {
        match &self.fresh {
            Some(fresh) => fresh.reopen().map(Some),
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
        match self.fresh.take() {
            Some(fresh) => fresh.persist(&self.kept).map(drop).map_err(|failed| failed.error),
            None => Ok(()),
        }
    }

    /// The new one is not good.
    pub(crate) fn refuse(&mut self) {
        self.fresh = None;
    }
}
