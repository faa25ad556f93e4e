//! Account and channels in one document.

use serde_json::{Value, json};
use serve::Settings;

use crate::client::Ask;
use crate::fields::nulls;
use crate::house::{ANN, House};
use crate::line_up::LineUp;

#[tokio::test]
async fn the_account_and_every_channel_are_in_one_document() {
    let house = House::new().await;
    let answer = house.get(&format!("/panel_api.php?{ANN}&action=get_series")).await;
    let document = answer.json();
    assert_eq!((answer.status, nulls(&document, "").len()), (200, 0));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let account = house.api("").await.json();
    assert_eq!(
        (&document["user_info"], &document["server_info"]),
        (&account["user_info"], &account["server_info"])
    );
    let categories = house.api("action=get_live_categories").await.json();
    assert_eq!(document["categories"], json!({"live": categories, "movie": [], "series": []}));
    let channels = document["available_channels"].as_object().unwrap();
    let list = house.api("action=get_live_streams").await.json();
    assert_eq!(channels.len(), list.as_array().unwrap().len());
    for entry in list.as_array().unwrap() {
        assert_eq!(channels[&entry["stream_id"].to_string()], *entry);
    }
    let order = |text: &str| -> Vec<usize> {
        ["\"101\":{", "\"102\":{", "\"103\":{", "\"104\":{"].map(|key| text.find(key).unwrap()).into()
    };
    assert!(order(answer.text()).is_sorted(), "in the order of the list");
    let head = Ask::new("HEAD", &format!("/panel_api.php?{ANN}")).send(house.address).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn who_may_not_watch_has_an_account_and_no_channels_and_a_stranger_neither() {
    let house = House::new().await;
    let late = house.get("/panel_api.php?username=late&password=secret").await.json();
    assert_eq!((&late["user_info"]["auth"], &late["user_info"]["status"]), (&json!(1), &json!("Expired")));
    assert_eq!(late["available_channels"], json!({}));
    assert_eq!(late["categories"], json!({"live": [], "movie": [], "series": []}));
    let stranger = house.get("/panel_api.php?username=ann&password=wrong").await;
    assert_eq!((stranger.status, stranger.text()), (200, r#"{"user_info":{"auth":0}}"#));
}

#[tokio::test]
async fn it_says_later_before_there_is_a_release_and_nothing_when_switched_off() {
    let house = House::with(Settings::default(), None, None).await;
    assert_eq!(house.get(&format!("/panel_api.php?{ANN}")).await.status, 503);
    let empty = House::with(Settings::default(), None, Some(LineUp::empty())).await;
    let document: Value = empty.get(&format!("/panel_api.php?{ANN}")).await.json();
    assert_eq!(document["available_channels"], json!({}));
    let settings = Settings { panel_api: false, ..Settings::default() };
    let without = House::with(settings, None, Some(LineUp::usual())).await;
    assert_eq!(without.get(&format!("/panel_api.php?{ANN}")).await.status, 404);
}
