//! Answers that are compressed, or put together of many pieces: each made once for a release, and kept while there is room.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::{Buf, Bytes};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{Stream, stream};
use httpd::Coding;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use crate::xtream::Selection;

/// What a client may have, the best first.
pub(crate) const CODINGS: [Coding; 2] = [Coding::Zstd, Coding::Gzip];

/// Below this an answer fits one packet as it is.
const SMALL: usize = 1400;

/// What is compressed for one client alone takes sixty microseconds or more, whatever its length; below this it goes out as it is,
/// in a packet or two more.
const SMALL_FOR_ONE: usize = 4096;

/// More pieces than this are put together: more than go out in one write.
const MANY: usize = 12;

/// Answers compressed at once: compressing is CPU, and requests that need none must not wait for it. Of one it takes up to
/// ten megabytes.
const AT_ONCE: usize = 1;

/// Bytes that are compressed at a time while they are sent: less than a millisecond's work.
const PIECE: usize = 32 * 1024;

/// Of [`Presses`]: 5 MB at most.
const PRESSES: usize = 16;

/// Of zstd, for what is made once and for what is made for one client: of the levels that take a few megabytes, the best,
/// and the fastest.
const ZSTD: i32 = 8;
const ZSTD_FAST: i32 = 1;

/// Answers that are compressed while they are sent: each takes a third of a megabyte for as long as its client takes.
pub(crate) struct Presses(Arc<Semaphore>);

/// The right to compress one.
pub(crate) struct Press {
    _right: OwnedSemaphorePermit,
}

impl Default for Presses {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PRESSES)))
    }
}

impl Presses {
    /// For an answer that can go out as it is as well.
    pub(crate) fn free(&self) -> Option<Press> {
        self.0.clone().try_acquire_owned().ok().map(|right| Press { _right: right })
    }

    /// For one that cannot.
    pub(crate) async fn wait(&self) -> Press {
        Press { _right: self.0.clone().acquire_owned().await.expect("the semaphore is never closed") }
    }
}

impl Press {
    /// `pieces` compressed while they are sent, which takes the same little memory whatever they are.
    pub(crate) fn gzip(
        self,
        pieces: impl Iterator<Item = Bytes> + Send + 'static,
    ) -> impl Stream<Item = io::Result<Bytes>> {
        let encoder = GzEncoder::new(Vec::new(), Compression::fast());
        stream::unfold(Some((self, encoder, pieces, Bytes::new())), |state| async move {
            let (press, mut encoder, mut pieces, mut rest) = state?;
            loop {
                let mut room = PIECE;
                while room > 0 {
                    if rest.is_empty() {
                        match pieces.next() {
                            Some(piece) if piece.is_empty() => break,
                            Some(piece) => rest = piece,
                            None => return Some((encoder.finish().map(Bytes::from), None)),
                        }
                    }
                    let now = room.min(rest.len());
                    if let Err(error) = encoder.write_all(&rest[..now]) {
                        return Some((Err(error), None));
                    }
                    rest.advance(now);
                    room -= now;
                }
                let made = std::mem::take(encoder.get_mut());
                if !made.is_empty() {
                    return Some((Ok(made.into()), Some((press, encoder, pieces, rest))));
                }
                tokio::task::yield_now().await; // what compresses well must not hold up others
            }
        })
    }
}

/// `pieces` compressed for one client, at once: for documents, which are short.
pub(crate) fn hurried(pieces: &[Bytes], coding: Coding) -> Option<Bytes> {
    if size(pieces) <= SMALL_FOR_ONE {
        return None;
    }
    let bytes = match coding {
        Coding::Identity => return None,
        Coding::Gzip => gzip(pieces, Vec::new(), Compression::fast()),
        Coding::Zstd => zstd(pieces, Vec::new(), ZSTD_FAST),
    };
    Some(bytes.ok()?.into())
}

/// Bytes that such answers may take together, whatever release they are of and whoever sees it, and the turn to make one.
/// Who drops one gives back what it took.
#[derive(Clone)]
pub(crate) struct Room {
    left: Arc<AtomicUsize>,
    turns: Arc<Semaphore>,
}

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(bytes)), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    /// Makes something in a thread of the pool when it is its turn: `making` is told how much room there is, and gives what
    /// takes it and what belongs to that. An error is the room that was too little.
    pub(crate) async fn make<T: Send + 'static>(
        &self,
        making: impl FnOnce(usize) -> Option<(Vec<u8>, T)> + Send + 'static,
    ) -> Result<(Bytes, T), usize> {
        let Ok(_turn) = self.turns.acquire().await else { return Err(usize::MAX) };
        let room = self.left();
        let made = tokio::task::spawn_blocking(move || making(room)).await.ok().flatten();
        made.and_then(|(bytes, more)| Some((self.keep(bytes)?, more))).ok_or(room)
    }

    /// Keeps `bytes` as long as somebody has them, if there is still room.
    fn keep(&self, bytes: Vec<u8>) -> Option<Bytes> {
        let take = |room: usize| room.checked_sub(bytes.len());
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        Some(Bytes::from_owner(Kept { bytes, room: self.clone() }))
    }
}

/// What takes room, until the last client that is sent it has it.
struct Kept {
    bytes: Vec<u8>,
    room: Room,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.room.left.fetch_add(self.bytes.len(), Ordering::Relaxed);
    }
}

/// What was made of the answers of one release. When there is no room for one, it is sent as it is, and tried again when others
/// have given some back: those of the release before do, when the last of its answers is sent.
pub(crate) struct Packed {
    room: Room,
    answers: Mutex<HashMap<(Selection, Coding), Answer>>,
}

/// Empty while it is being made; what room there was when that was too little for it.
type Answer = Arc<OnceCell<Result<Bytes, usize>>>;

impl Packed {
    pub(crate) fn new(room: Room) -> Self {
        Self { room, answers: Mutex::default() }
    }

    /// What was made of this selection already.
    pub(crate) fn made(&self, selection: Selection, coding: Coding) -> Option<Bytes> {
        let answers = self.answers.lock().expect("nobody panics while holding this lock");
        answers.get(&(selection, coding))?.get()?.clone().ok()
    }

    /// `pieces` in this coding, by the first who asks for this selection; the others wait for the same bytes. `None`: to
    /// be sent as they are.
    pub(crate) async fn get(
        self: &Arc<Self>,
        selection: Selection,
        coding: Coding,
        pieces: &[Bytes],
    ) -> Option<Bytes> {
        // SECURITY: what nobody has is small, so that asking for all numbers that there are fills nothing.
        if !is_worth(coding, pieces) {
            return None;
        }
        let answer = self.answer(selection, coding);
        if let Some(made) = answer.get() {
            return made.clone().ok();
        }
        let (room, pieces) = (self.room.clone(), pieces.to_vec());
        // In a task of its own: work that others wait for does not end with the client who caused it.
        let making = tokio::spawn(async move {
            let make = || async {
                let compressing = move |room| Some((compress(&pieces, coding, room)?, ()));
                room.make(compressing).await.map(|(made, ())| made)
            };
            answer.get_or_init(make).await.clone()
        });
        making.await.ok()?.ok()
    }

    fn answer(&self, selection: Selection, coding: Coding) -> Answer {
        let mut answers = self.answers.lock().expect("nobody panics while holding this lock");
        let answer = answers.entry((selection, coding)).or_default();
        if answer.get().is_some_and(|made| made.as_ref().is_err_and(|room| self.room.left() > *room)) {
            *answer = Answer::default();
        }
        answer.clone()
    }
}

/// Whether something is made of an answer before it is sent: it is compressed unless it is small, and what is in many
/// pieces is put together, which is sooner sent.
pub(crate) fn is_worth(coding: Coding, pieces: &[Bytes]) -> bool {
    match coding {
        Coding::Identity => pieces.len() > MANY,
        Coding::Gzip | Coding::Zstd => size(pieces) > SMALL,
    }
}

fn size(pieces: &[Bytes]) -> usize {
    pieces.iter().map(Bytes::len).sum()
}

/// `None` as soon as the outcome is longer than `limit`.
fn compress(pieces: &[Bytes], coding: Coding, limit: usize) -> Option<Vec<u8>> {
    let bounded = Bounded { bytes: Vec::new(), limit };
    let made = match coding {
        Coding::Identity => together(pieces, bounded),
        Coding::Gzip => gzip(pieces, bounded, Compression::default()),
        Coding::Zstd => zstd(pieces, bounded, ZSTD),
    };
    let mut made = made.ok()?.bytes;
    made.shrink_to_fit();
    Some(made)
}

fn together<W: Write>(pieces: &[Bytes], mut out: W) -> io::Result<W> {
    pieces.iter().try_for_each(|piece| out.write_all(piece))?;
    Ok(out)
}

fn gzip<W: Write>(pieces: &[Bytes], out: W, level: Compression) -> io::Result<W> {
    let mut encoder = GzEncoder::new(out, level);
    pieces.iter().try_for_each(|piece| encoder.write_all(piece))?;
    encoder.finish()
}

fn zstd<W: Write>(pieces: &[Bytes], out: W, level: i32) -> io::Result<W> {
    let mut encoder = zstd::Encoder::new(out, level)?;
    encoder.set_pledged_src_size(Some(pieces.iter().map(|piece| piece.len() as u64).sum()))?;
    pieces.iter().try_for_each(|piece| encoder.write_all(piece))?;
    encoder.finish()
}

struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.limit {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use contract::bundle::Section;

    use super::Coding::{Gzip, Zstd};
    use super::*;

    const LIVE: Selection = Selection::all(Section::LiveStreams);
    const VOD: Selection = Selection::all(Section::VodStreams);

    fn list() -> [Bytes; 1] {
        [Bytes::from("[1234567890]".repeat(1000))]
    }

    /// What becomes hardly shorter.
    fn noise() -> [Bytes; 1] {
        let bytes: Vec<u8> = (0..4000u32).map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[0]).collect();
        [Bytes::from(bytes)]
    }

    #[tokio::test]
    async fn an_answer_is_made_once_for_each_coding_and_one_without_room_is_not_kept() {
        let (list, noise, small) = (list(), noise(), [Bytes::from_static(b"[]")]);
        let packed = Arc::new(Packed::new(Room::new(1000)));
        for (coding, magic) in [(Gzip, &[0x1f, 0x8b][..]), (Zstd, &[0x28, 0xb5, 0x2f, 0xfd])] {
            assert_eq!(packed.made(LIVE, coding), None);
            let (first, second) =
                tokio::join!(packed.get(LIVE, coding, &list), packed.get(LIVE, coding, &list));
            let first = first.unwrap();
            assert!(first.starts_with(magic) && first.as_ptr() == second.unwrap().as_ptr());
            assert_eq!(packed.made(LIVE, coding), Some(first));
            assert_eq!((packed.get(VOD, coding, &noise).await, packed.made(VOD, coding)), (None, None));
            assert_eq!((packed.get(LIVE, coding, &small).await, is_worth(coding, &small)), (None, false));
        }
        assert_eq!(packed.get(LIVE, Coding::Identity, &list).await, None);
    }

    #[tokio::test]
    async fn many_pieces_are_put_together() {
        let packed = Arc::new(Packed::new(Room::new(1000)));
        let pieces: Vec<Bytes> = (0..100u8).map(|byte| vec![byte; 7].into()).collect();
        let whole = packed.get(LIVE, Coding::Identity, &pieces).await.unwrap();
        assert_eq!((&whole[..], packed.room.left()), (&pieces.concat()[..], 300));
        assert_eq!(packed.get(VOD, Coding::Identity, &pieces).await, None, "there is no room for it");
        assert_eq!(packed.get(VOD, Coding::Identity, &pieces[..3]).await, None, "it is not worth it");
    }

    #[tokio::test]
    async fn room_is_given_back_when_nobody_has_the_answer_any_more() {
        let room = Room::new(6000);
        let old = Arc::new(Packed::new(room.clone()));
        let sent = old.get(LIVE, Gzip, &noise()).await.unwrap();
        let new = Arc::new(Packed::new(room.clone()));
        drop(old);
        assert_eq!(new.get(LIVE, Gzip, &noise()).await, None, "somebody is still sent the old one");
        drop(sent);
        let again = new.get(LIVE, Gzip, &noise()).await.unwrap();
        assert_eq!(room.left(), 6000 - again.len());
    }
}
