//! The error card: what viewers see while their channel is looked for and nothing else can be shown. A clip of H.264 and
//! AAC, made by `scripts/make-clip`, that is played over and over in real time. Pure: no clock of its own.

use std::time::{Duration, Instant};

use mpegts::{AccessPoint, Pcr, Pid, Program, Tracker, clock, packets, restamp};

/// 48 pictures at 25 a second and 90 frames of AAC at 48 kHz, which are both exactly 1.92 s long.
static CLIP: &[u8] = include_bytes!("../assets/no-signal.ts");
/// The service description table, ETSI EN 300 468, 5.1.3.
const SDT: Pid = Pid::new(0x11);
/// What a player gets at once, so that it has something to begin with.
const AHEAD: Duration = Duration::from_secs(1);

/// A clip that is being played.
pub(crate) struct Card {
    packets: Vec<u8>,
    /// Where in `packets` something is due, and when. Parts between are whole units.
    steps: Vec<(usize, Duration)>,
    start: AccessPoint,
    /// Ticks of 90 kHz.
    length: i64,
    /// When the clip began, on the wall and on the channel's time line.
    began: (Instant, Duration),
    /// Which step is next, and how often the clip was played before.
    next: usize,
    round: u32,
}

/// What is due of a clip.
pub(crate) struct Part<'a> {
    /// Whole packets.
    pub(crate) packets: &'a [u8],
    /// The channel's time at their end.
    pub(crate) time: Duration,
    /// The clip begins here, and was played so often before.
    pub(crate) begins: Option<u32>,
    /// Of which it is a part.
    pub(crate) card: &'a Card,
}

impl Card {
    /// To be played from `now` on, which is `time` for the channel. `None` if viewers of `program` cannot see it, because
    /// that is coded otherwise.
    pub(crate) fn for_viewers_of(program: &Program, now: Instant, time: Duration) -> Option<Self> {
        let mut tracker = Tracker::new();
        let start = packets(CLIP).find_map(|packet| tracker.push(packet))?;
        if !program.continues_as(&start.program) {
            return None;
        }
        let (mut kept, mut steps) = (Vec::new(), vec![(0, Duration::ZERO)]);
        // Without the multiplexer's service description, which would rename the channel.
        for packet in packets(CLIP).filter(|packet| packet.pid() != SDT) {
            let passed =
                packet.pcr().zip(start.pcr).map(|(now, first)| now.since(first) / Pcr::PER_TIMESTAMP);
            if let Some(ticks) = passed.filter(|ticks| *ticks > 0) {
                steps.push((kept.len(), clock::duration(ticks)));
            }
            kept.extend_from_slice(packet.bytes());
        }
        let length = restamp::length(&kept)?;
        let began = (now.checked_sub(AHEAD).unwrap_or(now), time);
        Some(Self { packets: kept, steps, start, length, began, next: 0, round: 0 })
    }

    /// What is due `now`, to the end of the clip at most.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Part<'_>> {
        let (wall, line) = self.began;
        let round = self.duration() * self.round;
        let passed = now.duration_since(wall).checked_sub(round)?;
        let first = self.next;
        let due = self.steps[first..].iter().take_while(|(_, when)| *when <= passed).count();
        if due == 0 {
            return None;
        }
        let begins = (first == 0).then_some(self.round);
        let (from, _) = self.steps[first];
        let end = (self.packets.len(), self.duration());
        let (to, when) = self.steps.get(first + due).copied().unwrap_or(end);
        self.next = (first + due) % self.steps.len();
        self.round += u32::from(self.next == 0);
        Some(Part { packets: &self.packets[from..to], time: line + round + when, begins, card: self })
    }

    /// Where the clip can be begun with.
    pub(crate) fn start(&self) -> &AccessPoint {
        &self.start
    }

    /// How long the clip is, in ticks of 90 kHz.
    pub(crate) fn length(&self) -> i64 {
        self.length
    }

    fn duration(&self) -> Duration {
        clock::duration(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(now: Instant) -> Card {
        let mut tracker = Tracker::new();
        let start = packets(CLIP).find_map(|packet| tracker.push(packet)).unwrap();
        Card::for_viewers_of(&start.program, now, Duration::ZERO).unwrap()
    }

    #[test]
    fn the_clip_lasts_as_long_as_its_sound() {
        let card = card(Instant::now());
        assert_eq!(card.length(), 48 * 3600);
        assert_eq!(card.length(), 90 * 1920);
        assert_eq!(card.steps.len(), 48, "a clock reference for every picture");
    }

    #[test]
    fn a_channel_that_is_coded_otherwise_has_no_card() {
        let now = Instant::now();
        let mut program = Program::clone(&card(now).start.program);
        program.streams.retain(|stream| stream.codec != mpegts::Codec::H264);
        assert!(Card::for_viewers_of(&program, now, Duration::ZERO).is_none());
    }

    #[test]
    fn it_is_played_in_real_time_whoever_asks_how_seldom() {
        let begin = Instant::now();
        let mut often = card(begin);
        let mut seldom = card(begin);
        let mut bytes = [0, 0];
        let mut ends = [Duration::ZERO; 2];
        for tick in 0..=100 {
            let now = begin + tick * Duration::from_millis(100);
            while let Some(part) = often.take(now) {
                (bytes[0], ends[0]) = (bytes[0] + part.packets.len(), part.time);
            }
            assert!(ends[0] > now - begin, "there is always something to show");
            assert!(ends[0] <= now - begin + AHEAD + Duration::from_millis(40), "no more than is due");
        }
        while let Some(part) = seldom.take(begin + Duration::from_secs(10)) {
            (bytes[1], ends[1]) = (bytes[1] + part.packets.len(), part.time);
        }
        assert_eq!((bytes[0], ends[0]), (bytes[1], ends[1]));
        assert_eq!(often.round, 5, "11 s are 5.7 times the clip");
    }
}
