//! Segments of HLS: where they are cut, and that nothing is lost at the cuts.
#![allow(clippy::unwrap_used)] // a panic is what a test fails with

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use mpegts::check::{Checker, Limits, Report};
use mpegts::packet::discontinuity_packet;
use mpegts::psi::{Pmt, PmtEntry, Section, packetise};
use mpegts::segment::LARGEST;
use mpegts::{NULL_PACKET, PACKET, Packet, Pcr, Pid, Segment, Segmenter, Timestamp, packets};
use support::*;

const SECOND: u64 = 25;
const TARGET: Duration = Duration::from_secs(4);
/// What the first playlist of a channel allows, and a little.
const MOST: Duration = Duration::from_millis(4450);
/// A unit of sound every fifth picture, longer than the packets of a picture leave room for.
const SOUND: u64 = 5;

/// A channel as a broadcaster sends it, its packets interleaved: a cut of the pictures falls into a unit of sound.
struct Show {
    stream_type: u8,
    start: u64,
    frames: u64,
    /// Pictures from one entry point to the next.
    group: u64,
    /// What the first picture of a group and the others begin with.
    entry: Vec<u8>,
    other: Vec<u8>,
    /// Whether the picture is hinted at; told whether it is an entry point.
    hinted: fn(bool) -> bool,
    /// Pictures from one PAT and PMT to the next.
    tables: u64,
    language: [u8; 3],
}

impl Default for Show {
    fn default() -> Self {
        Self {
            stream_type: H264,
            start: 0,
            frames: 30 * SECOND,
            group: 32,
            entry: vec![
                0, 0, 1, 9, 0x10, 0, 0, 1, 0x67, 0x64, 0, 0x1F, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65, 0x88,
            ],
            other: vec![0, 0, 1, 9, 0x30, 0, 0, 1, 0x41, 0x9A],
            hinted: |entry| entry,
            tables: 10,
            language: *b"eng",
        }
    }
}

impl Show {
    fn pmt(&self) -> Pmt {
        let mut table = pmt(1, &[(VIDEO, self.stream_type), (AUDIO, AAC)]);
        table.entries[1].descriptors = [&[0x0A, 4][..], &self.language, &[0]].concat();
        table
    }

    fn write(&self) -> Vec<u8> {
        let (mut mux, mut out, mut sound) = (Mux::default(), Vec::new(), Vec::new());
        for frame in 0..self.frames {
            if frame.is_multiple_of(self.tables) {
                mux.section(Pid::PAT, &pat(&[(1, PMT)]).write());
                mux.section(PMT, &self.pmt().write());
                mux.packet(Pid::new(0x11), true, vec![], &[7; 100]);
                out.append(&mut mux.bytes);
                out.extend(NULL_PACKET);
            }
            let time = self.start + frame * FRAME;
            if frame.is_multiple_of(SOUND) {
                let payload = [&[0xFF, 0xF1, 0x50, 0x80][..], &[frame as u8; 1500]].concat();
                let pts = Some(time + FRAME);
                mux.pes(&Unit { pid: AUDIO, stream_id: 0xC0, pts, payload: &payload, ..Unit::default() });
                sound.append(&mut mux.bytes);
            }
            self.picture(frame, time, &mut mux);
            for (place, packet) in mux.bytes.drain(..).collect::<Vec<_>>().chunks(PACKET).enumerate() {
                out.extend(packet);
                if place % 3 == 1 && !sound.is_empty() {
                    out.extend(sound.drain(..PACKET));
                }
            }
        }
        out
    }

    fn picture(&self, frame: u64, time: u64, mux: &mut Mux) {
        let entry = frame.is_multiple_of(self.group);
        let payload =
            [if entry { &self.entry[..] } else { &self.other }, &[frame as u8 | 0x80; 1000]].concat();
        let clock = Timestamp::new(time + Timestamp::MODULUS - 3 * FRAME);
        mux.pes(&Unit {
            pts: Some(time + 2 * FRAME),
            dts: Some(time),
            pcr: Some(Pcr::from(clock)),
            random_access: (self.hinted)(entry),
            payload: &payload,
            ..Unit::default()
        });
    }
}

/// All segments of a stream, however it is cut into chunks.
fn cut(stream: &[u8]) -> Vec<Segment> {
    cut_most(stream, MOST)
}

fn cut_most(stream: &[u8], most: Duration) -> Vec<Segment> {
    let mut segmenter = Segmenter::new(TARGET);
    let mut segments = segmenter.push(stream, most);
    segments.extend(segmenter.splice());
    segments
}

fn report(segments: &[Segment], limits: Limits) -> Report {
    let mut checker = Checker::new(limits);
    for (place, segment) in segments.iter().enumerate() {
        if place > 0 && segment.discontinuity {
            checker.discontinuity();
        }
        checker.segment(&segment.bytes);
    }
    checker.finish()
}

/// What our checker and the independent reader find in segments of a good stream: nothing.
fn assert_good(segments: &[Segment]) {
    let report = report(segments, Limits::default());
    assert!(report.is_clean(), "{:#?}", report.findings);
    let one: Vec<u8> = segments.iter().flat_map(|segment| segment.bytes.clone()).collect();
    assert!(support::analyser::analyse(&one).values().all(|line| line.continuity_errors == 0));
}

fn seconds(segments: &[Segment]) -> Vec<f64> {
    segments.iter().map(|segment| (segment.duration().as_secs_f64() * 100.0).round() / 100.0).collect()
}

/// The packets of each stream of the program, in their order.
fn streams(bytes: &[u8]) -> BTreeMap<Pid, Vec<Packet<'_>>> {
    let mut streams = BTreeMap::<Pid, Vec<Packet<'_>>>::new();
    for packet in packets(bytes).filter(|packet| [VIDEO, AUDIO].contains(&packet.pid())) {
        streams.entry(packet.pid()).or_default().push(packet);
    }
    streams
}

/// All packets of pictures and sound are in the segments, each as it was and in its order.
fn assert_complete(stream: &[u8], segments: &[Segment]) {
    let one: Vec<u8> = segments.iter().flat_map(|segment| segment.bytes.clone()).collect();
    let (before, after) = (streams(stream), streams(&one));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (pid, packets) in before {
        let bytes = |packets: &[Packet<'_>]| packets.iter().flat_map(|it| *it.bytes()).collect::<Vec<u8>>();
        assert!(bytes(&packets) == bytes(&after[&pid]), "{pid}");
    }
}

#[test]
fn a_channel_is_cut_at_access_points_and_nothing_of_it_is_lost() {
    let stream = Show::default().write();
    let segments = cut(&stream);
    assert_good(&segments);
    assert_complete(&stream, &segments);
    assert_eq!(seconds(&segments), [3.84, 3.84, 3.84, 3.84, 3.84, 3.84, 3.84, 3.12]);
    assert!(segments.iter().all(|segment| segment.independent));
    assert_eq!(segments.iter().filter(|segment| segment.discontinuity).count(), 1, "the first one");
    // Each has its tables often enough, and nothing that is of no use to a player.
    for segment in &segments {
        let count = |pid| packets(&segment.bytes).filter(|packet| packet.pid() == pid).count();
        assert_eq!([Pid::NULL, Pid::new(0x11)].map(count), [0, 0]);
        assert!(count(Pid::PAT) >= 8 && count(Pid::PAT) == count(PMT));
    }
    let total: i64 = segments.iter().map(|segment| segment.ticks).sum();
    assert_eq!(total, (30 * SECOND * FRAME) as i64, "not a tick is lost");
}

#[test]
fn the_segments_do_not_depend_on_how_the_stream_comes() {
    let stream = Show { frames: 12 * SECOND, ..Show::default() }.write();
    let whole = cut(&stream);
    for packets in [1, 2, 7, 100] {
        let mut segmenter = Segmenter::new(TARGET);
        let mut segments: Vec<Segment> =
            stream.chunks(packets * PACKET).flat_map(|chunk| segmenter.push(chunk, MOST)).collect();
        segments.extend(segmenter.splice());
        assert!(segments.iter().map(|it| &it.bytes).eq(whole.iter().map(|it| &it.bytes)), "{packets}");
    }
}

#[test]
fn a_segment_ends_where_the_access_point_after_would_come_too_late() {
    let stream = Show { group: 3 * SECOND, ..Show::default() }.write();
    let segments = cut(&stream);
    assert_eq!(seconds(&segments), [3.0; 10]);
    assert!(segments.iter().all(|segment| segment.independent));
    let longer = cut_most(&stream, 3 * TARGET);
    assert_eq!(seconds(&longer), [6.0; 5], "if they may be longer, they are as long as is wanted");
}

#[test]
fn another_length_can_be_aimed_at_at_any_time() {
    let stream = Show::default().write();
    let mut segmenter = Segmenter::new(TARGET);
    segmenter.aim(TARGET / 2);
    let mut segments = Vec::new();
    for packet in packets(&stream) {
        segments.extend(segmenter.push(packet.bytes(), MOST));
        if segments.len() == 3 {
            segmenter.aim(TARGET);
        }
    }
    assert_eq!(seconds(&segments)[..5], [2.56, 2.56, 2.56, 3.84, 3.84]);
}

#[test]
fn a_segment_is_there_as_soon_as_its_units_are_whole() {
    let stream = Show::default().write();
    let mut segmenter = Segmenter::new(TARGET);
    let mut at = 0;
    while segmenter.push(&stream[at..at + PACKET], MOST).is_empty() {
        at += PACKET;
    }
    let video = packets(&stream[..at]).filter(|packet| packet.pid() == VIDEO && packet.unit_start()).count();
    assert!((98..=101).contains(&video), "the sound that was open is over within some pictures: {video}");
    assert!(segmenter.lasts() < Duration::from_millis(250));
}

#[test]
fn every_kind_of_entry_point_is_cut_at() {
    let sei = vec![0, 0, 1, 9, 0x30, 0, 0, 1, 6, 6, 1, 0xC4, 0x80, 0, 0, 1, 0x41, 0x9A];
    let bare = vec![0, 0, 1, 0x65, 0x88];
    let slice = vec![0, 0, 1, 0x41, 0x9A];
    let hevc = vec![0, 0, 1, 0x46, 1, 0x50, 0, 0, 1, 0x26, 1, 0xAF];
    let mpeg2 = vec![0, 0, 1, 0xB3, 0x2D, 2, 0x40, 0, 0, 1, 0, 0, 0x0F, 0xFF, 0, 0, 1, 1];
    for (name, show) in [
        ("recovery points only", Show { entry: sei, ..Show::default() }),
        ("without delimiters", Show { entry: bare.clone(), other: slice.clone(), ..Show::default() }),
        ("hinted at everywhere", Show { hinted: |_| true, ..Show::default() }),
        ("never hinted at", Show { hinted: |_| false, ..Show::default() }),
        (
            "HEVC",
            Show { stream_type: HEVC, entry: hevc, other: vec![0, 0, 1, 2, 1, 0xD0], ..Show::default() },
        ),
        (
            "MPEG-2",
            Show {
                stream_type: MPEG2,
                entry: mpeg2,
                other: vec![0, 0, 1, 0, 0, 0x10, 0xFF, 0, 0, 1, 1],
                ..Show::default()
            },
        ),
    ] {
        let stream = show.write();
        let segments = cut(&stream);
        assert_good(&segments);
        assert_complete(&stream, &segments);
        assert_eq!(seconds(&segments)[..7], [3.84; 7], "{name}");
        assert!(segments.iter().all(|segment| segment.independent), "{name}");
    }
    // Entry points that nothing proves: hints are believed after ten seconds, and until then nothing begins.
    let hints = Show { entry: slice.clone(), other: slice, frames: 60 * SECOND, ..Show::default() }.write();
    let segments = cut_most(&hints, Duration::from_secs(12));
    assert!(segments.iter().all(|segment| segment.independent));
    let report = report(&segments, Limits { believe_hints: true, ..Limits::default() });
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(seconds(&segments)[..11], [3.84; 11]);
}

#[test]
fn radio_is_cut_every_six_seconds() {
    let mut mux = Mux::default();
    for frame in 0..25 * SECOND {
        if frame % 10 == 0 {
            mux.tables(&[(AUDIO, AAC)]);
        }
        let time = frame * FRAME;
        let pcr = Some(Pcr::from(Timestamp::new(time)));
        let unit = Unit { pid: AUDIO, stream_id: 0xC0, pts: Some(time + 9000), pcr, ..Unit::default() };
        mux.pes(&Unit { payload: &[0x55; 400], ..unit });
    }
    let segments = cut_most(&mux.bytes, Duration::from_millis(6450));
    assert_good(&segments);
    assert_complete(&mux.bytes, &segments);
    assert_eq!(seconds(&segments), [6.0, 6.0, 6.0, 6.0, 1.0]);
}

#[test]
fn clocks_may_wrap_inside_a_segment() {
    let stream = Show { start: Timestamp::MODULUS - 250 * FRAME, ..Show::default() }.write();
    let segments = cut(&stream);
    assert_good(&segments);
    assert_complete(&stream, &segments);
    assert_eq!(seconds(&segments)[..7], [3.84; 7]);
    assert_eq!(segments.iter().filter(|segment| segment.discontinuity).count(), 1);
}

#[test]
fn tables_may_span_packets_and_begin_anywhere_in_them() {
    let show = Show { frames: 12 * SECOND, ..Show::default() };
    let entry =
        |number: u16| PmtEntry { stream_type: 6, pid: Pid::new(0x200 + number), descriptors: vec![9; 9] };
    let mut table = show.pmt();
    table.entries.extend((0..12).map(entry));
    let long = table.write();
    assert!(long.len() > 184);
    let mut counter = 0;
    let mut stream = Vec::new();
    let short = show.write();
    for packet in packets(&short) {
        if packet.pid() != PMT {
            stream.extend(packet.bytes());
            continue;
        }
        // In front of it another section, so that it begins in the middle of the first packet.
        let first = Section {
            table: 0xC0,
            id: 9,
            version: 0,
            current: true,
            number: 0,
            last_number: 0,
            body: &[3; 90],
        };
        let both = [first.write(), long.clone()].concat();
        let begin = stream.len();
        counter = packetise(PMT, &both, counter, &mut stream);
        // The second packet begins a unit as well: its pointer leads behind the end of the section.
        let rest = both.len() - 183;
        let second = &mut stream[begin + PACKET..begin + 2 * PACKET];
        second[1] |= 0x40;
        second.copy_within(4..4 + rest, 5);
        (second[4], second[5 + rest]) = (rest as u8, 0xFF);
    }
    let segments = cut(&stream);
    assert_good(&segments);
    assert_complete(&stream, &segments);
    assert_eq!(segments.last().unwrap().program.streams.len(), 14);
    for segment in &segments {
        let tables: Vec<Pid> = packets(&segment.bytes).take(3).map(Packet::pid).collect();
        assert_eq!(tables, [Pid::PAT, PMT, PMT]);
    }
}

#[test]
fn a_segment_ends_in_time_even_if_no_access_point_comes() {
    let stream = Show { group: 5 * SECOND, frames: 20 * SECOND, ..Show::default() }.write();
    let segments = cut(&stream);
    assert_complete(&stream, &segments);
    assert_eq!(seconds(&segments), [[4.48, 0.52]; 4].concat(), "the next access point is not missed");
    assert!(segments.iter().enumerate().all(|(n, segment)| segment.independent == (n % 2 == 0)));
    let names: Vec<_> =
        report(&segments, Limits::default()).findings.iter().map(|it| it.fault.name()).collect();
    assert_eq!(names, ["no_access_point"; 4], "and that is all");
    // None comes at all: nothing could begin, until it is clear that it never will.
    let never = Show { entry: vec![0, 0, 1, 0x41, 0x9A], hinted: |_| false, ..Show::default() }.write();
    let segments = cut(&never);
    assert_eq!(seconds(&segments)[..5], [4.48; 5]);
    assert!(segments.iter().all(|segment| !segment.independent));
}

#[test]
fn slow_pictures_do_not_make_a_segment_longer_than_the_playlist_says() {
    let mut mux = Mux::of(&[(VIDEO, H264)]);
    for picture in 0..60 {
        let payload = if picture % 30 == 0 { &[0, 0, 1, 0x65] } else { &[0, 0, 1, 0x41] };
        let time = picture * 27_000; // 0.3 s
        let pcr = Some(Pcr::from(Timestamp::new(time)));
        mux.pes(&Unit { pts: Some(time + 9000), pcr, payload, ..Unit::default() });
    }
    let longest = cut(&mux.bytes).iter().map(|segment| segment.duration().as_secs_f64().round() as u64).max();
    assert_eq!(longest, Some(4));
}

/// Two seconds of a channel.
fn part(show: Show) -> Vec<u8> {
    Show { frames: 6 * SECOND, ..show }.write()
}

/// Where a discontinuity is.
fn breaks(segments: &[Segment]) -> Vec<bool> {
    segments.iter().map(|segment| segment.discontinuity).collect()
}

#[test]
fn a_jump_of_the_time_line_is_a_discontinuity() {
    for start in [0, 1 << 32, 3 * 150 * FRAME] {
        let stream = [part(Show::default()), part(Show { start, ..Show::default() })].concat();
        let segments = cut(&stream);
        assert_complete(&stream, &segments);
        assert_eq!(breaks(&segments), [true, false, true, false], "from {start}");
        assert_eq!(seconds(&segments), [3.84, 2.16, 3.84, 2.16]);
        let found = report(&segments, Limits::default()).findings;
        assert!(found.is_empty(), "{found:?}");
    }
    // The same time line, somewhat later: nothing but a gap.
    let later = 151 * FRAME;
    let stream = [part(Show::default()), part(Show { start: later, ..Show::default() })].concat();
    assert_eq!(breaks(&cut(&stream)).iter().filter(|it| **it).count(), 1, "the first");
}

#[test]
fn behind_a_jump_nothing_is_shown_until_the_next_access_point() {
    let second = part(Show { start: 1 << 32, ..Show::default() });
    let starts = |(_, packet): &(usize, Packet<'_>)| packet.pid() == VIDEO && packet.unit_start();
    let middle = packets(&second).enumerate().filter(starts).nth(10).unwrap().0;
    let stream = [part(Show::default()), second[middle * PACKET..].to_vec()].concat();
    let segments = cut(&stream);
    assert!(segments.iter().all(|segment| segment.independent));
    assert_eq!(breaks(&segments), [true, false, true, false]);
    let found = report(&segments, Limits::default()).findings;
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn an_announced_jump_is_a_discontinuity() {
    let first = part(Show::default());
    let announced = discontinuity_packet(VIDEO, first.len() as u8);
    let second = part(Show { start: 150 * FRAME, ..Show::default() });
    let segments = cut(&[&first[..], &announced, &second].concat());
    assert_eq!(breaks(&segments), [true, false, true, false]);
    assert!(segments.iter().all(|segment| segment.independent));
}

#[test]
fn other_streams_and_other_parameters_are_a_discontinuity_and_another_language_is_none() {
    let go_on = |show: Show| {
        let stream = [part(Show::default()), part(Show { start: 150 * FRAME, ..show })].concat();
        cut(&stream)
    };
    let mut entry = Show::default().entry;
    entry[10] = 0x4D; // profile_idc
    let segments = go_on(Show { entry, ..Show::default() });
    assert_eq!(breaks(&segments), [true, false, true, false]);
    let hevc = vec![0, 0, 1, 0x46, 1, 0x50, 0, 0, 1, 0x26, 1, 0xAF];
    let segments = go_on(Show { stream_type: HEVC, entry: hevc, ..Show::default() });
    assert_eq!(breaks(&segments), [true, false, true, false]);
    assert_eq!(segments[2].program.video().unwrap().codec.name(), "hevc");
    let segments = go_on(Show { language: *b"deu", ..Show::default() });
    assert_eq!(breaks(&segments).iter().filter(|it| **it).count(), 1, "the first");
    assert_eq!(segments.last().unwrap().program.audio().unwrap().language, Some(*b"deu"));
}

#[test]
fn a_splice_is_one_discontinuity() {
    let mut segmenter = Segmenter::new(TARGET);
    let (first, second) = (part(Show::default()), part(Show { start: 77, ..Show::default() }));
    let mut segments = segmenter.push(&first[..first.len() / PACKET / 2 * PACKET], MOST);
    segments.extend(segmenter.splice());
    segments.extend(segmenter.push(&second, MOST));
    segments.extend(segmenter.splice());
    segments.extend(segmenter.splice());
    assert_eq!(breaks(&segments), [true, true, false]);
    assert_eq!(seconds(&segments)[1..], [3.84, 2.16]);
    // The counters of our tables go on, whatever the source does.
    let one: Vec<u8> = segments.iter().flat_map(|segment| segment.bytes.clone()).collect();
    for pid in [Pid::PAT, PMT] {
        let counters = packets(&one).filter(|it| it.pid() == pid).map(Packet::continuity_counter);
        assert!(counters.enumerate().all(|(n, counter)| usize::from(counter) == n % 16));
    }
}

#[test]
fn lost_pictures_are_left_out_up_to_the_next_access_point_if_it_was_more_than_a_moment() {
    let stream = part(Show::default());
    let lose = |from: u64, pictures: u64| {
        let units = packets(&stream).enumerate().filter(|(_, it)| it.pid() == VIDEO && it.unit_start());
        let starts: Vec<usize> = units.map(|(place, _)| place).collect();
        let (first, last) = (starts[from as usize] + 2, starts[(from + pictures) as usize]);
        let lost =
            packets(&stream).enumerate().filter(|(n, it)| it.pid() != VIDEO || !(first..last).contains(n));
        let left: Vec<u8> = lost.flat_map(|(_, packet)| *packet.bytes()).collect();
        let segments = cut(&left);
        let units = |bytes: &[u8]| packets(bytes).filter(|it| it.pid() == VIDEO && it.unit_start()).count();
        segments.iter().map(|segment| units(&segment.bytes)).sum::<usize>()
    };
    assert_eq!(lose(34, 10), 150 - 9, "less than a second: kept, with what is damaged");
    // Pictures 34 to 73; then those up to the entry point at 96.
    assert_eq!(lose(34, 40), 150 - 39 - (96 - 74));
}

#[test]
fn what_is_scrambled_is_not_cut() {
    let mut stream = part(Show::default());
    let clear = stream.clone();
    for packet in stream.as_chunks_mut::<PACKET>().0 {
        packet[3] |= if Packet::new(packet).unwrap().pid() == VIDEO { 0x80 } else { 0 };
    }
    let mut segmenter = Segmenter::new(TARGET);
    assert!(segmenter.push(&stream, MOST).is_empty() && segmenter.is_scrambled());
    // It is switched on and off.
    let mut segments = segmenter.push(&clear, MOST);
    assert!(!segmenter.is_scrambled());
    segments.extend(segmenter.push(&stream, MOST));
    assert!(segmenter.is_scrambled());
    assert_eq!(seconds(&segments), [3.84, 2.16]);
}

#[test]
fn irregular_access_points_are_noticed() {
    let irregular = |groups: [u64; 2]| {
        let parts = groups.map(|group| Show { group, frames: 4 * group, ..Show::default() });
        let mut segmenter = Segmenter::new(TARGET);
        for (show, start) in parts.into_iter().zip([0, 4 * groups[0] * FRAME]) {
            segmenter.push(&Show { start, ..show }.write(), MOST);
        }
        segmenter.is_irregular()
    };
    assert_eq!([irregular([30, 30]), irregular([30, 26]), irregular([30, 20])], [false, false, true]);
}

/// The independent reader finds in the segments of real streams, played in a loop, what it finds in these.
#[test]
fn real_streams_are_cut_and_nothing_of_them_is_lost() {
    for clip in ["h264-open-gop", "hevc", "mpeg2"] {
        let clip = std::fs::read(format!("{}/tests/clips/{clip}.ts", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let length = mpegts::restamp::length(&clip).unwrap();
        let (mut restamper, mut stream) = (mpegts::Restamper::new(), Vec::new());
        for _ in 0..12 {
            let start = stream.len();
            stream.extend_from_slice(&clip);
            restamper.apply(&mut stream[start..]);
            restamper.again(length);
        }
        let segments = cut(&stream);
        let one: Vec<u8> = segments.iter().flat_map(|segment| segment.bytes.clone()).collect();
        let (before, after) = (support::analyser::analyse(&stream), support::analyser::analyse(&one));
        assert!(before == after);
        assert!(segments.len() > 3 && segments.iter().all(|segment| segment.independent));
        let borders: Vec<_> = report(&segments, Limits::default()).findings;
        assert!(borders.iter().all(|it| it.fault.name().starts_with("decoded_")), "{borders:?}");
    }
}

#[test]
fn a_unit_that_never_ends_makes_no_segment_larger_than_one_may_be() {
    let before = Show { frames: 96, ..Show::default() }.write();
    let whole = Show { frames: 98, ..Show::default() }.write();
    let of_sound = |packet: &Packet<'_>| packet.pid() == AUDIO;
    let mut counter = packets(&before).filter(of_sound).last().unwrap().continuity_counter();
    let mut sound = |first: bool| {
        counter = (counter + 1) & 0x0F;
        let [high, low] = AUDIO.get().to_be_bytes();
        let mut packet = [0xFF; PACKET];
        packet[..4].copy_from_slice(&[0x47, high | u8::from(first) << 6, low, 0x10 | counter]);
        if first {
            packet[4..13].copy_from_slice(&[0, 0, 1, 0xC0, 0, 0, 0x80, 0, 0]);
        }
        packet
    };
    let mut segmenter = Segmenter::new(TARGET);
    let mut segments = segmenter.push(&before, MOST);
    segments.extend(segmenter.push(&sound(true), MOST));
    for packet in packets(&whole[before.len()..]).filter(|packet| !of_sound(packet)) {
        segments.extend(segmenter.push(packet.bytes(), MOST));
    }
    // As many as the counter can be gone through with.
    let endless: Vec<u8> = (0..1024).flat_map(|_| sound(false)).collect();
    for _ in 0..=LARGEST / endless.len() {
        segments.extend(segmenter.push(&endless, MOST));
    }
    segments.extend(segmenter.splice());
    assert!(segments.iter().all(|segment| segment.bytes.len() <= LARGEST + 2 * PACKET));
}
