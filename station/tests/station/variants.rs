//! Transport streams as other encoders and networks make them.

use std::collections::BTreeMap;

use mpegts::{Aligner, Codec, PACKET, Packet, Proof, Tracker, packets};
use station::Station;

use crate::{fast, get, read, start, text};

/// About so many seconds of the first channel in a variant.
async fn stream(station: &Station, variant: &str, seconds: usize) -> Vec<u8> {
    let answer = get(&station.variant_url(variant, station.catalogue().live_id(0))).await;
    assert_eq!(answer.status(), 200, "{variant}");
    let mut answer = answer;
    let mut bytes = read(&mut answer, seconds * 250_000).await;
    bytes.truncate(bytes.len() / PACKET * PACKET);
    bytes
}

/// What a relay makes of a stream: its codecs, how its access points are proved, continuity errors.
fn tracked(bytes: &[u8]) -> (Vec<Codec>, Vec<Proof>, u64) {
    let (mut tracker, mut proofs) = (Tracker::new(), Vec::new());
    for packet in packets(bytes) {
        proofs.extend(tracker.push(packet).map(|point| point.proof));
    }
    let codecs = tracker.program().unwrap().streams.iter().map(|stream| stream.codec).collect();
    (codecs, proofs, tracker.counts().continuity_errors)
}

fn of(bytes: &[u8], pid: u16) -> impl Iterator<Item = Packet<'_>> {
    packets(bytes).filter(move |packet| packet.pid().get() == pid)
}

#[tokio::test]
async fn every_codec_is_told_and_has_access_points() {
    let station = start(fast()).await;
    let table = [
        ("plain", vec![Codec::H264, Codec::Aac]),
        ("hevc", vec![Codec::Hevc, Codec::Aac]),
        ("mpeg2,mp2", vec![Codec::Mpeg2Video, Codec::MpegAudio]),
        ("recovery,latm", vec![Codec::H264, Codec::AacLatm]),
        ("no-aud,ac3", vec![Codec::H264, Codec::Ac3]),
        ("sound,ac3", vec![Codec::Ac3]),
        ("silent", vec![Codec::H264]),
    ];
    for (variant, expected) in table {
        let seconds = if variant.starts_with("sound") { 1 } else { 6 };
        let (codecs, proofs, errors) = tracked(&stream(&station, variant, seconds).await);
        assert_eq!((codecs, errors), (expected, 0), "{variant}");
        assert!(proofs.len() >= 3, "{variant}: {proofs:?}");
    }
}

#[tokio::test]
async fn without_idr_pictures_recovery_points_tell_where_to_begin() {
    let station = start(fast()).await;
    let bytes = stream(&station, "recovery", 4).await;
    let video: Vec<u8> = of(&bytes, 0x100).flat_map(|packet| packet.payload().to_vec()).collect();
    assert!(video.windows(5).any(|window| window == [0, 0, 1, 6, 6]));
    assert!(!video.windows(4).any(|window| window[..3] == [0, 0, 1] && window[3] & 0x1f == 5));
    let bytes = stream(&station, "no-aud", 4).await;
    let video: Vec<u8> = of(&bytes, 0x100).flat_map(|packet| packet.payload().to_vec()).collect();
    assert!(!video.windows(4).any(|window| window[..3] == [0, 0, 1] && window[3] & 0x1f == 9));
}

#[tokio::test]
async fn the_random_access_indicator_means_nothing() {
    let station = start(fast()).await;
    for (variant, all) in [("rai-always", true), ("rai-never", false)] {
        let bytes = stream(&station, variant, 4).await;
        let mut pictures = of(&bytes, 0x100).filter(|packet| packet.unit_start());
        assert!(pictures.all(|packet| packet.adaptation().is_some_and(|it| it.random_access()) == all));
    }
}

#[tokio::test]
async fn clocks_wrap_when_they_are_told_to() {
    let station = start(fast()).await;
    let bytes = stream(&station, "wrap:4", 8).await;
    let clocks: Vec<u64> = packets(&bytes).filter_map(|packet| packet.pcr()).map(|pcr| pcr.ticks()).collect();
    let falls: Vec<usize> = (1..clocks.len()).filter(|at| clocks[*at] < clocks[at - 1]).collect();
    assert_eq!(falls.len(), 1);
    let before = clocks[falls[0] - 1] - clocks[0];
    assert!((3.8..4.1).contains(&(before as f64 / 27e6)), "{before}");
    assert_eq!(tracked(&bytes).2, 0);
}

#[tokio::test]
async fn packets_are_lost_doubled_and_scrambled() {
    let station = start(fast()).await;
    let lossy = stream(&station, "lossy:50", 4).await;
    let errors = tracked(&lossy).2;
    let expected = of(&lossy, 0x100).count() as u64 / 49;
    assert!(errors.abs_diff(expected) <= 2, "{errors} {expected}");
    let twice = stream(&station, "twice:50", 4).await;
    let video: Vec<&[u8; PACKET]> = of(&twice, 0x100).map(|packet| packet.bytes()).collect();
    let doubled = video.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(doubled.abs_diff(video.len() / 51) <= 2 && tracked(&twice).2 == 0);
    let scrambled = stream(&station, "scrambled", 2).await;
    assert!(of(&scrambled, 0x100).all(|packet| packet.scrambled()));
    assert!(of(&scrambled, 0).all(|packet| !packet.scrambled()));
    assert!(!of(&scrambled, 0x100).any(|packet| mpegts::pes::starts(packet.payload())));
}

#[tokio::test]
async fn packets_may_be_longer_than_they_are() {
    let station = start(fast()).await;
    for (variant, size) in [("192", 192), ("204", 204)] {
        let mut answer = get(&station.variant_url(variant, station.catalogue().live_id(0))).await;
        let bytes = read(&mut answer, 400_000).await;
        let front = if size == 192 { 4 } else { 0 };
        assert!(bytes[front..].iter().step_by(size).all(|byte| *byte == 0x47), "{variant}");
        let (mut aligner, mut plain) = (Aligner::new(), Vec::new());
        aligner.push(&bytes, &mut plain);
        assert!(plain.len() > 300_000 && tracked(&plain).2 == 0, "{variant}");
    }
}

#[tokio::test]
async fn a_pmt_may_be_long_or_begin_in_the_middle_of_a_packet() {
    let station = start(fast()).await;
    for variant in ["long-pmt", "pointer"] {
        let bytes = stream(&station, variant, 3).await;
        let (codecs, _, errors) = tracked(&bytes);
        assert_eq!((codecs, errors), (vec![Codec::H264, Codec::Aac], 0), "{variant}");
        let starts = of(&bytes, 0x1000).filter(|packet| packet.unit_start());
        let pointers: Vec<u8> = starts.map(|packet| packet.payload()[0]).collect();
        let whole = of(&bytes, 0x1000).all(|packet| packet.unit_start());
        assert!(!whole || variant == "pointer");
        assert_eq!(pointers.iter().any(|pointer| *pointer > 0), variant == "pointer");
    }
}

#[tokio::test]
async fn the_pmt_changes_in_the_middle() {
    let station = start(fast()).await;
    let bytes = stream(&station, "pmt:2", 5).await;
    let mut pids = BTreeMap::<u16, (usize, usize)>::new();
    for (place, packet) in packets(&bytes).enumerate() {
        pids.entry(packet.pid().get()).or_insert((place, place)).1 = place;
    }
    let (old, new) = (pids[&0x100], pids[&0x110]);
    let rate = 250_000 / PACKET;
    assert!(old.1 < new.0 && new.0.abs_diff(old.0 + 2 * rate) < rate / 2, "{old:?} {new:?}");
    let mut tracker = Tracker::new();
    packets(&bytes).for_each(|packet| {
        tracker.push(packet);
    });
    let program = tracker.program().unwrap();
    assert!(program.streams.iter().map(|stream| stream.pid.get()).eq([0x110, 0x111]));
}

#[tokio::test]
async fn what_is_no_variant_is_named() {
    let station = start(fast()).await;
    let answer = text(&station.variant_url("hevc,sulk", station.catalogue().live_id(0))).await;
    assert_eq!(answer, "unknown variant \"sulk\"\n");
    assert_eq!(get(&station.variant_url("plain", 5)).await.status(), 404);
}
