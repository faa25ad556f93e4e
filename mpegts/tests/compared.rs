//! An independent reader sees the same in real streams, made by an encoder, and in ours.
#![allow(clippy::unwrap_used)] // a panic is what a test fails with

mod support;

use mpeg2ts_reader::demultiplex::Demultiplex;
use mpeg2ts_reader::packet as other;
use mpeg2ts_reader::pes::{PesContents, PesHeader, PtsDts, Timestamp as OtherTimestamp, TimestampError};
use mpegts::{AccessPoint, Aligner, PACKET, Packet, Pcr, Proof, Timestamp, Tracker, packets, pes};

const H264: &[u8] = include_bytes!("clips/h264-open-gop.ts");
const HEVC: &[u8] = include_bytes!("clips/hevc.ts");
const MPEG2: &[u8] = include_bytes!("clips/mpeg2.ts");

fn streams() -> [Vec<u8>; 4] {
    let wrapping = support::television(Timestamp::MODULUS - 10 * support::FRAME, 50, 10);
    [H264.to_vec(), HEVC.to_vec(), MPEG2.to_vec(), wrapping]
}

#[test]
fn packets_are_read_alike() {
    for packet in streams().iter().flat_map(|stream| packets(stream)) {
        let theirs = other::Packet::new(packet.bytes());
        assert_eq!(packet.pid().get(), u16::from(theirs.pid()));
        assert_eq!(packet.unit_start(), theirs.payload_unit_start_indicator());
        assert_eq!(packet.continuity_counter(), theirs.continuity_counter().count());
        assert_eq!(packet.payload(), theirs.payload().unwrap_or(&[]));
        let field = theirs.adaptation_field();
        let pcr = field.as_ref().and_then(|field| field.pcr().ok());
        assert_eq!(packet.pcr().map(Pcr::ticks), pcr.map(u64::from));
        assert_eq!(packet.discontinuity(), field.is_some_and(|field| field.discontinuity_indicator()));
    }
}

#[test]
fn times_are_read_alike() {
    let value = |time: Result<OtherTimestamp, TimestampError>| Some(time.unwrap().value());
    let mut compared = 0;
    for packet in streams().iter().flat_map(|stream| packets(stream)).filter(|packet| packet.unit_start()) {
        let Some(ours) = pes::Header::read(packet.payload()) else { continue };
        let theirs = PesHeader::from_bytes(packet.payload()).unwrap();
        let PesContents::Parsed(Some(contents)) = theirs.contents() else { panic!("no header") };
        let (pts, dts) = match contents.pts_dts().unwrap() {
            PtsDts::PtsOnly(pts) => (value(pts), None),
            PtsDts::Both { pts, dts } => (value(pts), value(dts)),
            PtsDts::None | PtsDts::Invalid => (None, None),
        };
        assert_eq!((ours.pts.map(Timestamp::ticks), ours.dts.map(Timestamp::ticks)), (pts, dts));
        assert_eq!(&packet.payload()[ours.length..], contents.payload());
        compared += 1;
    }
    assert!(compared > 150);
}

/// The other reader's demultiplexer, noting what it is told by PAT and PMT.
#[allow(missing_docs, unreachable_pub)] // as its macro writes it
mod demultiplexer {
    use mpeg2ts_reader::demultiplex::{
        DemuxContext, FilterChangeset, FilterRequest, NullPacketFilter, PatPacketFilter, PmtPacketFilter,
    };
    use mpeg2ts_reader::packet_filter_switch;

    packet_filter_switch! {
        Filter<Tables> {
            Pat: PatPacketFilter<Tables>,
            Pmt: PmtPacketFilter<Tables>,
            Nothing: NullPacketFilter<Tables>,
        }
    }
    /// What was announced: PID of the PMT, PID of the PCR, PID and type of the stream.
    #[derive(Default)]
    pub struct Tables {
        changes: FilterChangeset<Filter>,
        pub seen: Vec<(u16, u16, u16, u8)>,
    }

    impl DemuxContext for Tables {
        type F = Filter;

        fn filter_changeset(&mut self) -> &mut FilterChangeset<Filter> {
            &mut self.changes
        }

        fn construct(&mut self, request: FilterRequest<'_, '_>) -> Filter {
            self.answer(request)
        }
    }

    impl Tables {
        fn answer(&mut self, request: FilterRequest<'_, '_>) -> Filter {
            match request {
                FilterRequest::ByPid(pid) if u16::from(pid) == 0 => Filter::Pat(PatPacketFilter::default()),
                FilterRequest::Pmt { pid, program_number } => {
                    Filter::Pmt(PmtPacketFilter::new(pid, program_number))
                }
                FilterRequest::ByStream { program_pid, pmt, stream_info, .. } => {
                    let pids = [program_pid, pmt.pcr_pid(), stream_info.elementary_pid()].map(u16::from);
                    self.seen.push((pids[0], pids[1], pids[2], stream_info.stream_type().0));
                    Filter::Nothing(NullPacketFilter::default())
                }
                _ => Filter::Nothing(NullPacketFilter::default()),
            }
        }
    }
}

#[test]
fn tables_are_read_alike() {
    for stream in streams() {
        let mut theirs = demultiplexer::Tables::default();
        Demultiplex::new(&mut theirs).push(&mut theirs, &stream);
        let program = track(&stream).0.program().unwrap().clone();
        let ours = program.streams.iter().map(|stream| {
            (program.pmt_pid.get(), program.pcr_pid.get(), stream.pid.get(), stream.stream_type)
        });
        assert_eq!(ours.collect::<Vec<_>>(), theirs.seen);
    }
}

fn track(stream: &[u8]) -> (Tracker, Vec<AccessPoint>) {
    let mut tracker = Tracker::new();
    let found = packets(stream).filter_map(|packet| tracker.push(packet)).collect();
    (tracker, found)
}

/// The decoding times are those of the key frames that the encoder's own tools list.
#[test]
fn the_entry_points_of_an_encoder_are_found() {
    for (clip, codecs, times) in [
        (H264, ["h264", "aac"], &[126_000, 198_000][..]),
        (HEVC, ["hevc", "ac3"], &[126_000, 183_600]),
        (MPEG2, ["mpeg2video", "mp2"], &[126_000, 194_400, 259_200]),
    ] {
        let (tracker, found) = track(clip);
        let decoded: Vec<u64> = found.iter().map(|point| point.decode_time().unwrap().ticks()).collect();
        assert_eq!(decoded, times);
        assert!(found.iter().all(|point| point.proof == Proof::Content));
        let program = tracker.program().unwrap();
        assert_eq!([program.video(), program.audio()].map(|stream| stream.unwrap().codec.name()), codecs);
        assert_eq!(tracker.counts().continuity_errors, 0);
        for point in found {
            let packet: &[u8; PACKET] = clip[point.packet as usize * PACKET..].first_chunk().unwrap();
            let packet = Packet::new(packet).unwrap();
            assert!(packet.unit_start() && packet.adaptation().unwrap().random_access());
        }
    }
}

#[test]
fn real_streams_come_through_the_aligner_untouched() {
    for stream in streams() {
        let (mut aligner, mut out) = (Aligner::new(), Vec::new());
        stream.chunks(1000).for_each(|piece| aligner.push(piece, &mut out));
        aligner.finish(&mut out);
        assert!(out == stream);
    }
}
