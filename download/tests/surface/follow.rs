//! What is told as it happens.

use std::time::Duration;

use download::job::State;
use download::store::{By, Checkpoint, Limits, boot, now};
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::house::{House, Shows};

/// Somebody who follows.
struct Following {
    bytes: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>>>>,
    text: String,
}

impl Following {
    async fn new(house: &House, who: &Shows, last: Option<i64>) -> Self {
        let mut ask = house.client.get(format!("http://{}/api/events", house.address));
        for (name, value) in &who.0 {
            ask = ask.header(*name, value);
        }
        if let Some(last) = last {
            ask = ask.header("Last-Event-ID", last);
        }
        let answer = ask.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { bytes: Box::pin(answer.bytes_stream()), text: String::new() }
    }

    /// The next message of this name: its id and its data.
    async fn next(&mut self, name: &str) -> (Option<i64>, Value) {
        loop {
            while let Some((message, rest)) = self.text.split_once("\n\n") {
                let field = |field: &str| {
                    let of = |line: &str| line.strip_prefix(field)?.strip_prefix(": ").map(str::to_owned);
                    message.lines().find_map(of)
                };
                let found = (field("event").as_deref() == Some(name)).then(|| {
                    (
                        field("id").map(|id| id.parse().unwrap()),
                        serde_json::from_str(&field("data").unwrap()).unwrap(),
                    )
                });
                self.text = rest.to_owned();
                if let Some(found) = found {
                    return found;
                }
            }
            let more = tokio::time::timeout(Duration::from_secs(30), self.bytes.next()).await.unwrap();
            self.text += std::str::from_utf8(&more.unwrap().unwrap()).unwrap();
        }
    }
}

#[tokio::test]
async fn whoever_follows_is_told_what_happens_and_goes_on_where_he_was() {
    let house = House::new().await;
    let mut viewer = Following::new(&house, &house.login("viewer"), None).await;
    house.films(1..=2);
    let (first, event) = viewer.next("event").await;
    assert_eq!((&event["action"], &event["job"]), (&json!("add"), &json!(1)));
    viewer.next("event").await;
    let limits = Limits { downloads: 1, per_account: 1, transfers: 1 };
    let temp = house.data.downloads().join("temp");
    house.store.begin_download(limits, &temp, &boot(), now()).unwrap().unwrap();
    let (_, progress) = viewer.next("progress").await;
    assert_eq!((&progress[0]["id"], &progress[0]["state"]), (&json!(1), &json!("downloading")));
    assert_eq!(progress[0]["speed"], Value::Null, "nobody knows it yet");
    // As a worker does: how large it is, and then every second how far.
    let begun = Checkpoint { have: 0, total: Some(1 << 40), ..Checkpoint::default() };
    assert!(house.store.checkpoint(1, &begun, now()).unwrap());
    let (mut have, mut said) = (0, std::time::Instant::now());
    let going = loop {
        have += 1_000_000;
        house.store.progress(State::Downloading, &[(1, have)], now()).unwrap();
        let (_, progress) = viewer.next("progress").await;
        assert!(said.elapsed() < Duration::from_secs(10), "every second, and that on a busy machine");
        said = std::time::Instant::now();
        if progress[0]["speed"].as_u64().is_some_and(|speed| speed > 0) {
            break progress[0].clone();
        }
    };
    let number = |name: &str| going[name].as_u64().unwrap();
    assert!(number("have") <= have && number("total") == 1 << 40, "{going}");
    assert_eq!(number("eta"), ((1 << 40) - number("have")).div_ceil(number("speed")), "{going}");
    drop(viewer);
    // Whoever comes again is told what he missed, and administrators from where it was asked.
    let mut boss = Following::new(&house, &house.key(), first).await;
    let (second, event) = boss.next("event").await;
    assert_eq!((second, &event["job"]), (first.map(|first| first + 1), &json!(2)));
    house.service.close();
    let ended =
        tokio::time::timeout(Duration::from_secs(30), async { while boss.bytes.next().await.is_some() {} });
    ended.await.unwrap();
}

#[tokio::test]
async fn whoever_missed_too_much_is_told_to_ask_anew_and_not_everybody_may_follow() {
    let house = House::new().await;
    let by = By::command();
    for _ in 0..1001 {
        house.store.set_limits(None, &by, now()).unwrap();
    }
    let viewer = house.login("viewer");
    for last in [0, 1_000_000] {
        let mut late = Following::new(&house, &viewer, Some(last)).await;
        let newest = house.store.newest_event().unwrap();
        assert_eq!(late.next("reset").await, (Some(newest), json!({})), "{last}");
    }
    // Those who have just left may still be counted.
    let mut all = Vec::new();
    let refused = loop {
        let ask = house.client.get(format!("http://{}/api/events", house.address));
        let answer =
            viewer.0.iter().fold(ask, |ask, (name, value)| ask.header(*name, value)).send().await.unwrap();
        if answer.status() != 200 || all.len() > 64 {
            break answer.status();
        }
        all.push(answer);
    };
    assert!(refused == 503 && (62..=64).contains(&all.len()), "{refused} {}", all.len());
}
