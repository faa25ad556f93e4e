//! One unbroken clock over every seam.
#![allow(clippy::unwrap_used)] // a panic is what a test fails with

mod support;

use mpegts::check::{Checker, Limits, Report};
use mpegts::psi::{Pmt, PmtEntry, Section, packetise, with_version};
use mpegts::restamp::length;
use mpegts::{AccessPoint, PACKET, Packet, Pcr, Pid, Restamper, Timestamp, Tracker, packets, pes};
use support::*;

/// What an analyser complains about: counters that jump, clocks that turn back or jump by more than 100 ms.
fn check(stream: &[u8]) {
    let mut tracker = Tracker::new();
    let (mut pcr, mut decoded) = (None::<Pcr>, None::<Timestamp>);
    for packet in packets(stream) {
        tracker.push(packet);
        if let Some(now) = packet.pcr() {
            let step = pcr.replace(now).map_or(1, |before| now.since(before));
            assert!((1..=Pcr::HZ / 10).contains(&step), "the PCR steps by {step}");
        }
        if packet.pid() == VIDEO && packet.unit_start() {
            let now = pes::Header::read(packet.payload()).unwrap().decode_time().unwrap();
            let step = decoded.replace(now).map_or(FRAME as i64, |before| now.since(before));
            assert_eq!(step, FRAME as i64, "the DTS steps by {step}");
        }
    }
    assert_eq!(tracker.counts().continuity_errors, 0);
}

fn first_access_point(stream: &[u8]) -> AccessPoint {
    let mut tracker = Tracker::new();
    packets(stream).find_map(|packet| tracker.push(packet)).unwrap()
}

#[test]
fn a_clip_that_starts_again_for_ever_has_one_clock() {
    let clip = television(Timestamp::MODULUS - 200 * FRAME, 50, 25);
    let ticks = length(&clip).unwrap();
    assert_eq!(ticks, 50 * FRAME as i64);
    let (mut restamper, mut out) = (Restamper::new(), Vec::new());
    for _ in 0..20 {
        let start = out.len();
        out.extend_from_slice(&clip);
        restamper.apply(&mut out[start..]);
        restamper.again(ticks);
    }
    check(&out);
    assert!(out.starts_with(&clip), "the first time nothing is changed");
    assert_eq!((restamper.offset(), restamper.unmoved()), (20 * ticks, 0));
}

#[test]
fn a_clip_that_starts_again_keeps_the_clock_it_was_given_behind_a_source_that_is_further_ahead() {
    let old = Channel { ahead: 20, ..Channel::default() }.write();
    let clip = Channel { ahead: 2, start: 1 << 32, ..Channel::default() }.write();
    let (mut restamper, mut out) = (Restamper::new(), old);
    restamper.follow(&first_access_point(&out).program);
    restamper.apply(&mut out);
    restamper.splice(&first_access_point(&clip), None);
    for _ in 0..3 {
        let begin = out.len();
        out.extend_from_slice(&clip);
        restamper.apply(&mut out[begin..]);
        restamper.again(length(&clip).unwrap());
    }
    check(&out);
}

#[test]
fn another_source_goes_on_one_frame_after_the_last() {
    let (mut old, new) = (television(5_000_000, 40, 25), television(77, 40, 25));
    let mut restamper = Restamper::new();
    restamper.splice(&first_access_point(&old), None);
    restamper.apply(&mut old);
    let start = first_access_point(&new);
    restamper.splice(&start, None);
    let mut joined = Vec::new();
    start.tables(&mut joined);
    joined.extend_from_slice(&new[start.packet as usize * PACKET..]);
    restamper.apply(&mut joined);
    check(&[old, joined].concat());
}

#[test]
fn the_clock_reference_is_not_turned_back_by_a_source_that_is_less_ahead() {
    let source = |ahead: u64| {
        let mut mux = Mux::of(&[(VIDEO, H264)]);
        for frame in 100..150 {
            let pcr = Some(Pcr::from(Timestamp::new((frame - ahead) * FRAME)));
            let payload = &[0, 0, 1, 0x65];
            mux.pes(&Unit { pts: Some(frame * FRAME), pcr, payload, ..Unit::default() });
        }
        mux.bytes
    };
    let (mut old, mut new) = (source(2), source(20));
    let mut restamper = Restamper::new();
    restamper.splice(&first_access_point(&old), None);
    restamper.apply(&mut old);
    restamper.splice(&first_access_point(&new), None);
    restamper.apply(&mut new);
    let references: Vec<Pcr> = [old, new]
        .iter()
        .flat_map(|part| packets(part).filter_map(Packet::pcr).collect::<Vec<_>>())
        .collect();
    assert!(references.windows(2).all(|pair| pair[1].since(pair[0]) > 0));
}

#[test]
fn counters_go_on_over_a_seam_and_keep_the_errors_of_the_source() {
    let packet = |control: u8| {
        let mut bytes = [0xFF; PACKET];
        bytes[..5].copy_from_slice(&[0x47, 0, 0x50, control, 183 - (control >> 4 & 1)]);
        bytes[5] = 0;
        bytes
    };
    let mut restamper = Restamper::new();
    let mut counters = |controls: &[u8]| {
        let mut bytes: Vec<u8> = controls.iter().flat_map(|control| packet(*control)).collect();
        restamper.apply(&mut bytes);
        restamper.again(1);
        packets(&bytes).map(Packet::continuity_counter).collect::<Vec<_>>()
    };
    assert_eq!(counters(&[0x34, 0x35, 0x25, 0x36]), [4, 5, 5, 6]);
    assert_eq!(counters(&[0x23, 0x34, 0x34, 0x37, 0x27]), [6, 7, 7, 10, 10], "a duplicate and a jump");
    assert_eq!(counters(&[0x3F, 0x30]), [11, 12]);
}

#[test]
fn null_packets_and_damaged_packets_are_left_alone() {
    let mut stream = [mpegts::NULL_PACKET, mpegts::NULL_PACKET].concat();
    stream[PACKET + 1] = 0x81;
    let before = stream.clone();
    let mut restamper = Restamper::new();
    restamper.again(5);
    restamper.apply(&mut stream);
    assert!(stream == before);
    assert_eq!(packets(&stream).next().unwrap().pid(), Pid::NULL);
}

#[test]
fn times_that_go_on_in_the_next_packet_are_counted() {
    let count = |first| {
        let mut mux = Mux::default();
        mux.pes(&Unit { pts: Some(9), dts: Some(9), payload: &[1; 50], first, ..Unit::default() });
        let mut restamper = Restamper::new();
        restamper.again(5);
        restamper.apply(&mut mux.bytes);
        restamper.unmoved()
    };
    assert_eq!([count(8), count(13), count(18), count(19), count(184)], [1, 1, 1, 0, 0]);
}

/// One piece after the other as they go out, each from its first access point on, with its tables before it.
fn joined(pieces: &[Vec<u8>], flagged: bool) -> Vec<u8> {
    let (mut restamper, mut out) = (Restamper::new(), Vec::new());
    for piece in pieces {
        let start = first_access_point(piece);
        match (out.is_empty(), flagged) {
            (true, _) => restamper.follow(&start.program),
            (false, true) => restamper.flag(&start, &mut out),
            (false, false) => restamper.splice(&start, None),
        }
        let begin = out.len();
        start.tables(&mut out);
        out.extend_from_slice(&piece[start.packet as usize * PACKET..]);
        restamper.apply(&mut out[begin..]);
    }
    out
}

fn report(stream: &[u8]) -> Report {
    let mut checker = Checker::of_viewer(Limits::default());
    checker.push(stream);
    checker.finish()
}

/// What analysers, ours and the independent one, find in the output of either mode.
fn assert_unbroken(stream: &[u8]) {
    let report = report(stream);
    assert!(report.is_clean(), "{:#?}", report.findings);
    let seen = support::analyser::analyse(stream);
    assert!(seen.values().all(|line| line.continuity_errors == 0));
}

fn versions(stream: &[u8], pid: Pid) -> Vec<u8> {
    let mut assembler = mpegts::psi::Assembler::default();
    let mut found = Vec::new();
    for packet in packets(stream).filter(|packet| packet.pid() == pid) {
        assembler.push(packet, |section| {
            found.push(Section::read(section).expect("the checksum is right").version)
        });
    }
    found.dedup();
    found
}

#[test]
fn a_flagged_seam_announces_every_jump_and_a_restamped_one_has_none() {
    let pieces = [television(5_000_000, 40, 10), television(77, 40, 10), television(1 << 32, 40, 10)];
    let flagged = joined(&pieces, true);
    assert_unbroken(&flagged);
    let jumps: Vec<(Pid, bool)> = packets(&flagged)
        .filter(|packet| packet.discontinuity())
        .map(|packet| (packet.pid(), packet.has_payload()))
        .collect();
    assert_eq!(jumps, [(VIDEO, false), (AUDIO, false)].repeat(2), "that of the clock first");
    let restamped = joined(&pieces, false);
    assert_unbroken(&restamped);
    assert!(packets(&restamped).all(|packet| !packet.discontinuity()));
    check(&restamped);
    assert_eq!(restamped.len() + 4 * PACKET, flagged.len());
    // Without the packets that announce it, the flagged jump is one.
    let bare: Vec<u8> =
        packets(&flagged).filter(|it| !it.discontinuity()).flat_map(|it| *it.bytes()).collect();
    assert!(report(&bare).findings.iter().any(|finding| finding.fault.name() == "clock_jump"));
}

#[test]
fn a_source_on_other_pids_goes_on_with_new_versions_of_its_tables() {
    let old = television(5_000_000, 40, 10);
    let (pmt, video, audio) = (Pid::new(0x20), AUDIO, Pid::new(0x300));
    let new = Channel { pmt, video, audio, frames: 40, ..Channel::default() }.write();
    for flagged in [false, true] {
        let out = joined(&[old.clone(), new.clone(), old.clone()], flagged);
        assert_unbroken(&out);
        assert_eq!(versions(&out, Pid::PAT), [0, 1, 2]);
        let mut tracker = Tracker::new();
        let programs: Vec<Pid> = packets(&out)
            .filter_map(|packet| tracker.push(packet))
            .map(|point| point.program.video().unwrap().pid)
            .collect();
        assert_eq!(programs, [[VIDEO; 4], [AUDIO; 4], [VIDEO; 4]].concat());
    }
}

#[test]
fn the_same_tables_keep_their_version_whatever_the_other_source_calls_it() {
    let renamed = |version: u8| {
        let mut stream = television(77, 40, 10);
        for packet in stream.as_chunks_mut::<PACKET>().0 {
            if matches!(Packet::new(packet).unwrap().pid(), Pid::PAT | PMT) {
                let length = 3 + usize::from(packet[7]);
                let section = with_version(&packet[5..5 + length], version).unwrap();
                packet[5..5 + length].copy_from_slice(&section);
            }
        }
        stream
    };
    let out = joined(&[renamed(3), renamed(31), renamed(0)], false);
    assert_unbroken(&out);
    assert_eq!([versions(&out, Pid::PAT), versions(&out, PMT)], [[3], [3]]);
}

#[test]
fn versions_are_moved_in_tables_of_any_length() {
    let entry =
        |number| PmtEntry { stream_type: 0x06, pid: Pid::new(0x200 + number), descriptors: vec![7; 9] };
    let streams = [(VIDEO, H264), (AUDIO, AAC)];
    let table = |more: u16| {
        let mut table: Pmt = pmt(1, &streams);
        table.entries.extend((0..more).map(entry));
        table.write()
    };
    for more in [0, 11, 12, 13, 14, 40, 63] {
        let section = table(more);
        let mut mux = Mux::default();
        for frame in 0..3 {
            mux.section(Pid::PAT, &pat(&[(1, PMT)]).write());
            mux.section(PMT, &section);
            let time = Some(frame * FRAME);
            mux.pes(&Unit { pts: time, payload: &[0, 0, 1, 0x65], ..Unit::default() });
        }
        // Every packet of the tables comes twice, as it may.
        let twice = packets(&mux.bytes).flat_map(|it| it.bytes().repeat(if it.pid() == PMT { 2 } else { 1 }));
        let out = joined(&[television(0, 10, 10), twice.collect()], false);
        let expected: &[u8] = if more == 0 { &[0] } else { &[0, 1] };
        assert_eq!(versions(&out, PMT), expected, "{more}");
        assert!(report(&out).findings.iter().all(|finding| finding.fault.name() != "checksum"));
    }
    // Two sections in one packet, the second of which begins behind the end of the first.
    let (first, second) = (table(16), table(0));
    let mut packed = Vec::new();
    packetise(PMT, &[first.clone(), second].concat(), 0, &mut packed);
    let mut mux = Mux::of(&streams);
    mux.pes(&Unit { payload: &[0, 0, 1, 0x65], pts: Some(1), ..Unit::default() });
    let out = joined(&[television(0, 10, 10), [mux.bytes, packed].concat()], false);
    assert_eq!(versions(&out, PMT), [0]);
}

#[test]
fn what_was_heard_already_is_left_out() {
    // The sound of the old source is far ahead when it breaks off.
    let old = Channel { sound_later: 10, ..Channel::default() }.write();
    let new = television(77_000_000, 50, 10);
    let out = joined(&[old.clone(), new.clone()], false);
    assert_unbroken(&out);
    let heard = support::analyser::analyse(&out)[&AUDIO.get()].times.len();
    assert_eq!(heard, 50 + 40, "ten units would be heard a second time");
    let other = Channel { audio: Pid::new(0x300), start: 77_000_000, ..Channel::default() }.write();
    assert_unbroken(&joined(&[old.clone(), other], false));
    // A jump that is announced repeats nothing.
    let heard = support::analyser::analyse(&joined(&[old, new], true))[&AUDIO.get()].times.len();
    assert_eq!(heard, 100);
}

#[test]
fn the_clock_steps_on_whatever_the_sources_have_it_ahead() {
    let out = |before, after| {
        let old = Channel { ahead: before, ..Channel::default() }.write();
        let new = Channel { ahead: after, start: 1 << 32, ..Channel::default() }.write();
        joined(&[old, new], false)
    };
    for (before, after) in [(2, 20), (20, 2), (2, 2), (50, 1)] {
        assert_unbroken(&out(before, after));
    }
    // Two seconds less ahead: pictures must wait for as long, or they would come too late.
    let found = report(&out(1, 51)).findings;
    let names: Vec<&str> = found.iter().map(|finding| finding.fault.name()).collect();
    assert_eq!(names, ["decoded_later", "decoded_later"], "pictures and sound");
}

/// Pictures with two B pictures between references, the first of which is decoded at `start`: times in frames.
fn reordered(start: u64, open: bool) -> Vec<Unit<'static>> {
    let unit = |number: u64| {
        // Behind an open access point come two pictures that are shown before it.
        let shown = match number {
            0 if !open => 0,
            number if number % 3 == u64::from(!open) => number + 2,
            number => number - 1,
        };
        let payload: &[u8] = if number == 0 { &[0, 0, 1, 0x65, 9] } else { &[0, 0, 1, 0x41, 9] };
        Unit {
            pts: Some((start + shown + 1) * FRAME),
            dts: Some((start + number) * FRAME),
            pcr: Some(Pcr::from(Timestamp::new((start + number - 4) * FRAME))),
            payload,
            ..Unit::default()
        }
    };
    (0..20).map(unit).collect()
}

fn written(units: &[Unit<'_>]) -> Vec<u8> {
    let mut mux = Mux::of(&[(VIDEO, H264)]);
    units.iter().for_each(|unit| mux.pes(unit));
    mux.bytes
}

#[test]
fn a_picture_behind_a_seam_is_shown_after_all_before_it_wherever_that_is() {
    for (cut, open) in (4..20).flat_map(|cut| [(cut, false), (cut, true)]) {
        let (old, new) = (reordered(1000, false), reordered(77_777, open));
        let out = joined(&[written(&old[..cut]), written(&new)], false);
        let times: Vec<(i64, i64)> = packets(&out)
            .filter(|packet| packet.pid() == VIDEO && packet.unit_start())
            .filter_map(|packet| pes::Header::read(packet.payload()))
            .map(|header| (header.decode_time().unwrap().ticks() as i64, header.pts.unwrap().ticks() as i64))
            .collect();
        assert_eq!(times.len(), cut + 20 - if open { 2 } else { 0 }, "{cut} {open}");
        let frame = FRAME as i64;
        let steps = |times: &[i64]| times.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>();
        let (decoded, mut shown): (Vec<i64>, Vec<i64>) = times.iter().copied().unzip();
        assert!(steps(&decoded).iter().all(|step| (frame..=4 * frame).contains(step)), "{cut} {open}");
        assert!(shown[..cut].iter().all(|before| *before + frame <= shown[cut]), "{cut} {open}");
        shown.sort_unstable();
        assert!(steps(&shown).iter().all(|step| (frame..=4 * frame).contains(step)), "{cut} {open}");
        let names: Vec<_> = report(&out).findings.iter().map(|it| it.fault.name()).collect();
        assert!(names.iter().all(|name| *name == "table_interval"), "{cut} {open}: {names:?}");
    }
}
