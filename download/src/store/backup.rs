//! All of it in one file, while it is in use, and back.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use contract::disk::{Data, REPLACING, sweep_folder, sync_folder};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, params};
use sha2::{Digest, Sha256};

use super::events::{Action, By, Level, Telling, tell};
use super::{Lock, Store, StoreError, boot, now, schema};

/// How the daily ones are called: `jobs-20261127.db.gz`.
const PREFIX: &str = "jobs-";
const END: &str = ".db.gz";
/// How the folder is called in which one is made.
const MAKING: &str = ".backup-";

impl Store {
    /// Copies all of it, as it is at this instant, to `file`, which is empty or not there. Nobody has to stop for it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn copy(&self, file: &Path) -> Result<(), StoreError> {
        self.connection().execute("VACUUM INTO ?", [file.to_string_lossy()])?;
        Ok(())
    }

    /// Writes all of it to `file`, packed, with its SHA-256 in a file beside it. Nobody has to stop for it.
    ///
    /// # Errors
    /// [`StoreError`]; what was at `file` stays then.
    pub fn backup(&self, file: &Path, by: &By) -> Result<(), StoreError> {
        let folder = file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(StoreError::disk(folder))?;
        let work =
            tempfile::Builder::new().prefix(MAKING).tempdir_in(folder).map_err(StoreError::disk(folder))?;
        let plain = work.path().join("jobs.db");
        self.copy(&plain)?;
        let packed = work.path().join("jobs.db.gz");
        let sum = pack(&plain, &packed).map_err(StoreError::disk(&packed))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let (sums, summed) = (work.path().join("sum"), with(file, ".sha256"));
        let write = || -> io::Result<()> {
            let mut file = private(&sums)?;
            file.write_all(format!("{sum}  {name}\n").as_bytes())?;
            file.sync_all()
        };
        write().map_err(StoreError::disk(&sums))?;
        // Whoever is killed in between leaves a backup without a sum, and none with another's.
        let _ = fs::remove_file(&summed);
        fs::rename(&packed, file).map_err(StoreError::disk(file))?;
        fs::rename(&sums, &summed).map_err(StoreError::disk(&summed))?;
        sync_folder(folder).map_err(StoreError::disk(folder))?;
        self.told_of_all(Action::Backup, &name, by)
    }

    /// Tells that the configuration was copied, to a file of this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn copied(&self, name: &str) -> Result<(), StoreError> {
        self.told_of_all(Action::Backup, name, &By::worker())
    }

    /// Tells what became of all of it, by the file that it was.
    fn told_of_all(&self, action: Action, file: &str, by: &By) -> Result<(), StoreError> {
        self.write(|writing| {
            let telling = Telling { level: Level::Info, job: None, target: None, action, details: file };
            Ok(tell(writing, by, now(), &telling)?)
        })
    }

    /// The backup of the day of `now` (Unix time in seconds), if there is none yet; of the older ones the newest `keep` stay.
    /// Whether one was made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn daily_backup(&self, keep: usize, now: i64) -> Result<bool, StoreError> {
        let folder = self.folder().join("backup");
        let day = Timestamp::from_second(now).unwrap_or(Timestamp::UNIX_EPOCH).strftime("%Y%m%d").to_string();
        let file = folder.join(format!("{PREFIX}{day}{END}"));
        let _ = sweep_folder(&folder, &[MAKING, REPLACING]); // what cannot be removed harms nobody
        let is_new = keep > 0 && !file.exists();
        if is_new {
            self.backup(&file, &By::worker())?;
        }
        let listed = fs::read_dir(&folder).into_iter().flatten().flatten().map(|it| it.path());
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut all: Vec<PathBuf> =
            listed.filter(|it| name(it).starts_with(PREFIX) && name(it).ends_with(END)).collect();
        all.sort();
        for old in all.iter().rev().skip(keep.max(1)) {
            fs::remove_file(old).map_err(StoreError::disk(old))?;
            let _ = fs::remove_file(with(old, ".sha256"));
        }
        Ok(is_new)
    }
}

/// Puts a backup in the place of the store of `data`, after all of it was read and found whole; jobs at which somebody was at
/// work are where work on them begins anew. No worker may be at work.
///
/// # Errors
/// [`StoreError`]; what was there stays then.
pub fn restore(data: &Data, file: &Path) -> Result<(), StoreError> {
    let lock = Lock::take(data)?;
    let folder = data.downloads();
    let work = tempfile::Builder::new()
        .prefix(".restore-")
        .tempdir_in(&folder)
        .map_err(StoreError::disk(&folder))?;
    let plain = work.path().join("jobs.db");
    check_sum(file)?;
    unpack(file, &plain).map_err(StoreError::disk(file))?;
    look(&plain, file)?;
    for end in ["-wal", "-shm"] {
        // What is left of the one before would be taken for news of this one.
        let _ = fs::remove_file(folder.join(format!("jobs.db{end}")));
    }
    let there = folder.join("jobs.db");
    fs::rename(&plain, &there).map_err(StoreError::disk(&there))?;
    sync_folder(&folder).map_err(StoreError::disk(&folder))?;
    let store = Store::open(data)?;
    store.recover(&lock, &boot(), now())?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    store.told_of_all(Action::Restore, &name, &By::command())
}

/// Whether a file is what was written, if that was written down.
fn check_sum(file: &Path) -> Result<(), StoreError> {
    let Ok(said) = fs::read_to_string(with(file, ".sha256")) else { return Ok(()) };
    let mut hash = Sha256::new();
    let mut reading = File::open(file).map_err(StoreError::disk(file))?;
    let mut chunk = vec![0; 1 << 16];
    loop {
        match reading.read(&mut chunk).map_err(StoreError::disk(file))? {
            0 => break,
            read => hash.update(&chunk[..read]),
        }
    }
    let is_same = said.split_whitespace().next() == Some(&*hex(&hash.finalize()));
    if is_same { Ok(()) } else { Err(refused(file, "its SHA-256 is not the one that was written down")) }
}

/// Whether a file is a store, whole, and not of a newer program.
fn look(plain: &Path, file: &Path) -> Result<(), StoreError> {
    let mut connection = Connection::open_with_flags(plain, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let checked = connection.query_row("PRAGMA integrity_check(1)", params![], |row| row.get::<_, String>(0));
    match checked {
        Ok(word) if word == "ok" => {}
        _ => return Err(refused(file, "it is no store, or damaged")),
    }
    schema::migrate(&mut connection)
}

fn refused(file: &Path, why: &str) -> StoreError {
    StoreError::Refused(format!("{}: {why}", file.display()))
}

fn pack(from: &Path, to: &Path) -> io::Result<String> {
    let mut packing =
        GzEncoder::new(Summing { file: private(to)?, sum: Sha256::new() }, Compression::default());
    io::copy(&mut BufReader::new(File::open(from)?), &mut packing)?;
    let Summing { file, sum } = packing.finish()?;
    file.sync_all()?;
    Ok(hex(&sum.finalize()))
}

fn unpack(from: &Path, to: &Path) -> io::Result<()> {
    let mut file = private(to)?;
    io::copy(&mut GzDecoder::new(BufReader::new(File::open(from)?)), &mut file)?;
    file.sync_all()
}

/// A new file for its owner's eyes.
fn private(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

fn with(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file of which the SHA-256 is known when it is written.
struct Summing {
    file: File,
    sum: Sha256,
}

impl Write for Summing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
