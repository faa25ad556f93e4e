//! The guide as JSON.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::house::{House, NOW};
use crate::line_up::{LineUp, SLOT};

async fn listings(house: &House, query: &str) -> Vec<Value> {
    let answer = house.api(query).await;
    assert_eq!(answer.status, 200, "{query}");
    answer.json()["epg_listings"].as_array().expect("a list").clone()
}

fn number(listing: &Value, key: &str) -> u64 {
    listing[key].as_str().unwrap().parse().unwrap()
}

fn decoded(listing: &Value, key: &str) -> String {
    String::from_utf8(STANDARD.decode(listing[key].as_str().unwrap()).unwrap()).unwrap()
}

/// 38
#[tokio::test]
async fn short_listings_begin_with_what_is_on_and_are_as_many_as_asked() {
    let house = House::new().await;
    for (limit, expected) in
        [("", 4), ("&limit=1", 1), ("&limit=0", 4), ("&limit=abc", 4), ("&limit=-3", 4), ("&limit=10", 10)]
    {
        let found = listings(&house, &format!("action=get_short_epg&stream_id=101{limit}")).await;
        assert_eq!(found.len(), expected, "{limit}");
        let (start, stop) = (number(&found[0], "start_timestamp"), number(&found[0], "stop_timestamp"));
        assert!(start <= NOW && NOW < stop);
    }
    let all_that_follow = listings(&house, "action=get_short_epg&stream_id=101&limit=99999").await.len();
    assert_eq!(all_that_follow, 48);
}

/// 38
#[tokio::test]
async fn short_listings_have_a_most() {
    let mut line_up = LineUp::usual();
    let many = (0..1500).map(|n| (NOW + n * 60, NOW + n * 60 + 60, "Minute".to_owned(), String::new()));
    line_up.guide[0].1 = many.collect();
    let house = House::with(serve::Settings::default(), None, Some(line_up)).await;
    assert_eq!(listings(&house, "action=get_short_epg&stream_id=101&limit=99999").await.len(), 1000);
    assert_eq!(listings(&house, "action=get_simple_data_table&stream_id=101").await.len(), 1500);
}

/// 39
#[tokio::test]
async fn texts_are_padded_base64_of_every_script() {
    let house = House::new().await;
    let found = listings(&house, "action=get_simple_data_table&stream_id=101").await;
    for (at, listing) in found.iter().enumerate() {
        assert_eq!(decoded(listing, "title"), format!("Новости & \"Wetter\" <Ü> 😀 {at}"));
        let expected = if at % 3 == 0 { String::new() } else { format!("Straße, мир {at}") };
        assert_eq!(decoded(listing, "description"), expected);
        assert_eq!((&listing["lang"], &listing["channel_id"]), (&json!("ru"), &json!("one.uk")));
    }
    assert!(found.iter().any(|listing| listing["description"] == ""));
}

/// 40
#[tokio::test]
async fn times_are_utc_and_agree_with_each_other() {
    let house = House::new().await;
    for action in ["get_short_epg", "get_simple_data_table"] {
        for listing in listings(&house, &format!("action={action}&stream_id=102")).await {
            let spelt = |key| {
                let unix = i64::try_from(number(&listing, key)).unwrap();
                jiff::Timestamp::from_second(unix).unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string()
            };
            assert_eq!(listing["start"], spelt("start_timestamp"));
            assert_eq!(listing["end"], spelt("stop_timestamp"));
            assert_eq!(listing["stop"], listing["end"]);
        }
    }
}

/// 41
#[tokio::test]
async fn ids_are_unique_and_survive_a_restart_and_a_new_guide() {
    let house = House::new().await;
    let ids = async |house: &House| -> Vec<(u64, u64)> {
        let found = listings(house, "action=get_simple_data_table&stream_id=101").await;
        found.iter().map(|listing| (number(listing, "start_timestamp"), number(listing, "id"))).collect()
    };
    let before = ids(&house).await;
    assert!(before.iter().all(|(_, id)| (1..=i32::MAX as u64).contains(id)));
    assert_eq!(before.iter().map(|(_, id)| id).collect::<BTreeSet<_>>().len(), before.len());
    assert_eq!(ids(&House::new().await).await, before);
    let short = &listings(&house, "action=get_short_epg&stream_id=101").await[0];
    assert!(before.contains(&(number(short, "start_timestamp"), number(short, "id"))));
    assert_eq!(short["id"], short["epg_id"]);

    let mut later = LineUp::usual();
    later.guide[0].1.drain(..10);
    house.publish(&later);
    assert_eq!(ids(&house).await, before[10..]);
}

/// 42, 43
#[tokio::test]
async fn the_table_reaches_into_the_past_and_tells_what_can_be_watched_again() {
    let house = House::new().await;
    let found = listings(&house, "action=get_simple_data_table&stream_id=101").await;
    let starts: Vec<u64> = found.iter().map(|listing| number(listing, "start_timestamp")).collect();
    assert!(starts.is_sorted() && starts[0] < NOW - 4 * 86400);
    assert_eq!(found.iter().filter(|listing| listing["now_playing"] == 1).count(), 1);
    for listing in &found {
        let stop = number(listing, "stop_timestamp");
        let kept = (NOW - 3 * 86400..NOW).contains(&stop);
        assert_eq!(listing["has_archive"], u8::from(kept), "{}", listing["start"]);
        let on = stop > NOW && stop - SLOT <= NOW;
        assert_eq!(listing["now_playing"], u8::from(on), "{}", listing["start"]);
    }
    let without = listings(&house, "action=get_simple_data_table&stream_id=102").await;
    assert!(without.iter().all(|listing| listing["has_archive"] == 0));
}

#[tokio::test]
async fn the_table_has_the_time_that_is_asked_for() {
    let house = House::new().await;
    let table = "action=get_simple_data_table&stream_id=101";
    let all = listings(&house, table).await;
    let on = all.iter().position(|listing| listing["now_playing"] == 1).unwrap();
    // What is on from now for an hour: this one, and two more.
    for span in
        [format!("&start={NOW}&end={}", NOW + 3600), "&start=2025-10-09+08:10:00&end=2025-10-09T09:10".into()]
    {
        assert_eq!(listings(&house, &format!("{table}{span}")).await, all[on..on + 3], "{span}");
    }
    assert_eq!(listings(&house, &format!("{table}&start={NOW}")).await, all[on..]);
    assert_eq!(listings(&house, &format!("{table}&end=later")).await, all);
}

/// 44
#[tokio::test]
async fn without_a_guide_there_are_no_listings() {
    let house = House::new().await;
    for action in ["get_short_epg", "get_simple_data_table"] {
        for query in ["&stream_id=103", "&stream_id=104", "&stream_id=9001", "&stream_id=x", ""] {
            let answer = house.api(&format!("action={action}{query}")).await;
            assert_eq!((answer.status, answer.text()), (200, r#"{"epg_listings":[]}"#), "{query}");
        }
    }
}

/// 45
#[tokio::test]
async fn several_channels_are_answered_by_id() {
    let house = House::new().await;
    let several = house.api("action=get_short_epg&stream_id=101,103,102&limit=2").await.json();
    let by_id = several["epg_listings"].as_object().unwrap();
    let counts: Vec<(&str, usize)> =
        by_id.iter().map(|(id, found)| (id.as_str(), found.as_array().unwrap().len())).collect();
    assert_eq!(counts, [("101", 2), ("102", 2), ("103", 0)]);
    let one = house.api("action=get_short_epg&stream_id=101&multi=1").await.json();
    assert_eq!(one["epg_listings"]["101"].as_array().unwrap().len(), 4);
    let alias = house.api("action=get_epg&stream_id=101").await;
    assert_eq!(alias.text(), house.api("action=get_short_epg&stream_id=101").await.text());
}
