//! HLS origins and their quirks.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use aes::Aes128;
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use mpegts::{PACKET, packets};
use reqwest::header;
use station::{Account, Fault, Settings, Station, Target};

use crate::streams::check;
use crate::{client, eventually, get, start, text};

/// Short segments, no limit.
async fn origin() -> Station {
    let account = Account { max_connections: 0, ..Account::default() };
    start(Settings { accounts: vec![account], segment_entries: 1, ..Settings::default() }).await
}

fn url(station: &Station, quirks: &str) -> String {
    station.origin_url(quirks, station.catalogue().live_id(0))
}

fn uris(playlist: &str) -> Vec<&str> {
    playlist.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect()
}

fn tag<'a>(playlist: &'a str, name: &str) -> &'a str {
    playlist.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap()
}

fn attribute<'a>(line: &'a str, name: &str) -> &'a str {
    let (_, rest) = line.split_once(&format!("{name}=")).unwrap();
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap(),
        None => rest.split(',').next().unwrap(),
    }
}

/// Where a playlist's reference leads, as a browser would find it.
fn resolve(base: &str, reference: &str) -> String {
    reqwest::Url::parse(base).unwrap().join(reference).unwrap().to_string()
}

async fn bytes(url: &str) -> Vec<u8> {
    let answer = get(url).await;
    assert_eq!(answer.status(), 200, "{url}");
    answer.bytes().await.unwrap().to_vec()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The continuity counters of the first packet of each PID, and whether all count on from there.
fn counters(segment: &[u8]) -> BTreeMap<u16, u8> {
    let (mut first, mut next) = (BTreeMap::new(), BTreeMap::new());
    for packet in packets(segment).filter(|packet| packet.has_payload() && packet.pid().get() != 0x1fff) {
        let (pid, counter) = (packet.pid().get(), packet.continuity_counter());
        first.entry(pid).or_insert(counter);
        let expected = next.insert(pid, (counter + 1) & 15);
        assert!(expected.is_none_or(|expected| expected == counter));
    }
    first
}

#[tokio::test]
async fn segments_begin_their_counters_anew_while_clocks_run_on() {
    let station = origin().await;
    let (restarting, counting) = (url(&station, "plain"), url(&station, "counting"));
    let playlist = text(&restarting).await;
    let mut whole = Vec::new();
    for uri in uris(&playlist) {
        let segment = bytes(&resolve(&restarting, uri)).await;
        assert!(counters(&segment).values().all(|first| *first == 0));
        whole.extend(bytes(&resolve(&counting, uri)).await);
    }
    let (pcr, _) = check(&whole);
    assert!((7.3..7.8).contains(&pcr), "{pcr}");
    let counts = station.counts();
    assert_eq!((counts.requests("origin"), counts.requests("segment")), (1, 12));
    assert!(counts.fetched.len() == 7 && counts.fetched.values().all(|times| *times <= 2));
}

#[tokio::test]
async fn a_master_lists_three_bandwidths_that_have_the_same_picture() {
    let station = origin().await;
    let master = url(&station, "master");
    let text_of_master = text(&master).await;
    let bandwidths: Vec<u64> = text_of_master
        .lines()
        .filter(|line| line.starts_with("#EXT-X-STREAM-INF"))
        .map(|line| attribute(line, "BANDWIDTH").parse().unwrap())
        .collect();
    assert_eq!(bandwidths, [1_000_000, 2_000_000, 500_000]);
    let mut sizes = Vec::new();
    for uri in uris(&text_of_master) {
        let list = resolve(&master, uri);
        let segment = bytes(&resolve(&list, uris(&text(&list).await)[0])).await;
        sizes.push(segment.len());
        assert_eq!(check(&segment).1.round(), 1.0);
    }
    assert!(sizes[1] > sizes[0] * 3 / 2 && sizes[0] > sizes[2], "{sizes:?}");
}

#[tokio::test]
async fn sound_may_be_a_rendition_of_its_own() {
    let station = origin().await;
    let master = url(&station, "audio");
    let text_of_master = text(&master).await;
    let sound = resolve(&master, attribute(tag(&text_of_master, "#EXT-X-MEDIA"), "URI"));
    let picture = resolve(&master, uris(&text_of_master)[0]);
    let pids = |segment: &[u8]| -> Vec<u16> {
        counters(segment).into_keys().filter(|pid| matches!(pid, 0x100 | 0x101)).collect()
    };
    let mut times = Vec::new();
    for (list, expected) in [(picture, 0x100), (sound, 0x101)] {
        let segment = bytes(&resolve(&list, uris(&text(&list).await)[0])).await;
        assert_eq!(pids(&segment), [expected]);
        let pts = packets(&segment)
            .filter(|packet| packet.pid().get() == expected && packet.unit_start())
            .find_map(|packet| mpegts::pes::Header::read(packet.payload())?.pts);
        times.push(pts.unwrap());
    }
    assert!(times[1].since(times[0]).abs() < 120_000, "sound is in step with the picture");
}

#[tokio::test]
async fn aes_can_be_undone_with_and_without_an_iv() {
    let station = origin().await;
    let clear = url(&station, "plain");
    for quirks in ["aes", "aes-iv"] {
        let list = url(&station, quirks);
        let playlist = text(&list).await;
        let mut key_line = "";
        let first: u64 = tag(&playlist, "#EXT-X-MEDIA-SEQUENCE").parse().unwrap();
        let mut number = first;
        for line in playlist.lines() {
            if let Some(line) = line.strip_prefix("#EXT-X-KEY:") {
                key_line = line;
            }
            if line.starts_with('#') {
                continue;
            }
            let key = bytes(&resolve(&list, attribute(key_line, "URI"))).await;
            let iv = match quirks {
                "aes" => u128::from(number),
                _ => u128::from_str_radix(&attribute(key_line, "IV")[2..], 16).unwrap(),
            };
            let key: [u8; 16] = key.try_into().unwrap();
            let sealed = bytes(&resolve(&list, line)).await;
            let opened = Decryptor::<Aes128>::new(&key.into(), &iv.to_be_bytes().into())
                .decrypt_padded_vec::<Pkcs7>(&sealed)
                .unwrap();
            assert_eq!(opened, bytes(&resolve(&clear, line)).await);
            number += 1;
        }
        assert_eq!(number, first + 6);
    }
}

#[tokio::test]
async fn byte_ranges_cover_the_segments_and_may_be_ignored() {
    let station = origin().await;
    let (list, plain) = (url(&station, "range"), url(&station, "plain"));
    let playlist = text(&list).await;
    let number: u64 = tag(&playlist, "#EXT-X-MEDIA-SEQUENCE").parse().unwrap();
    let (mut offset, mut range, mut number) = (0, String::new(), number);
    for line in playlist.lines() {
        if let Some(told) = line.strip_prefix("#EXT-X-BYTERANGE:") {
            let (size, from) = told.split_once('@').unwrap_or((told, ""));
            let size: usize = size.parse().unwrap();
            offset = if from.is_empty() { offset } else { from.parse().unwrap() };
            range = format!("bytes={offset}-{}", offset + size - 1);
            offset += size;
        } else if !line.starts_with('#') {
            let part = client().get(resolve(&list, line)).header(header::RANGE, &range).send().await.unwrap();
            assert_eq!(part.status(), 206);
            let expected = bytes(&resolve(&plain, &format!("{number}.ts"))).await;
            assert_eq!(part.bytes().await.unwrap(), expected);
            number += 1;
        }
    }
    assert!(playlist.lines().any(|line| line.starts_with("#EXT-X-BYTERANGE:") && !line.contains('@')));
    let ignoring = url(&station, "range-ignored");
    let uri = resolve(&ignoring, uris(&text(&ignoring).await)[0]);
    let whole = client().get(uri).header(header::RANGE, "bytes=0-187").send().await.unwrap();
    assert_eq!(whole.status(), 200);
    assert!(whole.bytes().await.unwrap().len() > 188);
}

#[tokio::test]
async fn clocks_jump_at_discontinuities_and_nowhere_else() {
    let station = origin().await;
    let list = url(&station, "disc:2");
    let playlist = text(&list).await;
    let (mut jump, mut last, mut jumps) = (false, None, 0);
    for line in playlist.lines() {
        jump |= line == "#EXT-X-DISCONTINUITY";
        if line.starts_with('#') {
            continue;
        }
        let segment = bytes(&resolve(&list, line)).await;
        let first = packets(&segment).find_map(|packet| packet.pcr()).unwrap();
        if let Some(last) = last {
            let step = first.since(last) as f64 / 27e6;
            assert_eq!((0.0..0.2).contains(&step), !jump, "{step}");
            jumps += u32::from(jump);
        }
        last = packets(&segment).filter_map(|packet| packet.pcr()).last();
        jump = false;
    }
    assert!(jumps >= 2);
    let sequence: u64 = tag(&playlist, "#EXT-X-DISCONTINUITY-SEQUENCE").parse().unwrap();
    let first: u64 = tag(&playlist, "#EXT-X-MEDIA-SEQUENCE").parse().unwrap();
    assert_eq!(sequence, first.div_ceil(2));
}

#[tokio::test]
async fn gaps_cannot_be_had_and_bad_segments_are_bad_every_time() {
    let station = origin().await;
    let list = url(&station, "gap:3,nth:2:status:500");
    let playlist = text(&list).await;
    assert_eq!(playlist.matches("#EXT-X-GAP\n").count(), 2);
    for uri in uris(&playlist) {
        let number: u64 = uri.trim_end_matches(".ts").parse().unwrap();
        let expected = match (number % 3, number % 2) {
            (_, 0) => 500,
            (0, _) => 404,
            _ => 200,
        };
        for _ in 0..2 {
            assert_eq!(get(&resolve(&list, uri)).await.status(), expected);
        }
    }
}

#[tokio::test]
async fn the_next_segments_can_be_planned_to_fail() {
    let station = origin().await;
    let list = url(&station, "plain");
    let uri = resolve(&list, uris(&text(&list).await)[0]);
    station.set_fault_times(Target::Action("segment".into()), Fault::Cut(1000), 1);
    let cut = get(&uri).await;
    let promised = cut.content_length().unwrap();
    assert!(promised > 1000 && cut.bytes().await.is_err());
    assert_eq!(bytes(&uri).await.len() as u64, promised);
    station.set_fault(station.catalogue().live_id(0), Fault::Html);
    assert!(text(&list).await.starts_with("<html>"));
    assert_eq!(get(&uri).await.status(), 200);
}

#[tokio::test]
async fn sequence_numbers_may_stand_still_or_fall() {
    let station = origin().await;
    let zero = text(&url(&station, "zero")).await;
    assert_eq!(tag(&zero, "#EXT-X-MEDIA-SEQUENCE"), "0");
    let falling = text(&url(&station, "falling")).await;
    let number: u64 = tag(&falling, "#EXT-X-MEDIA-SEQUENCE").parse().unwrap();
    let name: u64 = uris(&falling)[0].trim_end_matches(".ts").parse().unwrap();
    assert_eq!(number, name % 16);
}

#[tokio::test]
async fn a_redirect_leads_to_a_playlist_that_expires() {
    let station = origin().await;
    let list = url(&station, "expiring:1");
    let answer = get(&list).await;
    let landed = answer.url().to_string();
    assert!(landed.contains("/~"));
    let playlist = answer.text().await.unwrap();
    let refused = || async { get(&landed).await.status() == 403 };
    let mut expired = false;
    for _ in 0..200 {
        expired = refused().await;
        if expired {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(expired);
    assert_eq!(get(&resolve(&landed, uris(&playlist)[5])).await.status(), 200);
    assert_eq!(get(&list).await.status(), 200);
    assert_eq!(get(&landed.replace("/~", "/~0")).await.status(), 403);
}

#[tokio::test]
async fn playlists_may_be_packed_and_written_oddly() {
    let station = origin().await;
    let plain = text(&url(&station, "vod")).await;
    for (quirks, told) in [("vod,gzip", Some("gzip")), ("vod,gzip-untold", None)] {
        let untouched = {
            client();
            reqwest::Client::builder().no_gzip().no_proxy().build().unwrap()
        };
        let answer = untouched.get(url(&station, quirks)).send().await.unwrap();
        let encoding = answer.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap());
        assert_eq!(encoding, told);
        let packed = answer.bytes().await.unwrap();
        let mut unpacked = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
    }
    let odd = String::from_utf8(bytes(&url(&station, "vod,crlf,bom,loose")).await).unwrap();
    assert!(odd.starts_with("\u{feff}#EXTM3U\r\n") && !odd.replace("\r\n", "").contains('\n'));
    assert!(odd.contains("#EXTINF:-1\r\n") && tag(&odd, "#EXT-X-TARGETDURATION").trim().contains('.'));
}

#[tokio::test]
async fn every_kind_of_reference_leads_to_the_same_segment() {
    let station = origin().await;
    let plain = url(&station, "vod");
    let expected = bytes(&resolve(&plain, "1000000.ts")).await;
    for quirk in
        ["absolute", "network", "rooted", "dots", "query", "spaces", "fragment", "define", "rotating"]
    {
        let list = url(&station, &format!("vod,{quirk}"));
        let playlist = text(&list).await;
        let mut uri = uris(&playlist)[0].to_owned();
        assert!(quirk == "rotating" || uri != "1000000.ts");
        if quirk == "define" {
            uri = uri.replace("{$base}", attribute(tag(&playlist, "#EXT-X-DEFINE"), "VALUE"));
        }
        assert_eq!(bytes(&resolve(&list, &uri)).await, expected, "{quirk}");
    }
}

#[tokio::test]
async fn a_playlist_can_say_too_much() {
    let station = origin().await;
    let leaking = text(&url(&station, "comments,new")).await;
    let host = station.address().to_string();
    for line in ["# encoder-7.internal.invalid for station", "#EXT-X-NEW:URI=\"http://"] {
        assert!(leaking.lines().any(|known| known.starts_with(line)), "{line}");
    }
    assert!(leaking.matches(&host).count() >= 3);
    let drm = text(&url(&station, "drm")).await;
    assert!(drm.contains("URI=\"skd://") && drm.contains("urn:uuid:edef8ba9"));
    assert!(text(&url(&station, "sample-aes")).await.contains("METHOD=SAMPLE-AES,URI=\"key-"));
}

#[tokio::test]
async fn a_list_ends_at_its_time_or_freezes() {
    let station = origin().await;
    let past = now() - 60;
    let ended = text(&url(&station, &format!("end:{past}"))).await;
    assert!(ended.ends_with("#EXT-X-ENDLIST\n"));
    let list = url(&station, &format!("frozen:{past}"));
    let frozen = text(&list).await;
    assert!(
        !frozen.contains("ENDLIST") && frozen.lines().eq(ended.lines().filter(|line| !line.contains("END")))
    );
    assert_eq!(get(&resolve(&list, uris(&frozen)[5])).await.status(), 200);
    let running = text(&url(&station, &format!("end:{}", past + 3600))).await;
    assert!(!running.contains("ENDLIST"));
}

#[tokio::test]
async fn parts_add_up_to_their_segment_and_the_next_one_is_waited_for() {
    let account = Account { max_connections: 0, ..Account::default() };
    let station = start(Settings { accounts: vec![account], ..Settings::default() }).await;
    let list = url(&station, "ll");
    let playlist = text(&list).await;
    let last = *uris(&playlist).last().unwrap();
    let parts: Vec<&str> = playlist
        .lines()
        .filter(|line| line.starts_with("#EXT-X-PART:"))
        .map(|line| attribute(line, "URI"))
        .filter(|uri| uri.split('.').next() == last.split('.').next())
        .collect();
    let mut whole = Vec::new();
    for part in &parts {
        whole.extend(bytes(&resolve(&list, part)).await);
    }
    assert_eq!((parts.len(), whole), (2, bytes(&resolve(&list, last)).await));
    let next = attribute(tag(&playlist, "#EXT-X-PRELOAD-HINT"), "URI");
    let coming = resolve(&list, next);
    assert!(!bytes(&coming).await.is_empty());
    let number: u64 = last.trim_end_matches(".ts").parse().unwrap();
    let later = text(&format!("{list}?_HLS_msn={}", number + 1)).await;
    assert!(later.contains(&format!("\n{}.ts\n", number + 1)));
}

#[tokio::test]
async fn a_cookie_may_be_wanted() {
    let station = origin().await;
    let list = url(&station, "cookie");
    let answer = get(&list).await;
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    let uri = resolve(&list, uris(&answer.text().await.unwrap())[5]);
    assert_eq!(get(&uri).await.status(), 403);
    let known = client().get(&uri).header(header::COOKIE, cookie.split(';').next().unwrap());
    assert_eq!(known.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn fragments_are_boxes_that_follow_each_other_in_time() {
    let station = origin().await;
    let list = url(&station, "fmp4");
    let playlist = text(&list).await;
    let init = bytes(&resolve(&list, attribute(tag(&playlist, "#EXT-X-MAP"), "URI"))).await;
    assert_eq!(boxes(&init), ["ftyp", "moov"]);
    let mut last = None;
    for uri in uris(&playlist) {
        let fragment = bytes(&resolve(&list, uri)).await;
        assert_eq!(boxes(&fragment), ["moof", "mdat"]);
        let at = fragment.windows(4).position(|name| name == b"tfdt").unwrap();
        let time = u64::from_be_bytes(fragment[at + 8..at + 16].try_into().unwrap());
        assert!(last.is_none_or(|last| time - last == 115_200));
        last = Some(time);
    }
    let packed = url(&station, "packed");
    let frames = bytes(&resolve(&packed, uris(&text(&packed).await)[0])).await;
    let tag = 10 + usize::from(frames[9]);
    assert!(frames.starts_with(b"ID3") && frames[tag] == 0xff);
}

/// The names of the boxes at the top.
fn boxes(mut bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    while let Some((head, _)) = bytes.split_at_checked(8) {
        names.push(String::from_utf8(head[4..].to_vec()).unwrap());
        bytes = &bytes[u32::from_be_bytes(head[..4].try_into().unwrap()) as usize..];
    }
    names
}

#[tokio::test]
async fn a_viewer_of_an_origin_holds_one_place_and_what_is_sent_is_counted() {
    let account = Account::default();
    let station = start(Settings { accounts: vec![account], ..Settings::default() }).await;
    let id = station.catalogue().live_id(0);
    let list = url(&station, "plain");
    let playlist = text(&list).await;
    station.set_fault(Target::Action("segment".into()), Fault::Stall(PACKET as u64));
    let uri = resolve(&list, uris(&playlist)[0]);
    let (first, second) = (get(&uri).await, get(&uri).await);
    let counts = station.counts();
    assert_eq!((counts.open, counts.channel(id).peak, counts.channel(id).sending), (1, 1, 2));
    drop((first, second));
    eventually(|| station.counts().channel(id).sending == 0).await;
    assert_eq!(station.counts().channel(id).sending_peak, 2);
    let denied = list.replace("/station/station/", "/station/wrong/");
    assert_eq!(get(&denied).await.status(), 401);
    assert_eq!(get(&url(&station, "sulk")).await.status(), 400);
}

#[tokio::test]
async fn lists_lead_to_everything_that_an_upstream_can_be() {
    let station = origin().await;
    let list = |wanted: &str| {
        let url = format!("{}/pages/upstreams.m3u?as={wanted}", station.url());
        async move { text(&url).await }
    };
    let every = list("every").await;
    let addresses = uris(&every);
    assert!(addresses.len() > 40 && every.matches("#EXTINF").count() == addresses.len());
    for address in addresses.iter().filter(|address| address.contains("/origin/")) {
        assert_eq!(get(address).await.status(), 200, "{address}");
    }
    for quirk in ["aes-iv", "disc:5", "nth:5:status:500", "expiring:20", "define"] {
        assert!(every.contains(&format!(" ({quirk})\n{}/origin/{quirk}/", station.url())), "{quirk}");
    }
    // The same channels, so that they can be merged.
    let names = |list: &str| -> Vec<String> {
        list.lines().filter(|line| line.starts_with("#EXTINF")).map(str::to_owned).collect()
    };
    let (ts, ace) = (list("ts").await, list("ace").await);
    let (hls, aes) = (list("hls").await, list("origin:aes,gap:5").await);
    assert!(names(&ts).len() == 12 && [&ace, &hls, &aes].iter().all(|list| names(list) == names(&ts)));
    assert_eq!(uris(&ace)[3], format!("acestream://{}", station.content_id(3)));
    assert!(uris(&aes)[3].contains("/origin/aes,gap:5/station/station/"));
    assert_eq!(get(&format!("{}/pages/upstreams.m3u?as=sulk", station.url())).await.status(), 400);
}
