//! Viewers who leave, whenever that is, and what they leave behind: nothing.

use std::time::{Duration, Instant};

use serde_json::Value;
use station::{Fault, Limit};

use crate::stage::{ACE, LIVE, ORIGIN, Plan, Stage};
use crate::viewer::{PATIENCE, Viewer, eventually};

/// What is soon, and as much again for a machine that has much to do.
const SOON: Duration = Duration::from_secs(2);

async fn status(stage: &Stage) -> Value {
    let mut status = Viewer::get(stage, "/status.json").await;
    serde_json::from_slice(&status.rest().await).unwrap()
}

/// Waits until nothing is received, watched, held or counted any more.
async fn assert_nothing_is_left(stage: &Stage) {
    let began = Instant::now();
    loop {
        let (seen, counts) = (status(stage).await, stage.station.counts());
        let slots: u64 =
            seen["slots"].as_array().unwrap().iter().map(|slot| slot["used"].as_u64().unwrap()).sum();
        let here = [&seen["totals"]["channels"], &seen["totals"]["viewers"], &seen["totals"]["hls_sessions"]];
        let nothing = here.iter().all(|count| **count == 0) && seen["seats"] == 0 && slots == 0;
        let sending: u64 = counts.channels.values().map(|channel| channel.open + channel.sending).sum();
        if nothing && sending + counts.ace.sessions + counts.ace.readers == 0 {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{seen} {counts:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// An account of one connection.
fn narrow() -> Plan {
    let mut plan = Plan { connections: 1, ..Plan::default() };
    plan.station.accounts[0].max_connections = 1;
    plan.station.limit = Limit::Refuse(403);
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_closes_the_upstream_at_once_and_frees_its_slot() {
    let mut plan = narrow();
    plan.relay.film_linger = Duration::ZERO;
    plan.relay.catchup_linger = Duration::ZERO;
    plan.relay.slot_patience = Duration::ZERO;
    plan.relay.release_delay = Duration::ZERO;
    let stage = Stage::with(plan).await;
    stage.station.set_fault(stage.station.catalogue().film_id(0), Fault::Stall(100_000));
    let hour =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 3600 * 3600;
    let past = format!("/timeshift/ann/secret/60/{}/{}.ts", hour - 7200, LIVE + 5);
    for path in [Stage::path(LIVE), "/movie/ann/secret/9001.mp4".into(), past, Stage::path(LIVE + 1)] {
        let mut viewer = Viewer::get(&stage, &path).await;
        assert_eq!(viewer.status(), 200, "{path}: the one before has left his slot");
        viewer.read(50_000).await;
        assert_eq!(stage.station.counts().open, 1, "{path}");
        let left = Instant::now();
        drop(viewer);
        eventually("it is closed", || stage.station.counts().open == 0).await;
        assert!(left.elapsed() < SOON, "{path}: {:?}", left.elapsed());
        assert_nothing_is_left(&stage).await;
    }
    let account = stage.station.counts().accounts["station"];
    assert_eq!((account.peak, account.refused), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_lingers_for_as_long_as_was_said_and_no_longer() {
    let linger = Duration::from_secs(2);
    let mut plan = narrow();
    plan.relay.linger = linger;
    let stage = Stage::with(plan).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    viewer.read(10_000).await;
    let left = Instant::now();
    drop(viewer);
    eventually("he has left", || stage.relay.viewers("ann") == 0).await;
    eventually("it is closed", || stage.station.counts().open == 0).await;
    let lingered = left.elapsed();
    assert!(linger <= lingered && lingered < linger + SOON, "{lingered:?}");
    assert_nothing_is_left(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_while_a_channel_begins_is_lost_or_ends_leaves_nothing() {
    let mut plan = Plan { origins: vec!["plain".into(), "fmp4".into()], ..Plan::default() };
    plan.station.segment_entries = 1;
    let stage = Stage::with(plan).await;
    let (slow, lost) = (LIVE + 2, LIVE + 3);
    stage.station.set_fault(stage.there(slow), Fault::Slow(60_000));
    stage.station.set_content(stage.content(ACE), "first:60000".parse().unwrap());
    stage.station.set_content(stage.content(ACE + 1), "meta:1500".parse().unwrap());
    stage.station.set_fault(stage.origin(0), Fault::Mute);
    stage.station.set_fault(stage.origin(1), Fault::Mute);
    // While it begins: each of them has been asked for, and nothing has come.
    let hls = |channel: u32| format!("/live/ann/secret/{channel}.m3u8");
    let beginning = [
        Stage::path(slow),
        hls(slow),
        Stage::path(ACE),
        Stage::path(ACE + 1),
        Stage::path(ORIGIN),
        hls(ORIGIN + 1),
    ];
    let waits =
        beginning.iter().map(|path| tokio::time::timeout(Duration::from_secs(1), Viewer::get(&stage, path)));
    let early = futures_util::future::join_all(waits).await;
    assert!(early.iter().all(Result::is_err), "nothing has come");
    // While it is lost, and is looked for.
    stage.station.set_fault_times(stage.there(lost), Fault::Cut(600_000), 1);
    let mut held = Viewer::get(&stage, &Stage::path(lost)).await;
    let mut list = Viewer::ask(&stage, "GET", &hls(lost), "User-Agent: list\r\n").await;
    assert_eq!((held.status(), list.status()), (200, 200));
    list.rest().await;
    stage.station.set_fault(stage.there(lost), Fault::Slow(60_000));
    held.read(700_000).await;
    drop(held);
    eventually("only who reads lists is left, and who asked for them", || stage.relay.viewers("ann") <= 2)
        .await;
    // At the end of everything.
    stage.relay.close();
    stage.relay.closed().await;
    assert_nothing_is_left(&stage).await;
    let ace = stage.station.counts().ace;
    assert_eq!(ace.starts, ace.stops, "{ace:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_of_hls_that_has_gone_is_noticed_and_frees_his_seat_and_the_slot() {
    let mut plan = narrow();
    plan.station.speed = 4.0;
    let stage = Stage::with(plan).await;
    let mut list = Viewer::get(&stage, "/live/bob/secret/1.m3u8").await;
    assert_eq!(list.status(), 200);
    list.rest().await;
    let asked = Instant::now();
    let taken = Viewer::ask(&stage, "GET", "/live/bob/secret/1.m3u8", "User-Agent: another\r\n").await;
    assert_eq!((taken.status(), taken.header("retry-after")), (503, Some("5")), "his only seat");
    while stage.station.counts().open > 0 {
        assert!(asked.elapsed() < Duration::from_secs(60), "he is noticed to have gone");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(asked.elapsed() > Duration::from_secs(10), "a player may be slow: {:?}", asked.elapsed());
    assert_nothing_is_left(&stage).await;
    assert_eq!(Viewer::get(&stage, "/live/bob/secret/2.m3u8").await.status(), 200);
}
