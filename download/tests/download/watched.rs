//! What it is to downloads that somebody watches.

use std::time::Duration;

use contract::bundle::Kind;
use contract::user::{PasswordHash, User, Users};
use download::store::now;
use serde_json::Value;

use crate::house::{House, eventually};

/// A house whose account has so many connections, and somebody who watches.
async fn watched(connections: u32, more: &str) -> (House, reqwest::Response) {
    let account = station::Account { max_connections: connections, ..station::Account::default() };
    let provider = station::Settings { films: 4, accounts: vec![account], ..station::Settings::default() };
    let house = House::with(provider, more).await;
    house.told(&["target", "add", "nas", house.nas.to_str().unwrap()]);
    let users = Users::new(house.data.clone());
    users.edit(|all| *all = vec![User::new("ann", PasswordHash::new("secret"), 1)]).unwrap();
    let channel = house.ids(Kind::Live)[0];
    let url = format!("{}/live/ann/secret/{channel}.ts", house.relay());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let watching = client.get(&url).send().await.unwrap();
    assert_eq!(watching.status(), 200);
    (house, watching)
}

#[tokio::test(flavor = "multi_thread")]
async fn while_somebody_watches_downloads_go_slowly_and_as_fast_as_they_can_when_nobody_does() {
    // At this pace a film would take three minutes.
    let (house, mut watching) = watched(4, "when_viewers = 16000").await;
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

#[tokio::test(flavor = "multi_thread")]
async fn how_long_a_viewer_kept_jobs_waiting_for_the_connection_of_an_account_is_told() {
    const KEY: &str = "an-operators-own-key";
    let (house, mut watching) = watched(1, "").await;
    let watching = tokio::spawn(async move { while let Ok(Some(_)) = watching.chunk().await {} });
    let (_worker, said) = house.run_as(&["--listen", "127.0.0.1:0"], &[("COAX_ADMIN_KEY", KEY.to_owned())]);
    let url = format!("{}/api/stats/accounts", said.strip_prefix("ready ").unwrap().trim());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let waited = async || -> Value {
        let answer = client.get(&url).bearer_auth(KEY).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let mut told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        told["accounts"].take()
    };
    assert_eq!(waited().await, serde_json::json!({}));
    let (films, asked) = (house.ids(Kind::Movie), now());
    let job = house.add(films[0]);
    eventually(|| house.job(job)["waits_for"] == "slot").await.expect("somebody watches");
    let account = house.job(job)["account"].as_str().unwrap().to_owned();
    // It is counted while it goes on.
    let mut so_far = 0;
    while so_far < 3 {
        assert!(now() - asked < 60, "{}", waited().await);
        tokio::time::sleep(Duration::from_millis(200)).await;
        so_far = waited().await[&account].as_i64().unwrap();
    }
    watching.abort();
    house.until(job, "completed").await;
    let (waited_in_all, took) = (waited().await, now() - asked);
    let seconds = waited_in_all[&account].as_i64().unwrap();
    assert!((so_far..=took).contains(&seconds), "{so_far} s, then {seconds} s, of {took} s");
    // What the logs of jobs say of each time is what it comes to; of another one as well, which the relay lets begin only when
    // it has left the connection alone for a while.
    let told = |job: i64| {
        let log = house.told(&["log", &job.to_string()]);
        let is_wait = |event: &Value| {
            event["action"] == "wait" && event["details"].as_str().unwrap().starts_with("slot:")
        };
        let time = |event: &Value| event["timestamp"].as_i64().unwrap();
        let pairs = log.as_array().unwrap().windows(2).filter(|pair| is_wait(&pair[0]));
        pairs.map(|pair| time(&pair[1]) - time(&pair[0])).sum::<i64>()
    };
    assert_eq!(seconds, told(job));
    let other = house.add(films[1]);
    house.until(other, "completed").await;
    assert_eq!(waited().await[&account], told(job) + told(other));
}
