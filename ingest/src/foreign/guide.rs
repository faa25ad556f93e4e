//! Guides: unpacked, decoded, indexed, read, merged, and written again as an XML that any parser takes.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Cursor, Read};

use contract::source::Source;
use quick_xml::Reader;
use quick_xml::events::Event;
use quick_xml::events::attributes::Attributes;

use super::{picture, readable, source};
use crate::guide::{self, Facts, Reading, Spool, Wanted, decoded, index, programmes, shift};
use crate::output::guide::merge::merge;
use crate::output::guide::write_programmes;
use crate::tidy;

/// How much is read of what unpacks to more.
const MOST: u64 = 1 << 20;
/// The children of a programme in the order of the XMLTV DTD, of those that are kept.
const ORDER: [&str; 22] = [
    "title",
    "sub-title",
    "desc",
    "credits",
    "date",
    "category",
    "keyword",
    "language",
    "orig-language",
    "length",
    "icon",
    "country",
    "episode-num",
    "video",
    "audio",
    "previously-shown",
    "premiere",
    "last-chance",
    "new",
    "subtitles",
    "rating",
    "star-rating",
];

/// A guide, packed or not.
///
/// # Panics
/// What would be published of it is no XMLTV, overlaps, has no end, or is read again as something else.
pub fn guide(bytes: &[u8]) {
    let mut text = Vec::new();
    let Ok(input) = decoded(Cursor::new(bytes.to_vec())) else { return };
    let _ = input.take(MOST).read_to_end(&mut text); // what comes before a damage counts
    let text = text.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let control = |letter: char| letter < ' ' && !matches!(letter, '\t' | '\n' | '\r');
    assert!(!text.contains(control), "a control character");

    let source = source();
    let Ok(index) = index::index(text.as_bytes(), &source) else { return };
    let again = index::index(BufReader::with_capacity(5, text.as_bytes()), &source);
    assert_eq!(again.ok().as_ref(), Some(&index), "it depends on how it is cut");
    let mut ids = HashSet::new();
    for listed in &index.channels {
        assert!(!listed.id.is_empty() && listed.id.trim() == listed.id && ids.insert(&*listed.id));
        listed.names.iter().for_each(|name| readable(name, &source));
        picture(&listed.icon, &source);
    }
    let ids: Vec<&str> = index.channels.iter().map(|listed| &*listed.id).take(20).collect();
    let Some((facts, written)) = published(text.as_bytes(), &ids, &source) else { return };
    let pieces = published(BufReader::with_capacity(5, text.as_bytes()), &ids, &source);
    assert_eq!(pieces, Some((facts, written.clone())), "it depends on how it is cut");
    assert!(facts.programmes + facts.dropped <= facts.all, "{facts:?}");
    let times = well_formed(&written, &source);
    let mut before: Option<(&str, i64)> = None;
    for (channel, start, stop) in &times {
        assert!(start < stop, "{channel} {start} {stop}");
        let overlaps = before.is_some_and(|(other, end)| other == channel && *start < end);
        assert!(!overlaps, "{channel} at {start}");
        before = Some((channel, *stop));
    }
    read_again(&written, &ids, &source);
}

/// What we publish is a guide like any other, which says what it said before. Only times of 2106 are not read.
fn read_again(written: &str, ids: &[&str], source: &Source) {
    let (facts, again) = published(written.as_bytes(), ids, source).expect("it is a guide");
    assert!(facts.faults == 0 && facts.complete, "{facts:?}: {written}");
    let again: HashSet<&str> = again.lines().collect();
    for line in written.lines().filter(|line| !line.contains("=\"2106")) {
        assert!(again.contains(line), "{line} is read as something else: {again:#?}");
    }
}

/// The programmes of the channels `ids`, as they are published: of this guide, and in its gaps of itself an hour later.
fn published(input: impl BufRead, ids: &[&str], source: &Source) -> Option<(Facts, String)> {
    let mut spool = Spool::new(&std::env::temp_dir()).expect("the disk has room");
    let wanted = Wanted::new(ids.iter().copied());
    let facts = guide::read(input, &wanted, &Reading::default(), source, &mut spool).ok()?;
    let mut out = b"<tv>\n".to_vec();
    for id in ids {
        let mut one = Vec::new();
        spool.read(id, &mut one).expect("it was written");
        let mut other = one.clone();
        shift(&mut other, 3600);
        let merged = merge([&one, &other].map(|bytes| programmes(bytes).collect()));
        write_programmes(&mut out, id, &merged).expect("there is memory");
    }
    out.extend_from_slice(b"</tv>");
    Some((facts, String::from_utf8(out).expect("letters stay whole")))
}

/// Reads XML as strictly as there is: channel, start and stop of its programmes.
fn well_formed(xml: &str, source: &Source) -> Vec<(String, i64, i64)> {
    let clock = guide::time::Clock::default();
    let mut parser = Reader::from_str(xml);
    parser.config_mut().check_comments = true;
    let (mut found, mut open, mut child) = (Vec::new(), Vec::new(), 0);
    loop {
        let event = parser.read_event().unwrap_or_else(|error| panic!("{error}: {xml}"));
        match event {
            Event::Start(element) => {
                let name = element.name().0.to_owned();
                let attributes = attributes(element.attributes(), source);
                match open.len() {
                    1 => {
                        let value = |name: &str| {
                            let found = attributes.iter().find(|(other, _)| other == name);
                            found.unwrap_or_else(|| panic!("no {name}: {xml}")).1.clone()
                        };
                        let time = |name| clock.parse(&value(name)).expect("it is a time");
                        found.push((value("channel"), time("start"), time("stop")));
                        child = 0;
                    }
                    2 => child = ordered(&name, child),
                    _ => {}
                }
                open.push(name);
            }
            Event::Empty(element) => {
                attributes(element.attributes(), source);
                if open.len() == 2 {
                    child = ordered(element.name().0, child);
                }
            }
            Event::End(_) => drop(open.pop().expect("it was opened")),
            Event::Text(text) => {
                let text = text.into_inner();
                assert!(open.len() > 2 || text.trim().is_empty(), "{text:?} stands in a programme: {xml}");
                assert!(text.chars().all(is_xml), "{text:?}");
                assert_eq!(tidy::masked(text.clone(), source), text, "a credential");
            }
            Event::GeneralRef(reference) => {
                let name = reference.into_inner();
                assert!(matches!(&*name, "amp" | "lt" | "gt" | "quot" | "apos"), "&{name}; is in no DTD");
            }
            Event::Eof => break,
            other => panic!("{other:?} is nothing that is written"),
        }
    }
    assert!(open.is_empty(), "{open:?} are not closed: {xml}");
    found
}

/// The place of a child in the DTD, which is not before that of the one before it.
fn ordered(name: &str, before: usize) -> usize {
    let place = ORDER.iter().position(|other| *other == name).unwrap_or_else(|| panic!("<{name}>"));
    assert!(place >= before, "<{name}> behind <{}>", ORDER[before]);
    place
}

/// Names and decoded values, each name once, and every value what XML allows.
fn attributes(attributes: Attributes<'_>, source: &Source) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for attribute in attributes {
        let attribute = attribute.expect("attributes are well-formed");
        let value = attribute.value.into_owned();
        assert!(value.chars().all(is_xml) && !value.contains('<'), "{value:?}");
        let (name, value) = (attribute.key.0, tidy::entities(&value).into_owned());
        // The id of a channel is what the line-up calls it.
        let open = name == "channel" || tidy::masked(value.as_str().into(), source) == value;
        assert!(open && !found.iter().any(|(other, _)| other == name), "{name}={value:?}");
        found.push((name.to_owned(), value));
    }
    found
}

/// XML 1.0, production 2.
const fn is_xml(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
