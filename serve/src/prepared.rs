//! One release, and what was made from it for clients.

use std::sync::Arc;

use contract::bundle::View;
use contract::release::Release;

use crate::packed::{Packed, Room};
use crate::xtream::playlist::Template;

/// A release with everything that is made from it once. Whoever holds it answers from one release, and what was made
/// goes with it.
pub(crate) struct Prepared {
    pub(crate) release: Arc<Release>,
    /// What those get who may see everything.
    pub(crate) everything: Lists,
    pub(crate) live_m3u: Template,
    pub(crate) full_m3u: Template,
}

/// The lists as those get them who may see the same.
pub(crate) struct Lists {
    pub(crate) view: View,
    /// Stands in validators, so that those who see different things never take each other's answers for theirs.
    pub(crate) name: String,
    pub(crate) packed: Arc<Packed>,
}

impl Prepared {
    /// `release` with nothing made yet, and `room` for what will be compressed.
    pub(crate) fn new(release: Arc<Release>, room: Room) -> Self {
        let (live_m3u, full_m3u) = (&release.live_m3u, &release.full_m3u);
        let (live_m3u, full_m3u) = (Template::new(live_m3u.clone()), Template::new(full_m3u.clone()));
        let everything = Lists {
            view: View::everything(&release.index),
            name: String::new(),
            packed: Arc::new(Packed::new(room)),
        };
        Self { release, everything, live_m3u, full_m3u }
    }
}
