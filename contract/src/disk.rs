//! Where things lie on the shared disk, and how small state is replaced.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The data folder that the programs share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data(PathBuf);

impl Data {
    /// The folder at `path`; it is made when something is first written.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The link to the published release.
    pub fn current(&self) -> PathBuf {
        self.0.join("current")
    }

    /// All kept releases, one folder each.
    pub fn releases(&self) -> PathBuf {
        self.0.join("releases")
    }

    /// The users, with hashed passwords.
    pub fn users(&self) -> PathBuf {
        self.0.join("users.json")
    }

    /// The file that is locked while `users.json` is being changed.
    pub fn users_lock(&self) -> PathBuf {
        self.0.join("users.lock")
    }

    /// The id ledger.
    pub fn ids(&self) -> PathBuf {
        self.0.join("ids.json")
    }

    /// What must not stand in the bundle's addresses; for its owner's eyes.
    pub fn vault(&self) -> PathBuf {
        self.0.join("vault.json")
    }

    /// Film and series details.
    pub fn details(&self) -> PathBuf {
        self.0.join("details")
    }

    /// Wishes for details that are missing.
    pub fn wanted(&self) -> PathBuf {
        self.0.join("wanted")
    }

    /// The file that is locked while the id ledger is being changed.
    pub fn ids_lock(&self) -> PathBuf {
        self.0.join("ids.lock")
    }

    /// What ingest keeps for itself: last good harvests and the like.
    pub fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    /// The file that is locked while a release is being made.
    pub fn lock(&self) -> PathBuf {
        self.0.join("ingest.lock")
    }
}

/// Who may read a file that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Mode 0644.
    Everybody,
    /// Mode 0600, for what nobody else on the machine should read.
    Owner,
}

/// Writes `bytes` to `path` so that a reader, at any instant and after any crash, finds either the old content or the
/// new one. The folder is made if it is missing.
///
/// # Errors
/// Whatever the disk says; the old content is then still there.
pub fn replace(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mode = match access {
        Access::Everybody => 0o644,
        Access::Owner => 0o600,
    };
    let mut file = tempfile::Builder::new()
        .prefix(".replacing-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|failed| failed.error)?;
    sync_folder(folder)
}

/// Makes renames and new names in `folder` survive a crash.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/on/demand.json");
        replace(&path, b"1", Access::Everybody).unwrap();
        replace(&path, b"22", Access::Owner).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"22");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
