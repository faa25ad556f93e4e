//! The second half of `coax restore`: all of a backup was looked at, and is put into its place.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown, symlink};
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context, bail};
use contract::config::DEFAULT_FILE;
use contract::disk::{Data, RESTORING, sweep_folder};
use contract::owner::become_owner;
use contract::release::{Lock, Releases};
use rustix::process::geteuid;
use tempfile::TempDir;

use super::{ALIASES, DATA, Head};
use crate::user::now;

/// All of a backup, and all is right.
pub(super) struct Whole {
    pub(super) head: Head,
    pub(super) config: Option<Vec<u8>>,
    pub(super) aliases: Option<Vec<u8>>,
    pub(super) data: Data,
    /// Where the files of the data folder are until they are put into it.
    pub(super) staged: TempDir,
    pub(super) files: usize,
}

/// The data folder, while no run can begin in it.
pub(super) struct Held {
    _lock: Lock,
    /// Nothing was in it before.
    is_new: bool,
}

/// A file that is not in the data folder, and differs from what is in its place.
pub(super) struct Beside<'a> {
    path: PathBuf,
    content: &'a [u8],
    there: Option<Metadata>,
}

impl Whole {
    /// The configuration, to be written as `config`, and the aliases.
    ///
    /// # Errors
    /// There is another one, and nobody has said `force`.
    pub(super) fn beside(&self, config: Option<&Path>, force: bool) -> anyhow::Result<Vec<Beside<'_>>> {
        let config = config.unwrap_or(Path::new(DEFAULT_FILE)).to_owned();
        let aliases = aliases(self.config.as_deref());
        let mut beside = Vec::new();
        for (content, path) in [(&self.config, config), (&self.aliases, aliases)] {
            let Some(content) = content else { continue };
            let there = match fs::read(&path) {
                Ok(there) if there == *content => continue,
                Ok(_) if !force => bail!(
                    "{} is there and differs from the one in the backup: move it away, or say --force",
                    path.display()
                ),
                Ok(_) => Some(fs::metadata(&path)?),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => bail!("{}: {error}", path.display()),
            };
            beside.push(Beside { path, content, there });
        }
        Ok(beside)
    }

    /// Keeps runs away: one that is going on would write on into what is put aside.
    ///
    /// # Errors
    /// One is going on.
    pub(super) fn hold(&self) -> anyhow::Result<Held> {
        become_owner(&self.data)?;
        let path = self.data.path();
        let cannot = || format!("{} cannot be written", path.display());
        fs::create_dir_all(path).with_context(cannot)?;
        let is_new = names(path).with_context(cannot)?.is_empty();
        let lock = Releases::new(self.data.clone()).lock().with_context(cannot)?;
        Ok(Held { _lock: lock.context("a run is going on; try again when it is done")?, is_new })
    }

    /// Puts what is there aside, and the files of the data folder into their places. What there is to say comes back.
    pub(super) fn put(&self, held: &Held) -> anyhow::Result<Vec<String>> {
        become_owner(&self.data)?;
        let path = self.data.path();
        let mut notes = Vec::new();
        if !held.is_new {
            let aside = path.join(format!(".before-restore-{}", now()));
            fs::create_dir(&aside)?;
            for name in names(path)? {
                fs::rename(path.join(&name), aside.join(&name))?;
            }
            notes.push(format!("what was there is in {}", aside.display()));
        }
        let from = self.staged.path().join(DATA);
        for name in names(&from)? {
            fs::rename(from.join(&name), path.join(&name))?;
        }
        if let Some(number) = self.head.release {
            symlink(format!("releases/{number:06}"), self.data.current())?;
        }
        File::open(path)?.sync_all()?;
        Ok(notes)
    }

    /// To which group a configuration is given that was not there: where root restores for a service, to the service's.
    pub(super) fn group(&self) -> Option<u32> {
        let folder = fs::metadata(self.data.path()).ok()?;
        (geteuid().is_root() && folder.uid() != 0).then_some(folder.gid())
    }
}

impl Beside<'_> {
    /// Writes it, and puts aside what is there. It is whose that was, and nobody else may read it.
    pub(super) fn put(&self, group: Option<u32>) -> anyhow::Result<Vec<String>> {
        let path = absolute(&self.path)?;
        let cannot = || format!("{} cannot be written", self.path.display());
        let folder = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).with_context(cannot)?;
        let _ = sweep_folder(folder, &[RESTORING]); // what cannot be removed harms nobody
        let mut file = tempfile::Builder::new().prefix(RESTORING).tempfile_in(folder).with_context(cannot)?;
        file.write_all(self.content).with_context(cannot)?;
        let mode = match &self.there {
            Some(there) => there.permissions().mode() & 0o770,
            None if group.is_some() => 0o640,
            None => 0o600,
        };
        let (uid, gid) = match &self.there {
            Some(there) => (Some(there.uid()), Some(there.gid())),
            None => (None, group),
        };
        if geteuid().is_root() {
            fchown(file.as_file(), uid, gid).with_context(cannot)?;
        }
        file.as_file().set_permissions(fs::Permissions::from_mode(mode)).with_context(cannot)?;
        file.as_file().sync_all().with_context(cannot)?;
        let mut notes = vec![format!("{} restored", self.path.display())];
        if self.there.is_some() {
            let aside = self.path.with_extension(format!("before-restore-{}", now()));
            fs::rename(&path, &aside).with_context(cannot)?;
            notes.push(format!("the {} that was there is {}", self.path.display(), aside.display()));
        }
        file.persist(&path).map_err(|failed| failed.error).with_context(cannot)?;
        Ok(notes)
    }
}

/// Where the configuration says that the aliases are.
fn aliases(config: Option<&[u8]>) -> PathBuf {
    let text = config.and_then(|text| std::str::from_utf8(text).ok());
    let table: Option<toml::Table> = text.and_then(|text| text.parse().ok());
    let said =
        table.as_ref().and_then(|table| table.get("ingest")?.get("matching")?.get("aliases")?.as_str());
    said.unwrap_or(ALIASES).into()
}

/// What counts as being in a folder: what a fresh volume has, what is locked, and what begins with a dot, does not.
pub(super) fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        let counts = name != "lost+found"
            && name != "README.md"
            && !bytes.starts_with(b".")
            && !bytes.ends_with(b".lock");
        names.extend(counts.then_some(name));
    }
    Ok(names)
}
