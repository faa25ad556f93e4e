//! The Ace Stream engine.

use std::time::Duration;

use reqwest::{Response, header};
use serde_json::Value;
use station::{AceSettings, Fault, Settings, Station, Target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{client, eventually, fast, get, json, read, start, staying, text};

/// Starts the first channel as `selector` says; the whole document.
async fn begin(station: &Station, selector: &str) -> Value {
    json(&format!("{}/ace/getstream?format=json&{selector}", station.engine_url())).await
}

async fn begun(station: &Station, player: &str) -> Value {
    let started = begin(station, &format!("id={}&pid={player}", station.content_id(0))).await;
    assert!(started["error"].is_null(), "{started}");
    started["response"].clone()
}

fn url<'a>(session: &'a Value, name: &str) -> &'a str {
    session[name].as_str().unwrap()
}

async fn stat(session: &Value) -> Value {
    json(url(session, "stat_url")).await
}

async fn stop(session: &Value) -> Value {
    json(&format!("{}?method=stop", url(session, "command_url"))).await
}

async fn set(station: &Station, content: &str) {
    let id = station.catalogue().live_id(0);
    let control = format!("{}/_station/ace?channel={id}&content={content}", station.url());
    assert_eq!(client().post(control).send().await.unwrap().status(), 200);
}

/// How a stream ends: cleanly, or with an error.
async fn ended(mut answer: Response) -> bool {
    loop {
        match answer.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

#[tokio::test]
async fn the_engine_says_its_version_and_nothing_private() {
    let station = start(fast()).await;
    let version = json(&format!("{}/webui/api/service?method=get_version", station.engine_url())).await;
    assert_eq!(
        version,
        serde_json::json!({"result": {"version": "3.2.3", "code": 3_020_300, "platform": "linux"}, "error": null})
    );
    let api = |query: String| {
        let url = format!("{}/server/api?api_version=3&method={query}", station.engine_url());
        async move { json(&url).await }
    };
    assert_eq!(api("get_version".into()).await["error"]["message"], "access denied");
    let (id, infohash) = (station.content_id(2), station.infohash(2));
    assert!(id != infohash && id.len() == 40 && infohash.len() == 40);
    assert_eq!(api(format!("get_content_id&infohash={infohash}")).await["result"]["content_id"], *id);
    let files = api(format!("get_media_files&content_id={id}")).await;
    assert_eq!(files["result"]["type"], "live");
    assert_eq!(files["result"]["infohash"], *infohash);
    assert!(files["result"]["name"].as_str().unwrap().contains("http://"));
    let unknown = api(format!("get_media_files&content_id={}", "0".repeat(40))).await;
    assert_eq!(unknown["error"]["message"], "cannot get transport file");
    assert_eq!(station.counts().ace.starts, 0);
}

#[tokio::test]
async fn a_start_leads_to_television_and_a_stop_ends_it_cleanly() {
    let station = start(Settings::default()).await;
    let session = begun(&station, "a").await;
    assert!(url(&session, "playback_url").starts_with(&format!("{}/ace/r/", station.engine_url())));
    assert_eq!(session["infohash"], *station.infohash(0));
    assert!(session.get("event_url").is_none());
    let answer = staying().get(url(&session, "playback_url")).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    assert!(answer.headers()[header::LOCATION].to_str().unwrap().contains("/content/"));
    let mut media = get(url(&session, "playback_url")).await;
    assert_eq!(media.headers()[header::CONTENT_TYPE], "video/mp2t");
    // The burst comes at once.
    assert_eq!(read(&mut media, 400_000).await[0], 0x47);
    assert_eq!(stat(&session).await["response"], serde_json::json!({}));
    let told = stat(&session).await["response"].clone();
    assert_eq!(
        (&told["status"], &told["playback_session_id"]),
        (&"dl".into(), &session["playback_session_id"])
    );
    assert!(told["downloaded"].as_u64() > Some(300_000) && told["speed_down"].as_u64() == Some(244));
    assert_eq!(stop(&session).await, serde_json::json!({"response": "ok", "error": null}));
    assert!(ended(media).await, "a stop is a clean end");
    assert_eq!(stop(&session).await["error"], "unknown playback session id");
    assert_eq!(stat(&session).await["error"], "unknown playback session id");
    assert_eq!(get(url(&session, "playback_url")).await.status(), 500);
    let counts = station.counts();
    assert_eq!((counts.ace.starts, counts.ace.stops, counts.ace.sessions), (1, 1, 0));
    assert_eq!((counts.ace.readers_peak, counts.requests("ace/stat"), counts.requests("ace/cmd")), (1, 3, 2));
    eventually(|| station.counts().ace.readers == 0).await;
}

#[tokio::test]
async fn without_json_a_start_redirects() {
    let station = start(fast()).await;
    let start = format!("{}/ace/getstream?infohash={}", station.engine_url(), station.infohash(0));
    let mut media = get(&start).await;
    assert!(media.url().path().starts_with("/content/"));
    assert_eq!(read(&mut media, 188).await[0], 0x47);
    let unknown = format!("{}/ace/getstream?infohash={}", station.engine_url(), "0".repeat(40));
    assert_eq!(get(&unknown).await.status(), 500);
    assert_eq!(get(&format!("{}/ace/getstream?format=json", station.engine_url())).await.status(), 500);
}

#[tokio::test]
async fn a_newer_start_supersedes_whoever_the_player_is() {
    let station = start(Settings::default()).await;
    let old = begun(&station, "a").await;
    let again = begun(&station, "a").await;
    assert_eq!(old["command_url"], again["command_url"]);
    let mut media = get(url(&old, "playback_url")).await;
    read(&mut media, 1000).await;
    let new = begun(&station, "b").await;
    assert_ne!(old["command_url"], new["command_url"]);
    assert!(!ended(media).await, "a superseded reader is cut");
    assert_eq!(get(url(&old, "playback_url")).await.status(), 403);
    stat(&new).await;
    // Both are told of the newer session, and stopping either ends both.
    assert_eq!(stat(&old).await["response"]["playback_session_id"], new["playback_session_id"]);
    assert_eq!(stop(&old).await["response"], "ok");
    assert_eq!(stat(&new).await["error"], "unknown playback session id");
    let counts = station.counts().ace;
    assert_eq!((counts.starts, counts.superseded, counts.stops, counts.sessions_peak), (3, 1, 1, 1));
}

#[tokio::test]
async fn players_without_a_name_stop_each_other_over_different_contents() {
    let station = start(fast()).await;
    let first = begin(&station, &format!("id={}", station.content_id(0))).await["response"].clone();
    let named = begin(&station, &format!("id={}&pid=a", station.content_id(1))).await["response"].clone();
    begin(&station, &format!("id={}", station.content_id(2))).await;
    assert_eq!(get(url(&first, "playback_url")).await.status(), 403);
    assert_eq!(get(url(&named, "playback_url")).await.status(), 200);
    assert_eq!(station.counts().ace.sessions, 2);
}

#[tokio::test]
async fn a_second_reader_gets_two_status_lines_and_the_first_goes_on() {
    let station = start(Settings::default()).await;
    let session = begun(&station, "a").await;
    let mut media = get(url(&session, "playback_url")).await;
    read(&mut media, 1000).await;
    let authority = station.engine_url().replace("http://", "");
    let path = media.url().path().to_owned();
    let mut socket = tokio::net::TcpStream::connect(&authority).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\nHTTP/1.1 500 "), "{answer}");
    assert!(client().get(url(&session, "playback_url")).send().await.is_err(), "no client can read it");
    assert!(read(&mut media, 400_000).await.len() >= 400_000);
    assert_eq!((station.counts().ace.conflicts, station.counts().ace.readers_peak), (2, 1));
}

#[tokio::test]
async fn hls_has_many_readers_and_numbers_from_zero() {
    let station = start(fast()).await;
    let start =
        format!("{}/ace/manifest.m3u8?format=json&id={}", station.engine_url(), station.content_id(0));
    let session = json(&start).await["response"].clone();
    let playlist = text(url(&session, "playback_url")).await;
    let segments: Vec<&str> = playlist.lines().filter(|line| line.starts_with("http://")).collect();
    assert!(playlist.contains("#EXT-X-MEDIA-SEQUENCE:0\n") && playlist.contains("#EXT-X-TARGETDURATION:6\n"));
    assert!(segments.len() == 3 && segments[0].ends_with("/0.ts") && segments[0].contains("/ace/c/"));
    let (one, two) = (get(segments[1]).await, get(segments[1]).await);
    assert_eq!(one.bytes().await.unwrap(), two.bytes().await.unwrap());
    assert_eq!(get(&segments[1].replace("/1.ts", "/99.ts")).await.status(), 404);
    // Another form of the same content supersedes, too.
    begun(&station, "a").await;
    assert_eq!(get(url(&session, "playback_url")).await.status(), 403);
    assert_eq!(get(segments[1]).await.status(), 403);
}

#[tokio::test]
async fn statistics_do_not_keep_a_session_alive() {
    let ace = AceSettings { idle: Duration::from_millis(300), ..AceSettings::default() };
    let station = start(Settings { ace, ..Settings::default() }).await;
    let session = begun(&station, "a").await;
    let mut gone = false;
    for _ in 0..200 {
        gone = stat(&session).await["error"] == "unknown playback session id";
        if gone {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(gone);
    assert_eq!(get(url(&session, "playback_url")).await.status(), 500);
    let session = begun(&station, "b").await;
    let mut media = get(url(&session, "playback_url")).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(read(&mut media, 1000).await.len() >= 1000, "a reader keeps it");
    assert_eq!((station.counts().ace.expired, station.counts().ace.sessions), (1, 1));
}

#[tokio::test]
async fn a_listed_id_may_be_an_infohash() {
    let station = start(fast()).await;
    let listed = station.listed_id(4);
    assert_eq!(listed, station.infohash(4));
    assert_eq!(begin(&station, &format!("id={listed}&pid=a")).await["error"], "failed to load content");
    assert!(begin(&station, &format!("infohash={listed}&pid=a")).await["error"].is_null());
    let page = text(&format!("{}/pages/channels.m3u", station.url())).await;
    assert!(page.contains(&format!("acestream://{listed}\n")));
}

#[tokio::test]
async fn a_start_can_go_wrong_in_every_way() {
    let station = start(fast()).await;
    let id = station.content_id(0);
    for (content, expected) in [("failed", "failed to load content"), ("option", "premium")] {
        set(&station, content).await;
        let told = begin(&station, &format!("id={id}&pid=a")).await;
        assert!(told["error"].as_str().unwrap().contains(expected), "{told}");
    }
    set(&station, "infohash").await;
    assert_eq!(begin(&station, &format!("id={id}")).await["error"], "failed to load content");
    assert!(begin(&station, &format!("infohash={}", station.infohash(0))).await["error"].is_null());
    set(&station, "null").await;
    assert!(begin(&station, &format!("id={id}")).await["response"].get("playback_url").is_none());
    let url = format!("{}/ace/getstream?format=json&id={id}", station.engine_url());
    set(&station, "unavailable").await;
    assert_eq!(get(&url).await.status(), 503);
    set(&station, "refuse").await;
    assert!(client().get(&url).send().await.is_err());
    set(&station, "loop").await;
    let session = begun(&station, "a").await;
    let looped = client().get(session["playback_url"].as_str().unwrap()).send().await;
    assert!(looped.is_err_and(|error| error.is_redirect()));
    assert_eq!(begin(&station, "id=nonsense").await["error"], "failed to load content");
}

#[tokio::test]
async fn media_can_be_late_absent_silent_or_cut() {
    let station = start(Settings::default()).await;
    set(&station, "first:400").await;
    let began = std::time::Instant::now();
    let session = begun(&station, "a").await;
    stat(&session).await;
    assert_eq!(stat(&session).await["response"]["status"], "prebuf");
    get(url(&session, "playback_url")).await;
    assert!(began.elapsed() >= Duration::from_millis(400), "the head, too, is late");
    set(&station, "no-peers").await;
    let session = begun(&station, "b").await;
    stat(&session).await;
    let told = stat(&session).await["response"].clone();
    assert_eq!((&told["peers"], &told["downloaded"]), (&0.into(), &0.into()));
    let waiting = tokio::spawn(client().get(url(&session, "playback_url")).send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    stop(&session).await;
    assert!(ended(waiting.await.unwrap().unwrap()).await);
    set(&station, "stall:100000").await;
    let session = begun(&station, "c").await;
    let mut media = get(url(&session, "playback_url")).await;
    assert_eq!(read(&mut media, 100_000).await.len(), 100_000);
    assert!(tokio::time::timeout(Duration::from_millis(300), media.chunk()).await.is_err());
    stat(&session).await;
    assert_eq!(stat(&session).await["response"]["status"], "buf");
    set(&station, "cut:100000,meta:100").await;
    let session = begun(&station, "d").await;
    assert!(!ended(get(url(&session, "playback_url")).await).await);
    set(&station, "backlog:30").await;
    let session = begun(&station, "e").await;
    assert!(read(&mut get(url(&session, "playback_url")).await, 7_000_000).await.len() >= 7_000_000);
}

#[tokio::test]
async fn events_tell_what_happens() {
    let station = start(Settings::default()).await;
    set(&station, "lost-option").await;
    let selector = format!("id={}&pid=a&use_api_events=1", station.content_id(0));
    let session = begin(&station, &selector).await["response"].clone();
    let event = json(url(&session, "event_url")).await;
    assert_eq!(event["response"], serde_json::json!({"name": "live_changed", "params": {"is_live": 1}}));
    assert!(ended(get(url(&session, "playback_url")).await).await);
    let event = json(url(&session, "event_url")).await;
    let event: Value = serde_json::from_str(event["response"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&event["name"], &event["params"]["reason"]),
        (&"download_stopped".into(), &"missing_option".into())
    );
    let waiting = tokio::spawn(client().get(url(&session, "event_url")).send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    stop(&session).await;
    let last: Value = serde_json::from_str(&waiting.await.unwrap().unwrap().text().await.unwrap()).unwrap();
    assert_eq!(last["error"], "unknown playback session id");
}

#[tokio::test]
async fn an_engine_may_hang_and_believe_to_be_elsewhere() {
    let ace = AceSettings { announce: Some("http://engine.invalid:6878".into()), ..AceSettings::default() };
    let station = start(Settings { ace, ..fast() }).await;
    let session = begun(&station, "a").await;
    assert!(url(&session, "playback_url").starts_with("http://engine.invalid:6878/ace/r/"));
    let command = url(&session, "command_url").replace("http://engine.invalid:6878", &station.engine_url());
    station.set_fault(Target::Action("ace/cmd".into()), Fault::Mute);
    let hung = client().get(format!("{command}?method=stop")).send();
    assert!(tokio::time::timeout(Duration::from_millis(300), hung).await.is_err());
    assert_eq!((station.counts().ace.sessions, station.counts().ace.stops), (1, 0));
    station.reset();
    assert_eq!((station.counts().ace.sessions, station.counts().ace.starts), (1, 0));
    assert_eq!(json(&format!("{command}?method=stop")).await["response"], "ok");
}
