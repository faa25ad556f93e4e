//! Seeing what happens: looks at what is on the disk again and again, and tells the difference.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::disk::Data;
use contract::release::Releases;
use contract::run::LastRun;
use rustix::fs::statvfs;
use tokio::task::spawn_blocking;

use super::memory::{Kept, Memory};
use super::post::Told;
use crate::Settings;
use crate::run::now;

/// How often is looked. It costs three calls of the system, and reading a file of some kilobytes.
const LOOK: Duration = Duration::from_secs(2);

/// Looks for ever, and tells those whom `settings` name. `refused` says which sources' accounts are refused by their
/// providers now, and why: what only a relay knows. Without anybody to tell it ends at once.
pub async fn notify(
    data: Data,
    settings: Settings,
    refused: impl Fn() -> BTreeMap<String, String> + Send + Sync + 'static,
) {
    let told: Vec<Told> =
        settings.notify.iter().enumerate().map(|(at, notify)| Told::start(at + 1, notify)).collect();
    if told.is_empty() {
        return;
    }
    let beside = data.clone();
    let loading = spawn_blocking(move || {
        let mut kept = Kept::new(&beside);
        let memory = kept.load();
        (kept, memory)
    });
    let Ok((mut kept, mut known)) = loading.await else { return };
    loop {
        let (looked, low) = (data.clone(), settings.disk_low);
        let Ok(mut seen) = spawn_blocking(move || Seen::look(&looked)).await else { return };
        seen.refused = refused();
        let mut memory = known.unwrap_or_else(|| Memory::begin(&seen));
        for event in memory.events(&seen, low, now()) {
            told.iter().for_each(|told| told.take(&event, now()));
        }
        let keeping = spawn_blocking(move || {
            kept.keep(&memory);
            (kept, Some(memory))
        });
        let Ok(again) = keeping.await else { return };
        (kept, known) = again;
        tokio::time::sleep(LOOK).await;
    }
}

/// What is the case.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) run: Option<LastRun>,
    /// The published release.
    pub(super) current: Option<u32>,
    /// Bytes.
    pub(super) free: Option<u64>,
    /// By source, why.
    pub(super) refused: BTreeMap<String, String>,
}

impl Seen {
    fn look(data: &Data) -> Self {
        let disk = statvfs(data.path()).ok();
        Self {
            // One that is being written is there the next time.
            run: LastRun::load(data).ok().flatten(),
            current: Releases::new(data.clone()).current(),
            free: disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
            refused: BTreeMap::new(),
        }
    }
}
