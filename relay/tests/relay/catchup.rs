//! The past of a channel.

use std::time::{SystemTime, UNIX_EPOCH};

use contract::zone::Zone;
use station::{Account, Fault, Otherwise, Status};

use crate::films::segmented::answer;
use crate::provider::giving;
use crate::stage::{LIVE, Plan, Stage};
use crate::viewer::{Viewer, eventually};

/// A channel with three days of past, and one without any.
const CHANNEL: u32 = LIVE + 5;
const WITHOUT: u32 = LIVE;
/// So much of an answer is compared.
const SOME: usize = 300_000;

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Two hours ago, at the beginning of a minute.
fn earlier() -> i64 {
    (now() - 7200) / 60 * 60
}

fn spelt(time: i64, format: &str) -> String {
    Zone::default().shown(time, format).unwrap()
}

fn path(start: i64) -> String {
    format!("/timeshift/ann/secret/10/{}/{CHANNEL}.ts", spelt(start, "%Y-%m-%d:%H-%M"))
}

async fn range(stage: &Stage, path: &str, player: &str, range: &str) -> Viewer {
    let headers = format!("User-Agent: {player}\r\nRange: bytes={range}\r\nConnection: close\r\n");
    Viewer::ask(stage, "GET", path, &headers).await
}

/// The beginning of what the provider itself has from `start` on, and how long it is.
async fn original(stage: &Stage, start: i64, minutes: u32) -> (Vec<u8>, String) {
    let (station, id) = (&stage.station, stage.there(CHANNEL));
    let path = format!("/timeshift/station/station/{minutes}/{start}/{id}.ts");
    let mut viewer = Viewer::at(station.address(), &path).await;
    let length = viewer.header("content-length").unwrap().to_owned();
    let bytes = viewer.read(SOME).await;
    drop(viewer);
    station.reset();
    (bytes[..SOME].to_vec(), length)
}

/// How the provider was asked for the past, in order.
fn asked(stage: &Stage) -> Vec<String> {
    stage.station.counts().pasts.into()
}

/// A provider that takes the past in these forms only.
async fn taking(forms: &[&str], otherwise: Otherwise) -> Stage {
    let mut plan = Plan::default();
    plan.station.archive_forms = forms.iter().map(|form| (*form).to_owned()).collect();
    plan.station.archive_else = otherwise;
    Stage::with(plan).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_and_spelling_gives_the_same_television() {
    let stage = Stage::new().await;
    let start = earlier();
    // A programme that ends late is seen to its end.
    let (television, length) = original(&stage, start, 15).await;
    let login = format!("username=ann&password=secret&stream={CHANNEL}&duration=10");
    let day = spelt(start, "%Y-%m-%d");
    let (until, time) = (start + 600, spelt(start, "%H:%M"));
    for path in [
        path(start),
        path(start).replace(':', "%3A"),
        format!("/timeshift/ann/secret/10/{start}/{CHANNEL}"),
        format!("/timeshift/ann/secret/10/{start}000/{CHANNEL}.ts"),
        format!("//timeshift/ann/secret/10/{day}%20{time}:00/{CHANNEL}.ts"),
        format!("/streaming/timeshift.php?{login}&start={day}+{time}:00"),
        format!("/streaming/timeshift.php?{login}&start={day}_{}", time.replace(':', "-")),
        format!("/timeshift.php?{login}&start={day}T{time}:00Z"),
        format!("/live/ann/secret/{CHANNEL}.ts?utc={start}&lutc={until}"),
        format!("/ann/secret/{CHANNEL}?utc={start}&lutc={until}"),
    ] {
        let mut viewer = Viewer::get(&stage, &path).await;
        assert_eq!((viewer.status(), viewer.header("content-type")), (200, Some("video/mp2t")), "{path}");
        assert_eq!(viewer.header("content-length"), Some(&*length), "{path}");
        assert_eq!(viewer.header("accept-ranges"), Some("bytes"), "{path}");
        assert!(viewer.read(SOME).await[..SOME] == television, "{path}");
    }
    let form = format!("{login}&start={start}");
    let post = format!(
        "POST /timeshift.php HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    assert!(Viewer::speak(&stage, &post).await.read(SOME).await[..SOME] == television);
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_that_say_nothing_are_two_hours_and_too_many_are_eight() {
    let stage = Stage::new().await;
    let start = spelt(earlier(), "%Y-%m-%d:%H-%M");
    for (minutes, asked_for) in [("0", 125), ("sixty", 125), ("100000", 485), ("60", 65)] {
        let path = format!("/timeshift/ann/secret/{minutes}/{start}/{CHANNEL}.ts");
        assert_eq!(Viewer::get(&stage, &path).await.status(), 200);
        assert_eq!(asked(&stage).last(), Some(&format!("path {start} {asked_for}")));
    }
    let login = format!("username=ann&password=secret&stream={CHANNEL}");
    for minutes in ["", "&duration="] {
        let path = format!("/timeshift.php?{login}&start={start}{minutes}");
        assert_eq!(Viewer::get(&stage, &path).await.status(), 200, "{minutes}");
        assert_eq!(asked(&stage).last(), Some(&format!("path {start} 125")), "{minutes}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_time_is_told_to_those_who_may_ask() {
    let stage = Stage::new().await;
    let status = async |path: String| Viewer::get(&stage, &path).await.status();
    assert_eq!(status(format!("/timeshift/ann/secret/60/yesterday/{CHANNEL}.ts")).await, 400);
    assert_eq!(status(format!("/live/ann/secret/{CHANNEL}.ts?utc=soon")).await, 400);
    assert_eq!(status(format!("/timeshift/ann/wrong/60/yesterday/{CHANNEL}.ts")).await, 403);
    assert_eq!(status("/timeshift/ann/secret/60/yesterday/999.ts".into()).await, 404);
    assert_eq!(status("/timeshift.php?username=ann&password=secret&stream=x&start=1".into()).await, 404);
    assert!(asked(&stage).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_nothing_before_the_depth_nor_to_come_nor_without_an_archive() {
    let stage = Stage::new().await;
    let head = |start: i64, channel: u32| format!("/timeshift/ann/secret/60/{start}/{channel}.ts");
    let day = 24 * 3600;
    for (path, status) in [
        (head(earlier(), CHANNEL), 200),
        (head(now() - 3 * day + 60, CHANNEL), 200),
        (head(now() - 3 * day - 3660, CHANNEL), 404),
        (head(now() + 60, CHANNEL), 404),
        (head(earlier(), WITHOUT), 404),
        (format!("/live/ann/secret/{WITHOUT}.ts?utc={}", earlier()), 404),
        (head(earlier(), WITHOUT).replace(".ts", ".m3u8"), 404),
    ] {
        assert_eq!(Viewer::ask(&stage, "HEAD", &path, "").await.status(), status, "HEAD {path}");
        if status == 404 {
            assert_eq!(Viewer::get(&stage, &path).await.status(), status, "{path}");
        }
    }
    assert!(asked(&stage).is_empty() && stage.relay.viewers("ann") == 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_is_asked_by_its_own_clock_in_summer_and_in_winter() {
    // 2026-01-15 and 2026-07-15, 18:00 UTC.
    for (now, zone, spelt_there) in [
        (1_768_500_000, "Europe/London", "2026-01-15:16-00"),
        (1_784_138_400, "Europe/London", "2026-07-15:17-00"),
        (1_784_138_400, "America/Sao_Paulo", "2026-07-15:13-00"),
        (1_768_500_000, "Asia/Kolkata", "2026-01-15:21-30"),
        (1_784_138_400, "UTC", "2026-07-15:16-00"),
    ] {
        let mut plan = Plan { now: Some(now), ..Plan::default() };
        (plan.station.zone, plan.station.now) = (zone.into(), Some(now as i64));
        let stage = Stage::with(plan).await;
        let start = now as i64 - 7200;
        let (television, _) = original(&stage, start, 15).await;
        let mut viewer = Viewer::get(&stage, &path(start)).await;
        assert!(viewer.read(SOME).await[..SOME] == television, "{zone}");
        assert_eq!(asked(&stage), [format!("path {spelt_there} 15")], "{zone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spellings_are_tried_until_one_gives_television_and_that_one_is_remembered() {
    for (form, otherwise, attempts) in [
        ("path 0000-00-00_00-00", Otherwise::Status(404), 2),
        ("path 0000-00-00:00:00:00", Otherwise::Page, 3),
        ("query 0000-00-00_00-00", Otherwise::Status(400), 4),
        ("query 0000-00-00 00:00:00", Otherwise::Page, 5),
        ("query 0000-00-00:00:00:00", Otherwise::Status(500), 7),
    ] {
        let stage = taking(&[form], otherwise).await;
        for (start, attempts) in [(earlier(), attempts), (earlier() - 600, attempts + 1)] {
            let mut viewer = Viewer::get(&stage, &path(start)).await;
            assert_eq!(viewer.status(), 200, "{form}");
            assert_eq!(viewer.read(1).await[0], 0x47, "{form}");
            assert_eq!(asked(&stage).len(), attempts, "{form}: {:?}", asked(&stage));
        }
        let account = stage.station.counts().accounts["station"];
        assert_eq!(account.peak, 1, "one attempt after the other");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_sends_instead_is_not_passed_on() {
    for (otherwise, status, attempts) in [
        (Otherwise::Page, 502, 7),
        (Otherwise::Status(404), 404, 7),
        (Otherwise::Status(403), 502, 1),
        (Otherwise::Status(401), 502, 1),
        (Otherwise::Status(406), 502, 1),
        (Otherwise::Status(503), 502, 1),
    ] {
        let stage = taking(&["none"], otherwise).await;
        let viewer = Viewer::get(&stage, &path(earlier())).await;
        assert_eq!(viewer.status(), status, "{otherwise:?}");
        assert_eq!(asked(&stage).len(), attempts, "{otherwise:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_on_the_air_is_no_past() {
    let stage = taking(&["query 0000-00-00:00-00", "path 0000000000"], Otherwise::LiveInQuery).await;
    let start = earlier();
    let (television, _) = original(&stage, start, 15).await;
    let mut viewer = Viewer::get(&stage, &path(start)).await;
    assert!(viewer.read(SOME).await[..SOME] == television);
    assert_eq!(asked(&stage).len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_passed_through_and_the_end_is_found() {
    let stage = Stage::new().await;
    let start = earlier();
    let (television, length) = original(&stage, start, 15).await;
    let size: usize = length.parse().unwrap();
    let mut part = range(&stage, &path(start), "player", "1000-1999").await;
    let described = format!("bytes 1000-1999/{size}");
    assert_eq!((part.status(), part.header("content-range")), (206, Some(&*described)));
    assert!(part.rest().await == television[1000..2000]);
    let mut end = range(&stage, &path(start), "player", "-188").await;
    assert_eq!((end.status(), end.rest().await.len()), (206, 188));
    let behind = range(&stage, &path(start), "player", &format!("{size}-")).await;
    assert_eq!((behind.status(), behind.header("content-range")), (416, Some(&*format!("bytes */{size}"))));
    let head = Viewer::ask(&stage, "HEAD", &path(start), "").await;
    assert_eq!(
        (head.header("content-length"), head.header("accept-ranges")),
        (Some(&*length), Some("bytes"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_ranges_gives_the_whole_and_promises_no_parts() {
    let mut plan = Plan::default();
    plan.station.archive_ranges = false;
    let stage = Stage::with(plan).await;
    let start = earlier();
    let (television, length) = original(&stage, start, 15).await;
    for asked in ["0-", "5000000-", "-188"] {
        let mut viewer = range(&stage, &path(start), "player", asked).await;
        assert_eq!(viewer.header("content-length"), Some(&*length), "{asked}");
        assert_eq!((viewer.status(), viewer.header("accept-ranges")), (200, None), "{asked}");
        assert!(viewer.read(SOME).await[..SOME] == television, "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_start_takes_the_place_of_the_one_before() {
    let mut plan = Plan { connections: 1, ..Plan::default() };
    plan.station.accounts[0].max_connections = 1;
    plan.station.limit = station::Limit::Refuse(403);
    let stage = Stage::with(plan).await;
    let watch = async |start: i64, player: &str| {
        Viewer::ask(&stage, "GET", &path(start).replace("ann", "bob"), &format!("User-Agent: {player}\r\n"))
            .await
    };
    // Players look at something two hours back first, to see what it is.
    let mut first = watch(earlier(), "player").await;
    first.read(1000).await;
    for later in 1..4 {
        let mut next = watch(earlier() + later * 60, "player").await;
        assert_eq!(next.status(), 200);
        assert!(next.read(1000).await.len() >= 1000);
        let length: usize = first.header("content-length").unwrap().parse().unwrap();
        assert!(first.rest().await.len() < length, "it is closed");
        assert_eq!(stage.relay.viewers("bob"), 1);
        first = next;
    }
    let other = watch(earlier(), "another").await;
    assert_eq!(other.status(), 503, "another client is another viewer");
    let account = stage.station.counts().accounts["station"];
    assert_eq!((account.peak, account.refused), (1, 0));
    // He has left, and is remembered for a while; that keeps nobody else away.
    drop(first);
    for _ in 0..200 {
        if watch(earlier(), "another").await.status() == 200 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("a seat that is only remembered gives way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_of_the_past_ends_and_its_segments_come_over_any_connection() {
    let stage = Stage::new().await;
    let start = earlier();
    let list = path(start).replace(".ts", ".m3u8");
    let mut viewer = Viewer::ask(&stage, "GET", &list, "Connection: close\r\n").await;
    assert_eq!(viewer.header("content-type"), Some("application/vnd.apple.mpegurl"));
    let text = String::from_utf8(viewer.rest().await).unwrap();
    assert!(text.starts_with("#EXTM3U\n") && text.ends_with("#EXT-X-ENDLIST\n"), "{text}");
    assert!(text.contains("#EXT-X-PLAYLIST-TYPE:VOD\n"));
    assert!(!text.contains("ann") && !text.contains("secret"), "{text}");
    let segments: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(segments.len(), 10);
    assert!(asked(&stage).is_empty() && stage.relay.viewers("ann") == 0, "nothing is watched yet");
    for number in [0, 1, 9] {
        let (television, length) = original(&stage, start + number * 60, 1).await;
        let address = segments[number as usize].trim_start_matches("../");
        let mut segment = Viewer::get(&stage, &format!("/{address}")).await;
        assert_eq!((segment.status(), segment.header("content-length")), (200, Some(&*length)));
        assert!(segment.read(SOME).await[..SOME] == television);
        assert_eq!(stage.relay.viewers("ann"), 1);
    }
    let address = format!("/{}", segments[3].trim_start_matches("../"));
    let head = Viewer::ask(&stage, "HEAD", &address, "").await;
    assert_eq!((head.status(), head.header("content-type")), (200, Some("video/mp2t")));
    let forged = address.replace("timeshift/", "timeshift/x");
    assert_ne!(Viewer::get(&stage, &forged).await.status(), 200);
    stage.users.edit(|users| users.iter_mut().for_each(|user| user.expires = Some(1))).unwrap();
    let mut status = 200;
    for _ in 0..200 {
        status = Viewer::get(&stage, &address).await.status();
        if status == 403 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(status, 403, "who may not watch any more does not");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_is_made_anew_and_a_viewer_who_leaves_closes_it() {
    let stage = Stage::new().await;
    let start = earlier();
    let (television, _) = original(&stage, start, 15).await;
    stage.station.set_fault_times(stage.there(CHANNEL), Fault::Cut(100_000), 2);
    let mut viewer = Viewer::get(&stage, &path(start)).await;
    assert!(viewer.read(SOME).await[..SOME] == television);
    assert_eq!(asked(&stage).len(), 3);
    drop(viewer);
    eventually("it is closed", || stage.station.counts().open == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_comes_with_the_next_login_when_the_first_is_refused() {
    let mut plan = Plan::default();
    let refused =
        Account { username: "refused".into(), status: Status::Expired, ..plan.station.accounts[0].clone() };
    plan.station.accounts.insert(0, refused);
    let stage = Stage::with(plan).await;
    let start = earlier();
    let (television, _) = original(&stage, start, 15).await;
    let mut viewer = Viewer::get(&stage, &path(start)).await;
    assert!(viewer.read(SOME).await[..SOME] == television);
    assert_eq!(asked(&stage).len(), 2, "{:?}", asked(&stage));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_whose_apps_take_the_clock_of_the_device_gets_what_was_on_the_air_by_that() {
    let stage = Stage::new().await;
    let ahead = Zone::of("+05:30").unwrap();
    stage.users.edit(|users| users.iter_mut().for_each(|user| user.catchup_zone = ahead.clone())).unwrap();
    let start = earlier();
    let by_the_device = ahead.shown(start, "%Y-%m-%d:%H-%M").unwrap();
    let expected = format!("path {} 15", spelt(start, "%Y-%m-%d:%H-%M"));
    for start in [by_the_device, start.to_string(), spelt(start, "%Y-%m-%dT%H:%M:00Z")] {
        let path = format!("/timeshift/ann/secret/10/{start}/{CHANNEL}.ts");
        // The file of users is looked at once a second.
        let mut last = None;
        for _ in 0..200 {
            stage.station.reset();
            assert!(matches!(Viewer::get(&stage, &path).await.status(), 200 | 404));
            last = asked(&stage).last().cloned();
            if last.as_ref() == Some(&expected) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(last.as_ref(), Some(&expected), "{start}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_television_even_where_it_is_called_a_playlist() {
    let past = mpegts::NULL_PACKET.repeat(1000);
    let there = past.clone();
    let panel = giving(move |_, head| answer("application/vnd.apple.mpegurl", &there, head)).await;
    let stage = Stage::with(Plan { before: vec![panel], ..Plan::default() }).await;
    for (part, from) in [("0-", 0), ("10000-", 10_000)] {
        let mut viewer = range(&stage, &path(earlier()), "player", part).await;
        assert_eq!((viewer.status(), viewer.header("content-type")), (206, Some("video/mp2t")), "{part}");
        assert!(viewer.rest().await == past[from..], "{part}");
    }
}
