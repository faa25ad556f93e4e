//! Downloads go more slowly while somebody watches.

use std::time::Duration;

use contract::bundle::Kind;
use contract::user::{PasswordHash, User, Users};

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn while_somebody_watches_downloads_go_slowly_and_as_fast_as_they_can_when_nobody_does() {
    // At this pace a film would take three minutes.
    let account = station::Account { max_connections: 4, ..station::Account::default() };
    let provider = station::Settings { films: 4, accounts: vec![account], ..station::Settings::default() };
    let house = House::with(provider, "when_viewers = 16000").await;
    house.told(&["target", "add", "nas", house.nas.to_str().unwrap()]);
    let users = Users::new(house.data.clone());
    users.edit(|all| *all = vec![User::new("ann", PasswordHash::new("secret"), 1)]).unwrap();
    let channel = house.ids(Kind::Live)[0];
    let url = format!("{}/live/ann/secret/{channel}.ts", house.relay());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut watching = client.get(&url).send().await.unwrap();
    assert_eq!(watching.status(), 200);
    let _worker = house.run();
    let job = house.add(house.ids(Kind::Movie)[0]);
    house.until(job, "downloading").await;
    for _ in 0..16 {
        let _ = tokio::time::timeout(Duration::from_millis(500), watching.chunk()).await;
        assert_eq!(house.job(job)["state"], "downloading");
    }
    let have = house.job(job)["have"].as_u64().unwrap();
    assert!(have < 1_500_000, "in eight seconds, or a little more: {have}");
    drop(watching);
    house.until(job, "completed").await;
}
