//! The pace at which one account is asked for details: one request at a time, with a rest in between.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};

/// The pace of one account.
#[derive(Debug)]
pub(super) struct Pace {
    rest: Duration,
    /// When the next request may begin. Those who wait come in the order in which they began to.
    next: Mutex<Instant>,
}

/// The permission for one request; the rest begins with it.
pub(super) struct Permit<'a> {
    _next: MutexGuard<'a, Instant>,
}

impl Pace {
    pub(super) fn new(rest: Duration) -> Self {
        Self { rest, next: Mutex::new(Instant::now()) }
    }

    /// Waits until a request may begin.
    pub(super) async fn permit(&self) -> Permit<'_> {
        let mut next = self.next.lock().await;
        sleep_until(*next).await;
        *next = Instant::now() + self.rest;
        Permit { _next: next }
    }
}
