//! Recordings from the wish to the target, through the relay.

use std::fs;
use std::time::Duration;

use contract::bundle::Kind;
use download::store::now;
use download::walk::{self, PACKET};
use serde_json::Value;
use station::Fault;

use crate::house::{House, eventually};

fn at(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap().to_string()
}

/// Has the first channel recorded; the number of the job.
fn record(house: &House, from: i64, to: i64) -> i64 {
    let channel = house.ids(Kind::Live)[0].to_string();
    house.told(&["record", &channel, "--from", &at(from), "--to", &at(to)])["id"].as_i64().unwrap()
}

fn is_whole(path: &std::path::Path) -> bool {
    let bytes = fs::read(path).unwrap();
    let (packets, rest) = bytes.as_chunks::<PACKET>();
    rest.is_empty()
        && packets.iter().all(|packet| packet[0] == 0x47)
        && walk::walk(&mut std::io::Cursor::new(&bytes)).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_waits_for_its_time_ends_with_it_and_is_delivered_under_its_name() {
    // Neither the hours of downloads nor their number matters to it.
    let hour = jiff::Timestamp::from_second(now() + 7200).unwrap().to_zoned(jiff::tz::TimeZone::system());
    let window = format!(
        "{}-{}",
        hour.strftime("%H:%M"),
        (hour.clone() + jiff::SignedDuration::from_mins(1)).strftime("%H:%M")
    );
    let house = House::with_target(&format!("window = '{window}'")).await;
    let _worker = house.run();
    let (from, to) = (now() + 6, now() + 10);
    let job = record(&house, from, to);
    let waits = house.job(job);
    assert_eq!((&waits["waits_for"], &waits["until"]), (&"schedule".into(), &from.into()), "{waits:#}");
    assert_eq!(house.station.counts().open, 0, "nothing is asked for before");
    house.until(job, "downloading").await;
    assert!(now() >= from);
    let done = house.until(job, "completed").await;
    let place = done["final_path"].as_str().unwrap();
    assert_eq!(done["airing"]["channel"], "UK: One HD");
    assert!(
        place.starts_with("Recordings/UK - One HD/UK - One HD - 20") && place.ends_with(".ts"),
        "{place}"
    );
    assert!(is_whole(&house.nas.join(place)));
    assert!(done["total"].as_u64().unwrap() > 50_000, "{done:#}");
    assert_eq!(house.events(job, "gap"), Vec::<String>::new());
    eventually(|| house.station.counts().open == 0 && house.parts().is_empty()).await.expect("it is over");
    assert!(now() < to + 60, "and was over when it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_and_a_channel_that_breaks_off_leave_a_gap_that_is_told() {
    let house = House::with_target("").await;
    let worker = house.run();
    let job = record(&house, now(), now() + 20);
    let has_come = |least: u64| house.job(job)["have"].as_u64().unwrap() > least;
    eventually(|| has_come(50_000)).await.expect("some of it comes");
    drop(worker);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = fs::metadata(&house.parts()[0]).unwrap().len();
    let _worker = house.run();
    eventually(|| has_come(before + 50_000)).await.expect("more of it comes");
    assert_eq!(house.events(job, "gap").len(), 1, "{:?}", house.events(job, "gap"));
    assert_eq!(house.parts().len(), 1, "in the same file");
    let done = house.until(job, "completed").await;
    assert!(is_whole(&house.nas.join(done["final_path"].as_str().unwrap())));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_programme_that_is_on_already_that_is_told_to_be_missing_which_is_missing_of_it() {
    let account = station::Account { max_connections: 2, ..station::Account::default() };
    let provider = station::Settings { films: 4, accounts: vec![account], ..station::Settings::default() };
    let house = House::with(provider, "").await;
    house.told(&["target", "add", "nas", house.nas.to_str().unwrap()]);
    let channels = house.ids(Kind::Live);
    // An hour more is recorded before it begins, and was over long ago: nothing of the programme was sent then.
    let record = |channel: u32, from: i64, to: i64| {
        let (from, to) = (at(from), at(to));
        let words = ["record", &channel.to_string(), "--from", &from, "--to", &to, "--before", "3600"]
            .map(str::to_owned);
        house.told(&words.each_ref().map(String::as_str))["id"].as_i64().unwrap()
    };
    let began = now();
    let late = record(channels[0], began - 60, began + 15);
    let in_time = record(channels[1], began + 20, began + 22);
    let _worker = house.run();
    for job in [late, in_time] {
        house.until(job, "completed").await;
    }
    assert_eq!(house.events(in_time, "gap"), Vec::<String>::new());
    let gaps = house.events(late, "gap");
    let seconds = gaps[0].strip_prefix("its first ").and_then(|rest| rest.strip_suffix(" s are missing"));
    let seconds: i64 = seconds.and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("{gaps:?}"));
    assert!((60..=60 + now() - began).contains(&seconds) && gaps.len() == 1, "{gaps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_comes_before_a_download_of_the_same_account_which_goes_on_when_it_is_over() {
    let account = station::Account { max_connections: 1, ..station::Account::default() };
    let provider = station::Settings { films: 4, accounts: vec![account], ..station::Settings::default() };
    let house = House::with(provider, "").await;
    house.told(&["target", "add", "nas", house.nas.to_str().unwrap()]);
    let film = house.ids(Kind::Movie)[0];
    let (there, original) = house.original(film).await;
    house.station.set_fault(there, Fault::Dribble { bytes: 65_536, millis: 500 });
    let _worker = house.run();
    let download = house.add(film);
    let has_come = || house.job(download)["have"].as_u64().unwrap() > 0;
    eventually(has_come).await.expect("some of it comes");
    let job = record(&house, now(), now() + 12);
    let gives_way = || house.job(download)["waits_for"] == "slot";
    eventually(gives_way).await.unwrap_or_else(|()| panic!("{:#}", house.job(download)));
    let recorded = house.until(job, "completed").await;
    assert!(recorded["total"].as_u64().unwrap() > 50_000, "{recorded:#}");
    house.station.clear_fault(there);
    let done = house.until(download, "completed").await;
    assert!(fs::read(house.nas.join(done["final_path"].as_str().unwrap())).unwrap() == original);
    assert_eq!(house.events(download, "failed"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_moves_with_its_programme_and_one_of_a_time_stays() {
    let house = House::with_target("").await;
    let channel = house.ids(Kind::Live)[1].to_string();
    let later = at(now() + 3600);
    let told = house.told(&["record", &channel, "--programme", "", "--from", &later, "--dry-run"]);
    // As if the guide had said another time when it was wished for.
    let mut wish: download::job::Wish = serde_json::from_value(told).unwrap();
    let airing = wish.airing.as_mut().unwrap();
    let said = (airing.starts, airing.stops);
    (airing.starts, airing.stops) = (said.0 + 300, said.1 + 300);
    let store = download::store::Store::open(&house.data).unwrap();
    let rules = download::queue::Rules { high_years: 2, low_years: 5, age_days: 7 };
    let by = download::store::By::command();
    let job = store.add(&[wish], &by, &rules, now()).unwrap()[0].id();
    let fixed = record(&house, said.0 + 300, said.1 + 300);
    let _worker = house.run();
    let moved = || house.events(job, "moved") == ["it is on 300 s earlier"];
    eventually(moved).await.unwrap_or_else(|()| panic!("{:#}", house.job(job)));
    let there = house.job(job);
    let field = |of: &Value, name: &str| of["airing"][name].as_i64().unwrap();
    assert_eq!((field(&there, "starts"), field(&there, "stops")), said);
    assert_eq!((&there["waits_for"], &there["until"]), (&"schedule".into(), &(said.0 - 60).into()));
    assert_eq!(field(&house.job(fixed), "starts"), said.0 + 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_is_tried_again_until_the_time_is_over_and_then_it_was_missed() {
    let house = House::with_target("max_retries = 1").await;
    house.station.set_fault(station::Target::EveryStream, Fault::Status(404));
    let worker = house.run();
    let job = record(&house, now(), now() + 6);
    let failed = house.until(job, "failed").await;
    assert_eq!(failed["cause"], "missed", "{failed:#}");
    assert!(house.events(job, "wait").len() > 1, "more than once");
    // While nobody is at work, time goes by.
    assert!(worker.stop());
    house.station.clear_fault(station::Target::EveryStream);
    let job = record(&house, now(), now() + 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let _worker = house.run();
    assert_eq!(house.until(job, "failed").await["cause"], "missed");
    let again = house.told(&["retry", &job.to_string()]);
    assert_eq!(again[0]["state"], "pending");
    assert_eq!(house.until(job, "failed").await["cause"], "missed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_of_the_guide_is_chosen_by_its_title_or_by_its_time() {
    let house = House::with_target("record_before = 120\nrecord_after = 240").await;
    let channel = house.ids(Kind::Live)[1].to_string();
    let on_air = house.told(&["record", &channel, "--at", &at(now()), "--dry-run"]);
    let airing = &on_air["airing"];
    let time = |of: &Value, field: &str| of[field].as_i64().unwrap();
    assert!(time(airing, "starts") <= now() && now() < time(airing, "stops"), "{on_air:#}");
    let title = on_air["title"].as_str().unwrap();
    assert!(!title.is_empty() && airing["channel"] != title, "the guide knows what it is called");

    let later = at(now() + 1);
    let told = house.told(&["record", &channel, "--programme", "", "--from", &later, "--after", "0"]);
    let wish = &told["wish"];
    assert!(time(&wish["airing"], "starts") > now());
    assert_eq!(time(&told, "begins"), time(&wish["airing"], "starts") - 120);
    assert_eq!(told["ends"], wish["airing"]["stops"]);
    let id = told["id"].clone();
    let twice = house.told(&["record", &channel, "--programme", "", "--from", &later, "--after", "0"]);
    assert_eq!(twice["id"], id, "once is enough");
    let other = house.told(&["record", &channel, "--at", &at(now())]);
    assert_ne!(other["id"], id, "another programme of the same channel is another recording");

    for (arguments, why) in [
        (&["record", "no such channel", "--at", "20:15"][..], "none of this name"),
        (&["record", &channel, "--programme", "no such programme"], "no such programme"),
        (&["record", &channel, "--from", "2020-01-01 20:15", "--length", "60"], "it was over"),
        (&["record", &channel, "--from", "20:15"], "until when?"),
        (&["record", &channel], "what?"),
        (&["record", &channel, "--from", "20:15", "--length", "99999"], "a day at most"),
    ] {
        let refused = house.ask(arguments);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(why), "{arguments:?}: {said}");
    }
}
