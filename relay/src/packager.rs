//! A channel as HLS (RFC 8216): one task that cuts the feed, whoever watches, and the window it keeps.
//!
//! It begins with the oldest that the feed remembers, so that where a channel is running already there is a playlist of
//! some segments at once. Where it is not, the first segments are short: a player who had nothing but one long segment
//! would have seen all of it before there is another.

mod window;

use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use mpegts::{Segment, Segmenter};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::feed::{Cursor, Feed, Reading};
use crate::output::answer;
use crate::refusal::Refusal;
use window::Window;

/// A channel being packaged. The task ends with it, and with the feed.
pub(crate) struct Packager {
    shelf: Arc<Shelf>,
    task: AbortHandle,
}

struct Shelf {
    window: Mutex<Window>,
    /// What players wait for.
    news: watch::Sender<News>,
}

/// How far a channel has come, in this order.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum News {
    /// A player cannot begin yet.
    Warming,
    /// He can, but might soon have to wait.
    Scant,
    /// He can, and go on.
    Ready,
    /// He never will, as long as it is scrambled.
    Scrambled,
}

/// After so long a player gets what there is: some give up soon afterwards.
const A_WHILE: Duration = Duration::from_secs(6);

/// The generation of the packager that began last in this process.
static LAST: AtomicU64 = AtomicU64::new(0);

/// A number that no other packager has: the time in seconds, so that sequence numbers grow over a restart as well, or
/// more where one began within this second already.
fn generation() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let after = |last: u64| Some(now.max(last + 1));
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after).unwrap_or_else(|last| last);
    now.max(last + 1)
}

impl Packager {
    /// Begins to cut a feed into segments of about `target`.
    pub(crate) fn start(feed: Arc<Feed>, target: Duration) -> Arc<Self> {
        let window = Mutex::new(Window::new(generation(), target));
        let shelf = Arc::new(Shelf { window, news: watch::Sender::new(News::Warming) });
        let cutting = Cutting { segmenter: Segmenter::new(target), shelf: shelf.clone() };
        let task = tokio::spawn(cutting.run(feed)).abort_handle();
        Arc::new(Self { shelf, task })
    }

    /// The playlist, whose segments lie below `base`, when there is enough in it, or anything after a while.
    ///
    /// # Errors
    /// There is nothing in it after `patience`.
    pub(crate) async fn playlist(&self, base: &str, patience: Duration) -> Result<String, Refusal> {
        let mut news = self.shelf.news.subscribe();
        for (time, enough) in [(A_WHILE, News::Ready), (patience.saturating_sub(A_WHILE), News::Scant)] {
            drop(tokio::time::timeout(time, news.wait_for(|news| *news >= enough)).await);
        }
        let now = *self.shelf.news.borrow();
        match now {
            News::Scant | News::Ready => Ok(self.shelf.window().playlist(base)),
            News::Scrambled => Err(Refusal::Scrambled),
            News::Warming => Err(Refusal::Warming),
        }
    }

    /// The answer to who asks for a segment that is in the playlist, or was a while ago. Its name is `17-4.ts`: the
    /// fifth segment of generation 17.
    ///
    /// # Errors
    /// There is no such segment.
    pub(crate) fn segment(
        &self,
        generation: u64,
        number: u64,
        request: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        let window = self.shelf.window();
        let bytes = window.segment(generation, number).ok_or(Refusal::Unknown)?;
        let span = window.span();
        drop(window);
        Ok(answer::segment(bytes, format!("{generation}-{number}"), span, request))
    }

    /// The channel has ended.
    pub(crate) fn ended(&self) -> bool {
        self.task.is_finished()
    }

    /// How long a player may be silent before it counts as gone.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(30.max(3 * self.shelf.window().target_or_wanted()))
    }
}

impl Drop for Packager {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shelf {
    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().expect("nobody panics while holding this lock")
    }
}

/// The task.
struct Cutting {
    segmenter: Segmenter,
    shelf: Arc<Shelf>,
}

impl Cutting {
    async fn run(mut self, feed: Arc<Feed>) {
        let mut cursor = Cursor::default();
        while let Some(reading) = poll_fn(|cx| feed.poll_chunk(&mut cursor, cx)).await {
            self.read(&reading);
        }
    }

    fn read(&mut self, reading: &Reading) {
        let on_air = SystemTime::now() - reading.age;
        if reading.missed {
            self.splice(on_air);
        }
        let bytes = &reading.chunk.bytes;
        let mut at = 0;
        for point in reading.points.iter().filter(|point| point.splice) {
            self.push(&bytes[at..point.offset], on_air);
            self.splice(on_air);
            at = point.offset;
        }
        self.push(&bytes[at..], on_air);
        // Of what the feed remembers a player gets all.
        if reading.age.is_zero() {
            self.tell();
        }
    }

    fn push(&mut self, packets: &[u8], on_air: SystemTime) {
        let (aim, most) = {
            let window = self.shelf.window();
            (window.aim(), window.most())
        };
        self.segmenter.aim(aim);
        let segments = self.segmenter.push(packets, most);
        self.shelve(segments, on_air);
    }

    /// What comes does not continue what came.
    fn splice(&mut self, on_air: SystemTime) {
        let segments = self.segmenter.splice();
        self.shelve(segments, on_air);
    }

    fn shelve(&mut self, segments: Vec<Segment>, on_air: SystemTime) {
        let mut window = self.shelf.window();
        (window.growing, window.irregular) = (self.segmenter.lasts(), self.segmenter.is_irregular());
        segments.into_iter().for_each(|segment| window.add(segment, on_air));
    }

    /// Tells those who wait how far the channel has come.
    fn tell(&self) {
        let window = self.shelf.window();
        let now = match (window.is_ready(), window.is_scant()) {
            (true, _) => News::Ready,
            (_, true) => News::Scant,
            _ if self.segmenter.is_scrambled() => News::Scrambled,
            _ => News::Warming,
        };
        drop(window);
        self.shelf.news.send_if_modified(|news| std::mem::replace(news, now) != now);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use mpegts::psi::{Pat, Pmt, PmtEntry, packetise};
    use mpegts::{PACKET, Pid};

    use super::*;
    use crate::feed::{Cut, Limits};
    use crate::settings::Settings;
    use crate::tally::Tally;

    const VIDEO: Pid = Pid::new(0x100);
    const PMT: Pid = Pid::new(0x20);

    /// A picture at which a decoder can begin, in one packet, with the tables before it; 40 ms are one step.
    fn picture(step: u64) -> Vec<u8> {
        let pat = Pat { transport: 1, version: 0, programs: vec![(1, PMT)] };
        let entries = vec![PmtEntry { stream_type: 0x1B, pid: VIDEO, descriptors: vec![] }];
        let pmt = Pmt { number: 1, version: 0, pcr_pid: VIDEO, descriptors: vec![], entries };
        let mut bytes = Vec::new();
        packetise(Pid::PAT, &pat.write(), step as u8, &mut bytes);
        packetise(PMT, &pmt.write(), step as u8, &mut bytes);
        let time = step * 3600;
        let (high, middle, low) = (time >> 29 & 0x0E, time >> 14 & 0x1FFFE, time << 1 & 0xFFFE);
        let [a, b] = (middle as u16 | 1).to_be_bytes();
        let [c, d] = (low as u16 | 1).to_be_bytes();
        let mut packet = [0xFF; PACKET];
        packet[..4].copy_from_slice(&[0x47, 0x41, 0x00, 0x10 | (step & 15) as u8]);
        packet[4..18].copy_from_slice(&[0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5, 0x21 | high as u8, a, b, c, d]);
        packet[18..22].copy_from_slice(&[0, 0, 1, 0x65]);
        bytes.extend(packet);
        bytes
    }

    fn feed(bytes: usize) -> Arc<Feed> {
        let settings = Settings { feed_bytes: bytes, ..Settings::default() };
        Arc::new(Feed::new(Limits::new(&settings), Arc::<Tally>::default()))
    }

    fn push(feed: &Feed, step: u64, bytes: Vec<u8>) {
        feed.push(Cut { bytes: Bytes::from(bytes), time: Duration::from_millis(40 * step), points: vec![] });
    }

    #[tokio::test]
    async fn what_is_scrambled_has_no_playlist_and_says_why() {
        let feed = feed(usize::MAX);
        for step in 0..300 {
            let mut bytes = picture(step);
            let video = bytes.len() - PACKET;
            bytes[video + 3] |= 0x80;
            push(&feed, step, bytes);
        }
        let packager = Packager::start(feed.clone(), Duration::from_secs(4));
        let refusal = packager.playlist("x", Duration::from_secs(20)).await.unwrap_err();
        assert!(matches!(refusal, Refusal::Scrambled), "{refusal}");
        // It is switched off.
        (300..600).for_each(|step| push(&feed, step, picture(step)));
        let mut text = Err(Refusal::Scrambled);
        while matches!(text, Err(Refusal::Scrambled)) {
            tokio::task::yield_now().await;
            text = packager.playlist("x", Duration::from_secs(20)).await;
        }
        assert!(text.unwrap().contains("#EXTINF:1.76000,"));
    }

    #[tokio::test]
    async fn whoever_falls_out_of_the_feed_says_so() {
        let feed = feed(150 * 3 * PACKET);
        (0..120).for_each(|step| push(&feed, step, picture(step)));
        let packager = Packager::start(feed.clone(), Duration::from_secs(2));
        let text = packager.playlist("x", Duration::from_secs(20)).await.unwrap();
        assert_eq!(text.matches("#EXT-X-DISCONTINUITY\n").count(), 1, "the beginning: {text}");
        // It has no turn while so much comes that the feed forgets what it has not seen.
        (120..600).for_each(|step| push(&feed, step, picture(step)));
        let mut text = String::new();
        while text.matches("#EXTINF").count() < 4 {
            tokio::task::yield_now().await;
            text = packager.playlist("x", Duration::from_secs(20)).await.unwrap();
        }
        assert_eq!(text.matches("#EXT-X-DISCONTINUITY\n").count(), 2, "{text}");
        assert!(text.contains("#EXTINF:1.28000,"), "what it had before: {text}");
    }
}
