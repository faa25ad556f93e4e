//! What becomes of downloads.

use contract::bundle::Kind;
use download::job::{Cause, State, Step, Wish};
use download::store::{Arrived, Limits, boot, now};
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use crate::house::House;

fn ids(document: &Value) -> Vec<i64> {
    document["downloads"].as_array().unwrap().iter().map(|job| job["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn downloads_are_found_by_state_kind_title_and_server_a_page_at_a_time() {
    let house = House::new().await;
    let all = house.films(1..=12);
    let viewer = house.login("viewer");
    let first = house.get(&viewer, "/api/downloads?most=5").await.good();
    assert_eq!((first["total"].as_u64(), ids(&first)), (Some(12), all[..5].to_vec()));
    assert_eq!(ids(&house.get(&viewer, "/api/downloads?most=5&from=10").await.good()), all[10..]);
    assert_eq!(ids(&house.get(&viewer, "/api/downloads?text=film+1&most=500").await.good()), [1, 10, 11, 12]);
    assert_eq!(ids(&house.get(&viewer, "/api/downloads?text=%25").await.good()), [0_i64; 0]);
    let operator = house.login("operator");
    house.ask(&operator, "PUT", "/api/downloads/3", Some(json!({ "action": "pause" }))).await.good();
    assert_eq!(ids(&house.get(&viewer, "/api/downloads?state=paused,failed").await.good()), [3]);
    assert_eq!(house.get(&viewer, "/api/downloads?server=2").await.good()["total"], 0);
    let recording = Wish { ext: "ts".into(), ..Wish::new(Kind::Live, "Film at Ten".into(), 1) };
    let recording = house.wish(&[recording])[0];
    let of = async |kinds: &str| house.get(&viewer, &format!("/api/downloads?kind={kinds}")).await.good();
    assert_eq!(ids(&of("live").await), [recording]);
    assert_eq!(
        (of("episode").await["total"].as_u64(), of("movie").await["total"].as_u64()),
        (Some(0), Some(12))
    );
    assert_eq!(of("movie,live&state=pending&text=film+1").await["total"], 4, "all of it holds at once");
    assert_eq!(of("live,movie&text=film").await["total"], 13);
    for wrong in ["state=gone", "kind=song", "server=x", "most=501", "from=-1"] {
        assert_eq!(house.get(&viewer, &format!("/api/downloads?{wrong}")).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn what_is_asked_of_one_or_all_is_done_and_told_with_who_did_it() {
    let house = House::new().await;
    house.films(1..=3);
    let operator = house.login("operator");
    let put = async |path: &str, document: Value| house.ask(&operator, "PUT", path, Some(document)).await;
    let paused = put("/api/downloads/2", json!({ "action": "pause" })).await.good();
    assert_eq!((&paused["state"], &paused["held"]), (&json!("paused"), &json!("pending")));
    assert_eq!(paused["temp_path"], Value::Null, "where it lies on this machine is nobody's business");
    assert_eq!(put("/api/downloads/2", json!({ "action": "retry" })).await.status, 409);
    assert_eq!(put("/api/downloads/9", json!({ "action": "pause" })).await.status, 404);
    assert_eq!(put("/api/downloads/1", json!({ "action": "explode" })).await.status, 400);
    assert_eq!(put("/api/downloads/1", json!({})).await.status, 400);
    let answers = put("/api/downloads", json!({ "action": "resume" })).await.good();
    assert_eq!(answers["answers"], json!([{ "id": 2, "state": "pending" }]));
    let answers = put("/api/downloads", json!({ "action": "top", "ids": [3, 9] })).await.good();
    assert_eq!((&answers["answers"][0]["id"], &answers["answers"][1]["state"]), (&json!(3), &Value::Null));
    assert_eq!(ids(&house.get(&operator, "/api/downloads").await.good()), [3, 1, 2]);
    put("/api/downloads/2", json!({ "priority": "high" })).await.good();
    assert_eq!(house.ask(&operator, "DELETE", "/api/downloads/1", None).await.status, 204);
    assert_eq!(house.ask(&operator, "DELETE", "/api/downloads/1", None).await.status, 409);
    let shown = house.get(&operator, "/api/downloads/1").await.good();
    assert_eq!(
        (&shown["download"]["state"], shown["events"].as_array().unwrap().len()),
        (&json!("cancelled"), 2)
    );
    assert_eq!(shown["events"][1]["ip_address"], "", "from where others ask, administrators know");
    let log = house.get(&house.login("boss"), "/api/log?download=1").await.good();
    let newest = &log["events"][0];
    assert_eq!((&newest["action"], &newest["user"]), (&json!("cancel"), &json!("operator")));
    assert_eq!(
        (&newest["ip_address"], &newest["session_id"]),
        (&json!("127.0.0.1"), &json!("Browser: Firefox, abcd"))
    );
    assert_eq!(
        house.get(&house.key(), "/api/log?text=operator&most=2").await.good()["events"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(house.get(&house.key(), "/api/log?level=error").await.good()["events"], json!([]));
}

#[tokio::test]
async fn limits_are_changed_while_it_runs_and_put_back() {
    let house = House::new().await;
    let operator = house.login("operator");
    let usual = house.get(&operator, "/api/limits").await.good();
    assert_eq!(usual, json!({ "downloads": 3, "per_account": 1, "transfers": 3 }));
    let changed = house.ask(&operator, "PUT", "/api/limits", Some(json!({ "downloads": 7 }))).await.good();
    assert_eq!((&changed["downloads"], &changed["transfers"]), (&json!(7), &json!(3)));
    for wrong in [
        json!({ "downloads": 0 }),
        json!({ "downloads": 101 }),
        json!({ "downloads": null }),
        json!({ "x": 1 }),
    ] {
        assert_eq!(
            house.ask(&operator, "PUT", "/api/limits", Some(wrong.clone())).await.status,
            400,
            "{wrong}"
        );
    }
    assert_eq!(house.ask(&operator, "DELETE", "/api/limits", None).await.good(), usual);
}

/// Whatever the worker does at its next turn, as the job is now.
fn work(house: &House, id: i64) {
    let (store, temp) = (&house.store, house.data.downloads().join("temp"));
    let limits = Limits { downloads: 1000, per_account: 1000, transfers: 1000 };
    let job = store.job(id).unwrap().unwrap();
    match job.state {
        State::Pending => drop(store.begin_download(limits, &temp, &boot(), now()).unwrap()),
        State::Downloading => {
            let total = 1000 + id.unsigned_abs();
            let what = Arrived { total, sha256: None, measured_h: None, ext: None };
            match rand::random_ratio(1, 3) {
                true => store.fail(id, State::Downloading, Cause::Gone, "404", now()).unwrap(),
                false => store.arrived(&job, &what, 2, now()).unwrap(),
            };
        }
        State::Downloaded => drop(store.begin_transfer(limits, now()).unwrap()),
        State::Transferring => {
            store.step(id, State::Transferring, Step::Check, now()).unwrap();
            store.complete(id, now()).unwrap();
        }
        _ => {}
    }
}

#[tokio::test]
async fn figures_agree_with_the_store_after_a_thousand_changes() {
    let house = House::new().await;
    let all = house.films(1..=60);
    let (operator, store) = (house.login("operator"), &house.store);
    // What the worker does, and what people ask for meanwhile.
    for _ in 0..1000 {
        let id = *all.choose(&mut rand::rng()).unwrap();
        if rand::random_ratio(3, 4) {
            work(&house, id);
            continue;
        }
        let action = *["pause", "resume", "resume", "cancel", "retry", "retry", "top"]
            .choose(&mut rand::rng())
            .unwrap();
        let path = format!("/api/downloads/{id}");
        let status = house.ask(&operator, "PUT", &path, Some(json!({ "action": action }))).await.status;
        assert!(matches!(status, 200 | 409), "{action}: {status}");
    }
    let jobs = store.jobs(&[], 0, 1000).unwrap();
    let count = |state| jobs.iter().filter(|job| job.state == state).count();
    let stats = house.get(&house.login("viewer"), "/api/stats").await.good();
    for state in State::ALL {
        assert_eq!(stats["states"][state.word()].as_u64().unwrap_or(0), count(*state) as u64, "{state}");
    }
    let bytes: u64 =
        jobs.iter().filter(|job| job.state == State::Completed).filter_map(|job| job.total).sum();
    assert!(bytes > 0 && count(State::Cancelled) + count(State::Paused) > 0, "some of everything: {stats}");
    assert_eq!((stats["bytes"].as_u64(), stats["servers"]["nas"].as_u64()), (Some(bytes), Some(bytes)));
    let days = stats["days"].as_object().unwrap().values().map(|it| it.as_u64().unwrap());
    assert_eq!(days.sum::<u64>(), bytes);
    assert_eq!(stats["failures"]["gone"].as_u64().unwrap_or(0), count(State::Failed) as u64);
    assert_eq!(stats["users"], Value::Null, "what users wish for, administrators know");
    let boss = house.login("boss");
    assert_eq!(house.get(&boss, "/api/stats/users").await.good(), json!({ "users": { "ann": 60 } }));
    assert_eq!(house.get(&boss, "/api/stats").await.good()["users"], json!({ "ann": 60 }));
    let downloads = house.get(&boss, "/api/stats/downloads").await.good();
    assert_eq!(downloads["states"], stats["states"]);
    let servers = house.get(&boss, "/api/stats/servers").await.good();
    assert_eq!(servers["servers"], json!([{ "id": 1, "name": "nas", "bytes": bytes, "status": "unknown" }]));
}
