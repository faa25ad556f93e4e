//! From bytes cut anywhere to whole packets.

mod support;

use mpegts::sync::Verdict;
use mpegts::{Aligner, Foreign, NULL_PACKET, PACKET, SYNC};
use proptest::prelude::*;

/// All packets of `bytes`, given in pieces of these sizes in turn.
fn aligned(bytes: &[u8], cuts: &[usize]) -> (Vec<u8>, Aligner) {
    let (mut aligner, mut out, mut rest) = (Aligner::new(), Vec::new(), bytes);
    for cut in cuts.iter().cycle() {
        let (piece, later) = rest.split_at(rest.len().min((*cut).max(1)));
        aligner.push(piece, &mut out);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    aligner.finish(&mut out);
    (out, aligner)
}

/// Packets that can be told apart and contain no sync byte but their own.
fn clean(count: usize) -> Vec<u8> {
    let packet = |number: usize| {
        let mut packet = NULL_PACKET;
        packet[4..8].copy_from_slice(&[(number >> 12) as u8, (number >> 6) as u8 & 63, number as u8 & 63, 1]);
        packet
    };
    (0..count).flat_map(packet).collect()
}

#[test]
fn every_cut_from_one_byte_to_4096_gives_the_same_packets() {
    let stream = clean(100);
    for cut in 1..=4096 {
        assert_eq!(aligned(&stream, &[cut]).0, stream, "cut every {cut}");
    }
}

#[test]
fn packets_of_192_and_204_bytes_are_converted() {
    let stream = clean(50);
    let with = |before: usize, after: usize| {
        let wrap = |packet: &[u8]| [&vec![9; before], packet, &vec![SYNC; after]].concat();
        stream.chunks(PACKET).flat_map(wrap).collect::<Vec<u8>>()
    };
    for (before, after) in [(4, 0), (0, 16)] {
        let (out, aligner) = aligned(&with(before, after), &[1000]);
        assert!(out == stream, "{before} before, {after} after");
        assert!(aligner.skipped() <= 16, "{} skipped", aligner.skipped());
    }
}

#[test]
fn garbage_between_packets_costs_no_packet() {
    let stream = clean(40);
    let (a, b) = stream.split_at(20 * PACKET);
    let (out, aligner) = aligned(&[b"rubbish", a, &[0x46; 300], b].concat(), &[100]);
    assert_eq!(out.len(), stream.len());
    assert_eq!((aligner.skipped(), aligner.losses()), (307, 1));
    assert!(out == stream);
}

#[test]
fn a_packet_that_was_cut_short_is_dropped_alone() {
    let stream = clean(40);
    let (a, b) = stream.split_at(20 * PACKET);
    let (out, aligner) = aligned(&[&a[..a.len() - 60], b].concat(), &[64]);
    assert!(out == [&a[..a.len() - PACKET], b].concat());
    assert_eq!(aligner.skipped(), 128);
}

#[test]
fn after_a_loss_the_lock_is_back_within_five_packets() {
    let stream = clean(40);
    let mut damaged = stream.clone();
    damaged[20 * PACKET] = 0;
    let (out, _) = aligned(&damaged, &[PACKET]);
    assert!(out == [&stream[..20 * PACKET], &stream[21 * PACKET..]].concat());
}

#[test]
fn half_a_packet_is_never_joined_to_the_next_connection() {
    let stream = clean(30);
    let (mut aligner, mut out) = (Aligner::new(), Vec::new());
    aligner.push(&stream[..10 * PACKET + 77], &mut out);
    aligner.reset();
    aligner.push(&stream[11 * PACKET + 5..], &mut out);
    aligner.finish(&mut out);
    let whole: Vec<_> = stream.chunks(PACKET).collect();
    assert!(out.chunks(PACKET).all(|packet| whole.contains(&packet)));
    assert_eq!(out.len() / PACKET, 10 + 18);
}

#[test]
fn a_stream_of_three_packets_is_a_stream() {
    assert_eq!(aligned(&clean(3), &[50]).0, clean(3));
    assert!(aligned(b"G", &[1]).0.is_empty());
}

#[test]
fn a_web_page_is_recognised() {
    let page = b"<html><body>GGGGGGG too many connections</body></html>".repeat(2000);
    let (mut aligner, mut out) = (Aligner::new(), Vec::new());
    aligner.push(&page[..1000], &mut out);
    assert_eq!(aligner.verdict(), Verdict::Undecided);
    assert_eq!(mpegts::classify(aligner.head()), Foreign::Html);
    aligner.push(&page[1000..], &mut out);
    assert_eq!((aligner.verdict(), out.len()), (Verdict::Foreign(Foreign::Html), 0));
}

#[test]
fn a_stream_is_a_stream_whatever_comes_before_it() {
    let (mut aligner, mut out) = (Aligner::new(), Vec::new());
    aligner.push(&[b'x'; 2000], &mut out);
    aligner.push(&clean(6), &mut out);
    assert_eq!((aligner.verdict(), aligner.skipped()), (Verdict::Transport, 2000));
}

/// Pieces of packets, sync bytes and noise: what a bad line delivers.
fn line_noise() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        (1usize..30).prop_map(clean),
        (1usize..400).prop_map(|count| vec![SYNC; count]),
        proptest::collection::vec(any::<u8>(), 0..500),
        (0usize..PACKET).prop_map(|length| clean(1)[..length].to_vec()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn the_cuts_do_not_matter(noise in line_noise(), cuts in proptest::collection::vec(1usize..1500, 1..10)) {
        let (at_once, whole) = aligned(&noise, &[usize::MAX]);
        let (in_pieces, parts) = aligned(&noise, &cuts);
        prop_assert!(at_once == in_pieces);
        prop_assert_eq!((whole.skipped(), whole.losses()), (parts.skipped(), parts.losses()));
        prop_assert_eq!(at_once.len() % PACKET, 0);
        prop_assert!(at_once.chunks(PACKET).all(|packet| packet[0] == SYNC));
    }

    #[test]
    fn every_byte_is_in_a_packet_or_skipped(noise in line_noise(), cut in 1usize..1500) {
        let (out, aligner) = aligned(&noise, &[cut]);
        prop_assert!(out.len() as u64 + aligner.skipped() <= noise.len() as u64);
        prop_assert!(noise.windows(PACKET).count() > 0 || out.is_empty());
    }
}
