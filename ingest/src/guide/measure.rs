//! How fast a guide is read, beside a bare loop that unpacks and tokenises the same file in the same run.
//!
//! `cargo test --release -p ingest --lib -- --ignored --nocapture a_guide_of_one_gigabyte` prints the figures; it needs
//! 3 GB in the folder for temporary files. Without optimisation, or beside other work, they mean nothing.
#![allow(clippy::print_stdout)]

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use quick_xml::events::Event;

use super::*;

const START: u32 = 1_735_689_600;
const DAYS: u32 = 7;

/// 20 000 channels make 1 GB; `GUIDE_CHANNELS` says how many if there is no time for that.
fn channels() -> u32 {
    std::env::var("GUIDE_CHANNELS").map_or(20_000, |number| number.parse().unwrap())
}

/// Writes a guide of about 1 GB, packed, and returns its length.
fn write(path: &Path) -> u64 {
    let mut out = BufWriter::new(GzEncoder::new(File::create(path).unwrap(), Compression::new(4)));
    let mut length = 0;
    let mut put = |text: &str| {
        length += text.len() as u64;
        out.write_all(text.as_bytes()).unwrap();
    };
    put("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE tv SYSTEM \"xmltv.dtd\">\n<tv>\n");
    for channel in 0..channels() {
        put(&format!(
            "<channel id=\"channel{channel}.uk\"><display-name>Channel {channel}</display-name></channel>\n"
        ));
    }
    let words =
        "Ein Kommissar and his störrische friend look for the one who has taken it, while the whole town"
            .split(' ');
    let words: Vec<String> = words.map(|word| quick_xml::escape::partial_escape(word).into_owned()).collect();
    let mut dice = 1_u64;
    let mut text = |count: u32| {
        let mut text = String::new();
        for _ in 0..count {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // One word in 200 must be escaped.
            let word = (dice >> 33) as usize % (200 * words.len());
            text.push_str(if word < words.len() { "&amp;" } else { &words[word % words.len()] });
            text.push(' ');
        }
        text.truncate(text.trim_end().len());
        text
    };
    for channel in 0..channels() {
        for half in 0..DAYS * 12 {
            let (start, stop) = (START + half * 7200, START + half * 7200 + 7200);
            let time = |seconds| String::from_utf8(time::written(seconds).to_vec()).unwrap();
            put(&format!(
                "<programme start=\"{}\" stop=\"{}\" channel=\"channel{channel}.uk\">\n<title lang=\"de\">{}</title>\n\
                 <desc lang=\"de\">{}</desc>\n<category lang=\"en\">Drama</category>\n<category>Crime</category>\n\
                 <icon src=\"https://pictures.example/{channel}/{half}.jpg\"/>\n\
                 <episode-num system=\"xmltv_ns\">{half}.{channel}.</episode-num>\n</programme>\n",
                time(start),
                time(stop),
                text(4),
                text(40),
            ));
        }
    }
    put("</tv>\n");
    out.into_inner().unwrap().finish().unwrap();
    length
}

fn bare(path: &Path) -> u64 {
    let unpacked = BufReader::with_capacity(1 << 16, MultiGzDecoder::new(File::open(path).unwrap()));
    let mut reader = quick_xml::Reader::from_reader(unpacked);
    reader.config_mut().check_end_names = false;
    let (mut buffer, mut programmes) = (Vec::new(), 0);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).unwrap() {
            Event::Start(element) if element.name().0 == "programme" => programmes += 1,
            Event::Eof => return programmes,
            _ => {}
        }
    }
}

fn ours(path: &Path, wanted: &Wanted, threaded: bool) -> u64 {
    let source = toml::from_str("name='a'\nurl='http://h'\nusername='someone'\npassword='hidden7'").unwrap();
    let mut spool = Spool::new(path.parent().unwrap()).unwrap();
    let facts = if threaded {
        read(
            ahead(decoded(File::open(path).unwrap()).unwrap()).unwrap(),
            wanted,
            &Reading::default(),
            &source,
            &mut spool,
        )
    } else {
        read(decoded(File::open(path).unwrap()).unwrap(), wanted, &Reading::default(), &source, &mut spool)
    };
    let facts = facts.unwrap();
    assert!(facts.complete && facts.faults == 0 && facts.programmes == facts.all);
    facts.programmes
}

/// Seconds on the wall and of the processor, and the peak of memory in MB.
fn measured(work: impl FnOnce() -> u64) -> (f64, f64, u64) {
    fs::OpenOptions::new().write(true).open("/proc/self/clear_refs").unwrap().write_all(b"5").unwrap();
    let (wall, before) = (Instant::now(), processor());
    let programmes = work();
    let took = (wall.elapsed().as_secs_f64(), processor() - before);
    assert_eq!(programmes, u64::from(channels() * DAYS * 12));
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")).unwrap();
    (took.0, took.1, peak.parse::<u64>().unwrap() / 1024)
}

fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) as f64 / 100.0
}

#[test]
#[ignore = "takes a minute, and means something only when optimised"]
fn a_guide_of_one_gigabyte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guide.xml.gz");
    let length = write(&path);
    let ids: Vec<String> = (0..channels()).map(|channel| format!("channel{channel}.uk")).collect();
    let wanted = Wanted::new(ids.iter().map(String::as_str));
    println!("{} MB, packed {} MB", length >> 20, fs::metadata(&path).unwrap().len() >> 20);
    println!("                wall    cpu   peak MB   against the bare loop: wall, cpu");
    for _ in 0..3 {
        let reference = measured(|| bare(&path));
        for (what, (wall, cpu, peak)) in [
            ("bare loop", reference),
            ("one thread", measured(|| ours(&path, &wanted, false))),
            ("two threads", measured(|| ours(&path, &wanted, true))),
        ] {
            let (by_wall, by_cpu) = (reference.0 / wall, reference.1 / cpu);
            println!("{what:12} {wall:6.2} s {cpu:5.2} s {peak:6}   {by_wall:.2} {by_cpu:.2}");
        }
    }
}
