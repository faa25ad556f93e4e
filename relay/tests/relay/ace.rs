//! Channels of Ace Stream.

use std::time::{Duration, Instant};

use station::AceCounts;

use crate::stage::{ACE, Plan, Stage};
use crate::viewer::{Seen, Viewer, assert_begins_well, assert_unbroken, eventually};

/// The same as by the content id at the same place, by infohash.
const HASH: u32 = ACE + 10;

fn counts(stage: &Stage) -> AceCounts {
    stage.station.counts().ace
}

/// Makes what the engine has of a channel such as `words` say.
fn set(stage: &Stage, channel: u32, words: &str) {
    stage.station.set_content(stage.content(channel), words.parse().unwrap());
}

async fn all_stopped(stage: &Stage) {
    eventually("the session is stopped", || counts(stage).sessions == 0).await;
}

/// What a player finds in a channel of `seconds`.
async fn seen(viewer: &mut Viewer, seconds: f64) -> Seen {
    viewer.watch_for(seconds).await.1
}

async fn status(stage: &Stage) -> serde_json::Value {
    let mut status = Viewer::get(stage, "/status.json").await;
    serde_json::from_slice(&status.rest().await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_of_either_form_by_either_id_share_one_session_with_one_reader_and_one_stop() {
    let mut plan = Plan::default();
    plan.station.ace.announce = Some("http://127.0.0.1:1".into()); // what it believes to be its address
    let stage = Stage::with(plan).await;
    let mut first = Viewer::get(&stage, &Stage::path(ACE)).await;
    assert_begins_well(&first.read(400_000).await);
    let mut by_hash = Viewer::get(&stage, &Stage::path(HASH)).await;
    let list = Viewer::get(&stage, &format!("/live/bob/secret/{ACE}.m3u8")).await;
    let mut second = Viewer::get(&stage, &Stage::path(ACE)).await;
    assert_eq!((list.status(), by_hash.status(), second.status()), (200, 200, 200));
    let (one, two) = tokio::join!(seen(&mut by_hash, 3.0), seen(&mut second, 3.0));
    assert_unbroken(&one);
    assert_unbroken(&two);
    let now = counts(&stage);
    assert_eq!((now.starts, now.readers_peak, now.conflicts, now.superseded), (1, 1, 0, 0), "{now:?}");
    let channels = status(&stage).await["channels"].clone();
    let ace = &channels[0]["ace"];
    assert_eq!(
        (&ace["state"], &ace["infohash"]),
        (&"streaming".into(), &stage.station.infohash(0).into()),
        "{channels}"
    );
    assert_eq!(channels[1]["ace"]["state"], "streaming", "{channels}");
    drop((first, by_hash, second));
    stage.relay.close();
    stage.relay.closed().await;
    all_stopped(&stage).await;
    assert_eq!(counts(&stage).stops, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ids_that_are_asked_for_at_once_and_turn_out_to_be_the_same_become_one() {
    let stage = Stage::new().await;
    set(&stage, ACE, "meta:300,first:300");
    let (link, hash) = (Stage::path(ACE), Stage::path(HASH));
    let (mut one, mut other) = tokio::join!(Viewer::get(&stage, &link), Viewer::get(&stage, &hash));
    assert_eq!((one.status(), other.status()), (200, 200));
    let (one_seen, other_seen) = tokio::join!(seen(&mut one, 3.0), seen(&mut other, 3.0));
    assert_unbroken(&one_seen);
    assert_unbroken(&other_seen);
    let now = counts(&stage);
    // Two, or one more where a reader was there before it was known that both are the same.
    assert!((2..=3).contains(&now.starts) && now.sessions == 1 && now.readers == 1, "{now:?}");
    drop((one, other));
    all_stopped(&stage).await;
    assert_eq!(counts(&stage).starts, now.starts, "nobody was thrown out later");
    // From now on it is known that they are the same.
    let (mut one, mut other) = tokio::join!(Viewer::get(&stage, &link), Viewer::get(&stage, &hash));
    tokio::join!(one.read(10_000), other.read(10_000));
    assert_eq!(counts(&stage).starts, now.starts + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_an_infohash_is_found_out_once_and_remembered() {
    let stage = Stage::new().await;
    let channel = ACE + 4; // the list calls its infohash an id
    assert_eq!(stage.station.listed_id(4), stage.station.infohash(4));
    for starts in [2, 3] {
        let mut viewer = Viewer::get(&stage, &Stage::path(channel)).await;
        assert_unbroken(&seen(&mut viewer, 2.0).await);
        assert_eq!(stage.station.counts().requests("ace/getstream"), starts);
        drop(viewer);
        all_stopped(&stage).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_channel_is_waited_for_longer_than_others() {
    let mut plan = Plan::default();
    plan.relay.start_budget = Duration::from_millis(500);
    plan.relay.silence = Duration::from_millis(500);
    let stage = Stage::with(plan).await;
    set(&stage, ACE, "meta:1000,first:3000");
    let mut viewer = Viewer::get(&stage, &Stage::path(ACE)).await;
    assert_eq!(viewer.status(), 200);
    assert_unbroken(&seen(&mut viewer, 2.0).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_of_the_engine_has_its_status_and_leaves_no_session() {
    let mut plan = Plan::default();
    plan.relay.ace_no_peers = Duration::from_secs(2);
    let stage = Stage::with(plan).await;
    for (place, words, status) in [
        (0, "failed", 404),
        (1, "option", 502),
        (2, "null", 502),
        (3, "unavailable", 502),
        (4, "refuse", 503),
        (5, "loop", 502),
        (6, "no-peers", 504),
    ] {
        set(&stage, ACE + place, words);
        let mut viewer = Viewer::get(&stage, &Stage::path(ACE + place)).await;
        assert_eq!(viewer.status(), status, "{words}");
        let said = String::from_utf8_lossy(&viewer.rest().await).into_owned();
        assert!(!said.contains("http") && !said.contains("127.0.0.1"), "{said}");
        all_stopped(&stage).await;
    }
    let now = counts(&stage);
    assert_eq!((now.starts, now.stops), (2, 2), "{now:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_engine_gives_in_segments_only_is_read_so() {
    let stage = Stage::new().await;
    set(&stage, ACE, "hls-only,first:500");
    set(&stage, ACE + 1, "no-media");
    let (one, two) = (Stage::path(ACE), Stage::path(ACE + 1));
    let (mut one, mut two) = tokio::join!(Viewer::get(&stage, &one), Viewer::get(&stage, &two));
    assert_eq!((one.status(), two.status()), (200, 200));
    let (one_seen, two_seen) = tokio::join!(seen(&mut one, 3.0), seen(&mut two, 3.0));
    assert_unbroken(&one_seen);
    assert_unbroken(&two_seen);
    let channels = status(&stage).await["channels"].clone();
    assert!((0..2).all(|place| channels[place]["ace"]["state"] == "streaming"), "{channels}");
    drop((one, two));
    all_stopped(&stage).await;
    let (now, asked) = (counts(&stage), stage.station.counts());
    assert_eq!((asked.requests("ace/getstream"), asked.requests("ace/manifest")), (2, 2));
    // The one that could be started as a stream has been stopped before it was started anew.
    assert_eq!((now.starts, now.stops, now.superseded), (3, 3, 0), "{now:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_viewers_who_try_again_does_not_reach_the_engine() {
    let mut plan = Plan::default();
    plan.relay.failure_memory = Duration::from_secs(60);
    let stage = Stage::with(plan).await;
    set(&stage, ACE, "option");
    for channel in [ACE, ACE, ACE] {
        assert_eq!(Viewer::get(&stage, &Stage::path(channel)).await.status(), 502);
    }
    assert_eq!(stage.station.counts().requests("ace/getstream"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_answered_when_nobody_waits_any_more_is_stopped() {
    let mut plan = Plan::default();
    plan.relay.ace_start_budget = Duration::from_millis(300);
    let stage = Stage::with(plan).await;
    set(&stage, ACE, "meta:2000");
    assert_eq!(Viewer::get(&stage, &Stage::path(ACE)).await.status(), 504);
    assert_eq!(
        (counts(&stage).sessions, counts(&stage).stops),
        (1, 0),
        "it is there, and nobody knows its address"
    );
    eventually("it is stopped", || (counts(&stage).sessions, counts(&stage).stops) == (0, 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_session_is_started_anew_and_the_viewers_stay() {
    let stage = Stage::new().await;
    set(&stage, ACE, "cut:400000");
    let mut viewer = Viewer::get(&stage, &Stage::path(ACE)).await;
    viewer.read(100_000).await;
    set(&stage, ACE, "normal");
    assert_unbroken(&seen(&mut viewer, 6.0).await);
    let now = counts(&stage);
    // The burst is cut at once, so the second session may be one as well.
    assert!(now.starts >= 2 && now.stops == now.starts - 1, "{now:?}");
    assert_eq!((now.superseded, now.conflicts), (0, 0), "{now:?}");
    let status = status(&stage).await;
    assert_eq!(status["channels"][0]["ace"]["restarts"], now.starts - 1, "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_player_has_taken_is_taken_back() {
    let stage = Stage::new().await;
    let mut viewer = Viewer::get(&stage, &Stage::path(ACE)).await;
    viewer.read(100_000).await;
    let id = stage.station.content_id(0);
    let engine = stage.station.engine_url();
    let path = format!("/ace/getstream?id={id}&format=json&pid=somebody-else");
    let mut other = Viewer::at(engine.trim_start_matches("http://").parse().unwrap(), &path).await;
    other.rest().await;
    assert_unbroken(&seen(&mut viewer, 6.0).await);
    let now = counts(&stage);
    assert!(now.starts == 3 && now.superseded >= 1, "{now:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_stands_still_is_left_and_statistics_cost_the_engine_little() {
    let stage = Stage::new().await;
    set(&stage, ACE, "stall:400000");
    let mut viewer = Viewer::get(&stage, &Stage::path(ACE)).await;
    viewer.read(100_000).await;
    for _ in 0..100 {
        status(&stage).await;
    }
    assert!(stage.station.counts().requests("ace/stat") <= 5);
    set(&stage, ACE, "normal");
    assert_unbroken(&seen(&mut viewer, 6.0).await);
    assert!(counts(&stage).starts <= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_who_comes_back_at_once_does_not_lose_the_channel_to_the_stop_of_the_session_before() {
    let stage = Stage::new().await;
    for round in 1..4 {
        let mut viewer = Viewer::get(&stage, &Stage::path(ACE)).await;
        assert_unbroken(&seen(&mut viewer, 2.0).await);
        assert!(counts(&stage).starts <= round, "nothing is lost, so nothing is started again");
        drop(viewer);
        eventually("the viewer has left", || stage.relay.viewers("ann") == 0).await;
    }
    all_stopped(&stage).await;
    assert_eq!(counts(&stage).stops, counts(&stage).starts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_read_at_full_speed() {
    let stage = Stage::new().await;
    set(&stage, ACE, "backlog:60");
    let mut viewer = Viewer::get(&stage, &Stage::path(ACE)).await;
    assert_eq!(viewer.status(), 200);
    viewer.read(200_000).await;
    // A minute of 2 Mbit/s, sooner than in a minute.
    let began = Instant::now();
    while status(&stage).await["channels"][0]["bytes_in"].as_u64().unwrap() < 60 * 2_000_000 / 8 {
        assert!(began.elapsed() < Duration::from_secs(40), "all of it is read");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_the_engine_stops_for_want_of_an_option_is_not_started_again() {
    let mut plan = Plan::default();
    plan.relay.failure_memory = Duration::from_secs(60);
    let stage = Stage::with(plan).await;
    set(&stage, ACE, "lost-option");
    let mut viewer = Viewer::ask(&stage, "GET", &Stage::path(ACE), "Connection: close\r\n").await;
    assert_eq!(viewer.status(), 200);
    assert!(viewer.rest().await.len() > 100_000, "it is there for two seconds");
    all_stopped(&stage).await;
    assert_eq!(counts(&stage).starts, 1, "what its owner has not paid for does not come by asking again");
    let metrics = Viewer::ask(&stage, "GET", "/metrics", "Connection: close\r\n").await.rest().await;
    let metrics = String::from_utf8(metrics).unwrap();
    assert!(metrics.contains("engine_option_missing"), "{metrics}");
}
