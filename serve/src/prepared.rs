//! One release as some see it, and what was made from it for them.

use std::sync::{Arc, Mutex};

use anyhow::Context;
use bytes::Bytes;
use contract::release::{Release, View};
use contract::user::Sight;
use tokio::sync::OnceCell;

use crate::packed::{Packed, Room};
use crate::xtream::playlist::Template;

/// Different sights of a release that are remembered at a time, and bytes that those may take together which are not asked for
/// now. Of more, those that were not asked for longest are made anew when they are.
const SIGHTS: usize = 32;
const SIZE: usize = 8 * 1024 * 1024;

/// A release, whole or in part, with everything that is made from it once. Whoever holds it answers from one release, and
/// what was made goes with it.
pub(crate) struct Prepared {
    pub(crate) release: Arc<Release>,
    /// What those get who may see the same. Everything that they are told of entries is taken from here.
    pub(crate) view: Arc<View>,
    pub(crate) packed: Arc<Packed>,
    pub(crate) live_m3u: Template,
    pub(crate) full_m3u: Template,
    room: Room,
    /// Of the whole: its parts, by their marks, the one that was asked for last at the end.
    parts: Mutex<Vec<(String, Part)>>,
}

/// Empty while it is being made.
type Part = Arc<OnceCell<Arc<Prepared>>>;

impl Prepared {
    /// `view` with nothing made yet, and `room` for what will be compressed.
    pub(crate) fn new(view: View, room: Room) -> Self {
        let (release, view) = (view.release().clone(), Arc::new(view));
        let template = |text: &Bytes| Template::new(&view, text.clone(), room.clone());
        let (live_m3u, full_m3u) = (template(&release.live_m3u), template(&release.full_m3u));
        let packed = Arc::new(Packed::new(room.clone()));
        Self { release, view, packed, live_m3u, full_m3u, room, parts: Mutex::default() }
    }

    /// What `sight` shows of this whole.
    pub(crate) async fn seen(self: &Arc<Self>, sight: &Sight) -> anyhow::Result<Arc<Self>> {
        if sight.is_everything() {
            return Ok(self.clone());
        }
        let making = || {
            let (release, sight, room) = (self.release.clone(), sight.clone(), self.room.clone());
            tokio::task::spawn_blocking(move || Arc::new(Self::new(View::of(release, &sight), room)))
        };
        let part = self.part(sight.mark());
        let made =
            part.get_or_try_init(|| async { making().await.context("looking for what a user may see") });
        made.await.cloned()
    }

    /// About how many bytes of memory it takes that are not counted elsewhere.
    fn size(&self) -> usize {
        self.view.size() + self.live_m3u.size() + self.full_m3u.size()
    }

    fn part(&self, mark: String) -> Part {
        let mut parts = self.parts.lock().expect("nobody panics while holding this lock");
        let known = parts.iter().position(|(known, _)| *known == mark).map(|at| parts.remove(at));
        // Taken once: others make parts and what belongs to them meanwhile.
        let size = |(_, part): &(String, Part)| part.get().map_or(0, |part| part.size());
        let sizes: Vec<usize> = parts.iter().map(size).collect();
        let (mut taken, mut gone) = (sizes.iter().sum::<usize>(), 0);
        while sizes.len() - gone >= SIGHTS || taken > SIZE {
            taken -= sizes[gone];
            gone += 1;
        }
        parts.drain(..gone);
        let (mark, part) = known.unwrap_or_else(|| (mark, Part::default()));
        parts.push((mark, part.clone()));
        part
    }
}
