//! One upstream, every viewer.

use std::time::{Duration, Instant};

use crate::stage::{LIVE, Plan, Stage};
use crate::viewer::{Viewer, assert_begins_well, eventually, watch};

#[tokio::test(flavor = "multi_thread")]
async fn fifty_simultaneous_first_viewers_are_one_upstream_connection() {
    let stage = std::sync::Arc::new(Stage::new().await);
    let viewers = (0..50).map(|_| {
        let stage = stage.clone();
        tokio::spawn(async move {
            let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
            let bytes = viewer.read(200_000).await;
            assert_begins_well(&bytes);
            viewer
        })
    });
    let mut watching = Vec::new();
    for viewer in viewers.collect::<Vec<_>>() {
        watching.push(viewer.await.unwrap());
    }
    let channel = stage.station.counts().channel(stage.there(LIVE));
    assert_eq!((channel.open, channel.peak, channel.requests), (1, 1, 1));
    assert_eq!(stage.relay.viewers("ann"), 50_usize.div_ceil(4) as u32, "four of one client share a seat");
    drop(watching);
    eventually("the last viewer to leave closes the upstream", || {
        stage.station.counts().channel(stage.there(LIVE)).open == 0 && stage.relay.viewers("ann") == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_who_comes_back_while_the_channel_lingers_finds_it_running() {
    let mut plan = Plan::default();
    plan.relay.linger = Duration::from_millis(700);
    let stage = Stage::with(plan).await;
    let there = stage.there(LIVE);
    for _ in 0..2 {
        let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
        viewer.read(10_000).await;
    }
    assert_eq!(stage.station.counts().channel(there).requests, 1);
    eventually("lingering ends", || stage.station.counts().channel(there).open == 0).await;
    assert_eq!(stage.station.counts().channel(there).requests, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_who_stops_reading_delays_nobody_and_is_cut() {
    let mut plan = Plan::default();
    plan.station.bitrate = 20_000_000;
    plan.http.stall_timeout = Duration::from_millis(500);
    let stage = Stage::with(plan).await;
    let mut lazy = Viewer::get(&stage, &Stage::path(LIVE)).await;
    lazy.read(1).await;
    let mut busy = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let (began, mut longest, mut bytes) = (Instant::now(), Duration::ZERO, Vec::new());
    while began.elapsed() < Duration::from_secs(3) {
        let waiting = Instant::now();
        bytes.extend(busy.next().await);
        longest = longest.max(waiting.elapsed());
    }
    assert_eq!(watch(&bytes).continuity_errors, 0);
    assert!(longest < Duration::from_millis(1500), "{longest:?}");
    eventually("the viewer who stopped reading is cut", || stage.relay.viewers("ann") == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laggard_jumps_to_an_access_point_and_loses_nothing_else() {
    let mut plan = Plan::default();
    plan.station.bitrate = 20_000_000;
    plan.relay.feed_bytes = 3_000_000;
    let stage = Stage::with(plan).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let mut bytes = viewer.read(100_000).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    bytes.extend(viewer.read(8_000_000).await);
    assert_eq!(bytes.len() % 188, 0);
    let seen = watch(&bytes);
    assert!(seen.longest_step > 0.5, "something was lost: {seen:?}");
    let mut status = Viewer::get(&stage, "/status.json").await;
    let status: serde_json::Value = serde_json::from_slice(&status.rest().await).unwrap();
    let jumps = status["channels"][0]["jumps"].as_u64().unwrap();
    assert!(jumps >= 1 && seen.continuity_errors <= 5 * jumps, "on each of 5 PIDs: {jumps} {seen:?}");
    assert_eq!(status["totals"]["viewers"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_ends_every_stream_at_once() {
    let stage = Stage::new().await;
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    viewer.read(10_000).await;
    stage.relay.close();
    viewer.rest().await;
    eventually("the upstream is closed", || stage.station.counts().open == 0).await;
    assert_eq!(Viewer::get(&stage, &Stage::path(LIVE)).await.status(), 503);
}
