//! Films and episodes: ranges, and one connection for all of them.

mod broken;
mod losses;
mod qualities;
pub(crate) mod segmented;

use std::time::Duration;

use contract::bundle::{Kind, Playable, Protocol};
use contract::details::{Episodes, Late};
use station::{Account, Fault, Status};

use crate::provider::{self, answering, giving};
use crate::stage::{DEAD_FILM, EPISODE, FILM, FILM_OF_TWO, LIVE, Plan, SERIES, Stage, upstream};
use crate::viewer::{Viewer, eventually};

const PATH: &str = "/movie/ann/secret/9001.mp4";

/// The film as the provider has it.
pub(crate) async fn original(stage: &Stage) -> Vec<u8> {
    let url = stage.station.stream_url("movie", stage.station.catalogue().film_id(0), "mp4");
    let bytes = reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap();
    let bytes = bytes.bytes().await.unwrap().to_vec();
    stage.station.reset();
    bytes
}

async fn range(stage: &Stage, range: &str) -> (u16, Option<String>, Vec<u8>) {
    let mut viewer =
        Viewer::ask(stage, "GET", PATH, &format!("Range: {range}\r\nConnection: close\r\n")).await;
    let described = viewer.header("content-range").map(str::to_owned);
    (viewer.status(), described, viewer.rest().await)
}

/// A request of one of several players.
async fn play(stage: &Stage, player: &str, range: &str) -> Viewer {
    Viewer::ask(stage, "GET", PATH, &format!("User-Agent: {player}\r\nRange: bytes={range}\r\n")).await
}

pub(crate) async fn the_matrix(stage: &Stage) {
    let film = original(stage).await;
    let size = film.len();
    let mut whole = Viewer::get(stage, PATH).await;
    assert_eq!((whole.status(), whole.header("accept-ranges")), (200, Some("bytes")));
    assert_eq!(whole.header("content-range"), None);
    assert_eq!(whole.header("content-type"), Some("video/mp4"));
    assert!(whole.rest().await == film);
    for (asked, start, end) in [
        ("bytes=0-", 0, size),
        ("bytes=0-1", 0, 2),
        ("bytes=1000-1999", 1000, 2000),
        ("bytes=-500", size - 500, size),
        ("bytes=100000-999999999", 100_000, size),
    ] {
        let (status, described, bytes) = range(stage, asked).await;
        assert_eq!((status, described), (206, Some(format!("bytes {start}-{}/{size}", end - 1))), "{asked}");
        assert!(bytes == film[start..end], "{asked}");
    }
    for asked in ["bytes=0-1,5-6", "bytes=9-3", "nonsense"] {
        let (status, described, bytes) = range(stage, asked).await;
        assert!((status, described) == (200, None) && bytes == film, "{asked}");
    }
    let behind = range(stage, &format!("bytes={size}-")).await;
    assert_eq!(behind, (416, Some(format!("bytes */{size}")), vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_range_is_answered_as_http_says() {
    the_matrix(&Stage::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_range_is_answered_as_http_says_whatever_the_provider_makes_of_it() {
    let mut plan = Plan::default();
    plan.station.dirty_ranges = true;
    the_matrix(&Stage::with(plan).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_random_ranges_are_the_same_bytes() {
    let stage = Stage::new().await;
    let film = original(&stage).await;
    for _ in 0..20 {
        let start = rand::random_range(0..film.len());
        let end = rand::random_range(start..film.len());
        let (status, _, bytes) = range(&stage, &format!("bytes={start}-{end}")).await;
        assert!(status == 206 && bytes == film[start..=end], "{start}-{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ranges_of_one_client_share_a_slot_and_another_client_takes_one_more() {
    let mut plan = Plan { connections: 2, ..Plan::default() };
    plan.relay.film_linger = Duration::from_secs(60);
    let stage = Stage::with(plan).await;
    // So that nobody has the whole film before the others ask.
    stage.station.set_fault(stage.station.catalogue().film_id(0), Fault::Stall(10_000));
    let (first, second, third) =
        tokio::join!(play(&stage, "one", "0-"), play(&stage, "one", "-1000"), play(&stage, "one", "0-"),);
    assert_eq!([first.status(), second.status(), third.status()], [206; 3]);
    assert_eq!(stage.relay.viewers("ann"), 1);
    let other = play(&stage, "two", "0-").await;
    assert_eq!((other.status(), stage.relay.viewers("ann")), (206, 2));
    assert_eq!(play(&stage, "three", "0-").await.status(), 503, "both connections are playing");
    drop((first, second, third));
    // A film that is not being read gives way.
    for _ in 0..100 {
        let third = play(&stage, "three", "0-").await;
        if third.status() == 206 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a paused film gives way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_makes_way_for_the_channel_that_its_viewer_zaps_to() {
    let mut plan = Plan { connections: 1, ..Plan::default() };
    plan.station.accounts[0].max_connections = 1;
    plan.relay.slot_patience = Duration::ZERO;
    plan.relay.film_linger = Duration::from_secs(60);
    let stage = Stage::with(plan).await;
    stage.station.set_fault(stage.station.catalogue().film_id(0), Fault::Stall(10_000));
    let mut film = Viewer::get(&stage, PATH).await;
    film.read(5_000).await;
    let mut channel = Viewer::get(&stage, &Stage::path(LIVE)).await;
    assert_eq!(channel.status(), 200);
    assert!(!channel.read(10_000).await.is_empty());
    film.rest().await; // is cut
    eventually("one connection", || stage.station.counts().open == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_type_is_that_of_the_file_whatever_the_address_says() {
    let stage = Stage::new().await;
    for path in [
        "/movie/ann/secret/9001.avi",
        "/movie/ann/secret/9001",
        "/ann/secret/9001",
        "/series/ann/secret/9001.mkv",
    ] {
        let viewer = Viewer::get(&stage, path).await;
        assert_eq!((viewer.status(), viewer.header("content-type")), (200, Some("video/mp4")), "{path}");
    }
    let episode = Viewer::get(&stage, &format!("/series/ann/secret/{EPISODE}.mkv")).await;
    assert_eq!((episode.status(), episode.header("content-type")), (200, Some("video/x-matroska")));
    assert_eq!(Viewer::get(&stage, &format!("/live/ann/secret/{FILM}.ts")).await.status(), 404);
    assert_eq!(Viewer::get(&stage, &format!("/movie/ann/secret/{FILM}.m3u8")).await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn head_learns_the_length_once() {
    let stage = Stage::new().await;
    let size = original(&stage).await.len().to_string();
    for _ in 0..3 {
        let head = Viewer::ask(&stage, "HEAD", PATH, "").await;
        assert_eq!((head.status(), head.header("content-length")), (200, Some(&*size)));
        assert_eq!(head.header("accept-ranges"), Some("bytes"));
    }
    let film = stage.station.catalogue().film_id(0);
    assert_eq!(stage.station.counts().channel(film).requests, 1);
    assert_eq!(stage.relay.viewers("ann"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn head_of_a_film_that_cannot_be_had_is_not_asked_for_again_and_again() {
    let mut plan = Plan::default();
    plan.relay.failure_memory = Duration::from_secs(60);
    let stage = Stage::with(plan).await;
    let film = stage.station.catalogue().film_id(0);
    stage.station.set_fault(film, Fault::Status(403));
    for _ in 0..5 {
        let head = Viewer::ask(&stage, "HEAD", PATH, "").await;
        assert_eq!((head.status(), head.header("content-length")), (200, None));
    }
    assert_eq!(stage.station.counts().channel(film).requests, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_that_cannot_be_had_has_its_status() {
    let stage = Stage::new().await;
    let film = stage.station.catalogue().film_id(0);
    for fault in [Fault::Status(404), Fault::Status(503), Fault::Html] {
        stage.station.set_fault(film, fault);
        assert_eq!(Viewer::get(&stage, PATH).await.status(), 502, "{fault}");
    }
    stage.station.set_fault(film, Fault::Cut(1000)); // again and again
    let mut viewer = Viewer::get(&stage, PATH).await;
    let length: usize = viewer.header("content-length").unwrap().parse().unwrap();
    assert!(viewer.rest().await.len() < length, "the viewer can tell a broken film from a finished one");
}

/// A relay for the film of a provider that gives this answer whatever it is asked for.
async fn film_as(answer: Vec<u8>) -> Stage {
    let mut plan = Plan { dead: Some(answering(vec![answer]).await), ..Plan::default() };
    plan.relay.failure_memory = Duration::from_secs(60);
    Stage::with(plan).await
}

async fn film_range(stage: &Stage, range: &str) -> (u16, Vec<u8>) {
    let path = format!("/movie/ann/secret/{DEAD_FILM}.mp4");
    let headers = format!("Range: bytes={range}\r\nConnection: close\r\n");
    let mut viewer = Viewer::ask(stage, "GET", &path, &headers).await;
    (viewer.status(), viewer.rest().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_without_ranges_still_plays_from_its_beginning() {
    let film = vec![7; 3_000_000];
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", film.len());
    let stage = film_as([head.as_bytes(), &film].concat()).await;
    // The player looks for the index near the end first.
    assert_eq!(film_range(&stage, "2999000-").await.0, 502);
    let (status, bytes) = film_range(&stage, "0-").await;
    assert!(status == 206 && bytes == film);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_of_unknown_size_plays_as_a_whole() {
    let film = vec![7; 300_000];
    let stage = film_as(provider::ok(&film)).await;
    assert_eq!(film_range(&stage, "100-").await.0, 502);
    let (status, bytes) = film_range(&stage, "0-").await;
    assert!(status == 200 && String::from_utf8_lossy(&bytes).contains(&"\u{7}".repeat(1000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_say_where_its_bytes_begin_is_not_believed() {
    let head = "HTTP/1.1 206 Partial Content\r\nConnection: close\r\nContent-Range: bytes */1000\r\n\r\n";
    let stage = film_as([head.as_bytes(), &[7; 1000]].concat()).await;
    assert_eq!(film_range(&stage, "500-").await.0, 502);
}

#[tokio::test]
async fn episodes_that_became_known_after_the_release_play_if_it_lists_their_series() {
    let stage = Stage::new().await;
    let there = stage.station.catalogue().episode_ids(0)[0];
    let late = |id, series| Late {
        series,
        playable: Playable {
            id,
            kind: Kind::Episode,
            container: "mkv".into(),
            series: 0,
            upstreams: vec![upstream(
                "station",
                &format!("series/{{username}}/{{password}}/{there}.mkv"),
                Protocol::File,
            )],
        },
    };
    let (found, unlisted, unknown) = (20_001, 20_002, 20_003);
    let status = async |id: u32| {
        let viewer = Viewer::get(&stage, &format!("/series/ann/secret/{id}.mkv")).await;
        viewer.status()
    };
    assert_eq!(status(found).await, 404);
    Episodes::new(&stage.data).put([late(found, SERIES), late(unlisted, SERIES + 1)]).unwrap();
    assert_eq!(status(found).await, 200);
    assert_eq!((status(unlisted).await, status(unknown).await), (404, 404));
    assert_eq!(Viewer::get(&stage, &format!("/movie/ann/secret/{found}.mkv")).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_comes_from_the_next_upstream_when_the_first_refuses() {
    let path = format!("/movie/ann/secret/{FILM_OF_TWO}.mp4");
    for refusal in ["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ""] {
        let provider = giving(move |_, _| refusal.as_bytes().to_vec()).await;
        let stage = Stage::with(Plan { dead: Some(provider), ..Plan::default() }).await;
        let film = original(&stage).await;
        let mut viewer = Viewer::ask(&stage, "GET", &path, "Connection: close\r\n").await;
        assert!(viewer.status() == 200 && viewer.rest().await == film);
        stage.station.set_fault(stage.station.catalogue().film_id(0), Fault::Status(403));
        assert_eq!(Viewer::get(&stage, &path).await.status(), 502);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_who_ask_for_the_length_at_once_ask_the_provider_once() {
    let stage = Stage::new().await;
    let size = original(&stage).await.len().to_string();
    let film = stage.station.catalogue().film_id(0);
    stage.station.set_fault(film, Fault::Slow(100));
    let head = async || {
        let head = Viewer::ask(&stage, "HEAD", PATH, "").await;
        head.header("content-length").map(str::to_owned)
    };
    let heads = tokio::join!(head(), head(), head(), head());
    assert_eq!([heads.0, heads.1, heads.2, heads.3], [(); 4].map(|()| Some(size.clone())));
    assert_eq!(stage.station.counts().channel(film).requests, 1);
    // Not at the cost of somebody who watches.
    let mut plan = Plan { connections: 1, ..Plan::default() };
    plan.relay.linger = Duration::from_secs(60);
    let stage = Stage::with(plan).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    viewer.read(1000).await;
    let head = Viewer::ask(&stage, "HEAD", PATH, "").await;
    assert_eq!((head.status(), head.header("content-length")), (200, None));
    assert_eq!(stage.station.counts().channel(film).requests, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_comes_with_the_next_login_when_the_first_is_refused() {
    let mut plan = Plan::default();
    let refused =
        Account { username: "refused".into(), status: Status::Expired, ..plan.station.accounts[0].clone() };
    plan.station.accounts.insert(0, refused);
    let stage = Stage::with(plan).await;
    let film = original(&Stage::new().await).await;
    let mut viewer = Viewer::ask(&stage, "GET", PATH, "Connection: close\r\n").await;
    assert!(viewer.status() == 200 && viewer.rest().await == film);
    let there = stage.station.catalogue().film_id(0);
    assert_eq!(stage.station.counts().channel(there).requests, 2);
    // The other parts of the same film keep to the login that is good.
    assert_eq!(range(&stage, "bytes=-100").await.2, film[film.len() - 100..]);
    assert_eq!(stage.station.counts().channel(there).requests, 3);
}
