//! The shapes of the panel's answers, in both dialects.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use station::{Dialect, Settings, Station};

use crate::{get, json, start, text};

async fn panel(dialect: Dialect) -> Station {
    start(Settings {
        dialect,
        live: 200,
        films: 40,
        series: 12,
        now: Some(1_760_000_000),
        ..Settings::default()
    })
    .await
}

async fn list(station: &Station, action: &str) -> Vec<Value> {
    json(&station.api_url(action)).await.as_array().unwrap().clone()
}

#[tokio::test]
async fn bad_credentials_are_answered_as_the_panel_is_used_to() {
    let classic = panel(Dialect::Classic).await;
    for action in ["", "get_live_streams"] {
        let url = format!("{}/player_api.php?username=x&password=y&action={action}", classic.url());
        assert_eq!(text(&url).await, r#"{"user_info":{"auth":0}}"#);
    }
    let xui = panel(Dialect::Xui).await;
    let answer = get(&format!("{}/player_api.php?username=x&password=y", xui.url())).await;
    assert_eq!(answer.status(), 404);
    assert!(answer.text().await.unwrap().contains("nginx"));
}

#[tokio::test]
async fn the_account_document_differs_by_dialect() {
    let classic = json(&panel(Dialect::Classic).await.api_url("")).await;
    assert_eq!(
        (&classic["user_info"]["auth"], &classic["user_info"]["active_cons"]),
        (&1.into(), &"0".into())
    );
    assert_eq!(
        (&classic["server_info"]["process"], &classic["server_info"]["time_now"]),
        (&true.into(), &"2025-10-09 08:53:20".into())
    );
    let xui = json(&panel(Dialect::Xui).await.api_url("no_such_action")).await;
    assert_eq!((&xui["server_info"]["xui"], &xui["user_info"]["active_cons"]), (&true.into(), &0.into()));
    assert!(xui["user_info"]["exp_date"].is_null());
}

#[tokio::test]
async fn classic_lists_repeat_a_channel_per_category_and_xui_names_all_of_them() {
    let classic = list(&panel(Dialect::Classic).await, "get_live_streams").await;
    let ids: BTreeSet<u64> = classic.iter().map(|entry| entry["stream_id"].as_u64().unwrap()).collect();
    assert!(ids.len() == 200 && classic.len() > 200);
    assert!(classic.iter().all(|entry| entry["is_adult"].is_string() && entry.get("category_ids").is_none()));
    assert_eq!(list(&panel(Dialect::Classic).await, "get_vod_streams").await.len(), 40);
    let xui = list(&panel(Dialect::Xui).await, "get_live_streams").await;
    assert_eq!(xui.len(), 200);
    assert!(xui.iter().all(|entry| entry["is_adult"].is_number()));
    assert!(xui.iter().any(|entry| entry["category_ids"].as_array().unwrap().len() == 2));
    assert!(xui.iter().any(|entry| entry["epg_channel_id"].is_null()));
    assert!(xui.iter().any(|entry| entry["stream_icon"].is_null()));
    assert!(xui.iter().any(|entry| entry["stream_type"] == "radio_streams"));
    assert!(
        xui.iter().any(|entry| entry["tv_archive"] == 1 && entry["tv_archive_duration"].as_u64() > Some(0))
    );
}

#[tokio::test]
async fn classic_text_is_escaped_and_xui_text_is_not() {
    let classic = text(&panel(Dialect::Classic).await.api_url("get_live_streams")).await;
    assert!(classic.is_ascii() && classic.contains("\\u") && classic.contains("http:\\/\\/"));
    assert!(!text(&panel(Dialect::Xui).await.api_url("get_live_streams")).await.is_ascii());
}

#[tokio::test]
async fn every_stream_is_in_a_listed_category_and_filters_find_it_there() {
    for dialect in [Dialect::Classic, Dialect::Xui] {
        let station = panel(dialect).await;
        for (categories, streams, id) in [
            ("get_live_categories", "get_live_streams", "stream_id"),
            ("get_vod_categories", "get_vod_streams", "stream_id"),
            ("get_series_categories", "get_series", "series_id"),
        ] {
            let mut found: BTreeMap<u64, u32> = BTreeMap::new();
            for category in list(&station, categories).await {
                let category = category["category_id"].as_str().unwrap();
                for entry in list(&station, &format!("{streams}&category_id={category}")).await {
                    *found.entry(entry[id].as_u64().unwrap()).or_default() += 1;
                }
            }
            let all: BTreeSet<u64> =
                list(&station, streams).await.iter().map(|entry| entry[id].as_u64().unwrap()).collect();
            assert_eq!(found.into_keys().collect::<BTreeSet<_>>(), all, "{streams}");
            assert!(list(&station, &format!("{streams}&category_id=99999")).await.is_empty());
            assert!(list(&station, &format!("{streams}&category_id=x")).await.is_empty());
            let everything = text(&station.api_url(streams)).await;
            assert_eq!(text(&station.api_url(&format!("{streams}&category_id=0"))).await, everything);
        }
    }
}

#[tokio::test]
async fn details_come_in_the_shapes_that_readers_have_to_survive() {
    for dialect in [Dialect::Classic, Dialect::Xui] {
        let station = panel(dialect).await;
        let mut infos = Vec::new();
        for index in 0..station.catalogue().films() {
            let id = station.catalogue().film_id(index);
            let film = json(&station.api_url(&format!("get_vod_info&vod_id={id}"))).await;
            assert_eq!(film["movie_data"]["stream_id"], id);
            infos.push(film["info"].clone());
        }
        assert!(
            infos.iter().any(|info| info.is_array()) && infos.iter().any(|info| info["video"].is_object())
        );
        assert!(infos.iter().any(|info| info["video"].is_array()));
        assert_eq!(text(&station.api_url("get_vod_info&vod_id=5")).await, r#"{"info":[]}"#);
        let mut shapes = BTreeSet::new();
        for index in 0..station.catalogue().series() {
            let id = station.catalogue().series_id(index);
            let series = json(&station.api_url(&format!("get_series_info&series_id={id}"))).await;
            let seasons: Vec<Value> = match &series["episodes"] {
                Value::Array(seasons) => seasons.clone(),
                Value::Object(seasons) => seasons.values().cloned().collect(),
                other => panic!("{other}"),
            };
            shapes.insert((series["episodes"].is_array(), series["seasons"].as_array().unwrap().is_empty()));
            let mut ids: Vec<u32> = seasons
                .iter()
                .flat_map(|season| season.as_array().unwrap())
                .map(|episode| episode["id"].as_str().unwrap().parse().unwrap())
                .collect();
            let mut known = station.catalogue().episode_ids(index);
            ids.sort_unstable();
            known.sort_unstable();
            assert_eq!(ids, known);
        }
        assert!(shapes.len() >= 3, "{shapes:?}");
        assert!(json(&station.api_url("get_series_info&series_id=1")).await["info"]["name"].is_null());
    }
}

#[tokio::test]
async fn the_guide_reaches_from_yesterday_to_the_last_day_without_gaps() {
    let station = panel(Dialect::Classic).await;
    let id = station.catalogue().live_id(1);
    let table = json(&station.api_url(&format!("get_simple_data_table&stream_id={id}"))).await;
    let entries = table["epg_listings"].as_array().unwrap();
    let time = |entry: &Value, key: &str| entry[key].as_str().unwrap().parse::<i64>().unwrap();
    assert!(time(&entries[0], "start_timestamp") <= 1_760_000_000 - 86_400 + 3600);
    assert!(time(entries.last().unwrap(), "stop_timestamp") >= 1_760_000_000 + 2 * 86_400);
    for pair in entries.windows(2) {
        assert_eq!(pair[0]["stop_timestamp"], pair[1]["start_timestamp"]);
        assert!(time(&pair[0], "start_timestamp") < time(&pair[0], "stop_timestamp"));
    }
    assert_eq!(entries.iter().filter(|entry| entry["now_playing"] == 1).count(), 1);
    let short = json(&station.api_url(&format!("get_short_epg&stream_id={id}&limit=3"))).await;
    let short = short["epg_listings"].as_array().unwrap();
    assert_eq!(short.len(), 3);
    assert!(
        time(&short[0], "start_timestamp") <= 1_760_000_000
            && time(&short[0], "stop_timestamp") > 1_760_000_000
    );
    let xui = panel(Dialect::Xui).await;
    let short = json(&xui.api_url(&format!("get_short_epg&stream_id={id}"))).await;
    assert_eq!(short["epg_listings"].as_array().unwrap().len(), 4);
    assert!(short["epg_listings"][0]["end"].as_str().unwrap().parse::<i64>().is_ok());
}

#[tokio::test]
async fn the_guide_file_names_every_channel_once_and_is_the_same_every_time() {
    let station = panel(Dialect::Classic).await;
    let url = format!("{}/xmltv.php?username=station&password=station", station.url());
    let guide = text(&url).await;
    assert_eq!(text(&url).await, guide);
    let ids: Vec<&str> =
        guide.split("<channel id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    let listed: BTreeSet<String> = list(&station, "get_live_streams")
        .await
        .iter()
        .filter_map(|entry| entry["epg_channel_id"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(listed, ids.iter().map(|id| (*id).to_owned()).collect());
    assert!(
        guide.ends_with("</tv>\n")
            && guide.matches("<programme ").count() == guide.matches("</programme>").count()
    );
}

#[tokio::test]
async fn programmes_may_be_told_channel_by_channel_only() {
    let station = start(Settings { guide_by_channel: true, ..Settings::default() }).await;
    let guide = text(&format!("{}/xmltv.php?username=station&password=station", station.url())).await;
    assert!(guide.contains("<channel ") && !guide.contains("<programme ") && guide.ends_with("</tv>\n"));
    let channel = &list(&station, "get_live_streams").await[0]["stream_id"];
    let table = json(&station.api_url(&format!("get_simple_data_table&stream_id={channel}"))).await;
    assert!(table["epg_listings"].as_array().unwrap().len() > 20);
}

#[tokio::test]
async fn the_playlist_and_the_old_document_have_everything() {
    let station = panel(Dialect::Classic).await;
    let line = "username=station&password=station";
    let playlist = text(&format!("{}/get.php?{line}&type=m3u_plus&output=m3u8", station.url())).await;
    assert_eq!(playlist.matches("/live/").count(), 200);
    assert_eq!(playlist.matches("/movie/").count(), 40);
    assert!(playlist.contains("/series/") && playlist.contains(".m3u8\r\n"));
    let plain = text(&format!("{}/get.php?{line}&type=m3u", station.url())).await;
    assert!(!plain.contains("tvg-name"));
    let panel = json(&format!("{}/panel_api.php?{line}", station.url())).await;
    assert_eq!(panel["available_channels"].as_object().unwrap().len(), 200);
}

#[tokio::test]
async fn a_station_of_any_size_starts_at_once_and_streams_its_lists() {
    let big = Settings {
        live: 20_000,
        films: 60_000,
        series: 10_000,
        guide_days: 7,
        programme_minutes: 180,
        ..Settings::default()
    };
    let station = start(big).await;
    let mut answer = get(&station.api_url("get_vod_streams")).await;
    assert_eq!(answer.headers().get("content-length"), None);
    assert!(answer.chunk().await.unwrap().unwrap().starts_with(b"[{"));
    let guide = format!("{}/xmltv.php?username=station&password=station", station.url());
    assert!(get(&guide).await.chunk().await.unwrap().unwrap().starts_with(b"<?xml"));
}
