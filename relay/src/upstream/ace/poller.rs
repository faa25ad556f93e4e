//! The statistics of one session, asked for however many look at them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::Engine;
use super::answer::Stat;
use super::channel::Shared;
use super::session::Session;
use crate::refusal::Ace;

/// How often they are asked for while peers are looked for,
const WARMING: Duration = Duration::from_secs(1);
/// and while bytes come.
const STREAMING: Duration = Duration::from_secs(5);
/// Statistics that could not be had so often in a row are old.
const MISSES: u32 = 3;

/// Asks for the statistics of one session, again and again, beside its media. Ends when it is dropped.
pub(super) struct Poller {
    told: watch::Receiver<Option<Result<Stat, Ace>>>,
    pace: watch::Sender<Duration>,
    task: JoinHandle<()>,
}

impl Poller {
    pub(super) fn start(engine: &Arc<Engine>, session: &Session, shared: Arc<Shared>) -> Self {
        let (tell, told) = watch::channel(None);
        let (pace, mut wait) = watch::channel(WARMING);
        let engine = engine.clone();
        let started = session.started.clone();
        let task = tokio::spawn(async move {
            let mut misses = 0;
            loop {
                let answer = engine.api.stat(&started).await;
                misses = if answer.is_ok() { 0 } else { misses + 1 };
                {
                    let mut snapshot = shared.snapshot();
                    snapshot.stats_stale = misses >= MISSES;
                    if let Ok(stat) = answer {
                        (snapshot.stat, snapshot.asked) = (stat, Some(Instant::now()));
                    }
                }
                if answer.is_ok() || answer == Err(Ace::Gone) {
                    tell.send_replace(Some(answer));
                }
                let time = *wait.borrow_and_update();
                sleep(time).await;
            }
        });
        Self { told, pace, task }
    }

    /// Bytes come: from now on it is enough to ask now and then.
    pub(super) fn slow_down(&self) {
        self.pace.send_if_modified(|pace| std::mem::replace(pace, STREAMING) != STREAMING);
    }

    /// What the engine says next: statistics, or that the session is no more.
    pub(super) async fn next(&mut self) -> Result<Stat, Ace> {
        loop {
            if self.told.changed().await.is_err() {
                std::future::pending().await
            }
            if let Some(answer) = *self.told.borrow_and_update() {
                return answer;
            }
        }
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.task.abort();
    }
}
