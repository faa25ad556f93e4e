//! Which files are whole, whoever made them.

use std::io::Cursor;
use std::time::Duration;

use download::walk::{Container, Defect, Walked, walk};
use proptest::prelude::*;

fn walked(bytes: &[u8]) -> Result<Walked, Defect> {
    walk(&mut Cursor::new(bytes))
}

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
}

/// A box whose length stands behind its kind.
fn large(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64 + 16).to_be_bytes();
    [&1_u32.to_be_bytes()[..], kind, &length, content].concat()
}

/// A `moov` of 90 s and a picture of 1920 x 1080.
fn movie() -> Vec<u8> {
    let mut header = vec![0; 100];
    header[12..16].copy_from_slice(&1000_u32.to_be_bytes());
    header[16..20].copy_from_slice(&90_000_u32.to_be_bytes());
    let mut track = vec![0; 84];
    track[76..78].copy_from_slice(&1920_u16.to_be_bytes());
    track[80..82].copy_from_slice(&1080_u16.to_be_bytes());
    let tracks = [boxed(b"trak", &boxed(b"tkhd", &[0; 84])), boxed(b"trak", &boxed(b"tkhd", &track))];
    boxed(b"moov", &[boxed(b"mvhd", &header), tracks.concat()].concat())
}

/// An element with a length of `width` bytes.
fn element(id: &[u8], width: u32, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64 | 1 << (7 * width)).to_be_bytes();
    [id, &length[8 - width as usize..], content].concat()
}

/// One whose length nobody knows.
fn open(id: &[u8], content: &[u8]) -> Vec<u8> {
    [id, &[0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], content].concat()
}

const SEGMENT: &[u8] = &[0x18, 0x53, 0x80, 0x67];
const CLUSTER: &[u8] = &[0x1F, 0x43, 0xB6, 0x75];

/// What stands before the clusters: 90 s, 1280 x 720.
fn begin() -> Vec<u8> {
    let info = [
        element(&[0x2A, 0xD7, 0xB1], 1, &1_000_000_u32.to_be_bytes()),
        element(&[0x44, 0x89], 1, &90_000_f64.to_be_bytes()),
    ];
    let video = [element(&[0xB0], 1, &[0x05, 0x00]), element(&[0xBA], 1, &[0x02, 0xD0])];
    let track = element(&[0xAE], 2, &element(&[0xE0], 1, &video.concat()));
    [element(&[0x15, 0x49, 0xA9, 0x66], 1, &info.concat()), element(&[0x16, 0x54, 0xAE, 0x6B], 1, &track)]
        .concat()
}

fn matroska(segment: &[u8]) -> Vec<u8> {
    [element(&[0x1A, 0x45, 0xDF, 0xA3], 1, &[0x42, 0x86, 0x81, 1]), segment.to_vec()].concat()
}

#[test]
fn what_a_file_says_of_itself_is_told() {
    let mp4 = [boxed(b"ftyp", b"isom\0\0\0\0"), movie(), boxed(b"mdat", &[7; 100])].concat();
    let told = walked(&mp4).unwrap();
    assert_eq!((told.container, told.duration), (Container::Mp4, Some(Duration::from_secs(90))));
    assert_eq!(told.picture, Some((1920, 1080)));
    let clusters = element(CLUSTER, 8, &[0; 50]).repeat(3);
    for segment in [
        element(SEGMENT, 8, &[begin(), clusters.clone()].concat()),
        open(SEGMENT, &[begin(), clusters].concat()),
        open(SEGMENT, &[begin(), open(CLUSTER, &element(&[0xA3], 2, &[0; 300]).repeat(2))].concat()),
    ] {
        let told = walked(&matroska(&segment)).unwrap();
        assert_eq!((told.container, told.duration), (Container::Matroska, Some(Duration::from_secs(90))));
        assert_eq!(told.picture, Some((1280, 720)));
    }
}

#[test]
fn what_players_need_must_be_there() {
    let ftyp = boxed(b"ftyp", b"isom\0\0\0\0");
    let media = boxed(b"mdat", &[7; 100]);
    assert_eq!(walked(&[ftyp.clone(), media].concat()), Err(Defect::Missing("moov")));
    assert_eq!(walked(&[ftyp, movie()].concat()), Err(Defect::Missing("mdat")));
    assert_eq!(walked(&matroska(&element(SEGMENT, 8, &begin()))), Err(Defect::Missing("cluster")));
    assert_eq!(walked(&matroska(&[])), Err(Defect::Missing("segment")));
    assert_eq!(walked(b"<html>"), Err(Defect::Unknown));
    assert_eq!(walked(b""), Err(Defect::Unknown));
}

#[test]
fn a_transport_stream_is_looked_at_in_three_places() {
    let packet = [&[0x47][..], &[0; 187]].concat();
    let whole = packet.repeat(1000);
    assert_eq!(walked(&whole).map(|walked| (walked.container, walked.ragged)), Ok((Container::Ts, false)));
    assert!(walked(&whole[..whole.len() - 5]).unwrap().ragged);
    for lost in [2, 498, 999] {
        let mut damaged = whole.clone();
        damaged[lost * 188] = 0;
        assert!(walked(&damaged).is_err(), "{lost}");
    }
}

#[test]
fn old_containers_are_whole_when_their_lengths_say_so() {
    let avi = |length: u32| [&b"RIFF"[..], &length.to_le_bytes(), b"AVI ", &[0; 96]].concat();
    assert_eq!(walked(&avi(100)).map(|walked| walked.ragged), Ok(false));
    assert!(walked(&avi(90)).unwrap().ragged, "something is behind it");
    assert!(matches!(walked(&avi(101)), Err(Defect::Cut { missing: 1, .. })));
    let tag = [&[9, 0, 0, 20][..], &[0; 7], &[7; 20], &31_u32.to_be_bytes()].concat();
    let flv = [&b"FLV\x01\x05\0\0\0\x09\0\0\0\0"[..], &tag.repeat(3)].concat();
    assert_eq!(walked(&flv).map(|walked| walked.ragged), Ok(false));
    assert!(walked(&flv[..flv.len() - 6]).unwrap().ragged);
}

/// The boxes of an MP4 in any order and of any size, and whether the last one goes on until the end.
fn mp4s() -> impl Strategy<Value = (Vec<Vec<u8>>, bool)> {
    let filler = (prop_oneof![Just(*b"free"), Just(*b"mdat"), Just(*b"uuid")], 0..400_usize, any::<bool>());
    (prop::collection::vec(filler, 1..12), any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(fillers, at, open_ended)| {
            let mut boxes: Vec<Vec<u8>> = fillers
                .iter()
                .map(|(kind, length, is_large)| {
                    let content = vec![0x5A; *length];
                    if *is_large { large(kind, &content) } else { boxed(kind, &content) }
                })
                .collect();
            boxes.insert(at.index(boxes.len() + 1), movie());
            boxes.insert(0, boxed(b"ftyp", b"isom\0\0\0\0"));
            let mut last = boxed(b"mdat", &[1; 64]);
            if open_ended {
                last[..4].fill(0);
            }
            boxes.push(last);
            (boxes, open_ended)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn boxes_fill_a_file_exactly_or_it_is_not_whole((boxes, open_ended) in mp4s(), lost in any::<prop::sample::Index>()) {
        let mp4 = boxes.concat();
        let whole = walked(&mp4).unwrap();
        prop_assert_eq!(whole.picture, Some((1920, 1080)));
        // Inside of what goes on until the end nobody can tell.
        let sure = if open_ended { mp4.len() - 64 } else { mp4.len() };
        let cut = &mp4[..lost.index(sure)];
        // Between two boxes nothing tells that there was another one, unless one is missing that has to be there.
        let mut ends = boxes.iter().scan(0, |end, each| { *end += each.len(); Some(*end) });
        prop_assert!(walked(cut).is_err() || ends.any(|end| end == cut.len()), "{} bytes", cut.len());
        if !open_ended {
            prop_assert!(walked(&[&mp4[..], &[0; 3]].concat()).is_err());
        }
    }

    #[test]
    fn a_segment_that_says_how_long_it_is_ends_with_the_file(
        clusters in prop::collection::vec((0..500_usize, 2..9_u32), 1..9),
        lost in any::<prop::sample::Index>(),
    ) {
        let clusters: Vec<Vec<u8>> =
            clusters.iter().map(|(length, width)| element(CLUSTER, *width, &vec![0; *length])).collect();
        let file = matroska(&element(SEGMENT, 8, &[begin(), clusters.concat()].concat()));
        prop_assert!(walked(&file).is_ok());
        prop_assert!(walked(&file[..lost.index(file.len())]).is_err());
        prop_assert!(walked(&[&file[..], &[0]].concat()).is_err());
    }

    #[test]
    fn nothing_that_a_stranger_writes_is_too_much(
        start in prop_oneof![
            Just(boxed(b"ftyp", b"")), Just(matroska(SEGMENT)), Just(b"RIFF\xFF\xFF\xFF\xFFAVI ".to_vec()),
            Just(b"FLV\x01".to_vec()), Just(vec![0x47; 188 * 5]), Just(movie()),
        ],
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let _ = walked(&[start, rest].concat());
    }
}
