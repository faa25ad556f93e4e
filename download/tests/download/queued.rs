//! From the line-up to a folder: what is queued arrives, whole, once, and under its name.

use std::fs;
use std::time::{Duration, Instant};

use contract::bundle::Kind;
use contract::disk::Data;
use download::job::State;
use download::store::{Store, StoreError, now};
use station::Fault;

use crate::house::{House, SIZE, eventually};

/// So slow that it does not end by itself in a test.
const SLOW: Fault = Fault::Dribble { bytes: 65_536, millis: 100 };

#[tokio::test(flavor = "multi_thread")]
async fn a_film_and_an_episode_arrive_whole_under_the_names_that_media_servers_know() {
    let house = House::with_target("nfo = false").await;
    let (film, episode) = (house.ids(Kind::Movie)[0], house.ids(Kind::Episode)[0]);
    let worker = house.run();
    for (id, folder) in [(film, "Movies/"), (episode, "Shows/")] {
        let (there, original) = house.original(id).await;
        let job = house.until(house.add(id), "completed").await;
        let place = job["final_path"].as_str().unwrap();
        assert!(
            place.starts_with(folder) && place.ends_with(&format!(".{}", job["ext"].as_str().unwrap())),
            "{place}"
        );
        assert!(fs::read(house.nas.join(place)).unwrap() == original, "byte for byte");
        assert_eq!(job["total"], original.len());
        let requests = house.station.counts().channel(there).requests;
        assert_eq!(requests, 1, "one request for a whole file");
    }
    let names = house.delivered();
    assert!(names.len() == 2 && names[1].contains("/Season ") && names[1].contains(" - S0"), "{names:?}");
    eventually(|| house.parts().is_empty()).await.expect("nothing of it stays here");
    assert_eq!(house.told(&["add", &film.to_string()])["there"].as_array().unwrap().len(), 1);
    let stats = house.told(&["stats"]);
    assert_eq!(stats["states"]["completed"], 2);
    assert!(stats["bytes"].as_u64().unwrap() >= 2 * SIZE, "{stats:#}");
    assert!(worker.stop(), "it ends when it is asked to");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_held_goes_on_and_is_wanted_no_more_within_a_second() {
    let house = House::with_target("").await;
    let id = house.ids(Kind::Movie)[0];
    let (there, original) = house.original(id).await;
    house.station.set_fault(there, SLOW);
    let worker = house.run();
    let job = house.add(id);
    let has_come = || house.job(job)["have"].as_u64().unwrap() > 100_000;
    eventually(has_come).await.expect("some of it comes");
    house.told(&["pause", &job.to_string()]);
    let asked = Instant::now();
    let is_left = || house.station.counts().open == 0;
    eventually(is_left).await.expect("the provider is left");
    let took = asked.elapsed();
    let held = house.job(job);
    assert_eq!(held["state"], "paused");
    let second = house.command(&["run"]).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(second.status.code() == Some(1) && said.contains("another worker is at work"), "{said}");
    drop(worker);
    let worker = house.run();
    assert_eq!(house.job(job)["state"], "paused", "whatever is started anew");
    house.station.clear_fault(there);
    house.told(&["resume", &job.to_string()]);
    let done = house.until(job, "completed").await;
    assert!(fs::read(house.nas.join(done["final_path"].as_str().unwrap())).unwrap() == original);

    house.station.set_fault(there, SLOW);
    let other = house.ids(Kind::Movie)[1];
    let (there, _) = house.original(other).await;
    house.station.set_fault(there, SLOW);
    let job = house.add(other);
    eventually(|| !house.parts().is_empty()).await.expect("some of it comes");
    house.told(&["cancel", &job.to_string()]);
    eventually(|| house.parts().is_empty() && house.station.counts().open == 0)
        .await
        .expect("nothing of it stays");
    assert_eq!(house.job(job)["state"], "cancelled");
    assert!(worker.stop());
    assert!(took < Duration::from_secs(5), "a busy machine is slow, but not that slow: {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_that_has_another_ending_than_the_list_says_is_found_once() {
    let house = House::with_target("").await;
    let film = house.ids(Kind::Movie)[0];
    let (there, _) = house.original(film).await;
    let job = house.add(film);
    let listed = house.job(job)["ext"].as_str().unwrap().to_owned();
    let other = if listed == "mkv" { "mp4" } else { "mkv" };
    house.station.set_fault(there, Fault::Only(other));
    let _worker = house.run();
    let done = house.until(job, "completed").await;
    assert_eq!((&done["ext"], &done["was_renamed"]), (&other.into(), &true.into()));
    assert!(done["final_path"].as_str().unwrap().ends_with(other), "{done:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_mounted_and_a_full_disk_are_waited_for() {
    let house = House::with_target("probe_every = 1\nreserve = 1000000000000000000").await;
    let id = house.ids(Kind::Movie)[0];
    let worker = house.run();
    let job = house.add(id);
    let waits = |what: &str| house.job(job)["waits_for"] == what;
    eventually(|| waits("disk")).await.expect("there is not so much room on any disk");
    assert!(worker.stop());
    let marker = house.nas.join(".download-target");
    fs::rename(&marker, house.nas.join("aside")).unwrap();
    let failed = house.ask(&["target", "test", "nas"]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stdout).contains("is not mounted"));
    assert!(waits("target"), "{:#}", house.job(job));
    fs::rename(house.nas.join("aside"), &marker).unwrap();
    assert_eq!(house.told(&["target", "test", "nas"])[0]["status"], "online");
    house.told(&["target", "set", "nas", "--maintenance", "on"]);
    assert!(waits("target"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_looks_at_the_queue_changes_nothing_of_it() {
    let house = House::with_target("").await;
    let job = house.add(house.ids(Kind::Movie)[0]);
    let looked = |data: &Data| Store::look(data).map(|store| store.jobs(State::ALL, 0, 10).unwrap().len());
    assert_eq!(looked(&house.data).unwrap(), 1, "nobody else has it open");
    let worker = house.run();
    assert_eq!(looked(&house.data).unwrap(), 1);
    let store = Store::look(&house.data).unwrap();
    assert!(store.test(now()).is_err(), "it is only looked at");
    house.until(job, "completed").await;
    assert_eq!(store.jobs(&[State::Completed], 0, 10).unwrap().len(), 1, "what happens meanwhile is seen");
    drop((worker, store));
    // As an older program has left it.
    let path = house.data.downloads().join("jobs.db");
    let version = || -> u32 {
        let there = rusqlite::Connection::open(&path).unwrap();
        there.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    let known = version() as usize;
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 1).unwrap();
    let older = looked(&house.data).unwrap_err();
    assert!(matches!(older, StoreError::Older { found: 1, known: it } if it == known), "{older}");
    assert_eq!(version(), 1);
}
