//! Where things lie on the shared disk, and how small state is replaced.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

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

    /// The catalogue of Ace Stream channels.
    pub fn channels(&self) -> PathBuf {
        self.0.join("channels.json")
    }

    /// Sources that were added from elsewhere, beside those of the configuration; for its owner's eyes.
    pub fn sources(&self) -> PathBuf {
        self.0.join("sources.json")
    }

    /// The file that is locked while those are being changed.
    pub(crate) fn sources_lock(&self) -> PathBuf {
        self.0.join("sources.lock")
    }

    /// The id ledger.
    pub fn ids(&self) -> PathBuf {
        self.0.join("ids.json")
    }

    /// What must not stand in the bundle's addresses; for its owner's eyes.
    pub fn vault(&self) -> PathBuf {
        self.0.join("vault.json")
    }

    /// What tickets and references are signed with; for its owner's eyes.
    pub fn key(&self) -> PathBuf {
        self.0.join("secret.key")
    }

    /// The account at an authority for certificates, and the certificate that it gave; for its owner's eyes.
    pub fn tls(&self) -> PathBuf {
        self.0.join("tls")
    }

    /// Film and series details.
    pub fn details(&self) -> PathBuf {
        self.0.join("details")
    }

    /// Wishes for details that are missing.
    pub fn wanted(&self) -> PathBuf {
        self.0.join("wanted")
    }

    /// What the download program keeps: jobs, targets, files that are on their way; for its owner's eyes.
    pub fn downloads(&self) -> PathBuf {
        self.0.join("downloads")
    }

    /// Pictures of channels, films and series, and wishes for them.
    pub fn logos(&self) -> PathBuf {
        self.0.join("logos")
    }

    /// The file that is locked while the id ledger is being changed.
    pub fn ids_lock(&self) -> PathBuf {
        self.0.join("ids.lock")
    }

    /// What the last run did.
    pub fn run(&self) -> PathBuf {
        self.0.join("run.json")
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

/// How a file is called while it is being written.
pub const REPLACING: &str = ".replacing-";
/// How a link is called before it is renamed over `current`.
pub(crate) const POINTING: &str = ".current-";
/// How a file or a folder is called that is unpacked from a backup, before it is renamed into its place.
pub const RESTORING: &str = ".restoring-";
/// Whoever replaces something takes seconds; what is older was left behind.
const ABANDONED: Duration = Duration::from_secs(86_400);

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
        .prefix(REPLACING)
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|failed| failed.error)?;
    sync_folder(folder)
}

/// The right to change a file, when it is its turn: held by one at a time, in whatever process, and given back by dropping it
/// or by dying. What is locked is a file beside it: it is itself replaced.
///
/// # Errors
/// The folder cannot be written.
pub(crate) fn turn(lock: &Path) -> io::Result<File> {
    fs::create_dir_all(lock.parent().unwrap_or(Path::new(".")))?;
    let file = File::options().create(true).append(true).open(lock)?;
    file.lock()?;
    Ok(file)
}

/// Removes what programs that were killed left behind in the data folder while they replaced something.
///
/// # Errors
/// The disk refuses.
pub fn sweep(data: &Data) -> io::Result<()> {
    let mut folders = vec![data.path().to_owned()];
    for above in [data.state(), data.details()] {
        // What is not there holds nothing.
        let below = fs::read_dir(&above).into_iter().flatten().flatten();
        folders.extend(below.filter(|it| it.file_type().is_ok_and(|it| it.is_dir())).map(|it| it.path()));
        folders.push(above);
    }
    folders.iter().try_for_each(|folder| sweep_folder(folder, &[REPLACING, POINTING, RESTORING]))
}

/// Removes from a folder what programs that were killed left behind in it, under names that begin so. What is a day old was
/// left behind.
///
/// # Errors
/// The disk refuses.
pub fn sweep_folder(folder: &Path, beginnings: &[&str]) -> io::Result<()> {
    // What is not there holds nothing.
    for left in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = left.file_name();
        let is_ours = beginnings.iter().any(|it| name.as_encoded_bytes().starts_with(it.as_bytes()));
        let is_old =
            || io::Result::Ok(left.metadata()?.modified()?.elapsed().is_ok_and(|age| age > ABANDONED));
        if !is_ours || !is_old()? {
            continue;
        }
        if left.file_type()?.is_dir() {
            fs::remove_dir_all(left.path())?;
        } else {
            fs::remove_file(left.path())?;
        }
    }
    Ok(())
}

/// Makes renames and new names in `folder` survive a crash.
///
/// # Errors
/// Those of the disk.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Replaces the file at `path` by one rename, without forcing it onto the disk: for what can be had again after a power cut.
///
/// # Errors
/// Those of the disk.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(REPLACING)
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|failed| failed.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_program_left_is_swept_away_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let old = std::time::SystemTime::now() - 2 * ABANDONED;
        let places =
            [data.path().to_owned(), data.state(), data.state().join("acme"), data.details().join("movie")];
        for place in &places {
            fs::create_dir_all(place).unwrap();
            for (name, is_old) in
                [(".replacing-a", true), (".current-7", true), (".replacing-b", false), ("x", true)]
            {
                let file = File::create(place.join(name)).unwrap();
                if is_old {
                    file.set_modified(old).unwrap();
                }
            }
        }
        let restoring = data.path().join(".restoring-x");
        fs::create_dir_all(restoring.join("data")).unwrap();
        File::open(&restoring).unwrap().set_modified(old).unwrap();
        sweep(&data).unwrap();
        assert!(!restoring.exists());
        for place in &places {
            let there = |name: &str| place.join(name).exists();
            assert!(there("x") && there(".replacing-b"), "{}", place.display());
            assert!(!there(".replacing-a") && !there(".current-7"), "{}", place.display());
        }
    }

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
