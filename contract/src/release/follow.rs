//! Following `current`.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::{OpenError, Release};
use crate::disk::Data;

/// How often [`Follower::start`] looks.
const EVERY: Duration = Duration::from_secs(1);

/// Always has the newest release that could be opened.
///
/// Somebody calls [`Follower::refresh`] about once a second ([`Follower::start`] does); everybody else calls
/// [`Follower::release`] and keeps what they got until they are done with it. Polling one symlink costs nothing, and
/// file events are not delivered on all shared disks.
#[derive(Debug)]
pub struct Follower {
    data: Data,
    release: ArcSwapOption<Release>,
    /// Where `current` pointed when we last looked, so that a damaged release is not opened again and again.
    seen: Mutex<Option<PathBuf>>,
}

impl Follower {
    /// Follows the releases in `data`, where there need not be one yet.
    pub fn new(data: Data) -> Self {
        Self { data, release: ArcSwapOption::empty(), seen: Mutex::new(None) }
    }

    /// The folder whose releases are followed.
    pub const fn data(&self) -> &Data {
        &self.data
    }

    /// Follows the releases in `data` by itself: looks at once, and then once a second from a thread of its own that
    /// ends when nobody holds the follower any more. What cannot be opened is logged.
    pub fn start(data: Data) -> Arc<Self> {
        let follower = Arc::new(Self::new(data));
        let mut said = String::new();
        follower.look(&mut said);
        let weak = Arc::downgrade(&follower);
        let looking = move || {
            while let Some(follower) = weak.upgrade() {
                follower.look(&mut said);
                drop(follower);
                std::thread::sleep(EVERY);
            }
        };
        std::thread::Builder::new()
            .name("follower".into())
            .spawn(looking)
            .expect("a program may start threads");
        follower
    }

    /// `said` is the trouble that the log knows of already.
    fn look(&self, said: &mut String) {
        match self.refresh() {
            Ok(true) => {
                said.clear();
                let name = self.release().map_or_else(String::new, |release| release.name.clone());
                tracing::info!(release = %name, "following");
            }
            Ok(false) => {}
            Err(error) if error.to_string() == *said => {}
            Err(error) => {
                tracing::error!(%error, "the release cannot be opened; the one before stays in use");
                *said = error.to_string();
            }
        }
    }

    /// The newest release; `None` before the first.
    pub fn release(&self) -> Option<Arc<Release>> {
        self.release.load_full()
    }

    /// Looks where `current` points, and opens that release if it is another one. `true` if there is a new one.
    ///
    /// Blocks for as long as [`Release::open`] takes.
    ///
    /// # Errors
    /// The release cannot be opened: the one before stays in place. The next call tries again when the disk refused
    /// to read it (too many open files, say); of one that is damaged it says `Ok(false)`.
    pub fn refresh(&self) -> Result<bool, OpenError> {
        let Ok(target) = fs::read_link(self.data.current()) else { return Ok(false) };
        let mut seen = self.seen.lock().expect("nobody panics while holding this lock");
        if seen.as_ref() == Some(&target) {
            return Ok(false);
        }
        let opened = Release::open(&self.data.path().join(&target));
        if !matches!(opened, Err(OpenError::Read { .. })) {
            *seen = Some(target);
        }
        self.release.store(Some(Arc::new(opened?)));
        Ok(true)
    }
}
