//! Where films and episodes are delivered.
//!
//! ```text
//! base/Movies/Film (2020)/.Film (2020).mkv.7.part      while job 7 is being delivered
//! base/Movies/Film (2020)/Film (2020).mkv              from then on, by one rename
//! ```
//!
//! Every kind of target does the same few things, which is what [`Target`] is; a job's thread may block in them. Whatever
//! kills us or the target, what lies under a final name is whole: it was compared before it was renamed. A transfer goes on
//! from what the target has promised to keep, and never from the length of what is there alone.
//!
//! At every kind of target a file lies in its base by which it is known. Where that is missing, another disk or none is
//! mounted there, and what is written would fill the one below.

mod address;
mod dir;
mod host_key;
mod login;
mod pump;
mod record;
mod rsync;
mod sftp;
mod smb;
mod ssh;
mod suited;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dir::Dir;
pub(crate) use dir::space;
pub use record::{Health, Kind, Record, Space, Status};
use rsync::Rsync;
use sftp::Sftp;
use smb::Smb;
pub use suited::{Wanted, objection, suited};

use crate::pace::Bucket;

/// By this file in its base a target is known to be one.
pub const MARKER: &str = ".download-target";
/// What is in it.
const MARKER_TEXT: &str = "Films and episodes are delivered here. Without this file nothing is: a disk that is not mounted has none.\n";
/// So many bytes are written to see whether they can be.
const PROBE: usize = 1024;

/// Why a target did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// It cannot be reached, or is not what it was: the job waits until it is.
    #[error("{0}")]
    Offline(String),
    /// It lets us not in, or is not known to be what it should be: the job waits until somebody has seen to that.
    #[error("{0}")]
    Denied(String),
    /// A program is not installed here: the job waits until it is.
    #[error("{0}")]
    Missing(String),
    /// It has no room: the job waits until it has.
    #[error("there is no room")]
    Full,
    /// It went wrong, and may go right next time.
    #[error("{0}")]
    Failed(String),
    /// What is there is not what was sent: it is sent again.
    #[error("{0}")]
    Differs(String),
    /// It refuses for good.
    #[error("{0}")]
    Refused(String),
    /// Nobody wants it any more.
    #[error("stopped")]
    Stopped,
}

/// What is delivered, and where to.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The file here. It does not change while it is delivered.
    pub file: PathBuf,
    /// Its length.
    pub length: u64,
    /// The place below the base, with `/` between its parts: no part is empty, or begins with a dot.
    pub place: String,
    /// The number of the job, which is in the name under which it is written.
    pub job: i64,
    /// Limits that all have to be kept.
    pub paces: Vec<Arc<Bucket>>,
}

impl Delivery {
    /// Under which name it is written: hidden, beside its place, and nobody else's.
    pub fn temporary(&self) -> String {
        let (folder, name) =
            self.place.rsplit_once('/').map_or(("", &*self.place), |(folder, name)| (folder, name));
        let separator = if folder.is_empty() { "" } else { "/" };
        let (end, job) = (".part", self.job);
        // A name that is as long as names may be has no room for what stands around it.
        let room = 255 - 3 - end.len() - job.to_string().len();
        let name = &name[..name.floor_char_boundary(room)];
        format!("{folder}{separator}.{name}.{job}{end}")
    }
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Bytes that were sent.
    pub have: u64,
    /// Of these, the ones that the target has promised to keep.
    pub synced: u64,
    /// Whether `synced` has grown, which is worth being kept.
    pub is_checkpoint: bool,
}

/// Whom a transfer tells how far it is, and who says whether to go on.
pub type Told<'a> = &'a mut (dyn FnMut(Sent) -> bool + Send);

/// So much is sent until the target is asked to keep it,
pub(crate) const CHECKPOINT_BYTES: u64 = 64 << 20;
/// or so long.
pub(crate) const CHECKPOINT_TIME: Duration = Duration::from_secs(30);

/// A target that can be used.
#[derive(Debug)]
pub enum Target {
    /// A folder.
    Dir(Dir),
    /// A folder of another machine.
    Sftp(Sftp),
    /// A folder of a share.
    Smb(Smb),
    /// A folder that rsync delivers to.
    Rsync(Rsync),
}

impl Target {
    /// The one that `record` describes. Nothing is asked of it yet.
    ///
    /// # Errors
    /// What is wrong with the description.
    pub fn open(record: &Record) -> Result<Self, Trouble> {
        match record.kind {
            Kind::Dir => Ok(Self::Dir(Dir::new(Path::new(&record.base)))),
            Kind::Sftp => Sftp::new(record).map(Self::Sftp),
            Kind::Smb => Smb::new(record).map(Self::Smb),
            Kind::Rsync => Rsync::new(record).map(Self::Rsync),
        }
    }

    /// Makes of a place a target, which has to be there: from now on it is known as one.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn found(&self) -> Result<(), Trouble> {
        match self {
            Self::Dir(dir) => dir.found(),
            Self::Sftp(sftp) => sftp.found().await,
            Self::Smb(smb) => smb.found().await,
            Self::Rsync(rsync) => rsync.found().await,
        }
    }

    /// Whether it can be reached and takes files, and how much room it has: writes a small one, renames and removes it.
    /// `None` where nothing tells how much.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn probe(&self) -> Result<Option<Space>, Trouble> {
        match self {
            Self::Dir(dir) => dir.probe().map(Some),
            Self::Sftp(sftp) => sftp.probe().await,
            Self::Smb(smb) => smb.probe().await,
            Self::Rsync(rsync) => rsync.probe().await,
        }
    }

    /// How much room it has; `None` where nothing tells.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn free(&self) -> Result<Option<Space>, Trouble> {
        match self {
            Self::Dir(dir) => dir.free().map(Some),
            Self::Sftp(sftp) => sftp.free().await,
            Self::Smb(smb) => smb.free().await,
            Self::Rsync(rsync) => rsync.free().await,
        }
    }

    /// The length of the file at `place`; `None` if there is none.
    ///
    /// # Errors
    /// [`Trouble`]; also if something is there that is no file.
    pub async fn stat(&self, place: &str) -> Result<Option<u64>, Trouble> {
        match self {
            Self::Dir(dir) => dir.stat(place),
            Self::Sftp(sftp) => sftp.stat(place).await,
            Self::Smb(smb) => smb.stat(place).await,
            Self::Rsync(rsync) => rsync.stat(place).await,
        }
    }

    /// Sends what is behind `offset` to the temporary name, where what is before it lies already, and makes the folders that it
    /// needs. When it returns, the target has promised to keep all of it. `sent` is told how far it is, and says whether to go
    /// on.
    ///
    /// # Errors
    /// [`Trouble`]; [`Trouble::Stopped`] if `sent` says so.
    pub async fn write_from(&self, delivery: &Delivery, offset: u64, sent: Told<'_>) -> Result<(), Trouble> {
        match self {
            Self::Dir(dir) => dir.write_from(delivery, offset, sent).await,
            Self::Sftp(sftp) => sftp.write_from(delivery, offset, sent).await,
            Self::Smb(smb) => smb.write_from(delivery, offset, sent).await,
            Self::Rsync(rsync) => rsync.write_from(delivery, offset, sent).await,
        }
    }

    /// Compares the file at `place`, the temporary or the final one, with the one here: its length, and parts of it, the last
    /// one among them.
    ///
    /// # Errors
    /// [`Trouble::Differs`] if it is another.
    pub async fn verify(&self, delivery: &Delivery, place: &str) -> Result<(), Trouble> {
        match self {
            Self::Dir(dir) => dir.verify(delivery, place).await,
            Self::Sftp(sftp) => sftp.verify(delivery, place).await,
            Self::Smb(smb) => smb.verify(delivery, place).await,
            Self::Rsync(rsync) => rsync.verify(delivery, place).await,
        }
    }

    /// Gives what was written its name, for good.
    ///
    /// # Errors
    /// [`Trouble::Refused`] if something of that name is there.
    pub async fn commit(&self, delivery: &Delivery) -> Result<(), Trouble> {
        match self {
            Self::Dir(dir) => dir.commit(delivery),
            Self::Sftp(sftp) => sftp.commit(delivery).await,
            Self::Smb(smb) => smb.commit(delivery).await,
            Self::Rsync(rsync) => rsync.commit(delivery).await,
        }
    }

    /// Removes the file at `place` if it is there, and the folders above it as far as they are empty.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn remove(&self, place: &str) -> Result<(), Trouble> {
        match self {
            Self::Dir(dir) => dir.remove(place),
            Self::Sftp(sftp) => sftp.remove(place).await,
            Self::Smb(smb) => smb.remove(place).await,
            Self::Rsync(rsync) => rsync.remove(place).await,
        }
    }

    /// How it is: [`Target::probe`], timed, and as it is kept.
    pub async fn health(&self, now: i64) -> Health {
        let began = std::time::Instant::now();
        let mut probed = self.probe().await;
        if matches!(probed, Err(Trouble::Failed(_))) {
            // Somebody else may have looked at the same moment, and removed what was written.
            probed = self.probe().await;
        }
        let rtt_ms = u32::try_from(began.elapsed().as_millis()).ok();
        let (status, error) = match &probed {
            Ok(_) => (Status::Online, None),
            Err(trouble @ Trouble::Offline(_)) => (Status::Offline, Some(trouble.to_string())),
            // It takes files, when there is room again.
            Err(Trouble::Full) => (Status::Online, Some(Trouble::Full.to_string())),
            Err(trouble) => (Status::Error, Some(trouble.to_string())),
        };
        let space = match probed {
            Ok(space) => space,
            // Whoever has no room says how little.
            Err(Trouble::Full) => self.free().await.ok().flatten(),
            Err(_) => None,
        };
        Health { status, checked: now, rtt_ms, space, error }
    }
}

/// SECURITY: a place is made of titles, which come from strangers. Nothing leads out of the base.
fn fits(place: &str) -> Result<(), Trouble> {
    // Windows takes a backslash for a slash.
    let odd = |part: &str| {
        matches!(part, "" | "." | "..") || part.contains(|it: char| it.is_control() || it == '\\')
    };
    if place.split('/').any(odd) {
        Err(Trouble::Refused("a name that leads elsewhere".into()))
    } else {
        Ok(())
    }
}

fn occupied(place: &str) -> Trouble {
    Trouble::Refused(format!(
        "{place} is there already, and is another file; remove or rename it, and try again"
    ))
}

/// What is said where the file is missing by which the target is known.
fn unmarked(base: &str) -> Trouble {
    Trouble::Offline(format!(
        "{base} is not mounted: it has no {MARKER}; `coax download target test` says more"
    ))
}

/// What a machine has said, as it may be shown: one line that is not too long.
fn said(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("nothing");
    line.chars().filter(|it| !it.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_being_written_is_hidden_beside_its_place() {
        let delivery = |place: &str| Delivery {
            file: PathBuf::new(),
            length: 0,
            place: place.into(),
            job: 7,
            paces: Vec::new(),
        };
        assert_eq!(
            delivery("Movies/A (2020)/A (2020).mkv").temporary(),
            "Movies/A (2020)/.A (2020).mkv.7.part"
        );
        assert_eq!(delivery("A.mkv").temporary(), ".A.mkv.7.part");
        let long = delivery(&format!("x/{}", "ö".repeat(125))).temporary();
        assert!(long.len() <= 257 && long.ends_with("ö.7.part"), "{}", long.len());
    }
}
