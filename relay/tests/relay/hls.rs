//! Channels for players of HLS.

use crate::stage::{LIVE, Plan, Stage};
use crate::viewer::{Viewer, assert_begins_well, watch};

/// The text of a playlist.
async fn playlist(stage: &Stage, path: &str) -> String {
    let mut viewer = Viewer::get(stage, path).await;
    assert_eq!((viewer.status(), viewer.header("cache-control")), (200, Some("no-store")));
    assert_eq!(viewer.header("content-type"), Some("application/vnd.apple.mpegurl"));
    String::from_utf8(viewer.rest().await).unwrap()
}

/// The addresses of the segments, as a player resolves them.
fn segments(playlist: &str, base: &str) -> Vec<String> {
    let base = url::Url::parse(&format!("http://x{base}")).unwrap();
    let lines = playlist.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| base.join(line).unwrap().path().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_plays_as_hls_beside_its_stream_over_one_upstream() {
    let mut plan = Plan::default();
    plan.station.speed = 4.0;
    let stage = Stage::with(plan).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    viewer.read(10_000).await;
    let text = playlist(&stage, "/ann/secret/1.m3u8").await;
    assert!(!text.contains("secret") && text.contains("#EXT-X-TARGETDURATION:4\n"), "{text}");
    let first = segments(&text, "/ann/secret/1.m3u8");
    let mut bytes = Vec::new();
    // The same player asks again until there are three segments more.
    while bytes.is_empty() {
        let now = playlist(&stage, "/live/ann/secret/1.m3u8").await;
        let now = segments(&now, "/live/ann/secret/1.m3u8");
        if now.len() >= 4 {
            for path in &now {
                let mut segment = Viewer::get(&stage, path).await;
                assert_eq!((segment.status(), segment.header("content-type")), (200, Some("video/mp2t")));
                let segment = segment.rest().await;
                assert_begins_well(&segment);
                bytes.extend(segment);
            }
            assert!(now.contains(first.last().unwrap()) || now.len() == 6);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let seen = watch(&bytes);
    assert!(seen.longest_step < 0.2 && seen.backwards == 0 && seen.nulls == 0, "{seen:?}");
    assert_eq!(stage.relay.viewers("ann"), 1, "one player, one channel, one seat");
    assert_eq!(stage.station.counts().channel(stage.there(LIVE)).requests, 1);
    let segment = first.last().unwrap();
    assert_eq!(Viewer::get(&stage, &segment.replace(".ts", "0.ts")).await.status(), 404);
    let (ticket, name) = segment.strip_prefix("/hls/").unwrap().split_once('/').unwrap();
    let forged = format!("{}A{}", &ticket[..20], &ticket[21..]);
    let forged = if forged == ticket { ticket.replace('A', "B") } else { forged };
    assert_eq!(Viewer::get(&stage, &format!("/hls/{forged}/{name}")).await.status(), 403);
    assert_eq!(
        Viewer::get(&stage, &format!("/hls/00000000000000000000000000000000/{name}")).await.status(),
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_that_asks_twice_at_once_has_one_seat_and_addresses_that_hold() {
    let mut plan = Plan::default();
    plan.station.speed = 4.0;
    let stage = Stage::with(plan).await;
    let path = "/bob/secret/1.m3u8"; // who has one seat
    stage.station.set_fault(stage.there(LIVE), station::Fault::Slow(500));
    let (one, two, three) =
        tokio::join!(Viewer::get(&stage, path), Viewer::get(&stage, path), Viewer::get(&stage, path));
    for mut viewer in [one, two, three] {
        assert_eq!(viewer.status(), 200);
        let text = String::from_utf8(viewer.rest().await).unwrap();
        for segment in segments(&text, path) {
            assert_eq!(Viewer::get(&stage, &segment).await.status(), 200);
        }
    }
    assert_eq!(stage.relay.viewers("bob"), 1);
    assert_eq!(stage.station.counts().channel(stage.there(LIVE)).requests, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn head_of_a_playlist_and_errors_touch_no_upstream_or_say_so() {
    let stage = Stage::new().await;
    let head = Viewer::ask(&stage, "HEAD", "/ann/secret/1.m3u8", "").await;
    assert_eq!((head.status(), head.header("content-type")), (200, Some("application/vnd.apple.mpegurl")));
    assert_eq!(stage.station.counts().channel(stage.there(LIVE)).requests, 0);
    stage.station.set_fault(stage.there(LIVE), station::Fault::Status(403));
    assert_eq!(Viewer::get(&stage, "/ann/secret/1.m3u8").await.status(), 502);
    assert_eq!(Viewer::get(&stage, "/ann/wrong/1.m3u8").await.status(), 403);
}
