//! What a packager has on offer: the playlist (RFC 8216, 4.3) and the segments that it lists, or listed a while ago.
//!
//! ```text
//!     late: fetched by players that read slowly      listed: the playlist
//!  [ 17 ][ 18 ][ 19 ][ 20 ][ 21 ][ 22 ][ 23 ]   [ 24 ][ 25 ][ 26 ][ 27 ][ 28 ][ 29 ]   growing
//! ```
//!
//! The rules of a live playlist (RFC 8216, 6.2.1 and 6.2.2): the target duration never changes and no segment is longer;
//! a segment leaves the list only when three target durations stay, and the archive only when nobody can still know it.

use std::collections::VecDeque;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use mpegts::Segment;

/// Segments in the playlist, unless they are too short.
const LISTED: usize = 6;
/// How long the first segments are to be, so that a player has several to begin with, and soon.
const FIRST: Duration = Duration::from_secs(2);
/// The longest target duration, in seconds; and how long a segment may be before there is a playlist that says so.
const LONGEST: u64 = 12;
/// What a segment may be longer than that, since it is rounded.
const ROUNDING: Duration = Duration::from_millis(450);
/// Bytes of late segments. Those of a channel that has more are forgotten sooner.
const LATE_BYTES: usize = 128 * 1024 * 1024;

/// The segments of one channel.
pub(super) struct Window {
    /// When the packager began, in seconds of Unix time: a channel that is packaged anew goes on with higher numbers than
    /// any player can have seen.
    generation: u64,
    /// What a segment is to last, in seconds.
    wanted: u64,
    segments: VecDeque<Held>,
    /// The number of the oldest, counted from the beginning of the generation.
    first: u64,
    /// How many of them are late.
    late: usize,
    /// Discontinuities that have slid out of the playlist.
    discontinuities: u64,
    /// `EXT-X-TARGETDURATION`, which may not change once somebody has seen it.
    target: Option<u64>,
    /// The channel's time: all segments that there ever were.
    passed: Duration,
    /// The longest that a playlist was.
    longest_list: Duration,
    /// Some segment began without an access point.
    dependent: bool,
    /// How long the segment is that comes next.
    pub(super) growing: Duration,
    /// Access points come irregularly, so that segments may become longer than they are.
    pub(super) irregular: bool,
}

struct Held {
    bytes: Bytes,
    duration: Duration,
    discontinuity: bool,
    /// When it was on the air.
    began: SystemTime,
    /// The channel's time at which it left the playlist.
    left: Duration,
}

impl Window {
    pub(super) fn new(generation: u64, wanted: Duration) -> Self {
        Self {
            generation,
            wanted: rounded(wanted).max(1),
            segments: VecDeque::new(),
            first: 0,
            late: 0,
            discontinuities: 0,
            target: None,
            passed: Duration::ZERO,
            longest_list: Duration::ZERO,
            dependent: false,
            growing: Duration::ZERO,
            irregular: false,
        }
    }

    /// How long the next segment may become.
    pub(super) fn most(&self) -> Duration {
        Duration::from_secs(self.target.unwrap_or(LONGEST)) + ROUNDING
    }

    /// How long the next segment is to be: as long as is wanted, once there are as many as players like to be behind the
    /// end of a list (RFC 8216, 6.3.3).
    pub(super) fn aim(&self) -> Duration {
        let wanted = Duration::from_secs(self.wanted);
        if self.passed < 3 * wanted { FIRST.min(wanted) } else { wanted }
    }

    /// Whether a player could begin, but might soon have to wait.
    pub(super) fn is_scant(&self) -> bool {
        !self.segments.is_empty() && !self.is_ready()
    }

    /// Whether a player can begin and go on. He may ask for the playlist again after a target duration (RFC 8216, 6.3.4),
    /// a moment before another segment is in it, and so for a second time before he gets that.
    pub(super) fn is_ready(&self) -> bool {
        rounded(self.passed) >= 2 * self.wanted
    }

    /// Takes a segment that ended at `end`.
    pub(super) fn add(&mut self, segment: Segment, end: SystemTime) {
        let (duration, discontinuity) = (segment.duration(), segment.discontinuity);
        let before = self.segments.back().filter(|_| !discontinuity);
        let began = before.map(|before| before.began + before.duration);
        let began = began.or_else(|| end.checked_sub(duration)).unwrap_or(end);
        self.dependent |= !segment.independent;
        self.passed += duration;
        let bytes = segment.bytes.into_boxed_slice().into(); // exactly as large as it is: it will be kept
        self.segments.push_back(Held { bytes, duration, discontinuity, began, left: Duration::ZERO });
        self.slide();
        self.forget();
    }

    /// A segment that is in the playlist, or was a while ago.
    pub(super) fn segment(&self, generation: u64, number: u64) -> Option<Bytes> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let segment = self.segments.get(place).filter(|_| generation == self.generation);
        segment.map(|segment| segment.bytes.clone())
    }

    /// How long a playlist holds, in seconds: until nobody needs its segments any more.
    pub(super) fn span(&self) -> u64 {
        self.target_or_wanted() * LISTED as u64
    }

    /// In seconds.
    pub(super) fn target_or_wanted(&self) -> u64 {
        self.target.unwrap_or(self.wanted)
    }

    /// The playlist, whose segments lie below `base`.
    pub(super) fn playlist(&mut self, base: &str) -> String {
        let target = self.fix_target();
        let independent = if self.dependent { "" } else { "#EXT-X-INDEPENDENT-SEGMENTS\n" };
        let first = self.first + self.late as u64;
        let mut text = format!(
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:{}\n\
             #EXT-X-DISCONTINUITY-SEQUENCE:{}\n{independent}",
            self.generation + first,
            self.discontinuities, // small: hls.js plays nothing of a list in which it counts from a time of day
        );
        for (number, segment) in (first..).zip(self.segments.iter().skip(self.late)) {
            let discontinuity = if segment.discontinuity { "#EXT-X-DISCONTINUITY\n" } else { "" };
            let (seconds, generation) = (segment.duration.as_secs_f64(), self.generation);
            let date = date(segment.began);
            write!(
                text,
                "{discontinuity}#EXT-X-PROGRAM-DATE-TIME:{date}\n#EXTINF:{seconds:.5},\n\
                 {base}/{generation}-{number}.ts\n"
            )
            .expect("text can always be appended to");
        }
        text
    }

    /// What the playlist says is the longest that a segment will ever be: fixed by the first who asks.
    fn fix_target(&mut self) -> u64 {
        let longest = self.segments.iter().map(|segment| segment.duration).chain([self.growing]).max();
        let longest = rounded(longest.unwrap_or_default()).max(self.wanted) + u64::from(self.irregular);
        *self.target.get_or_insert(longest.min(LONGEST))
    }

    /// The list loses its oldest segments, as long as enough of it stays.
    fn slide(&mut self) {
        let listed = |window: &Self| window.segments.iter().skip(window.late).map(|it| it.duration).sum();
        let mut length: Duration = listed(self);
        self.longest_list = self.longest_list.max(length);
        let least = Duration::from_secs(3 * self.target_or_wanted());
        while self.segments.len() - self.late > LISTED {
            let oldest = &mut self.segments[self.late];
            length -= oldest.duration;
            if length < least {
                break;
            }
            oldest.left = self.passed;
            self.discontinuities += u64::from(oldest.discontinuity);
            self.late += 1;
        }
    }

    /// Forgets late segments that no player can still want: those whose own time and that of the longest playlist which
    /// listed them have passed.
    fn forget(&mut self) {
        let mut bytes: usize = self.segments.iter().take(self.late).map(|late| late.bytes.len()).sum();
        while let Some(oldest) = self.segments.front().filter(|_| self.late > 0) {
            let kept = oldest.duration + self.longest_list;
            if self.passed.saturating_sub(oldest.left) < kept && bytes <= LATE_BYTES {
                break;
            }
            bytes -= oldest.bytes.len();
            self.segments.pop_front();
            (self.first, self.late) = (self.first + 1, self.late - 1);
        }
    }
}

/// Seconds, rounded as players round them.
fn rounded(duration: Duration) -> u64 {
    (duration + Duration::from_millis(500)).as_secs()
}

/// A date and time of ISO 8601, in milliseconds.
fn date(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mpegts::{Pid, Program};

    use super::*;

    const GENERATION: u64 = 1_700_000_000;

    fn segment(millis: i64, discontinuity: bool) -> Segment {
        let (pcr_pid, pmt_pid) = (Pid::new(0x100), Pid::new(0x20));
        let (streams, pat, pmt) = (vec![], vec![], vec![]);
        let program = Arc::new(Program { number: 1, pmt_pid, pcr_pid, streams, pat, pmt });
        Segment {
            bytes: vec![0; 188],
            ticks: millis * 90,
            discontinuity,
            independent: true,
            program,
            parameters: None,
        }
    }

    /// A window of segments of these lengths, a second of which is on the air at second 1000.
    fn window(lengths: &[(i64, bool)]) -> Window {
        let mut window = Window::new(GENERATION, Duration::from_secs(4));
        let mut end = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        for (millis, discontinuity) in lengths {
            end += Duration::from_millis(*millis as u64);
            window.add(segment(*millis, *discontinuity), end);
        }
        window
    }

    /// What an independent reader, which is strict, makes of it.
    fn validated(text: &str) -> hls_m3u8::MediaPlaylist<'_> {
        hls_m3u8::MediaPlaylist::try_from(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[test]
    fn the_playlist_is_one() {
        let mut window = window(&[(3840, true), (4120, false), (3999, false)]);
        let text = window.playlist("../hls/t");
        let expected = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:1700000000\n\
            #EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXT-X-INDEPENDENT-SEGMENTS\n\
            #EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:16:40.000Z\n\
            #EXTINF:3.84000,\n../hls/t/1700000000-0.ts\n\
            #EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:16:43.840Z\n#EXTINF:4.12000,\n../hls/t/1700000000-1.ts\n\
            #EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:16:47.960Z\n#EXTINF:3.99900,\n../hls/t/1700000000-2.ts\n";
        assert_eq!(text, expected);
        assert_eq!(validated(&text).segments.iter().count(), 3);
    }

    #[test]
    fn numbers_only_grow_and_the_target_stays() {
        let mut window = window(&[]);
        let (mut before, mut end) = (None, SystemTime::UNIX_EPOCH);
        for number in 0..60_u64 {
            // Four seconds and something; short ones; and a discontinuity now and then.
            let millis = [4000, 4480, 3520, 700, 4100][(number % 5) as usize];
            end += Duration::from_millis(millis);
            window.add(segment(millis as i64, number % 7 == 0), end);
            let text = window.playlist("x");
            let playlist = validated(&text);
            let total: Duration = playlist.segments.iter().map(|(_, it)| it.duration.duration()).sum();
            let listed = playlist.segments.iter().count();
            assert!(listed >= LISTED.min(number as usize + 1));
            assert!(listed == number as usize + 1 || total >= Duration::from_secs(12), "{text}");
            let breaks = playlist.segments.iter().filter(|(_, it)| it.has_discontinuity).count();
            let last = playlist.discontinuity_sequence + breaks;
            let now = (playlist.media_sequence + listed, last, playlist.target_duration);
            if let Some((sequence, breaks, target)) = before {
                assert_eq!(now.0, sequence + 1);
                assert_eq!((now.1, now.2), (breaks + usize::from(number % 7 == 0), target));
            }
            before = Some(now);
        }
    }

    #[test]
    fn the_target_covers_what_is_growing_and_what_may_come() {
        let mut regular = window(&[(3840, true), (3840, false)]);
        assert_eq!(regular.most(), Duration::from_millis(12_450));
        regular.growing = Duration::from_millis(7600);
        assert!(regular.playlist("x").contains("TARGETDURATION:8\n"));
        assert_eq!(regular.most(), Duration::from_millis(8450));
        let mut irregular = window(&[(3840, true), (3840, false)]);
        irregular.irregular = true;
        assert!(irregular.playlist("x").contains("TARGETDURATION:5\n"));
        let mut longest = window(&[(12_400, true)]);
        longest.irregular = true;
        assert!(longest.playlist("x").contains("TARGETDURATION:12\n"));
    }

    #[test]
    fn segments_are_called_independent_only_if_all_are() {
        let mut window = window(&[(4000, true)]);
        assert!(window.playlist("x").contains("INDEPENDENT-SEGMENTS"));
        window.add(Segment { independent: false, ..segment(4000, false) }, SystemTime::UNIX_EPOCH);
        assert!(!window.playlist("x").contains("INDEPENDENT-SEGMENTS"));
    }

    #[test]
    fn a_player_begins_when_there_is_as_much_as_two_segments() {
        let found = |lengths: &[i64]| {
            let lengths: Vec<_> = lengths.iter().map(|millis| (*millis, false)).collect();
            let window = window(&lengths);
            (window.is_scant(), window.is_ready())
        };
        let lists: [&[i64]; 6] = [&[], &[3840], &[6000], &[2560, 2560, 2360], &[2560, 2560, 2560], &[8000]];
        let ready = (false, true);
        assert_eq!(
            lists.map(found),
            [(false, false), (true, false), (true, false), (true, false), ready, ready]
        );
    }

    #[test]
    fn the_first_segments_are_short_until_players_have_as_much_as_they_like() {
        assert_eq!(window(&[(1920, true); 6]).aim(), FIRST);
        assert_eq!(window(&[(2000, true); 6]).aim(), Duration::from_secs(4));
        assert_eq!(Window::new(GENERATION, Duration::from_secs(1)).aim(), Duration::from_secs(1));
    }

    #[test]
    fn a_segment_can_be_fetched_for_as_long_as_a_playlist_may_be_known_that_lists_it() {
        let mut window = window(&[(4000, false); 6]);
        window.playlist("x");
        let mut end = SystemTime::UNIX_EPOCH;
        let add = |window: &mut Window, end: &mut SystemTime| {
            *end += Duration::from_secs(4);
            window.add(segment(4000, false), *end);
        };
        add(&mut window, &mut end);
        assert!(!window.playlist("x").contains("-0.ts"), "it has left the playlist");
        // Its own four seconds, and the 28 of the longest playlist (with the one that pushed it out).
        for _ in 0..7 {
            assert!(window.segment(GENERATION, 0).is_some());
            add(&mut window, &mut end);
        }
        add(&mut window, &mut end);
        assert!(window.segment(GENERATION, 0).is_none() && window.segment(GENERATION, 1).is_some());
        assert!(window.segment(GENERATION - 1, 1).is_none(), "of another generation");
        assert_eq!(window.segments.len(), LISTED + 8);
    }

    #[test]
    fn dates_go_on_with_the_lengths_and_are_set_anew_at_a_discontinuity() {
        let mut window = window(&[(4000, false), (4000, false)]);
        let late = SystemTime::UNIX_EPOCH + Duration::from_secs(5000);
        window.add(segment(4000, false), late);
        window.add(segment(4000, true), late);
        let text = window.playlist("x");
        let dates: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:1970-01-01T"))
            .collect();
        assert_eq!(dates, ["00:16:40.000Z", "00:16:44.000Z", "00:16:48.000Z", "01:23:16.000Z"]);
    }
}
