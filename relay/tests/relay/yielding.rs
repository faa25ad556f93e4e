//! Those who do not watch: what is left to them, and how they give way.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::ticket::Key;
use contract::ticket::pass::{Class, Pass, WHY};
use http_body_util::BodyExt;
use station::{Fault, Limit};

use crate::provider::answering;
use crate::stage::{EPISODE, FILM, FILM_OF_TWO, LIVE, Plan, SEGMENTED, Stage};
use crate::viewer::{Viewer, eventually};

/// A provider that refuses one body too many, and counts every one.
fn strict(connections: u32) -> Plan {
    let mut plan = Plan { connections, ..Plan::default() };
    plan.station.accounts[0].max_connections = connections;
    plan.station.limit = Limit::Refuse(551);
    plan.station.each_body = true;
    plan.station.film_bytes = 20_000_000;
    plan.relay.release_delay = Duration::ZERO;
    plan.relay.download_rest = Duration::ZERO;
    plan.relay.film_linger = Duration::ZERO;
    plan
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The address of a film for whoever shows a pass.
pub(crate) fn path(stage: &Stage, class: Class, film: &str) -> String {
    let pass = Pass::new(class, now()).sign(&Key::load(&stage.data.key()).unwrap());
    format!("http://{}/movie/{pass}/{film}", stage.address)
}

/// A download that is going on, or was refused.
pub(crate) struct Download {
    pub(crate) status: u16,
    pub(crate) why: Option<String>,
    retry: bool,
    body: reqwest::Body,
}

impl Download {
    async fn begin(stage: &Stage) -> Self {
        Self::of(&path(stage, Class::Background, &format!("{FILM}.mp4"))).await
    }

    pub(crate) async fn of(url: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        let answer =
            client.get(url).header("Range", "bytes=0-").header("TE", "trailers").send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (status, why, retry) = (answer.status().as_u16(), header(WHY), header("retry-after").is_some());
        Self { status, why, retry, body: http::Response::from(answer).into_body() }
    }

    /// Reads to the end: how much came, and what is said behind it.
    pub(crate) async fn rest(mut self) -> (usize, Option<String>) {
        let mut read = 0;
        while let Some(frame) = self.body.frame().await {
            match frame.unwrap().into_data() {
                Ok(bytes) => read += bytes.len(),
                Err(frame) => {
                    let why = frame.into_trailers().unwrap()[WHY].to_str().unwrap().to_owned();
                    return (read, Some(why));
                }
            }
        }
        (read, None)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_a_pass_gets_the_whole_film_and_takes_nobodys_seat() {
    let mut plan = strict(2);
    plan.station.film_bytes = 0;
    let stage = Stage::with(plan).await;
    let film = stage.station.catalogue().film_id(0);
    let url = stage.station.stream_url("movie", film, "mp4");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let original = client.get(url).send().await.unwrap().bytes().await.unwrap();
    stage.station.set_fault(film, Fault::Stall(100_000));
    let mut download = Download::begin(&stage).await;
    assert_eq!(download.status, 206);
    download.body.frame().await.unwrap().unwrap();
    assert!(stage.relay.sessions().is_empty());
    let seen = stage.relay.status();
    assert_eq!(
        (&seen["slots"][0]["used"], &seen["slots"][0]["downloading"]),
        (&1.into(), &1.into()),
        "{seen}"
    );
    drop(download);
    eventually("its connection is closed", || stage.station.counts().open == 0).await;
    stage.station.reset();
    let download = Download::begin(&stage).await;
    assert_eq!(download.rest().await, (original.len(), None));
    assert_eq!(stage.station.counts().channel(film).requests, 1);
    // Episodes as well.
    let episode = path(&stage, Class::Background, &format!("{EPISODE}.mkv")).replace("/movie/", "/series/");
    assert_eq!(Download::of(&episode).await.status, 206);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_pass_of_ours_opens_nothing() {
    let stage = Stage::with(strict(2)).await;
    let good = path(&stage, Class::Background, "9001.mp4");
    let old = Pass::new(Class::Background, now() - 7200).sign(&Key::load(&stage.data.key()).unwrap());
    let forged = Pass::new(Class::Record, now()).sign(&Key::random());
    for none in [old, forged, "background".into(), "x.y".into()] {
        let url = format!("http://{}/movie/{none}/{FILM}.mp4", stage.address);
        assert_eq!(Download::of(&url).await.status, 403, "{none}");
    }
    assert_eq!(Download::of(&good.replace("9001", "4711")).await.why.as_deref(), Some("status 404"));
    assert_eq!(stage.station.counts().requests("film"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_gets_the_connection_of_a_download_which_is_told_why() {
    let stage = Stage::with(strict(1)).await;
    let film = stage.station.catalogue().film_id(0);
    stage.station.set_fault(film, Fault::Dribble { bytes: 20_000, millis: 5 });
    for round in 0..3 {
        let mut download = Download::begin(&stage).await;
        assert_eq!(download.status, 206, "{round}: {:?}", download.why);
        download.body.frame().await.unwrap().unwrap();
        let reading = tokio::spawn(download.rest());
        let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
        viewer.read(1000).await;
        assert_eq!(viewer.status(), 200);
        assert_eq!(reading.await.unwrap().1.as_deref(), Some("slot"));
        // As long as he watches there is nothing left.
        let refused = Download::begin(&stage).await;
        assert_eq!((refused.status, refused.why.as_deref(), refused.retry), (503, Some("slot"), true));
        drop(viewer);
        eventually("he has left", || stage.station.counts().open == 0).await;
    }
    let account = stage.station.counts().accounts["station"];
    assert_eq!((account.refused, account.bodies_peak), (0, 1), "never two at once");
    let metrics = crate::operator::metrics(&stage).await;
    assert_eq!(metrics.value("coax_relay_gave_way_total", ""), 3.0);
    assert_eq!(metrics.value("coax_relay_slots_yielding", "account=\"station\",class=\"background\""), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_left_to_viewers_and_one_that_was_closed_is_left_alone() {
    let mut plan = strict(3);
    plan.relay.download_rest = Duration::from_secs(60);
    let stage = Stage::with(plan).await;
    stage.station.set_fault(stage.station.catalogue().film_id(0), Fault::Stall(100_000));
    let (one, two) = (Download::begin(&stage).await, Download::begin(&stage).await);
    let three = Download::begin(&stage).await;
    assert_eq!((one.status, two.status, three.status), (206, 206, 503));
    // The viewer for whom it was left finds it free, and nobody is sent away.
    let viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    assert_eq!((viewer.status(), stage.station.counts().open), (200, 3));
    drop(one);
    eventually("one is closed", || stage.station.counts().open == 2).await;
    assert_eq!(Download::begin(&stage).await.status, 503, "the provider may still count it");
    assert_eq!(Viewer::get(&stage, &Stage::path(LIVE + 1)).await.status(), 200, "who watches does not wait");
    drop((two, viewer));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_says_is_passed_on_to_a_download_and_held_against_nobody() {
    let stage = Stage::with(strict(2)).await;
    let film = stage.station.catalogue().film_id(0);
    for status in [403, 403, 401, 404, 551, 429, 509] {
        stage.station.set_fault(film, Fault::Status(status));
        let said = format!("status {status}");
        let expected = if status == 429 { "slot" } else { &said };
        let refused = Download::begin(&stage).await;
        assert_eq!(refused.why.as_deref(), Some(expected));
        assert_ne!(refused.status, 206);
    }
    stage.station.set_fault(film, Fault::Html);
    assert_eq!(Download::begin(&stage).await.why.as_deref(), Some("foreign"));
    // The account is as good for viewers as before, and so is the film.
    stage.station.clear_fault(film);
    assert_eq!(Viewer::get(&stage, "/movie/ann/secret/9001.mp4").await.status(), 200);
    assert_eq!(Viewer::get(&stage, &Stage::path(LIVE)).await.status(), 200);
    // It has another extension than the list says, and whoever downloads may ask by that.
    stage.station.set_fault(film, Fault::Only("mkv"));
    assert_eq!(Download::begin(&stage).await.why.as_deref(), Some("status 551"));
    let other = path(&stage, Class::Background, &format!("{FILM}.mkv"));
    eventually("the viewers have left", || stage.station.counts().open == 0).await;
    assert_eq!(Download::of(&other).await.status, 206);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_download_finds_under_another_extension_says_nothing_of_the_film_that_viewers_have() {
    let stage = Stage::with(strict(2)).await;
    let other = path(&stage, Class::Background, &format!("{FILM}.avi"));
    assert_eq!(Download::of(&other).await.status, 206);
    eventually("it is closed", || stage.station.counts().open == 0).await;
    stage.station.reset();
    let head = Viewer::ask(&stage, "HEAD", "/movie/ann/secret/9001.mp4", "").await;
    assert_eq!((head.status(), head.header("content-length")), (200, Some("20000000")));
    assert_eq!(stage.station.counts().requests("film"), 1, "the provider is asked how large that is");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_comes_and_goes_there_are_never_more_bodies_than_allowed() {
    let mut plan = strict(2);
    plan.relay.release_delay = Duration::from_millis(100);
    plan.relay.starts_per_minute = 0;
    let stage = Stage::with(plan).await;
    stage
        .station
        .set_fault(stage.station.catalogue().film_id(0), Fault::Dribble { bytes: 20_000, millis: 5 });
    let (mut viewers, mut downloads) = (Vec::new(), Vec::new());
    let mut gone = 0;
    for step in 0..40 {
        match rand::random_range(0..6) {
            0 | 1 => downloads.push(Download::begin(&stage).await),
            2 | 3 if viewers.len() < 2 => {
                let viewer = Viewer::get(&stage, &Stage::path(LIVE + rand::random_range(0..4))).await;
                assert_eq!(viewer.status(), 200, "step {step}: there are two for viewers, whoever downloads");
                viewers.push(viewer);
            }
            4 if !viewers.is_empty() => drop(viewers.swap_remove(rand::random_range(0..viewers.len()))),
            _ => {
                gone += downloads.len();
                downloads.clear();
            }
        }
    }
    let account = stage.station.counts().accounts["station"];
    assert_eq!(account.refused, 0, "{account:?} after {gone} downloads");
    assert!(account.bodies_peak <= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_shares_what_is_watched_and_gives_way_when_nobody_watches_it() {
    let mut plan = strict(1);
    plan.relay.error_card = true;
    let stage = Stage::with(plan).await;
    let record =
        |channel: u32| path(&stage, Class::Record, &format!("{channel}.ts")).replace("/movie/", "/live/");
    // One connection for both.
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let mut recording = Download::of(&record(LIVE)).await;
    assert_eq!((viewer.status(), recording.status), (200, 200));
    let classes = || {
        let slot = &stage.relay.status()["slots"][0];
        (slot["used"].as_u64(), slot["recording"].as_u64())
    };
    assert_eq!((classes(), stage.relay.sessions().len()), ((Some(1), None), 1));
    viewer.read(10_000).await;
    recording.body.frame().await.unwrap().unwrap();
    drop(viewer);
    eventually("nobody watches it any more", || classes() == (Some(1), Some(1))).await;
    // A download does not get it, nor another recording; who watches something else does.
    assert_eq!(Download::begin(&stage).await.status, 503);
    assert_eq!(Download::of(&record(LIVE + 1)).await.why.as_deref(), Some("slot"));
    let reading = tokio::spawn(recording.rest());
    let viewer = Viewer::get(&stage, &Stage::path(LIVE + 1)).await;
    assert_eq!((viewer.status(), reading.await.unwrap().1.as_deref()), (200, Some("slot")));
    drop(viewer);
    // A recording gets the connection of a download.
    eventually("he has left", || stage.station.counts().open == 0).await;
    stage.station.set_fault(stage.station.catalogue().film_id(0), Fault::Stall(100_000));
    let download = Download::begin(&stage).await;
    assert_eq!(download.status, 206);
    let reading = tokio::spawn(download.rest());
    assert_eq!(Download::of(&record(LIVE)).await.status, 200);
    assert_eq!(reading.await.unwrap().1.as_deref(), Some("slot"));
    let account = stage.station.counts().accounts["station"];
    assert_eq!((account.refused, account.bodies_peak), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_keeps_a_film_that_is_hls_gets_the_whole_of_it_or_is_told_that_it_is_not() {
    let mut plan = strict(1);
    plan.station.hls_linger = Duration::ZERO;
    let stage = Stage::with(plan).await;
    let of = async |id: u32| Download::of(&path(&stage, Class::Background, &format!("{id}.ts"))).await;
    let whole = of(SEGMENTED).await;
    assert_eq!(whole.status, 200);
    let (size, told) = whole.rest().await;
    assert!(size > 0 && size.is_multiple_of(mpegts::PACKET));
    assert_eq!(told.as_deref(), Some("whole"), "nothing else says that it is all there");
    for id in [SEGMENTED + 1, SEGMENTED + 2] {
        let refused = of(id).await;
        assert_eq!((refused.status, refused.why.as_deref()), (502, Some("incomplete")), "{id}");
    }
    for (fault, why) in [(Fault::Status(404), "incomplete"), (Fault::Status(500), "status 500")] {
        let segment = station::Target::Action("segment".into());
        stage.station.set_fault_after(segment.clone(), fault, 2);
        let (some, told) = of(SEGMENTED).await.rest().await;
        assert!(0 < some && some < size, "{some} of {size}");
        assert_eq!(told.as_deref(), Some(why));
        stage.station.clear_fault(segment);
    }
    // It gives way as every other one.
    let mut download = of(SEGMENTED).await;
    download.body.frame().await.unwrap().unwrap();
    let seen = stage.relay.status();
    assert_eq!(seen["slots"][0]["downloading"], 1, "{seen}");
    let viewer = Viewer::get(&stage, &Stage::path(LIVE + 1)).await;
    assert_eq!((viewer.status(), download.rest().await.1.as_deref()), (200, Some("slot")));
    assert_eq!(stage.station.counts().accounts["station"].bodies_peak, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_provider_has_not_says_nothing_of_another_who_may_give_it_soon() {
    for (first, second, why) in [
        (404, 503, "status 503"),
        (503, 404, "status 503"),
        (401, 404, "status 401"),
        (404, 551, "status 551"),
    ] {
        let answer = format!("HTTP/1.1 {first} Sorry\r\nContent-Length: 0\r\n\r\n").into_bytes();
        let stage = Stage::with(Plan { dead: Some(answering(vec![answer]).await), ..strict(1) }).await;
        stage.station.set_fault(stage.station.catalogue().film_id(0), Fault::Status(second));
        let film = path(&stage, Class::Background, &format!("{FILM_OF_TWO}.mp4"));
        assert_eq!(Download::of(&film).await.why.as_deref(), Some(why), "{first}, {second}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_hear_what_is_said_behind_a_film_sees_it_cut_where_it_ends_early() {
    let stage = Stage::with(strict(1)).await;
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let url = path(&stage, Class::Background, &format!("{SEGMENTED}.ts"));
    let all = async || client.get(&url).send().await.unwrap().bytes().await;
    assert!(!all().await.unwrap().is_empty());
    let segment = station::Target::Action("segment".into());
    stage.station.set_fault_after(segment, station::Fault::Status(404), 2);
    assert!(all().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_keeps_a_film_of_which_no_file_can_be_made_is_told_why_unless_it_may_be_had_elsewhere() {
    let busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_vec();
    let stage = Stage::with(Plan { dead: Some(answering(vec![busy]).await), ..strict(1) }).await;
    for (place, status, why) in [
        (3, 415, "unsupported fragments"),
        (4, 415, "unsupported sound"),
        (5, 415, "unsupported rights"),
        (6, 502, "status 503"),
    ] {
        let film = format!("{}.ts", SEGMENTED + place);
        let refused = Download::of(&path(&stage, Class::Background, &film)).await;
        assert_eq!((refused.status, refused.why.as_deref()), (status, Some(why)));
    }
}
