//! How an Ace Stream engine is asked, and what becomes of viewers when it does not answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::source::BaseUrl;
use station::Station;

use crate::provider::{giving, ok};
use crate::stage::{ACE, Plan, Stage};
use crate::viewer::{PATIENCE, Viewer, assert_unbroken, eventually};

/// The values of a parameter in the first line of a request.
fn values(head: &str, name: &str) -> Vec<String> {
    let query = head.lines().next().unwrap().split([' ', '?']).nth(2).unwrap();
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_start_asks_for_json_as_a_player_of_its_own_and_never_as_the_client_calls_himself() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = heads.clone();
    let engine = giving(move |_, head| {
        seen.lock().unwrap().push(head.to_owned());
        ok(br#"{"response":null,"error":"failed to load content"}"#)
    });
    let engine = Some(BaseUrl::new(&format!("http://{}", engine.await)).unwrap());
    let mut plan = Plan { engine, ..Plan::default() };
    plan.relay.ace_open = true;
    let stage = Stage::with(plan).await;
    let (id, hash) = (stage.station.content_id(0), stage.station.infohash(1));
    let more = "pid=7&sid=8&format=redirect&force_session_restart=1&disable_p2p=1";
    for path in [
        format!("/ace/getstream?id={id}&{more}"),
        format!("/ace/getstream?infohash={hash}&{more}"),
        Stage::path(ACE + 2),
    ] {
        assert_eq!(Viewer::get(&stage, &path).await.status(), 404, "{path}");
    }
    let heads = heads.lock().unwrap().clone();
    let starts: Vec<&String> = heads.iter().filter(|head| head.starts_with("get /ace/getstream?")).collect();
    assert!(starts.len() >= 4, "ids are tried as both: {heads:?}");
    let mut players = std::collections::BTreeSet::new();
    for head in starts {
        assert_eq!(values(head, "format"), ["json"], "{head}");
        let selectors: usize = ["id", "content_id", "infohash", "url", "magnet"]
            .iter()
            .map(|name| values(head, name).len())
            .sum();
        assert_eq!(selectors, 1, "{head}");
        let player = values(head, "pid").pop().unwrap();
        assert!(player.len() >= 32 && values(head, "pid").len() == 1, "{head}");
        for theirs in ["sid", "force_session_restart", "disable_p2p"] {
            assert!(values(head, theirs).is_empty(), "{head}");
        }
        assert!(players.insert(player), "a new one each time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_id_never_reaches_the_engine() {
    let mut plan = Plan::default();
    plan.relay.ace_open = true;
    let stage = Stage::with(plan).await;
    let (id, hash) = (stage.station.content_id(0), stage.station.infohash(0));
    for query in [
        String::new(),
        "id=".into(),
        format!("id={}", &id[1..]),
        format!("id={id}0"),
        format!("id={}g", &id[1..]),
        format!("id={id}&infohash={hash}"),
        format!("id={id}&id={hash}"),
        format!("content_id={id}&url=http%3A%2F%2Fh%2F"),
        "url=http%3A%2F%2F127.0.0.1%2F".into(),
        "magnet=magnet%3A%3Fxt%3Durn%3Abtih%3A0".into(),
    ] {
        for path in [format!("/ace/getstream?{query}"), format!("/ace/manifest.m3u8?{query}")] {
            assert_eq!(Viewer::get(&stage, &path).await.status(), 400, "{path}");
        }
    }
    for id in ["12", &id[1..], &format!("{id}0"), "%2e%2e%2fcmd"] {
        let start = Viewer::ask(&stage, "POST", &format!("/api/streams/start/{id}"), "").await;
        assert!([400, 404].contains(&start.status()), "{id}");
    }
    assert_eq!(stage.station.counts().requests("ace/getstream"), 0);
    let spelt = format!("/ace/getstream?id={}", id.to_uppercase());
    assert_eq!(Viewer::get(&stage, &spelt).await.status(), 200, "in capitals it is one");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_hangs_at_a_stop_keeps_nobody_and_nothing() {
    let stage = Stage::new().await;
    let target = station::Target::Action("ace/cmd".into());
    let mut viewer = Viewer::get(&stage, &Stage::path(ACE)).await;
    viewer.read(100_000).await;
    stage.station.set_fault(target, station::Fault::Mute);
    drop(viewer);
    eventually("nobody reads", || stage.station.counts().ace.readers == 0 && stage.relay.viewers("ann") == 0)
        .await;
    let mut status = Viewer::get(&stage, "/status.json").await;
    let status: serde_json::Value = serde_json::from_slice(&status.rest().await).unwrap();
    assert_eq!((&status["totals"]["channels"], &status["seats"]), (&0.into(), &0.into()), "{status}");
    // Another channel at once, and the same one as soon as the stop has been given up.
    let mut other = Viewer::get(&stage, &Stage::path(ACE + 1)).await;
    assert_eq!(other.status(), 200);
    assert!(!other.read(100_000).await.is_empty());
    let mut again = Viewer::get(&stage, &Stage::path(ACE)).await;
    assert_eq!(again.status(), 200);
    assert_unbroken(&again.watch_for(2.0).await.1);
    // And a program that ends does not wait for ever.
    drop((other, again));
    stage.relay.close();
    tokio::time::timeout(PATIENCE, stage.relay.closed()).await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_lingers_keeps_its_session_for_who_comes_back_and_stops_it_once() {
    let mut plan = Plan::default();
    plan.relay.linger = Duration::from_secs(1);
    let stage = Stage::with(plan).await;
    for _ in 0..3 {
        let mut viewer = Viewer::get(&stage, &Stage::path(ACE)).await;
        viewer.read(100_000).await;
        drop(viewer);
        eventually("he has left", || stage.relay.viewers("ann") == 0).await;
    }
    let counts = stage.station.counts().ace;
    assert_eq!((counts.starts, counts.stops), (1, 0), "{counts:?}");
    eventually("it is stopped", || stage.station.counts().ace.sessions == 0).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let counts = stage.station.counts();
    assert_eq!((counts.ace.starts, counts.ace.stops, counts.requests("ace/cmd")), (1, 1, 1), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_restarts_finds_every_viewer_still_there() {
    let mut plan = Plan::default();
    // Another engine in the place of this one has to be at the same address.
    let settings = plan.station.clone();
    plan.relay.connect_timeout = Duration::from_secs(1);
    let mut stage = Stage::with(plan).await;
    let engine = stage.station.engine_url();
    let engine = engine.trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
    let mut viewers = Vec::new();
    for number in 0..6 {
        let agent = format!("User-Agent: player {number}\r\n");
        let path = Stage::path(ACE + number % 2);
        let mut viewer = Viewer::ask(&stage, "GET", &path, &agent).await;
        let bytes = viewer.read(100_000).await;
        viewers.push((viewer, bytes));
    }
    let elsewhere = Station::start(settings.clone()).await.unwrap();
    drop(std::mem::replace(&mut stage.station, elsewhere));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let ace = station::AceSettings { listen: engine, ..settings.ace.clone() };
    stage.station = Station::start(station::Settings { ace, ..settings }).await.unwrap();
    for (viewer, bytes) in &mut viewers {
        bytes.extend(viewer.read(2_000_000).await);
        assert!(bytes.len() >= 2_000_000, "{}", bytes.len());
        assert_unbroken(&crate::viewer::watch(bytes));
    }
    let counts = stage.station.counts().ace;
    assert_eq!((counts.sessions, counts.readers, counts.conflicts), (2, 2, 0), "{counts:?}");
}
