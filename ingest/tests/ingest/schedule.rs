//! Runs by themselves.

use std::time::Duration;

use ingest::{Asked, RunNow};
use tokio::sync::oneshot;

use crate::{Bench, source, station};

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_runs_at_once_without_a_release_then_on_time_and_stops_when_told() {
    let station = station(station::Settings { series: 0, ..Default::default() }).await;
    let mut bench = Bench::new();
    bench.settings.schedule = "* * * * * *".into();
    let sources = [source("acme", &station)];
    let (stop, stopped) = oneshot::channel::<()>();
    let run_now = RunNow::default();
    let scheduled = ingest::schedule(&bench.data, &sources, &bench.settings, &run_now, async {
        let _ = stopped.await;
    });
    let watching = async {
        for _ in 0..400 {
            if station.counts().requests("xmltv") >= 3 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        stop.send(()).unwrap();
    };
    let (ended, ()) = tokio::join!(scheduled, watching);
    ended.unwrap();
    assert!(station.counts().requests("xmltv") >= 3, "a run at once, and one each second");
    assert_eq!(bench.release().name, "000001");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_fresh_release_the_schedule_waits_for_its_time() {
    let station = station(station::Settings::default()).await;
    let bench = Bench::new();
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    let asked = station.counts().requests("xmltv");
    let soon = tokio::time::sleep(Duration::from_millis(700));
    ingest::schedule(&bench.data, &sources, &bench.settings, &RunNow::default(), soon).await.unwrap();
    assert_eq!(station.counts().requests("xmltv"), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_made_when_it_is_asked_for_and_no_second_one_beside_it() {
    let station = station(station::Settings::default()).await;
    let bench = Bench::new();
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    let before = station.counts().requests("xmltv");
    let run_now = RunNow::default();
    assert_eq!(run_now.ask(), Asked::Stopped);
    let (stop, stopped) = oneshot::channel::<()>();
    let scheduled = ingest::schedule(&bench.data, &sources, &bench.settings, &run_now, async {
        let _ = stopped.await;
    });
    let asking = async {
        eventually(|| run_now.ask() == Asked::Begins).await;
        assert_eq!(run_now.ask(), Asked::Running);
        eventually(|| station.counts().requests("xmltv") == before + 1).await;
        eventually(|| run_now.ask() == Asked::Begins).await;
        eventually(|| station.counts().requests("xmltv") == before + 2).await;
        stop.send(()).unwrap();
    };
    let (ended, ()) = tokio::join!(scheduled, asking);
    ended.unwrap();
    assert_eq!(run_now.ask(), Asked::Stopped);
}

#[test]
fn a_zone_is_one_that_there_is() {
    let set = |zone: &str| {
        toml::from_str::<ingest::Settings>(&format!("zone = {zone:?}"))
            .map(|settings| settings.zone)
            .map_err(|error| error.message().to_owned())
    };
    assert_eq!(set("Europe/London").unwrap(), "Europe/London");
    for wrong in ["", "Nowhere/Town", "+01:00x"] {
        assert!(set(wrong).unwrap_err().contains("expected the name of a time zone"), "{wrong}");
    }
}

async fn eventually(mut holds: impl FnMut() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never holds");
}

#[test]
fn cron_expressions_have_five_six_or_seven_fields() {
    let set = |expression: &str| {
        let section = format!("schedule = {expression:?}");
        toml::from_str::<ingest::Settings>(&section).map_err(|error| error.message().to_owned())
    };
    for fine in ["0 */6 * * *", "30 0 4 * * *", "0 0 4 * * * *"] {
        assert!(set(fine).is_ok(), "{fine}");
    }
    for wrong in ["", "often", "0 */6", "99 * * * *"] {
        assert!(set(wrong).unwrap_err().contains("expected a cron expression"), "{wrong}");
    }
}
