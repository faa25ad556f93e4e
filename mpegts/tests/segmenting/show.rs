//! A channel to be cut, and what is looked at in its segments.

use std::collections::BTreeMap;
use std::time::Duration;

use mpegts::check::{Checker, Limits, Report};
use mpegts::psi::Pmt;
use mpegts::{NULL_PACKET, PACKET, Packet, Pcr, Pid, Segment, Segmenter, Timestamp, packets};

use crate::support::*;

pub(crate) const SECOND: u64 = 25;
pub(crate) const TARGET: Duration = Duration::from_secs(4);
/// What the first playlist of a channel allows, and a little.
pub(crate) const MOST: Duration = Duration::from_millis(4450);
/// A unit of sound every fifth picture, longer than the packets of a picture leave room for.
pub(crate) const SOUND: u64 = 5;

/// A channel as a broadcaster sends it, its packets interleaved: a cut of the pictures falls into a unit of sound.
pub(crate) struct Show {
    pub(crate) stream_type: u8,
    pub(crate) start: u64,
    pub(crate) frames: u64,
    /// Pictures from one entry point to the next.
    pub(crate) group: u64,
    /// What the first picture of a group and the others begin with.
    pub(crate) entry: Vec<u8>,
    pub(crate) other: Vec<u8>,
    /// Whether the picture is hinted at; told whether it is an entry point.
    pub(crate) hinted: fn(bool) -> bool,
    /// Pictures from one PAT and PMT to the next.
    pub(crate) tables: u64,
    pub(crate) language: [u8; 3],
}

impl Default for Show {
    fn default() -> Self {
        Self {
            stream_type: H264,
            start: 0,
            frames: 30 * SECOND,
            group: 32,
            entry: vec![
                0, 0, 1, 9, 0x10, 0, 0, 1, 0x67, 0x64, 0, 0x1F, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65, 0x88,
            ],
            other: vec![0, 0, 1, 9, 0x30, 0, 0, 1, 0x41, 0x9A],
            hinted: |entry| entry,
            tables: 10,
            language: *b"eng",
        }
    }
}

impl Show {
    pub(crate) fn pmt(&self) -> Pmt {
        let mut table = pmt(1, &[(VIDEO, self.stream_type), (AUDIO, AAC)]);
        table.entries[1].descriptors = [&[0x0A, 4][..], &self.language, &[0]].concat();
        table
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let (mut mux, mut out, mut sound) = (Mux::default(), Vec::new(), Vec::new());
        for frame in 0..self.frames {
            if frame.is_multiple_of(self.tables) {
                mux.section(Pid::PAT, &pat(&[(1, PMT)]).write());
                mux.section(PMT, &self.pmt().write());
                mux.packet(Pid::new(0x11), true, vec![], &[7; 100]);
                out.append(&mut mux.bytes);
                out.extend(NULL_PACKET);
            }
            let time = self.start + frame * FRAME;
            if frame.is_multiple_of(SOUND) {
                let payload = [&[0xFF, 0xF1, 0x50, 0x80][..], &[frame as u8; 1500]].concat();
                let pts = Some(time + FRAME);
                mux.pes(&Unit { pid: AUDIO, stream_id: 0xC0, pts, payload: &payload, ..Unit::default() });
                sound.append(&mut mux.bytes);
            }
            self.picture(frame, time, &mut mux);
            for (place, packet) in mux.bytes.drain(..).collect::<Vec<_>>().chunks(PACKET).enumerate() {
                out.extend(packet);
                if place % 3 == 1 && !sound.is_empty() {
                    out.extend(sound.drain(..PACKET));
                }
            }
        }
        out
    }

    pub(crate) fn picture(&self, frame: u64, time: u64, mux: &mut Mux) {
        let entry = frame.is_multiple_of(self.group);
        let payload =
            [if entry { &self.entry[..] } else { &self.other }, &[frame as u8 | 0x80; 1000]].concat();
        let clock = Timestamp::new(time + Timestamp::MODULUS - 3 * FRAME);
        mux.pes(&Unit {
            pts: Some(time + 2 * FRAME),
            dts: Some(time),
            pcr: Some(Pcr::from(clock)),
            random_access: (self.hinted)(entry),
            payload: &payload,
            ..Unit::default()
        });
    }
}

/// All segments of a stream, however it is cut into chunks.
pub(crate) fn cut(stream: &[u8]) -> Vec<Segment> {
    cut_most(stream, MOST)
}

pub(crate) fn cut_most(stream: &[u8], most: Duration) -> Vec<Segment> {
    let mut segmenter = Segmenter::new(TARGET);
    let mut segments = segmenter.push(stream, most);
    segments.extend(segmenter.splice());
    segments
}

pub(crate) fn report(segments: &[Segment], limits: Limits) -> Report {
    let mut checker = Checker::new(limits);
    for (place, segment) in segments.iter().enumerate() {
        if place > 0 && segment.discontinuity {
            checker.discontinuity();
        }
        checker.segment(&segment.bytes);
    }
    checker.finish()
}

/// What our checker and the independent reader find in segments of a good stream: nothing.
pub(crate) fn assert_good(segments: &[Segment]) {
    let report = report(segments, Limits::default());
    assert!(report.is_clean(), "{:#?}", report.findings);
    let one: Vec<u8> = segments.iter().flat_map(|segment| segment.bytes.clone()).collect();
    assert!(crate::support::analyser::analyse(&one).values().all(|line| line.continuity_errors == 0));
}

pub(crate) fn seconds(segments: &[Segment]) -> Vec<f64> {
    segments.iter().map(|segment| (segment.duration().as_secs_f64() * 100.0).round() / 100.0).collect()
}

/// The packets of each stream of the program, in their order.
pub(crate) fn streams(bytes: &[u8]) -> BTreeMap<Pid, Vec<Packet<'_>>> {
    let mut streams = BTreeMap::<Pid, Vec<Packet<'_>>>::new();
    for packet in packets(bytes).filter(|packet| [VIDEO, AUDIO].contains(&packet.pid())) {
        streams.entry(packet.pid()).or_default().push(packet);
    }
    streams
}

/// All packets of pictures and sound are in the segments, each as it was and in its order.
pub(crate) fn assert_complete(stream: &[u8], segments: &[Segment]) {
    let one: Vec<u8> = segments.iter().flat_map(|segment| segment.bytes.clone()).collect();
    let (before, after) = (streams(stream), streams(&one));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (pid, packets) in before {
        let bytes = |packets: &[Packet<'_>]| packets.iter().flat_map(|it| *it.bytes()).collect::<Vec<u8>>();
        assert!(bytes(&packets) == bytes(&after[&pid]), "{pid}");
    }
}

/// Two seconds of a channel.
pub(crate) fn part(show: Show) -> Vec<u8> {
    Show { frames: 6 * SECOND, ..show }.write()
}
