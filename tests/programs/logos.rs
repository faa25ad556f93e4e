//! Pictures at our address: what apps get, what a provider is asked, and what it may not make us show.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::{Program, ffmpeg, ours, run, text};
use serde_json::Value;
use station::Station;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Where lists say that we are.
const BASE: &str = "http://tv.example/x";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nno more than how one begins";

/// A provider with a playlist that names pictures, and the program with its list of channels.
struct House {
    station: Station,
    _runtime: Runtime,
    folder: TempDir,
    program: Program,
    channels: Vec<Value>,
}

/// What came.
struct Answer {
    status: String,
    head: String,
    body: Vec<u8>,
}

impl House {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let station = runtime.block_on(Station::start(station::Settings::default())).unwrap();
        let mut huge = PNG.to_vec();
        huge.resize(5 << 20, 0);
        // What they are is not what they are called.
        station.publish("/logos/one.png", PNG, "text/html", None);
        station.publish("/logos/same.png", PNG, "image/png", None);
        station.publish("/logos/late.png", [PNG, b"!"].concat(), "image/png", None);
        station.publish("/logos/page.png", "<html><script>alert(1)</script></html>", "image/png", None);
        station.publish("/logos/huge.png", huge, "image/png", None);
        let mut list = String::from("#EXTM3U\n");
        for (place, (name, logo)) in (0..).zip([
            ("One", "/logos/one.png"),
            ("Same", "/logos/same.png"),
            ("Late", "/logos/late.png"),
            ("Page", "/logos/page.png"),
            ("Huge", "/logos/huge.png"),
            ("Gone Away", "/logos/gone.png"),
            ("Bare 7", ""),
        ]) {
            let logo = if logo.is_empty() { String::new() } else { format!("{}{logo}", station.url()) };
            let url = station.stream_url("live", station.catalogue().live_id(place), "ts");
            list += &format!("#EXTINF:-1 tvg-id=\"c{place}\" tvg-logo=\"{logo}\",{name}\n{url}\n");
        }
        station.publish("/list.m3u", list, "audio/x-mpegurl", None);
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "listen = \"127.0.0.1:0\"\n[ingest]\nlogos = \"{BASE}\"\n\
             [[source]]\nname = \"list\"\nkind = \"m3u\"\nurl = \"{}/list.m3u\"\n",
            station.url()
        );
        File::create(folder.path().join("coax.toml")).unwrap().write_all(config.as_bytes()).unwrap();
        let added = run(&["user", "add", "ann", "--password-stdin"], "watching", folder.path());
        assert!(added.status.success());
        let mut command = ours(Path::new(env!("CARGO_BIN_EXE_coax")), &[("RUST_LOG", "debug")]);
        command.arg("up").current_dir(folder.path());
        let program = Program::launch(command);
        let mut house = Self { station, _runtime: runtime, folder, program, channels: Vec::new() };
        let begin = std::time::Instant::now();
        while house.channels.is_empty() {
            assert!(begin.elapsed().as_secs() < 60, "there is no release");
            std::thread::sleep(std::time::Duration::from_millis(50));
            let list =
                house.ask("/player_api.php?username=ann&password=watching&action=get_live_streams", &[]);
            house.channels = serde_json::from_slice(&list.body).unwrap_or_default();
        }
        house
    }

    fn ask(&self, path: &str, more: &[&str]) -> Answer {
        let url = format!("{}{path}", self.program.url);
        let answer = ffmpeg("curl", &[&["-sS", "-i", "--max-time", "30", &url], more].concat()).stdout;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let head = text(&answer[..end]);
        let status = head.split(' ').nth(1).unwrap().to_owned();
        Answer { status, head: head.to_ascii_lowercase(), body: answer[end..].to_vec() }
    }

    /// The path of a channel's picture.
    fn path(&self, name: &str) -> String {
        let channel = self.channels.iter().find(|channel| channel["name"] == name).unwrap();
        channel["stream_icon"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned()
    }

    fn picture(&self, name: &str) -> Answer {
        self.ask(&self.path(name), &[])
    }

    fn asked(&self, path: &str) -> u64 {
        self.station.counts().requests(path)
    }
}

impl Answer {
    fn is_initials(&self, letters: &str) -> bool {
        let is = self.status == "200" && self.head.contains("content-type: image/svg+xml\r\n");
        is && text(&self.body).contains(&format!(">{letters}</text>"))
    }
}

#[test]
fn pictures_come_from_us_and_a_provider_is_asked_once_and_not_believed() {
    let house = House::new();
    no_host_is_seen(&house);
    asked_once(&house);
    initials(&house);
    forged(&house);
    refused(&house);
    let House { program, .. } = house;
    let logged = program.terminate().logged;
    assert!(!logged.contains("one.png") && !logged.contains("/logos/"), "{logged}");
}

/// Neither in lists nor in playlists nor in the guide.
fn no_host_is_seen(house: &House) {
    let host = house.station.url();
    let pair = "username=ann&password=watching";
    for path in [
        format!("/player_api.php?{pair}&action=get_live_streams"),
        format!("/get.php?{pair}"),
        format!("/xmltv.php?{pair}"),
    ] {
        let answer = text(&house.ask(&path, &[]).body);
        assert!(!answer.contains(&host) && !answer.contains("one.png"), "{path}: {answer}");
        assert!(
            path.starts_with("/xmltv") || answer.contains(&format!("{BASE}/logo/live/")),
            "{path}: {answer}"
        );
    }
}

/// Many who look at the same picture are one request, and what is known is not sent again.
fn asked_once(house: &House) {
    let url = format!("{}{}", house.program.url, house.path("One"));
    let looking = (0..6).map(|_| {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "30", &url]).stdout(Stdio::piped()).spawn().unwrap()
    });
    let looking: Vec<_> = looking.collect();
    for curl in looking {
        assert_eq!(curl.wait_with_output().unwrap().stdout, PNG);
    }
    assert_eq!(house.asked("/logos/one.png"), 1);
    let answer = house.picture("One");
    assert!(
        answer.head.contains("content-type: image/png\r\n"),
        "what it is, not what it is called: {}",
        answer.head
    );
    assert!(answer.head.contains("cache-control: public, max-age=604800\r\n"), "{}", answer.head);
    assert!(answer.head.contains("x-content-type-options: nosniff\r\n") && answer.head.contains("sandbox"));
    let etag = answer.head.split("etag: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let again = house.ask(&house.path("One"), &["-H", &format!("If-None-Match: {etag}")]);
    assert_eq!((&*again.status, again.body.len()), ("304", 0));
    // The same picture at another address is the same picture.
    let same = house.picture("Same");
    assert!(same.body == PNG && same.head.contains(etag), "{}", same.head);
    assert_ne!(house.path("One"), house.path("Same"));
    let head = house.ask(&house.path("Same"), &["--head"]);
    assert_eq!((&*head.status, head.body.len()), ("200", 0));
    assert_eq!((house.asked("/logos/one.png"), house.asked("/logos/same.png")), (1, 1));
}

/// What is no picture, or too large, or not there, is the initials of the name, and is not asked for again soon.
fn initials(house: &House) {
    for (name, letters) in [("Page", "PA"), ("Huge", "HU"), ("Gone Away", "GA"), ("Bare 7", "B7")] {
        let (first, second) = (house.picture(name), house.picture(name));
        assert!(first.is_initials(letters) && second.is_initials(letters), "{name}: {}", text(&first.body));
        assert!(first.body == second.body && first.head.contains("sandbox"), "{name}");
        assert!(!text(&first.body).contains("script"), "{name}");
    }
    assert_eq!((house.asked("/logos/page.png"), house.asked("/logos/huge.png")), (1, 1));
}

/// What the disk does not keep is not asked for again and again.
fn refused(house: &House) {
    let pictures = house.folder.path().join("data/logos/by");
    std::fs::rename(&pictures, pictures.with_extension("gone")).unwrap();
    File::create(&pictures).unwrap();
    let url = format!("{}{}", house.program.url, house.path("Late"));
    let begin = std::time::Instant::now();
    while house.asked("/logos/late.png") == 0 {
        assert!(begin.elapsed().as_secs() < 60, "nobody asks");
        ffmpeg("curl", &["-sS", "-o", "/dev/null", "--max-time", "1", &url]);
    }
    std::thread::sleep(std::time::Duration::from_secs(1)); // longer than it takes to ask several times
    assert_eq!(house.asked("/logos/late.png"), 1);
}

/// Nobody has us ask an address of his.
fn forged(house: &House) {
    let path = house.path("One");
    let (front, sealed) = path.rsplit_once('/').unwrap();
    let changed = if let Some(rest) = sealed.strip_prefix('A') {
        format!("B{rest}")
    } else {
        format!("A{}", &sealed[1..])
    };
    for wrong in [&*changed, "", "x", "aHR0cDovLzEyNy4wLjAuMS8", "..%2f..%2fsecret.key", &"A".repeat(6000)] {
        let answer = house.ask(&format!("{front}/{wrong}"), &[]);
        assert_eq!(answer.status, "404", "{wrong}");
    }
    // An entry that is gone has no name, and no more.
    let gone = house.ask(&format!("/logo/live/999999/{sealed}"), &[]);
    assert_eq!((&*gone.status, &*gone.body), ("200", PNG));
}
