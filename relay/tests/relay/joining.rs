//! The first bytes of a viewer, and the shape of the answer.

use std::time::Duration;

use mpegts::Pid;
use mpegts::check::{Checker, Limits};

use crate::provider::{giving, ok};
use crate::stage::{DEAD, LIVE, Plan, Stage};
use crate::viewer::{Viewer, assert_begins_well, eventually, watch};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_viewer_and_one_who_joins_later_begin_with_tables_and_an_access_point() {
    let mut plan = Plan::default();
    plan.station.bitrate = 4_000_000;
    let stage = Stage::with(plan).await;
    let mut first = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let bytes = first.read(2_000_000).await;
    assert_begins_well(&bytes);
    let mut second = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let burst = second.read(700_000).await;
    assert_begins_well(&burst);
    let (first, second) = (watch(&bytes), watch(&burst));
    assert!(first.longest_step < 0.2 && second.longest_step < 0.2, "{first:?} {second:?}");
    // What the second one gets at once is 1.5 to 6 seconds of the past.
    let back = first.access.last().unwrap() - second.access.first().unwrap();
    assert!(back < 6 * 90_000, "{back}");
    assert!(first.access.contains(&second.access[0]), "his past is their past");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_the_address_plays() {
    let stage = Stage::new().await;
    for path in [
        "/live/ann/secret/1.ts",
        "/live/ann/secret/1",
        "/ann/secret/1",
        "/ann/secret/1.ts",
        "//live/ann/secret/1.ts",
        "/live/ann/secret/1.ts?x=y",
    ] {
        let mut viewer = Viewer::get(&stage, path).await;
        assert_eq!(viewer.status(), 200, "{path}");
        assert_begins_well(&viewer.read(100_000).await);
    }
    for path in ["/ann/secret/x", "/ann/secret/1/2", "/movie/ann/secret/1.ts", "/ann/secret/123456"] {
        assert_eq!(Viewer::get(&stage, path).await.status(), 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_has_no_length_and_no_ranges() {
    let stage = Stage::new().await;
    let mut viewer = Viewer::ask(&stage, "GET", &Stage::path(LIVE), "Range: bytes=0-\r\n").await;
    assert_eq!((viewer.status(), viewer.header("content-type")), (200, Some("video/mp2t")));
    assert_eq!((viewer.header("content-length"), viewer.header("accept-ranges")), (None, None));
    assert_eq!(viewer.header("cache-control"), Some("no-store"));
    assert_eq!(viewer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(viewer.next().await[0], 0x47);

    let old = format!("GET {} HTTP/1.0\r\n\r\n", Stage::path(LIVE));
    let mut viewer = Viewer::speak(&stage, &old).await;
    assert!(viewer.status() == 200 && viewer.header("transfer-encoding").is_none());
    assert_begins_well(&viewer.read(100_000).await[..99_828]);
}

#[tokio::test(flavor = "multi_thread")]
async fn head_names_the_type_and_touches_no_upstream() {
    let stage = Stage::new().await;
    let mut viewer = Viewer::ask(&stage, "HEAD", &Stage::path(LIVE), "Connection: close\r\n").await;
    assert_eq!((viewer.status(), viewer.header("content-type")), (200, Some("video/mp2t")));
    assert_eq!(viewer.rest().await, b"");
    assert_eq!(Viewer::ask(&stage, "HEAD", "/live/ann/wrong/1.ts", "").await.status(), 403);
    assert_eq!(Viewer::ask(&stage, "POST", &Stage::path(LIVE), "").await.status(), 405);
    assert_eq!(Viewer::ask(&stage, "OPTIONS", &Stage::path(LIVE), "").await.status(), 204);
    assert_eq!(stage.station.counts().channel(stage.there(LIVE)).requests, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_upstream_is_received_again_and_the_viewer_sees_one_unbroken_stream() {
    let mut plan = Plan::default();
    plan.station.bitrate = 4_000_000;
    plan.station.time_base = station::TimeBase::Connection;
    let stage = Stage::with(plan).await;
    let there = stage.there(LIVE);
    stage.station.set_fault_times(there, station::Fault::Cut(1_200_000), 1);
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let bytes = viewer.read(3_000_000).await;
    assert_eq!(stage.station.counts().channel(there).requests, 2);
    assert_begins_well(&bytes);
    let seen = watch(&bytes);
    assert_eq!((seen.continuity_errors, seen.backwards), (0, 0), "{seen:?}");
    assert!(seen.longest_step < 1.0, "{seen:?}");
    assert!(seen.access.is_sorted(), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analyser_finds_nothing_wrong_with_what_viewers_get_but_the_units_that_a_loss_cut_off() {
    let mut plan = Plan::default();
    (plan.station.bitrate, plan.station.speed) = (4_000_000, 4.0);
    plan.station.time_base = station::TimeBase::Connection;
    let stage = Stage::with(plan).await;
    stage.station.set_fault_times(stage.there(LIVE), station::Fault::Cut(1_200_000), 2);
    let findings = async |viewer: &mut Viewer| {
        let bytes = viewer.read(5_000_000).await;
        // The station sends its tables with each access point only.
        let limits = Limits { table_interval: 2 * mpegts::Pcr::HZ, ..Limits::default() };
        let mut checker = Checker::of_viewer(limits);
        checker.push(&bytes[..bytes.len() / 188 * 188]);
        let report = checker.finish();
        let found = report.findings.into_iter().filter(|it| it.fault.name() != "unit_cut");
        (found.collect::<Vec<_>>(), report.total)
    };
    let mut first = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let (found, total) = findings(&mut first).await;
    assert!(found.is_empty() && total <= 2 * 2 + 1, "{total}: {found:?}");
    let mut second = Viewer::get(&stage, &Stage::path(LIVE)).await;
    assert_eq!(findings(&mut second).await.0, []);
    assert_eq!(stage.station.counts().channel(stage.there(LIVE)).requests, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_packet_does_not_reach_viewers() {
    let stage = Stage::new().await;
    stage.station.set_fault(stage.there(LIVE), station::Fault::Garbage(50_000));
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let bytes = viewer.read(600_000).await;
    assert_eq!(mpegts::packets(&bytes).count(), bytes.len() / 188);
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_followed_from_the_beginning_each_time() {
    let stage = Stage::new().await;
    stage.station.set_fault(stage.there(LIVE), station::Fault::Redirect(4));
    for _ in 0..2 {
        let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
        assert_begins_well(&viewer.read(100_000).await);
        drop(viewer);
        eventually("closed", || stage.station.counts().open == 0).await;
    }
    stage.station.set_fault(stage.there(LIVE), station::Fault::Redirect(9));
    assert_eq!(Viewer::get(&stage, &Stage::path(LIVE)).await.status(), 502);
    tokio::time::sleep(Duration::from_millis(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn radio_begins_with_tables_too() {
    let stage = Stage::new().await;
    let radio = LIVE + 11; // the last of the station's channels
    let mut first = Viewer::get(&stage, &Stage::path(radio)).await;
    let bytes = first.read(150_000).await;
    let mut second = Viewer::get(&stage, &Stage::path(radio)).await;
    for bytes in [bytes, second.read(20_000).await] {
        let mut tracker = mpegts::Tracker::new();
        let points = mpegts::packets(&bytes).filter_map(|packet| tracker.push(packet));
        let first = points.map(|point| point.packet).next();
        assert_eq!(first, Some(2), "PAT, PMT, and sound");
        assert!(tracker.program().unwrap().video().is_none());
    }
}

/// The payloads of a PID, packet by packet.
fn payloads(bytes: &[u8], pid: Pid) -> Vec<&[u8]> {
    mpegts::packets(bytes)
        .filter(|packet| packet.pid() == pid)
        .map(|packet| packet.payload())
        .filter(|payload| !payload.is_empty())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_gets_what_the_others_get_packet_by_packet() {
    let mut plan = Plan::default();
    plan.station.bitrate = 4_000_000;
    let stage = Stage::with(plan).await;
    stage.station.set_fault_times(stage.there(LIVE), station::Fault::Cut(2_000_000), 1);
    let mut first = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let (mut all, mut joined) = (Vec::new(), Vec::new());
    for round in 0..4 {
        all.extend(first.read(700_000).await);
        let agent = format!("User-Agent: joins {round}\r\n");
        joined.push(Viewer::ask(&stage, "GET", &Stage::path(LIVE), &agent).await);
    }
    let mut parts = Vec::new();
    for viewer in &mut joined {
        let mut part = viewer.read(1_000_000).await;
        part.truncate(part.len() / mpegts::PACKET * mpegts::PACKET);
        parts.push(part);
    }
    all.extend(first.read(2_500_000).await);
    let mut tracker = mpegts::Tracker::new();
    mpegts::packets(&all).for_each(|packet| drop(tracker.push(packet)));
    let program = tracker.program().unwrap();
    assert!(program.streams.len() >= 2);
    for stream in &program.streams {
        let whole = payloads(&all, stream.pid);
        for (round, part) in parts.iter().enumerate() {
            let part = payloads(part, stream.pid);
            let from = whole.iter().position(|payload| *payload == part[0]).expect("what begins it is there");
            assert!(part.len() > 50 && whole[from..].starts_with(&part), "{round} {}", stream.pid);
        }
    }
    assert_eq!(stage.station.counts().channel(stage.there(LIVE)).requests, 2);
}

/// A provider whose address is good for one stream: it sends everybody elsewhere, each with a token of his own.
async fn sending_away(there: std::net::SocketAddr, heads: Heads) -> std::net::SocketAddr {
    giving(move |number, head| {
        heads.lock().unwrap().push(head.to_owned());
        let location = format!("//{there}/auth/{number}.ts?token={number}");
        format!(
            "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        .into()
    })
    .await
}

type Heads = std::sync::Arc<std::sync::Mutex<Vec<String>>>;

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_lost_is_asked_for_where_it_is_configured_and_no_token_twice() {
    let recorded = Stage::new().await;
    let pictures = Viewer::get(&recorded, &Stage::path(LIVE)).await.read(400_000).await;
    let (configured, elsewhere) = (Heads::default(), Heads::default());
    let seen = elsewhere.clone();
    let there = giving(move |_, head| {
        seen.lock().unwrap().push(head.to_owned());
        ok(&pictures)
    });
    let provider = sending_away(there.await, configured.clone()).await;
    let stage = Stage::with(Plan { dead: Some(provider), ..Plan::default() }).await;
    let mut viewer =
        Viewer::ask(&stage, "GET", &Stage::path(DEAD), "Range: bytes=0-\r\nVia: 1.1 x\r\n").await;
    assert_eq!(viewer.status(), 200);
    viewer.rest().await;
    let (configured, elsewhere) = (configured.lock().unwrap().clone(), elsewhere.lock().unwrap().clone());
    assert!(configured.len() >= 2 && configured.len() == elsewhere.len(), "each time from the beginning");
    let agent =
        |head: &String| head.lines().find(|line| line.starts_with("user-agent: ")).unwrap().to_owned();
    let mut tokens = std::collections::BTreeSet::new();
    for head in configured.iter().chain(&elsewhere) {
        assert_eq!(agent(head), agent(&configured[0]), "the same all along");
        assert!(!head.contains("range:") && !head.contains("via:") && !head.contains("referer:"), "{head}");
    }
    for head in &elsewhere {
        assert!(tokens.insert(head.lines().next().unwrap()), "{head}");
    }
}
