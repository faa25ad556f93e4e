//! The file that bytes of a job go to until all are there.
//!
//! It is as long as what was written, so a program that is killed finds by its length where to go on. What is written goes
//! to the disk by itself at some time; a checkpoint says up to where it certainly is. Room for the rest is reserved behind
//! its end, so that a disk is full at once or not at all.
//!
//! The disk is waited for on threads of its own: one write while the next bytes come, one checkpoint while bytes are
//! written.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::fs::{FallocateFlags, FlockOperation};
use rustix::io::Errno;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::walk::{self, Defect, Walked};

/// So much is written at once, as long as more comes at once.
const BATCH: u64 = 256 * 1024;
/// A checkpoint is made when so much was written since the last one,
const CHECKPOINT: u64 = 64 << 20;
/// or after this time.
const CHECKPOINT_TIME: Duration = Duration::from_secs(30);
/// How often somebody who lets the file go at the moment is waited for, a twentieth of a second each time.
const TURNS: u32 = 40;

/// A file that grows.
#[derive(Debug)]
pub struct Part {
    file: Arc<File>,
    /// What has been written.
    written: u64,
    /// The same, and what is being written.
    given: u64,
    /// What is to be written next,
    pending: Vec<Bytes>,
    /// and how much that is.
    size: u64,
    writing: Option<JoinHandle<io::Result<()>>>,
    syncing: Option<JoinHandle<io::Result<()>>>,
    /// What the checkpoint that was begun last has, and when it was.
    checked: (u64, Instant),
}

/// Bytes that must come again.
#[derive(Debug)]
pub struct Proof(Bytes);

impl Part {
    /// The file at `path`, which nobody else has open. Only its first `trusted` bytes count, if that is said.
    ///
    /// # Errors
    /// The disk refuses, or somebody has it open ([`ErrorKind::ResourceBusy`]).
    pub async fn open(path: &Path, trusted: Option<u64>) -> io::Result<Self> {
        let path = path.to_owned();
        let (file, written) = blocking(move || open(&path, trusted)).await?;
        Ok(Self {
            file: Arc::new(file),
            written,
            given: written,
            pending: Vec::new(),
            size: 0,
            writing: None,
            syncing: None,
            // Whoever wrote it before may have been ended before he had it on the disk.
            checked: (0, Instant::now()),
        })
    }

    /// Bytes that have been written.
    pub const fn len(&self) -> u64 {
        self.written
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.written == 0
    }

    /// Bytes that have been put, written or not.
    pub const fn taken(&self) -> u64 {
        self.given + self.size
    }

    /// Appends bytes, which are written as soon as there are enough of them, or with the next [`Part::flush`].
    ///
    /// # Errors
    /// Those before could not be written.
    pub async fn put(&mut self, bytes: Bytes) -> io::Result<()> {
        self.size += bytes.len() as u64;
        self.pending.push(bytes);
        if self.size >= BATCH { self.flush().await } else { Ok(()) }
    }

    /// Begins to write what has been put, once what is being written has been.
    ///
    /// # Errors
    /// That could not be written.
    pub async fn flush(&mut self) -> io::Result<()> {
        if self.size == 0 {
            return Ok(());
        }
        self.settle().await?;
        let (file, bytes, at) = (self.file.clone(), std::mem::take(&mut self.pending), self.given);
        self.given += std::mem::take(&mut self.size);
        self.writing = Some(spawn_blocking(move || {
            let mut at = at;
            for bytes in bytes {
                file.write_all_at(&bytes, at)?;
                at += bytes.len() as u64;
            }
            Ok(())
        }));
        Ok(())
    }

    /// Makes checkpoints when it is time. How many bytes are on the disk, if that is news.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn checkpoint(&mut self) -> io::Result<Option<u64>> {
        let mut news = None;
        if self.syncing.as_ref().is_some_and(JoinHandle::is_finished) {
            ended(self.syncing.take()).await?;
            news = Some(self.checked.0);
        }
        let (synced, since) = self.checked;
        let due = self.written - synced >= CHECKPOINT
            || self.written > synced && since.elapsed() >= CHECKPOINT_TIME;
        if due && self.syncing.is_none() {
            // It covers what has been written before it begins; what is written meanwhile may or may not be in it.
            self.checked = (self.written, Instant::now());
            let file = self.file.clone();
            self.syncing = Some(spawn_blocking(move || file.sync_data()));
        }
        Ok(news)
    }

    /// Writes everything that has been put, to the disk. How many bytes are there.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn sync(&mut self) -> io::Result<u64> {
        self.flush().await?;
        self.settle().await?;
        ended(self.syncing.take()).await?;
        if self.checked.0 != self.written {
            let file = self.file.clone();
            blocking(move || file.sync_data()).await?;
            self.checked = (self.written, Instant::now());
        }
        Ok(self.written)
    }

    /// Throws everything away.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn clear(&mut self) -> io::Result<()> {
        self.pending.clear();
        self.size = 0;
        self.shorten(0).await
    }

    /// Throws away what lies behind the first `bytes`, of what has been written.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn shorten(&mut self, bytes: u64) -> io::Result<()> {
        self.settle().await?;
        ended(self.syncing.take()).await?;
        if bytes < self.written {
            let file = self.file.clone();
            blocking(move || file.set_len(bytes)).await?;
            (self.written, self.given) = (bytes, bytes);
            self.checked = (self.checked.0.min(bytes), Instant::now());
        }
        Ok(())
    }

    /// Reserves room for a file of `total` bytes, where the file system can.
    ///
    /// # Errors
    /// There is not so much room.
    pub async fn reserve(&self, total: u64) -> io::Result<()> {
        let (file, from) = (self.file.clone(), self.given);
        let Some(rest) = total.checked_sub(from).filter(|rest| *rest > 0) else { return Ok(()) };
        blocking(move || {
            match rustix::fs::fallocate(&*file, FallocateFlags::KEEP_SIZE, from, rest) {
                // Network file systems have no such thing, and some say so oddly.
                Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
                reserved => Ok(reserved?),
            }
        })
        .await
    }

    /// The bytes from `from` to the end.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn proof(&self, from: u64) -> io::Result<Proof> {
        let (file, length) = (self.file.clone(), self.written.saturating_sub(from));
        blocking(move || {
            let mut bytes = vec![0; usize::try_from(length).map_err(|_| ErrorKind::FileTooLarge)?];
            file.read_exact_at(&mut bytes, from)?;
            Ok(Proof(bytes.into()))
        })
        .await
    }

    /// Whether it is a whole file, and of what kind.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn walk(&self) -> Result<Walked, Defect> {
        let file = self.file.clone();
        let walked = spawn_blocking(move || walk::walk(&mut &*file)).await;
        walked.unwrap_or(Err(Defect::Unread(ErrorKind::Other)))
    }

    /// Waits until what is being written is. Where it could not be, what was to follow it is given up as well: written behind
    /// what is missing, it would leave a hole that nothing tells from a film.
    async fn settle(&mut self) -> io::Result<()> {
        let settled = ended(self.writing.take()).await;
        match settled {
            Ok(()) => self.written = self.given,
            Err(_) => {
                self.given = self.written;
                (self.pending, self.size) = (Vec::new(), 0);
            }
        }
        settled
    }
}

impl Proof {
    /// Whether all of them have come.
    pub fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// What of `bytes` comes behind those that were expected; `None` if they are others.
    pub fn holds(&mut self, mut bytes: Bytes) -> Option<Bytes> {
        let known = self.0.len().min(bytes.len());
        (self.0.split_to(known) == bytes.split_to(known)).then_some(bytes)
    }
}

fn open(path: &Path, trusted: Option<u64>) -> io::Result<(File, u64)> {
    let is_new = !path.exists();
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    lock(&file)?;
    if is_new && let Some(folder) = path.parent() {
        contract::disk::sync_folder(folder)?;
    }
    let length = file.metadata()?.len();
    match trusted.filter(|trusted| *trusted < length) {
        Some(trusted) => file.set_len(trusted).map(|()| (file, trusted)),
        None => Ok((file, length)),
    }
}

/// Whoever was stopped a moment ago may still be writing his last bytes.
fn lock(file: &File) -> io::Result<()> {
    for _ in 0..TURNS {
        match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => std::thread::sleep(Duration::from_millis(50)),
            locked => return Ok(locked?),
        }
    }
    Err(ErrorKind::ResourceBusy.into())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

async fn ended(work: Option<JoinHandle<io::Result<()>>>) -> io::Result<()> {
    match work {
        Some(work) => work.await.unwrap_or_else(|error| Err(io::Error::other(error))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn behind_what_could_not_be_written_nothing_is() {
        // Every write to it finds the disk full.
        let mut part = Part::open(Path::new("/dev/full"), None).await.unwrap();
        let piece = || Bytes::from(vec![7; BATCH as usize]);
        part.put(piece()).await.unwrap();
        let full = part.put(piece()).await.unwrap_err();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        assert_eq!((part.len(), part.taken()), (0, 0), "what was to follow it is given up");
        part.put(Bytes::from_static(b"more")).await.unwrap();
        part.sync().await.unwrap_err();
        assert_eq!((part.len(), part.taken()), (0, 0));
    }
}
