//! Films that their provider has as HLS, whether their lists say so or not.

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

use contract::ticket::pass::{Class, MADE};
use mpegts::{NULL_PACKET, PACKET};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::provider::giving;
use crate::stage::{DEAD_FILM, FILM_OF_TWO, Plan, SEGMENTED, Stage};
use crate::viewer::{Viewer, eventually};
use crate::yielding;

#[tokio::test(flavor = "multi_thread")]
async fn a_film_that_is_hls_is_one_transport_stream_from_its_beginning_whatever_part_is_asked_for() {
    let stage = Stage::new().await;
    let path = |id: u32| format!("/movie/ann/secret/{id}.ts");
    let mut whole = 0;
    for range in ["", "Range: bytes=0-\r\n", "Range: bytes=1000-\r\n", "Range: bytes=-500\r\n"] {
        let asked = format!("{range}Connection: close\r\n");
        let mut viewer = Viewer::ask(&stage, "GET", &path(SEGMENTED), &asked).await;
        assert_eq!((viewer.status(), viewer.header("content-type")), (200, Some("video/mp2t")), "{range}");
        assert_eq!((viewer.header("content-length"), viewer.header("accept-ranges")), (None, None));
        let bytes = viewer.rest().await;
        assert!(bytes.len().is_multiple_of(mpegts::PACKET) && bytes[0] == mpegts::SYNC, "{range}");
        assert!(whole == 0 || whole == bytes.len(), "{range}: {} of {whole}", bytes.len());
        whole = bytes.len();
    }
    let head = Viewer::ask(&stage, "HEAD", &path(SEGMENTED), "").await;
    assert_eq!(
        (head.status(), head.header("content-length"), head.header("accept-ranges")),
        (200, None, None)
    );
    // Whoever watches sees what there is.
    let mut gaps = Viewer::ask(&stage, "GET", &path(SEGMENTED + 1), "Connection: close\r\n").await;
    let seen = gaps.rest().await.len();
    assert!(0 < seen && seen < whole, "{seen} of {whole}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_a_film_of_which_no_file_can_be_made_is_told_what_it_is() {
    let stage = Stage::new().await;
    for (id, what) in [
        (SEGMENTED + 3, "HLS in fragmented MP4"),
        (SEGMENTED + 4, "HLS whose sound has a playlist of its own"),
        (SEGMENTED + 5, "HLS under digital rights management"),
    ] {
        // The second time it is known without asking.
        for _ in 0..2 {
            let path = format!("/movie/ann/secret/{id}.ts");
            let mut viewer = Viewer::ask(&stage, "GET", &path, "Connection: close\r\n").await;
            let (status, said) = (viewer.status(), String::from_utf8(viewer.rest().await).unwrap());
            assert!(status == 415 && said.contains(what) && !said.contains("channel"), "{status} {said}");
        }
    }
}

/// What a provider was asked for: the path, and the range if there was one.
type Asked = Arc<Mutex<Vec<String>>>;

const LIST: &str =
    "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\none.ts\n#EXTINF:4,\ntwo.ts\n#EXT-X-ENDLIST\n";
/// Bytes of both segments.
const SIZE: usize = 2 * 100 * PACKET;

/// An answer whose length is known. A part of a list is given where one is asked for.
pub(crate) fn answer(media_type: &str, body: &[u8], head: &str) -> Vec<u8> {
    let range = head.split("range: bytes=").nth(1).and_then(|range| range.split("\r\n").next());
    let last = range.and_then(|range| range.split_once('-')?.1.parse::<usize>().ok());
    let from = range.and_then(|range| range.split_once('-')?.0.parse::<usize>().ok());
    let (status, range, body) = match from {
        Some(from) if from >= body.len() => {
            ("416 Range Not Satisfiable", format!("Content-Range: bytes */{}\r\n", body.len()), &body[..0])
        }
        Some(from) => {
            let end = last.map_or(body.len(), |last| body.len().min(last + 1));
            let range = format!("Content-Range: bytes {from}-{}/{}\r\n", end - 1, body.len());
            ("206 Partial Content", range, &body[from..end])
        }
        None => ("200 OK", String::new(), body),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: {media_type}\r\n{range}Content-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A provider who has a film as HLS at an address that does not say so. Its list is of this type, which may say nothing
/// either.
async fn disguised(media_type: &'static str, list: &'static str) -> (SocketAddr, Asked) {
    let asked = Asked::default();
    let told = asked.clone();
    let address = giving(move |_, head| {
        let path = head.split(' ').nth(1).unwrap_or("").rsplit('/').next().unwrap_or("");
        let range = head.split("range: ").nth(1).map(|range| range.split("\r\n").next().unwrap_or(""));
        told.lock().unwrap().push(format!("{path} {}", range.unwrap_or("")).trim_end().to_owned());
        match path {
            "film.mp4" => answer(media_type, list.as_bytes(), head),
            _ => answer("video/mp2t", &NULL_PACKET.repeat(100), head),
        }
    });
    (address.await, asked)
}

/// What was asked for since this was called last.
fn taken(asked: &Asked) -> Vec<String> {
    std::mem::take(&mut *asked.lock().unwrap())
}

async fn ask(stage: &Stage, method: &str, headers: &str) -> (u16, Option<String>, usize) {
    let path = format!("/movie/ann/secret/{DEAD_FILM}.mp4");
    let mut viewer = Viewer::ask(stage, method, &path, &format!("{headers}Connection: close\r\n")).await;
    assert_eq!((viewer.header("content-length"), viewer.header("accept-ranges")), (None, None));
    let (status, media_type) = (viewer.status(), viewer.header("content-type").map(str::to_owned));
    let size = if method == "HEAD" { 0 } else { viewer.rest().await.len() };
    (status, media_type, size)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_answers_with_a_playlist_is_hls_whatever_it_is_called() {
    let made = |size| (200, Some("video/mp2t".to_owned()), size);
    for media_type in ["application/octet-stream", "application/x-mpegURL", "video/mp4", "text/plain"] {
        // Whoever asks first finds it out, for a part or for how much there is as for all of it.
        for (method, first, range) in [
            ("GET", "", ""),
            ("GET", "Range: bytes=0-\r\n", " bytes=0-"),
            ("GET", "Range: bytes=0-1\r\n", " bytes=0-255"),
            ("GET", "Range: bytes=-500\r\n", " bytes=0-255"),
            ("HEAD", "", " bytes=0-255"),
        ] {
            let (provider, asked) = disguised(media_type, LIST).await;
            let stage = Stage::with(Plan { dead: Some(provider), ..Plan::default() }).await;
            let size = if method == "HEAD" { 0 } else { SIZE };
            assert_eq!(ask(&stage, method, first).await, made(size), "{media_type} {first}");
            let found = [format!("film.mp4{range}")];
            let rest = ["film.mp4", "one.ts", "two.ts"].map(str::to_owned);
            let all = [&found[..], if method == "HEAD" { &[] } else { &rest }].concat();
            assert_eq!(taken(&asked), all, "{media_type} {first}");
            // From then on it is known.
            assert_eq!(ask(&stage, "GET", "Range: bytes=1000-\r\n").await, made(SIZE));
            assert_eq!(taken(&asked), rest);
            assert_eq!(ask(&stage, "HEAD", "").await, made(0));
            assert_eq!(taken(&asked), Vec::<String>::new());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_whose_list_has_no_end_plays_from_its_beginning_to_the_last_segment_that_there_is() {
    let list = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n1.ts\n#EXTINF:1,\n2.ts\n#EXTINF:1,\n3.ts\n\
                #EXTINF:1,\n4.ts\n#EXTINF:1,\n5.ts\n#EXTINF:1,\n6.ts\n";
    let (provider, _) = disguised("application/x-mpegURL", list).await;
    let stage = Stage::with(Plan { dead: Some(provider), ..Plan::default() }).await;
    let url = format!("http://{}/movie/ann/secret/{DEAD_FILM}.mp4", stage.address);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let film = client.get(url).send().await.unwrap().bytes().await.expect("it ends as it should");
    assert_eq!(film.len(), 3 * SIZE);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_keeps_what_turns_out_to_be_hls_is_told_that_it_is_another_file_than_its_list_says() {
    let (provider, _) = disguised("application/octet-stream", LIST).await;
    let stage = Stage::with(Plan { dead: Some(provider), ..Plan::default() }).await;
    let url = yielding::path(&stage, Class::Background, &format!("{DEAD_FILM}.mp4"));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let kept = client.get(url).header("Range", "bytes=0-").send().await.unwrap();
    assert_eq!((kept.status().as_u16(), kept.headers()[MADE].to_str().unwrap()), (200, "ts"));
    assert_eq!(kept.bytes().await.unwrap().len(), SIZE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_of_what_cannot_be_made_a_file_is_never_given_as_one() {
    let fragments = "#EXTM3U\n#EXT-X-MAP:URI=\"i.mp4\"\n#EXTINF:4,\na.m4s\n#EXT-X-ENDLIST\n";
    for (list, status) in [(fragments, 415), ("#EXTM3U\n", 502)] {
        let (provider, _) = disguised("application/octet-stream", list).await;
        let stage = Stage::with(Plan { dead: Some(provider), ..Plan::default() }).await;
        let path = format!("{DEAD_FILM}.mp4");
        let mut viewer = Viewer::get(&stage, &format!("/movie/ann/secret/{path}")).await;
        assert_eq!(viewer.status(), status);
        assert!(!viewer.rest().await.starts_with(b"#EXTM3U"));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let kept = client.get(yielding::path(&stage, Class::Background, &path)).send().await.unwrap();
        assert_eq!(kept.status().as_u16(), status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_that_was_hls_and_is_a_file_again_plays_the_second_time() {
    let film = vec![7; 300_000];
    let there = film.clone();
    let provider = giving(move |number, head| match (number, head.contains("film.mp4")) {
        (0..4, true) => answer("application/octet-stream", LIST.as_bytes(), head),
        (0..4, false) => answer("video/mp2t", &NULL_PACKET.repeat(100), head),
        _ => answer("video/mp4", &there, head),
    });
    let mut plan = Plan { dead: Some(provider.await), ..Plan::default() };
    plan.relay.failure_memory = std::time::Duration::ZERO;
    let stage = Stage::with(plan).await;
    let path = format!("/movie/ann/secret/{DEAD_FILM}.mp4");
    let get = async || {
        let mut viewer = Viewer::ask(&stage, "GET", &path, "Connection: close\r\n").await;
        (viewer.status(), viewer.rest().await)
    };
    assert_eq!(get().await.1.len(), SIZE);
    assert_eq!(get().await.0, 502);
    assert!(get().await == (200, film));
}

/// Where one film is had that is a file when it is asked for at first, which is answered when somebody says so, and HLS
/// from then on.
async fn replaced(asked: Arc<AtomicUsize>, go: Arc<Notify>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (asked, go) = (asked.clone(), go.clone());
            tokio::spawn(async move {
                let mut head = vec![0; 4096];
                let length = socket.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..length]).to_ascii_lowercase();
                let answer = match (head.contains("film.mp4"), asked.fetch_add(1, SeqCst)) {
                    (_, 0) => {
                        go.notified().await;
                        answer("video/mp4", &[7; 1000], &head)
                    }
                    (true, _) => answer("video/mp4", LIST.as_bytes(), &head),
                    (false, _) => answer("video/mp2t", &NULL_PACKET.repeat(100), &head),
                };
                let _ = socket.write_all(&answer).await;
                let _ = socket.shutdown().await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_given_as_what_was_opened_whatever_is_found_at_its_address_meanwhile() {
    let (asked, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let provider = replaced(asked.clone(), go.clone()).await;
    let stage = Arc::new(Stage::with(Plan { dead: Some(provider), ..Plan::default() }).await);
    let path = format!("/movie/ann/secret/{DEAD_FILM}.mp4");
    let first = tokio::spawn({
        let (stage, path) = (stage.clone(), path.clone());
        async move { Viewer::ask(&stage, "GET", &path, "Connection: close\r\n").await }
    });
    eventually("it is asked for", || asked.load(SeqCst) == 1).await;
    assert_eq!(ask(&stage, "GET", "").await, (200, Some("video/mp2t".to_owned()), SIZE));
    go.notify_one();
    let mut first = first.await.unwrap();
    assert_eq!((first.status(), first.header("content-type")), (200, Some("video/mp4")));
    assert_eq!(first.rest().await.len(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_that_is_called_a_playlist_is_the_film_that_it_is() {
    let film = NULL_PACKET.repeat(1000);
    for (range, from) in [("", 0), ("Range: bytes=0-\r\n", 0), ("Range: bytes=1000-\r\n", 1000)] {
        let there = film.clone();
        let provider = giving(move |_, head| answer("application/vnd.apple.mpegurl", &there, head)).await;
        let stage = Stage::with(Plan { dead: Some(provider), ..Plan::default() }).await;
        let path = format!("/movie/ann/secret/{DEAD_FILM}.mp4");
        let mut viewer = Viewer::ask(&stage, "GET", &path, &format!("{range}Connection: close\r\n")).await;
        assert_eq!(viewer.status(), if range.is_empty() { 200 } else { 206 }, "{range}");
        assert_eq!(viewer.header("content-type"), Some("video/mp4"));
        assert!(viewer.rest().await == film[from..], "{range}");
    }
    // What is called one, and is text wherever it is looked at, is one.
    let (provider, _) = disguised("application/vnd.apple.mpegurl", LIST).await;
    let stage = Stage::with(Plan { dead: Some(provider), ..Plan::default() }).await;
    let made = (200, Some("video/mp2t".to_owned()), SIZE);
    assert_eq!(ask(&stage, "GET", "Range: bytes=20-\r\n").await, made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_may_have_blank_lines_before_it() {
    const AFTER_A_MARK: &str = "\u{feff}\n#EXTM3U\n#EXTINF:4,\none.ts\n#EXTINF:4,\ntwo.ts\n#EXT-X-ENDLIST\n";
    const AFTER_LINES: &str = "\r\n \r\n#EXTM3U\n#EXTINF:4,\none.ts\n#EXTINF:4,\ntwo.ts\n#EXT-X-ENDLIST\n";
    for list in [AFTER_A_MARK, AFTER_LINES] {
        let (provider, _) = disguised("application/octet-stream", list).await;
        let stage = Stage::with(Plan { dead: Some(provider), ..Plan::default() }).await;
        assert_eq!(ask(&stage, "GET", "").await, (200, Some("video/mp2t".to_owned()), SIZE), "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_as_hls_of_which_nothing_comes_is_had_from_the_next_upstream() {
    let refused = "#EXTM3U\n#EXTINF:4,\none.ts\n#EXT-X-ENDLIST\n";
    let empty = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-ENDLIST\n";
    for list in [refused, empty] {
        let provider = giving(move |_, head| match head.contains("film.mp4") {
            true => answer("application/octet-stream", list.as_bytes(), head),
            false => b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
        });
        let stage = Stage::with(Plan { dead: Some(provider.await), ..Plan::default() }).await;
        let viewer = Viewer::get(&stage, &format!("/movie/ann/secret/{FILM_OF_TWO}.mp4")).await;
        assert_eq!((viewer.status(), viewer.header("content-type")), (200, Some("video/mp4")), "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_upstream_is_asked_for_the_same_part_where_the_first_has_hls_and_is_busy() {
    let provider = giving(|number, head| match number {
        0 => answer("application/octet-stream", LIST.as_bytes(), head),
        _ => b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
    });
    let stage = Stage::with(Plan { dead: Some(provider.await), ..Plan::default() }).await;
    let path = format!("/movie/ann/secret/{FILM_OF_TWO}.mp4");
    Viewer::ask(&stage, "HEAD", &path, "").await;
    let viewer = Viewer::ask(&stage, "GET", &path, "Range: bytes=1000-\r\n").await;
    assert_eq!(viewer.status(), 206);
    assert!(viewer.header("content-range").unwrap().starts_with("bytes 1000-"));
}
