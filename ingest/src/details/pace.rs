//! The pace at which one source is asked for details, below what its ledger allows: details can wait.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// The pace of one source.
#[derive(Debug)]
pub(super) struct Pace {
    rest: Duration,
    /// When the next request may begin. Those who wait come in the order in which they began to.
    next: Mutex<Instant>,
}

impl Pace {
    pub(super) fn new(rest: Duration) -> Self {
        Self { rest, next: Mutex::new(Instant::now()) }
    }

    /// Waits until a request may begin.
    pub(super) async fn step(&self) {
        let mut next = self.next.lock().await;
        sleep_until(*next).await;
        *next = Instant::now() + self.rest;
    }
}
