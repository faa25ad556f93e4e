//! Bytes of a file on their way to a target, and whether they are the same there.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::time::Instant;

use rand::RngExt;
use sha2::{Digest, Sha256};

use super::{CHECKPOINT_BYTES, CHECKPOINT_TIME, Delivery, Sent, Told, Trouble};

/// Bytes that are sent at a time,
pub(super) const CHUNK: usize = 256 << 10;
/// and that are compared: the last ones, and as many at three places by chance.
const SAMPLE: u64 = 1 << 20;

/// A file at a target that is being written, from some place on.
pub(super) trait Sink: Send {
    /// Writes what comes next; it may be on its way when this returns.
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), Trouble>> + Send;
    /// Waits until the target has promised to keep all that was written.
    fn keep(&mut self) -> impl Future<Output = Result<(), Trouble>> + Send;
}

/// A file at a target that is being read.
pub(super) trait Source: Send {
    /// Its length, in bytes.
    fn length(&self) -> u64;
    /// Fills `bytes` with what lies at `offset`.
    fn read_at(&mut self, bytes: &mut [u8], offset: u64) -> impl Future<Output = Result<(), Trouble>> + Send;
}

/// Sends what is behind `offset`, and has it kept now and then, and at the end.
pub(super) async fn send(
    sink: &mut impl Sink,
    delivery: &Delivery,
    offset: u64,
    sent: Told<'_>,
) -> Result<(), Trouble> {
    let mut from = File::open(&delivery.file).map_err(|error| here(&error))?;
    from.seek(SeekFrom::Start(offset)).map_err(|error| here(&error))?;
    let length = delivery.length;
    let mut chunk = vec![0; CHUNK];
    let (mut have, mut synced, mut since) = (offset, offset, Instant::now());
    while have < length {
        let read = from.read(&mut chunk).map_err(|error| here(&error))?;
        if read == 0 {
            return Err(Trouble::Failed(format!("the file here ends after {have} bytes of {length}")));
        }
        sink.write(&chunk[..read]).await?;
        have += read as u64;
        let is_checkpoint =
            have - synced >= CHECKPOINT_BYTES || since.elapsed() >= CHECKPOINT_TIME || have >= length;
        if is_checkpoint {
            sink.keep().await?;
            (synced, since) = (have, Instant::now());
        }
        if !sent(Sent { have, synced, is_checkpoint }) {
            return Err(Trouble::Stopped);
        }
        for bucket in &delivery.paces {
            bucket.take(read as u64).await;
        }
    }
    sink.keep().await
}

/// Whether what lies before `offset` ends as the file here does there: then it can go on from that place.
pub(super) async fn goes_on(
    there: &mut impl Source,
    delivery: &Delivery,
    offset: u64,
) -> Result<(), Trouble> {
    let file = File::open(&delivery.file).map_err(|error| here(&error))?;
    if there.length() < offset || !is_same(there, &file, offset.saturating_sub(SAMPLE), offset).await? {
        return Err(Trouble::Differs("what was sent before is there no more".into()));
    }
    Ok(())
}

/// Whether the bytes from `from` to `to` are the same here and there.
async fn is_same(there: &mut impl Source, here_file: &File, from: u64, to: u64) -> Result<bool, Trouble> {
    let size = (to - from) as usize;
    let (mut ours, mut theirs) = (vec![0; size], vec![0; size]);
    here_file.read_exact_at(&mut ours, from).map_err(|error| here(&error))?;
    there.read_at(&mut theirs, from).await?;
    Ok(ours == theirs)
}

/// Compares the lengths, the last bytes, and some at places by chance.
pub(super) async fn compare(there: &mut impl Source, delivery: &Delivery) -> Result<(), Trouble> {
    let file = File::open(&delivery.file).map_err(|error| here(&error))?;
    let length = there.length();
    if length != delivery.length {
        return Err(Trouble::Differs(format!("{length} bytes are there of {}", delivery.length)));
    }
    let last = length.saturating_sub(SAMPLE);
    let mut places = vec![last];
    if last > 0 {
        places.extend((0..3).map(|_| rand::rng().random_range(0..last)));
    }
    for at in places {
        if !is_same(there, &file, at, length.min(at + SAMPLE)).await? {
            return Err(Trouble::Differs(format!("what is there is another file, from byte {at} on")));
        }
    }
    Ok(())
}

/// SHA-256 of the file here, in hexadecimal digits.
pub(super) async fn hash(delivery: &Delivery) -> Result<String, Trouble> {
    let mut file = File::open(&delivery.file).map_err(|error| here(&error))?;
    let (mut hash, mut chunk) = (Sha256::new(), vec![0; 4 << 20]);
    loop {
        let read = file.read(&mut chunk).map_err(|error| here(&error))?;
        if read == 0 {
            break;
        }
        hash.update(&chunk[..read]);
        // Whoever stops the job does not wait for all of it.
        tokio::task::yield_now().await;
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What went wrong with the file that is delivered.
fn here(error: &io::Error) -> Trouble {
    Trouble::Failed(format!("the file here: {error}"))
}
