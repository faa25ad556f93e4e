//! A folder of this machine, which may be another machine's that is mounted here (NFS, CIFS).
//!
//! It holds a file by which it is known. Where that is missing, nothing is mounted there, and what is written would fill the
//! disk below the mount point.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rand::RngExt;
use rustix::fs::statvfs;

use super::{CHECKPOINT_BYTES, CHECKPOINT_TIME, Delivery, Sent, Space, Trouble};

/// By this file in it a folder is known to be a target.
pub const MARKER: &str = ".download-target";
/// What is written to see whether it can be.
const PROBE: usize = 1024;
/// Bytes that are copied at a time,
const CHUNK: usize = 1 << 20;
/// and that are compared: the last ones, and as many at three places by chance.
const SAMPLE: u64 = 1 << 20;

/// A folder that is a target.
#[derive(Debug)]
pub struct Dir {
    base: PathBuf,
}

impl Dir {
    pub(super) fn new(base: &Path) -> Self {
        Self { base: base.to_owned() }
    }

    /// Puts the file there by which it is known.
    pub(super) fn found(&self) -> Result<(), Trouble> {
        if !self.base.is_absolute() {
            return Err(Trouble::Refused(
                "the folder of a target is given from the root on, such as /mnt/films".into(),
            ));
        }
        if !self.base.is_dir() {
            return Err(Trouble::Refused(format!(
                "{} is no folder; mount it or make it first",
                self.base.display()
            )));
        }
        let text = "Films and episodes are delivered here. Without this file nothing is: a disk that is not mounted has none.\n";
        let marker = self.base.join(MARKER);
        match File::options().write(true).create_new(true).open(&marker) {
            Ok(mut file) => file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(trouble),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(trouble(error)),
        }
    }

    pub(super) fn probe(&self) -> Result<Space, Trouble> {
        self.check()?;
        let (written, renamed) = (self.base.join(".download-probe.part"), self.base.join(".download-probe"));
        let probe = || -> io::Result<()> {
            let mut file = File::create(&written)?;
            file.write_all(&[0x55; PROBE])?;
            file.sync_all()?;
            fs::rename(&written, &renamed)?;
            let there = fs::read(&renamed)?;
            fs::remove_file(&renamed)?;
            if there == [0x55; PROBE] {
                Ok(())
            } else {
                Err(io::Error::other("what is read is not what was written"))
            }
        };
        let probed = probe().map_err(trouble);
        if probed.is_err() {
            let _ = fs::remove_file(&written);
            let _ = fs::remove_file(&renamed);
        }
        probed?;
        self.free()
    }

    pub(super) fn free(&self) -> Result<Space, Trouble> {
        self.check()?;
        space(&self.base).map_err(trouble)
    }

    pub(super) fn stat(&self, place: &str) -> Result<Option<u64>, Trouble> {
        self.check()?;
        match fs::symlink_metadata(self.at(place)?) {
            Ok(there) if there.is_file() => Ok(Some(there.len())),
            Ok(_) => Err(Trouble::Refused(format!("{place} is there, and is no file"))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(trouble(error)),
        }
    }

    pub(super) async fn write_from(
        &self,
        delivery: &Delivery,
        offset: u64,
        sent: &mut (dyn FnMut(Sent) -> bool + Send),
    ) -> Result<(), Trouble> {
        self.check()?;
        let path = self.at(&delivery.temporary())?;
        let folder = path.parent().expect("it lies below the base");
        fs::create_dir_all(folder).map_err(trouble)?;
        let to = File::options().write(true).create(true).truncate(false).open(&path).map_err(trouble)?;
        // What is behind the offset is nobody's promise.
        to.set_len(offset).map_err(trouble)?;
        let from = File::open(&delivery.file).map_err(|error| here(&error))?;
        copy(&from, &to, delivery, offset, sent).await?;
        sync_folder(folder).map_err(trouble)
    }

    pub(super) fn verify(&self, delivery: &Delivery, place: &str) -> Result<(), Trouble> {
        self.check()?;
        let there = File::open(self.at(place)?).map_err(trouble)?;
        let here_file = File::open(&delivery.file).map_err(|error| here(&error))?;
        let length = there.metadata().map_err(trouble)?.len();
        if length != delivery.length {
            return Err(Trouble::Differs(format!("{length} bytes are there of {}", delivery.length)));
        }
        let last = length.saturating_sub(SAMPLE);
        let mut places = vec![last];
        if last > 0 {
            places.extend((0..3).map(|_| rand::rng().random_range(0..last)));
        }
        for at in places {
            let mut both =
                [vec![0; SAMPLE.min(length - at) as usize], vec![0; SAMPLE.min(length - at) as usize]];
            let [ours, theirs] = &mut both;
            here_file.read_exact_at(ours, at).map_err(|error| here(&error))?;
            there.read_exact_at(theirs, at).map_err(trouble)?;
            if ours != theirs {
                return Err(Trouble::Differs(format!("what is there is another file, from byte {at} on")));
            }
        }
        Ok(())
    }

    pub(super) fn commit(&self, delivery: &Delivery) -> Result<(), Trouble> {
        self.check()?;
        let (from, to) = (self.at(&delivery.temporary())?, self.at(&delivery.place)?);
        // By a link, since a rename would take the place of what somebody else has put there meanwhile; not every file system
        // has links.
        match fs::hard_link(&from, &to) {
            Ok(()) => fs::remove_file(&from).map_err(trouble)?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(occupied(&delivery.place)),
            Err(_) if to.symlink_metadata().is_ok() => return Err(occupied(&delivery.place)),
            Err(_) => fs::rename(&from, &to).map_err(trouble)?,
        }
        sync_folder(to.parent().expect("it lies below the base")).map_err(trouble)
    }

    pub(super) fn remove(&self, place: &str) -> Result<(), Trouble> {
        self.check()?;
        let path = self.at(place)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(trouble(error)),
            _ => {}
        }
        let above = path.ancestors().skip(1).take_while(|above| *above != self.base);
        above.take_while(|above| fs::remove_dir(above).is_ok()).for_each(drop);
        Ok(())
    }

    /// Whether it is what it was.
    fn check(&self) -> Result<(), Trouble> {
        match self.base.join(MARKER).symlink_metadata() {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(Trouble::Offline(format!(
                "{} is not mounted: it has no {MARKER}; `coax download target test` says more",
                self.base.display()
            ))),
            Err(error) => Err(trouble(error)),
        }
    }

    /// SECURITY: a place is made of titles, which come from strangers. Nothing leads out of the base.
    fn at(&self, place: &str) -> Result<PathBuf, Trouble> {
        let fits = place.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains('\0'));
        if fits {
            Ok(self.base.join(place))
        } else {
            Err(Trouble::Refused("a name that leads elsewhere".into()))
        }
    }
}

/// Copies what is behind `offset`, and has it kept now and then, and at the end.
async fn copy(
    mut from: &File,
    mut to: &File,
    delivery: &Delivery,
    offset: u64,
    sent: &mut (dyn FnMut(Sent) -> bool + Send),
) -> Result<(), Trouble> {
    from.seek(SeekFrom::Start(offset)).map_err(|error| here(&error))?;
    to.seek(SeekFrom::Start(offset)).map_err(trouble)?;
    let length = delivery.length;
    let mut chunk = vec![0; CHUNK];
    let (mut have, mut synced, mut since) = (offset, offset, Instant::now());
    while have < length {
        let read = from.read(&mut chunk).map_err(|error| here(&error))?;
        if read == 0 {
            return Err(Trouble::Failed(format!("the file here ends after {have} bytes of {length}")));
        }
        to.write_all(&chunk[..read]).map_err(trouble)?;
        have += read as u64;
        let is_checkpoint =
            have - synced >= CHECKPOINT_BYTES || since.elapsed() >= CHECKPOINT_TIME || have >= length;
        if is_checkpoint {
            to.sync_data().map_err(trouble)?;
            (synced, since) = (have, Instant::now());
        }
        if !sent(Sent { have, synced, is_checkpoint }) {
            return Err(Trouble::Stopped);
        }
        for bucket in &delivery.paces {
            bucket.take(read as u64).await;
        }
    }
    to.sync_all().map_err(trouble)
}

/// Room on the disk of `folder`.
pub(crate) fn space(folder: &Path) -> io::Result<Space> {
    let disk = statvfs(folder)?;
    let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
    Ok(Space { free: bytes(disk.f_bavail), total: bytes(disk.f_blocks) })
}

/// Makes new names in `folder` survive a power cut.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems know no such thing, and keep names at once.
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

fn occupied(place: &str) -> Trouble {
    Trouble::Refused(format!(
        "{place} is there already, and is another file; remove or rename it, and try again"
    ))
}

/// What went wrong with the file that is delivered.
fn here(error: &io::Error) -> Trouble {
    Trouble::Failed(format!("the file here: {error}"))
}

/// What went wrong at the target.
fn trouble(error: io::Error) -> Trouble {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Trouble::Full,
        ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::NotADirectory
        | ErrorKind::FileTooLarge => Trouble::Refused(error.to_string()),
        ErrorKind::NotFound | ErrorKind::StaleNetworkFileHandle | ErrorKind::TimedOut => {
            Trouble::Offline(error.to_string())
        }
        _ => Trouble::Failed(error.to_string()),
    }
}
