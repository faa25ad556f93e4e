//! Viewers: some stay from first to last, others come for a round.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::RngExt;
use tokio::task::{AbortHandle, JoinSet};

use crate::house::House;

/// Guests at a time.
const GUESTS: usize = 10;

/// Somebody who watches the quiet channel all the time.
pub(crate) struct Resident {
    watching: AbortHandle,
    gap: Arc<Mutex<Gap>>,
}

struct Gap {
    last: Instant,
    longest: Duration,
}

impl Resident {
    /// Begins to watch.
    pub(crate) fn settle(house: &House) -> Self {
        let gap = Arc::new(Mutex::new(Gap { last: Instant::now(), longest: Duration::ZERO }));
        let (seen, request) = (gap.clone(), house.http().get(house.quiet()));
        let watching = tokio::spawn(async move {
            let mut answer = request.send().await.unwrap().error_for_status().unwrap();
            while let Ok(Some(_)) = answer.chunk().await {
                let mut gap = seen.lock().unwrap();
                gap.longest = gap.longest.max(gap.last.elapsed());
                gap.last = Instant::now();
            }
        });
        Self { watching: watching.abort_handle(), gap }
    }

    /// The longest that nothing came; one who was cut waits for ever.
    pub(crate) fn longest_gap(&self) -> Duration {
        let gap = self.gap.lock().unwrap();
        gap.longest.max(gap.last.elapsed())
    }

    pub(crate) fn leave(self) -> Duration {
        self.watching.abort();
        self.longest_gap()
    }
}

/// What guests of a round saw.
#[derive(Default)]
pub(crate) struct Seen {
    bytes: AtomicU64,
    refused: AtomicU64,
    opened: AtomicU64,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (opened, refused) = (self.opened.load(Relaxed), self.refused.load(Relaxed));
        write!(f, "{opened:3} opened  {refused:3} refused  {:6.1} MB", self.bytes.load(Relaxed) as f64 / 1e6)
    }
}

/// Guests come, watch for a while in one form or the other, and leave, or stop reading and then leave.
pub(crate) async fn visit(house: &House, span: Duration) -> Arc<Seen> {
    let seen = Arc::<Seen>::default();
    let mut guests = JoinSet::new();
    for guest in 0..GUESTS {
        let (seen, http) = (seen.clone(), house.http().clone());
        let pick = |from: &[u32]| from[rand::random_range(0..from.len())];
        // Each wants several things, one after the other.
        let wishes: Vec<(String, bool)> = (0..4)
            .map(|_| match guest % 5 {
                0 => (house.address("movie", pick(house.films()), "mp4"), false),
                1 | 2 => (house.address("live", pick(house.restless()), "m3u8"), true),
                _ => (house.address("live", pick(house.restless()), "ts"), false),
            })
            .collect();
        guests.spawn(async move {
            let end = Instant::now() + span;
            for (address, playlist) in wishes {
                let patience = Duration::from_millis(rand::rng().random_range(300..span.as_millis() as u64));
                let until = end.min(Instant::now() + patience);
                let agent = format!("guest/{guest}");
                let watched = watch(&http, &address, &agent, playlist, guest == 4, &seen);
                let _ = tokio::time::timeout_at(until.into(), watched).await;
            }
        });
    }
    while guests.join_next().await.is_some() {}
    seen
}

/// Watches until it ends; what is dropped before has left. One who `stalls` reads a little and then nothing.
async fn watch(
    http: &reqwest::Client,
    address: &str,
    agent: &str,
    playlist: bool,
    stalls: bool,
    seen: &Seen,
) -> reqwest::Result<()> {
    let mut answer = http.get(address).header("user-agent", agent).send().await?;
    seen.opened.fetch_add(1, Relaxed);
    if !answer.status().is_success() {
        seen.refused.fetch_add(1, Relaxed);
        return Ok(());
    }
    if playlist {
        return segments(http, address, agent, answer.text().await?, seen).await;
    }
    while let Some(bytes) = answer.chunk().await? {
        seen.bytes.fetch_add(bytes.len() as u64, Relaxed);
        if stalls {
            std::future::pending::<()>().await;
        }
    }
    Ok(())
}

async fn segments(
    http: &reqwest::Client,
    address: &str,
    agent: &str,
    mut playlist: String,
    seen: &Seen,
) -> reqwest::Result<()> {
    loop {
        let segment = playlist.lines().rfind(|line| !line.starts_with('#')).unwrap_or_default().to_owned();
        if let Ok(segment) = reqwest::Url::parse(address).unwrap().join(&segment) {
            let bytes = http.get(segment).header("user-agent", agent).send().await?.bytes().await?;
            seen.bytes.fetch_add(bytes.len() as u64, Relaxed);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        playlist = http.get(address).header("user-agent", agent).send().await?.text().await?;
    }
}
