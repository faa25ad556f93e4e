//! The guide as a file.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::client::{Answer, Ask};
use crate::house::{ANN, House, NOW};

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
