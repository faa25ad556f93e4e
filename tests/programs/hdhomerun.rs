//! Devices as media servers find them: with the maker's own program, by SSDP, and over HTTP.

use std::fs::File;
use std::io::Write;
use std::net::UdpSocket;
use std::time::Duration;

use crate::program::{Program, ffmpeg, text};
use serde_json::Value;

fn get(url: &str, arguments: &[&str]) -> String {
    text(&ffmpeg("curl", &[&["-sS", "--max-time", "5", url], arguments].concat()).stdout)
}

fn status(url: &str, arguments: &[&str]) -> String {
    get(url, &[&["-o", "/dev/null", "-w", "%{http_code}"], arguments].concat())
}

/// The ids of the devices that answer a search for all.
fn discover() -> Vec<String> {
    let search = b"\0\x02\0\x0C\x01\x04\0\0\0\x01\x02\x04\xFF\xFF\xFF\xFF\x4E\x50\x7F\x35";
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    socket.send_to(search, "127.0.0.1:65001").unwrap();
    let mut answer = [0; 1500];
    let answers =
        std::iter::from_fn(|| socket.recv(&mut answer).ok().map(|length| answer[..length].to_vec()));
    let id = |answer: Vec<u8>| {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (_, id) = text.split_once("/hdhomerun/").unwrap();
        id[..8].to_owned()
    };
    answers.take(3).map(id).collect()
}

#[test]
fn the_makers_program_finds_the_devices_and_their_tuners() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let demo = Program::start(&["demo", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"], &[]);
    let ended = demo.terminate();
    assert!(ended.status.success(), "{}", ended.logged);
    let config = folder.path().join("coax.toml");
    let device =
        |name: &str, more: &str| format!("[[hdhomerun]]\nname = \"{name}\"\nuser = \"demo\"\n{more}\n");
    let devices = device("Coax", "tuners = 3")
        + &device("UK & more", "groups = [\"uk |*\"]")
        + &device("None", "groups = []");
    // Behind a proxy for others: what is at home goes on by the address at home.
    let public = "public_base_url = \"https://tv.example.com/tv\"";
    let top = format!("data = {:?}\nlisten = \"127.0.0.1:0\"\n{public}\n", data.to_str().unwrap());
    File::create(&config).unwrap().write_all(format!("{top}{devices}").as_bytes()).unwrap();
    let coax = Program::start(&["up", "--config", config.to_str().unwrap()], &[]);

    // It shows one device of an address; whoever asks as it does gets all.
    let found = text(&ffmpeg("hdhomerun_config", &["discover", "127.0.0.1"]).stdout);
    let ids = discover();
    assert_eq!((ids.len(), found), (3, format!("hdhomerun device {} found at 127.0.0.1\n", ids[0])));
    let ask = |arguments: &[&str]| text(&ffmpeg("hdhomerun_config", arguments).stdout);
    assert_eq!(ask(&["127.0.0.1", "get", "/sys/hwmodel"]).trim(), "HDHR5-4US");
    for tuner in 0..3 {
        assert!(ask(&["127.0.0.1", "get", &format!("/tuner{tuner}/status")]).starts_with("ch=none"));
    }
    assert!(ask(&["127.0.0.1", "get", "/tuner3/status"]).contains("unknown getset variable"));

    let by_id = |id: &str, page: &str| get(&format!("{}/hdhomerun/{id}/{page}", coax.url), &[]);
    let documents: Vec<Value> =
        ids.iter().map(|id| serde_json::from_str(&by_id(id, "discover.json")).unwrap()).collect();
    let named = |name: &str| {
        let document = documents.iter().find(|document| document["FriendlyName"] == name).unwrap();
        let line_up = get(document["LineupURL"].as_str().unwrap(), &[]);
        (document.clone(), serde_json::from_str::<Vec<Value>>(&line_up).unwrap())
    };
    let ((all, channels), (uk, some)) = (named("Coax"), named("UK & more"));
    assert_eq!((all["TunerCount"].as_u64(), uk["TunerCount"].as_u64()), (Some(3), Some(4)));
    assert!(some.len() < channels.len() && !some.is_empty(), "{} {}", some.len(), channels.len());
    assert!(some.iter().all(|one| channels.iter().any(|channel| channel["GuideName"] == one["GuideName"])));
    assert!(named("None").1.is_empty());
    let xml = by_id(uk["DeviceID"].as_str().unwrap(), "device.xml");
    assert!(xml.contains("<friendlyName>UK &amp; more</friendlyName>"), "{xml}");

    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let search = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n";
    socket.send_to(search.as_bytes(), "127.0.0.1:1900").unwrap();
    let mut answer = [0; 2048];
    let length = socket.recv(&mut answer).unwrap();
    let answer = text(&answer[..length]);
    let location = answer.lines().find_map(|line| line.strip_prefix("LOCATION: ")).unwrap();
    assert!(get(location, &[]).contains("<deviceType>"), "{answer}");
}

#[test]
fn a_device_is_tuned_by_whoever_is_at_home_and_by_nobody_else() {
    let demo = Program::demo(&[]);
    let at = |path: &str| format!("{}{path}", demo.url);
    let line_up: Vec<Value> = serde_json::from_str(&get(&at("/lineup.json"), &[])).unwrap();
    let first = line_up[0]["URL"].as_str().unwrap();
    let probe = ["-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", first];
    let streams = text(&ffmpeg("ffprobe", &probe).stdout);
    assert!(streams.contains("video") && streams.contains("audio"), "{streams}");
    for form in ["/lineup.m3u", "/lineup.xml"] {
        assert!(get(&at(form), &[]).contains(first), "{form}");
    }
    assert_eq!(status(&at("/lineup.post?scan=start"), &["-X", "POST"]), "200");
    assert_eq!(status(&at("/lineup.post?scan=start"), &[]), "405");
    let unknown =
        get(&at("/auto/v99999"), &["-o", "/dev/null", "-w", "%{http_code} %header{x-hdhomerun-error}"]);
    assert_eq!(unknown, "404 801 Unknown Channel");
    for elsewhere in ["x-forwarded-for: 198.51.100.7", "origin: http://site.example", "host: site.example"] {
        for path in ["/discover.json", "/lineup.json", "/auto/v1"] {
            assert_eq!(status(&at(path), &["-H", elsewhere]), "404", "{elsewhere} {path}");
        }
    }
}
