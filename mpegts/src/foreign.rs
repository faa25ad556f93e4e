//! Parsers of foreign bytes, for the fuzz targets (`fuzz/`) and for the tests that read their seeds.
//!
//! Each function is one target. It panics when a parser does, and when what a parser gives may not be used: that is a
//! finding. Nobody else calls this, and it is no part of the crate's interface.

use std::collections::HashMap;
use std::time::Duration;

use crate::access::PACKET_LIMIT;
use crate::check::{Checker, Limits};
use crate::join::Trim;
use crate::restamp::{Restamper, length};
use crate::{Aligner, PACKET, Packet, Pid, Segment, Segmenter, Tracker, packets};

/// Whatever a connection sends, as a channel is received: aligned, followed, restamped, joined, checked.
///
/// # Panics
/// A bound does not hold, or something else than whole packets comes out.
pub fn transport(bytes: &[u8]) {
    let stream = aligned(bytes);
    let (mut tracker, mut held) = (Tracker::new(), 0);
    let (mut restamper, mut copy, mut announced) = (Restamper::new(), stream.clone(), Vec::new());
    for packet in packets(&stream) {
        if let Some(point) = tracker.push(packet) {
            assert!((held..tracker.packets()).contains(&point.packet), "the point was let go");
            match point.packet % 2 {
                0 => restamper.splice(&point, None),
                _ => restamper.flag(&point, &mut announced),
            }
            point.tables(&mut announced);
        }
        held = tracker.undecided().unwrap_or(tracker.packets());
        assert!(tracker.packets() - held <= PACKET_LIMIT, "more is held than may be");
    }
    restamper.apply(&mut copy);
    restamper.again(length(&stream).unwrap_or(i64::MAX));
    restamper.apply(&mut copy);
    if let Some(program) = tracker.program() {
        Trim::new(program).push(&copy, &mut announced);
    }
    assert!(copy.len() == stream.len() && whole(&copy) && whole(&announced));
    let mut checker = Checker::of_viewer(Limits { findings: 10, ..Limits::default() });
    checker.push(bytes);
    assert!(checker.finish().findings.len() <= 10);
}

/// Whatever a feed holds, cut into segments.
///
/// # Panics
/// A segment does not begin with its tables, or a packet is doubled or in another order than it came.
pub fn segments(bytes: &[u8]) {
    let stream = aligned(bytes);
    let mut segmenter = Segmenter::new(Duration::from_secs(2));
    let mut segments = Vec::new();
    for chunk in stream.chunks(7 * PACKET) {
        segments.extend(segmenter.push(chunk, Duration::from_millis(2450)));
    }
    segments.extend(segmenter.splice());
    for Segment { bytes, ticks, program, .. } in &segments {
        assert!(*ticks > 0 && whole(bytes));
        let begin: Vec<Pid> = packets(bytes).take(2).map(Packet::pid).collect();
        assert_eq!(begin, [Pid::PAT, program.pmt_pid]);
    }
    let mut came = by_pid(packets(&stream));
    for packet in segments.iter().flat_map(content) {
        let before = came.get_mut(&packet.pid()).expect("it has come");
        assert!(before.any(|other| other.bytes() == packet.bytes()), "{}: not in its place", packet.pid());
    }
    let mut checker = Checker::new(Limits::default());
    segments.iter().for_each(|segment| checker.segment(&segment.bytes));
    checker.finish();
}

/// What of a segment is not its tables.
fn content(segment: &Segment) -> Vec<Packet<'_>> {
    let tables = [Pid::PAT, segment.program.pmt_pid];
    packets(&segment.bytes).filter(|packet| !tables.contains(&packet.pid())).collect()
}

/// The packets of each PID, in their order.
fn by_pid<'a>(packets: impl Iterator<Item = Packet<'a>>) -> HashMap<Pid, std::vec::IntoIter<Packet<'a>>> {
    let mut by_pid = HashMap::<Pid, Vec<Packet<'a>>>::new();
    packets.for_each(|packet| by_pid.entry(packet.pid()).or_default().push(packet));
    by_pid.into_iter().map(|(pid, packets)| (pid, packets.into_iter())).collect()
}

fn aligned(bytes: &[u8]) -> Vec<u8> {
    let (mut aligner, mut stream) = (Aligner::new(), Vec::new());
    bytes.chunks(1000).for_each(|piece| aligner.push(piece, &mut stream));
    aligner.finish(&mut stream);
    assert!(whole(&stream) && stream.len() as u64 + aligner.skipped() <= bytes.len() as u64);
    stream
}

/// Whole packets and nothing else.
fn whole(bytes: &[u8]) -> bool {
    bytes.len() == packets(bytes).count() * PACKET
}
