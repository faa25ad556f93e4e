//! The checker finds each fault that is put into a good stream, and nothing else.
#![allow(clippy::unwrap_used)] // a panic is what a test fails with

mod support;

use mpegts::check::{Checker, Fault, Limits, Report};
use mpegts::packet::{PacketMut, discontinuity_packet};
use mpegts::psi::with_version;
use mpegts::{NULL_PACKET, PACKET, Packet, Pcr, Pid, Timestamp, packets};
use support::*;

/// Two seconds of television, with tables and an access point each 0.2 s.
fn good() -> Vec<u8> {
    television(Timestamp::MODULUS - 20 * FRAME, 50, 5)
}

fn check(stream: &[u8]) -> Report {
    let mut checker = Checker::of_viewer(Limits::default());
    checker.push(stream);
    checker.finish()
}

fn names(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.fault.name()).collect()
}

fn faults(stream: &[u8]) -> Vec<&'static str> {
    names(&check(stream))
}

/// The places of the packets for which `wanted` holds.
fn places(stream: &[u8], wanted: impl Fn(Packet<'_>) -> bool) -> Vec<usize> {
    packets(stream)
        .enumerate()
        .filter(|(_, packet)| wanted(*packet))
        .map(|(place, _)| place * PACKET)
        .collect()
}

/// A good stream in which the packet at a place is changed.
fn with(place: usize, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut stream = good();
    change(&mut stream[place..place + PACKET]);
    stream
}

/// A good stream with something put in before the packet at a place.
fn with_more(place: usize, bytes: &[u8]) -> Vec<u8> {
    let mut stream = good();
    stream.splice(place..place, bytes.iter().copied());
    stream
}

/// A good stream whose units of one PID, from one number on, have other times.
fn with_times(pid: Pid, units: std::ops::Range<usize>, ticks: i64) -> Vec<u8> {
    let mut stream = good();
    for place in &places(&stream, |packet| packet.pid() == pid && packet.unit_start())[units] {
        let packet = stream[*place..].first_chunk_mut().unwrap();
        mpegts::pes::shift(PacketMut::new(packet).unwrap().payload_mut(), ticks).unwrap();
    }
    stream
}

/// A good stream whose clock, from its `from`-th reference on, is shifted.
fn with_clock(from: usize, ticks: i64) -> Vec<u8> {
    let mut stream = good();
    for place in &places(&stream, |packet| packet.pcr().is_some())[from..] {
        PacketMut::new(stream[*place..].first_chunk_mut().unwrap()).unwrap().shift_references(ticks);
    }
    stream
}

fn on(pid: Pid) -> impl Fn(Packet<'_>) -> bool {
    move |packet| packet.pid() == pid
}

#[test]
fn a_good_stream_has_no_findings_however_it_is_cut() {
    let stream = good();
    for size in [1, 187, 188, 189, 1000, stream.len()] {
        let mut checker = Checker::of_viewer(Limits::default());
        stream.chunks(size).for_each(|piece| checker.push(piece));
        let report = checker.finish();
        assert!(report.is_clean(), "{:?}", report.findings);
        assert_eq!(report.packets, (stream.len() / PACKET) as u64);
        assert_eq!(report.passed / Pcr::HZ, 1);
    }
    for clip in ["h264-open-gop", "hevc", "mpeg2"] {
        let clip = std::fs::read(format!("{}/tests/clips/{clip}.ts", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let mut checker = Checker::new(Limits::default());
        checker.push(&clip);
        let report = checker.finish();
        assert!(report.is_clean(), "{:?}", report.findings);
    }
}

#[test]
fn bytes_between_packets_are_counted() {
    let place = places(&good(), on(AUDIO))[3];
    let report = check(&with_more(place, &[1, 2, 3]));
    assert_eq!(names(&report), ["misaligned"]);
    assert_eq!(report.findings[0].fault, Fault::Misaligned { bytes: 3 });
    assert_eq!(report.findings[0].packet, (place / PACKET) as u64);
    let stream = good();
    assert_eq!(faults(&stream[..stream.len() - 100]), ["misaligned"]);
    assert_eq!(faults(&[&stream[..], &[9; 50]].concat()), ["misaligned"]);
    let torn = check(&stream[..stream.len() - 1]);
    assert_eq!(torn.findings[0].fault, Fault::Misaligned { bytes: 187 });
    let last = stream.len() - PACKET;
    let report = check(&[&stream[..last], &[9; 50], &stream[last..]].concat());
    assert_eq!((names(&report), report.packets), (vec!["misaligned"], (stream.len() / PACKET) as u64));
}

#[test]
fn damaged_and_malformed_packets_are_told() {
    let audio = places(&good(), on(AUDIO))[3];
    assert_eq!(faults(&with(audio, |packet| packet[1] |= 0x80)), ["damaged"]);
    let mut reserved = NULL_PACKET;
    (reserved[1], reserved[3]) = (0x01, 0x00);
    assert_eq!(faults(&with_more(audio, &reserved)), ["malformed"]);
    (reserved[3], reserved[4]) = (0x30, 183);
    assert_eq!(faults(&with_more(audio, &reserved)), ["malformed"]);
}

#[test]
fn a_lost_packet_is_one_jump_of_its_counter() {
    let stream = good();
    let place = places(&stream, |packet| packet.pid() == VIDEO && !packet.unit_start())[7];
    let expected = stream[place + 3] & 15;
    let mut lost = stream;
    lost.drain(place..place + PACKET);
    let report = check(&lost);
    let fault = Fault::Counter { expected, found: (expected + 1) & 15 };
    assert_eq!(
        report.findings.iter().map(|it| (it.pid, it.fault)).collect::<Vec<_>>(),
        [(Some(VIDEO), fault)]
    );
}

#[test]
fn a_packet_may_come_twice_but_not_three_times_and_not_changed() {
    let stream = good();
    let place = places(&stream, on(AUDIO))[5];
    let packet = &stream[place..place + PACKET];
    let report = check(&with_more(place, packet));
    assert_eq!((report.is_clean(), report.repeated), (true, 1));
    assert_eq!(faults(&with_more(place, &packet.repeat(2))), ["counter"]);
    let mut other = packet.to_vec();
    other[PACKET - 1] ^= 1;
    assert_eq!(faults(&with_more(place, &other))[0], "counter");
}

#[test]
fn counters_of_null_packets_and_announced_jumps_are_no_fault() {
    let stream = good();
    let place = places(&stream, |packet| packet.pid() == VIDEO && packet.unit_start())[6];
    let report = check(&with_more(place, &NULL_PACKET.repeat(3)));
    assert_eq!((report.is_clean(), report.nulls), (true, 3));
    let announced = discontinuity_packet(VIDEO, stream[place + 3].wrapping_sub(1) & 15);
    let mut stream = with_more(place, &announced);
    assert!(faults(&stream).is_empty());
    // Behind it, counter and clock are others.
    for packet in stream[place..].as_chunks_mut::<PACKET>().0.iter_mut().filter(|packet| packet[2] == 0) {
        if Packet::new(packet).unwrap().pid() == VIDEO {
            packet[3] = packet[3] & 0xF0 | (packet[3] + 5) & 15;
        }
        let mut packet = PacketMut::new(packet).unwrap();
        packet.shift_references(-Pcr::HZ * 1000);
    }
    let report = check(&stream);
    assert_eq!(names(&report), ["early", "early"], "only the units are told, which were not shifted along");
    let without = [&stream[..place], &stream[place + PACKET..]].concat();
    assert_eq!(faults(&without)[..2], ["counter", "clock_jump"]);
}

#[test]
fn scrambled_streams_are_told_once_each() {
    let mut stream = good();
    for place in places(&stream, on(AUDIO)) {
        stream[place + 3] |= 0x80;
    }
    assert_eq!(faults(&stream), ["scrambled"]);
}

#[test]
fn tables_are_checked_for_checksum_version_and_interval() {
    let stream = good();
    let pmt = places(&stream, on(PMT))[2];
    let report = check(&with(pmt, |packet| packet[15] ^= 4));
    assert_eq!(names(&report), ["checksum"]);
    assert_eq!(report.findings[0].fault, Fault::Checksum { table: 2 });

    // Another language for the sound, with the same version and with the next one.
    let mut table = support::pmt(1, &[(VIDEO, H264), (AUDIO, AAC)]);
    table.entries[1].descriptors = vec![0x0A, 4, b'd', b'e', b'u', 0];
    let changed = |section: Vec<u8>| {
        let mut stream = good();
        for place in &places(&stream, on(PMT))[5..] {
            stream[place + 5..place + 5 + section.len()].copy_from_slice(&section);
        }
        check(&stream)
    };
    let report = changed(table.write());
    assert_eq!((names(&report), report.table_changes), (vec!["version_kept"], 1));
    let report = changed(with_version(&table.write(), 1).unwrap());
    assert_eq!((report.is_clean(), report.table_changes), (true, 1));

    let rare = faults(&television(0, 60, 20));
    assert_eq!(rare, ["table_interval"; 6], "0.8 s apart, and the end");
    let mut end = television(0, 60, 60);
    assert_eq!(faults(&end), ["table_interval"; 2], "away at the end");
    end.truncate(2 * PACKET);
    assert_eq!(faults(&end), ["no_access_point"]);
}

#[test]
fn a_viewer_begins_with_tables_and_an_access_point() {
    let stream = good();
    let begin = |drop: usize| faults(&stream[drop * PACKET..]);
    assert_eq!(begin(1), ["no_tables"], "PMT, then no PAT");
    assert_eq!(begin(2)[0], "no_tables");
    let second = places(&stream, |packet| packet.pid() == VIDEO && packet.unit_start())[1];
    let tables = &stream[..2 * PACKET];
    assert_eq!(faults(&[tables, &stream[second..]].concat()), ["no_access_point"]);
    let audio = places(&stream, on(AUDIO))[0];
    assert_eq!(faults(&[tables, &stream[audio..]].concat()), ["no_access_point"], "sound comes first");
    assert_eq!(faults(&[]), ["no_tables"]);
    let mut anywhere = Checker::new(Limits::default());
    anywhere.push(&stream[second..]);
    assert!(anywhere.finish().is_clean());
}

#[test]
fn hints_are_believed_only_when_that_is_asked_for() {
    let mut mux = Mux::of(&[(VIDEO, H264)]);
    for frame in 0..3 {
        let payload = &[0, 0, 1, 0x41, 0xAA];
        let (pts, pcr) = (Some((frame + 5) * FRAME), Some(Pcr::from(Timestamp::new(frame * FRAME))));
        mux.pes(&Unit { pts, pcr, payload, random_access: frame == 0, ..Unit::default() });
    }
    assert_eq!(faults(&mux.bytes), ["no_access_point"]);
    let mut checker = Checker::of_viewer(Limits { believe_hints: true, ..Limits::default() });
    checker.push(&mux.bytes);
    assert!(checker.finish().is_clean());
}

#[test]
fn units_are_as_long_as_they_say() {
    let place = places(&good(), |packet| packet.pid() == AUDIO && packet.unit_start())[4];
    let start = PACKET - 21; // of the PES packet: 14 bytes of header and 7 of sound
    let report = check(&with(place, |packet| packet[start + 5] += 10));
    assert_eq!(report.findings[0].fault, Fault::UnitCut { missing: 10 });
    assert_eq!(report.total, 1);
    assert_eq!(faults(&with(place, |packet| packet[start + 5] -= 1)), ["unit_overrun"]);
}

#[test]
fn no_unit_goes_on_in_the_next_segment() {
    let stream = good();
    let borders = places(&stream, on(Pid::PAT));
    let check = |first: &[u8], second: &[u8]| {
        let mut checker = Checker::new(Limits::default());
        checker.segment(first);
        checker.segment(second);
        let report = checker.finish();
        (names(&report), report.findings.iter().map(|it| (it.part, it.pid)).collect::<Vec<_>>())
    };
    let (first, second) = stream.split_at(borders[5]);
    assert_eq!(check(first, second).0, [""; 0]);
    // The last packets of the video's unit come behind the border.
    let last = places(first, on(VIDEO)).pop().unwrap();
    let moved = [&second[..3 * PACKET], &first[last..last + PACKET], &second[3 * PACKET..]].concat();
    let rest = [&first[..last], &first[last + PACKET..]].concat();
    let (found, _) = check(&rest, &moved);
    assert_eq!(found, ["counter"; 3], "order within the PID has changed");
    // A sound that was cut in two.
    let mut mux = Mux::of(&[(VIDEO, H264), (AUDIO, AAC)]);
    let entry = Unit { pts: Some(9 * FRAME), payload: &[0, 0, 1, 0x65], ..Unit::default() };
    mux.pes(&entry);
    mux.pes(&Unit { pid: AUDIO, stream_id: 0xC0, pts: Some(9), payload: &[7; 300], ..Unit::default() });
    let tail = mux.bytes.split_off(mux.bytes.len() - PACKET);
    let first = std::mem::take(&mut mux.bytes);
    mux.tables(&[(VIDEO, H264), (AUDIO, AAC)]);
    mux.pes(&Unit { pts: Some(10 * FRAME), ..entry });
    let second = [&mux.bytes[..], &tail].concat();
    assert_eq!(
        check(&first, &second),
        (vec!["unit_cut", "unit_continues"], vec![(0, Some(AUDIO)), (1, Some(AUDIO))])
    );
}

#[test]
fn counters_and_clocks_go_on_over_segments_unless_a_discontinuity_is_declared() {
    let (first, second) = (good(), television(77, 50, 5));
    let run = |declared| {
        let mut checker = Checker::new(Limits::default());
        checker.segment(&first);
        if declared {
            checker.discontinuity();
        }
        checker.segment(&second);
        names(&checker.finish())
    };
    assert_eq!(run(true), [""; 0]);
    let found = run(false);
    assert_eq!(found.iter().filter(|name| **name == "counter").count(), 4, "{found:?}");
    assert!(found.contains(&"clock_jump"));
}

#[test]
fn clocks_are_checked_for_interval_and_jumps() {
    let mut stream = good();
    let clocks = places(&stream, |packet| packet.pcr().is_some());
    clocks[20..22].iter().for_each(|place| stream[place + 5] &= !0x10);
    let report = check(&stream);
    assert_eq!(report.findings[0].fault, Fault::ClockInterval { ticks: 3 * FRAME as i64 * 300 });
    assert_eq!(report.total, 1);
    assert_eq!(faults(&with_clock(30, -2 * Pcr::HZ)), ["clock_jump"]);
    assert_eq!(faults(&with_clock(30, 2 * Pcr::HZ)), ["clock_jump", "late", "late"], "and late they are");
}

#[test]
fn decode_times_grow_and_do_not_jump() {
    let frame = FRAME as i64;
    let report = check(&with_times(VIDEO, 20..50, -frame));
    assert_eq!(report.findings[0].fault, Fault::DecodedBackwards { ticks: 0 });
    assert_eq!(report.total, 1);
    assert_eq!(faults(&with_times(AUDIO, 20..50, 100_000)), ["decoded_later"]);
    assert_eq!(faults(&with_times(VIDEO, 20..50, -3 * frame)), ["decoded_backwards", "late"]);
    assert_eq!(faults(&with_times(AUDIO, 20..50, 900_000)), ["decoded_later", "early"]);
}

#[test]
fn pictures_are_not_closer_together_than_pictures_are() {
    let frame = FRAME as i64;
    // One picture too soon after the one before it; one that two others are shown with.
    assert_eq!(faults(&with_times(VIDEO, 20..50, -frame * 3 / 5)), ["decoded_too_soon", "shown_together"]);
    assert!(faults(&with_times(VIDEO, 20..50, -frame / 2)).is_empty(), "two fields of a picture");
    assert!(
        faults(&with_times(AUDIO, 20..50, -frame * 3 / 5)).is_empty(),
        "units of sound are of any length"
    );
}

#[test]
fn a_picture_is_not_shown_before_it_is_decoded() {
    let mut mux = Mux::of(&[(VIDEO, H264)]);
    let pcr = Some(Pcr::new(0));
    let payload = &[0, 0, 1, 0x65];
    mux.pes(&Unit { pts: Some(5000), dts: Some(6000), pcr, payload, ..Unit::default() });
    let report = check(&mux.bytes);
    assert_eq!(report.findings[0].fault, Fault::ShownTooSoon { ticks: 1000 });
    assert_eq!(report.total, 1);
}

#[test]
fn findings_are_kept_within_their_limit_and_counted_beyond() {
    let mut checker = Checker::new(Limits { findings: 3, ..Limits::default() });
    (0..100).for_each(|_| checker.push(&with_clock(30, -2 * Pcr::HZ)));
    let report = checker.finish();
    assert_eq!(report.findings.len(), 3);
    assert!(report.total > 100);
}

#[test]
fn findings_tell_where_in_words() {
    let place = places(&good(), on(AUDIO))[3];
    let report = check(&with(place, |packet| packet[1] |= 0x80));
    let told = report.findings[0].to_string();
    let expected = format!("part 0 packet {} PID 0x0101: marked as damaged", place / PACKET);
    assert!(told.starts_with(&expected), "{told}");
}

proptest::proptest! {
    /// Wherever packets of a stream are lost, an independent reader misses as many of them.
    #[test]
    fn lost_packets_are_counted_as_an_independent_reader_counts_them(
        lost in proptest::collection::vec(proptest::prelude::any::<proptest::sample::Index>(), 0..6),
    ) {
        let mut stream = good();
        for place in lost {
            // The tables at the beginning stay: the other reader needs them.
            let place = 2 + place.index(stream.len() / PACKET - 2);
            stream.drain(place * PACKET..(place + 1) * PACKET);
        }
        let report = check(&stream);
        let seen = support::analyser::analyse(&stream);
        for pid in [VIDEO, AUDIO] {
            let ours = report.findings.iter().filter(|it| it.pid == Some(pid) && it.fault.name() == "counter");
            proptest::prop_assert_eq!(ours.count() as u64, seen.get(&pid.get()).map_or(0, |it| it.continuity_errors));
        }
    }
}

/// The program, with its exit status.
mod program {
    use std::io::Write;
    use std::path::PathBuf;
    use std::process::{Command, Output, Stdio};

    use super::*;

    fn tscheck(arguments: &[&str], input: &[u8]) -> (Option<i32>, String) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_tscheck"));
        program.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
    }

    /// A file that goes away with the test.
    struct Scrap(PathBuf);

    impl Scrap {
        fn new(name: &str, bytes: &[u8]) -> Self {
            let path = std::env::temp_dir().join(format!("tscheck-{}-{name}", std::process::id()));
            std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
            Self(path)
        }

        fn path(&self) -> &str {
            self.0.to_str().unwrap()
        }
    }

    impl Drop for Scrap {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn a_stream_is_read_from_a_file_or_from_standard_input() {
        let file = Scrap::new("good.ts", &good());
        let (status, told) = tscheck(&["--start-at-access-point", file.path()], &[]);
        assert_eq!(status, Some(0), "{told}");
        assert!(told.starts_with("0 findings in "), "{told}");
        let (status, told) = tscheck(&[], &with_clock(30, -Pcr::HZ));
        assert!(status == Some(1) && told.contains("clock jumps by -0.960 s unannounced"), "{told}");
        let (status, told) = tscheck(&["--json", "-"], &with_clock(30, -Pcr::HZ));
        let expected = format!("\"pid\":{},\"fault\":\"clock_jump\",\"text\":\"clock jumps", VIDEO.get());
        assert!(status == Some(1) && told.contains(&expected), "{told}");
        assert_eq!(tscheck(&["--json", "--table-interval", "0.1"], &good()).0, Some(1));
    }

    #[test]
    fn segments_are_checked_at_their_borders() {
        let stream = good();
        let (first, second) = stream.split_at(places(&stream, on(Pid::PAT))[5]);
        let (one, two) = (Scrap::new("1.ts", first), Scrap::new("2.ts", second));
        assert_eq!(tscheck(&["--segments", one.path(), two.path()], &[]).0, Some(0));
        let (status, told) = tscheck(&["--segments", two.path(), one.path()], &[]);
        assert!(status == Some(1) && told.contains("part 1 packet"), "{told}");
    }

    #[test]
    fn wrong_arguments_and_missing_files_have_a_status_of_their_own() {
        for arguments in [&["--segments"][..], &["--x"], &["--table-interval", "soon"], &["/nowhere/at/all"]]
        {
            let (status, told) = tscheck(arguments, &[]);
            assert!(status == Some(2) && told.starts_with("tscheck: "), "{told}");
        }
        assert_eq!(tscheck(&["--help"], &[]).0, Some(0));
    }
}
