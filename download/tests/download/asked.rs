//! What people ask of the queue while a worker is at work on it, and what it keeps over a restart.

use std::fs;
use std::time::{Duration, Instant};

use contract::bundle::Kind;
use download::store::now;
use station::{Account, Fault, Settings};

use crate::house::{House, eventually};

/// So slow that a film takes half a minute.
const SLOW: Fault = Fault::Dribble { bytes: 16_384, millis: 160 };

/// A provider that has connections for everybody, and films that come slowly; their ids.
async fn slow(films: u32, more: &str) -> (House, Vec<u32>) {
    let account = Account { max_connections: 20, ..Account::default() };
    let house = House::with(Settings { films, accounts: vec![account], ..Settings::default() }, more).await;
    house.told(&["target", "add", "nas", house.nas.to_str().unwrap()]);
    afflict(&house, Some(SLOW));
    let films = house.ids(Kind::Movie);
    (house, films)
}

/// Every film of the provider suffers this from now on.
fn afflict(house: &House, fault: Option<Fault>) {
    house.station.clear_fault(station::Target::EveryStream);
    fault.into_iter().for_each(|fault| house.station.set_fault(station::Target::EveryStream, fault));
}

fn states(house: &House, jobs: &[i64]) -> Vec<String> {
    jobs.iter().map(|job| house.job(*job)["state"].as_str().unwrap().to_owned()).collect()
}

/// How many are in a state.
fn count(house: &House, state: &str) -> u64 {
    house.told(&["stats"])["states"][state].as_u64().unwrap_or(0)
}

async fn open(house: &House, connections: u64) -> Duration {
    let asked = Instant::now();
    let is_so = || house.station.counts().open == connections;
    eventually(is_so).await.unwrap_or_else(|()| panic!("{connections}: {:?}", house.station.counts().open));
    asked.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_all_is_done_at_once_and_holds_after_a_restart() {
    let (house, films) = slow(3, "per_account = 3").await;
    let jobs: Vec<i64> = films.iter().map(|film| house.add(*film)).collect();
    let worker = house.run();
    open(&house, 3).await;
    house.told(&["pause", "--all"]);
    let took = open(&house, 0).await;
    drop(worker);
    let worker = house.run();
    assert_eq!(states(&house, &jobs), ["paused"; 3]);
    house.told(&["resume", "--all"]);
    let resumed = open(&house, 3).await;
    house.told(&["cancel", "--all"]);
    let cancelled = open(&house, 0).await;
    eventually(|| house.parts().is_empty()).await.expect("nothing of it stays");
    drop(worker);
    let _worker = house.run();
    assert_eq!(states(&house, &jobs), ["cancelled"; 3]);
    afflict(&house, Some(Fault::Status(404)));
    let all: Vec<String> = jobs.iter().map(i64::to_string).collect();
    house.told(&[&["retry"], &all.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat());
    for job in &jobs {
        house.until(*job, "failed").await;
    }
    afflict(&house, None);
    house.told(&["retry", "--all"]);
    for job in jobs {
        house.until(job, "completed").await;
    }
    for took in [took, resumed, cancelled] {
        assert!(took < Duration::from_secs(5), "a busy machine is slow, but not that slow: {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_put_on_top_is_next_and_limits_hold_from_the_moment_they_are_said() {
    let (house, films) = slow(5, "").await;
    let jobs: Vec<i64> = films.iter().map(|film| house.add(*film)).collect();
    let worker = house.run();
    open(&house, 1).await;
    house.told(&["top", &jobs[3].to_string()]);
    house.told(&["cancel", &jobs[0].to_string()]);
    house.until(jobs[3], "downloading").await;
    assert_eq!(states(&house, &jobs), ["cancelled", "pending", "pending", "downloading", "pending"]);
    house.told(&["limits", "--per-account", "3"]);
    open(&house, 3).await;
    house.told(&["limits", "--per-account", "9"]);
    house.told(&["resume", "--all"]);
    assert_eq!(count(&house, "downloading"), 3, "three of all accounts together");
    drop(worker);
    let _worker = house.run();
    house.told(&["limits", "--downloads", "4"]);
    open(&house, 4).await;
    assert_eq!(count(&house, "downloading"), 4);
    // What has come goes on to the target, one at a time, since it takes no more.
    house.told(&["target", "set", "nas", "--limit", "100000", "--parallel", "1"]);
    afflict(&house, None);
    house.told(&["pause", "--all"]);
    open(&house, 0).await;
    house.told(&["resume", "--all"]);
    let goes = async |transferring: u64, downloaded: u64| {
        let are = || (count(&house, "transferring"), count(&house, "downloaded"));
        let reached = eventually(|| are() == (transferring, downloaded)).await;
        reached.unwrap_or_else(|()| panic!("{:?}, not {transferring} and {downloaded}", are()));
    };
    goes(1, 3).await;
    house.told(&["target", "set", "nas", "--parallel", "2"]);
    goes(2, 2).await;
    house.told(&["limits", "--transfers", "2"]);
    house.told(&["target", "set", "nas", "--parallel", "9"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    goes(2, 2).await;
    house.told(&["limits", "--transfers", "3"]);
    goes(3, 1).await;
}

/// As if the time had come for which a job rests.
fn release(house: &House, job: i64) {
    let store = rusqlite::Connection::open(house.data.downloads().join("jobs.db")).unwrap();
    store.execute("UPDATE job SET not_before = 0 WHERE id = ?", [job]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_in_vain_are_counted_over_restarts_and_those_that_bring_something_are_not() {
    // Straight from its host: a relay would mend what breaks off.
    let (house, films) = slow(1, "max_retries = 3\nprivate_addresses = true").await;
    afflict(&house, None);
    let (there, _) = house.original(films[0]).await;
    let address = house.station.stream_url("movie", there, "mp4");
    let job = house.told(&["add", "--url", &address, "--title", "Film (2020)"])["added"][0].as_i64().unwrap();
    let vain = async |expected: u64| {
        let worker = house.run();
        eventually(|| house.job(job)["no_progress"] == expected && house.job(job)["waits_for"] == "retry")
            .await
            .unwrap_or_else(|()| panic!("{expected}: {:#}", house.job(job)));
        let rest = house.job(job)["until"].as_i64().unwrap() - now();
        drop(worker);
        release(&house, job);
        rest
    };
    afflict(&house, Some(Fault::Status(503)));
    let rests = [vain(1).await, vain(2).await];
    assert!((0..=6).contains(&rests[0]) && (5..=12).contains(&rests[1]), "5 s and twice as long: {rests:?}");
    afflict(&house, Some(Fault::Cut(1_000_000)));
    vain(1).await;
    afflict(&house, Some(Fault::Status(503)));
    vain(2).await;
    let _worker = house.run();
    let failed = house.until(job, "failed").await;
    assert_eq!(failed["cause"], "stuck");
    assert!(
        failed["error"].as_str().unwrap().starts_with("3 attempts in a row brought nothing"),
        "{failed:#}"
    );
    assert!(failed["have"].as_u64().unwrap() > 900_000, "what there is of it stays: {failed:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_who_says_for_how_long_is_left_alone_for_so_long_after_a_restart_as_well() {
    let (house, films) = slow(2, "").await;
    afflict(&house, Some(Fault::Busy(40)));
    let (job, other) = (house.add(films[0]), house.add(films[1]));
    let began = now();
    let worker = house.run();
    eventually(|| house.job(job)["waits_for"] == "slot").await.unwrap();
    let waits = house.job(job);
    let until = waits["until"].as_i64().unwrap();
    assert!((began + 38..=now() + 40).contains(&until), "{} {waits:#}", until - began);
    drop(worker);
    let asked = house.station.counts().requests("film");
    let _worker = house.run();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(house.station.counts().requests("film"), asked, "nor is he asked for anything else");
    assert_eq!(house.job(other)["waits_for"], "slot", "{:#}", house.job(other));
    assert_eq!(house.job(job)["no_progress"], 0, "it was not in vain");
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_of_its_hours_nothing_is_asked_for() {
    let hour = jiff::Timestamp::from_second(now() + 7200).unwrap().to_zoned(jiff::tz::TimeZone::system());
    let end = hour.clone() + jiff::SignedDuration::from_mins(1);
    let window = format!("{}-{}", hour.strftime("%H:%M"), end.strftime("%H:%M"));
    let (house, films) = slow(1, &format!("window = '{window}'")).await;
    let job = house.add(films[0]);
    let worker = house.run();
    eventually(|| house.job(job)["waits_for"] == "window").await.unwrap();
    let until = house.job(job)["until"].as_i64().unwrap();
    assert!((now() + 7000..now() + 7201).contains(&until), "until it opens: {until}");
    assert_eq!(house.station.counts().requests("film"), 0);
    assert!(worker.stop());
    house.reconfigure(&format!("window = '{window}'"), "");
    afflict(&house, None);
    let _worker = house.run();
    house.until(job, "completed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_bandwidth_are_kept_by_all_together_by_an_account_and_by_a_target() {
    let limited = async |more: &str, target: &str, films: usize| {
        let (house, all) = slow(2, &format!("per_account = 2\n{more}")).await;
        afflict(&house, None);
        house.told(&["target", "set", "nas", "--limit", target]);
        let jobs: Vec<i64> = all[..films].iter().map(|film| house.add(*film)).collect();
        let begun = Instant::now();
        let _worker = house.run();
        for job in jobs {
            house.until(job, "completed").await;
        }
        let bytes = house.told(&["stats"])["bytes"].as_u64().unwrap();
        bytes as f64 / begun.elapsed().as_secs_f64()
    };
    let all = tokio::join!(
        limited("bandwidth = 2000000", "0", 2),
        limited("account_bandwidth = 1000000", "0", 1),
        limited("", "1000000", 1)
    );
    // A busy machine may be slower, but never faster.
    for (rate, limit) in [(all.0, 2e6), (all.1, 1e6), (all.2, 1e6)] {
        assert!(rate < limit * 1.05, "{rate} of {limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_stranger_writes_into_a_list_leads_out_of_the_target() {
    let (house, films) = slow(1, "private_addresses = true\nposters = true").await;
    afflict(&house, None);
    let (there, _) = house.original(films[0]).await;
    let address = house.station.stream_url("movie", there, "mp4");
    let up = "../../../../../../../../tmp/escaped";
    let entry = |title: &str, number: usize| {
        format!(
            "#EXTINF:-1 tvg-id=\"{up}\" tvg-name=\"{up}\" tvg-logo=\"file:///{up}\" tmdb-id=\"{up}\" tvg-season=\"{up}\" \
             group-title=\"{up}\",{title}\n{address}?{number}={up}\n"
        )
    };
    let titles = [
        format!("{up} (2020)"),
        "/etc/../another 4K".to_owned(),
        "..".to_owned(),
        format!("{up} S01E01 {up}"),
        ".hidden/..\\..\\film (1999)".to_owned(),
    ];
    let list: String = titles.iter().zip(0..).map(|(title, number)| entry(title, number)).collect();
    let file = house.nas.with_file_name("list.m3u");
    contract::disk::replace(&file, format!("#EXTM3U\n{list}").as_bytes(), contract::disk::Access::Owner)
        .unwrap();
    let around = |house: &House| {
        let names = fs::read_dir(house.nas.parent().unwrap()).unwrap().map(|it| it.unwrap().file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    };
    let before = around(&house);
    let queued = house.told(&["diff", file.to_str().unwrap(), "--max", "4K", "--queue"]);
    let jobs: Vec<i64> = queued["added"].as_array().unwrap().iter().map(|it| it.as_i64().unwrap()).collect();
    assert_eq!(jobs.len(), 4, "all but the one that has no title: {queued:#}");
    let _worker = house.run();
    for job in &jobs {
        let done = house.until(*job, "completed").await;
        let place = done["final_path"].as_str().unwrap();
        assert!(house.nas.join(place).is_file(), "{place}");
        assert!(place.starts_with("Movies/") || place.starts_with("Shows/"), "{place}");
        assert!(place.split('/').all(|part| !part.starts_with('.') && !part.contains('\\')), "{place}");
    }
    eventually(|| house.parts().is_empty()).await.expect("all is swept");
    assert_eq!(around(&house), before);
    assert!(!std::path::Path::new("/tmp/escaped").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_target_is_is_looked_at_every_so_often_and_what_is_kept_there_as_well_stays_here() {
    let looked = async |more: &str| {
        let (house, films) = slow(1, more).await;
        afflict(&house, None);
        house.told(&["target", "set", "nas", "--keep", "yes"]);
        let _worker = house.run();
        let job = house.add(films[0]);
        let done = house.until(job, "completed").await;
        let checked = || house.told(&["target", "list"])[0]["checked"].as_i64().unwrap();
        let before = checked();
        tokio::time::sleep(Duration::from_secs(4)).await;
        let part = house.data.downloads().join(format!("temp/.{job}.part"));
        let there = house.nas.join(done["final_path"].as_str().unwrap());
        assert!(fs::read(part).unwrap() == fs::read(there).unwrap());
        checked() - before
    };
    let (often, usually) = tokio::join!(looked("probe_every = 1"), looked(""));
    assert!(often >= 2 && usually == 0, "{often} {usually}");
}
