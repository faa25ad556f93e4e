//! A segment or a key while it comes in: read by everybody who waits for it as it grows, and kept.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use futures_util::Stream;

use super::meter::Meter;
use crate::refusal::Failure;

/// Bytes that come in once, for all who want them.
pub(crate) struct Piece {
    state: Mutex<State>,
    /// Of all pieces of the relay.
    held: Arc<AtomicU64>,
}

#[derive(Default)]
struct State {
    chunks: Vec<Bytes>,
    size: u64,
    /// What was promised.
    length: Option<u64>,
    end: Option<(Instant, Result<(), Failure>)>,
    waiting: Vec<Waker>,
}

/// A piece, from its beginning: the body of an answer.
pub(crate) struct Reader {
    piece: Arc<Piece>,
    next: usize,
    /// Where it is counted what was read.
    meter: Arc<Meter>,
}

impl Piece {
    /// Nothing yet. What comes is counted in `held` for as long as somebody has it.
    pub(crate) fn new(held: Arc<AtomicU64>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), held })
    }

    /// So many bytes will come.
    pub(crate) fn promise(&self, length: Option<u64>) {
        self.change(|state| state.length = length);
    }

    /// More bytes. They are copied, because those of a connection lie in large buffers.
    pub(crate) fn push(&self, bytes: &[u8]) {
        self.held.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.change(|state| {
            state.size += bytes.len() as u64;
            state.chunks.push(Bytes::copy_from_slice(bytes));
        });
    }

    /// No more will come.
    pub(crate) fn end(&self, how: Result<(), Failure>) {
        self.change(|state| state.end = Some((Instant::now(), how)));
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let waiting = {
            let mut state = self.state();
            change(&mut state);
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn size(&self) -> u64 {
        self.state().size
    }

    /// Whether it begins as a transport stream does.
    pub(crate) fn is_transport(&self) -> bool {
        self.state().chunks.first().is_some_and(|chunk| chunk.first() == Some(&0x47))
    }

    /// When it ended, and how.
    pub(crate) fn ended(&self) -> Option<(Instant, Result<(), Failure>)> {
        self.state().end.clone()
    }

    /// All of it, if it is complete.
    pub(crate) fn whole(&self) -> Option<Vec<Bytes>> {
        let state = self.state();
        matches!(state.end, Some((_, Ok(())))).then(|| state.chunks.clone())
    }

    /// Waits for the first bytes, and says how many there will be, if that is known.
    ///
    /// # Errors
    /// There are none, and why.
    pub(crate) fn poll_begun(&self, cx: &mut Context<'_>) -> Poll<Result<Option<u64>, Failure>> {
        let mut state = self.state();
        match &state.end {
            Some((_, Err(why))) if state.chunks.is_empty() => Poll::Ready(Err(why.clone())),
            Some((_, Ok(()))) => Poll::Ready(Ok(Some(state.size))),
            _ if !state.chunks.is_empty() => Poll::Ready(Ok(state.length)),
            _ => state.wait(cx),
        }
    }

    /// Waits for the last byte.
    ///
    /// # Errors
    /// It does not come, and why.
    pub(crate) fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let mut state = self.state();
        match &state.end {
            Some((_, how)) => Poll::Ready(how.clone()),
            None => state.wait(cx),
        }
    }

    /// All of it, as it comes; counted by `meter`.
    pub(crate) fn read(self: &Arc<Self>, meter: Arc<Meter>) -> Reader {
        Reader { piece: self.clone(), next: 0, meter }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding this lock")
    }
}

impl State {
    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        if !self.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.held.fetch_sub(self.size(), Ordering::Relaxed);
    }
}

impl Stream for Reader {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = self.piece.clone();
        let mut state = piece.state();
        if let Some(chunk) = state.chunks.get(self.next) {
            self.next += 1;
            self.meter.sent(chunk.len() as u64);
            return Poll::Ready(Some(Ok(chunk.clone())));
        }
        match &state.end {
            Some((_, Ok(()))) => Poll::Ready(None),
            // The head is out: that something is missing can only be told by the end of the connection.
            Some((_, Err(why))) => Poll::Ready(Some(Err(io::Error::other(why.clone())))),
            None => state.wait(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn everybody_reads_the_whole_whenever_he_came() {
        let held = Arc::new(AtomicU64::new(0));
        let piece = Piece::new(held.clone());
        piece.promise(Some(6));
        let early = tokio::spawn(piece.read(Arc::default()).collect::<Vec<_>>());
        piece.push(b"abc");
        assert_eq!(poll_fn(|cx| piece.poll_begun(cx)).await, Ok(Some(6)));
        assert!(piece.whole().is_none());
        let gone = piece.read(Arc::default());
        piece.push(b"def");
        drop(gone); // does not end it for the others
        piece.end(Ok(()));
        let text = |chunks: Vec<io::Result<Bytes>>| {
            chunks.into_iter().flat_map(|chunk| chunk.unwrap().to_vec()).collect::<Vec<u8>>()
        };
        assert_eq!(text(early.await.unwrap()), b"abcdef");
        assert_eq!(text(piece.read(Arc::default()).collect().await), b"abcdef");
        assert_eq!((piece.whole().unwrap().concat(), held.load(Ordering::Relaxed)), (b"abcdef".to_vec(), 6));
        drop(piece);
        assert_eq!(held.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn one_that_breaks_says_so_before_and_after_its_first_byte() {
        let piece = Piece::new(Arc::default());
        piece.end(Err(Failure::Refused(404)));
        assert_eq!(poll_fn(|cx| piece.poll_begun(cx)).await, Err(Failure::Refused(404)));
        let piece = Piece::new(Arc::default());
        piece.push(b"abc");
        piece.end(Err(Failure::Ended));
        let mut reader = piece.read(Arc::default());
        assert_eq!(reader.next().await.unwrap().unwrap(), "abc");
        assert!(reader.next().await.unwrap().is_err());
        assert_eq!(poll_fn(|cx| piece.poll_ended(cx)).await, Err(Failure::Ended));
    }
}
