//! From the one reader of a session to whoever receives the channel. The reader never waits: at the engine, a player that
//! stops reading has stopped watching.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Poll, Waker};

use bytes::Bytes;

use crate::refusal::Failure;
use crate::upstream::Received;

/// Bytes that wait for one receiver. When there are more, all are thrown away, and he hears of a splice.
const FULL: usize = 16 * 1024 * 1024;

/// Where the reader writes.
#[derive(Default)]
pub(super) struct Source(Mutex<Outlets>);

#[derive(Default)]
struct Outlets {
    pipes: Vec<Weak<Pipe>>,
    end: Option<Failure>,
}

/// Where one receiver reads.
pub(super) struct Pipe(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    queue: VecDeque<Received>,
    bytes: usize,
    end: Option<Failure>,
    waker: Option<Waker>,
}

impl Source {
    /// A new receiver, from now on.
    pub(super) fn pipe(&self) -> Arc<Pipe> {
        let mut outlets = self.outlets();
        let pipe = Arc::new(Pipe(Mutex::new(Waiting { end: outlets.end.clone(), ..Waiting::default() })));
        outlets.pipes.retain(|pipe| pipe.strong_count() > 0);
        outlets.pipes.push(Arc::downgrade(&pipe));
        pipe
    }

    pub(super) fn bytes(&self, bytes: &Bytes) {
        self.each(|waiting| {
            waiting.bytes += bytes.len();
            waiting.queue.push_back(Received::Bytes(bytes.clone()));
            if waiting.bytes > FULL {
                (waiting.queue, waiting.bytes) = (VecDeque::from([Received::Splice]), 0);
            }
        });
    }

    /// What follows does not continue what came before.
    pub(super) fn splice(&self) {
        self.each(|waiting| waiting.queue.push_back(Received::Splice));
    }

    /// Nothing comes any more. Only the first reason counts.
    pub(super) fn end(&self, why: &Failure) {
        self.outlets().end.get_or_insert_with(|| why.clone());
        self.each(|waiting| waiting.end = waiting.end.take().or(Some(why.clone())));
    }

    pub(super) fn ended(&self) -> bool {
        self.outlets().end.is_some()
    }

    fn each(&self, change: impl Fn(&mut Waiting)) {
        let pipes: Vec<Arc<Pipe>> = self.outlets().pipes.iter().filter_map(Weak::upgrade).collect();
        for pipe in pipes {
            let waker = {
                let mut waiting = pipe.waiting();
                change(&mut waiting);
                waiting.waker.take()
            };
            waker.into_iter().for_each(Waker::wake);
        }
    }

    fn outlets(&self) -> MutexGuard<'_, Outlets> {
        self.0.lock().expect("nobody panics while holding this lock")
    }
}

impl Pipe {
    /// What comes next. May be dropped while it waits.
    ///
    /// # Errors
    /// Why nothing comes any more.
    pub(super) async fn next(&self) -> Result<Received, Failure> {
        poll_fn(|cx| {
            let mut waiting = self.waiting();
            if let Some(next) = waiting.queue.pop_front() {
                if let Received::Bytes(bytes) = &next {
                    waiting.bytes -= bytes.len();
                }
                return Poll::Ready(Ok(next));
            }
            if let Some(why) = &waiting.end {
                return Poll::Ready(Err(why.clone()));
            }
            waiting.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().expect("nobody panics while holding this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_gets_everything_from_when_he_came_and_why_it_ends() {
        let source = Source::default();
        let early = source.pipe();
        source.bytes(&Bytes::from_static(b"one"));
        let late = source.pipe();
        source.splice();
        source.end(&Failure::Silent);
        source.end(&Failure::Ended);
        assert!(matches!(early.next().await, Ok(Received::Bytes(bytes)) if bytes == "one"));
        for pipe in [early, late, source.pipe()].iter().take(2) {
            assert!(matches!(pipe.next().await, Ok(Received::Splice)));
            assert_eq!(pipe.next().await.unwrap_err(), Failure::Silent);
        }
        assert_eq!(source.pipe().next().await.unwrap_err(), Failure::Silent);
        assert!(source.ended());
    }

    #[tokio::test]
    async fn who_does_not_read_loses_what_waits_for_him_and_holds_nobody_up() {
        let source = Source::default();
        let lazy = source.pipe();
        let megabyte = Bytes::from(vec![0; 1024 * 1024]);
        (0..17).for_each(|_| source.bytes(&megabyte));
        source.bytes(&Bytes::from_static(b"new"));
        assert!(matches!(lazy.next().await, Ok(Received::Splice)));
        assert!(matches!(lazy.next().await, Ok(Received::Bytes(bytes)) if bytes == "new"));
    }
}
