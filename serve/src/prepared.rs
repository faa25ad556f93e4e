//! One release, and what was made from it for clients.

use std::sync::Arc;

use contract::release::Release;

use crate::gzip::Gzipped;
use crate::xtream::playlist::Template;

/// A release with everything that is made from it once. Whoever holds it answers from one release, and what was made
/// goes with it.
pub(crate) struct Prepared {
    pub(crate) release: Arc<Release>,
    /// Lists.
    pub(crate) gzipped: Arc<Gzipped>,
    pub(crate) live_m3u: Template,
    pub(crate) full_m3u: Template,
}

impl Prepared {
    /// `release` with nothing made yet, and room for `gzip_cache` compressed bytes.
    pub(crate) fn new(release: Arc<Release>, gzip_cache: usize) -> Self {
        let gzipped = Arc::new(Gzipped::new(gzip_cache));
        let (live_m3u, full_m3u) = (&release.live_m3u, &release.full_m3u);
        let (live_m3u, full_m3u) = (Template::new(live_m3u.clone()), Template::new(full_m3u.clone()));
        Self { release, gzipped, live_m3u, full_m3u }
    }
}
