//! The line-up as a playlist.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use flate2::read::{GzDecoder, MultiGzDecoder};
use serve::{Catchup, Settings};

use crate::client::{Answer, Ask};
use crate::house::{ANN, House};
use crate::line_up::LineUp;

/// An entry as a player reads it: its attributes, its name, its address.
struct Entry<'a> {
    attributes: &'a str,
    name: &'a str,
    address: &'a str,
}

fn entries(answer: &Answer) -> Vec<Entry<'_>> {
    let mut lines = answer.text().lines();
    assert!(lines.next().unwrap().starts_with("#EXTM3U") && answer.text().ends_with('\n'));
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let rest = line.strip_prefix("#EXTINF:-1").expect("an entry");
        let quote = rest.rfind('"').map_or(0, |quote| quote + 1);
        let name = rest[quote..].strip_prefix(',').expect("a comma before the name");
        found.push(Entry { attributes: &rest[..quote], name, address: lines.next().unwrap() });
    }
    found
}

async fn playlist(house: &House, query: &str) -> Answer {
    let answer = house.get(&format!("/get.php?{ANN}{query}")).await;
    assert_eq!(answer.status, 200, "{query}");
    answer
}

/// 46
#[tokio::test]
async fn type_and_output_choose_attributes_and_extension() {
    let house = House::new().await;
    for (query, plus, extension) in [
        ("", true, "ts"),
        ("&type=m3u_plus&output=ts", true, "ts"),
        ("&type=m3u_plus&output=mpegts", true, "ts"),
        ("&type=m3u_plus&output=m3u8", true, "m3u8"),
        ("&type=m3u_plus&output=HLS", true, "m3u8"),
        ("&type=m3u_plus&output=rtmp", true, "ts"),
        ("&type=enigma22_script&output=nonsense", true, "ts"),
        ("&type=m3u&output=ts", false, "ts"),
        ("&type=m3u&output=m3u8", false, "m3u8"),
    ] {
        let answer = playlist(&house, query).await;
        let entries = entries(&answer);
        assert_eq!(entries.len(), 9, "{query}");
        assert_eq!(entries[0].address, format!("http://{}/live/ann/secret/101.{extension}", house.address));
        assert!(entries[4].address.ends_with("/movie/ann/secret/9001.mkv"));
        assert!(entries[8].address.ends_with("/series/ann/secret/12003.mp4"));
        assert!(entries.iter().all(|entry| entry.attributes.is_empty() != plus), "{query}");
        let name = if plus { "tv_channels_ann_plus.m3u" } else { "tv_channels_ann.m3u" };
        let attachment = format!("attachment; filename=\"{name}\"");
        assert_eq!(answer.header("content-disposition"), Some(attachment.as_str()));
        assert_eq!(answer.header("content-type"), Some("audio/x-mpegurl; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("content-length").is_some(), plus, "the whole is sent with its length");
    }
}

/// 47
#[tokio::test]
async fn the_first_line_has_the_guide_and_a_key_selects_kinds() {
    let house = House::new().await;
    let answer = playlist(&house, "").await;
    let guide = format!("http://{}/xmltv.php?username=ann&password=secret", house.address);
    let first = format!("#EXTM3U url-tvg=\"{guide}\" x-tvg-url=\"{guide}\"\n");
    assert!(answer.text().starts_with(&first));
    for (key, count) in [
        ("live", 3),
        ("radio_streams", 1),
        ("live,radio_streams", 4),
        ("movie", 2),
        ("series", 3),
        ("movie,series", 5),
        ("live,movie,series,radio_streams,created_live", 9),
        ("created_live", 0),
        ("", 9),
        ("nonsense", 9),
    ] {
        let answer = playlist(&house, &format!("&key={key}")).await;
        assert_eq!(entries(&answer).len(), count, "{key}");
        assert!(answer.text().starts_with(&first), "{key}");
    }
}

/// 48, 49
#[tokio::test]
async fn awkward_names_survive_and_no_guide_is_no_attribute() {
    let house = House::new().await;
    for query in ["", "&type=m3u", "&key=live,movie,radio_streams"] {
        let answer = playlist(&house, query).await;
        let names: Vec<&str> = entries(&answer).iter().map(|entry| entry.name).collect();
        let expected = ["UK: One", "Zwei 'HD', Süd 📺", "Три ]]> (password}", "Radio Eins", "Film (2020)"];
        assert_eq!(names[..5], expected);
        assert_eq!(names[5], "Zweiter, 'Film'");
    }
    let answer = playlist(&house, "").await;
    let entries = entries(&answer);
    assert!(
        entries[0].attributes.contains(" tvg-id=\"one.uk\"") && !entries[2].attributes.contains("tvg-id")
    );
    for entry in entries {
        assert!(entry.attributes.contains(&format!("tvg-name=\"{}\"", entry.name)));
    }
}

/// 50
#[tokio::test]
async fn each_host_gets_its_own_addresses() {
    let house = House::new().await;
    for host in ["a.example", "b.example:8080", "a.example"] {
        let asked = Ask::new("GET", &format!("/get.php?{ANN}")).header("Host", host);
        let answer = asked.send(house.address).await;
        let base = format!("http://{host}/");
        assert!(entries(&answer).iter().all(|entry| entry.address.starts_with(&base)));
        assert_eq!(answer.text().matches("http://").count(), 9 + 2);
    }
}

/// 51
#[tokio::test]
async fn head_has_the_headers_and_makes_nothing() {
    let house = House::new().await;
    let head = async || Ask::new("HEAD", &format!("/get.php?{ANN}")).send(house.address).await;
    let before = head().await;
    assert_eq!((before.status, before.body.len(), before.header("content-length")), (200, 0, None));
    let get = playlist(&house, "").await;
    let after = head().await;
    assert_eq!(after.body.len(), 0);
    for name in ["content-type", "content-disposition", "cache-control"] {
        assert!(before.header(name).is_some() && before.header(name) == get.header(name), "{name}");
    }
    assert_eq!(after.header("content-length"), get.header("content-length"));
}

#[tokio::test]
async fn a_playlist_is_compressed_on_request_and_a_known_one_is_not_sent_again() {
    let house = House::new().await;
    for query in ["", "&output=m3u8", "&key=movie", "&type=m3u&key=live"] {
        let ask = |coding: &str| {
            Ask::new("GET", &format!("/get.php?{ANN}{query}")).header("Accept-Encoding", coding)
        };
        let plain = ask("identity").send(house.address).await;
        let packed = ask("gzip").send(house.address).await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        let mut unpacked = Vec::new();
        MultiGzDecoder::new(packed.body.as_slice()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain.body, "{query}");
        let head = Ask::new("HEAD", &format!("/get.php?{ANN}{query}")).header("Accept-Encoding", "gzip");
        let head = head.send(house.address).await;
        assert_eq!(head.header("etag"), packed.header("etag"));
        assert_eq!((head.header("content-encoding"), head.body.len()), (Some("gzip"), 0));
        let tags = [plain.header("etag").unwrap(), packed.header("etag").unwrap()];
        assert_ne!(tags[0], tags[1]);
        for (coding, tag, status) in
            [("identity", tags[0], 304), ("gzip", tags[1], 304), ("gzip", tags[0], 200)]
        {
            let answer = ask(coding).header("If-None-Match", tag).send(house.address).await;
            assert_eq!((answer.status, answer.body.is_empty()), (status, status == 304), "{query}");
        }
    }
}

#[tokio::test]
async fn what_many_compress_is_compressed_once_for_those_whose_own_is_as_long() {
    let house = House::new().await;
    for query in ["", "&type=m3u&output=hls", "&key=live&catchup=default"] {
        let ask = |user: &str, coding| {
            let target = format!("/get.php?{user}&password=secret{query}");
            Ask::new("GET", &target).header("Accept-Encoding", coding)
        };
        // It is made meanwhile, and what was made is known by its validator.
        let mut tries = 0;
        let cut = loop {
            let packed = ask("username=ann", "gzip").send(house.address).await;
            if packed.header("etag").unwrap().ends_with("-cut\"") {
                break packed;
            }
            tries += 1;
            assert!(tries < 1000, "{query}: nothing is made once");
        };
        assert!(tries >= 4, "{query}: after {tries}");
        let length = cut.body.len().to_string();
        assert_eq!(cut.header("content-length"), Some(&*length));
        for user in ["username=ann", "username=bob"] {
            let (plain, packed) = (ask(user, "identity"), ask(user, "gzip"));
            let (plain, packed) = (plain.send(house.address).await, packed.send(house.address).await);
            let mut unpacked = Vec::new();
            GzDecoder::new(packed.body.as_slice()).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, plain.body, "{user}{query}");
            let tag = packed.header("etag").unwrap();
            assert!(
                tag.ends_with("-cut\"") && (tag == cut.header("etag").unwrap()) == (user == "username=ann")
            );
            let again = ask(user, "gzip").header("If-None-Match", tag).send(house.address).await;
            assert_eq!((again.status, again.body.len()), (304, 0));
        }
        let other = ask("username=boss", "gzip").send(house.address).await;
        assert!(!other.header("etag").unwrap().ends_with("-cut\""), "his name is longer");
    }
}

#[tokio::test]
async fn playlists_that_differ_are_told_apart() {
    let house = House::new().await;
    let tag = async |target: &str, host: &str| {
        let answer = Ask::new("GET", target).header("Host", host).send(house.address).await;
        (answer.header("etag").unwrap().to_owned(), answer.body)
    };
    let mut seen = BTreeMap::new();
    for query in ["", "&output=hls", "&type=m3u", "&key=live", "&catchup=xc", "&catchup=default"] {
        for (user, host) in [(ANN, "a"), (ANN, "b"), ("username=bob&password=secret", "a")] {
            let (tag, body) = tag(&format!("/get.php?{user}{query}"), host).await;
            assert_eq!(seen.insert(tag, body), None, "{query} {user} {host}");
        }
    }
    let bodies: BTreeSet<_> = seen.values().collect();
    assert_eq!(bodies.len(), seen.len());
}

/// 1: some apps post an empty document here, with everything in the query.
#[tokio::test]
async fn a_posted_playlist_is_the_same() {
    let house = House::new().await;
    let posted = Ask::new("POST", &format!("/get.php?{ANN}&output=m3u8")).body("{}");
    let posted = posted.send(house.address).await;
    assert_eq!(posted.text(), playlist(&house, "&output=m3u8").await.text());
}

/// The attributes by which an entry says how its past is asked for.
fn catchup<'a>(entry: &Entry<'a>) -> &'a str {
    let (_, rest) = entry.attributes.split_once("group-title=").unwrap();
    rest.splitn(3, '"').nth(2).unwrap().trim()
}

/// 55
#[tokio::test]
async fn a_playlist_says_in_one_way_how_the_past_is_asked_for() {
    let house = House::new().await;
    let base = format!("http://{}", house.address);
    let source = |ext| {
        format!(
            "catchup=\"default\" catchup-days=\"3\" \
             catchup-source=\"{base}/timeshift/ann/secret/{{duration:60}}/{{utc}}/101.{ext}\""
        )
    };
    let shift = "catchup=\"shift\" catchup-days=\"3\" tvg-rec=\"3\"".to_owned();
    let xc = "catchup=\"xc\" catchup-days=\"3\"".to_owned();
    for (query, expected, end) in [
        ("", shift.clone(), ".ts"),
        ("&catchup=shift", shift.clone(), ".ts"),
        ("&catchup=nonsense&output=hls", shift.clone(), ".m3u8"),
        ("&catchup=default", source("ts"), ".ts"),
        ("&catchup=Default&output=hls&key=live", source("m3u8"), ".m3u8"),
        ("&catchup=xc", xc.clone(), ""),
        ("&catchup=xc&output=m3u8", xc, ".m3u8"),
        ("&catchup=panel", "timeshift=\"3\"".to_owned(), ".ts"),
    ] {
        let answer = playlist(&house, query).await;
        let entries = entries(&answer);
        assert_eq!((catchup(&entries[0]), entries[0].name), (&*expected, "UK: One"), "{query}");
        let live = entries.iter().filter(|entry| entry.address.contains("/live/"));
        for (id, entry) in (101..).zip(live) {
            assert_eq!(entry.address, format!("{base}/live/ann/secret/{id}{end}"), "{query}");
            assert!(id == 101 || !catchup(entry).contains("catchup"), "{query}: it has no past");
        }
        let rest = entries.iter().filter(|entry| !entry.address.contains("/live/"));
        assert!(rest.clone().all(|entry| entry.address.ends_with(".mkv") || entry.address.ends_with(".mp4")));
        assert_eq!(rest.count(), if query.contains("key") { 0 } else { 5 }, "{query}");
    }
    let plain = playlist(&house, "&type=m3u&catchup=xc").await;
    assert!(plain.text().contains("#EXTINF:-1,UK: One\n") && plain.text().contains("/secret/101\n"));
}

/// 55
#[tokio::test]
async fn the_configuration_says_how_unless_the_address_does() {
    let settings = Settings { catchup: Catchup::Panel, ..Settings::default() };
    let house = House::with(settings, None, Some(LineUp::usual())).await;
    let answer = playlist(&house, "").await;
    assert_eq!(catchup(&entries(&answer)[0]), "timeshift=\"3\"");
    let answer = playlist(&house, "&catchup=shift").await;
    assert!(catchup(&entries(&answer)[0]).starts_with("catchup=\"shift\""));
}

/// 46
#[tokio::test]
async fn kodi_is_told_the_type_of_transport_streams_when_that_is_wanted() {
    let settings = Settings { kodi_mimetype: true, ..Settings::default() };
    let house = House::with(settings, None, Some(LineUp::usual())).await;
    let told = "\n#KODIPROP:mimetype=video/mp2t\nhttp://";
    for (query, count) in
        [("", 4), ("&catchup=xc", 4), ("&output=hls", 0), ("&type=m3u", 0), ("&key=movie,series", 0)]
    {
        let answer = playlist(&house, query).await;
        assert_eq!(answer.text().matches(told).count(), count, "{query}");
        assert_eq!(answer.text().matches("#KODIPROP").count(), count, "{query}");
    }
    let without = playlist(&House::new().await, "").await;
    assert!(!without.text().contains("KODIPROP"));
}
