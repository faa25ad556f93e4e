//! Asking for a run that the schedule does not foresee.

use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::{Board, Doing};

/// A handle to a schedule: whoever holds it may ask for a run. One run at a time, and none is put by.
#[derive(Clone, Debug, Default)]
pub struct RunNow {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    asked: Notify,
    board: Board,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nobody is there who would run.
    #[default]
    Stopped,
    Waiting,
    /// A run is going on, or about to begin.
    Running,
}

/// What became of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A run begins.
    Begins,
    /// One is going on.
    Running,
    /// No schedule is running.
    Stopped,
}

impl RunNow {
    /// Asks for a run.
    pub fn ask(&self) -> Asked {
        let mut state = self.inner.state.lock().expect("nobody panics while holding this lock");
        match *state {
            State::Stopped => Asked::Stopped,
            State::Running => Asked::Running,
            State::Waiting => {
                *state = State::Running;
                self.inner.asked.notify_one();
                Asked::Begins
            }
        }
    }

    /// What the sources of the run that is going on are doing; `None` while there is none.
    pub fn watch(&self) -> Option<Vec<Doing>> {
        let state = *self.inner.state.lock().expect("nobody panics while holding this lock");
        (state == State::Running).then(|| self.inner.board.read())
    }

    /// Where that is written.
    pub(super) fn board(&self) -> &Board {
        &self.inner.board
    }

    /// Until somebody asks.
    pub(super) async fn asked(&self) {
        self.inner.asked.notified().await;
    }

    /// A run begins for another reason, or because it was asked for; it is over when the answer is dropped.
    pub(super) fn running(&self) -> Running<'_> {
        self.set(State::Running);
        Running(self)
    }

    /// Wishes are heard from now on, until the answer is dropped.
    pub(super) fn open(&self) -> Open<'_> {
        self.set(State::Waiting);
        Open(self)
    }

    fn set(&self, to: State) {
        *self.inner.state.lock().expect("nobody panics while holding this lock") = to;
    }
}

/// While this is held, a run is going on.
pub(super) struct Running<'a>(&'a RunNow);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.set(State::Waiting);
    }
}

/// While this is held, there is a schedule.
pub(super) struct Open<'a>(&'a RunNow);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.set(State::Stopped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_at_a_time_and_none_without_a_schedule() {
        let run_now = RunNow::default();
        assert_eq!(run_now.ask(), Asked::Stopped);
        let open = run_now.open();
        assert_eq!(run_now.ask(), Asked::Begins);
        assert_eq!(run_now.ask(), Asked::Running, "it begins, and two wishes are one run");
        let running = run_now.running();
        assert_eq!(run_now.ask(), Asked::Running);
        drop(running);
        assert_eq!(run_now.ask(), Asked::Begins);
        drop(open);
        assert_eq!(run_now.ask(), Asked::Stopped);
    }
}
