//! Every way in which a provider may make its HLS.

use std::sync::{Arc, Mutex};

use hls_m3u8::MediaPlaylist;

use super::player::{CHANNEL, Playlist, address, bytes, plan, stage, there, until};
use crate::provider::{giving, ok};
use crate::stage::{DEAD, LIVE, Plan, Stage};
use crate::viewer::Viewer;

/// The segments of a channel are what the provider has under the same numbers.
async fn assert_plays(stage: &Stage, quirks: &str, extension: &str) {
    let playlist = Playlist::segments_of(stage, &address("ann")).await;
    let folder = stage.station.origin_url("fmp4", stage.there(LIVE)).replace("index.m3u8", "");
    for (number, path) in playlist.numbered().into_iter().take(2) {
        assert!(path.ends_with(extension), "{path}");
        let expected = there(&format!("{folder}{number}.{extension}")).await;
        assert_eq!(bytes(stage, &path).await, expected, "{quirks}: segment {number}");
    }
    let init = playlist.uri("EXT-X-MAP").unwrap();
    assert_eq!(bytes(stage, &init).await, there(&format!("{folder}init.mp4")).await, "{quirks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_way_a_playlist_refers_to_segments_they_play() {
    for quirks in [
        "fmp4",
        "fmp4,absolute",
        "fmp4,network",
        "fmp4,rooted",
        "fmp4,dots",
        "fmp4,query",
        "fmp4,spaces",
        "fmp4,fragment",
        "fmp4,define",
        "fmp4,gzip",
        "fmp4,gzip-untold",
        "fmp4,crlf,bom",
        "fmp4,cookie",
        "fmp4,rotating",
        "fmp4,comments,new",
        "fmp4,loose",
    ] {
        assert_plays(&stage(quirks).await, quirks, "m4s").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_with_sound_of_its_own_plays_both() {
    let stage = stage("audio,fmp4").await;
    let master = Playlist::get(&stage, &address("ann")).await;
    assert!(master.text.contains("AUDIO=\"sound\"") && master.text.contains("NAME=\"English, original\""));
    let sound = Playlist::get(&stage, &master.uri("EXT-X-MEDIA").unwrap()).await;
    let picture = Playlist::get(&stage, &master.references()[0]).await;
    for playlist in [sound, picture] {
        assert!(bytes(&stage, &playlist.references()[0]).await.len() > 100);
    }
    assert_eq!(stage.relay.viewers("ann"), 1);
    assert_eq!(stage.station.counts().channel(stage.there(LIVE)).sending_peak, 1, "one after the other");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_variants_that_somebody_watches_are_read() {
    let stage = stage("master,fmp4").await;
    let master = Playlist::get(&stage, &address("ann")).await;
    assert_eq!(master.tags("#EXT-X-STREAM-INF").len(), 3);
    let others = || {
        let fetched = stage.station.counts().fetched.into_iter();
        fetched.filter(|(file, _)| !file.contains("/high/")).collect::<Vec<_>>()
    };
    let before = others();
    let path = &master.references()[1];
    let playlist = Playlist::get(&stage, path).await;
    bytes(&stage, &playlist.references()[0]).await;
    let last = *playlist.numbered().last_key_value().unwrap().0;
    until(&stage, path, |playlist| *playlist.numbered().last_key_value().unwrap().0 > last + 1).await;
    assert_eq!(others(), before, "nobody watches the others, and the master does not change");
}

#[tokio::test(flavor = "multi_thread")]
async fn byte_ranges_play_and_their_resource_keeps_its_reference() {
    for quirks in ["fmp4,range", "fmp4,range-ignored"] {
        let stage = stage(quirks).await;
        let playlist = Playlist::get(&stage, &address("ann")).await;
        let ranges = playlist.tags("#EXT-X-BYTERANGE:");
        assert!(ranges.iter().any(|range| !range.contains('@')), "{}", playlist.text);
        let (mut start, mut resource) = (0, String::new());
        let folder = stage.station.origin_url("fmp4", stage.there(LIVE)).replace("index.m3u8", "");
        for (range, (number, path)) in ranges.iter().zip(playlist.numbered()).take(5) {
            let range = range.split_once(':').unwrap().1;
            let (length, offset) = range.split_once('@').unwrap_or((range, ""));
            let length: u64 = length.parse().unwrap();
            start = offset.parse().unwrap_or(start);
            assert!(!offset.is_empty() || path == resource, "what goes on goes on in the same resource");
            let header = format!("Range: bytes={start}-{}\r\n", start + length - 1);
            let mut part = Viewer::ask(&stage, "GET", &path, &header).await;
            assert_eq!(part.status(), 206);
            let said = format!("bytes {start}-{}/*", start + length - 1);
            assert_eq!(part.header("content-range"), Some(said.as_str()));
            assert_eq!(part.rest().await, there(&format!("{folder}{number}.m4s")).await, "{quirks} {number}");
            // The answer ends where the listed part does.
            let more = format!("Range: bytes={}-{}\r\n", start + 1, start + length + 999);
            let mut more = Viewer::ask(&stage, "GET", &path, &more).await;
            assert_eq!((more.status(), more.rest().await.len() as u64), (206, length - 1));
            (start, resource) = (start + length, path);
        }
        let before = stage.station.counts().requests("segment");
        for other in ["Range: bytes=9999999999-9999999999\r\n", "Range: bytes=-500\r\n", ""] {
            let part = Viewer::ask(&stage, "GET", &resource, other).await;
            assert_eq!(part.status(), 404, "{quirks}: {other}, which nothing lists");
        }
        let after = stage.station.counts().requests("segment");
        assert!(after <= before + 3, "only what is fetched ahead: {before} {after}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_segments_and_their_keys_are_passed_on_as_they_are() {
    let stage = stage("fmp4,aes").await;
    let playlist = Playlist::get(&stage, &address("ann")).await;
    let key = playlist.uri("EXT-X-KEY").unwrap();
    let mut viewer = Viewer::get(&stage, &key).await;
    assert_eq!((viewer.status(), viewer.header("cache-control")), (200, Some("no-store")));
    assert_eq!(viewer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(viewer.rest().await.len(), 16);
    assert!(!playlist.text.contains("IV="), "the number is the vector, and it is unchanged");
    let (number, path) = playlist.numbered().pop_first().unwrap();
    let url = stage.station.origin_url("fmp4,aes", stage.there(LIVE));
    let expected = there(&url.replace("index.m3u8", &format!("{number}.m4s"))).await;
    assert_eq!(bytes(&stage, &path).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_drm_systems_are_the_players_business() {
    let stage = Stage::with(Plan { origins: vec!["/drm.m3u8".into()], ..Plan::default() }).await;
    let keys = "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://key-1\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n\
                #EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,AAAAAA==\"";
    let text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n{keys}\n#EXTINF:4,\n1.m4s\n");
    stage.station.publish("/drm.m3u8", text, "text/plain", None);
    let playlist = Playlist::get(&stage, &address("ann")).await;
    assert!(playlist.text.contains(keys), "{}", playlist.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn low_latency_becomes_an_ordinary_list() {
    let stage = stage("fmp4,ll,master").await;
    let playlist = Playlist::segments_of(&stage, &address("ann")).await;
    for tag in ["PART", "PRELOAD-HINT", "RENDITION-REPORT", "SKIP", "SERVER-CONTROL"] {
        assert!(!playlist.text.contains(&format!("#EXT-X-{tag}")), "{}", playlist.text);
    }
    assert_eq!(playlist.tags("#EXTINF").len(), playlist.references().len());
    let read =
        MediaPlaylist::try_from(&*playlist.text).unwrap_or_else(|why| panic!("{why}: {}", playlist.text));
    assert_eq!(read.segments.iter().count(), playlist.references().len());
    let query = format!("{}?_HLS_msn=99999999999&_HLS_part=1", playlist.path);
    assert!(!Playlist::get(&stage, &query).await.references().is_empty(), "nobody is made to wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_says_wrong_things_of_itself_becomes_one_that_players_take() {
    let stage = stage("fmp4,loose").await;
    let playlist = Playlist::get(&stage, &address("ann")).await;
    let target: u64 = playlist.tags("#EXT-X-TARGETDURATION:")[0].rsplit(':').next().unwrap().parse().unwrap();
    for line in playlist.tags("#EXTINF:") {
        let seconds: f64 = line["#EXTINF:".len()..].split(',').next().unwrap().parse().unwrap();
        assert!(seconds > 0.0 && seconds.round() as u64 <= target, "{line} of {target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_expires_is_replaced_without_a_gap() {
    let stage = stage("fmp4,expiring:2").await;
    let first = Playlist::get(&stage, &address("ann")).await;
    let (before, _) = first.numbered().pop_last().unwrap();
    let later = until(&stage, &address("ann"), |playlist| {
        playlist.numbered().pop_last().is_some_and(|(last, _)| last >= before + 4)
    })
    .await;
    for (number, path) in first.numbered() {
        if let Some(again) = later.numbered().get(&number) {
            assert_eq!(*again, path, "a token that changes is no new segment");
        }
    }
    for path in later.references() {
        assert!(!bytes(&stage, &path).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_numbers_become_numbers_that_only_grow() {
    for quirks in ["fmp4,falling,aes", "fmp4,zero"] {
        let mut plan = plan(quirks);
        plan.station.window = 4;
        let stage = Stage::with(plan).await;
        let first = Playlist::get(&stage, &address("ann")).await.numbered();
        let (last, oldest) = (first.last_key_value().unwrap(), *first.first_key_value().unwrap().0);
        // Until all is another, and, where they fall, twice around.
        let enough = if quirks.contains("zero") { oldest + 8 } else { oldest + 20 };
        let mut seen = first.clone();
        until(&stage, &address("ann"), |playlist| {
            for (number, path) in playlist.numbered() {
                assert_eq!(*seen.entry(number).or_insert(path.clone()), path, "{quirks}: {}", playlist.text);
            }
            *playlist.numbered().last_key_value().unwrap().0 >= enough
        })
        .await;
        assert!(seen.len() as u64 >= enough - oldest, "{quirks}: {seen:?} after {last:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hls_channel_is_no_transport_stream() {
    let stage = stage("fmp4").await;
    let path = Stage::path(CHANNEL);
    assert_eq!(Viewer::get(&stage, &path).await.status(), 415);
    Playlist::get(&stage, &address("ann")).await;
    assert_eq!(Viewer::get(&stage, &path).await.status(), 415, "nor while somebody watches it");
    assert_eq!(stage.relay.viewers("ann"), 1);
}

/// Text in the framing of Brotli (RFC 7932, 9.2): one block that is not compressed, and an empty last one.
fn brotli(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len() - 1).unwrap();
    assert!(length < 1 << 16);
    // A window of 16 bits, not the last block, a length of four nibbles, not compressed.
    let head = (length << 4 | 1 << 20).to_le_bytes();
    [&head[..3], text.as_bytes(), &[3]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_list_lists_is_beside_where_it_was_found_in_the_end() {
    let list = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"init.mp4\"\n\
                #EXTINF:2,\n1.m4s\n#EXTINF:2,\n../2.m4s\n#EXTINF:2,\n/3.m4s\n#EXTINF:2,\n?4\n";
    for packed in [false, true] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let there = giving(move |_, head| {
            let path = head.split(' ').nth(1).unwrap().to_owned();
            seen.lock().unwrap().push(head.to_owned());
            match &*path {
                "/deep/er/list?token=1" if packed && head.contains("accept-encoding: gzip,br") => {
                    let body = brotli(list);
                    let length = body.len();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: {length}\r\n\r\n"
                    );
                    [head.as_bytes(), &body].concat()
                }
                "/deep/er/list?token=1" => ok(list.as_bytes()),
                _ => ok(format!("what is at {path}").as_bytes()),
            }
        });
        let there = there.await;
        let location = format!("http://{there}/deep/er/list?token=1");
        let here = giving(move |_, _| {
            format!(
                "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            .into()
        });
        let stage = Stage::with(Plan { dead: Some(here.await), ..Plan::default() }).await;
        let playlist = Playlist::get(&stage, &format!("/live/ann/secret/{DEAD}.m3u8")).await;
        let init = bytes(&stage, &playlist.uri("EXT-X-MAP").unwrap()).await;
        assert_eq!(init, b"what is at /deep/er/init.mp4");
        let expected = ["/deep/er/1.m4s", "/deep/2.m4s", "/3.m4s", "/deep/er/list?4"];
        for (path, expected) in playlist.references().iter().zip(expected) {
            assert_eq!(bytes(&stage, path).await, format!("what is at {expected}").as_bytes());
        }
        let asked = asked.lock().unwrap();
        assert!(asked.iter().any(|head| head.contains("accept-encoding: gzip,br")), "{asked:?}");
        let agent = |head: &str| head.lines().find(|line| line.starts_with("user-agent:")).map(str::to_owned);
        assert!(
            agent(&asked[0]).is_some() && asked.iter().all(|head| agent(head) == agent(&asked[0])),
            "{asked:?}"
        );
        assert!(!asked.iter().any(|head| head.contains("player") || head.contains("ann")), "{asked:?}");
    }
}
