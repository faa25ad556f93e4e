//! What a player of HLS watches: a channel made of its feed, or the provider's own HLS.

use std::sync::Arc;
use std::time::Duration;

use contract::ticket::pass::Obstacle;
use http::HeaderMap;

use super::answer;
use crate::packager::Packager;
use crate::proxy::{self, Kind, ROOT, Shelf};
use crate::refusal::{Failure, Refusal};

/// How long the first request waits until there are enough segments: some players give up after ten seconds.
pub(crate) const HOLD: Duration = Duration::from_secs(8);

/// In which form a channel goes to a player of HLS.
#[derive(Clone)]
pub(crate) enum Form {
    /// Made of the feed.
    Packaged(Arc<Packager>),
    /// The provider's own, passed on.
    Passed(Arc<Shelf>),
}

impl Form {
    pub(super) fn ended(&self) -> bool {
        match self {
            Self::Packaged(packager) => packager.ended(),
            Self::Passed(shelf) => shelf.ended().is_some(),
        }
    }

    /// What makes segments of the feed.
    ///
    /// # Errors
    /// Nothing does: the channel is passed on.
    pub(super) fn packager(&self) -> Result<Arc<Packager>, Refusal> {
        match self {
            Self::Packaged(packager) => Ok(packager.clone()),
            Self::Passed(_) => Err(Failure::Unsupported(Obstacle::Other).into()),
        }
    }

    /// How long a player may be silent before he counts as gone.
    pub(super) fn patience(&self) -> Duration {
        match self {
            Self::Packaged(packager) => packager.patience(),
            Self::Passed(shelf) => shelf.patience(),
        }
    }

    /// The playlist, below `base` (empty, or with a slash at its end) of which its addresses lie.
    ///
    /// # Errors
    /// It is not there yet, or not any more.
    pub(crate) async fn index(&self, base: &str, headers: &HeaderMap) -> Result<httpd::Response, Refusal> {
        match self {
            Self::Packaged(packager) => {
                let base = base.strip_suffix('/').unwrap_or(".");
                Ok(answer::playlist(packager.playlist(base, HOLD).await?, headers))
            }
            Self::Passed(shelf) => {
                Ok(answer::playlist(shelf.playlist(ROOT, HOLD).await?.text(base), headers))
            }
        }
    }

    /// A player comes with what he was told before this began.
    ///
    /// # Errors
    /// It is not there yet, or not any more: what he asks for is known only when it is.
    pub(crate) async fn resume(&self) -> Result<(), Refusal> {
        if let Self::Passed(shelf) = self {
            shelf.resume();
            shelf.playlist(ROOT, HOLD).await?;
        }
        Ok(())
    }

    /// A segment of what is made of a feed.
    ///
    /// # Errors
    /// There is none of this number.
    pub(crate) fn segment(
        &self,
        generation: u64,
        number: u64,
        headers: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        match self {
            Self::Packaged(packager) => packager.segment(generation, number, headers),
            Self::Passed(_) => Err(Refusal::Unknown),
        }
    }

    /// What a reference in what is passed on stands for. References in it lie below `base`.
    ///
    /// # Errors
    /// Nothing that was listed lately has it, or what is behind it does not come.
    pub(crate) async fn referred(
        &self,
        kind: Kind,
        name: &str,
        base: &str,
        headers: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        let Self::Passed(shelf) = self else { return Err(Refusal::Unknown) };
        match kind {
            Kind::Playlist => Ok(answer::playlist(shelf.playlist(name, HOLD).await?.text(base), headers)),
            Kind::Segment | Kind::Key => proxy::piece(shelf, kind, name, headers).await,
        }
    }

    /// The reference of what a playlist that is passed on names so, relative to its own address.
    pub(crate) fn named(&self, path: &str) -> Option<(Kind, String)> {
        match self {
            Self::Packaged(_) => None,
            Self::Passed(shelf) => shelf.named(path),
        }
    }
}
