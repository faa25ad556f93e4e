//! Bandwidth: token buckets. Whoever moves bytes takes as many tokens from each bucket that concerns him.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// How much may be moved at once after a rest: what a limit gives in this time.
const BURST: Duration = Duration::from_millis(100);

/// A limit in bytes a second, shared by all who move bytes under it. It can be changed at any time.
///
/// Bytes are taken after they have come, so a bucket may owe some; whoever comes next waits until it does not. That
/// keeps the mean exact, however large the pieces are.
#[derive(Debug)]
pub struct Bucket {
    level: Mutex<Level>,
    changed: Notify,
}

#[derive(Debug)]
struct Level {
    /// Bytes a second; `None` is no limit.
    rate: Option<u64>,
    /// When everything that was taken so far has been paid for.
    paid: Instant,
}

impl Bucket {
    /// A limit of so many bytes a second; `None` is none.
    pub fn new(rate: Option<u64>) -> Self {
        Self { level: Mutex::new(Level { rate, paid: Instant::now() }), changed: Notify::new() }
    }

    /// Changes the limit, for those who wait as well.
    pub fn set(&self, rate: Option<u64>) {
        let mut level = self.level();
        if level.rate == rate {
            return;
        }
        // What is owed was owed at another rate: at most a burst of it is carried over.
        let now = Instant::now();
        level.rate = rate;
        level.paid = level.paid.min(now + BURST);
        drop(level);
        self.changed.notify_waiters();
    }

    /// The limit as it is, for somebody who has to keep it by himself.
    pub(crate) fn rate(&self) -> Option<u64> {
        self.level().rate
    }

    /// Takes `bytes`, and waits until the bucket has them.
    pub async fn take(&self, bytes: u64) {
        self.level().take(bytes, Instant::now());
        loop {
            let changed = self.changed.notified();
            let Some(until) = self.level().owes(Instant::now()) else { return };
            tokio::select! {
                () = tokio::time::sleep_until(until) => return,
                () = changed => {}
            }
        }
    }

    fn level(&self) -> MutexGuard<'_, Level> {
        self.level.lock().expect("nobody panics while holding this lock")
    }
}

impl Level {
    fn take(&mut self, bytes: u64, now: Instant) {
        let Some(rate) = self.rate else { return };
        // A day is more than anybody waits for one piece.
        let cost = Duration::from_secs_f64((bytes as f64 / rate.max(1) as f64).min(86_400.0));
        // Time in which nobody came is lost, but for a burst.
        let from = now.checked_sub(BURST).map_or(self.paid, |least| self.paid.max(least));
        self.paid = from + cost;
    }

    /// Until when nothing more may be moved.
    fn owes(&self, now: Instant) -> Option<Instant> {
        (self.rate.is_some() && self.paid > now).then_some(self.paid)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_limit_is_kept_by_all_together_whatever_the_size_of_their_pieces() {
        for piece in [500, 16 * 1024, 900_000] {
            let bucket = Arc::new(Bucket::new(Some(1_000_000)));
            let began = Instant::now();
            let movers = (0..3).map(|_| {
                let bucket = bucket.clone();
                tokio::spawn(async move {
                    let mut left = 4_000_000_u64;
                    while left > 0 {
                        bucket.take(piece.min(left)).await;
                        left = left.saturating_sub(piece);
                    }
                })
            });
            for mover in movers.collect::<Vec<_>>() {
                mover.await.unwrap();
            }
            let rate = 12.0 / began.elapsed().as_secs_f64();
            assert!((0.95..=1.05).contains(&rate), "{rate} of the limit in pieces of {piece}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_is_changed_or_lifted_counts_at_once() {
        let bucket = Arc::new(Bucket::new(Some(1000)));
        let waits = tokio::spawn({
            let bucket = bucket.clone();
            async move { bucket.take(1_000_000).await }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        let lifted = Instant::now();
        bucket.set(None);
        waits.await.unwrap();
        bucket.take(1 << 40).await;
        assert!(lifted.elapsed() < Duration::from_millis(10), "{:?}", lifted.elapsed());
    }
}
