//! `coax backup`: reading everything that cannot be had again.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use contract::config::Place;
use contract::disk::{Data, sweep_folder};
use contract::release::Releases;
use contract::say::say;
use contract::stock::Stock;
use download::store::Store;
use tar::{Builder, EntryType, Header};
use tempfile::NamedTempFile;
use tracing::warn;

use super::sums::{Hashing, Sums};
use super::{ALIASES, CONFIG, DATA, HEAD, Head, STOCK, SUMS};
use crate::cli;
use crate::user::now;

/// What of the data folder is made anew by the next run, or is nobody's: the link and the folder of releases, what was
/// harvested, pictures and wishes. Of downloads [`Archive::downloads`] puts in what is there nowhere else.
const AGAIN: [&str; 7] = ["current", "releases", "state", "logos", "wanted", "downloads", "README.md"];
/// Where the queue of downloads is, in the data folder, and the lists that were uploaded.
const QUEUE: &str = "downloads/jobs.db";
const LISTS: &str = "downloads/lists";
/// How a backup is called until it is whole.
const UNFINISHED: &str = ".coax-backup-";
/// Bytes of a name that fit into its header. Names of ours are shorter.
const NAME: usize = 100;
/// How hard zstd tries. Most of it is JSON, which becomes a tenth at any level.
const LEVEL: i32 = 9;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file that is written; one that is there is replaced
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Put the published release in as well: everything is there at once after a restore, without asking a provider
    #[arg(long)]
    with_release: bool,
}

/// Writes the backup, and says what is in it.
pub(crate) fn backup(place: &Place, arguments: &Arguments) -> anyhow::Result<()> {
    let settings = cli::load(place)?;
    let data = settings.data();
    ensure!(data.path().is_dir(), "{}: there is no data folder to back up", data.path().display());
    let folder = arguments.file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let cannot = || format!("{} cannot be written", arguments.file.display());
    // Mode 0600, and renamed when it is whole.
    let _ = sweep_folder(folder, &[UNFINISHED]); // what cannot be removed harms nobody
    let file = NamedTempFile::with_prefix_in(UNFINISHED, folder).with_context(cannot)?;
    let releases = Releases::new(data.clone());
    let release = releases.current().filter(|_| arguments.with_release);
    let mut archive = Archive::new(file).with_context(cannot)?;
    let head =
        Head { schema: Head::SCHEMA, program: env!("CARGO_PKG_VERSION").into(), created: now(), release };
    archive.text(HEAD, &serde_json::to_vec_pretty(&head)?)?;
    if let Some(config) = place.file() {
        archive.file(CONFIG, config)?;
    }
    archive.file(ALIASES, &settings.ingest.matching.aliases)?;
    if let Some(number) = release {
        let name = format!("{DATA}/releases/{number:06}");
        archive.folder(&name, &releases.folder(number)).context("the release cannot be read")?;
    }
    archive.downloads(&data, folder).context("downloads cannot be read")?;
    let mut names = names(data.path())?;
    names.sort_by_key(|name| name == "ids.json"); // what is before it has its ids from it
    for name in &names {
        let (inside, path) = (format!("{DATA}/{name}"), data.path().join(name));
        if path.is_dir() { archive.folder(&inside, &path)? } else { archive.file(&inside, &path)? }
    }
    let count = archive.sums.len();
    let file = archive.finish().with_context(cannot)?;
    let size = file.as_file().metadata()?.len();
    file.persist(&arguments.file).map_err(|failed| failed.error).with_context(cannot)?;
    File::open(folder)?.sync_all()?;
    say(format_args!("{}: {count} files, {}", arguments.file.display(), crate::doctor::amount(size)))?;
    for secret in place.file().map(secrets_elsewhere).unwrap_or_default() {
        say(format_args!("not in it: {}, which the configuration takes a secret from", secret.display()))?;
    }
    Ok(())
}

/// Files with secrets, which are kept where secrets are kept.
fn secrets_elsewhere(config: &Path) -> Vec<PathBuf> {
    fs::read_to_string(config)
        .map_or_else(|_| Vec::new(), |text| crate::doctor::files_of(&text).into_iter().collect())
}

/// What in the data folder is put in, in order.
fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let cannot = || format!("{} cannot be read", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let name = entry.with_context(cannot)?.file_name().to_string_lossy().into_owned();
        let skipped = AGAIN.contains(&name.as_str()) || name.starts_with('.') || name.ends_with(".lock");
        if !skipped && name != "lost+found" {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The file, while it is written.
struct Archive {
    tar: Builder<zstd::Encoder<'static, NamedTempFile>>,
    sums: Sums,
}

impl Archive {
    fn new(file: NamedTempFile) -> io::Result<Self> {
        let mut packed = zstd::Encoder::new(file, LEVEL)?;
        packed.include_checksum(true)?;
        Ok(Self { tar: Builder::new(packed), sums: Sums::default() })
    }

    fn text(&mut self, name: &str, text: &[u8]) -> io::Result<()> {
        self.add(name, (text.len() as u64, 0o644), text)
    }

    /// A file as it is at this instant; one that is not there, or has just gone, is left out.
    fn file(&mut self, name: &str, path: &Path) -> anyhow::Result<()> {
        let cannot = || format!("{} cannot be read", path.display());
        if name.len() > NAME {
            warn!(path = %path.display(), "not ours, and its name is too long: left out");
            return Ok(());
        }
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            file => file.with_context(cannot)?,
        };
        let metadata = file.metadata().with_context(cannot)?;
        if !metadata.is_file() {
            warn!(path = %path.display(), "neither a file nor a folder: left out");
            return Ok(());
        }
        self.add(name, (metadata.len(), metadata.permissions().mode()), file).with_context(cannot)
    }

    /// The queue of downloads, as it is at this instant; `folder` has room for it. The lists that were uploaded, and which
    /// files are played from here: what is on its way is fetched again, and what was delivered lies where it was delivered to.
    fn downloads(&mut self, data: &Data, folder: &Path) -> anyhow::Result<()> {
        if !data.path().join(QUEUE).is_file() {
            return Ok(());
        }
        let lists = data.path().join(LISTS);
        if lists.is_dir() {
            self.folder(&format!("{DATA}/{LISTS}"), &lists)?;
        }
        let stock = Stock::new(data).all()?;
        if !stock.is_empty() {
            self.text(STOCK, &serde_json::to_vec_pretty(&stock)?)?;
        }
        let copy = NamedTempFile::with_prefix_in(UNFINISHED, folder)?;
        Store::open(data)?.copy(copy.path())?;
        let size = copy.as_file().metadata()?.len();
        Ok(self.add(&format!("{DATA}/{QUEUE}"), (size, 0o600), copy.as_file())?)
    }

    /// All files of a folder, and of those in it.
    fn folder(&mut self, name: &str, folder: &Path) -> anyhow::Result<()> {
        let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let file_name = entry.file_name();
            let Some(inside) = file_name.to_str().filter(|name| !name.starts_with('.')) else { continue };
            let (inside, path) = (format!("{name}/{inside}"), entry.path());
            if entry.file_type()?.is_dir() {
                self.folder(&inside, &path)?
            } else {
                self.file(&inside, &path)?
            }
        }
        Ok(())
    }

    fn add(&mut self, name: &str, (size, mode): (u64, u32), content: impl Read) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(size);
        header.set_mode(if mode & 0o077 == 0 { 0o600 } else { 0o644 });
        header.set_mtime(now());
        let mut content = Hashing::new(content.take(size));
        self.tar.append_data(&mut header, name, &mut content)?;
        self.sums.add(name, content.digest());
        Ok(())
    }

    /// Writes the digests, and everything onto the disk.
    fn finish(mut self) -> io::Result<NamedTempFile> {
        let text = self.sums.text();
        self.text(SUMS, text.as_bytes())?;
        let mut file = self.tar.into_inner()?.finish()?;
        file.flush()?;
        file.as_file().sync_all()?;
        Ok(file)
    }
}
