//! Whatever the bytes are, nothing panics and every bound holds.

mod support;

use mpegts::psi::{Assembler, Pat, Pmt, Section};
use mpegts::{PACKET, SYNC, classify, foreign, packets, pes};
use proptest::prelude::*;

/// A stream with some of its bytes overwritten and some of its packets lost.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let streams = [support::television(0, 30, 10), include_bytes!("clips/h264-open-gop.ts").to_vec()];
    let overwritten = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..200);
    let lost = proptest::collection::vec(any::<prop::sample::Index>(), 0..5);
    (prop::sample::select(streams.to_vec()), overwritten, lost).prop_map(|(mut stream, overwritten, lost)| {
        for (index, byte) in overwritten {
            let at = index.index(stream.len());
            stream[at] = byte;
        }
        for index in lost {
            let at = index.index(stream.len() / PACKET) * PACKET;
            stream.drain(at..at + PACKET);
        }
        stream
    })
}

/// Packets that are noise behind the sync byte, on few PIDs so that they meet.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let packet = (proptest::collection::vec(any::<u8>(), PACKET), 0u8..4).prop_map(|(mut packet, pid)| {
        (packet[0], packet[1], packet[2]) = (SYNC, packet[1] & 0x40, pid);
        packet
    });
    proptest::collection::vec(packet, 0..60).prop_map(|packets| packets.concat())
}

fn run(stream: &[u8]) {
    foreign::transport(stream);
    foreign::segments(stream);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn damaged_streams_are_survived(stream in damaged()) {
        run(&stream);
    }

    #[test]
    fn noise_is_survived(stream in noise()) {
        run(&stream);
    }

    #[test]
    fn arbitrary_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        run(&bytes);
        classify(&bytes);
        pes::Header::read(&bytes);
        pes::shift(&mut bytes.clone(), -1);
        if let Some(section) = Section::read(&bytes) {
            prop_assert!(Pat::read(&section).is_none() || Pmt::read(&section).is_none());
        }
    }

    #[test]
    fn tables_with_a_right_checksum_and_wrong_contents_are_survived(
        table in prop::sample::select(vec![0u8, 2]),
        body in proptest::collection::vec(any::<u8>(), 0..1100),
    ) {
        let section = Section { table, id: 1, version: 0, current: true, number: 0, last_number: 0, body: &body };
        let bytes = section.write();
        let section = Section::read(&bytes).expect("it was just written");
        prop_assert_eq!(Pat::read(&section).is_some(), table == 0);
        if let Some(pmt) = Pmt::read(&section) {
            pmt.write();
        }
    }

    #[test]
    fn an_assembler_holds_no_more_than_a_section(stream in noise()) {
        let mut assembler = Assembler::default();
        for packet in packets(&stream) {
            assembler.push(packet, |section| assert!(section.len() <= 4096));
        }
    }

    #[test]
    fn moving_there_and_back_changes_nothing(ticks in any::<i32>()) {
        let stream = support::television(1 << 32, 10, 5);
        let mut copy = stream.clone();
        for packet in copy.as_chunks_mut::<PACKET>().0 {
            let mut packet = mpegts::packet::PacketMut::new(packet).expect("it is a packet");
            for ticks in [i64::from(ticks), -i64::from(ticks)] {
                packet.shift_references(ticks * 300);
                if packet.view().unit_start() {
                    pes::shift(packet.payload_mut(), ticks);
                }
            }
        }
        prop_assert!(copy == stream);
    }
}
