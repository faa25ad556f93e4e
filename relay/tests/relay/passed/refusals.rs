//! What is not given, and how that is said.

use std::time::{SystemTime, UNIX_EPOCH};

use contract::ticket::{Key, LIFETIME, Ticket};
use contract::user::PasswordHash;

use super::player::{CHANNEL, Playlist, address, bytes, plan, stage};
use crate::provider::{dripping, ok};
use crate::stage::{LIVE, Plan, Stage};
use crate::viewer::{Viewer, eventually};

const LIST: &str = "/made.m3u8";

/// A stage whose channel is a playlist that the test wrote.
async fn published(text: &[u8]) -> Stage {
    let stage = Stage::with(Plan { origins: vec![LIST.into()], ..Plan::default() }).await;
    stage.station.publish(LIST, text.to_vec(), "application/vnd.apple.mpegurl", None);
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_and_references_open_what_they_are_for_and_nothing_else() {
    let mut plan = plan("fmp4");
    plan.origins.push("fmp4".into());
    let stage = Stage::with(plan).await;
    let one = Playlist::get(&stage, &address("ann")).await;
    let two = Playlist::get(&stage, &format!("/live/ann/secret/{}.m3u8", CHANNEL + 1)).await;
    let ticket = |playlist: &Playlist| playlist.references()[0].split('/').nth(2).unwrap().to_owned();
    let (own, foreign) = (one.references()[0].clone(), two.references()[0].clone());
    let before = stage.station.counts().requests("segment");
    let mut forged: Vec<char> = ticket(&one).chars().collect();
    forged[8] = if forged[8] == 'A' { 'B' } else { 'A' };
    let forged: String = forged.into_iter().collect();
    let name = own.rsplit('/').next().unwrap();
    let other: String = name.chars().rev().skip(4).collect::<String>() + ".m4s";
    for (path, status) in [
        (own.replace(&ticket(&one), &forged), 403),
        (own.replace(&ticket(&one), "nonsense"), 404),
        (foreign.replace(&ticket(&two), &ticket(&one)), 404),
        (own.replace(name, &other), 404),
        (own.replace("/s/", "/k/"), 404),
        (own.replace("/s/", "/p/"), 404),
        (own.replace("/s/", "/x/"), 404),
        (format!("/hls/{}/s/http%3A%2F%2F127.0.0.1%2F.ts", ticket(&one)), 404),
    ] {
        let viewer = Viewer::get(&stage, &path).await;
        assert_eq!(viewer.status(), status, "{path}");
        assert_eq!(viewer.header("access-control-allow-origin"), Some("*"), "{path}");
    }
    let after = stage.station.counts();
    assert!(after.requests("segment") - before <= 8, "only what is fetched ahead");
    stage.users.edit(|users| users.retain(|user| user.name != "ann")).unwrap();
    eventually("who is removed is out", || stage.relay.viewers("ann") == 0).await;
    assert_eq!(Viewer::get(&stage, &own).await.status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_good_for_its_time_its_channel_and_its_viewer_and_nobody_is_asked_for_another() {
    let mut plan = plan("fmp4");
    plan.origins.push("fmp4".into());
    let stage = Stage::with(plan).await;
    let list = Playlist::get(&stage, &address("ann")).await;
    let segment = list.references()[0].clone();
    let own = segment.split('/').nth(2).unwrap().to_owned();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (key, ann) = (Key::load(&stage.data.key()).unwrap(), stage.users.find("ann").unwrap());
    let mut renamed = (*ann).clone();
    renamed.name = "bob".into();
    let before = stage.station.counts();
    for (why, ticket, status) in [
        ("its time is over", Ticket::new(&key, &ann, CHANNEL, now - u64::from(LIFETIME) - 1).sign(&key), 403),
        ("signed by somebody else", Ticket::new(&key, &ann, CHANNEL, now).sign(&Key::random()), 403),
        ("of nobody here", Ticket::new(&key, &renamed, CHANNEL, now).sign(&key), 403),
        ("for something that is no channel", Ticket::new(&key, &ann, 77_777, now).sign(&key), 404),
        ("for another channel", Ticket::new(&key, &ann, CHANNEL + 1, now).sign(&key), 503),
    ] {
        let viewer = Viewer::get(&stage, &segment.replace(&own, &ticket)).await;
        assert_eq!(viewer.status(), status, "{why}");
    }
    let after = stage.station.counts();
    let polls = |counts: &station::Counts| counts.channel(stage.origin(0)).requests;
    assert!(polls(&after) <= polls(&before) + 8 && after.accounts["station"].peak <= 2, "{after:?}");
    // A password that is changed ends what was given for the one before.
    stage.users.edit(|users| users[0].password = PasswordHash::new("other")).unwrap();
    eventually("it is noticed", || stage.users.check("ann", "other").is_some()).await;
    let ticket = Ticket::new(&key, &ann, CHANNEL, now).sign(&key);
    assert_eq!(Viewer::get(&stage, &segment.replace(&own, &ticket)).await.status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_comes_byte_by_byte_holds_up_the_rest_for_a_while_and_not_for_ever() {
    let provider = dripping(|path| match path {
        "/list.m3u8" => {
            let list = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"init.mp4\"\n\
                        #EXTINF:2,\nslow.m4s\n#EXTINF:2,\nquick.m4s\n";
            (ok(list.as_bytes()), Vec::new())
        }
        "/slow.m4s" => (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_vec(), vec![0; 10]),
        _ => (ok(b"a piece"), Vec::new()),
    });
    let plan = Plan { before: vec![provider.await], origins: vec!["/list.m3u8".into()], ..Plan::default() };
    let stage = Stage::with(plan).await;
    let playlist = Playlist::get(&stage, &address("ann")).await;
    let [slow, quick] = &playlist.references()[..] else { panic!("{}", playlist.text) };
    assert_eq!(Viewer::get(&stage, slow).await.status(), 200, "it begins");
    assert_eq!(bytes(&stage, quick).await, b"a piece");
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_below_the_login_lead_into_what_the_viewer_watches_and_nowhere_else() {
    let stage = stage("fmp4").await;
    let playlist = Playlist::get(&stage, &address("ann")).await;
    let segment = playlist.references().pop().unwrap();
    let expected = bytes(&stage, &segment).await;
    let tail = segment.rsplit("/s/").next().unwrap();
    for path in [format!("/live/ann/secret{segment}"), format!("/live/ann/secret/s/{tail}")] {
        assert_eq!(bytes(&stage, &path).await, expected, "{path}");
    }
    let init = bytes(&stage, &playlist.uri("EXT-X-MAP").unwrap()).await;
    assert_eq!(bytes(&stage, "/live/ann/secret/init.mp4").await, init, "as the provider calls it");
    for (path, status) in [
        ("/live/ann/wrong/s/x.m4s".to_owned(), 403),
        (format!("/live/bob/secret/s/{tail}"), 404),
        ("/live/ann/secret/s/AAAAAAAAAAAAAAAAAAAAAA.m4s".into(), 404),
        ("/live/ann/secret/http://127.0.0.1/x.ts".into(), 404),
        ("/live/ann/secret/http%3A%2F%2F169.254.169.254%2F".into(), 404),
        ("/live/ann/secret/../../../etc/passwd".into(), 404),
    ] {
        assert_eq!(Viewer::get(&stage, &path).await.status(), status, "{path}");
    }
    let fetched = stage.station.counts().fetched;
    let index = format!("{}/index", stage.there(LIVE));
    assert!(fetched.iter().all(|(name, times)| *name == index || *times == 1), "{fetched:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_leads_to_nothing_in_our_house() {
    let elsewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = elsewhere.local_addr().unwrap();
    let text = format!(
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"http://{place}/init.mp4\"\n\
         #EXT-X-KEY:METHOD=AES-128,URI=\"http://169.254.169.254/key\"\n\
         #EXTINF:4,\nhttp://{place}/1.m4s\n#EXTINF:4,\nhttp://169.254.169.254/latest/meta-data\n\
         #EXTINF:4,\nhttp://[::ffff:10.0.0.1]/2.m4s\n#EXTINF:4,\nhttp://localhost:{}/3.m4s\n",
        place.port()
    );
    let stage = published(text.as_bytes()).await;
    let playlist = Playlist::get(&stage, &address("ann")).await;
    let paths = playlist.references().into_iter();
    for path in paths.chain([playlist.uri("EXT-X-KEY").unwrap(), playlist.uri("EXT-X-MAP").unwrap()]) {
        assert_eq!(Viewer::get(&stage, &path).await.status(), 503, "{path}");
    }
    let reached = tokio::time::timeout(std::time::Duration::from_millis(100), elsewhere.accept()).await;
    assert!(reached.is_err(), "nobody was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_playlist_is_refused() {
    let segments = "#EXTINF:4,\nsegment-of-a-very-long-list.ts\n".repeat(10 * 1024 * 1024 / 42);
    for text in ["<html>Not on air</html>".to_owned(), String::new(), format!("#EXTM3U\n{segments}")] {
        let stage = published(text.as_bytes()).await;
        let mut viewer = Viewer::get(&stage, &address("ann")).await;
        assert_eq!(viewer.status(), 502);
        assert!(!String::from_utf8(viewer.rest().await).unwrap().contains("127.0.0.1"));
        eventually("no seat is kept for it", || stage.relay.viewers("ann") == 0).await;
    }
    let clip = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nexpired.ts\n#EXT-X-ENDLIST\n";
    assert_eq!(Viewer::get(&published(clip.as_bytes()).await, &address("ann")).await.status(), 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_ranges_and_head_get_what_they_need() {
    let mut plan = plan("fmp4,nth:3:status:404");
    plan.station.window = 20; // enough for a list that is worth packing
    let stage = Stage::with(plan).await;
    let ask = |method: &'static str, path: &str, headers: &str| {
        let (path, headers, stage) = (path.to_owned(), headers.to_owned(), &stage);
        async move { Viewer::ask(stage, method, &path, &headers).await }
    };
    let playlist = Playlist::get(&stage, &address("ann")).await;
    let preflight =
        ask("OPTIONS", &playlist.references()[0], "Access-Control-Request-Private-Network: true\r\n").await;
    assert_eq!(preflight.status(), 204);
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-headers", "range, content-type, authorization"),
        ("access-control-max-age", "86400"),
        ("access-control-allow-private-network", "true"),
    ] {
        assert_eq!(preflight.header(name), Some(value), "{name}");
    }
    assert!(preflight.header("access-control-allow-methods").unwrap().contains("head"));
    let (mut missing, mut whole) = (0, Vec::new());
    let mut path = String::new();
    for (number, segment) in playlist.numbered() {
        let viewer = Viewer::get(&stage, &segment).await;
        assert_eq!(viewer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(viewer.header("cross-origin-resource-policy"), Some("cross-origin"));
        assert_eq!(viewer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(
            viewer.header("set-cookie").or(viewer.header("location")).or(viewer.header("server")),
            None
        );
        match number % 3 {
            0 => {
                assert_eq!(viewer.status(), 404);
                missing += 1;
            }
            _ => (whole, path) = (bytes(&stage, &segment).await, segment),
        }
    }
    assert!(missing > 0 && !whole.is_empty());
    let size = whole.len();
    let mut part = ask("GET", &path, "Range: bytes=10-19\r\n").await;
    assert_eq!((part.status(), part.header("content-range")), (206, Some(&*format!("bytes 10-19/{size}"))));
    assert_eq!(part.rest().await, whole[10..20]);
    let behind = ask("GET", &path, &format!("Range: bytes={size}-\r\n")).await;
    assert_eq!((behind.status(), behind.header("content-range")), (416, Some(&*format!("bytes */{size}"))));
    let head = ask("HEAD", &path, "").await;
    assert_eq!((head.status(), head.header("content-length")), (200, Some(&*size.to_string())));
    assert_eq!(
        (head.header("content-type"), head.header("accept-ranges")),
        (Some("video/mp4"), Some("bytes"))
    );
    let cache = head.header("cache-control").unwrap();
    assert!(cache.starts_with("private, max-age=") && cache.ends_with(", immutable"), "{cache}");
    let same = ask("GET", &path, &format!("If-None-Match: {}\r\n", head.header("etag").unwrap())).await;
    assert_ne!(same.status(), 500);
    // A range of a list that grows means nothing.
    assert_eq!(ask("GET", &address("ann"), "Range: bytes=0-9\r\n").await.status(), 200);
    let packed = ask("GET", &address("ann"), "Accept-Encoding: gzip\r\n").await;
    assert_eq!((packed.status(), packed.header("content-encoding")), (200, Some("gzip")));
    assert_eq!(ask("HEAD", &address("ann"), "").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_silent_is_waited_for_and_then_said_to_be() {
    let mut plan = plan("fmp4");
    plan.origins.push("fmp4".into());
    let stage = Stage::with(plan).await;
    let (path, other) = (address("bob"), format!("/live/bob/secret/{}.m3u8", CHANNEL + 1));
    Playlist::get(&stage, &path).await;
    Playlist::get(&stage, &other).await; // and the first one is nobody's any more
    stage.station.set_fault(stage.origin(0), station::Fault::Stall(0));
    let viewer = Viewer::get(&stage, &path).await;
    assert_eq!((viewer.status(), viewer.header("retry-after")), (503, Some("1")));
    stage.station.clear_fault(stage.origin(0));
    let deadline = std::time::Instant::now() + crate::viewer::PATIENCE;
    while Viewer::get(&stage, &path).await.status() != 200 {
        assert!(std::time::Instant::now() < deadline);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}
