//! The error card: what viewers see while their channel is looked for and nothing else can be shown. A clip that is coded as
//! their channel is, made by `scripts/make-clip`, and played over and over in real time. Pure: no clock of its own.

use std::ops::Range;
use std::time::{Duration, Instant};

use mpegts::psi::{Pmt, Section, packetise};
use mpegts::{AccessPoint, Pcr, Pid, Program, Stream, Tracker, clock, packets, restamp};

/// One for each coding of pictures, with silence in several codings. Of each all streams are exactly 1.92 s long, 48
/// pictures at 25 a second.
static CLIPS: [&[u8]; 3] = [
    include_bytes!("../assets/no-signal.h264.ts"),
    include_bytes!("../assets/no-signal.hevc.ts"),
    include_bytes!("../assets/no-signal.mpeg2.ts"),
];
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
    /// The channel's time at their beginning and at their end.
    pub(crate) time: Range<Duration>,
    /// The clip begins here, and was played so often before.
    pub(crate) begins: Option<u32>,
    /// Of which it is a part.
    pub(crate) card: &'a Card,
}

impl Card {
    /// To be played from `now` on, which is `time` for the channel. `None` if viewers of `program` cannot see it, because
    /// that is coded otherwise.
    pub(crate) fn for_viewers_of(program: &Program, now: Instant, time: Duration) -> Option<Self> {
        let clip = CLIPS.iter().find_map(|clip| reduced(clip, program))?;
        let start = first_access_point(&clip)?;
        let (mut at, mut steps) = (0, vec![(0, Duration::ZERO)]);
        for packet in packets(&clip) {
            let passed =
                packet.pcr().zip(start.pcr).map(|(now, first)| now.since(first) / Pcr::PER_TIMESTAMP);
            if let Some(ticks) = passed.filter(|ticks| *ticks > 0) {
                steps.push((at, clock::duration(ticks)));
            }
            at += packet.bytes().len();
        }
        let length = restamp::length(&clip)?;
        let began = (now.checked_sub(AHEAD).unwrap_or(now), time);
        Some(Self { packets: clip, steps, start, length, began, next: 0, round: 0 })
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
        let (from, begin) = self.steps[first];
        let whole = (self.packets.len(), self.duration());
        let (to, end) = self.steps.get(first + due).copied().unwrap_or(whole);
        let time = line + round + begin..line + round + end;
        self.next = (first + due) % self.steps.len();
        self.round += u32::from(self.next == 0);
        Some(Part { packets: &self.packets[from..to], time, begins, card: self })
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

/// `clip` with no other streams than one of pictures and one of sound that are coded as those of `wanted`, if it has such,
/// and without the multiplexer's service description, which would rename the channel.
fn reduced(clip: &[u8], wanted: &Program) -> Option<Vec<u8>> {
    let whole = first_access_point(clip)?.program;
    let alike =
        |one: Option<&Stream>| whole.streams.iter().find(|other| Some(other.codec) == one.map(|it| it.codec));
    let (video, audio) = (alike(wanted.video())?, alike(wanted.audio()));
    if wanted.audio().is_some() && audio.is_none() {
        return None;
    }
    let kept = |pid: Pid| pid == video.pid || audio.is_some_and(|audio| pid == audio.pid);
    let mut table = Pmt::read(&Section::read(&whole.pmt)?)?;
    table.entries.retain(|entry| kept(entry.pid));
    let (table, mut out) = (table.write(), Vec::new());
    for packet in packets(clip) {
        match packet.pid() {
            pid if pid == whole.pmt_pid => _ = packetise(pid, &table, packet.continuity_counter(), &mut out),
            pid if pid == Pid::PAT || kept(pid) => out.extend_from_slice(packet.bytes()),
            _ => {}
        }
    }
    Some(out)
}

fn first_access_point(clip: &[u8]) -> Option<AccessPoint> {
    let mut tracker = Tracker::new();
    packets(clip).find_map(|packet| tracker.push(packet))
}

#[cfg(test)]
mod tests {
    use mpegts::Codec;
    use mpegts::check::{Checker, Limits};

    use super::*;

    /// A program like those of the clips, with no more streams than these.
    fn program(codecs: &[Codec]) -> Option<Program> {
        let clip = CLIPS.iter().find_map(|clip| {
            let program = first_access_point(clip)?.program;
            program.streams.iter().any(|stream| stream.codec == codecs[0]).then_some(program)
        });
        let mut program = Program::clone(&*clip?);
        program.streams.retain(|stream| codecs.contains(&stream.codec));
        Some(program)
    }

    fn card(now: Instant) -> Card {
        let program = program(&[Codec::H264, Codec::Aac]).unwrap();
        Card::for_viewers_of(&program, now, Duration::ZERO).unwrap()
    }

    #[test]
    fn there_is_one_for_the_codings_of_television() {
        let now = Instant::now();
        for video in [Codec::H264, Codec::Hevc, Codec::Mpeg2Video] {
            for audio in [Codec::Aac, Codec::MpegAudio, Codec::Ac3, Codec::Eac3] {
                for codecs in [&[video, audio][..], &[video]] {
                    let program = program(codecs).unwrap();
                    let card = Card::for_viewers_of(&program, now, Duration::ZERO).unwrap();
                    assert_eq!(card.start().program.streams, program.streams, "and no more");
                    assert!(program.continues_as(&card.start().program));
                    assert_eq!(
                        (card.length(), card.steps.len()),
                        (48 * 3600, 48),
                        "a reference for every picture"
                    );
                    let mut checker = Checker::of_viewer(Limits::default());
                    checker.push(&card.packets);
                    assert_eq!(checker.finish().findings, [], "{codecs:?}");
                }
            }
        }
    }

    #[test]
    fn a_channel_that_is_coded_otherwise_has_none() {
        let now = Instant::now();
        let whole = program(&[Codec::H264, Codec::Aac]).unwrap();
        let other = |at: usize, codec| {
            let mut program = whole.clone();
            program.streams[at].codec = codec;
            Card::for_viewers_of(&program, now, Duration::ZERO).is_some()
        };
        assert_eq!(
            [other(0, Codec::Vvc), other(1, Codec::AacLatm), other(1, Codec::Aac)],
            [false, false, true]
        );
        let radio = Program { streams: whole.streams[1..].to_vec(), ..whole };
        assert!(Card::for_viewers_of(&radio, now, Duration::ZERO).is_none(), "there is nothing to be seen");
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
                (bytes[0], ends[0]) = (bytes[0] + part.packets.len(), part.time.end);
            }
            assert!(ends[0] > now - begin, "there is always something to show");
            assert!(ends[0] <= now - begin + AHEAD + Duration::from_millis(40), "no more than is due");
        }
        while let Some(part) = seldom.take(begin + Duration::from_secs(10)) {
            (bytes[1], ends[1]) = (bytes[1] + part.packets.len(), part.time.end);
        }
        assert_eq!((bytes[0], ends[0]), (bytes[1], ends[1]));
        assert_eq!(often.round, 5, "11 s are 5.7 times the clip");
    }
}
