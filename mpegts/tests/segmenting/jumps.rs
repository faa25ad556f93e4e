//! Where the time line jumps, the streams change, or something is lost: cuts that players are told of.

use mpegts::check::Limits;
use mpegts::packet::discontinuity_packet;
use mpegts::{PACKET, Packet, Pid, Segment, Segmenter, packets};

use crate::show::*;
use crate::support::*;

/// Where a discontinuity is.
fn breaks(segments: &[Segment]) -> Vec<bool> {
    segments.iter().map(|segment| segment.discontinuity).collect()
}

#[test]
fn a_jump_of_the_time_line_is_a_discontinuity() {
    for start in [0, 1 << 32, 3 * 150 * FRAME] {
        let stream = [part(Show::default()), part(Show { start, ..Show::default() })].concat();
        let segments = cut(&stream);
        assert_complete(&stream, &segments);
        assert_eq!(breaks(&segments), [true, false, true, false], "from {start}");
        assert_eq!(seconds(&segments), [3.84, 2.16, 3.84, 2.16]);
        let found = report(&segments, Limits::default()).findings;
        assert!(found.is_empty(), "{found:?}");
    }
    // The same time line, somewhat later: nothing but a gap.
    let later = 151 * FRAME;
    let stream = [part(Show::default()), part(Show { start: later, ..Show::default() })].concat();
    assert_eq!(breaks(&cut(&stream)).iter().filter(|it| **it).count(), 1, "the first");
}

#[test]
fn behind_a_jump_nothing_is_shown_until_the_next_access_point() {
    let second = part(Show { start: 1 << 32, ..Show::default() });
    let starts = |(_, packet): &(usize, Packet<'_>)| packet.pid() == VIDEO && packet.unit_start();
    let middle = packets(&second).enumerate().filter(starts).nth(10).unwrap().0;
    let stream = [part(Show::default()), second[middle * PACKET..].to_vec()].concat();
    let segments = cut(&stream);
    assert!(segments.iter().all(|segment| segment.independent));
    assert_eq!(breaks(&segments), [true, false, true, false]);
    let found = report(&segments, Limits::default()).findings;
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn an_announced_jump_is_a_discontinuity() {
    let first = part(Show::default());
    let announced = discontinuity_packet(VIDEO, first.len() as u8);
    let second = part(Show { start: 150 * FRAME, ..Show::default() });
    let segments = cut(&[&first[..], &announced, &second].concat());
    assert_eq!(breaks(&segments), [true, false, true, false]);
    assert!(segments.iter().all(|segment| segment.independent));
}

#[test]
fn other_streams_and_other_parameters_are_a_discontinuity_and_another_language_is_none() {
    let go_on = |show: Show| {
        let stream = [part(Show::default()), part(Show { start: 150 * FRAME, ..show })].concat();
        cut(&stream)
    };
    let mut entry = Show::default().entry;
    entry[10] = 0x4D; // profile_idc
    let segments = go_on(Show { entry, ..Show::default() });
    assert_eq!(breaks(&segments), [true, false, true, false]);
    let hevc = vec![0, 0, 1, 0x46, 1, 0x50, 0, 0, 1, 0x26, 1, 0xAF];
    let segments = go_on(Show { stream_type: HEVC, entry: hevc, ..Show::default() });
    assert_eq!(breaks(&segments), [true, false, true, false]);
    assert_eq!(segments[2].program.video().unwrap().codec.name(), "hevc");
    let segments = go_on(Show { language: *b"deu", ..Show::default() });
    assert_eq!(breaks(&segments).iter().filter(|it| **it).count(), 1, "the first");
    assert_eq!(segments.last().unwrap().program.audio().unwrap().language, Some(*b"deu"));
}

#[test]
fn a_splice_is_one_discontinuity() {
    let mut segmenter = Segmenter::new(TARGET);
    let (first, second) = (part(Show::default()), part(Show { start: 77, ..Show::default() }));
    let mut segments = segmenter.push(&first[..first.len() / PACKET / 2 * PACKET], MOST);
    segments.extend(segmenter.splice());
    segments.extend(segmenter.push(&second, MOST));
    segments.extend(segmenter.splice());
    segments.extend(segmenter.splice());
    assert_eq!(breaks(&segments), [true, true, false]);
    assert_eq!(seconds(&segments)[1..], [3.84, 2.16]);
    // The counters of our tables go on, whatever the source does.
    let one: Vec<u8> = segments.iter().flat_map(|segment| segment.bytes.clone()).collect();
    for pid in [Pid::PAT, PMT] {
        let counters = packets(&one).filter(|it| it.pid() == pid).map(Packet::continuity_counter);
        assert!(counters.enumerate().all(|(n, counter)| usize::from(counter) == n % 16));
    }
}

#[test]
fn lost_pictures_are_left_out_up_to_the_next_access_point_if_it_was_more_than_a_moment() {
    let stream = part(Show::default());
    let lose = |from: u64, pictures: u64| {
        let units = packets(&stream).enumerate().filter(|(_, it)| it.pid() == VIDEO && it.unit_start());
        let starts: Vec<usize> = units.map(|(place, _)| place).collect();
        let (first, last) = (starts[from as usize] + 2, starts[(from + pictures) as usize]);
        let lost =
            packets(&stream).enumerate().filter(|(n, it)| it.pid() != VIDEO || !(first..last).contains(n));
        let left: Vec<u8> = lost.flat_map(|(_, packet)| *packet.bytes()).collect();
        let segments = cut(&left);
        let units = |bytes: &[u8]| packets(bytes).filter(|it| it.pid() == VIDEO && it.unit_start()).count();
        segments.iter().map(|segment| units(&segment.bytes)).sum::<usize>()
    };
    assert_eq!(lose(34, 10), 150 - 9, "less than a second: kept, with what is damaged");
    // Pictures 34 to 73; then those up to the entry point at 96.
    assert_eq!(lose(34, 40), 150 - 39 - (96 - 74));
}
