//! Where what is typed goes to, if nobody says it.

use std::fs;

use contract::bundle::Kind;
use serde_json::{Value, json};

use crate::house::House;

/// One with a target for films and one for episodes.
async fn house() -> House {
    let house = House::with(station::Settings { films: 4, ..station::Settings::default() }, "").await;
    for name in ["films", "episodes"] {
        let folder = house.nas.join(name);
        fs::create_dir(&folder).unwrap();
        house.told(&["target", "add", name, folder.to_str().unwrap(), "--only", name]);
    }
    house
}

/// What it says when nothing comes of it.
fn refused(house: &House, words: &[&str]) -> String {
    let output = house.ask(words);
    assert!(!output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn queued(house: &House) -> usize {
    house.told(&["status", "--all"]).as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_targets_each_gets_what_it_is_for_and_it_is_said_which() {
    let house = house().await;
    let (films, episodes) = (house.ids(Kind::Movie), house.ids(Kind::Episode));
    let (first, second, episode) = (films[0].to_string(), films[1].to_string(), episodes[0].to_string());
    let told = house.told(&["add", &first]);
    assert_eq!((&told["target"], &told["targets"]), (&json!("films"), &json!({ "films": [1] })), "{told}");
    let told = house.told(&["add", &second, &episode]);
    assert_eq!(told["target"], Value::Null, "there are two");
    let target = |job: &Value| house.job(job.as_i64().unwrap())["target"].as_i64().unwrap();
    let (film, episode) = (&told["targets"]["films"][0], &told["targets"]["episodes"][0]);
    assert_eq!((target(film), target(episode)), (1, 2), "{told}");
    assert_eq!(told["added"].as_array().unwrap().len(), 2);
    let told = house.told(&["add", "--url", "http://127.0.0.1:9/a.mkv", "--title", "Rare (2000)"]);
    assert_eq!(told["target"], "films", "{told}");
    let would = house.told(&["add", &films[2].to_string(), "--dry-run"]);
    assert_eq!((&would[0]["target"], queued(&house)), (&json!(1), 4), "it says so, and does nothing");
    // What is on its way to one goes to no other, whoever would suit it better by now.
    house.told(&["target", "set", "films", "--only", "episodes"]);
    house.told(&["target", "set", "episodes", "--only", "all"]);
    let again = house.told(&["add", &first]);
    assert_eq!((&again["target"], &again["there"]), (&json!("films"), &json!([1])), "{again}");
    assert_eq!(house.told(&["add", &films[2].to_string()])["target"], "episodes");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_target_takes_is_not_queued_and_each_says_why() {
    let house = house().await;
    let (films, episode) = (house.ids(Kind::Movie), house.ids(Kind::Episode)[0].to_string());
    let film = films[0].to_string();
    let channel = house.ids(Kind::Live)[0].to_string();
    let said = refused(&house, &["record", &channel, "--at", &jiff::Timestamp::now().to_string()]);
    for why in ["films: it is for films alone", "episodes: it is for episodes alone", "`--target NAME`"] {
        assert!(said.contains(why), "{said}");
    }
    house.told(&["target", "set", "films", "--maintenance", "on"]);
    let said = refused(&house, &["add", &film]);
    for why in ["films: it is in maintenance", "episodes: it is for episodes alone"] {
        assert!(said.contains(why), "{said}");
    }
    assert_eq!(queued(&house), 0);
    // The rest is had.
    let output = house.ask(&["add", &film, &films[1].to_string(), &episode]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains(" and 1 more") && said.contains("in maintenance"),
        "{said}"
    );
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["targets"], json!({ "episodes": [1] }), "{told}");
    // Who says where to means it, and waits.
    let told = house.told(&["add", &film, "--target", "films"]);
    assert_eq!((&told["target"], queued(&house)), (&json!("films"), 2), "{told}");
    // An only one is no choice.
    house.told(&["cancel", "1"]);
    house.told(&["target", "rm", "episodes"]);
    assert_eq!(house.told(&["add", &episode])["target"], "films");
}
