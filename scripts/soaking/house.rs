//! The programs of the soak, and what is known of them from outside.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Process, program};

/// The channel that nothing ever goes wrong with, by its place in the list.
const QUIET: usize = 0;
/// What the second provider allows at once; the first allows any number.
const ALLOWED: &str = "3";

/// Two providers with the same channels, and Coax.
pub(crate) struct House {
    folder: TempDir,
    stations: [Process; 2],
    coax: Process,
    /// Our ids, in the order of the list.
    channels: Vec<u32>,
    films: Vec<u32>,
    /// What the stations call all of these but the quiet channel.
    theirs: Vec<u32>,
    http: reqwest::Client,
}

impl House {
    /// Starts everything and publishes a release.
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let station = |most: &str| {
            let sizes = ["--live", "6", "--films", "3", "--series", "0", "--limit", "458"];
            Process::start("station", &[&sizes[..], &["--max-connections", most]].concat())
        };
        let stations = [station("0"), station(ALLOWED)];
        let config = configure(folder.path(), &stations);
        let config = config.to_str().unwrap();
        let run = program("ingest").args(["run", "--config", config]).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let log = fs::File::create(folder.path().join("coax.log")).unwrap();
        let coax = Process::ready(program("coax").args(["up", "--config", config]).stderr(log));
        let bundle = fs::read(folder.path().join("data/current/bundle.json")).unwrap();
        let bundle: Value = serde_json::from_slice(&bundle).unwrap();
        let ids = |section: &str| {
            let list = bundle[section].as_array().unwrap().iter();
            list.map(|entry| entry["stream_id"].as_u64().unwrap() as u32).collect::<Vec<_>>()
        };
        let (channels, films) = (ids("live_streams"), ids("vod_streams"));
        let restless = channels[QUIET + 1..].iter().chain(&films);
        let theirs = restless.map(|id| provider_id(&bundle, *id)).collect();
        Self { folder, stations, coax, channels, films, theirs, http: reqwest::Client::new() }
    }

    /// The channel without faults.
    pub(crate) fn quiet(&self) -> String {
        self.address("live", self.channels[QUIET], "ts")
    }

    /// Channels with faults.
    pub(crate) fn restless(&self) -> &[u32] {
        &self.channels[QUIET + 1..]
    }

    pub(crate) fn films(&self) -> &[u32] {
        &self.films
    }

    /// The address of a stream.
    pub(crate) fn address(&self, form: &str, id: u32, extension: &str) -> String {
        format!("http://{}/{form}/soak/soaking/{id}.{extension}", self.coax.address)
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Lets things go wrong with every channel but the quiet one, and with films: the first fault at the first provider,
    /// the second at the second.
    pub(crate) async fn afflict(&self, faults: &[&str]) {
        for (station, fault) in self.stations.iter().zip(faults) {
            for id in &self.theirs {
                self.tell(station, &format!("fault?channel={id}&fault={fault}")).await;
            }
        }
    }

    /// Nothing goes wrong any more.
    pub(crate) async fn heal(&self) {
        for station in &self.stations {
            self.tell(station, "reset").await;
        }
    }

    async fn tell(&self, station: &Process, what: &str) {
        let address = format!("http://{}/_station/{what}", station.address);
        self.http.post(address).send().await.unwrap().error_for_status().unwrap();
    }

    /// File descriptors that Coax has open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.coax.child.id())).unwrap().count()
    }

    pub(crate) fn peak_memory(&self) -> u64 {
        crate::process::peak_memory(self.coax.child.id()).unwrap()
    }

    /// What is still there although everybody has left; waits until nothing is, for `most`.
    pub(crate) async fn left_over(&self, descriptors: usize, most: Duration) -> Vec<String> {
        let begin = Instant::now();
        loop {
            let left = self.left_now(descriptors).await;
            if left.is_empty() || begin.elapsed() > most {
                return left;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn left_now(&self, descriptors: usize) -> Vec<String> {
        let mut left = Vec::new();
        let status = self.document(&format!("http://{}/status.json", self.coax.address)).await;
        for total in ["channels", "viewers", "hls_sessions"] {
            match status["totals"][total].as_u64() {
                Some(0) => {}
                number => left.push(format!("{total}: {number:?}")),
            }
        }
        if status["seats"].as_u64() != Some(0) {
            left.push(format!("seats: {}", status["seats"]));
        }
        let slots = status["slots"].as_array().unwrap().iter();
        left.extend(
            slots.filter(|slot| slot["used"].as_u64() != Some(0)).map(|slot| format!("slots: {slot}")),
        );
        for station in &self.stations {
            let counts = self.document(&format!("http://{}/_station/counts", station.address)).await;
            if counts["open"].as_u64() != Some(0) {
                left.push(format!("connections of a provider: {}", counts["open"]));
            }
        }
        // Connections that this program keeps open to ask all this, and one that the system may still be closing.
        let now = self.descriptors();
        if now > descriptors + 3 {
            left.push(format!("file descriptors: {now}, {descriptors} at first"));
        }
        let log = fs::read_to_string(self.folder.path().join("coax.log")).unwrap();
        left.extend(log.lines().filter(|line| line.contains("panicked")).map(str::to_owned));
        left
    }

    async fn document(&self, address: &str) -> Value {
        let answer = self.http.get(address).send().await.unwrap().error_for_status().unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }
}

/// Writes a configuration, with one user who may watch as much as he likes, and its data beside it.
fn configure(folder: &Path, stations: &[Process; 2]) -> std::path::PathBuf {
    let config = folder.join("coax.toml");
    let mut text = format!("data = {:?}\nlisten = \"127.0.0.1:0\"\n", folder.join("data"));
    for (name, (station, most)) in ["first", "second"].iter().zip(stations.iter().zip(["0", ALLOWED])) {
        text += &format!(
            "[[source]]\nname = \"{name}\"\nurl = \"http://{}\"\nusername = \"station\"\npassword = \"station\"\n\
             max_connections = {most}\n",
            station.address
        );
    }
    text += "[[ingest.rule]]\ndo = \"merge\"\nprefer = [\"first\"]\n[ingest]\ndetails_per_run = 0\n";
    fs::write(&config, text).unwrap();
    let add = ["user", "--config", config.to_str().unwrap(), "add", "soak", "--password-stdin"];
    let mut command = program("coax");
    command.args(add).args(["--max-connections", "0"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"soaking").unwrap();
    assert!(child.wait().unwrap().success());
    config
}

/// The id by which a provider knows what we call `id`.
fn provider_id(bundle: &Value, id: u32) -> u32 {
    let playables = bundle["playables"].as_array().unwrap();
    let playable = playables.iter().find(|playable| playable["id"] == id).unwrap();
    let path = playable["upstreams"][0]["path"].as_str().unwrap();
    let (_, name) = path.rsplit_once('/').unwrap();
    name.split('.').next().unwrap().parse().unwrap()
}
