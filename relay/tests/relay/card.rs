//! The error card: what viewers see while nothing else can be shown.

use std::time::{Duration, Instant};

use mpegts::check::{Checker, Limits};
use mpegts::{PACKET, packets};
use relay::Splice;
use station::{Fault, TimeBase};

use crate::failover::discontinuities;
use crate::stage::{LIVE, ORIGIN, Plan, Stage};
use crate::viewer::{PATIENCE, Viewer, assert_unbroken, eventually, watch};

static CLIP: &[u8] = include_bytes!("../../assets/no-signal.h264.ts");
/// Packets of the card's one picture that is not the same as the one before; the first says what is in the clip.
const PICTURE: std::ops::Range<usize> = 5..8;

/// A provider that allows one connection, and cuts the first.
async fn losing(plan: impl FnOnce(&mut Plan)) -> Stage {
    let mut whole = Plan { connections: 1, ..Plan::default() };
    whole.station.accounts[0].max_connections = 1;
    (whole.station.bitrate, whole.station.speed) = (4_000_000, 4.0);
    whole.station.time_base = TimeBase::Connection;
    whole.relay.give_up = Duration::ZERO;
    whole.relay.error_card = true;
    plan(&mut whole);
    let stage = Stage::with(whole).await;
    stage.station.set_fault_times(stage.there(LIVE), Fault::Cut(1_200_000), 1);
    stage
}

/// The beginning of a viewer's stream. It is cut later on, as the provider was told when it began, and there is no other.
async fn begin(stage: &Stage, viewer: &mut Viewer) -> Vec<u8> {
    let bytes = viewer.read(100_000).await;
    stage.station.set_fault(stage.there(LIVE), Fault::Status(503));
    bytes
}

/// How often the card's picture is in `bytes`.
fn cards(bytes: &[u8]) -> usize {
    let picture = PICTURE.map(|at| &CLIP[at * PACKET + 4..][..PACKET - 4]).collect::<Vec<_>>();
    let sent: Vec<_> = packets(bytes).map(|packet| &packet.bytes()[4..]).collect();
    sent.windows(picture.len()).filter(|window| *window == picture).count()
}

fn findings(bytes: &[u8]) -> Vec<String> {
    let mut checker = Checker::of_viewer(Limits::default());
    checker.push(bytes);
    checker.finish().findings.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_shown_on_an_unbroken_clock_until_the_channel_comes_back_and_needs_no_connection() {
    let stage = losing(|_| {}).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let mut bytes = begin(&stage, &mut viewer).await;
    while cards(&bytes) < 2 {
        bytes.extend(viewer.next().await);
    }
    // The only connection of the account is free for others.
    assert_eq!(stage.station.counts().open, 0);
    let path = format!("/live/bob/secret/{}.ts", LIVE + 1);
    let mut other = Viewer::get(&stage, &path).await;
    assert_eq!(other.status(), 200);
    other.read(10_000).await;
    drop(other);
    stage.station.clear_fault(stage.there(LIVE));
    let open = || stage.station.counts().channel(stage.there(LIVE)).open == 1;
    while !open() {
        bytes.extend(viewer.next().await);
    }
    let shown = cards(&bytes);
    bytes.extend(viewer.read(1_000_000).await);
    assert!(cards(&bytes) <= shown + 2, "the channel has taken over");
    drop(viewer);
    assert_unbroken(&watch(&bytes));
    let last = format!("packet {} ", bytes.len() / PACKET);
    let wrong: Vec<_> = findings(&bytes).into_iter().filter(|finding| !finding.contains(&last)).collect();
    assert_eq!(wrong, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_shown_for_as_long_as_was_said_and_nobody_is_hammered_meanwhile() {
    let stage = losing(|plan| plan.relay.error_card_time = Duration::from_secs(3)).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let mut bytes = begin(&stage, &mut viewer).await;
    let before = stage.station.counts().channel(stage.there(LIVE)).requests;
    bytes.extend(viewer.rest().await);
    assert!((2..=20).contains(&cards(&bytes)), "{}", cards(&bytes));
    let more = stage.station.counts().channel(stage.there(LIVE)).requests - before;
    assert!((1..=2).contains(&more), "{more}");
    assert_eq!(findings(&bytes), [""; 0], "the end is clean");
    eventually("nothing is left", || stage.relay.viewers("ann") == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_want_a_card_or_could_not_see_it_sees_the_end() {
    let unwanted = losing(|plan| plan.relay.error_card = false).await;
    let closing = losing(|plan| plan.relay.splice = Splice::Close).await;
    let coded_otherwise = losing(|plan| plan.origins = vec!["variant/latm".into()]).await;
    for (stage, channel) in [(unwanted, LIVE), (closing, LIVE), (coded_otherwise, ORIGIN)] {
        let mut viewer = Viewer::get(&stage, &Stage::path(channel)).await;
        let mut bytes = begin(&stage, &mut viewer).await;
        bytes.extend(viewer.rest().await);
        assert!(bytes.len() > 200_000, "{channel}: {}", bytes.len());
        assert_eq!((cards(&bytes), findings(&bytes)), (0, vec![]), "{channel}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn players_of_hls_see_it_in_segments_of_their_own() {
    let stage = losing(|plan| plan.relay.hls_segment = Duration::from_secs(2)).await;
    let path = format!("/live/ann/secret/{LIVE}.m3u8");
    let list = async || String::from_utf8(Viewer::get(&stage, &path).await.rest().await).unwrap();
    stage.station.set_fault_times(stage.there(LIVE), Fault::Cut(3_000_000), 1); // when there is a list already
    let lose = async {
        eventually("it is received", || stage.station.counts().channel(stage.there(LIVE)).open == 1).await;
        stage.station.set_fault(stage.there(LIVE), Fault::Status(503));
    };
    let (first, ()) = tokio::join!(list(), lose);
    let (before, _) = discontinuities(&first);
    let (began, mut text) = (Instant::now(), first);
    while discontinuities(&text).0 == before {
        assert!(began.elapsed() < PATIENCE, "the card is on the list: {text}");
        tokio::time::sleep(Duration::from_millis(100)).await;
        text = list().await;
    }
    assert_eq!(discontinuities(&text).0, before + 1);
    let (_, card) = text.rsplit_once("#EXT-X-DISCONTINUITY\n").unwrap();
    for segment in card.lines().filter(|line| line.ends_with(".ts")) {
        let path = format!("/{}", segment.trim_start_matches("../"));
        let bytes = Viewer::get(&stage, &path).await.rest().await;
        assert_eq!(cards(&bytes), 1, "{segment}");
        let mut checker = Checker::new(Limits::default());
        checker.segment(&bytes);
        assert_eq!(checker.finish().findings, [], "{segment}");
    }
}
