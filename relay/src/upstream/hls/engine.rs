//! Asking an Ace Stream engine for the list and the segments of a session.

use std::sync::Arc;
use std::time::Duration;

use contract::ticket::pass::Obstacle;
use tokio::time::timeout;
use url::Url;

use super::fetch::SEGMENT;
use super::playlist::{Media, Playlist, Segment};
use crate::refusal::Failure;
use crate::upstream::ace::Engine;

/// What the engine may take to a list; it hangs while it has none.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of a list.
const LIST: usize = 1024 * 1024;

/// Where the list of a session is.
pub(super) struct Place {
    engine: Arc<Engine>,
    list: Url,
}

impl Place {
    pub(super) fn new(engine: Arc<Engine>, list: Url) -> Self {
        Self { engine, list }
    }

    /// The list as it is now.
    ///
    /// # Errors
    /// There is none, or not any more.
    pub(super) async fn list(&self) -> Result<Media, Failure> {
        let list = timeout(PATIENCE, self.engine.piece(&self.list, LIST)).await;
        match Playlist::read(&list.unwrap_or(Err(Failure::Silent))?, &self.list)? {
            Playlist::Media(media) => Ok(media),
            Playlist::Master(_) => Err(Failure::Foreign("a playlist of playlists")),
        }
    }

    /// The bytes of a segment as they arrive.
    ///
    /// # Errors
    /// It cannot be had, or not within `patience`.
    pub(super) async fn segment(&self, segment: &Segment, patience: Duration) -> Result<Vec<u8>, Failure> {
        if segment.key.is_some() || segment.range.is_some() {
            return Err(Failure::Unsupported(Obstacle::Other));
        }
        let bytes = timeout(patience, self.engine.piece(&segment.url, SEGMENT)).await;
        bytes.unwrap_or(Err(Failure::Silent))
    }
}
