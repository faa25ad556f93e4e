//! Where a stream can be joined.
#![allow(clippy::unwrap_used)] // a panic is what a test fails with

mod support;

use mpegts::access::{PACKET_LIMIT, UNIT_LIMIT};
use mpegts::{AccessPoint, NULL_PACKET, PACKET, Pcr, Proof, Timestamp, Tracker, packets};
use support::*;

/// All access points of `bytes`; checks what holds for every stream.
fn find(bytes: &[u8]) -> Vec<AccessPoint> {
    let (mut tracker, mut found, mut held) = (Tracker::new(), Vec::new(), 0);
    for packet in packets(bytes) {
        if let Some(point) = tracker.push(packet) {
            assert!(point.packet >= held, "packet {} was let go", point.packet);
            found.push(point);
        }
        held = tracker.undecided().unwrap_or(tracker.packets());
        assert!(tracker.packets() - held <= PACKET_LIMIT);
    }
    found
}

/// Whether a second unit of these bytes, in a stream of this type, begins an access point, however packets cut it.
fn is_entry(stream_type: u8, unit: &[u8]) -> bool {
    let answers: Vec<bool> = [184, 9, 10, 11, 12, 13, 14, 15, 16, 20, 3, 1]
        .into_iter()
        .map(|first| {
            let mut mux = Mux::of(&[(VIDEO, stream_type)]);
            mux.pes(&Unit { payload: &[0, 0, 1, 0xFF], pts: Some(5), ..Unit::default() });
            let start = (mux.bytes.len() / PACKET) as u64;
            mux.pes(&Unit { payload: unit, pts: Some(7), dts: Some(6), first, ..Unit::default() });
            mux.pes(&Unit { payload: &[1], pts: Some(8), ..Unit::default() });
            let found = find(&mux.bytes);
            assert!(found.iter().all(|point| point.packet == start && point.proof == Proof::Content));
            let times = |point: &AccessPoint| (point.pts, point.dts);
            let six_seven = (Some(Timestamp::new(7)), Some(Timestamp::new(6)));
            assert!(found.iter().all(|point| times(point) == six_seven), "cut at {first}: {found:?}");
            !found.is_empty()
        })
        .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    answers[0]
}

/// NAL units with start codes of three and four bytes in turn.
fn nals(units: &[&[u8]]) -> Vec<u8> {
    let codes: [&[u8]; 2] = [&[0, 0, 0, 1], &[0, 0, 1]];
    units.iter().zip(codes.iter().cycle()).flat_map(|(unit, code)| [*code, *unit].concat()).collect()
}

const AUD: &[u8] = &[0x09, 0xF0];
const SPS: &[u8] = &[0x67, 0x64, 0x00, 0x1F, 0xAC];
const PPS: &[u8] = &[0x68, 0xEB, 0xE3];
const IDR: &[u8] = &[0x65, 0x88, 0x84];
const SLICE: &[u8] = &[0x41, 0x9A, 0x24];

#[test]
fn h264_is_joined_at_idr_pictures_and_parameter_sets() {
    assert!(is_entry(H264, &nals(&[AUD, SPS, PPS, IDR])));
    assert!(is_entry(H264, &nals(&[IDR])));
    assert!(is_entry(H264, &nals(&[AUD, SPS, PPS, SLICE])));
    assert!(!is_entry(H264, &nals(&[AUD, SLICE])));
    assert!(!is_entry(H264, &nals(&[AUD, PPS, SLICE])));
    assert!(!is_entry(H264, &nals(&[SLICE, SPS, PPS, IDR])), "after the first slice nothing counts");
}

#[test]
fn h264_is_joined_at_recovery_points_that_recover_at_once() {
    let sei = |messages: &[u8]| nals(&[AUD, &[&[0x06], messages, &[0x80]].concat(), SLICE]);
    assert!(is_entry(H264, &sei(&[6, 1, 0xC4])));
    assert!(!is_entry(H264, &sei(&[6, 1, 0x4C])), "recovers later");
    // Behind a buffering period with emulation prevention, whose 3 is not counted, and one of 255 + 2 bytes.
    assert!(is_entry(H264, &sei(&[0, 4, 0, 0, 3, 0, 1, 6, 1, 0xC4])));
    assert!(!is_entry(H264, &sei(&[0, 9, 0, 0, 3, 0, 1, 6, 1, 0xC4, 1, 1])), "inside another message");
    assert!(is_entry(H264, &sei(&[&[5, 255, 2], &[7; 257][..], &[6, 1, 0xC4]].concat())));
    assert!(
        is_entry(H264, &sei(&[&[255, 9, 0][..], &[6, 1, 0xC4]].concat())),
        "an empty message of a large type"
    );
}

#[test]
fn hevc_is_joined_at_irap_pictures_and_parameter_sets() {
    let nal = |kind: u8| vec![kind << 1, 1, 0xAA];
    let unit = |kinds: &[u8]| {
        let units: Vec<_> = kinds.iter().map(|kind| nal(*kind)).collect();
        nals(&units.iter().map(Vec::as_slice).collect::<Vec<_>>())
    };
    for kind in 0..32 {
        assert_eq!(is_entry(HEVC, &unit(&[35, kind])), (16..=21).contains(&kind), "type {kind}");
    }
    assert!(is_entry(HEVC, &unit(&[35, 32, 33, 34, 1])));
    assert!(!is_entry(HEVC, &unit(&[35, 33, 34, 1])));
    assert!(!is_entry(HEVC, &unit(&[39, 40])));
}

#[test]
fn mpeg2_is_joined_at_i_pictures_behind_a_header() {
    let (sequence, group) = (&[0xB3, 0x2D, 0x02][..], &[0xB8, 0x00, 0x08][..]);
    let picture = |kind: u8| vec![0x00, 0x00, kind << 3, 0xFF];
    assert!(is_entry(MPEG2, &nals(&[sequence, &[0xB5, 0x14], &picture(1), &[1]])));
    assert!(is_entry(MPEG2, &nals(&[group, &picture(1), &[1]])));
    assert!(!is_entry(MPEG2, &nals(&[sequence, group, &picture(2), &[1]])));
    assert!(!is_entry(MPEG2, &nals(&[&picture(1), &[1]])), "no header");
    assert!(!is_entry(MPEG2, &nals(&[&[1], sequence, &picture(1)])), "behind a slice");
}

#[test]
fn radio_is_joined_at_every_unit() {
    let mut mux = Mux::of(&[(AUDIO, AAC)]);
    for time in 0..5 {
        mux.pes(&Unit {
            pid: AUDIO,
            stream_id: 0xC0,
            pts: Some(time),
            payload: &[9; 500],
            ..Unit::default()
        });
    }
    let found = find(&mux.bytes);
    assert_eq!(found.iter().map(|point| point.packet).collect::<Vec<_>>(), [2, 5, 8, 11, 14]);
    assert!(found.iter().all(|point| point.proof == Proof::Audio));
}

#[test]
fn the_search_gives_up_within_its_bounds() {
    let long = |bytes| [vec![7; bytes], nals(&[IDR])].concat();
    assert!(!is_entry(H264, &long(UNIT_LIMIT + PACKET)));
    assert!(is_entry(H264, &long(UNIT_LIMIT - 2 * PACKET)));

    let mut mux = Mux::of(&[(VIDEO, H264)]);
    mux.pes(&Unit { payload: AUD, ..Unit::default() });
    mux.bytes.extend(NULL_PACKET.repeat(2 * PACKET_LIMIT as usize));
    assert!(find(&mux.bytes).is_empty());
}

/// A stream of units that prove nothing, `seconds` long, hinted at where `hinted` says so.
fn hints(seconds: u64, hinted: impl Fn(u64) -> bool) -> Vec<AccessPoint> {
    let mut mux = Mux::of(&[(VIDEO, H264)]);
    let payload = nals(&[SLICE]);
    for frame in 0..seconds * 25 {
        let (time, random_access) = (Some(frame * FRAME), hinted(frame));
        mux.pes(&Unit { pts: time, random_access, payload: &payload, ..Unit::default() });
    }
    find(&mux.bytes)
}

#[test]
fn a_hint_counts_only_after_ten_seconds_without_proof() {
    let found = hints(20, |frame| frame % 50 == 0);
    assert!(found.iter().all(|point| point.proof == Proof::Hint));
    let seconds: Vec<_> = found.iter().map(|point| point.pts.unwrap().ticks() / 90_000).collect();
    assert_eq!(seconds, [10, 12, 14, 16, 18]);
}

#[test]
fn hints_at_every_unit_count_for_nothing() {
    assert!(hints(60, |_| true).is_empty());
}

#[test]
fn a_proof_beats_hints_for_the_next_ten_seconds() {
    let found = find(&television(0, 500, 25));
    assert_eq!(found.len(), 20);
    assert!(found.iter().all(|point| point.proof == Proof::Content));
}

#[test]
fn an_access_point_knows_its_clock_and_its_tables() {
    let stream = television(Timestamp::MODULUS - 30 * FRAME, 100, 25);
    let found = find(&stream);
    let decoded: Vec<_> = found.iter().map(|point| point.dts.unwrap().ticks()).collect();
    assert_eq!(
        decoded,
        [Timestamp::MODULUS - 30 * FRAME, Timestamp::MODULUS - 5 * FRAME, 20 * FRAME, 45 * FRAME]
    );
    let mut counted = None;
    for point in &found {
        let (dts, pcr) = (point.dts.unwrap(), point.pcr.unwrap());
        assert_eq!(Pcr::from(dts).since(pcr), 2 * FRAME as i64 * 300 - 123);
        let mut tables = Vec::new();
        point.tables(&mut tables);
        let first = packets(&tables).next().unwrap().continuity_counter();
        assert_eq!(first, *counted.get_or_insert(first));
        counted = Some((first + 1) & 15);
    }
}

#[test]
fn scrambled_and_damaged_packets_prove_nothing() {
    let stream = television(0, 50, 25);
    let damage = |byte: usize, bit: u8| {
        let mut stream = stream.clone();
        stream
            .chunks_mut(PACKET)
            .filter(|packet| packet[1] & 0x1F == 1)
            .for_each(|packet| packet[byte] |= bit);
        find(&stream).len()
    };
    assert_eq!([damage(3, 0), damage(3, 0x80), damage(1, 0x80)], [2, 0, 0]);
}

#[test]
fn lost_packets_are_counted_per_pid() {
    let stream = television(0, 100, 25);
    let kept: Vec<u8> = stream
        .chunks(PACKET)
        .enumerate()
        .filter(|(n, _)| n % 50 != 20)
        .flat_map(|(_, p)| p.to_vec())
        .collect();
    let mut tracker = Tracker::new();
    packets(&kept).for_each(|packet| drop(tracker.push(packet)));
    let lost = (stream.len() - kept.len()) / PACKET;
    assert_eq!(tracker.counts().continuity_errors, lost as u64);
    assert_eq!(tracker.pids().map(|(_, state)| state.continuity_errors).sum::<u64>(), lost as u64);
    assert_eq!(tracker.pids().map(|(_, state)| state.packets).sum::<u64>(), tracker.packets());
}

#[test]
fn a_joiner_gets_no_half_unit_of_sound() {
    let mut mux = Mux::of(&[(VIDEO, H264), (AUDIO, AAC)]);
    let sound = Unit { pid: AUDIO, stream_id: 0xC0, payload: &[1; 400], ..Unit::default() };
    mux.pes(&sound);
    let last = mux.bytes.split_off(mux.bytes.len() - PACKET);
    mux.bytes.clear();
    mux.pes(&Unit { payload: &nals(&[IDR]), ..Unit::default() });
    mux.bytes.extend(&last);
    mux.pes(&sound);
    let mut tracker = Tracker::new();
    packets(&Mux::of(&[(VIDEO, H264), (AUDIO, AAC)]).bytes).for_each(|packet| drop(tracker.push(packet)));
    let (mut trim, mut out) = (mpegts::join::Trim::new(tracker.program().unwrap()), Vec::new());
    trim.push(&mux.bytes[..2 * PACKET], &mut out);
    assert!(!trim.done());
    trim.push(&mux.bytes[2 * PACKET..], &mut out);
    assert!(trim.done());
    assert!(out == [&mux.bytes[..PACKET], &mux.bytes[2 * PACKET..]].concat());
}
