//! Films that their provider has as HLS in several qualities: one of them is kept, from the beginning to the end.

use std::collections::HashMap;
use std::time::Duration;

use contract::ticket::pass::Class;
use mpegts::{NULL_PACKET, PACKET};

use crate::provider::{giving, ok};
use crate::stage::{DEAD_FILM, Plan, Stage};
use crate::viewer::Viewer;
use crate::yielding::{self, Download};

const MASTER: &str = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=64,CODECS=\"mp4a.40.2\"\nsound.m3u8\n\
                      #EXT-X-STREAM-INF:BANDWIDTH=2000,RESOLUTION=1920x1080\nhigh.m3u8\n\
                      #EXT-X-STREAM-INF:BANDWIDTH=1000,RESOLUTION=640x360\nlow.m3u8\n";
/// Segments of each quality.
const SEGMENTS: usize = 3;
/// Bytes of the best one.
pub(super) const HIGH: usize = SEGMENTS * 100 * PACKET;

fn list(name: &str) -> String {
    let lines = (1..=SEGMENTS).map(|number| format!("#EXTINF:1,\n{name}-{number}.ts\n"));
    format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n{}#EXT-X-ENDLIST\n", lines.collect::<String>())
}

pub(super) fn status(status: u16) -> Vec<u8> {
    format!("HTTP/1.1 {status} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

/// A provider who has a film in two qualities and as sound alone, whose segments are of different lengths. Asked for a
/// path, which was asked for so often before, it may have something else to say.
pub(super) async fn stage(instead: impl Fn(&str, usize) -> Option<Vec<u8>> + Send + Sync + 'static) -> Stage {
    let asked = std::sync::Mutex::new(HashMap::new());
    let provider = giving(move |_, head| {
        let path = head.split(' ').nth(1).unwrap_or("").rsplit('/').next().unwrap_or("");
        let mut asked = asked.lock().unwrap();
        let times = asked.entry(path.to_owned()).or_insert(0);
        *times += 1;
        if let Some(answer) = instead(path, *times - 1) {
            return answer;
        }
        match (path, path.split(['-', '.']).next().unwrap_or("")) {
            ("film.mp4", _) => ok(MASTER.as_bytes()),
            (_, name) if path.ends_with(".m3u8") => ok(list(name).as_bytes()),
            (_, "high") => ok(&NULL_PACKET.repeat(100)),
            (_, "low") => ok(&NULL_PACKET.repeat(10)),
            _ => ok(&NULL_PACKET),
        }
    });
    let mut plan = Plan { dead: Some(provider.await), ..Plan::default() };
    plan.relay.release_delay = Duration::ZERO;
    plan.relay.download_rest = Duration::ZERO;
    Stage::with(plan).await
}

pub(super) async fn keep(stage: &Stage) -> Download {
    Download::of(&yielding::path(stage, Class::Background, &format!("{DEAD_FILM}.mp4"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quality_that_fails_for_a_moment_is_waited_for_and_no_worse_one_is_kept_in_its_place() {
    let stage = stage(|path, times| (path == "high.m3u8" && times < 4).then(|| status(503))).await;
    let mut kept = keep(&stage).await;
    for _ in 0..4 {
        if kept.status == 200 {
            break;
        }
        assert_eq!(kept.why.as_deref(), Some("status 503"));
        kept = keep(&stage).await;
    }
    assert_eq!((kept.status, kept.rest().await), (200, (HIGH, Some("whole".into()))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worse_quality_is_kept_where_the_better_one_is_not_and_sound_alone_where_there_is_no_picture() {
    let low = stage(|path, _| (path == "high.m3u8").then(|| status(404))).await;
    assert_eq!(keep(&low).await.rest().await, (HIGH / 10, Some("whole".into())));
    let none = stage(|path, _| matches!(path, "high.m3u8" | "low.m3u8").then(|| status(404))).await;
    assert_eq!(keep(&none).await.why.as_deref(), Some("status 404"));
    // Whoever watches would rather hear it.
    let mut viewer = Viewer::get(&none, &format!("/movie/ann/secret/{DEAD_FILM}.mp4")).await;
    assert_eq!((viewer.status(), viewer.rest().await.len()), (200, SEGMENTS * PACKET));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_film_is_made_of_two_qualities() {
    let stage = stage(|path, times| match (path, times) {
        ("high-2.ts", _) => Some(status(403)),
        ("high.m3u8", 1..) => Some(status(404)),
        _ => None,
    })
    .await;
    let kept = keep(&stage).await;
    assert_eq!(kept.status, 200);
    let (size, why) = kept.rest().await;
    assert!(size == HIGH / SEGMENTS && why.is_some(), "{size} {why:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_busy_for_a_moment_is_no_film_that_cannot_be_made_whatever_the_other_qualities_are() {
    let fragments = "#EXTM3U\n#EXT-X-MAP:URI=\"i.mp4\"\n#EXTINF:1,\na.m4s\n#EXT-X-ENDLIST\n";
    let stage = stage(move |path, _| match path {
        "high.m3u8" => Some(status(500)),
        "low.m3u8" | "sound.m3u8" => Some(ok(fragments.as_bytes())),
        _ => None,
    })
    .await;
    let kept = keep(&stage).await;
    assert_eq!((kept.status, kept.why.as_deref()), (502, Some("status 500")));
    let viewer = Viewer::get(&stage, &format!("/movie/ann/secret/{DEAD_FILM}.mp4")).await;
    assert_eq!(viewer.status(), 502);
}
