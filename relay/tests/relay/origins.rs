//! Channels whose provider sends HLS.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use station::{Fault, Target};

use crate::stage::{ORIGIN, Plan, Stage};
use crate::viewer::{Viewer, assert_begins_well, assert_unbroken, eventually, watch};

/// Segments of a second and a quarter, and what the test asks for.
fn plan(origins: &[&str]) -> Plan {
    let mut plan = Plan { origins: origins.iter().map(|&quirks| quirks.into()).collect(), ..Plan::default() };
    plan.station.segment_entries = 1;
    plan
}

fn path(place: u32) -> String {
    Stage::path(ORIGIN + place)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_become_one_unbroken_stream_over_one_connection_for_every_viewer_of_either_form() {
    let stage = Stage::with(plan(&["plain"])).await;
    let mut first = Viewer::get(&stage, &path(0)).await;
    let (bytes, alone) = first.watch_for(4.0).await;
    assert_begins_well(&bytes);
    assert_unbroken(&alone);
    let (stream, list) = (path(0), format!("/live/ann/secret/{ORIGIN}.m3u8"));
    let (mut second, player, other) = tokio::join!(
        Viewer::get(&stage, &stream),
        Viewer::ask(&stage, "GET", &list, "User-Agent: one\r\n"),
        Viewer::ask(&stage, "GET", &list, "User-Agent: two\r\n")
    );
    assert_eq!((player.status(), other.status(), stage.relay.viewers("ann")), (200, 200, 3));
    let ((_, more), (_, joined)) = tokio::join!(first.watch_for(8.0), second.watch_for(8.0));
    assert_unbroken(&more);
    assert_unbroken(&joined);
    let counts = stage.station.counts();
    assert_eq!(counts.channel(stage.origin(0)).sending_peak, 1, "one connection at a time");
    assert!(counts.requests("segment") > 8, "{counts:?}");
    let segments = counts.fetched.iter().filter(|(name, _)| !name.ends_with("index"));
    assert!(segments.clone().all(|(_, times)| *times == 1), "each segment once: {counts:?}");
    drop((first, second, player, other));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_servers_do_to_lists_and_segments_is_seen_through() {
    let all = [
        "aes",
        "aes-iv,gzip-untold",
        "range",
        "range-ignored",
        "counting",
        "id3",
        "ll,pdt",
        "rotating",
        "cookie",
        "gzip,absolute",
        "crlf,bom,network",
        "loose,rooted",
        "comments,new,dots",
        "query",
        "spaces",
        "fragment",
        "define",
        "called-ts,bom",
        "master",
    ];
    for all in all.chunks(6) {
        let stage = Stage::with(plan(all)).await;
        let viewers = all.iter().zip(0..).map(|(quirks, place)| {
            let stage = &stage;
            async move {
                let mut viewer = Viewer::get(stage, &path(place)).await;
                assert_eq!(viewer.status(), 200, "{quirks}");
                let (bytes, seen) = viewer.watch_for(6.0).await;
                assert_begins_well(&bytes);
                assert_unbroken(&seen);
            }
        });
        futures_util::future::join_all(viewers).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_quality_is_taken_up_to_what_is_allowed() {
    let mut plan = plan(&["master"]);
    plan.relay.hls_bandwidth = 1_200_000;
    let stage = Stage::with(plan).await;
    Viewer::get(&stage, &path(0)).await.read(10_000).await;
    let fetched = stage.station.counts().fetched;
    assert!(fetched.keys().any(|name| name.contains("/mid/")), "{fetched:?}");
    assert!(!fetched.keys().any(|name| name.contains("/high/")), "{fetched:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn discontinuities_and_gaps_are_restamped_into_one_clock() {
    let stage = Stage::with(plan(&["disc:3", "gap:4", "nth:5:status:404"])).await;
    for place in 0..3 {
        let mut viewer = Viewer::get(&stage, &path(place)).await;
        let (_, seen) = viewer.watch_for(9.0).await;
        assert_unbroken(&seen);
    }
    let mut status = Viewer::get(&stage, "/status.json").await;
    let status: serde_json::Value = serde_json::from_slice(&status.rest().await).unwrap();
    assert_eq!(status["totals"]["restarts"], 0, "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_become_a_transport_stream_is_said_so() {
    let all = ["audio", "fmp4", "packed", "sample-aes", "drm"];
    let stage = Stage::with(plan(&all)).await;
    for (quirks, place) in all.iter().zip(0..) {
        assert_eq!(Viewer::get(&stage, &path(place)).await.status(), 415, "{quirks}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_are_wrong_do_not_make_it_loop_or_stop() {
    let stage = Stage::with(plan(&["zero", "falling"])).await;
    for place in 0..2 {
        let mut viewer = Viewer::get(&stage, &path(place)).await;
        let (_, seen) = viewer.watch_for(8.0).await;
        assert_unbroken(&seen);
        let fetched = stage.station.counts().fetched;
        assert!(fetched.iter().all(|(name, times)| *times == 1 || name.ends_with("index")), "{fetched:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_whose_token_expires_is_asked_for_where_it_is_configured() {
    let stage = Stage::with(plan(&["expiring:3"])).await;
    let mut viewer = Viewer::get(&stage, &path(0)).await;
    let (_, seen) = viewer.watch_for(10.0).await;
    assert_unbroken(&seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_ends_and_what_stops_is_lost() {
    let end = now() + 3;
    let mut plan = plan(&["vod", &format!("end:{end}"), &format!("frozen:{end}"), "plain"]);
    plan.relay.give_up = Duration::ZERO;
    let stage = Stage::with(plan).await;
    let mut finished = Viewer::get(&stage, &path(0)).await;
    let whole = watch(&finished.rest().await);
    assert_unbroken(&whole);
    assert!((7.0..8.0).contains(&whole.passed), "all of the six segments: {whole:?}");
    for place in 1..3 {
        let rest = watch(&Viewer::get(&stage, &path(place)).await.rest().await);
        assert_unbroken(&rest);
    }
    stage.station.set_fault(Target::Action("segment".into()), Fault::Status(503));
    assert_eq!(Viewer::get(&stage, &path(3)).await.status(), 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_passed_on_in_real_time_and_not_as_they_come() {
    let mut plan = plan(&["plain"]);
    plan.station.segment_entries = 4; // five seconds each: fifteen are there at once
    let stage = Stage::with(plan).await;
    let mut viewer = Viewer::get(&stage, &path(0)).await;
    let began = Instant::now();
    let (_, seen) = viewer.watch_for(12.0).await;
    assert_unbroken(&seen);
    assert!(began.elapsed() > Duration::from_secs(5), "six seconds at once, and the rest as time goes by");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_the_burst_it_comes_as_fast_as_it_is_shown() {
    let mut plan = plan(&["plain"]);
    plan.station.segment_entries = 2; // two and a half seconds each
    let stage = Stage::with(plan).await;
    let mut viewer = Viewer::get(&stage, &path(0)).await;
    let (began, mut passed) = (Instant::now(), 0.0);
    // How far ahead of its time it is, second by second.
    let mut ahead = Vec::new();
    while passed < 20.0 {
        passed += viewer.watch_for(1.0).await.1.passed;
        ahead.push(passed - began.elapsed().as_secs_f64());
    }
    // A machine that has much to do is late for a moment; nothing ever comes early, and nothing is lost in the long run.
    let burst = ahead[..8].iter().copied().fold(0.0, f64::max);
    assert!((1.0..9.0).contains(&burst), "{ahead:?}");
    let (early, late) =
        ahead[8..].iter().fold((f64::MIN, f64::MAX), |(most, least), it| (most.max(*it), least.min(*it)));
    assert!(early < burst + 2.0 && late > burst - 6.0, "{ahead:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_who_leaves_ends_the_requests() {
    let stage = Stage::with(plan(&["plain"])).await;
    let mut viewer = Viewer::get(&stage, &path(0)).await;
    viewer.read(10_000).await;
    drop(viewer);
    eventually("nobody watches", || stage.relay.viewers("ann") == 0).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let requests = stage.station.counts().requests;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(stage.station.counts().requests, requests);
}
