//! PAT and PMT, in whichever packets they come.
#![allow(clippy::unwrap_used)] // a panic is what a test fails with

mod support;

use mpegts::psi::{Assembler, Pat, Pmt, PmtEntry, Section, packetise, with_version};
use mpegts::{Codec, PACKET, Packet, Pid, Tracker, packets};
use support::*;

fn sections(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut assembler, mut found) = (Assembler::default(), Vec::new());
    for packet in packets(bytes) {
        assembler.push(packet, |section| found.push(section.to_vec()));
    }
    found
}

fn follow(bytes: &[u8]) -> Tracker {
    let mut tracker = Tracker::new();
    packets(bytes).for_each(|packet| drop(tracker.push(packet)));
    tracker
}

fn long_pmt(streams: u16) -> Vec<u8> {
    let entry = |number| PmtEntry {
        stream_type: 0x06,
        pid: Pid::new(0x200 + number),
        descriptors: vec![0x0A, 4, b'd', b'E', b'u', 0, 0x6A, 1, 0],
    };
    Pmt { entries: (0..streams).map(entry).collect(), ..pmt(1, &[]) }.write()
}

#[test]
fn tables_are_written_as_they_are_read() {
    let table = pat(&[(1, PMT), (2, Pid::new(0x1FF0))]);
    let bytes = table.write();
    assert_eq!(Pat::read(&Section::read(&bytes).unwrap()), Some(table));
    let bytes = long_pmt(5);
    let section = Section::read(&bytes).unwrap();
    assert_eq!(Pmt::read(&section).unwrap().write(), bytes);
    assert_eq!(section.write(), bytes);
}

#[test]
fn one_wrong_bit_is_noticed() {
    let good = long_pmt(5);
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(Section::read(&bad).is_none(), "bit {bit}");
    }
}

#[test]
fn a_table_announced_in_advance_is_not_used() {
    let bytes = pat(&[(1, PMT)]).write();
    let next = Section { current: false, ..Section::read(&bytes).unwrap() }.write();
    assert!(Section::read(&next).is_some_and(|section| Pat::read(&section).is_none()));
}

#[test]
fn the_version_can_be_changed() {
    let bytes = with_version(&long_pmt(2), 31).unwrap();
    assert_eq!(Section::read(&bytes).unwrap().version, 31);
}

#[test]
fn a_section_spans_packets_and_is_packed_as_it_was() {
    let section = long_pmt(40);
    let mut bytes = Vec::new();
    assert_eq!(packetise(PMT, &section, 14, &mut bytes), (14 + 4) & 15);
    assert!(section.len() > 3 * 184 && bytes.len() == 4 * PACKET);
    assert_eq!(sections(&bytes), [section]);
}

#[test]
fn a_section_ends_before_the_next_one_begins_in_the_same_packet() {
    let (first, second, third) = (long_pmt(16), pat(&[(1, PMT)]).write(), pat(&[(2, PMT)]).write());
    let mut mux = Mux::default();
    let (head, tail) = first.split_at(183);
    mux.packet(PMT, true, vec![], &[&[0], head].concat());
    let mut last = [&[tail.len() as u8], tail, &second, &third].concat();
    last.resize(184, 0xFF);
    mux.packet(PMT, true, vec![], &last);
    assert_eq!(sections(&mux.bytes), [first, second, third]);
}

#[test]
fn a_lost_packet_loses_its_section_and_no_other() {
    let mut bytes = Vec::new();
    let next = packetise(PMT, &long_pmt(40), 0, &mut bytes);
    packetise(PMT, &long_pmt(3), next, &mut bytes);
    bytes.drain(PACKET..2 * PACKET);
    assert_eq!(sections(&bytes), [long_pmt(3)]);
}

#[test]
fn the_program_is_followed_with_its_languages_and_codecs() {
    let mut mux = Mux::default();
    mux.section(Pid::PAT, &pat(&[(1, PMT)]).write());
    mux.section(PMT, &long_pmt(40));
    let tracker = follow(&mux.bytes);
    let program = tracker.program().unwrap();
    assert_eq!(program.streams.len(), 40);
    assert!(
        program.streams.iter().all(|stream| stream.codec == Codec::Ac3 && stream.language == Some(*b"deu"))
    );
    assert!(program.video().is_none());
}

#[test]
fn a_new_pmt_makes_a_new_program() {
    let mut mux = Mux::of(&[(VIDEO, H264), (AUDIO, AAC)]);
    mux.tables(&[(VIDEO, H264), (AUDIO, AAC)]);
    let before = follow(&mux.bytes).program().unwrap().clone();
    mux.tables(&[(VIDEO, HEVC), (AUDIO, AAC)]);
    let after = follow(&mux.bytes).program().unwrap().clone();
    assert_eq!([&before, &after].map(|program| program.video().unwrap().codec.name()), ["h264", "hevc"]);
    assert!(!before.continues_as(&after) && before.continues_as(&before));
}

#[test]
fn of_several_programs_the_first_that_is_sent_is_followed() {
    let second = Pid::new(0x1001);
    let mut mux = Mux::default();
    for _ in 0..30 {
        mux.section(Pid::PAT, &pat(&[(1, PMT), (2, second)]).write());
        mux.section(second, &pmt(2, &[(VIDEO, H264)]).write());
    }
    assert_eq!(follow(&mux.bytes).program().unwrap().number, 2);
    mux.section(PMT, &pmt(1, &[(AUDIO, AAC)]).write());
    assert_eq!(follow(&mux.bytes).program().unwrap().number, 2, "and kept");
}

#[test]
fn the_wanted_program_is_followed_and_no_other() {
    let second = Pid::new(0x1001);
    let mut mux = Mux::default();
    mux.section(Pid::PAT, &pat(&[(1, PMT), (2, second)]).write());
    mux.section(PMT, &pmt(1, &[(AUDIO, AAC)]).write());
    mux.section(second, &pmt(2, &[(VIDEO, H264)]).write());
    let of = |number| {
        let mut tracker = Tracker::of_program(number);
        packets(&mux.bytes).for_each(|packet| drop(tracker.push(packet)));
        tracker.program().map(|program| program.pmt_pid)
    };
    assert_eq!([of(1), of(2), of(3)], [Some(PMT), Some(second), None]);
}

#[test]
fn the_tables_of_a_joiner_lead_up_to_the_next_counters() {
    let mut mux = Mux::default();
    mux.section(Pid::PAT, &pat(&[(1, PMT)]).write());
    mux.section(PMT, &long_pmt(40));
    let tracker = follow(&mux.bytes);
    let mut out = Vec::new();
    tracker.program().unwrap().tables(9, 1, &mut out);
    let counters: Vec<_> = packets(&out).map(|packet| (packet.pid(), packet.continuity_counter())).collect();
    assert_eq!(counters, [(Pid::PAT, 8), (PMT, 13), (PMT, 14), (PMT, 15), (PMT, 0)]);
    assert_eq!(follow(&out).program(), tracker.program());
    assert!(Packet::new(out.first_chunk().unwrap()).unwrap().unit_start());
}
