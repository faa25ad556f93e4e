//! A relay without the disk: the programs themselves, `coax` with the disk and `relay` without, as on two machines.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::program::{Program, built, ffmpeg, ours, run, text};
use station::Station;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const KEY: &str = "0123456789abcdef-relays";
/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// A provider, whose addresses a playlist lists, and the program with the disk.
struct House {
    station: Station,
    _runtime: Runtime,
    folder: TempDir,
    server: Option<Program>,
}

impl House {
    fn new(serve: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let account = station::Account { max_connections: 20, ..Default::default() };
        let settings = station::Settings { accounts: vec![account], ..Default::default() };
        let station = runtime.block_on(Station::start(settings)).unwrap();
        let house = Self { station, _runtime: runtime, folder: tempfile::tempdir().unwrap(), server: None };
        house.list(&["One"]);
        write(&house.path("coax.toml"), &format!("listen = \"127.0.0.1:0\"\n{}\n[serve]\n{serve}\n", SOURCE));
        let added = run(
            &["user", "add", "ann", "--password-stdin", "--max-connections", "0"],
            "watching",
            house.folder.path(),
        );
        assert!(added.status.success());
        let mut command = ours(Path::new(env!("CARGO_BIN_EXE_coax")), &[]);
        command.arg("up").current_dir(house.folder.path());
        Self { server: Some(Program::launch(command)), ..house }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn url(&self) -> &str {
        &self.server.as_ref().unwrap().url
    }

    /// Makes the playlist list these channels. Their addresses hold credentials, which go into the vault.
    fn list(&self, names: &[&str]) {
        let mut playlist = String::from("#EXTM3U\n");
        for (place, name) in (0..).zip(names) {
            let url = self.station.stream_url("live", self.station.catalogue().live_id(place), "ts");
            playlist += &format!("#EXTINF:-1,{name}\n{url}\n");
        }
        write(&self.path("list.m3u"), &playlist);
    }

    /// How many streams the account document says are open.
    fn connections(&self) -> u64 {
        let url = format!("{}/player_api.php?username=ann&password=watching", self.url());
        let document: serde_json::Value =
            serde_json::from_slice(&ffmpeg("curl", &["-sS", &url]).stdout).unwrap();
        document["user_info"]["active_cons"].as_str().unwrap().parse().unwrap()
    }

    /// The ids of our channels, by name.
    fn channel(&self, name: &str) -> Option<u64> {
        let url =
            format!("{}/player_api.php?username=ann&password=watching&action=get_live_streams", self.url());
        let list = ffmpeg("curl", &["-sS", &url]).stdout;
        let list: serde_json::Value = serde_json::from_slice(&list).unwrap_or_default();
        list.as_array()?.iter().find(|channel| channel["name"] == name)?["stream_id"].as_u64()
    }
}

const SOURCE: &str =
    "[[source]]\nname = \"list\"\nkind = \"m3u\"\nfile = \"list.m3u\"\nprivate_addresses = true\n";

/// The program without the disk, in a folder of its own.
struct Relay {
    program: Program,
    folder: TempDir,
}

impl Relay {
    fn start(url: &str, key: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), url, key)
    }

    fn start_in(folder: TempDir, url: &str, key: &str) -> Self {
        let config =
            format!("listen = \"127.0.0.1:0\"\n{SOURCE}[relay]\nfollow = \"{url}\"\ncache = \"copy\"\n");
        write(&folder.path().join("coax.toml"), &config);
        let mut command = ours(&built("relay", "relay"), &[("COAX_RELAY_KEY", key), ("RUST_LOG", "debug")]);
        command.current_dir(folder.path());
        Self { program: Program::launch(command), folder }
    }

    /// Opens a stream of the channel: the status, and the connection.
    fn watch(&self, channel: u64) -> (u16, TcpStream) {
        let address = self.program.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET /live/ann/watching/{channel}.ts HTTP/1.0\r\n\r\n").unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        (text(&head[9..]).parse().unwrap(), stream)
    }

    fn status(&self) -> serde_json::Value {
        serde_json::from_slice(&ffmpeg("curl", &["-sS", &format!("{}/status.json", self.program.url)]).stdout)
            .unwrap()
    }
}

fn write(path: &Path, content: &str) {
    File::create(path).unwrap().write_all(content.as_bytes()).unwrap();
}

fn eventually<T>(what: &str, mut happened: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(it) = happened() {
            return it;
        }
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_relay_without_the_disk_has_what_the_server_has_and_keeps_it_when_the_server_is_gone() {
    let mut house = House::new(&format!("relay_key = \"{KEY}\"\nadmin_key = \"{KEY}\""));
    let relay = Relay::start(house.url(), KEY);
    let one = eventually("a release", || house.channel("One"));
    let mut first = eventually("the first release is copied", || {
        let (status, stream) = relay.watch(one);
        (status == 200).then_some(stream)
    });
    first.read_exact(&mut [0; 100_000]).unwrap();
    assert!(relay.status()["mirror"]["age_s"].as_u64() < Some(10));
    eventually("the server hears of it", || (house.connections() == 1).then_some(()));

    // A new release, a new channel.
    house.list(&["One", "Two"]);
    assert!(ffmpeg("curl", &["-sS", "-X", "POST", &format!("{}/ingest/run", house.url())]).status.success());
    let two = eventually("a new release", || house.channel("Two"));
    let second = eventually("it is copied", || {
        let (status, stream) = relay.watch(two);
        (status == 200).then_some(stream)
    });
    eventually("the server hears of both", || (house.connections() == 2).then_some(()));
    drop(second);
    eventually("and that one has left", || (house.connections() == 1).then_some(()));

    // An operator cuts what he watches there.
    let (url, shown) =
        (format!("{}/api/admin/users/ann/sessions", house.url()), format!("Authorization: Bearer {KEY}"));
    assert!(ffmpeg("curl", &["-sS", "--fail", "-X", "DELETE", "-H", &shown, &url]).status.success());
    std::io::copy(&mut first, &mut std::io::sink()).unwrap();
    let (status, mut first) = relay.watch(one);
    assert_eq!(status, 200, "and he may begin anew");
    first.read_exact(&mut [0; 100_000]).unwrap();

    // A user who is removed.
    let began = Instant::now();
    assert!(run(&["user", "remove", "ann"], "", house.folder.path()).status.success());
    std::io::copy(&mut first, &mut std::io::sink()).unwrap();
    assert!(began.elapsed() < PATIENCE / 3, "{:?}", began.elapsed());
    assert_eq!(relay.watch(one).0, 403);
    assert!(
        run(
            &["user", "add", "ann", "--password-stdin", "--max-connections", "0"],
            "watching",
            house.folder.path()
        )
        .status
        .success()
    );
    eventually("he is back", || (relay.watch(one).0 == 200).then_some(()));

    // The server goes, and the relay is started anew.
    drop(house.server.take());
    assert_eq!(relay.watch(one).0, 200);
    eventually("the trouble is told", || relay.status()["mirror"]["trouble"].as_str().map(str::to_owned));
    let Relay { program, folder } = relay;
    let logged = program.terminate().logged;
    assert!(logged.contains("the server cannot be followed"), "{logged}");
    for secret in [KEY, "watching", "station/station"] {
        assert!(!logged.contains(secret), "{secret}: {logged}");
    }
    assert!(!folder.path().join("data").exists());
    let relay = Relay::start_in(folder, "http://127.0.0.1:9", KEY);
    assert_eq!(relay.watch(two).0, 200, "what was copied is still there");
}

#[test]
fn whoever_has_not_the_key_gets_words_and_where_there_is_none_there_is_nothing() {
    let house = House::new(&format!("relay_key = \"{KEY}\""));
    eventually("a release", || house.channel("One"));
    let ask = |url: &str, shown: &str, part: &str| {
        let (header, url) = (format!("Authorization: Bearer {shown}"), format!("{url}{part}"));
        text(&ffmpeg("curl", &["-sS", "-w", "%{http_code}", "-H", &header, &url]).stdout)
    };
    let parts = ["/relay/state", "/relay/bundle.json", "/relay/users.json", "/relay/vault.json"];
    for part in parts {
        let refused = ask(house.url(), "another-key-of-16", part);
        assert!(refused.ends_with("401") && refused.contains("follow_key"), "{part}: {refused}");
        assert!(ask(house.url(), KEY, part).ends_with("200"), "{part}");
    }
    assert!(ask(house.url(), "another-key-of-16", "/relay/seats").ends_with("401"));
    assert!(ask(house.url(), KEY, "/relay/seats").ends_with("405"), "that is told, and not asked for");
    let users = ask(house.url(), KEY, "/relay/users.json");
    assert!(users.contains("$argon2id$") && !users.contains("watching"));
    let bundle = ask(house.url(), KEY, "/relay/bundle.json");
    assert!(bundle.contains("{secret:") && !bundle.contains("station/station"));

    let relay = Relay::start(house.url(), "another-key-of-16");
    let trouble = eventually("trouble", || relay.status()["mirror"]["trouble"].as_str().map(str::to_owned));
    assert!(trouble.contains("does not take our key"), "{trouble}");
    assert_eq!(relay.watch(1).0, 403, "it knows nobody");
    let logged = relay.program.terminate().logged;
    assert!(logged.contains("`follow_key`") && !logged.contains("another-key"), "{logged}");

    let closed = House::new("");
    for part in parts {
        assert!(ask(closed.url(), KEY, part).ends_with("404"), "{part}");
        assert!(ask(closed.url(), "", part).ends_with("404"), "{part}");
    }
    assert!(ask(closed.url(), KEY, "/relay/seats").ends_with("404"));
    let relay = Relay::start(closed.url(), KEY);
    let trouble = eventually("trouble", || relay.status()["mirror"]["trouble"].as_str().map(str::to_owned));
    assert!(trouble.contains("there is nothing to copy"), "{trouble}");
}

#[test]
fn a_copy_is_not_made_over_the_folder_of_ingest() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    write(&folder.path().join("data/ids.json"), "");
    let config =
        format!("[relay]\nfollow = \"http://127.0.0.1:9\"\nfollow_key = \"{KEY}\"\ncache = \"data\"\n");
    write(&folder.path().join("coax.toml"), &config);
    let output = ours(&built("relay", "relay"), &[]).current_dir(folder.path()).output().unwrap();
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("another folder"), "{said}");
}
