//! A folder of this machine, which may be another machine's that is mounted here (NFS, CIFS).

use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;

use super::pump::{self, Sink, Source};
use super::{Delivery, MARKER, MARKER_TEXT, PROBE, Space, Told, Trouble, fits, occupied, unmarked};

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
        let marker = self.base.join(MARKER);
        match File::options().write(true).create_new(true).open(&marker) {
            Ok(mut file) => {
                file.write_all(MARKER_TEXT.as_bytes()).and_then(|()| file.sync_all()).map_err(trouble)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(trouble(error)),
        }
    }

    pub(super) fn probe(&self) -> Result<Space, Trouble> {
        self.check()?;
        // One looks at a time, where the disk can lock: another would remove what this one has written.
        let marker = File::open(self.base.join(MARKER)).map_err(trouble)?;
        let _ = marker.lock();
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
        // What is not there any more somebody else has removed, who looks from another machine.
        let probed = probe().map_err(|error| match error.kind() {
            ErrorKind::NotFound => Trouble::Failed(error.to_string()),
            _ => trouble(error),
        });
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
        sent: Told<'_>,
    ) -> Result<(), Trouble> {
        self.check()?;
        let path = self.at(&delivery.temporary())?;
        let folder = path.parent().expect("it lies below the base");
        self.make(folder).map_err(trouble)?;
        let mut to = File::options().write(true).create(true).truncate(false).open(&path).map_err(trouble)?;
        // What is behind the offset is nobody's promise.
        to.set_len(offset).map_err(trouble)?;
        to.seek(SeekFrom::Start(offset)).map_err(trouble)?;
        pump::send(&mut Writing(to), delivery, offset, sent).await?;
        sync_folder(folder).map_err(trouble)
    }

    pub(super) async fn verify(&self, delivery: &Delivery, place: &str) -> Result<(), Trouble> {
        self.check()?;
        let file = File::open(self.at(place)?).map_err(trouble)?;
        let length = file.metadata().map_err(trouble)?.len();
        pump::compare(&mut Reading { file, length }, delivery).await
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

    /// Makes a folder below the base, and what is missing above it. Each is on the disk before anything is in it.
    fn make(&self, folder: &Path) -> io::Result<()> {
        let missing: Vec<&Path> =
            folder.ancestors().take_while(|above| *above != self.base && !above.is_dir()).collect();
        // Whoever has made the lowest one that is there may not have come that far yet, or was killed.
        let found = missing.last().and_then(|it| it.parent()).unwrap_or(folder);
        if found != self.base {
            sync_folder(found.parent().expect("it lies below the base"))?;
        }
        for folder in missing.into_iter().rev() {
            fs::create_dir_all(folder)?; // somebody else may have made it meanwhile
            sync_folder(folder.parent().expect("it lies below the base"))?;
        }
        Ok(())
    }

    /// Whether it is what it was.
    fn check(&self) -> Result<(), Trouble> {
        match self.base.join(MARKER).symlink_metadata() {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(unmarked(&self.base.display().to_string()))
            }
            Err(error) => Err(trouble(error)),
        }
    }

    fn at(&self, place: &str) -> Result<PathBuf, Trouble> {
        fits(place)?;
        Ok(self.base.join(place))
    }
}

struct Writing(File);

impl Sink for Writing {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.0.write_all(bytes).map_err(trouble)
    }

    async fn keep(&mut self) -> Result<(), Trouble> {
        self.0.sync_data().map_err(trouble)
    }
}

struct Reading {
    file: File,
    length: u64,
}

impl Source for Reading {
    fn length(&self) -> u64 {
        self.length
    }

    async fn read_at(&mut self, bytes: &mut [u8], offset: u64) -> Result<(), Trouble> {
        self.file.read_exact_at(bytes, offset).map_err(trouble)
    }
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

/// What went wrong at the target.
fn trouble(error: io::Error) -> Trouble {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Trouble::Full,
        ErrorKind::PermissionDenied | ErrorKind::NotADirectory | ErrorKind::FileTooLarge => {
            Trouble::Refused(error.to_string())
        }
        // So a disk is mounted again on which something went wrong.
        ErrorKind::ReadOnlyFilesystem => Trouble::Denied(error.to_string()),
        ErrorKind::NotFound | ErrorKind::StaleNetworkFileHandle | ErrorKind::TimedOut => {
            Trouble::Offline(error.to_string())
        }
        _ => Trouble::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_matter_with_a_disk_says_whether_jobs_wait_or_fail() {
        use rustix::io::Errno;
        let of = |errno: Errno| trouble(errno.into());
        assert!(matches!(of(Errno::NOSPC), Trouble::Full) && matches!(of(Errno::DQUOT), Trouble::Full));
        // It went wrong, and the system has mounted it again for reading alone: the others wait as well.
        assert!(matches!(of(Errno::ROFS), Trouble::Denied(_)));
        assert!(
            matches!(of(Errno::STALE), Trouble::Offline(_))
                && matches!(of(Errno::NOENT), Trouble::Offline(_))
        );
        assert!(matches!(of(Errno::FBIG), Trouble::Refused(_)), "FAT has no files of 4 GiB");
        assert!(matches!(of(Errno::IO), Trouble::Failed(_)));
    }
}
