use std::io::{BufRead as _, Cursor, Write};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

use super::*;

const GUIDE: &[u8] = b"<tv><channel id='a'/></tv>";

fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    decoded(Cursor::new(bytes.to_vec())).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/guide/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// An entry of a zip archive, with its lengths before its bytes or behind them.
fn entry(name: &str, bytes: &[u8], packed: bool, described: bool) -> Vec<u8> {
    let body = if packed {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    } else {
        bytes.to_vec()
    };
    let lengths = [(body.len() as u32).to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat();
    let before = if described { vec![0; 8] } else { lengths.clone() };
    let mut entry = b"PK\x03\x04\x14\0".to_vec();
    entry.extend([if described { 8 } else { 0 }, 0, if packed { 8 } else { 0 }, 0]);
    entry.extend([0; 8]); // time, date, checksum
    entry.extend(before);
    entry.extend((name.len() as u16).to_le_bytes());
    entry.extend([0, 0]);
    entry.extend(name.as_bytes());
    entry.extend(body);
    if described {
        entry.extend(b"PK\x07\x08\0\0\0\0");
        entry.extend(lengths);
    }
    entry
}

/// A tar archive of these files.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, bytes) in files {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        header[156] = b'0';
        header[257..262].copy_from_slice(b"ustar");
        archive.extend(header);
        archive.extend(*bytes);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

#[test]
fn a_packing_is_known_by_its_first_bytes_in_any_order() {
    let guide = String::from_utf8(GUIDE.to_vec()).unwrap();
    let zip = entry("guide.xml", GUIDE, true, false);
    for (what, packed) in [
        ("plain, whatever its name", GUIDE.to_vec()),
        ("gzip", gzip(GUIDE)),
        ("gzip twice", gzip(&gzip(GUIDE))),
        ("gzip in pieces", [gzip(&GUIDE[..9]), gzip(&GUIDE[9..])].concat()),
        ("gzip and garbage", [gzip(GUIDE), b"<!-- served in 3 ms -->".to_vec()].concat()),
        ("gzip and zeros", [gzip(GUIDE), vec![0; 5000]].concat()),
        ("xz", fixture("guide.xml.xz")),
        ("xz in pieces", fixture("streams.xml.xz")),
        ("xz in blocks", fixture("blocks.xml.xz")),
        ("xz in gzip", gzip(&fixture("guide.xml.xz"))),
        ("gzip in xz", fixture("guide.xml.gz.xz")),
        ("zip", zip.clone()),
        ("zip in gzip", gzip(&zip)),
        ("gzip in zip", entry("guide.xml.gz", &gzip(GUIDE), false, false)),
        ("zip with lengths at the end", entry("guide.xml", GUIDE, true, true)),
        ("zip of a program", fixture("guide.zip")),
        ("tar in gzip", gzip(&tar(&[("guide.xml", GUIDE)]))),
        ("tar", tar(&[("readme", b"words"), ("guide.xml", GUIDE)])),
    ] {
        assert_eq!(text(&packed), guide, "{what}");
    }
}

#[test]
fn the_guide_is_found_among_other_files_of_an_archive() {
    let files: [(&str, &[u8]); 4] = [
        ("folder/", b""),
        ("readme.txt", b"See https://example.org"),
        ("index.html", b"<!DOCTYPE html><p>hi"),
        ("guide.xml", b"<tv/>"),
    ];
    for described in [false, true] {
        let zip: Vec<u8> =
            files.iter().flat_map(|(name, bytes)| entry(name, bytes, true, described)).collect();
        assert_eq!(text(&zip), "<tv/>");
    }
    assert_eq!(text(&tar(&files)), "<tv/>");
    for without in [entry("readme.txt", b"words", true, false), tar(&files[..3])] {
        assert!(decoded(Cursor::new(without)).is_err());
    }
}

#[test]
fn what_comes_before_a_damage_is_given() {
    let long = [b"<tv>".to_vec(), vec![b'x'; 200_000]].concat();
    let mut noise = 1_u32;
    let long: Vec<u8> = long
        .iter()
        .map(|byte| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if *byte == b'x' { b'a' + (noise >> 28) as u8 } else { *byte }
        })
        .collect();
    let packed = gzip(&long);
    let mut input = decoded(Cursor::new(packed[..packed.len() / 2].to_vec())).unwrap();
    let mut came = 0;
    let broken = loop {
        match input.fill_buf() {
            Ok([]) => break false,
            Ok(bytes) => {
                let length = bytes.len();
                came += length;
                input.consume(length);
            }
            Err(_) => break true,
        }
    };
    assert!(broken && came > 50_000, "{broken} {came}");
}

#[test]
fn packings_do_not_nest_without_end() {
    let mut packed = GUIDE.to_vec();
    for _ in 0..LAYERS {
        packed = gzip(&packed);
    }
    assert_eq!(text(&packed), text(GUIDE));
    let mut still_packed = Vec::new();
    decoded(Cursor::new(gzip(&packed))).unwrap().read_to_end(&mut still_packed).unwrap();
    assert!(!still_packed.starts_with(b"<tv>"));
}

#[test]
fn letters_are_decoded_by_what_they_are() {
    for (bytes, expected) in [
        (&b"\xef\xbb\xbfcaf\xc3\xa9\x01!"[..], "café !"),
        (
            b"<?xml version='1.0' encoding='iso-8859-1'?>caf\xe9",
            "<?xml version='1.0' encoding='iso-8859-1'?>café",
        ),
        (b"<?xml encoding=\"latin1\"?>caf\xc3\xa9", "<?xml encoding=\"latin1\"?>café"),
        // Declared as UTF-8, or as nothing.
        (b"<?xml encoding=\"utf-8\"?>caf\xe9.", "<?xml encoding=\"utf-8\"?>café."),
        (b"caf\xe9 \x93x\x94", "café “x”"),
        (b"\xc3\xa9 and \xe9.", "é and \u{fffd}."),
        (b"<?xml encoding='utf-16'?>caf\xc3\xa9", "<?xml encoding='utf-16'?>café"),
        (b"\xff\xfe<\0t\0", "<t"),
    ] {
        assert_eq!(text(bytes), expected);
    }
    let late = [vec![b'x'; 300_000], b"caf\xc3\xa9".to_vec()].concat();
    let late = [b"<?xml encoding='latin1'?>".to_vec(), late].concat();
    assert!(text(&late).ends_with("xcafé"), "the first letter that tells may come late");
}

#[test]
fn what_is_read_ahead_is_the_same_and_ends_when_nobody_reads_it() {
    let long = [b"<tv>".to_vec(), vec![b'x'; 3_000_000], b"</tv>".to_vec()].concat();
    let mut read = Vec::new();
    ahead(decoded(Cursor::new(gzip(&long))).unwrap()).unwrap().read_to_end(&mut read).unwrap();
    assert!(read == long);

    struct Held(std::sync::mpsc::SyncSender<()>);
    impl Read for Held {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            out.fill(b' ');
            let _ = self.0.try_send(()); // one is enough
            Ok(out.len())
        }
    }
    let (sender, receiver) = std::sync::mpsc::sync_channel(16);
    drop(ahead(decoded(Held(sender)).unwrap()).unwrap());
    assert!(receiver.iter().count() > 0); // ends only when the thread has let go
}

proptest::proptest! {
    #[test]
    fn any_bytes_do_no_harm(head in 0_usize..5, bytes: Vec<u8>) {
        let heads: [&[u8]; 5] = [b"", b"\x1f\x8b\x08\0", b"\xfd7zXZ\0", b"PK\x03\x04", &tar(&[("a", b"<")])[..512]];
        if let Ok(mut input) = decoded(Cursor::new([heads[head], &bytes].concat())) {
            let _ = input.read_to_end(&mut Vec::new());
        }
    }
}

#[test]
fn what_broke_is_not_asked_again_and_says_it_again() {
    struct Once(u8);
    impl Read for Once {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => (&b"abc"[..]).read(out),
                2 => Err(io::ErrorKind::InvalidData.into()),
                _ => panic!("asked again"),
            }
        }
    }
    let mut layer = Layer::new(Once(0));
    assert_eq!(layer.head(5).unwrap(), b"abc");
    assert_eq!(layer.head(5).unwrap(), b"abc");
    layer.consume(3);
    for _ in 0..2 {
        assert_eq!(layer.head(1).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}

#[test]
fn a_damaged_block_ends_the_document() {
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/guide/damaged-block.xz");
    let mut out = Vec::new();
    let mut input = decoded(Cursor::new(std::fs::read(seed).unwrap())).unwrap();
    assert!(input.read_to_end(&mut out).is_err());
    assert!(out.starts_with(b"<tv>"));
}
