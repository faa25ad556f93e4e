//! Many viewers of both forms, who come, go and zap, while upstreams are cut and providers restart.

use std::time::{Duration, Instant};

use station::{Fault, Station};

use crate::stage::{LIVE, Plan, Stage};
use crate::viewer::{Viewer, assert_begins_well, eventually, watch};

fn agent(name: usize) -> String {
    format!("User-Agent: player {name}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_goes_and_zaps_a_channel_is_one_connection_at_every_moment() {
    let mut plan = Plan::default();
    plan.relay.linger = Duration::from_secs(2);
    let stage = Stage::with(plan).await;
    stage.station.set_fault_times(stage.there(LIVE), Fault::Cut(2_500_000), 2);
    let mut anchor = Viewer::ask(&stage, "GET", &Stage::path(LIVE), &agent(0)).await;
    let mut bytes = anchor.read(10_000).await;
    let list = format!("/live/ann/secret/{LIVE}.m3u8");
    let (began, mut watching) = (Instant::now(), Vec::new());
    let mut turn = 1;
    while began.elapsed() < Duration::from_secs(20) {
        let mut viewer = Viewer::ask(&stage, "GET", &Stage::path(LIVE), &agent(turn)).await;
        assert_begins_well(&viewer.read(30_000).await);
        watching.push(viewer);
        let player = Viewer::ask(&stage, "GET", &list, &agent(turn % 5)).await;
        assert_eq!(player.status(), 200);
        if turn.is_multiple_of(3) {
            let away = Stage::path(LIVE + 1);
            Viewer::ask(&stage, "GET", &away, &agent(turn)).await.read(1000).await;
            watching.remove(0);
        }
        bytes.extend(anchor.read(200_000).await);
        turn += 1;
    }
    let counts = stage.station.counts();
    let channel = counts.channel(stage.there(LIVE));
    assert_eq!((channel.open, channel.peak, channel.requests), (1, 1, 3), "two cuts: {turn}");
    assert_eq!(counts.channel(stage.there(LIVE + 1)).peak, 1);
    let seen = watch(&bytes);
    assert_eq!((seen.continuity_errors, seen.backwards), (0, 0), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_restarts_finds_every_viewer_still_there() {
    let mut plan = Plan::default();
    let settings = plan.station.clone();
    plan.relay.connect_timeout = Duration::from_secs(1);
    let mut stage = Stage::with(plan).await;
    let address = stage.station.address();
    let mut viewers = Vec::new();
    for number in 0..10 {
        let path = Stage::path(LIVE + number as u32 % 2);
        let mut viewer = Viewer::ask(&stage, "GET", &path, &agent(number)).await;
        let bytes = viewer.read(10_000).await;
        viewers.push((viewer, bytes));
    }
    // Port 0 meanwhile: two stations cannot be at one address.
    let elsewhere = Station::start(settings.clone()).await.unwrap();
    drop(std::mem::replace(&mut stage.station, elsewhere));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let back = station::Settings { listen: address, ..settings };
    stage.station = Station::start(back).await.unwrap();
    for (viewer, bytes) in &mut viewers {
        bytes.extend(viewer.read(1_500_000).await);
        let seen = watch(bytes);
        assert!(bytes.len() >= 1_500_000, "{}", bytes.len());
        assert_eq!((seen.continuity_errors, seen.backwards), (0, 0), "{seen:?}");
    }
    let counts = stage.station.counts();
    assert_eq!((counts.open, counts.peak), (2, 2));
    drop(viewers);
    eventually("nothing is left", || stage.station.counts().open == 0 && stage.relay.viewers("ann") == 0)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_joiner_needs_comes_first_and_the_feed_stays_within_its_limit() {
    let mut plan = Plan::default();
    plan.station.bitrate = 50_000_000;
    plan.relay.feed_bytes = 8_000_000;
    let stage = Stage::with(plan).await;
    let mut first = Viewer::ask(&stage, "GET", &Stage::path(LIVE), &agent(0)).await;
    first.read(12_000_000).await;
    for number in 1..20 {
        let mut viewer = Viewer::ask(&stage, "GET", &Stage::path(LIVE), &agent(number)).await;
        let mut beginning = viewer.read(64 * 1024).await;
        beginning.truncate(64 * 1024 / 188 * 188);
        assert_begins_well(&beginning);
    }
    let mut status = Viewer::get(&stage, "/status.json").await;
    let status: serde_json::Value = serde_json::from_slice(&status.rest().await).unwrap();
    let held = status["totals"]["buffer_bytes"].as_u64().unwrap();
    assert!((4_000_000..=8_000_000).contains(&held), "{held}");
}
