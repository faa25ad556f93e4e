//! A channel as HLS (RFC 8216): one task that cuts the feed, whoever watches, and the window it keeps.

use std::collections::VecDeque;
use std::fmt::Write;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::feed::{Cursor, Feed};
use crate::segmenter::{Segment, Segmenter};

/// Segments in the playlist.
const WINDOW: usize = 6;
/// Segments that are kept a little longer, for players that read slowly.
const LATE: usize = 2;
/// How long a segment should be at least.
const TARGET: Duration = Duration::from_secs(4);
/// Access points come a little early or late.
const TOLERANCE: Duration = Duration::from_millis(250);
/// How long a segment may be before there is a playlist that says so.
const LONGEST: Duration = Duration::from_secs(12);
/// What a segment may be longer than that says, since it is rounded; a chunk or two may still come on top.
const ROUNDING: Duration = Duration::from_millis(250);

/// A channel being packaged. The task ends with it, and with the feed.
pub(crate) struct Packager {
    shelf: Arc<Shelf>,
    task: AbortHandle,
}

struct Shelf {
    window: Mutex<Window>,
    /// Says how many segments there were.
    news: watch::Sender<u64>,
}

#[derive(Default)]
struct Window {
    segments: VecDeque<Segment>,
    /// The number of the oldest.
    first: u64,
    /// Discontinuities that have slid out of the playlist.
    discontinuities: u64,
    /// `EXT-X-TARGETDURATION`, which may not change once somebody has seen it.
    target: Option<u64>,
    /// How long the segment is that comes next.
    growing: Duration,
    /// Some segment began without an access point.
    dependent: bool,
}

impl Packager {
    pub(crate) fn start(feed: Arc<Feed>) -> Arc<Self> {
        // A channel that is packaged anew goes on with higher numbers than any player can have seen.
        let first = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let window = Mutex::new(Window { first, ..Window::default() });
        let shelf = Arc::new(Shelf { window, news: watch::Sender::new(0) });
        let task = tokio::spawn(package(feed, shelf.clone())).abort_handle();
        Arc::new(Self { shelf, task })
    }

    /// The playlist, whose segments lie below `base`. `None` if there is no segment within `patience`.
    pub(crate) async fn playlist(&self, base: &str, patience: Duration) -> Option<String> {
        let mut news = self.shelf.news.subscribe();
        tokio::time::timeout(patience, news.wait_for(|segments| *segments > 0)).await.ok()?.ok()?;
        Some(self.shelf.window().playlist(base))
    }

    /// A segment that is in the playlist, or was a moment ago.
    pub(crate) fn segment(&self, number: u64) -> Option<Bytes> {
        let window = self.shelf.window();
        let place = usize::try_from(number.checked_sub(window.first)?).ok()?;
        window.segments.get(place).map(|segment| segment.bytes.clone())
    }

    /// The channel has ended.
    pub(crate) fn ended(&self) -> bool {
        self.task.is_finished()
    }

    /// How long a player may be silent before it counts as gone.
    pub(crate) fn patience(&self) -> Duration {
        let target = self.shelf.window().target.unwrap_or(0);
        Duration::from_secs(30.max(3 * target))
    }
}

impl Drop for Packager {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn package(feed: Arc<Feed>, shelf: Arc<Shelf>) {
    let (mut cursor, mut segmenter) = (Cursor::default(), Segmenter::new(TARGET - TOLERANCE));
    while let Some((chunk, points)) = poll_fn(|cx| feed.poll_chunk(&mut cursor, cx)).await {
        let most = shelf.window().most();
        let segments = segmenter.push(&chunk, &points, most);
        shelf.window().growing = segmenter.lasts();
        for segment in segments {
            shelf.window().add(segment);
            shelf.news.send_modify(|segments| *segments += 1);
        }
    }
}

impl Shelf {
    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().expect("nobody panics while holding this lock")
    }
}

impl Window {
    /// How long the next segment may become.
    fn most(&self) -> Duration {
        self.target.map_or(LONGEST, Duration::from_secs) + ROUNDING
    }

    fn add(&mut self, segment: Segment) {
        self.dependent |= !segment.independent;
        self.segments.push_back(segment);
        if self.segments.len() > WINDOW + LATE {
            self.segments.pop_front();
            self.first += 1;
        }
        // The one that has just left the playlist.
        let left = self.segments.len().checked_sub(WINDOW + 1).and_then(|left| self.segments.get(left));
        self.discontinuities += u64::from(left.is_some_and(|segment| segment.discontinuity));
    }

    fn playlist(&mut self, base: &str) -> String {
        let late = self.segments.len().saturating_sub(WINDOW);
        let durations = self.segments.iter().map(|segment| segment.duration).chain([self.growing, TARGET]);
        let longest = durations.max().unwrap_or(TARGET).as_secs_f64().round() as u64;
        let target = *self.target.get_or_insert(longest);
        let independent = if self.dependent { "" } else { "#EXT-X-INDEPENDENT-SEGMENTS\n" };
        let mut text = format!(
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:{}\n\
             #EXT-X-DISCONTINUITY-SEQUENCE:{}\n{independent}",
            self.first + late as u64,
            self.discontinuities,
        );
        for (place, segment) in self.segments.iter().enumerate().skip(late) {
            let discontinuity = if segment.discontinuity { "#EXT-X-DISCONTINUITY\n" } else { "" };
            let (duration, number) = (segment.duration.as_secs_f64(), self.first + place as u64);
            write!(text, "{discontinuity}#EXTINF:{duration:.5},\n{base}/{number}.ts\n")
                .expect("text can always be appended to");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(discontinuities: &[bool]) -> Window {
        let mut window = Window { first: 100, ..Window::default() };
        for discontinuity in discontinuities {
            let duration = Duration::from_millis(3840);
            let discontinuity = *discontinuity;
            window.add(Segment { bytes: Bytes::new(), duration, discontinuity, independent: true });
        }
        window
    }

    #[test]
    fn the_window_slides_and_its_numbers_only_grow() {
        let mut window = window(&[false; 10]);
        let text = window.playlist("x");
        assert!(text.contains("#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:104\n"), "{text}");
        assert!(text.contains("#EXTINF:3.84000,\nx/104.ts\n") && text.ends_with("x/109.ts\n"), "{text}");
        assert_eq!((window.first, window.segments.len()), (102, WINDOW + LATE));
    }

    #[test]
    fn the_target_covers_what_is_growing_and_limits_what_comes() {
        let mut window = window(&[false; 2]);
        assert_eq!(window.most(), LONGEST + ROUNDING);
        window.growing = Duration::from_millis(7600);
        let text = window.playlist("x");
        assert!(text.contains("TARGETDURATION:8\n") && text.contains("INDEPENDENT-SEGMENTS\n"), "{text}");
        assert_eq!(window.most(), Duration::from_secs(8) + ROUNDING);
        let (bytes, duration) = (Bytes::new(), window.most());
        window.add(Segment { bytes, duration, discontinuity: false, independent: false });
        let text = window.playlist("x");
        assert!(text.contains("TARGETDURATION:8\n") && !text.contains("INDEPENDENT-SEGMENTS"), "{text}");
    }

    #[test]
    fn a_discontinuity_is_counted_when_it_slides_out() {
        let mut all = [false; 6];
        all[0] = true;
        let text = window(&all).playlist("x");
        assert!(text.contains("DISCONTINUITY-SEQUENCE:0\n") && text.contains("#EXT-X-DISCONTINUITY\n"));
        let mut all = [false; 9];
        all[0] = true;
        let text = window(&all).playlist("x");
        assert!(text.contains("DISCONTINUITY-SEQUENCE:1\n") && !text.contains("#EXT-X-DISCONTINUITY\n"));
    }
}
