//! What is said before the first byte, and what is not said behind it.

use std::time::Duration;

use station::{Fault, Limit};

use crate::provider::{giving, ok};
use crate::stage::{ACE, DEAD, DEAD_FILM, EPISODE, FILM, LIVE, Plan, Stage};
use crate::viewer::{Viewer, assert_begins_well, eventually};

/// Head and body of an answer, without the date.
async fn whole(stage: &Stage, method: &str, path: &str) -> (u16, String, Vec<u8>) {
    let mut viewer = Viewer::ask(stage, method, path, "Connection: close\r\n").await;
    let lines: Vec<&str> = viewer.head.lines().filter(|line| !line.starts_with("date:")).collect();
    let head = lines.join("\n");
    (viewer.status(), head, viewer.rest().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn head_of_a_channel_takes_no_seat_and_no_slot_and_sends_nobody_away() {
    let mut plan = Plan { connections: 1, ..Plan::default() };
    plan.station.accounts[0].max_connections = 1;
    plan.station.limit = Limit::Refuse(403);
    let stage = Stage::with(plan).await;
    let mut viewer = Viewer::get(&stage, "/live/bob/secret/1.ts").await; // bob's seat, and the only slot
    viewer.read(10_000).await;
    for path in [
        "/live/bob/secret/2.ts",
        "/live/bob/secret/2",
        "/bob/secret/2",
        "/live/bob/secret/2.m3u8",
        "/live/bob/secret/1.ts",
        &format!("/live/bob/secret/{DEAD}.ts"),
        &format!("/live/bob/secret/{ACE}.ts"),
    ] {
        let media_type = if path.ends_with("m3u8") { "application/vnd.apple.mpegurl" } else { "video/mp2t" };
        for player in ["player", "another"] {
            let agent = format!("User-Agent: {player}\r\n");
            let head = Viewer::ask(&stage, "HEAD", path, &agent).await;
            assert_eq!((head.status(), head.header("content-type")), (200, Some(media_type)), "{path}");
            assert_eq!(head.header("content-length").filter(|length| *length != "0"), None, "{path}");
        }
    }
    assert_eq!(stage.relay.viewers("bob"), 1);
    let counts = stage.station.counts();
    assert_eq!((counts.channel(stage.there(LIVE)).requests, counts.requests("live")), (1, 1));
    assert_eq!(counts.ace.starts, 0);
    assert_eq!(viewer.read(300_000).await.len() / 300_000, 1, "he goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_for_this_address_is_told_as_if_it_were_not_there() {
    let stage = Stage::new().await;
    for (unknown, others) in [
        (
            "/live/ann/secret/77777.ts",
            vec![format!("/live/ann/secret/{FILM}.ts"), format!("/live/ann/secret/{EPISODE}.ts")],
        ),
        (
            "/live/ann/secret/77777.m3u8",
            vec![format!("/live/ann/secret/{FILM}.m3u8"), format!("/movie/ann/secret/{FILM}.m3u8")],
        ),
        (
            "/movie/ann/secret/77777.mp4",
            vec![format!("/movie/ann/secret/{LIVE}.mp4"), format!("/series/ann/secret/{LIVE}.mp4")],
        ),
        // A channel without a past, and films, which have none.
        (
            "/timeshift/ann/secret/60/2026-01-01:10-00/77777.ts",
            vec![
                format!("/timeshift/ann/secret/60/2026-01-01:10-00/{LIVE}.ts"),
                format!("/timeshift/ann/secret/60/2026-01-01:10-00/{FILM}.ts"),
            ],
        ),
    ] {
        for method in ["GET", "HEAD"] {
            let nothing = whole(&stage, method, unknown).await;
            assert_eq!(nothing.0, 404, "{method} {unknown}");
            for other in &others {
                assert_eq!(whole(&stage, method, other).await, nothing, "{method} {other}");
            }
        }
    }
    // Who may not ask learns nothing of what there is.
    let nothing = whole(&stage, "GET", "/live/ann/wrong/77777.ts").await;
    assert_eq!((nothing.0, &*nothing.2), (403, &b""[..]));
    for path in [
        "/live/ann/wrong/1.ts".to_owned(),
        "/live/nobody/secret/1.ts".into(),
        "/live/ann/wrong/1.m3u8".into(),
        format!("/movie/ann/wrong/{FILM}.mp4"),
        format!("/timeshift/ann/wrong/60/2026-01-01:10-00/{LIVE}.ts"),
    ] {
        assert_eq!(whole(&stage, "GET", &path).await, nothing, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_the_first_byte_there_is_television_and_the_end_and_no_word() {
    let mut plan = Plan::default();
    (plan.relay.give_up, plan.relay.first_byte) = (Duration::from_secs(1), Duration::from_secs(1));
    let stage = Stage::with(plan).await;
    let faults = [
        Fault::Status(403),
        Fault::Status(503),
        Fault::Html,
        Fault::Refuse,
        Fault::Mute,
        Fault::Busy(1),
        Fault::Stall(0),
    ];
    let viewers = faults.into_iter().zip(LIVE..).map(async |(after, channel)| {
        let there = stage.there(channel);
        stage.station.set_fault_times(there, Fault::Cut(600_000), 1);
        let mut viewer = Viewer::get(&stage, &Stage::path(channel)).await;
        let mut bytes = viewer.read(10_000).await;
        stage.station.set_fault(there, after);
        bytes.extend(viewer.rest().await);
        assert_begins_well(&bytes); // which looks at every packet
        assert!(bytes.len() > 100_000, "{after}: {}", bytes.len());
    });
    futures_util::future::join_all(viewers).await;
    eventually("nothing is left", || stage.station.counts().open == 0 && stage.relay.viewers("ann") == 0)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_before_there_is_television_not_even_a_head() {
    let stage = Stage::new().await;
    stage.station.set_fault_times(stage.there(LIVE), Fault::Slow(1500), 1);
    let early =
        tokio::time::timeout(Duration::from_millis(700), Viewer::get(&stage, &Stage::path(LIVE))).await;
    assert!(early.is_err(), "an error can still become an answer");
    stage.station.set_fault_times(stage.there(LIVE + 1), Fault::Slow(1500), 1);
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE + 1)).await;
    assert_begins_well(&viewer.read(100_000).await); // and not with filling
}

/// Two hours ago, as it stands in an address.
fn earlier() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 60 * 60 - 7200
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_for_what_is_full_dead_or_silent_is_told_alike() {
    let mut plan = Plan { connections: 1, ..Plan::default() };
    plan.station.accounts[0].max_connections = 1;
    plan.station.limit = Limit::Refuse(403);
    plan.relay.first_byte = Duration::from_millis(700);
    let stage = Stage::with(plan).await;
    let film = stage.station.catalogue().film_id(0);
    let forms = [
        (LIVE + 1, "/live/ann/secret/2.ts".to_owned()),
        (LIVE + 1, "/live/ann/secret/2.m3u8".into()),
        (FILM, format!("/movie/ann/secret/{FILM}.mp4")),
        (LIVE + 5, format!("/timeshift/ann/secret/60/{}/{}.ts", earlier(), LIVE + 5)),
    ];
    let asked = async |path: &str| {
        let answer = Viewer::ask(&stage, "GET", path, "User-Agent: another\r\n").await;
        let media = answer.header("content-type").unwrap_or("").starts_with("text/plain");
        assert!(media && answer.header("cache-control") == Some("no-store"), "{path}: {}", answer.head);
        (answer.status(), answer.header("retry-after").map(str::to_owned))
    };
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    viewer.read(10_000).await;
    for (_, path) in &forms {
        assert_eq!(asked(path).await, (503, Some("5".into())), "full: {path}");
    }
    drop(viewer);
    eventually("he has left", || stage.station.counts().open == 0).await;
    for (id, path) in &forms {
        let there = if *id == FILM { film } else { stage.there(*id) };
        stage.station.set_fault(there, Fault::Mute);
        assert_eq!(asked(path).await, (504, None), "silent: {path}");
    }
    for path in [
        Stage::path(DEAD),
        format!("/live/ann/secret/{DEAD}.m3u8"),
        format!("/movie/ann/secret/{DEAD_FILM}.mp4"),
    ] {
        assert_eq!(asked(&path).await, (502, None), "dead: {path}");
    }
    eventually("nothing is left", || stage.station.counts().open == 0 && stage.relay.viewers("ann") == 0)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_list_of_one_short_segment_is_a_refusal_and_its_provider_is_not_hammered() {
    let recorded = Stage::new().await;
    let clip = Viewer::get(&recorded, &Stage::path(LIVE)).await.read(600_000).await;
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = asked.clone();
    let provider = giving(move |_, head| {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        match head.contains("/expired.ts") {
            true => ok(&clip[..clip.len() / 188 * 188]),
            false => ok(b"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:2,\n/expired.ts\n#EXT-X-ENDLIST\n"),
        }
    });
    let mut plan = Plan { dead: Some(provider.await), ..Plan::default() };
    plan.relay.failure_memory = Duration::from_secs(60);
    let stage = Stage::with(plan).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(DEAD)).await;
    viewer.rest().await; // ends
    for form in ["ts", "m3u8", "ts"] {
        let again = Viewer::get(&stage, &format!("/live/ann/secret/{DEAD}.{form}")).await;
        assert_eq!(again.status(), 502, "{form}");
    }
    let asked = asked.load(std::sync::atomic::Ordering::Relaxed);
    assert!(asked <= 12, "{asked}");
}
