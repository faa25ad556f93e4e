//! Segments of HLS: where they are cut, and that nothing is lost at the cuts.
#![allow(clippy::unwrap_used)] // a panic is what a test fails with

mod jumps;
mod show;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use mpegts::check::Limits;
use mpegts::psi::{PmtEntry, Section, packetise};
use mpegts::segment::LARGEST;
use mpegts::{PACKET, Packet, Pcr, Pid, Segment, Segmenter, Timestamp, packets};
use show::*;
use support::*;

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
