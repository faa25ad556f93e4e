//! What relays on other machines tell of who watches there.

use std::fmt::Write;

use contract::mirror::SEATS;
use contract::secret::SharedKey;
use serve::Settings;

use crate::client::Ask;
use crate::house::House;
use crate::line_up::LineUp;

const KEY: &str = "0123456789abcdef-relays";

#[tokio::test]
async fn a_relay_tells_of_as_many_users_as_it_has_and_of_too_many_it_is_not_heard() {
    let settings = Settings { relay_key: Some(SharedKey::new(KEY).unwrap()), ..Settings::default() };
    let house = House::with(settings, None, Some(LineUp::usual())).await;
    let told = async |form: &str| {
        let ask = Ask::new("POST", "/relay/seats").header("Authorization", &format!("Bearer {KEY}"));
        ask.body(form).send(house.address).await.status
    };
    let connections =
        async || house.api("").await.json()["user_info"]["active_cons"].as_str().unwrap().to_owned();
    let mut form = String::from("relay=a");
    for user in 0..20_000 {
        write!(form, "&user=viewer-{user}&seats=1").unwrap();
    }
    form += "&user=ann&seats=3";
    assert_eq!((told(&form).await, connections().await), (204, "3".into()));
    form += "&user=ann&seats=4&rest=";
    form += &"x".repeat(SEATS + 1 - form.len());
    assert_eq!((told(&form).await, connections().await), (400, "3".into()));
}
