//! One unbroken clock over every seam.
#![allow(clippy::unwrap_used)] // a panic is what a test fails with

mod support;

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
fn another_source_goes_on_one_frame_after_the_last() {
    let (mut old, new) = (television(5_000_000, 40, 25), television(77, 40, 25));
    let mut restamper = Restamper::new();
    restamper.splice(&first_access_point(&old));
    restamper.apply(&mut old);
    let start = first_access_point(&new);
    restamper.splice(&start);
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
    restamper.splice(&first_access_point(&old));
    restamper.apply(&mut old);
    restamper.splice(&first_access_point(&new));
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
