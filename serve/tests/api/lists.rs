//! The six lists.

use std::collections::BTreeSet;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use serve::Settings;

use crate::client::Ask;
use crate::fields::{CATEGORY, LIVE, SERIES, VOD, nulls};
use crate::house::{ANN, House};
use crate::line_up::{LineUp, category, live};

const LISTS: [&str; 6] = [
    "get_live_categories",
    "get_live_streams",
    "get_vod_categories",
    "get_vod_streams",
    "get_series_categories",
    "get_series",
];

async fn list(house: &House, query: &str) -> Vec<Value> {
    let answer = house.api(query).await;
    assert_eq!(answer.status, 200, "{query}");
    answer.json().as_array().expect("a list").clone()
}

/// 14, 15, 19, 21
#[tokio::test]
async fn every_element_of_every_list_has_every_field_in_its_type_and_no_null() {
    let house = House::new().await;
    for (action, fields) in LISTS.into_iter().zip([CATEGORY, LIVE, CATEGORY, VOD, CATEGORY, SERIES]) {
        let entries = list(&house, &format!("action={action}")).await;
        assert!(!entries.is_empty());
        for entry in &entries {
            assert_eq!(nulls(entry, action), Vec::<String>::new());
            for (field, is) in fields {
                assert!(is.holds(&entry[field]), "{action}: {field} is {}, not {is:?}", entry[field]);
            }
            assert_eq!(entry.as_object().unwrap().len(), fields.len(), "{action}: a key nobody knows");
        }
    }
    let film = &list(&house, "action=get_vod_streams").await[0];
    assert_eq!((&film["rating"], &film["rating_5based"]), (&json!("7.3"), &json!(3.7)));
}

/// 14
#[tokio::test]
async fn an_empty_list_is_a_list() {
    let house = House::with(Settings::default(), None, Some(LineUp::empty())).await;
    for action in LISTS {
        for gzip in ["identity", "gzip"] {
            let asked = Ask::new("GET", &format!("/player_api.php?{ANN}&action={action}"));
            let answer = asked.header("Accept-Encoding", gzip).send(house.address).await;
            assert_eq!((answer.status, answer.text()), (200, "[]"), "{action}");
        }
    }
}

/// 16
#[tokio::test]
async fn categories_are_listed_if_and_only_if_something_is_in_them() {
    let house = House::new().await;
    let mut seen = BTreeSet::new();
    for kinds in LISTS.chunks(2) {
        let categories = list(&house, &format!("action={}", kinds[0])).await;
        let entries = list(&house, &format!("action={}", kinds[1])).await;
        let listed: BTreeSet<&str> =
            categories.iter().map(|each| each["category_id"].as_str().unwrap()).collect();
        let named: BTreeSet<String> = entries
            .iter()
            .flat_map(|entry| entry["category_ids"].as_array().unwrap().iter().map(Value::to_string))
            .collect();
        assert_eq!(listed, named.iter().map(String::as_str).collect());
        assert!(entries.iter().all(|entry| listed.contains(entry["category_id"].as_str().unwrap())));
        for category in categories {
            assert_eq!(category["parent_id"], 0);
            assert!(seen.insert(category["category_id"].to_string()), "unique across kinds");
        }
    }
}

/// 17
#[tokio::test]
async fn a_category_is_filtered_by_and_all_is_written_in_five_ways() {
    let house = House::new().await;
    let ids = async |filter: &str| -> Vec<u64> {
        let entries = list(&house, &format!("action=get_live_streams{filter}")).await;
        entries.iter().map(|entry| entry["stream_id"].as_u64().unwrap()).collect()
    };
    for filter in ["", "&category_id=", "&category_id=0", "&category_id=*", "&category_id=all"] {
        assert_eq!(ids(filter).await, [101, 102, 103, 104], "{filter}");
    }
    for filter in
        ["&category_id=99", "&category_id=-1", "&category_id=uk", "&category_id=1x", "&category_id=4"]
    {
        assert_eq!(ids(filter).await, [] as [u64; 0], "{filter}");
    }
    assert_eq!(ids("&category_id=1").await, [101, 102]);
    assert_eq!(ids("&category_id=2").await, [102, 103]);
    assert_eq!(ids("&category_id=03").await, [104]);
}

/// 18
#[tokio::test]
async fn filtered_answers_together_are_the_unfiltered_one() {
    let house = House::new().await;
    for kinds in LISTS.chunks(2) {
        let mut together = BTreeSet::new();
        for category in list(&house, &format!("action={}", kinds[0])).await {
            let id = category["category_id"].as_str().unwrap().to_owned();
            let entries = list(&house, &format!("action={}&category_id={id}", kinds[1])).await;
            together.extend(entries.iter().map(Value::to_string));
        }
        let all = list(&house, &format!("action={}", kinds[1])).await;
        assert_eq!(together, all.iter().map(Value::to_string).collect());
    }
}

/// 20
#[tokio::test]
async fn every_guide_channel_of_a_list_is_in_the_guide() {
    let house = House::new().await;
    let guide = house.get(&format!("/xmltv.php?{ANN}")).await;
    for entry in list(&house, "action=get_live_streams").await {
        let id = entry["epg_channel_id"].as_str().unwrap();
        assert!(id.is_empty() || guide.text().contains(&format!("<channel id=\"{id}\">")), "{id}");
    }
}

/// 22, 23
#[tokio::test]
async fn numbers_ascend_and_names_are_clean() {
    let house = House::new().await;
    for kinds in LISTS.chunks(2) {
        let entries = list(&house, &format!("action={}", kinds[1])).await;
        let numbers: Vec<u64> = entries.iter().map(|entry| entry["num"].as_u64().unwrap()).collect();
        assert!(numbers.is_sorted() && numbers[0] >= 1);
        for entry in &entries {
            let name = entry["name"].as_str().unwrap();
            assert!(name == name.trim() && !name.contains(char::is_control), "{name:?}");
        }
    }
}

#[tokio::test]
async fn numbers_do_for_actions_too() {
    let house = House::new().await;
    for (number, action) in ["201", "202", "200", "203", "206", "208"].into_iter().zip(LISTS) {
        let by_number = house.api(&format!("action={number}")).await;
        assert_eq!(by_number.text(), house.api(&format!("action={action}")).await.text());
    }
    for (number, action, of) in [
        ("209", "get_vod_info", "vod_id=9001"),
        ("204", "get_series_info", "series_id=77"),
        ("205", "get_short_epg", "stream_id=101"),
        ("207", "get_simple_data_table", "stream_id=101"),
    ] {
        let by_number = house.api(&format!("action={number}&{of}")).await;
        assert_eq!(by_number.text(), house.api(&format!("action={action}&{of}")).await.text());
    }
}

/// 11
#[tokio::test]
async fn lists_are_compressed_only_on_request_and_known_ones_are_not_sent_again() {
    let house = House::with(Settings::default(), None, Some(LineUp::long())).await;
    let ask = |coding: &str| {
        Ask::new("GET", &format!("/player_api.php?{ANN}&action=get_live_streams"))
            .header("Accept-Encoding", coding)
    };
    let plain = ask("identity").send(house.address).await;
    let packed = ask("gzip, br").send(house.address).await;
    let smaller = ask("gzip;q=0.8, br, zstd").send(house.address).await;
    assert_eq!(smaller.header("content-encoding"), Some("zstd"));
    assert_eq!(zstd::decode_all(smaller.body.as_slice()).unwrap(), plain.body);
    assert!(plain.header("content-encoding").is_none() && packed.header("content-encoding") == Some("gzip"));
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(packed.body.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert!(unpacked == plain.body && packed.body.len() * 5 < plain.body.len());
    for answer in [&plain, &packed, &smaller] {
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=60"));
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    let (plain_tag, packed_tag) = (plain.header("etag").unwrap(), packed.header("etag").unwrap());
    let smaller_tag = smaller.header("etag").unwrap();
    assert!(plain_tag != packed_tag && packed_tag != smaller_tag);
    for (coding, tag, status) in [
        ("gzip", packed_tag, 304),
        ("zstd", smaller_tag, 304),
        ("identity", plain_tag, 304),
        ("identity", packed_tag, 200),
        ("gzip", smaller_tag, 200),
    ] {
        let answer = ask(coding).header("If-None-Match", tag).send(house.address).await;
        assert_eq!((answer.status, answer.body.is_empty()), (status, status == 304), "{coding}");
    }
    let filtered = house.api("action=get_live_streams&category_id=1").await;
    assert!(![plain_tag, packed_tag].contains(&filtered.header("etag").unwrap()));

    let mut more = LineUp::usual();
    more.live.push(live(900, 900, "Brand new", "", &[1]));
    house.publish(&more);
    let renewed = ask("gzip").header("If-None-Match", packed_tag).send(house.address).await;
    assert_eq!(renewed.status, 200, "a new release is a new answer");
}

/// A cache in front of us tells clients apart by the address, in which name and password stand, and by POST they do not.
#[tokio::test]
async fn what_is_the_same_for_everybody_may_be_kept_by_caches_and_what_is_not_may_not() {
    let house = House::new().await;
    let api = |query: &str| format!("/player_api.php?{ANN}&{query}");
    for target in [
        api("action=get_live_streams"),
        api("action=get_series_categories"),
        api("action=get_vod_info&vod_id=9001"),
        api("action=get_short_epg&stream_id=101"),
        format!("/xmltv.php?{ANN}"),
        format!("/xmltv.php?{ANN}&days=1"),
    ] {
        for (method, expected) in [("GET", "public, max-age=60"), ("POST", "private, max-age=60")] {
            let answer = Ask::new(method, &target).send(house.address).await;
            assert_eq!(
                (answer.status, answer.header("cache-control")),
                (200, Some(expected)),
                "{method} {target}"
            );
            assert_eq!(answer.header("vary"), Some("Accept-Encoding"), "{target}");
        }
    }
    for target in [api(""), format!("/get.php?{ANN}"), format!("/panel_api.php?{ANN}"), "/health".into()] {
        assert_eq!(house.get(&target).await.header("cache-control"), Some("no-store"), "{target}");
    }
}

#[tokio::test]
async fn documents_are_compressed_on_request_too_and_known_ones_are_not_sent_again() {
    let house = House::new().await;
    let mut compressed = 0;
    for query in [
        "action=get_series_info&series_id=77",
        "action=get_vod_info&vod_id=9001",
        "action=get_simple_data_table&stream_id=101",
        "action=get_short_epg&stream_id=101",
    ] {
        let ask = |coding: &str| {
            Ask::new("GET", &format!("/player_api.php?{ANN}&{query}")).header("Accept-Encoding", coding)
        };
        let plain = ask("identity").send(house.address).await;
        for coding in ["identity", "gzip", "zstd"] {
            let answer = ask(coding).send(house.address).await;
            let body = match answer.header("content-encoding") {
                Some("zstd") => zstd::decode_all(answer.body.as_slice()).unwrap(),
                Some("gzip") => {
                    let mut unpacked = Vec::new();
                    MultiGzDecoder::new(answer.body.as_slice()).read_to_end(&mut unpacked).unwrap();
                    unpacked
                }
                coded => {
                    assert_eq!(coded, None);
                    answer.body.clone()
                }
            };
            assert!(body == plain.body, "{query} {coding}");
            let is_coded = answer.header("content-encoding").is_some();
            assert_eq!(is_coded, coding != "identity" && body.len() > 4096, "{query} {coding}");
            compressed += u32::from(is_coded);
            let tag = answer.header("etag").unwrap();
            let known = ask(coding).header("If-None-Match", tag).send(house.address).await;
            assert_eq!((known.status, known.body.len()), (304, 0), "{query} {coding}");
        }
    }
    assert!(compressed > 0, "all of them are too short for it");
}

#[tokio::test]
async fn without_room_for_compressed_answers_lists_are_sent_as_they_are() {
    let settings = Settings { packed_lists: 100, ..Settings::default() };
    let house = House::with(settings, None, Some(LineUp::long())).await;
    for _ in 0..2 {
        let asked = Ask::new("GET", &format!("/player_api.php?{ANN}&action=get_live_streams"));
        let answer = asked.header("Accept-Encoding", "gzip").send(house.address).await;
        assert!(answer.header("content-encoding").is_none());
        assert_eq!(answer.json().as_array().unwrap().len(), 204);
    }
}

#[tokio::test]
async fn head_tells_what_get_would_and_makes_nothing() {
    let house = House::with(Settings::default(), None, Some(LineUp::long())).await;
    let ask = async |method, coding| {
        let asked = Ask::new(method, &format!("/player_api.php?{ANN}&action=get_live_streams"));
        asked.header("Accept-Encoding", coding).send(house.address).await
    };
    let unmade = ask("HEAD", "gzip").await;
    assert_eq!((unmade.status, unmade.body.len(), unmade.header("content-length")), (200, 0, None));
    for coding in ["identity", "gzip"] {
        let (get, head) = (ask("GET", coding).await, ask("HEAD", coding).await);
        assert_eq!((head.status, head.body.len()), (200, 0));
        for name in ["content-length", "content-type", "etag", "vary", "cache-control"] {
            assert!(head.header(name).is_some() && head.header(name) == get.header(name), "{name}");
        }
        assert_eq!(head.header("content-encoding"), get.header("content-encoding"));
    }
}

/// 18, 27: some apps ask for all categories at once.
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_categories_at_once_are_together_the_whole_list() {
    let mut line_up = LineUp::empty();
    line_up.live_categories = (1..=200).map(|id| category(id, &format!("Group {id}"))).collect();
    line_up.live = (1..=20_000).map(|id| live(id, id, "One of many", "", &[1 + id / 101])).collect();
    let house = House::with(Settings::default(), None, Some(line_up)).await;
    let house = &house;
    let ask = |id: u32| async move { house.api(&format!("action=get_live_streams&category_id={id}")).await };
    let answers = futures_util::future::join_all((1..=200).map(ask)).await;
    let ids = answers.iter().flat_map(|answer| {
        let entries = answer.json();
        entries
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["stream_id"].as_u64().unwrap())
            .collect::<Vec<_>>()
    });
    assert!(ids.eq(1..=20_000), "in order, each once");
}
