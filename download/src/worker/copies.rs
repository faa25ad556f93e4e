//! Copies of the configuration: one whenever it has become another, so that it is known what was in force when, and so that
//! nobody's slip of the hand is for ever.
//!
//! ```text
//! downloads/backup/coax-20261128T071500Z.toml     none is ever removed, and none is ever cut
//! ```
//!
//! SECURITY: a copy holds what the configuration holds, so it is for its owner's eyes, in a folder that is; secrets that are
//! kept elsewhere (`{ env = ... }`, `{ file = ... }`) stay there. That there is one is told, and nothing of what is in it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use contract::disk::{Access, replace};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustix::fs::OFlags;
use tracing::{info, warn};

use crate::store::{Store, now};

/// How they are called, by the time at which each was made, UTC.
const NAME: &str = "coax-%Y%m%dT%H%M%SZ.toml";
/// The largest configuration that is copied, in bytes.
const LARGEST: u64 = 16 << 20;
/// After what time it is tried again where it could not be done, if it is still the same.
const AGAIN: Duration = Duration::from_secs(3600);

/// Copies of the file that the program was started with.
#[derive(Debug)]
pub(super) struct Copies {
    /// `None` where there is only the environment.
    file: Option<PathBuf>,
    /// How it was at the last look, if it was a file,
    seen: Option<Stamp>,
    /// and when its newest copy was found to be as it is, or was made.
    kept: Option<Stamp>,
    /// How it was when it could not be copied last, and until when that is left at.
    failed: Option<(Stamp, Instant)>,
}

/// What is different of a file that was written, or may be read by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// SECURITY: what is no file, such as the pipe of a shell's `<(...)`, could be read once or never ends.
    fn of(found: &Metadata) -> Option<Self> {
        let (modified, changed) = ((found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec()));
        found.is_file().then(|| Self { inode: found.ino(), size: found.size(), modified, changed })
    }
}

impl Copies {
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self { file, seen: None, kept: None, failed: None }
    }

    /// Copies the file, if it is another than at its newest copy. To be asked again and again: what has changed since it was
    /// asked last is perhaps still being written. Waits for the disk, which may say nothing at all.
    pub(super) fn look(&mut self, store: &Store) {
        let Some(file) = &self.file else { return };
        let stamp = fs::metadata(file).ok().as_ref().and_then(Stamp::of);
        let is_settled = std::mem::replace(&mut self.seen, stamp) == stamp;
        let Some(stamp) = stamp else { return };
        let rests = self.failed.is_some_and(|(its, until)| its == stamp && until > Instant::now());
        if !is_settled || self.kept == Some(stamp) || rests {
            return;
        }
        match copy(file, stamp, store) {
            Ok(true) => self.kept = Some(stamp),
            Ok(false) => {}
            Err(error) => {
                self.failed = Some((stamp, Instant::now() + AGAIN));
                warn!("there is no copy of the configuration as it is now: {error:#}");
            }
        }
    }
}

/// Sees to it that the newest copy is as `file`. `false` if that is another than it was a moment ago.
fn copy(file: &Path, stamp: Stamp, store: &Store) -> anyhow::Result<bool> {
    let read = read(file, stamp).with_context(|| format!("{} cannot be read", file.display()))?;
    let Some(content) = read else { return Ok(false) };
    ensure!(content.len() as u64 <= LARGEST, "{} has more than {LARGEST} bytes", file.display());
    let folder = store.folder().join("backup");
    let newest = newest(&folder);
    if let Some((_, path)) = &newest
        && fs::read(path).is_ok_and(|before| before == content)
    {
        return Ok(true);
    }
    // Where the clock was put back, too, the newest one is the last by its name, and none takes another's place.
    let time = newest.map_or(now(), |(time, _)| now().max(time + 1));
    let name = Timestamp::from_second(time).context("the clock tells no time")?.strftime(NAME).to_string();
    let place = folder.join(&name);
    replace(&place, &content, Access::Owner)
        .with_context(|| format!("{} cannot be written", place.display()))?;
    info!(name, "the configuration is another than before, and is copied");
    // It is there all the same.
    if let Err(error) = store.copied(&name) {
        warn!(name, %error, "that the configuration is copied cannot be written down");
    }
    Ok(true)
}

/// All of a file, up to a byte more than is copied, if it is still as it was.
fn read(path: &Path, stamp: Stamp) -> io::Result<Option<Vec<u8>>> {
    // SECURITY: it may have become a pipe since it was looked at, and nobody need ever write into that.
    let at_once = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(at_once).open(path)?;
    let is_same = || Ok::<_, io::Error>(Stamp::of(&file.metadata()?) == Some(stamp));
    let mut content = Vec::new();
    if is_same()? {
        (&file).take(LARGEST + 1).read_to_end(&mut content)?;
    }
    Ok(is_same()?.then_some(content))
}

/// The newest copy, and its time in Unix seconds.
fn newest(folder: &Path) -> Option<(i64, PathBuf)> {
    // What is not there holds nothing.
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    all.filter_map(|it| Some((time(it.file_name().to_str()?)?, it.path()))).max()
}

/// When one of this name was made; `None` if that is none.
fn time(name: &str) -> Option<i64> {
    let time = DateTime::strptime(NAME, name).ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(time.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use contract::disk::Data;

    use super::*;

    fn fifo(path: &Path) {
        use rustix::fs::{CWD, Mode, mkfifoat};
        mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
    }

    /// What a copy of each content of a configuration is called, in order.
    fn copies(folder: &Path) -> Vec<(i64, Vec<u8>)> {
        let all = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut all: Vec<(i64, Vec<u8>)> = all
            .map(|it| (time(it.file_name().to_str().unwrap()).unwrap(), fs::read(it.path()).unwrap()))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn each_content_is_copied_in_its_turn_whatever_the_clock_says() {
        let folder = tempfile::tempdir().unwrap();
        let (data, file) = (Data::new(folder.path().join("data")), folder.path().join("any name"));
        let (store, backup) = (Store::open(&data).unwrap(), data.downloads().join("backup"));
        // An hour from now: the clock was put back since.
        let ahead = now() + 3600;
        let name = Timestamp::from_second(ahead).unwrap().strftime(NAME).to_string();
        replace(&backup.join(name), b"first", Access::Owner).unwrap();
        for content in ["first", "second", "second", "first"] {
            replace(&file, content.as_bytes(), Access::Owner).unwrap();
            let mut copies = Copies::new(Some(file.clone()));
            copies.look(&store);
            copies.look(&store);
            copies.look(&store);
        }
        let copied: Vec<(i64, &[u8])> =
            vec![(ahead, b"first"), (ahead + 1, b"second"), (ahead + 2, b"first")];
        let there = copies(&backup);
        assert_eq!(there.iter().map(|(time, content)| (*time, &content[..])).collect::<Vec<_>>(), copied);
    }

    #[test]
    fn what_is_still_being_written_is_copied_when_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let (data, file) = (Data::new(folder.path().join("data")), folder.path().join("coax.toml"));
        let (store, backup) = (Store::open(&data).unwrap(), data.downloads().join("backup"));
        let mut copies_of = Copies::new(Some(file.clone()));
        for length in 0..5 {
            contract::disk::put(&file, &b"listen"[..length]).unwrap();
            copies_of.look(&store);
        }
        assert_eq!(copies(&backup), []);
        let stale = Stamp { inode: 0, size: 0, modified: (0, 0), changed: (0, 0) };
        assert!(!copy(&file, stale, &store).unwrap(), "it has changed between the look and the reading");
        copies_of.look(&store);
        assert_eq!(copies(&backup).len(), 1);
        fs::remove_file(&file).unwrap();
        (0..3).for_each(|_| copies_of.look(&store));
        assert_eq!(copies(&backup)[0].1, b"list");
        assert_eq!(copies(&backup).len(), 1, "one that is no more is no other");
    }

    #[test]
    fn what_could_not_be_copied_is_as_soon_as_it_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (data, file) = (Data::new(folder.path().join("data")), folder.path().join("coax.toml"));
        let (store, backup) = (Store::open(&data).unwrap(), data.downloads().join("backup"));
        let mut copies_of = Copies::new(Some(file.clone()));
        let mut look = || (0..3).for_each(|_| copies_of.look(&store));
        File::create(&file).unwrap().set_len(LARGEST + 1).unwrap();
        look();
        assert_eq!(copies(&backup), []);
        contract::disk::put(&file, b"first").unwrap();
        look();
        // Of the same length and time: only the disk knows that it was written.
        let time = fs::metadata(&file).unwrap().modified().unwrap();
        std::thread::sleep(Duration::from_millis(50)); // so fine is the clock of any disk
        let written = File::options().write(true).open(&file).unwrap();
        (&written).write_all(b"other").unwrap();
        written.set_modified(time).unwrap();
        look();
        let contents: Vec<Vec<u8>> = copies(&backup).into_iter().map(|(_, content)| content).collect();
        assert_eq!(contents, [&b"first"[..], b"other"]);
    }

    #[test]
    fn a_copy_that_cannot_be_written_down_is_there_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (data, file) = (Data::new(folder.path().join("data")), folder.path().join("coax.toml"));
        let (store, backup) = (Store::open(&data).unwrap(), data.downloads().join("backup"));
        let other = rusqlite::Connection::open(data.downloads().join("jobs.db")).unwrap();
        let full =
            "CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
        other.execute_batch(full).unwrap();
        contract::disk::put(&file, b"first").unwrap();
        let mut copies_of = Copies::new(Some(file));
        (0..3).for_each(|_| copies_of.look(&store));
        assert_eq!(copies(&backup).len(), 1);
        assert!(copies_of.kept.is_some() && copies_of.failed.is_none(), "{copies_of:?}");
    }

    #[test]
    fn what_has_become_a_pipe_is_waited_for_by_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("coax.toml");
        fifo(&pipe);
        let stamp = Stamp { inode: 0, size: 0, modified: (0, 0), changed: (0, 0) };
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        std::thread::spawn(move || tell.send(read(&pipe, stamp).unwrap()));
        assert_eq!(told.recv_timeout(Duration::from_secs(60)), Ok(None));
    }
}
