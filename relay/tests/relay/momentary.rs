//! Refusals that hold for a moment only, or for one form of a channel.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use station::Limit;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::stage::{FILM, LIVE, ORIGIN, Plan, Stage};
use crate::viewer::{PATIENCE, Viewer, assert_begins_well, eventually};

/// A channel with a past.
const CHANNEL: u32 = LIVE + 5;

/// A provider that allows one connection and goes on counting it for a second and a half, which nobody has told us.
async fn forgetful() -> Stage {
    let mut plan = Plan { connections: 1, ..Plan::default() };
    plan.station.accounts[0].max_connections = 1;
    plan.station.limit = Limit::Refuse(403);
    plan.station.release_delay = Duration::from_millis(1500);
    plan.relay.release_delay = Duration::ZERO;
    Stage::with(plan).await
}

/// Somebody watches a channel and leaves.
async fn watched_and_left(stage: &Stage) {
    let mut viewer = Viewer::get(stage, &Stage::path(LIVE)).await;
    viewer.read(10_000).await;
    drop(viewer);
    eventually("the channel is closed", || stage.station.counts().open == 0).await;
}

fn refused(stage: &Stage) -> u64 {
    stage.station.counts().accounts.values().map(|account| account.refused).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn films_and_the_past_are_asked_for_again_while_the_provider_counts_what_was_watched_before() {
    let hour_ago = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 60 * 60 - 3600;
    let past = format!("/timeshift/ann/secret/10/{hour_ago}/{CHANNEL}.ts");
    for path in [&format!("/movie/ann/secret/{FILM}.mp4"), &past] {
        let stage = forgetful().await;
        watched_and_left(&stage).await;
        let mut viewer = Viewer::get(&stage, path).await;
        assert_eq!(viewer.status(), 200, "{path}");
        assert!(!viewer.read(1000).await.is_empty());
        assert!((1..=3).contains(&refused(&stage)), "{path}: {}", refused(&stage));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_goes_on_refusing_is_asked_four_times_and_for_a_viewer_who_has_gone_no_more() {
    let stage = forgetful().await;
    watched_and_left(&stage).await;
    // Somebody else has the connection, and keeps it.
    let url = stage.station.live_url(0);
    let deadline = Instant::now() + PATIENCE;
    let _other = loop {
        let other =
            Viewer::at(stage.station.address(), &url[url.match_indices('/').nth(2).unwrap().0..]).await;
        if other.status() == 200 {
            break other;
        }
        assert!(Instant::now() < deadline, "{}", other.status());
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let path = format!("/movie/ann/secret/{FILM}.mp4");
    let before = refused(&stage);
    let mut gone = TcpStream::connect(stage.address).await.unwrap();
    gone.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    eventually("it is refused", || refused(&stage) > before).await;
    drop(gone);
    let asked = refused(&stage);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(refused(&stage) <= asked + 1, "{} of {asked}: nobody waits for it any more", refused(&stage));
    let before = refused(&stage);
    assert_eq!(Viewer::get(&stage, &path).await.status(), 502);
    assert_eq!(refused(&stage) - before, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_not_given_by_one_extension_is_asked_for_by_the_other() {
    for (given, channel) in [("m3u8", LIVE), ("ts", ORIGIN)] {
        let mut plan = Plan::default();
        plan.station.formats = vec![given.into()];
        plan.station.segment_entries = 1;
        plan.station.hls_linger = Duration::from_millis(200);
        plan.origins = vec!["/live/{username}/{password}/{id}.m3u8".into()];
        let stage = Stage::with(plan).await;
        for _ in 0..2 {
            let mut viewer = Viewer::get(&stage, &Stage::path(channel)).await;
            assert_eq!(viewer.status(), 200, "{given}");
            assert_begins_well(&viewer.read(100_000).await);
            drop(viewer);
            eventually("the channel is closed", || stage.station.counts().open == 0).await;
        }
        let requests = stage.station.counts().channel(stage.there(LIVE)).requests;
        assert!(given == "m3u8" || requests == 3, "{requests}: what it gives is known the second time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_gives_neither_form_is_asked_for_each_once() {
    let mut plan = Plan::default();
    plan.station.formats = Vec::new();
    let stage = Stage::with(plan).await;
    assert_eq!(Viewer::get(&stage, &Stage::path(LIVE)).await.status(), 502);
    assert_eq!(stage.station.counts().channel(stage.there(LIVE)).requests, 2);
}
