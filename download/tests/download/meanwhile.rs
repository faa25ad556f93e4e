//! What people do to jobs and their files while a worker is at work on them: nothing of it costs more than time.

use std::fs;
use std::time::Duration;

use contract::bundle::Kind;
use contract::disk::{Access, replace};
use download::store::{Act, By, Store, Which, now};
use station::Fault;

use crate::house::{House, eventually};

/// Some of a second for a film, so that it is met at every step.
const SLOWLY: Fault = Fault::Dribble { bytes: 65_536, millis: 4 };

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_of_a_job_and_however_fast_it_arrives_whole_in_the_end() {
    let house = House::with_target("probe_every = 1").await;
    let store = Store::open(&house.data).unwrap();
    let _worker = house.run();
    let mut jobs = Vec::new();
    let mut films = Vec::new();
    for film in &house.ids(Kind::Movie)[..2] {
        films.push((*film, house.original(*film).await));
    }
    for (film, (there, original)) in films {
        house.station.set_fault(there, SLOWLY);
        jobs.push((house.add(film), original));
    }
    for _ in 0..40 {
        for (id, _) in &jobs {
            let act = [Act::Pause, Act::Cancel, Act::Retry, Act::Resume, Act::Top][rand::random_range(0..5)];
            // As a person would, what he holds he lets go; and some do so at once.
            for act in [act, Act::Resume, Act::Retry] {
                store.act(act, Which::These(&[*id]), &By::command(), now()).unwrap();
            }
        }
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..120))).await;
    }
    for (id, original) in jobs {
        let done = house.until(id, "completed").await;
        let place = done["final_path"].as_str().unwrap().to_owned();
        assert!(fs::read(house.nas.join(place)).unwrap() == original, "{done:#}");
    }
    let films = || house.delivered().into_iter().filter(|name| !name.ends_with(".nfo")).count();
    let is_tidy = || house.parts().is_empty() && films() == 2;
    eventually(is_tidy).await.unwrap_or_else(|()| panic!("{:?} {:?}", house.parts(), house.delivered()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_has_removed_before_it_was_delivered_is_fetched_anew() {
    let house = House::with_target("").await;
    let film = house.ids(Kind::Movie)[0];
    let (there, original) = house.original(film).await;
    // Slow enough to be seen while it goes.
    house.told(&["target", "set", "nas", "--limit", "1000000"]);
    let _worker = house.run();
    let job = house.add(film);
    eventually(|| house.job(job)["state"] == "transferring").await.expect("it is on its way");
    house.told(&["pause", &job.to_string()]);
    eventually(|| house.job(job)["state"] == "paused").await.expect("it is held");
    fs::remove_file(house.data.downloads().join(format!("temp/.{job}.part"))).unwrap();
    house.told(&["target", "set", "nas", "--limit", "0"]);
    house.told(&["resume", &job.to_string()]);
    let done = house.until(job, "completed").await;
    assert!(fs::read(house.nas.join(done["final_path"].as_str().unwrap())).unwrap() == original);
    assert_eq!(house.station.counts().channel(there).requests, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_jobs_that_failed_or_are_no_more_goes() {
    let house = House::with_target("").await;
    let film = house.ids(Kind::Movie)[0];
    let (there, _) = house.original(film).await;
    house.station.set_fault(there, Fault::Dribble { bytes: 65_536, millis: 100 });
    let temp = house.data.downloads().join("temp");
    fs::create_dir_all(&temp).unwrap();
    for name in [".99.part", "somebody's film.mkv"] {
        replace(&temp.join(name), b"bytes", Access::Owner).unwrap();
    }
    let _worker = house.run();
    let job = house.add(film);
    eventually(|| house.job(job)["have"].as_u64().unwrap() > 300_000).await.expect("some of it comes");
    house.told(&["pause", &job.to_string()]);
    eventually(|| house.station.counts().open == 0).await.expect("the provider is left");
    house.station.set_fault(there, Fault::Status(404));
    house.told(&["resume", &job.to_string()]);
    let failed = house.until(job, "failed").await;
    assert_eq!(failed["cause"], "gone");
    let names = || {
        let mut names: Vec<String> =
            house.parts().iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let part = format!(".{job}.part");
    assert_eq!(
        names(),
        [&part, "somebody's film.mkv"],
        "of a job that is no more nothing stays, of others all"
    );
    house.told(&["cancel", &job.to_string()]);
    eventually(|| names() == ["somebody's film.mkv"]).await.expect("whoever gives it up gets the room back");
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_wait_for_a_target_that_takes_no_files_what_is_here_of_all_goes() {
    const MANY: usize = 130;
    let provider = station::Settings { films: MANY as u32, ..station::Settings::default() };
    let house = House::with(provider, "").await;
    house.told(&["target", "add", "nas", house.nas.to_str().unwrap()]);
    let ids: Vec<String> = house.ids(Kind::Movie).iter().map(u32::to_string).collect();
    let added = house.told(&[&["add"], &ids.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat());
    assert_eq!(added["added"].as_array().unwrap().len(), MANY);
    house.told(&["target", "set", "nas", "--maintenance", "on"]);
    // All were on their way there, and nobody wants them any more.
    house.told(&["cancel", "--all"]);
    let (rows, temp) = (
        rusqlite::Connection::open(house.data.downloads().join("jobs.db")).unwrap(),
        house.data.downloads().join("temp"),
    );
    let change =
        "UPDATE job SET final_path = 'Movies/' || id || '.mkv', temp_path = CAST(? || id || '.part' AS BLOB)";
    rows.execute(change, [format!("{}/.", temp.display())]).unwrap();
    for job in added["added"].as_array().unwrap() {
        replace(&temp.join(format!(".{job}.part")), b"bytes", Access::Owner).unwrap();
    }
    assert_eq!(house.parts().len(), MANY);
    let _worker = house.run();
    eventually(|| house.parts().is_empty()).await.unwrap_or_else(|()| panic!("{:?}", house.parts()));
    let unswept = || -> i64 {
        rows.query_row("SELECT count(*) FROM job WHERE swept = 0", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(unswept(), MANY as i64, "what is at the target waits for it");
    let looked_at = || -> i64 {
        rows.query_row("SELECT count(*) FROM job WHERE temp_path IS NOT NULL", [], |row| row.get(0)).unwrap()
    };
    eventually(|| looked_at() == 0).await.unwrap_or_else(|()| panic!("{} are looked at still", looked_at()));
    house.told(&["target", "set", "nas", "--maintenance", "off"]);
    eventually(|| unswept() == 0).await.unwrap_or_else(|()| panic!("{} wait still", unswept()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_a_target_has_promised_no_more_counts_than_is_there() {
    let house = House::with_target("").await;
    let film = house.ids(Kind::Movie)[0];
    let (_, original) = house.original(film).await;
    house.told(&["target", "set", "nas", "--limit", "500000"]);
    let _worker = house.run();
    let job = house.add(film);
    let growing = || {
        let end = format!(".{job}.part");
        let found = house.delivered().into_iter().find(|name| name.ends_with(&end))?;
        Some(house.nas.join(found))
    };
    let has_come = || growing().is_some_and(|part| fs::metadata(part).is_ok_and(|part| part.len() > 300_000));
    eventually(has_come).await.expect("some of it is there");
    house.told(&["pause", &job.to_string()]);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    // Its disk has lost some of that.
    let part = growing().unwrap();
    fs::File::options().write(true).open(&part).unwrap().set_len(100_000).unwrap();
    let rows = rusqlite::Connection::open(house.data.downloads().join("jobs.db")).unwrap();
    rows.execute("UPDATE job SET t_have = 1000000, t_synced = 1000000 WHERE id = ?", [job]).unwrap();
    house.told(&["target", "set", "nas", "--limit", "0"]);
    house.told(&["resume", &job.to_string()]);
    let done = house.until(job, "completed").await;
    assert!(fs::read(house.nas.join(done["final_path"].as_str().unwrap())).unwrap() == original);
    assert_eq!(
        (&done["no_progress"], &done["retries"]),
        (&0.into(), &0.into()),
        "it was right at once: {done:#}"
    );
}
