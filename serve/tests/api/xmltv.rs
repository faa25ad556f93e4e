//! The guide as a file.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use quick_xml::Reader;
use quick_xml::events::Event;
use serve::Settings;

use crate::client::{Answer, Ask};
use crate::house::{ANN, House, NOW};
use crate::line_up::LineUp;

async fn ask(house: &House, query: &str, headers: &[(&str, &str)]) -> Answer {
    let ask = Ask::new("GET", &format!("/xmltv.php?{ANN}{query}"));
    headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value)).send(house.address).await
}

fn unpacked(answer: &Answer) -> Vec<u8> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(answer.body.as_slice()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// 52, 53
#[tokio::test]
async fn the_guide_is_well_formed_in_order_and_reaches_into_the_past() {
    let house = House::new().await;
    let answer = ask(&house, "", &[]).await;
    assert_eq!(answer.header("content-type"), Some("application/xml; charset=utf-8"));
    let mut reader = Reader::from_str(answer.text());
    let mut last = BTreeMap::new();
    let mut first = String::from("9");
    loop {
        let element = match reader.read_event().unwrap() {
            Event::Start(element) if element.name().as_ref() == "programme" => element,
            Event::Eof => break,
            _ => continue,
        };
        let value = |name| element.try_get_attribute(name).unwrap().unwrap().value.into_owned();
        let (start, stop, channel) = (value("start"), value("stop"), value("channel"));
        for time in [&start, &stop] {
            let (digits, zone) = time.split_at(14);
            assert!(digits.bytes().all(|byte| byte.is_ascii_digit()) && zone == " +0000");
        }
        assert!(start < stop);
        first = first.min(start.clone());
        let before = last.insert(channel, stop);
        assert!(before.is_none_or(|before| before <= start));
    }
    assert_eq!(last.into_keys().collect::<Vec<_>>(), ["one.uk", "zwei.de"]);
    assert!(first.starts_with("20251004") && NOW == 1_759_997_400, "five days back");
}

/// 54
#[tokio::test]
async fn the_guide_is_compressed_on_the_way_or_as_a_file_and_never_twice() {
    let house = House::new().await;
    let plain = ask(&house, "", &[]).await;
    let coded = ask(&house, "", &[("Accept-Encoding", "gzip")]).await;
    assert_eq!(coded.header("content-encoding"), Some("gzip"));
    assert_eq!(coded.header("content-type"), plain.header("content-type"));
    assert_eq!(unpacked(&coded), plain.body);
    for headers in [&[("Accept-Encoding", "gzip")][..], &[]] {
        let file = ask(&house, "&gzip=1", headers).await;
        assert_eq!(file.header("content-encoding"), None);
        assert_eq!(file.header("content-type"), Some("application/gzip"));
        assert_eq!(unpacked(&file), plain.body);
    }
}

#[tokio::test]
async fn parts_of_the_guide_are_sent_and_known_ones_are_not() {
    let house = House::new().await;
    let plain = ask(&house, "", &[]).await;
    let tag = plain.header("etag").unwrap();
    let part = ask(&house, "", &[("Range", "bytes=100-199"), ("If-Range", tag)]).await;
    assert_eq!((part.status, part.body.as_slice()), (206, &plain.body[100..200]));
    let known = ask(&house, "", &[("If-None-Match", tag)]).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let coded = ask(&house, "", &[("If-None-Match", tag), ("Accept-Encoding", "gzip")]).await;
    assert_eq!(coded.status, 200, "one validator per coding");
}

/// 51
#[tokio::test]
async fn the_head_of_the_guide_tells_its_length() {
    let house = House::new().await;
    let head = Ask::new("HEAD", &format!("/xmltv.php?{ANN}")).send(house.address).await;
    let plain = ask(&house, "", &[]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), plain.header("content-length"));
}

#[tokio::test]
async fn the_guide_has_its_other_names() {
    let house = House::new().await;
    let expected = ask(&house, "", &[]).await;
    for path in ["/xmltv", "/epg.php", "/epg", "/update/epg.php"] {
        assert_eq!(house.get(&format!("{path}?{ANN}")).await.body, expected.body, "{path}");
    }
}

/// Start and stop of each programme, by channel, and the channels that are described.
fn programmes(answer: &Answer) -> (Vec<String>, Vec<(String, String, String)>) {
    let text = String::from_utf8(unpacked_if_packed(answer)).unwrap();
    let (mut channels, mut found) = (Vec::new(), Vec::new());
    let mut reader = Reader::from_str(&text);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                let value = |name| element.try_get_attribute(name).unwrap().unwrap().value.into_owned();
                match element.name().as_ref() {
                    "channel" => channels.push(value("id")),
                    "programme" => found.push((value("channel"), value("start"), value("stop"))),
                    _ => {}
                }
            }
            Event::Eof => return (channels, found),
            _ => {}
        }
    }
}

fn unpacked_if_packed(answer: &Answer) -> Vec<u8> {
    if answer.body.starts_with(&[0x1f, 0x8b]) { unpacked(answer) } else { answer.body.clone() }
}

/// 52: a client that holds little asks for days.
#[tokio::test]
async fn days_cut_the_guide_and_leave_every_channel() {
    let house = House::new().await;
    let (channels, all) = programmes(&ask(&house, "", &[]).await);
    // It is 08:10: windows begin and end with the hour.
    for (query, from, to) in [
        ("&prev_days=0", "20251009080000", "3"),
        ("&prev_days=2", "20251007080000", "3"),
        ("&days=1", "0", "20251010090000"),
        ("&prev_days=1&days=3", "20251008080000", "20251012090000"),
        ("&prev_days=99999&days=99999", "0", "3"),
        ("&days=0", "0", "3"),
        ("&days=x&prev_days=", "0", "3"),
    ] {
        let expected =
            all.iter().filter(|(_, start, stop)| &**stop > from && &stop[..14] > from && &start[..14] < to);
        let expected: Vec<_> = expected.cloned().collect();
        let plain = ask(&house, query, &[]).await;
        assert_eq!(programmes(&plain), (channels.clone(), expected), "{query}");
        assert_eq!(plain.header("content-type"), Some("application/xml; charset=utf-8"));
        for (more, coding, content_type) in
            [("", Some("gzip"), "application/xml; charset=utf-8"), ("&gzip=1", None, "application/gzip")]
        {
            let packed = ask(&house, &format!("{query}{more}"), &[("Accept-Encoding", "gzip")]).await;
            assert_eq!(
                (packed.header("content-encoding"), packed.header("content-type")),
                (coding, Some(content_type))
            );
            assert_eq!(unpacked(&packed), plain.body, "{query}");
        }
    }
    assert!(all.len() > 300, "{}", all.len());
}

/// 51
#[tokio::test]
async fn a_part_of_the_guide_is_known_again_and_its_head_makes_nothing() {
    let house = House::new().await;
    let query = "&prev_days=1";
    let part = ask(&house, query, &[]).await;
    let tag = part.header("etag").unwrap();
    assert_ne!(Some(tag), ask(&house, "", &[]).await.header("etag"));
    assert_ne!(Some(tag), ask(&house, "&prev_days=2", &[]).await.header("etag"));
    for (headers, status) in [
        (&[("If-None-Match", tag)][..], 304),
        (&[("If-None-Match", tag), ("Accept-Encoding", "gzip")], 200),
        (&[("Range", "bytes=10-19"), ("If-Range", tag)], 206),
    ] {
        let answer = ask(&house, query, headers).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.status == 206, answer.body == part.body[10..20]);
    }
    let head = Ask::new("HEAD", &format!("/xmltv.php?{ANN}{query}")).send(house.address).await;
    assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, Some(tag)));
}

/// 53
#[tokio::test]
async fn a_guide_without_programmes_is_a_guide() {
    let mut line_up = LineUp::usual();
    line_up.guide.iter_mut().for_each(|(_, programmes)| programmes.clear());
    let house = House::with(Settings::default(), None, Some(line_up)).await;
    for query in ["", "&days=1&prev_days=1"] {
        let answer = ask(&house, query, &[]).await;
        assert_eq!(answer.status, 200);
        let (channels, programmes) = programmes(&answer);
        assert_eq!((channels.len(), programmes.len()), (3, 0));
        assert!(answer.text().ends_with("</tv>\n"));
    }
    let house = House::with(Settings::default(), None, Some(LineUp::empty())).await;
    let nothing = ask(&house, "&days=1", &[("Accept-Encoding", "gzip")]).await;
    assert!(unpacked(&nothing).ends_with(b"</tv>\n"));
}
