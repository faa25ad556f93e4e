//! One release, and what was made from it for clients.

use std::sync::Arc;

use contract::release::Release;
use tokio::sync::OnceCell;

use crate::gzip::Gzipped;
use crate::xtream::playlist::Tokens;

/// A release with everything that is made from it once: whoever holds the shelf answers from one release, and what
/// was made goes with it.
pub(crate) struct Shelf {
    pub(crate) release: Arc<Release>,
    /// Lists.
    pub(crate) gzipped: Arc<Gzipped>,
    /// The places to fill in `live.m3u`.
    pub(crate) live_tokens: OnceCell<Tokens>,
    /// The places to fill in `full.m3u`.
    pub(crate) full_tokens: OnceCell<Tokens>,
}

impl Shelf {
    /// An empty shelf for `release`, with room for `gzip_cache` compressed bytes.
    pub(crate) fn new(release: Arc<Release>, gzip_cache: usize) -> Self {
        Self {
            release,
            gzipped: Arc::new(Gzipped::new(gzip_cache)),
            live_tokens: OnceCell::new(),
            full_tokens: OnceCell::new(),
        }
    }
}
