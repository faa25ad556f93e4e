//! Releases: consistent, immutable sets of artefacts, published all or nothing.
//!
//! ```text
//! releases/.draft-x7k2/   being written: every file synced, then the folder
//! releases/000413/        the same folder after one rename: whole, never changed again
//! current ─▶ releases/000413      one rename of a symlink: the instant of publication
//! ```
//!
//! Whatever happens in between (a crash, a full disk, a kill), `current` points at a whole release. Drafts that were
//! left behind are removed by the next run, which holds the lock.

mod draft;
mod follow;
mod manifest;
mod open;
mod seen;
mod view;

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

pub use draft::{Artefact, Draft};
pub use follow::Follower;
pub use manifest::{Change, Example, FileFact, Manifest, Outcome, SourceFact, Turn};
pub use open::{OpenError, Release};
use tracing::warn;
pub use view::{GuidePlace, View};

use crate::disk::{self, Data};

/// The files of a release besides `release.json`.
pub const ARTEFACTS: [&str; 5] = [BUNDLE, LIVE_M3U, FULL_M3U, GUIDE, GUIDE_GZ];
/// The line-up.
pub const BUNDLE: &str = "bundle.json";
/// Live channels as a playlist.
pub const LIVE_M3U: &str = "live.m3u";
/// Live channels, films and known episodes as a playlist.
pub const FULL_M3U: &str = "full.m3u";
/// The guide, XMLTV.
pub const GUIDE: &str = "guide.xml";
/// The same, compressed.
pub const GUIDE_GZ: &str = "guide.xml.gz";
/// What a release says about itself.
pub const MANIFEST: &str = "release.json";

/// What the names of folders begin with that are no releases yet, and no longer.
const DRAFT: &str = ".draft-";
const GONE: &str = ".gone-";

/// The releases in a data folder.
#[derive(Clone, Debug)]
pub struct Releases {
    data: Data,
}

/// The right to publish. Held by one process at a time, given back by dropping it or by dying.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A program that is being started just now still has all our files, and with this one the lock (flock(2)).
        let _ = self.file.unlock();
    }
}

impl Releases {
    /// Those in `data`, which may not exist yet.
    pub fn new(data: Data) -> Self {
        Self { data }
    }

    /// The folder they are in.
    pub const fn data(&self) -> &Data {
        &self.data
    }

    /// Takes the right to publish, and removes what a run that was killed left behind. `None`: another run has it.
    ///
    /// # Errors
    /// The data folder cannot be written.
    pub fn lock(&self) -> io::Result<Option<Lock>> {
        fs::create_dir_all(self.data.releases())?;
        let file = File::options().create(true).append(true).open(self.data.lock())?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let ours = |name: &String| name.starts_with(DRAFT) || name.starts_with(GONE);
        for left in names(&self.data.releases())?.filter(ours) {
            self.remove(&self.data.releases().join(left));
        }
        Ok(Some(Lock { file }))
    }

    /// Begins a release.
    ///
    /// # Errors
    /// The data folder cannot be written.
    pub fn draft(&self, _lock: &Lock) -> io::Result<Draft> {
        Draft::new(&self.data.releases())
    }

    /// The number of the published release, if there is one.
    pub fn current(&self) -> Option<u32> {
        let target = fs::read_link(self.data.current()).ok()?;
        number(target.file_name()?.to_str()?)
    }

    /// The numbers of all kept releases, oldest first.
    ///
    /// # Errors
    /// The folder cannot be read. A folder that does not exist holds none.
    pub fn list(&self) -> io::Result<Vec<u32>> {
        let folder = self.data.releases();
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut numbers: Vec<u32> = names(&folder)?.filter_map(|name| number(&name)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The folder of a release.
    pub fn folder(&self, number: u32) -> PathBuf {
        self.data.releases().join(name(number))
    }

    /// What a kept release says about itself.
    ///
    /// # Errors
    /// [`OpenError`] when its `release.json` is missing or broken.
    pub fn manifest(&self, number: u32) -> Result<Manifest, OpenError> {
        open::manifest(&self.folder(number))
    }

    /// Reads every file of a kept release and compares it with its hash.
    ///
    /// # Errors
    /// [`OpenError`], naming the first file that differs.
    pub fn verify(&self, number: u32) -> Result<Manifest, OpenError> {
        open::verify(&self.folder(number))
    }

    /// Makes `draft` the current release under the next number, and removes all but the `keep` newest ones; an old
    /// one that cannot be removed stays and is logged.
    ///
    /// # Errors
    /// The disk refuses; what was published before is then still published.
    pub fn publish(&self, draft: Draft, manifest: &Manifest, keep: usize) -> io::Result<u32> {
        let next = self.list()?.last().map_or(1, |last| last + 1);
        draft.seal(manifest, &self.folder(next))?;
        disk::sync_folder(&self.data.releases())?;
        self.point_at(next)?;
        if let Err(error) = self.prune(keep) {
            warn!(%error, "old releases cannot be removed");
        }
        Ok(next)
    }

    /// Makes an older release the current one: `to`, or the one before the current.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is no such release; else the disk's.
    pub fn rollback(&self, _lock: &Lock, to: Option<u32>) -> io::Result<u32> {
        let kept = self.list()?;
        let current = self.current();
        let target = match to {
            Some(to) => kept.into_iter().find(|number| *number == to),
            None => kept.into_iter().rev().find(|number| current.is_some_and(|current| *number < current)),
        };
        let target = target.ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, "no such release is kept: `ingest list` tells which are")
        })?;
        self.point_at(target)?;
        Ok(target)
    }

    /// One rename: readers see the old release or the new one.
    fn point_at(&self, number: u32) -> io::Result<()> {
        let aside = self.data.path().join(format!("{}{}", disk::POINTING, std::process::id()));
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        symlink(Path::new("releases").join(name(number)), &aside)?;
        fs::rename(&aside, self.data.current())?;
        disk::sync_folder(self.data.path())
    }

    fn prune(&self, keep: usize) -> io::Result<()> {
        let current = self.current();
        let kept = self.list()?;
        let surplus = kept.len().saturating_sub(keep.max(1));
        for old in kept.into_iter().take(surplus).filter(|number| Some(*number) != current) {
            // Renamed first, so that a kill in the middle of removing leaves nothing that looks like a release.
            let gone = self.data.releases().join(format!("{GONE}{}", name(old)));
            fs::rename(self.folder(old), &gone)?;
            self.remove(&gone);
        }
        Ok(())
    }

    /// A network disk keeps a folder while a reader has a file of it open: the next run tries again.
    fn remove(&self, gone: &Path) {
        if let Err(error) = fs::remove_dir_all(gone) {
            warn!(folder = %gone.display(), %error, "cannot be removed yet");
        }
    }
}

fn name(number: u32) -> String {
    format!("{number:06}")
}

fn number(name: &str) -> Option<u32> {
    (name.len() >= 6 && name.bytes().all(|byte| byte.is_ascii_digit())).then(|| name.parse().ok())?
}

fn names(folder: &Path) -> io::Result<impl Iterator<Item = String>> {
    Ok(fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()))
}

#[cfg(test)]
mod tests;
