//! `coax restore`: looking at a backup; [`put`](super::put) puts it in its place when all of it is right.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::panic::resume_unwind;
use std::path::{Component, Path, PathBuf};
use std::thread;

use anyhow::{Context, ensure};
use clap::Args;
use contract::config::{Config, Place, Skip};
use contract::disk::{Data, RESTORING, sweep_folder};
use contract::ids::Ledger;
use contract::owner::become_owner;
use contract::release::{Release, Releases};
use contract::say::say;
use contract::stock::Stock;
use contract::user::Users;
use contract::vault::Vault;
use tempfile::TempDir;

use super::put::{Whole, names};
use super::sums::{Hashing, Sums};
use super::{ALIASES, CONFIG, DATA, HEAD, Head, STOCK, SUMS};

/// The most of a small file, in bytes.
const SMALL: u64 = 64 << 20;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What `coax backup` has written
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Restore over what is there, which is put aside into a folder beside it
    #[arg(long)]
    force: bool,
}

/// Restores a backup. Everything is unpacked beside its place and looked at before anything is touched.
///
/// Where root restores into a folder of somebody else's, as that of a service, the folder is worked on as that one, so that
/// what is restored can be read by whom it is for.
pub(crate) fn restore(place: &Place, arguments: &Arguments) -> anyhow::Result<()> {
    let named = arguments.file.display();
    let file = File::open(&arguments.file).with_context(|| format!("{named} cannot be read"))?;
    let whole = apart(|| unpack(place, arguments, file))?;
    // What may be refused comes first.
    let beside = whole.beside(place.file(), arguments.force)?;
    let held = apart(|| whole.hold())?;
    let group = whole.group();
    let created = jiff::Timestamp::from_second(whole.head.created.cast_signed()).unwrap_or_default();
    let mut notes = vec![format!("as it was at {created}")];
    for file in &beside {
        notes.extend(file.put(group)?);
    }
    notes.extend(apart(|| whole.put(&held))?);
    say(format_args!("{}: {} files restored", whole.data.path().display(), whole.files))?;
    notes.iter().try_for_each(say)?;
    say("start Coax anew if it is running; the next run fetches what is not in a backup")?;
    Ok(())
}

/// Does something in a thread of its own, which may become somebody else: to the kernel, each thread is somebody.
fn apart<T: Send>(what: impl FnOnce() -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
    thread::scope(|scope| scope.spawn(what).join()).unwrap_or_else(|panic| resume_unwind(panic))
}

/// Reads all of a backup.
fn unpack(place: &Place, arguments: &Arguments, file: File) -> anyhow::Result<Whole> {
    let named = arguments.file.display();
    let unpacked = zstd::Decoder::new(file).with_context(|| format!("{named} is no backup of Coax"))?;
    let mut archive = tar::Archive::new(unpacked);
    let mut unpacking = Unpacking::begin(place, arguments.force);
    let entries = archive.entries().with_context(|| format!("{named} is no backup of Coax"))?;
    // SECURITY: a name that does not fit into its header is read into memory, however long it is. In a backup all fit.
    for entry in entries.raw(true) {
        let what = if unpacking.head.is_some() { "is damaged" } else { "is no backup of Coax" };
        let mut entry = entry.with_context(|| format!("{named} {what}"))?;
        ensure!(
            entry.header().entry_type().is_file(),
            "{named} is no backup of Coax: it has more than files"
        );
        let path = entry.path().context("a name is none")?.into_owned();
        let private = entry.header().mode()? & 0o077 == 0;
        unpacking.take(&path, private, &mut entry).with_context(|| format!("{named}: {}", path.display()))?;
    }
    unpacking.finish().with_context(|| format!("{named} cannot be restored"))
}

/// A backup that is being read.
struct Unpacking<'a> {
    place: &'a Place,
    force: bool,
    head: Option<Head>,
    config: Option<Vec<u8>>,
    aliases: Option<Vec<u8>>,
    /// Where it will be, and where it is until then.
    staged: Option<(Data, TempDir)>,
    sums: Sums,
    written: Option<String>,
}

impl<'a> Unpacking<'a> {
    fn begin(place: &'a Place, force: bool) -> Self {
        let (sums, written) = (Sums::default(), None);
        Self { place, force, head: None, config: None, aliases: None, staged: None, sums, written }
    }

    /// Takes the next file.
    fn take(&mut self, path: &Path, private: bool, content: &mut impl Read) -> anyhow::Result<()> {
        let name = plain(path).context("such a name is in no backup")?;
        ensure!(self.written.is_none(), "there is something behind the digests");
        ensure!(!self.sums.has(&name), "it is there twice");
        if self.head.is_none() {
            ensure!(name == HEAD, "this is no backup of Coax: that begins with {HEAD}");
        }
        let mut content = Hashing::new(content);
        match name.as_str() {
            HEAD => self.head = Some(head(&small(&mut content)?)?),
            CONFIG => self.config = Some(small(&mut content)?),
            ALIASES => self.aliases = Some(small(&mut content)?),
            SUMS => {
                self.written = Some(String::from_utf8(small(&mut content)?).context("it is no text")?);
                return Ok(());
            }
            STOCK => self.stock(&small(&mut content)?)?,
            _ => {
                ensure!(path.starts_with(DATA), "such a name is in no backup");
                let path = self.staged()?.join(&name);
                fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
                let mode = if private { 0o600 } else { 0o644 };
                let mut file = File::options().write(true).create_new(true).mode(mode).open(&path)?;
                io::copy(&mut content, &mut file)?;
                file.sync_all()?;
            }
        }
        self.sums.add(&name, content.digest());
        Ok(())
    }

    /// Makes links of what is played from files here.
    fn stock(&mut self, text: &[u8]) -> anyhow::Result<()> {
        let all: BTreeMap<u32, PathBuf> = serde_json::from_slice(text).context("it is no list of files")?;
        let stock = Stock::new(&Data::new(self.staged()?.join(DATA)));
        Ok(all.iter().try_for_each(|(id, path)| stock.put(*id, path))?)
    }

    /// Where files of the data folder are unpacked: on the same disk, so that they are put into their places by renaming.
    fn staged(&mut self) -> anyhow::Result<&Path> {
        if self.staged.is_none() {
            let data = self.data()?;
            become_owner(&data)?;
            let is_there = data.path().is_dir();
            let above = data.path().parent().filter(|above| !above.as_os_str().is_empty());
            let folder = if is_there { data.path() } else { above.unwrap_or(Path::new(".")) };
            ensure!(
                self.force || names(data.path())?.is_empty(),
                "{} is not empty: name another folder with --data, or put what is there aside with --force",
                data.path().display()
            );
            fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
            let _ = sweep_folder(folder, &[RESTORING]); // what cannot be removed harms nobody
            let staged = tempfile::Builder::new().prefix(RESTORING).tempdir_in(folder);
            let staged = staged.with_context(|| format!("{} cannot be written", folder.display()))?;
            self.staged = Some((data, staged));
        }
        Ok(self.staged.as_ref().expect("it was just made").1.path())
    }

    /// The folder that is restored: as the command line, the environment or the configuration here says, else as that in
    /// the backup says.
    fn data(&self) -> anyhow::Result<Data> {
        if let Some(data) = &self.place.data {
            return Ok(Data::new(data));
        }
        if self.place.file().is_some_and(Path::exists) || contract::config::variable("COAX_DATA").is_some() {
            // Without the sources that were added: they may be what is damaged.
            let file = self.place.file().filter(|it| it.exists());
            return Ok(Config::<Skip, Skip, Skip>::load(file)?.data());
        }
        let config = self.config.as_deref().and_then(|text| std::str::from_utf8(text).ok());
        let table: Option<toml::Table> = config.and_then(|text| text.parse().ok());
        let data = table.as_ref().and_then(|table| table.get("data")?.as_str());
        Ok(data.map_or_else(|| Config::<Skip, Skip, Skip>::default().data(), Data::new))
    }

    /// Looks whether all is there and right.
    fn finish(mut self) -> anyhow::Result<Whole> {
        let written = self.written.take().context("it breaks off before its end")?;
        self.sums.compare(&written)?;
        self.staged()?; // one without any file is restored as well
        let (data, staged) = self.staged.expect("it was just made");
        let head = self.head.context("it is empty")?;
        check(&Data::new(staged.path().join(DATA)), &head)?;
        let (config, aliases, files) = (self.config, self.aliases, self.sums.len());
        Ok(Whole { head, config, aliases, data, staged, files })
    }
}

/// Whether this program understands what was unpacked.
fn check(data: &Data, head: &Head) -> anyhow::Result<()> {
    drop(Ledger::load(&data.ids())?);
    drop(Vault::load(&data.vault())?);
    if data.users().exists() {
        Users::new(data.clone()).list()?;
    }
    if let Some(number) = head.release {
        Release::open(&Releases::new(data.clone()).folder(number)).context("its release")?;
    }
    Ok(())
}

/// A path as text, if it leads nowhere but down. SECURITY: a name such as `../../etc/passwd` is one, too.
fn plain(path: &Path) -> Option<String> {
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    path.to_str().filter(|text| is_plain && !text.is_empty()).map(str::to_owned)
}

fn small(content: &mut impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    content.take(SMALL).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// # Errors
/// It cannot be understood, or was written by a newer program, which may mean other things by it.
fn head(text: &[u8]) -> anyhow::Result<Head> {
    let head: Head = serde_json::from_slice(text).context("this is no backup of Coax")?;
    ensure!(
        head.schema <= Head::SCHEMA,
        "it was made by version {}, and in a way that this one ({}) does not know: use the newer one",
        head.program,
        env!("CARGO_PKG_VERSION")
    );
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_down_and_nowhere_else() {
        assert_eq!(plain(Path::new("data/users.json")).as_deref(), Some("data/users.json"));
        for path in ["", "/etc/passwd", "../x", "data/../../x", "./x"] {
            assert_eq!(plain(Path::new(path)), None, "{path}");
        }
    }
}
