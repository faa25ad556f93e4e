//! What of the line-up a user may see.

use contract::user::Sight;
use serde_json::{Value, json};
use serve::Settings;

use crate::client::Ask;
use crate::house::{ANN, House, KID};
use crate::line_up::LineUp;

fn ids(list: &Value, key: &str) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|entry| entry[key].as_u64().unwrap()).collect()
}

/// 26: the kid may see the groups of Germany, and drama.
#[tokio::test]
async fn two_users_with_different_permissions_see_different_lists_with_the_same_ids() {
    let house = House::new().await;
    let as_kid = async |query: &str| house.get(&format!("/player_api.php?{KID}&{query}")).await.json();
    let live = as_kid("action=get_live_streams").await;
    let whole = house.api("action=get_live_streams").await.json();
    assert_eq!(
        (ids(&live, "stream_id"), ids(&whole, "stream_id")),
        (vec![102, 103], vec![101, 102, 103, 104])
    );
    let names = as_kid("action=get_live_categories").await;
    assert_eq!(names, json!([{"category_id": "2", "category_name": "Deutschland", "parent_id": 0}]));
    // A channel that is in another group as well names only those that are listed.
    assert_eq!((&live[0]["category_id"], &live[0]["category_ids"]), (&json!("2"), &json!([2])));
    let mut same = live[0].clone();
    (same["category_id"], same["category_ids"]) = (json!("1"), json!([1, 2]));
    assert_eq!(same, whole[1]);
    for (query, expected) in
        [("&category_id=2", vec![102, 103]), ("&category_id=1", vec![]), ("&category_id=0", vec![102, 103])]
    {
        let list = as_kid(&format!("action=get_live_streams{query}")).await;
        assert_eq!(ids(&list, "stream_id"), expected, "{query}");
    }
    for nothing in ["get_vod_streams", "get_vod_categories"] {
        assert_eq!(as_kid(&format!("action={nothing}")).await, json!([]), "{nothing}");
    }
    assert_eq!(ids(&as_kid("action=get_series").await, "series_id"), [77, 78]);
    let panel = house.get(&format!("/panel_api.php?{KID}")).await.json();
    assert_eq!(panel["available_channels"].as_object().unwrap().keys().collect::<Vec<_>>(), ["102", "103"]);
    assert_eq!(panel["categories"]["live"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn details_and_listings_of_what_is_not_seen_are_those_of_what_there_is_not() {
    let house = House::new().await;
    let api = async |query: String| house.get(&format!("/player_api.php?{KID}&action={query}")).await;
    for (action, hidden) in [
        ("get_vod_info&vod_id=", 9001),
        ("get_short_epg&stream_id=", 101),
        ("get_simple_data_table&stream_id=", 101),
    ] {
        let answers = [api(format!("{action}{hidden}")).await, api(format!("{action}77777")).await];
        assert_eq!((answers[0].status, &answers[0].body), (200, &answers[1].body), "{action}");
    }
    let seen = api("get_short_epg&stream_id=102".into()).await.json();
    assert_eq!(seen["epg_listings"].as_array().unwrap().len(), 4);
    assert_eq!(api("get_series_info&series_id=77".into()).await.json()["info"]["name"], "Show");
}

/// 47, 52
#[tokio::test]
async fn playlist_and_guide_have_what_the_lists_have() {
    let house = House::new().await;
    let playlist = house.get(&format!("/get.php?{KID}&type=m3u_plus")).await;
    let text = playlist.text();
    let entries: Vec<&str> = text.lines().filter(|line| line.starts_with("http")).collect();
    let [first, second, episodes @ ..] = &entries[..] else { panic!("{text}") };
    assert!(first.ends_with("/live/kid/secret/102.ts") && second.ends_with("/live/kid/secret/103.ts"));
    assert!(episodes.len() == 3 && episodes.iter().all(|it| it.contains("/series/kid/secret/1200")));
    assert_eq!(playlist.header("content-length").unwrap(), text.len().to_string());
    let groups = text.matches("group-title=\"Deutschland\"").count();
    assert_eq!((groups, text.matches("group-title=\"UK\"").count()), (2, 0), "{text}");
    let live = house.get(&format!("/get.php?{KID}&type=m3u&key=live")).await;
    assert_eq!(live.text().matches("#EXTINF").count(), 2);

    let whole = house.get(&format!("/xmltv.php?{ANN}")).await;
    for (query, gzip) in [("", false), ("&days=1&prev_days=1", false), ("&gzip=1", true)] {
        let guide = house.get(&format!("/xmltv.php?{KID}{query}")).await;
        let text = if gzip { gunzipped(&guide.body) } else { guide.text().to_owned() };
        assert!(text.starts_with("<?xml") && text.ends_with("</tv>\n"), "{query}");
        assert_eq!((text.matches("<channel ").count(), text.matches("channel=\"one.uk\"").count()), (1, 0));
        assert!(text.contains("channel=\"zwei.de\"") && text.len() < whole.body.len());
        assert_ne!(guide.header("etag"), whole.header("etag"));
    }
}

#[tokio::test]
async fn answers_of_different_permissions_are_never_taken_for_each_other() {
    let house = House::with(Settings::default(), None, Some(LineUp::long())).await;
    for target in
        ["player_api.php?action=get_live_streams&", "player_api.php?action=get_series&", "xmltv.php?"]
    {
        for coding in ["gzip", "identity"] {
            let asked = async |pair: &str, etag: &str| {
                let ask = Ask::new("GET", &format!("/{target}{pair}")).header("Accept-Encoding", coding);
                ask.header("If-None-Match", etag).send(house.address).await
            };
            let [ann, kid] = [asked(ANN, "\"x\"").await, asked(KID, "\"x\"").await];
            let [of_ann, of_kid] = [&ann, &kid].map(|answer| answer.header("etag").unwrap().to_owned());
            assert_ne!(of_ann, of_kid, "{target}");
            assert_eq!((asked(KID, &of_kid).await.status, asked(KID, &of_ann).await.status), (304, 200));
            assert_eq!(asked(ANN, &of_kid).await.status, 200);
        }
    }
}

#[tokio::test]
async fn what_an_operator_changes_is_seen_within_a_second() {
    let house = House::new().await;
    let count = async || {
        let list = house.get(&format!("/player_api.php?{KID}&action=get_live_streams")).await;
        list.json().as_array().map_or(0, Vec::len)
    };
    assert_eq!(count().await, 2);
    // Another process edits the file.
    let users = contract::user::Users::new(house.data.clone());
    let see = |sees: Sight| {
        users
            .edit(|all| {
                all.iter_mut().filter(|user| user.name == "kid").for_each(|kid| kid.sees = sees.clone())
            })
            .unwrap();
    };
    see(Sight::default());
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(count().await, 4);
}

fn gunzipped(bytes: &[u8]) -> String {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(bytes), &mut text).unwrap();
    text
}
