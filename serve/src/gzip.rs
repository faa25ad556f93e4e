//! Compressed answers, each made once per release and kept while there is room.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::{Buf, Bytes};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{Stream, stream};
use tokio::sync::{OnceCell, Semaphore};

use crate::xtream::Selection;

/// Below this an answer fits one packet as it is.
const SMALL: usize = 1400;

/// Answers compressed at once: compressing is CPU, and requests that need none must not wait for it.
const AT_ONCE: usize = 2;

/// Bytes that are compressed at a time while they are sent: less than a millisecond's work.
const PIECE: usize = 32 * 1024;

/// `pieces` compressed while they are sent, which takes the same little memory whatever they are.
pub(crate) fn compressed(pieces: Vec<Bytes>) -> impl Stream<Item = io::Result<Bytes>> {
    let encoder = GzEncoder::new(Vec::new(), Compression::fast());
    stream::unfold(Some((encoder, pieces.into_iter(), Bytes::new())), |state| async move {
        let (mut encoder, mut pieces, mut rest) = state?;
        loop {
            let mut room = PIECE;
            while room > 0 {
                if rest.is_empty() {
                    match pieces.next() {
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
                return Some((Ok(made.into()), Some((encoder, pieces, rest))));
            }
            tokio::task::yield_now().await; // what compresses well must not hold up others
        }
    })
}

/// The compressed answers of one release, within a number of bytes. When they are used up, what is not there yet is
/// sent uncompressed for as long as the release lasts.
pub(crate) struct Gzipped {
    room: AtomicUsize,
    turns: Semaphore,
    answers: Mutex<HashMap<Selection, Answer>>,
}

/// Empty while it is being made; `None` inside when there was no room for it.
type Answer = Arc<OnceCell<Option<Bytes>>>;

impl Gzipped {
    pub(crate) fn new(room: usize) -> Self {
        let room = AtomicUsize::new(room);
        Self { room, turns: Semaphore::new(AT_ONCE), answers: Mutex::default() }
    }

    /// `pieces` compressed, by the first who asks for this selection; the others wait for the same bytes. `None`: to
    /// be sent as it is.
    pub(crate) async fn get(self: &Arc<Self>, selection: Selection, pieces: &[Bytes]) -> Option<Bytes> {
        if is_small(pieces) {
            return None;
        }
        let answer = {
            let mut answers = self.answers.lock().expect("nobody panics while holding this lock");
            answers.entry(selection).or_default().clone()
        };
        if let Some(made) = answer.get() {
            return made.clone();
        }
        let (this, pieces) = (self.clone(), pieces.to_vec());
        // In a task of its own: work that others wait for does not end with the client who caused it.
        let making = tokio::spawn(async move { answer.get_or_init(|| this.make(pieces)).await.clone() });
        making.await.ok().flatten()
    }

    /// What [`Gzipped::get`] would give, if that is known without making it.
    pub(crate) fn ready(&self, selection: Selection, pieces: &[Bytes]) -> Option<Option<Bytes>> {
        if is_small(pieces) {
            return Some(None);
        }
        let answers = self.answers.lock().expect("nobody panics while holding this lock");
        answers.get(&selection)?.get().cloned()
    }

    async fn make(&self, pieces: Vec<Bytes>) -> Option<Bytes> {
        let _turn = self.turns.acquire().await.ok()?;
        let room = self.room.load(Ordering::Relaxed);
        let made = tokio::task::spawn_blocking(move || compress(&pieces, room)).await.ok()??;
        let take = |room: usize| room.checked_sub(made.len());
        self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        Some(made)
    }
}

fn is_small(pieces: &[Bytes]) -> bool {
    pieces.iter().map(Bytes::len).sum::<usize>() <= SMALL
}

/// `None` as soon as the outcome is longer than `limit`.
fn compress(pieces: &[Bytes], limit: usize) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Bounded { bytes: Vec::new(), limit }, Compression::default());
    for piece in pieces {
        encoder.write_all(piece).ok()?;
    }
    let mut made = encoder.finish().ok()?.bytes;
    made.shrink_to_fit();
    Some(made.into())
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

    use super::*;

    #[tokio::test]
    async fn an_answer_is_made_once_and_one_without_room_is_not_kept() {
        let list = [Bytes::from("[1234567890]".repeat(1000))];
        let noise: Vec<u8> = (0..4000u32).map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[0]).collect();
        let (noise, small) = ([Bytes::from(noise)], [Bytes::from_static(b"[]")]);
        let [live, vod, series] =
            [Section::LiveStreams, Section::VodStreams, Section::Series].map(Selection::all);
        let gzipped = Arc::new(Gzipped::new(500));
        assert_eq!(gzipped.ready(live, &list), None);
        let (first, second) = tokio::join!(gzipped.get(live, &list), gzipped.get(live, &list));
        let first = first.unwrap();
        assert!(first.starts_with(&[0x1f, 0x8b]) && first.as_ptr() == second.unwrap().as_ptr());
        assert_eq!(gzipped.ready(live, &list), Some(Some(first)));
        assert_eq!((gzipped.get(vod, &noise).await, gzipped.ready(vod, &noise)), (None, Some(None)));
        assert_eq!((gzipped.ready(series, &small), gzipped.get(series, &small).await), (Some(None), None));
    }
}
