//! What viewers are told when there is no picture.

use std::time::Duration;

use station::Fault;

use crate::provider::{answering, ok, silent_after};
use crate::stage::{DEAD, LIVE, Plan, SECOND_CHOICE, SECOND_OF_ONE, Stage, UNKNOWN_THERE};
use crate::viewer::{Viewer, assert_begins_well};

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_has_its_status() {
    let mut plan = Plan::default();
    plan.relay.first_byte = Duration::from_millis(500);
    let stage = Stage::with(plan).await;
    for (channel, fault, status) in [
        (1, Fault::Status(403), 502),
        (2, Fault::Status(503), 502),
        (3, Fault::Html, 502),
        (4, Fault::Empty, 502),
        (5, Fault::Stall(0), 504),
        (6, Fault::Slow(60_000), 504),
        (7, Fault::Cut(100), 502),
    ] {
        stage.station.set_fault(stage.there(channel), fault);
        let mut viewer = Viewer::get(&stage, &Stage::path(channel)).await;
        assert_eq!(viewer.status(), status, "{fault}");
        assert!(!String::from_utf8_lossy(&viewer.rest().await).contains("station"));
    }
    for (path, status) in [
        (Stage::path(UNKNOWN_THERE), 502),
        (Stage::path(DEAD), 502),
        (Stage::path(555), 404),
        ("/live/ann/wrong/1.ts".into(), 403),
        ("/live/nobody/secret/1.ts".into(), 403),
        ("/player_api.php".into(), 404),
    ] {
        assert_eq!(Viewer::get(&stage, &path).await.status(), status, "{path}");
    }
    let forbidden = Viewer::get(&stage, "/live/ann/wrong/1.ts").await;
    assert_eq!(forbidden.header("content-length"), Some("0"));
    assert_eq!(stage.station.counts().open, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_viewers_who_try_again_does_not_reach_the_provider() {
    let mut plan = Plan::default();
    plan.relay.failure_memory = Duration::from_secs(60);
    let stage = Stage::with(plan).await;
    stage.station.set_fault(stage.there(LIVE), Fault::Status(403));
    for _ in 0..20 {
        assert_eq!(Viewer::get(&stage, &Stage::path(LIVE)).await.status(), 502);
    }
    // Once as either kind of player.
    assert_eq!(stage.station.counts().channel(stage.there(LIVE)).requests, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_one_kind_of_player_is_asked_as_another() {
    let recorded = Stage::new().await;
    let pictures = Viewer::get(&recorded, &Stage::path(LIVE)).await.read(400_000).await;
    let refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec();
    let provider = answering(vec![refusal, ok(&pictures)]).await;
    let stage = Stage::with(Plan { dead: Some(provider), ..Plan::default() }).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(DEAD)).await;
    assert_eq!(viewer.status(), 200);
    assert_begins_well(&viewer.read(100_000).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_a_lost_channel_is_not_hammered_and_the_viewer_is_let_go() {
    let stage = Stage::new().await;
    let there = stage.there(LIVE);
    stage.station.set_fault_times(there, Fault::Cut(600_000), 1);
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    viewer.read(100_000).await;
    stage.station.set_fault(there, Fault::Status(403));
    viewer.rest().await;
    let requests = stage.station.counts().channel(there).requests;
    assert!((2..=5).contains(&requests), "{requests}");
}

#[tokio::test(flavor = "multi_thread")]
async fn upstreams_are_tried_in_order() {
    let stage = Stage::new().await;
    let mut viewer = Viewer::get(&stage, &Stage::path(SECOND_CHOICE)).await;
    assert_begins_well(&viewer.read(100_000).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_channel_is_received_from_the_upstream_that_had_it() {
    let stage = Stage::new().await;
    let there = stage.there(LIVE);
    stage.station.set_fault_times(there, Fault::Cut(600_000), 1);
    let mut viewer = Viewer::get(&stage, &Stage::path(SECOND_OF_ONE)).await;
    assert!(viewer.read(1_500_000).await.len() >= 1_500_000);
    assert_eq!(stage.station.counts().channel(there).requests, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_comes_back_coded_differently_ends_and_can_be_asked_for_at_once() {
    let recorded = Stage::new().await;
    let pictures = Viewer::get(&recorded, &Stage::path(LIVE)).await.read(400_000).await;
    let sound = Viewer::get(&recorded, &Stage::path(LIVE + 11)).await.read(40_000).await;
    let provider = answering(vec![ok(&pictures), ok(&sound)]).await;
    let mut plan = Plan { dead: Some(provider), ..Plan::default() };
    plan.relay.failure_memory = Duration::from_secs(60);
    let stage = Stage::with(plan).await;
    let video = |bytes: &[u8]| {
        let mut tracker = mpegts::Tracker::new();
        mpegts::packets(bytes).for_each(|packet| drop(tracker.push(packet)));
        tracker.program().unwrap().video().is_some()
    };
    let before = Viewer::get(&stage, &Stage::path(DEAD)).await.rest().await;
    assert!(before.len() > 300_000 && video(&before), "what he began with, and the end");
    let mut again = Viewer::get(&stage, &Stage::path(DEAD)).await;
    assert_eq!(again.status(), 200);
    assert!(!video(&again.read(10_000).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_in_the_middle_of_a_picture_is_filled_slowly() {
    let recorded = Stage::new().await;
    let mut sent = Viewer::get(&recorded, &Stage::path(LIVE)).await.read(400_000).await;
    sent.truncate(sent.len() / 188 * 188);
    let mut tracker = mpegts::Tracker::new();
    mpegts::packets(&sent).for_each(|packet| drop(tracker.push(packet)));
    let [high, low] = tracker.program().unwrap().video().unwrap().pid.get().to_be_bytes();
    // A packet with the header of a unit and no more: it may be an access point. And the beginning of the next packet.
    let mut packet = [0xFF; 189];
    packet[..6].copy_from_slice(&[0x47, 0x40 | high, low, 0x30, 183 - 14, 0]);
    packet[174..188].copy_from_slice(&[0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1]);
    packet[188] = 0x47;
    sent.push(0x47); // so that the last packet is known to end
    let mut plan =
        Plan { dead: Some(silent_after(ok(&sent), packet[1..].to_vec()).await), ..Plan::default() };
    (plan.relay.silence, plan.relay.give_up) = (Duration::from_secs(2), Duration::ZERO);
    let stage = Stage::with(plan).await;
    let seen = Viewer::get(&stage, &Stage::path(DEAD)).await.rest().await;
    assert!(seen.len() < sent.len() + 50_000, "{} of {}", seen.len(), sent.len());
}
