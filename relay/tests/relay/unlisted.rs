//! Channels of Ace Stream that no release lists: in the form of an engine, and in sessions of web players.

use std::time::{Duration, Instant};

use contract::source::BaseUrl;
use serde_json::Value;

use crate::stage::{Plan, Stage};
use crate::viewer::{PATIENCE, Viewer, assert_begins_well, eventually};

const OF_NOBODY: &str = "0123456789012345678901234567890123456789";

async fn open() -> Stage {
    let mut plan = Plan::default();
    plan.relay.ace_open = true;
    Stage::with(plan).await
}

async fn ask(stage: &Stage, method: &str, path: &str, headers: &str) -> (u16, Value) {
    let mut answer = Viewer::ask(stage, method, path, &format!("{headers}Connection: close\r\n")).await;
    let body = answer.rest().await;
    (answer.status(), serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// The id of a new session.
async fn start(stage: &Stage, ace: &str) -> String {
    let (status, answer) = ask(stage, "POST", &format!("/api/streams/start/{ace}?events=true"), "").await;
    assert_eq!((status, &answer["success"]), (201, &true.into()), "{answer}");
    let session = &answer["session"];
    let id = session["id"].as_str().unwrap().to_owned();
    assert_eq!(session["hlsUrl"], format!("/api/streams/hls/{id}/manifest.m3u8"));
    assert!(
        session["startedAt"].is_string()
            && ["starting", "active"].contains(&session["status"].as_str().unwrap())
    );
    id
}

/// The playlist of a session, once it is there.
async fn playlist(stage: &Stage, id: &str) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let path = format!("/api/streams/hls/{id}/manifest.m3u8");
        let mut answer = Viewer::ask(stage, "GET", &path, "Connection: close\r\n").await;
        let body = String::from_utf8(answer.rest().await).unwrap();
        match answer.status() {
            200 => return body,
            503 => assert!(answer.header("retry-after").is_some() && body.contains("warming"), "{body}"),
            status => panic!("{status} {body}"),
        }
        assert!(Instant::now() < deadline, "{body}");
    }
}

/// The first segment that a playlist names, as a path.
fn segment(playlist: &str) -> String {
    let line = playlist.lines().find(|line| line.ends_with(".ts")).unwrap();
    format!("/api/streams/{}", line.strip_prefix("../../").unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_it_is_there_unless_it_is_opened() {
    let stage = Stage::new().await;
    let id = stage.station.listed_id(0);
    for (method, path) in [
        ("GET", format!("/ace/getstream?id={id}")),
        ("GET", format!("/ace/getstream?id={id}&username=ann&password=secret")),
        ("GET", format!("/ace/manifest.m3u8?id={id}")),
        ("GET", "/ace/status".into()),
        ("POST", format!("/api/streams/start/{id}")),
        ("GET", "/api/streams/active".into()),
        ("GET", "/api/health".into()),
        ("GET", "/api/health/acestream".into()),
    ] {
        assert_eq!(ask(&stage, method, &path, "").await.0, 404, "{path}");
    }
    assert_eq!(stage.station.counts().ace.starts, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_at_home_may_ask_and_everybody_else_with_a_password() {
    let stage = open().await;
    let path = format!("/ace/getstream?id={}", stage.station.listed_id(0));
    let head = async |path: &str, headers: &str| Viewer::ask(&stage, "HEAD", path, headers).await.status();
    assert_eq!(head(&path, "").await, 200);
    assert_eq!(head(&path, "Origin: http://x\r\n").await, 200, "our own page");
    for elsewhere in
        ["X-Forwarded-For: 8.8.8.8\r\n", "Origin: http://site.example\r\n", "Sec-Fetch-Site: cross-site\r\n"]
    {
        assert_eq!(head(&path, elsewhere).await, 403, "{elsewhere}");
        let named = format!("{path}&username=ann&password=secret");
        assert_eq!(head(&named, elsewhere).await, 200, "{elsewhere}");
        let wrong = format!("{path}&username=ann&password=wrong");
        assert_eq!(head(&wrong, elsewhere).await, 403, "{elsewhere}");
        let start = format!("/api/streams/start/{}", stage.station.listed_id(0));
        let (status, error) = ask(&stage, "POST", &start, elsewhere).await;
        assert_eq!((status, &error["success"]), (403, &false.into()), "{error}");
    }
    assert_eq!(stage.station.counts().ace.starts, 0, "nothing is started by who only asks");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_name_was_changed_to_our_address_is_not_believed() {
    let mut plan = Plan::default();
    plan.relay.ace_open = true;
    plan.relay.public = Some(BaseUrl::new("https://tv.example/coax").unwrap());
    let stage = Stage::with(plan).await;
    let id = stage.station.listed_id(0);
    // As a browser asks for a page of the site that it is on.
    let head = async |host: &str| {
        let same = format!("Host: {host}\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://{host}\r\n");
        let request = format!("HEAD /ace/getstream?id={id} HTTP/1.1\r\n{same}\r\n");
        Viewer::speak(&stage, &request).await.status()
    };
    for (host, status) in [
        ("rebound.example:8080", 403),
        ("rebound.example", 403),
        ("127.0.0.1:8080", 200),
        ("[::1]", 200),
        ("localhost", 200),
        ("tv.example", 200),
    ] {
        assert_eq!(head(host).await, status, "{host}");
    }
    let (_, answer) = ask(&stage, "POST", &format!("/api/streams/start/{id}"), "").await;
    let session = &answer["session"];
    let path = format!("/coax/api/streams/hls/{}/manifest.m3u8", session["id"].as_str().unwrap());
    assert_eq!(session["hlsUrl"], path, "below where players reach us");
    let (_, active) = ask(&stage, "GET", "/api/streams/active", "").await;
    assert_eq!(active["sessions"][0]["hlsUrl"], path);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_gets_the_stream_as_from_an_engine_and_shares_it() {
    let stage = open().await;
    let (id, hash) = (stage.station.listed_id(0), stage.station.infohash(0));
    let mut one = Viewer::get(&stage, &format!("/ace/getstream?id={id}&pid=7&format=json")).await;
    assert_eq!((one.status(), one.header("content-type")), (200, Some("video/mp2t")));
    assert_begins_well(&one.read(300_000).await);
    let mut other = Viewer::get(&stage, &format!("/ace/getstream?infohash={hash}")).await;
    assert_eq!(other.status(), 200);
    other.read(100_000).await;
    assert_eq!(stage.station.counts().ace.starts, 1);
    let (status, all) = ask(&stage, "GET", "/ace/status", "").await;
    assert_eq!((status, &all["streams"]), (200, &2.into()), "{all}");
    let (_, clients) = ask(&stage, "GET", &format!("/ace/status?infohash={hash}"), "").await;
    assert_eq!((&clients["clients"], &clients["state"]), (&2.into(), &"on_air".into()), "{clients}");
    assert_eq!(ask(&stage, "GET", &format!("/ace/status?id={OF_NOBODY}"), "").await.0, 404);
    for wrong in [format!("id={id}&infohash={hash}"), "id=12".into(), String::new(), "url=http://h/".into()] {
        assert_eq!(ask(&stage, "GET", &format!("/ace/getstream?{wrong}"), "").await.0, 400, "{wrong}");
    }
    drop((one, other));
    eventually("the session is stopped", || stage.station.counts().ace.sessions == 0).await;
    assert_eq!(stage.station.counts().ace.stops, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_playlist_of_an_engine_is_one_of_ours() {
    let stage = open().await;
    let path = format!("/ace/manifest.m3u8?id={}", stage.station.listed_id(1));
    let answer = Viewer::get(&stage, &path).await;
    let location = answer.header("location").unwrap();
    assert_eq!(answer.status(), 302);
    let id = location.strip_prefix("../api/streams/hls/").unwrap().strip_suffix("/manifest.m3u8").unwrap();
    let list = playlist(&stage, id).await;
    let mut bytes = Viewer::get(&stage, &segment(&list)).await;
    assert_eq!((bytes.status(), bytes.header("content-type")), (200, Some("video/mp2t")));
    assert_begins_well(&bytes.rest().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_share_a_stream_and_the_stop_of_one_leaves_the_others() {
    let stage = open().await;
    let ace = stage.station.listed_id(2);
    let (one, other) = (start(&stage, &ace).await, start(&stage, &ace).await);
    assert!(one != other && one.len() >= 32);
    let list = playlist(&stage, &one).await;
    playlist(&stage, &other).await;
    assert!(!list.contains("http") && !list.contains(&ace), "{list}");
    let (_, active) = ask(&stage, "GET", "/api/streams/active", "").await;
    assert_eq!((&active["count"], &active["sessions"][0]["aceId"]), (&2.into(), &ace.as_str().into()));
    let (_, anns) = ask(&stage, "GET", "/api/streams/active?username=ann&password=secret", "").await;
    assert_eq!(anns["count"], 0, "those of others are nobody's business");

    let (_, status) = ask(&stage, "GET", &format!("/api/streams/status/{one}"), "").await;
    let stats = &status["stats"];
    for field in ["peers", "speed_down", "speed_up", "downloaded", "uploaded", "total_progress", "viewers"] {
        assert!(stats[field].is_u64(), "{field}: {status}");
    }
    assert_eq!((&stats["status"], &stats["viewers"]), (&"dl".into(), &2.into()), "{status}");
    assert_eq!((&stats["state"], &stats["browser_playable"]), (&"on_air".into(), &"yes".into()), "{status}");

    // A hundred pages that look every moment.
    let before = stage.station.counts().requests("ace/stat");
    let began = Instant::now();
    for _ in 0..100 {
        assert_eq!(ask(&stage, "GET", &format!("/api/streams/status/{other}"), "").await.0, 200);
    }
    let most = 2 + began.elapsed().as_secs() / 5;
    assert!(
        stage.station.counts().requests("ace/stat") - before <= most,
        "the engine is asked once in 5 seconds"
    );

    assert_eq!(ask(&stage, "GET", &format!("/api/streams/stop/{one}"), "").await.0, 405);
    let (status, stopped) = ask(&stage, "POST", &format!("/api/streams/stop/{one}"), "").await;
    assert_eq!((status, &stopped["success"]), (200, &true.into()));
    for gone in ["hls/{}/manifest.m3u8", "status/{}"] {
        let (status, error) =
            ask(&stage, "GET", &format!("/api/streams/{}", gone.replace("{}", &one)), "").await;
        assert_eq!((status, &error["code"]), (404, &"SESSION_NOT_FOUND".into()), "{error}");
    }
    assert_eq!(ask(&stage, "GET", &segment(&list), "").await.0, 404);
    let list = playlist(&stage, &other).await;
    assert_eq!(Viewer::get(&stage, &segment(&list)).await.status(), 200, "the other goes on");
    let counts = stage.station.counts().ace;
    assert_eq!((counts.starts, counts.stops), (1, 0), "{counts:?}");
    ask(&stage, "POST", &format!("/api/streams/stop/{other}"), "").await;
    eventually("the session is stopped", || stage.station.counts().ace.sessions == 0).await;
    assert_eq!(stage.relay.viewers("*"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_which_nothing_is_asked_ends() {
    let stage = open().await;
    let id = start(&stage, &stage.station.listed_id(3)).await;
    playlist(&stage, &id).await;
    let deadline = Instant::now() + 4 * PATIENCE;
    while stage.relay.viewers("*") > 0 {
        assert!(Instant::now() < deadline, "it ends");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(ask(&stage, "GET", &format!("/api/streams/status/{id}"), "").await.0, 404);
    eventually("the session is stopped", || stage.station.counts().ace.sessions == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_one_form_and_tell_no_address() {
    let stage = open().await;
    for (method, path, status, code) in [
        ("POST", "/api/streams/start/12".to_owned(), 400, "INVALID_ACE_ID"),
        ("GET", format!("/api/streams/status/{OF_NOBODY}"), 404, "SESSION_NOT_FOUND"),
        ("GET", format!("/api/streams/hls/{OF_NOBODY}/manifest.m3u8"), 404, "SESSION_NOT_FOUND"),
        ("GET", format!("/api/streams/proxy/c/{OF_NOBODY}/1.ts"), 404, "SESSION_NOT_FOUND"),
        ("POST", format!("/api/streams/stop/{OF_NOBODY}"), 404, "SESSION_NOT_FOUND"),
        ("POST", format!("/api/streams/status/{OF_NOBODY}"), 405, "VALIDATION_FAILED"),
    ] {
        let (seen, error) = ask(&stage, method, &path, "").await;
        assert_eq!(
            (seen, &error["code"], &error["success"]),
            (status, &code.into(), &false.into()),
            "{path}"
        );
        assert!(error["error"].is_string() && error["details"].is_string() && error["timestamp"].is_string());
        assert!(!error.to_string().contains("http") && !error.to_string().contains("127.0.0.1"), "{error}");
    }
    let (_, health) = ask(&stage, "GET", "/api/health", "").await;
    assert_eq!(health["services"]["aceStream"]["status"], "healthy", "{health}");
    let (status, engine) = ask(&stage, "GET", "/api/health/acestream", "").await;
    assert_eq!((status, &engine), (200, &health["services"]["aceStream"]), "one question for both");
    let code = engine["version_code"].as_u64().unwrap();
    assert!(code > 3_000_000 && engine["last_check"].is_string(), "{engine}");

    // A channel that the engine does not find.
    let id = start(&stage, OF_NOBODY).await;
    let deadline = Instant::now() + PATIENCE;
    let error = loop {
        let path = format!("/api/streams/hls/{id}/manifest.m3u8");
        let (status, error) = ask(&stage, "GET", &path, "").await;
        if status != 503 {
            break (status, error);
        }
        assert!(Instant::now() < deadline, "{error}");
    };
    assert_eq!((error.0, &error.1["details"]), (404, &"content_not_found".into()), "{}", error.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_down_is_said_to_be() {
    let mut plan = Plan::default();
    plan.relay.ace_open = true;
    plan.engine = Some(BaseUrl::new("http://127.0.0.1:9").unwrap());
    let stage = Stage::with(plan).await;
    let (status, error) = ask(&stage, "POST", &format!("/api/streams/start/{OF_NOBODY}"), "").await;
    assert_eq!((status, &error["code"]), (503, &"ENGINE_UNAVAILABLE".into()), "{error}");
    let (status, health) = ask(&stage, "GET", "/api/health", "").await;
    assert_eq!((status, &health["status"]), (503, &"degraded".into()), "{health}");
    let (status, engine) = ask(&stage, "GET", "/api/health/acestream", "").await;
    assert_eq!((status, &engine["error"]), (503, &"engine_unavailable".into()), "{engine}");
    assert!(!error.to_string().contains("127.0.0.1") && !health.to_string().contains("127.0.0.1"));
    let stream = Viewer::get(&stage, &format!("/ace/getstream?id={OF_NOBODY}")).await;
    assert_eq!(stream.status(), 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_clients_who_want_to_know_how_a_channel_is_cost_the_engine_a_question_in_five_seconds() {
    let stage = open().await;
    let ace = stage.station.listed_id(0);
    let session = start(&stage, &ace).await;
    playlist(&stage, &session).await;
    let asked = |endpoint: &str| stage.station.counts().requests(endpoint);
    let watched = format!("/api/streams/status/{session}");
    // Until the first byte it is asked every second: the last of those.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let (before, began) = ((asked("ace/stat"), asked("ace/service")), Instant::now());
    let paths = [watched, format!("/ace/status?id={ace}"), "/api/health".into(), "/status.json".into()];
    let client = |number: usize| {
        let (stage, path) = (&stage, &paths[number % paths.len()]);
        async move {
            for _ in 0..3 {
                assert_eq!(ask(stage, "GET", path, "").await.0, 200, "{path}");
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        }
    };
    futures_util::future::join_all((0..100).map(client)).await;
    let most = 1 + began.elapsed().as_secs() / 5;
    for (endpoint, before) in [("ace/stat", before.0), ("ace/service", before.1)] {
        let questions = asked(endpoint) - before;
        assert!(questions <= most, "{endpoint}: {questions} of {most}");
    }
    assert_eq!(stage.station.counts().ace.starts, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_see_everything_any_more_is_cut() {
    let stage = open().await;
    let listed = stage.station.listed_id(0);
    let path = format!("/ace/getstream?id={listed}&username=ann&password=secret");
    let mut viewer = Viewer::get(&stage, &path).await;
    assert_eq!(viewer.status(), 200);
    viewer.read(10_000).await;
    let sees = || serde_json::from_str(r#"{"groups":["News"]}"#).unwrap();
    stage.users.edit(|all| all.iter_mut().for_each(|user| user.sees = sees())).unwrap();
    eventually("nobody is left", || stage.relay.viewers("ann") == 0).await;
}
