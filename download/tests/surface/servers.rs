//! Where downloads are delivered.

use serde_json::{Value, json};

use crate::house::House;

#[tokio::test]
async fn a_server_is_added_tested_changed_and_removed() {
    let house = House::new().await;
    let (boss, operator) = (house.login("boss"), house.login("operator"));
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().to_str().unwrap();
    let new = json!({ "name": "attic", "base": base, "style": "plex", "types": ["movie"], "min_q": 720, "secret": "env:ATTIC" });
    let added = house.ask(&boss, "POST", "/api/servers", Some(new.clone())).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let added = added.json();
    assert_eq!(
        (&added["status"], &added["style"], &added["base"]),
        (&json!("online"), &json!("plex"), &json!(base))
    );
    assert!(added["free"].as_u64().unwrap() > 0);
    assert_eq!(
        house.ask(&boss, "POST", "/api/servers", Some(new)).await.status,
        409,
        "there is one of that name"
    );
    let path = format!("/api/servers/{}", added["id"]);
    let seen = house.get(&operator, &path).await.good();
    assert_eq!(
        [&seen["base"], &seen["secret"], &seen["url"]],
        [&Value::Null; 3],
        "how it is reached is the operator's of the house"
    );
    assert_eq!(seen["name"], "attic");
    let changed =
        house.ask(&boss, "PUT", &path, Some(json!({ "maintenance": true, "max_q": 1080 }))).await.good();
    assert_eq!(
        (&changed["maintenance"], &changed["min_q"], &changed["max_q"]),
        (&json!(true), &json!(720), &json!(1080))
    );
    // What is no server any more is found out, and what is there is not touched.
    let before = house.get(&boss, &path).await.good();
    std::fs::remove_dir_all(folder.path()).unwrap();
    let seen = house.get(&boss, &path).await.good();
    assert_eq!(
        (&seen["status"], &seen["checked"]),
        (&json!("online"), &before["checked"]),
        "whoever asks goes nowhere"
    );
    assert!(added["rtt_ms"].is_u64() && added["total"].as_u64() >= added["free"].as_u64());
    let tested = house.ask(&operator, "POST", &format!("{path}/test"), None).await.good();
    assert_eq!(tested["status"], "offline");
    assert!(!tested["last_error"].as_str().unwrap().is_empty());
    assert_eq!(house.ask(&boss, "DELETE", &path, None).await.status, 204);
    assert_eq!(house.ask(&boss, "DELETE", &path, None).await.status, 404);
    let all = house.get(&operator, "/api/servers").await.good();
    assert_eq!(all["servers"].as_array().unwrap().len(), 1);
    house.films(1..=1);
    let kept = house.ask(&boss, "DELETE", "/api/servers/1", None).await;
    assert_eq!(kept.status, 409);
}

#[tokio::test]
async fn what_cannot_be_a_server_is_refused_in_words_that_repeat_no_secret() {
    let house = House::new().await;
    for (wrong, part) in [
        (json!({ "name": "x", "base": "/no/such/folder" }), "cannot be a server"),
        (json!({ "name": "x", "base": "films" }), "from the root"),
        (json!({ "name": "x/../y", "base": "/tmp" }), "name"),
        (json!({ "name": "x", "base": "/tmp", "secret": "hunter2" }), "env:NAME"),
        (json!({ "name": "x", "base": "/tmp", "url": "sftp://ann:hunter2@nas" }), "no password"),
        (json!({ "name": "x" }), "`base`"),
        (json!({ "name": "x", "base": 7, "secret": "hunter2" }), "not the document"),
    ] {
        let answer = house.ask(&house.key(), "POST", "/api/servers", Some(wrong.clone())).await;
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(
            answer.status == 400 && detail.contains(part) && !detail.contains("hunter2"),
            "{wrong}: {detail}"
        );
    }
}

#[tokio::test]
async fn it_is_told_which_servers_take_something_the_best_first() {
    let house = House::new().await;
    let (boss, viewer) = (house.login("boss"), house.login("viewer"));
    let folders: Vec<_> = (0..2).map(|_| tempfile::tempdir().unwrap()).collect();
    for (name, rest) in [("films", json!({ "types": ["movie"] })), ("small", json!({ "max_q": 720 }))] {
        let base = folders[usize::from(name == "small")].path().to_str().unwrap();
        let mut new = json!({ "name": name, "base": base });
        rest.as_object().unwrap().iter().for_each(|(key, value)| new[key.as_str()] = value.clone());
        assert_eq!(house.ask(&boss, "POST", "/api/servers", Some(new)).await.status, 201);
    }
    house.films(1..=4);
    let suggested = async |query: &str| {
        let told = house.get(&viewer, &format!("/api/suggest?{query}")).await.good();
        let names =
            told["servers"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(suggested("kind=movie&lines=1080").await, "films nas", "one that is for films in particular");
    assert_eq!(suggested("kind=episode&lines=720").await, "small nas", "four go to the other one");
    assert_eq!(
        suggested("kind=movie&bytes=9000000000000000000").await,
        "nas",
        "of which nobody knows its room"
    );
    assert_eq!(house.get(&viewer, "/api/suggest?kind=song").await.status, 400);
    assert_eq!(house.get(&viewer, "/api/suggest?lines=many").await.status, 400);
}
