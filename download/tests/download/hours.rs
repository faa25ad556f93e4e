//! The hours in which downloads go on.

use std::fs;

use contract::bundle::Kind;
use download::store::now;
use station::Fault;

use crate::house::{House, eventually};

/// So slow that it does not end by itself in a minute.
const SLOW: Fault = Fault::Dribble { bytes: 4_096, millis: 100 };
/// Seconds of a day.
const DAY: i64 = 86_400;

/// The time zone (POSIX, `TZ`) in which so many seconds of the day have passed now, whenever that is.
fn zone(seconds: i64) -> (&'static str, String) {
    let east = (seconds - now()).rem_euclid(DAY);
    let east = if east > DAY / 2 { east - DAY } else { east };
    // There, what lies to the west counts.
    let sign = if east > 0 { '-' } else { '+' };
    let east = east.abs();
    ("TZ", format!("COAX{sign}{}:{:02}:{:02}", east / 3600, east / 60 % 60, east % 60))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_when_the_hours_are_over_is_stopped_and_goes_on_in_the_next_ones_where_it_was() {
    let house = House::with_target("window = '01:00-07:00'").await;
    let films = house.ids(Kind::Movie);
    let (there, original) = house.original(films[0]).await;
    house.station.set_fault(there, SLOW);
    let job = house.add(films[0]);
    let waits = |job: i64| house.job(job)["waits_for"] == "window";
    let part = || house.parts().first().and_then(|part| fs::metadata(part).ok()).map_or(0, |it| it.len());
    let mut begun = None;
    // A machine with much to do may not have begun when they are over, and gets more time.
    for left in [5, 15, 45] {
        let over = now() + left;
        let (worker, _) = house.run_as(&[], &[zone(7 * 3600 - left)]);
        eventually(|| part() > 0 || now() > over).await.expect("time passes");
        if part() > 0 {
            begun = Some(worker);
            break;
        }
        assert!(worker.stop());
    }
    let worker = begun.expect("it begins within a minute");
    eventually(|| waits(job) && house.station.counts().open == 0).await.expect("it is stopped");
    let stopped = house.job(job);
    assert_eq!((&stopped["state"], &stopped["no_progress"]), (&"pending".into(), &0.into()), "{stopped:#}");
    assert!(stopped["why"].as_str().unwrap().contains("go on at 01:00-07:00"), "{stopped:#}");
    let until = stopped["until"].as_i64().unwrap() - now();
    assert!((17 * 3600..=18 * 3600).contains(&until), "until it is one o'clock: {until}");
    let later = house.add(films[1]);
    assert!(waits(later));
    assert!(worker.stop());
    let (had, path) = (part(), house.parts().remove(0));
    assert!(had > 0 && had >= stopped["have"].as_u64().unwrap() && had < original.len() as u64, "{had}");

    // At night. It is another day, or somebody has said other hours.
    house.station.reset();
    house.station.set_fault(there, Fault::Dribble { bytes: 65_536, millis: 100 });
    let (_worker, _) = house.run_as(&[], &[zone(3 * 3600)]);
    let mut least = had;
    let comes_on = || {
        let is = fs::metadata(&path).map_or(had, |it| it.len());
        least = least.min(is);
        is > had
    };
    eventually(comes_on).await.expect("it goes on");
    assert_eq!(least, had, "behind what it had");
    for job in [job, later] {
        house.until(job, "completed").await;
    }
    let done = house.job(job);
    assert!(fs::read(house.nas.join(done["final_path"].as_str().unwrap())).unwrap() == original);
    assert_eq!(house.station.counts().channel(there).requests, 1);
    assert_eq!(house.events(job, "anew"), [] as [String; 0], "nothing of it was thrown away");
}
