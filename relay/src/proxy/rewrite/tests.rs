use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use contract::ticket::Key;

use super::*;
use crate::proxy::reference::References;

const BASE: &str =
    "http://provider.example:8080/live/someone/hunter22/folder/index.m3u8?token=0123456789abcdef";

fn guard() -> Guard {
    let mut guard = Guard::new(["someone", "hunter22"]);
    guard.hide_address(&BASE.parse().unwrap());
    guard
}

fn reading(text: &str, shifted: Shifted) -> Result<Reading, Failure> {
    let mut variables = Variables::default();
    variables.define("NAME=\"quality\",VALUE=\"high\"", &Variables::default(), &BASE.parse().unwrap());
    read(text, &BASE.parse().unwrap(), &Given { guard: &guard(), variables: &variables, shifted })
}

/// References that a person can read: the first link of an address is its number in the list.
fn listed(reading: &Reading) -> Vec<Listed> {
    let first = |link: &Link| {
        let same = |known: &Link| known.url == link.url && known.kind == link.kind;
        reading.links.iter().position(same).unwrap()
    };
    reading.links.iter().map(|link| Listed { name: first(link).to_string(), link: link.clone() }).collect()
}

/// What viewers get, and then where its references lead.
fn shown(text: &str, shifted: Shifted) -> String {
    let reading = reading(text, shifted).unwrap();
    let listed = listed(&reading);
    let mut shown = reading.write(&listed, "../", 0);
    for Listed { name, link } in &listed {
        let range = link.range.map(|(start, end)| format!(" {start}..{end}")).unwrap_or_default();
        writeln!(shown, "{} {name} {}{range}", link.kind.letter(), link.url).unwrap();
    }
    writeln!(shown, "dropped {}", reading.dropped).unwrap();
    shown
}

/// Golden files: `tests/fixtures/hls/*.m3u8` and what becomes of them. `GOLDEN=1` writes the latter anew.
#[test]
fn every_playlist_becomes_what_is_written_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hls");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "m3u8") {
            continue;
        }
        let shifted = match path.file_stem().unwrap().to_str().unwrap().starts_with("shifted") {
            true => Shifted { by: 1000, splice: Some(42), slid: 1 },
            false => Shifted::default(),
        };
        let shown = shown(&fs::read_to_string(&path).unwrap(), shifted);
        let expected = path.with_extension("expected");
        if std::env::var_os("GOLDEN").is_some() {
            File::create(&expected).unwrap().write_all(shown.as_bytes()).unwrap();
        }
        assert_eq!(shown, fs::read_to_string(&expected).unwrap(), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 9);
}

#[test]
fn what_is_no_playlist_or_leads_elsewhere_is_refused() {
    for text in [
        "",
        "<html>#EXTM3U</html>",
        "#EXTM3U-8\n#EXTINF:4,\n1.ts",
        "#EXTM3U\n",
        "#EXTM3U\n#EXTINF:4,\n1.ts\0",
        "#EXTM3U\n#EXTINF:4,\nfile:///etc/passwd",
        "#EXTM3U\n#EXTINF:4,\nftp://h/1.ts",
        "#EXTM3U\n#EXTINF:4,\n{$nobody}.ts",
        "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"ftp://h/k\"\n#EXTINF:4,\n1.ts",
        "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128\n#EXTINF:4,\n1.ts",
    ] {
        assert!(reading(text, Shifted::default()).is_err(), "{text}");
    }
    let long: String = (0..=MOST_LINKS).map(|at| format!("#EXTINF:4,\n{at}.ts\n")).collect();
    assert!(reading(&format!("#EXTM3U\n{long}"), Shifted::default()).is_err());
}

#[test]
fn the_longest_duration_that_was_ever_said_stays() {
    let reading = reading("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts", Shifted::default()).unwrap();
    assert_eq!(reading.target, 4);
    assert!(reading.write(&listed(&reading), "", 7).contains("#EXT-X-TARGETDURATION:7\n"));
}

#[test]
fn what_has_a_secret_in_it_loses_the_attribute_the_title_or_the_line() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-FOO:someone\n#EXT-X-KEY:METHOD=AES-128,\
                URI=\"1.key\",X-USER=\"SomeOne\"\n#EXTINF:4,hunter22\n1.ts\n#EXT-X-BAR:%73omeone";
    let reading = reading(text, Shifted::default()).unwrap();
    let shown = reading.write(&listed(&reading), "", 0);
    assert_eq!(
        shown,
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"k/0.key\"\n#EXTINF:4,\ns/1.ts\n"
    );
    let mut references = References::new(Key::random(), "acme");
    let listed = references.list(&reading.links, &[], reading.lasts, Instant::now()).unwrap();
    assert!(!guard().leaks(&reading.write(&listed, "", 0)));
}

#[test]
fn an_address_beside_the_one_that_stays_and_one_in_a_title_go() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n\
                #EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://one\",URI=\"http://keys.example/two\",KEY-URL=\"three\"\n\
                #EXTINF:4,URI=\"1.ts\"\n1.ts\n#EXTINF:4,One=two\n2.ts\n";
    let reading = reading(text, Shifted::default()).unwrap();
    assert_eq!(
        reading.write(&listed(&reading), "", 0),
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://one\"\n\
         #EXTINF:4,\ns/0.ts\n#EXTINF:4,One=two\ns/1.ts\n"
    );
}

#[test]
fn a_short_list_does_not_become_an_endless_one() {
    let value = "x".repeat(60_000);
    let many = "#EXT-X-MINE:{$v}\n".repeat(10_000);
    let list = format!("#EXTM3U\n#EXT-X-DEFINE:NAME=\"v\",VALUE=\"{value}\"\n{many}#EXTINF:4,\na.ts\n");
    assert!(reading(&list, Shifted::default()).is_err(), "600 megabytes");
    let keys = "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n".repeat(1000);
    let list = format!("#EXTM3U\n{keys}{}", "#EXTINF:4,\na.ts\n".repeat(1000));
    let shifted = Shifted { by: 1000, splice: None, slid: 0 };
    assert!(reading(&list, shifted).is_err(), "a million keys");
    let few = "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:4,\na.ts\n";
    assert!(reading(few, shifted).is_ok());
}
