//! The past of channels whose playlist says how it is asked for.

use std::time::{SystemTime, UNIX_EPOCH};

use contract::zone::Zone;

use crate::stage::{LIVE, Stage, TEMPLATED, TEMPLATES};
use crate::viewer::{Viewer, eventually};

/// The channel of the provider that all of them are.
const CHANNEL: u32 = LIVE + 5;
/// So much of an answer is compared.
const SOME: usize = 300_000;

/// Two hours ago, at the beginning of a minute.
fn earlier() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    (now - 7200) / 60 * 60
}

fn path(channel: u32, minutes: u32, start: i64) -> String {
    format!("/timeshift/ann/secret/{minutes}/{start}/{channel}.ts")
}

/// All that a viewer gets.
async fn all(stage: &Stage, path: &str) -> Vec<u8> {
    let mut viewer = Viewer::ask(stage, "GET", path, "Connection: close\r\n").await;
    assert_eq!((viewer.status(), viewer.header("content-type")), (200, Some("video/mp2t")), "{path}");
    viewer.rest().await
}

/// The provider's own minutes.
async fn original(stage: &Stage, start: i64, minutes: u32) -> Vec<u8> {
    let path = format!("/timeshift/station/station/{minutes}/{start}/{}.ts", stage.there(CHANNEL));
    let mut viewer = Viewer::at(stage.station.address(), &path).await;
    let length = viewer.header("content-length").unwrap().parse().unwrap();
    let television = viewer.read(length).await;
    stage.station.reset();
    television
}

/// Clock seconds that are in it, of the clock that comes first.
fn seconds(television: &[u8]) -> i64 {
    let mut clocks = mpegts::packets(television).filter_map(|packet| packet.pcr());
    let first = clocks.next().unwrap();
    clocks.last().unwrap().since(first) / mpegts::Pcr::HZ
}

#[tokio::test(flavor = "multi_thread")]
async fn every_template_gives_the_television_of_then() {
    let stage = Stage::new().await;
    let start = earlier();
    let television = original(&stage, start, 6).await;
    let civil = Zone::default().shown(start, "%Y-%m-%d:%H-%M").unwrap();
    let asked_as = [
        format!("path {start} 6"),
        format!("path {civil} 6"),
        format!("shift {start} "),
        format!("list {start}"),
    ];
    for (asked, channel) in asked_as.into_iter().zip(TEMPLATED..) {
        let template = TEMPLATES[(channel - TEMPLATED) as usize];
        let got = all(&stage, &path(channel, 1, start)).await;
        // A programme that ends late is seen to its end, and nothing of what comes behind that.
        let long = seconds(&got);
        assert!((350..=372).contains(&long), "{template}: {long} s");
        assert_eq!(stage.station.counts().pasts, [asked], "{template}");
        stage.station.reset();
        // A list begins at the beginning of a segment.
        let at = got[..got.len() / 4].windows(SOME).position(|window| *window == television[..SOME]);
        let same = at.is_some() || template.contains("m3u8");
        assert!(same, "{template}: other television");
        assert_eq!(got.len() % mpegts::PACKET, 0);
        eventually("it is closed", || stage.station.counts().open == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_minutes_of_a_playlist_come_from_every_template() {
    let stage = Stage::new().await;
    let start = earlier();
    for channel in TEMPLATED..TEMPLATED + TEMPLATES.len() as u32 {
        let template = TEMPLATES[(channel - TEMPLATED) as usize];
        let list = all_text(&stage, &path(channel, 10, start).replace(".ts", ".m3u8")).await;
        let minutes: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(minutes.len(), 10, "{template}");
        let minute = all(&stage, &format!("/{}", minutes[9].trim_start_matches("../"))).await;
        assert!((50..=72).contains(&seconds(&minute)), "{template}: {} s", seconds(&minute));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wants_the_end_of_what_has_no_parts_gets_all_of_it() {
    let stage = Stage::new().await;
    let start = earlier();
    for channel in [TEMPLATED + 2, TEMPLATED + 3] {
        let template = TEMPLATES[(channel - TEMPLATED) as usize];
        let headers = "Range: bytes=-500\r\nConnection: close\r\n";
        let mut viewer = Viewer::ask(&stage, "GET", &path(channel, 1, start), headers).await;
        assert_eq!(viewer.status(), 200, "{template}");
        let long = seconds(&viewer.rest().await);
        assert!((350..=372).contains(&long), "{template}: {long} s");
        assert_eq!(stage.station.counts().pasts.len(), 1, "{template}: it is asked for once");
        stage.station.reset();
    }
}

async fn all_text(stage: &Stage, path: &str) -> String {
    let mut viewer = Viewer::ask(stage, "GET", path, "Connection: close\r\n").await;
    String::from_utf8(viewer.rest().await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_the_playlist_says_or_is_to_come_is_not_there() {
    let stage = Stage::new().await;
    for (start, status) in [(earlier() - 5 * 86_400, 404), (earlier() + 86_400, 404), (earlier(), 200)] {
        let viewer = Viewer::get(&stage, &path(TEMPLATED, 10, start)).await;
        assert_eq!(viewer.status(), status, "{start}");
    }
    assert_eq!(stage.station.counts().pasts.len(), 1);
}
