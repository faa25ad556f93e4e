//! A provider, what was ingested from it, a relay, and a folder to deliver to: what the program has around it in life.

use std::fs;
use std::future::pending;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::bundle::{Kind, Section};
use contract::disk::{Access, Data, replace};
use contract::release::{Follower, Release, Releases};
use contract::source::Source;
use contract::user::Users;
use relay::Relay;
use serde_json::Value;
use station::Station;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// How long something may take that should happen: others may be using the machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The size of the films and episodes.
pub(crate) const SIZE: u64 = 3_000_000;

/// All of it. Ends with the test.
pub(crate) struct House {
    pub(crate) station: Station,
    pub(crate) data: Data,
    /// The folder that is the target `nas`.
    pub(crate) nas: PathBuf,
    config: PathBuf,
    server: tokio::task::JoinHandle<()>,
    address: SocketAddr,
    folder: TempDir,
}

/// A program that is running. Is killed with it.
pub(crate) struct Running(pub(crate) Child);

impl House {
    /// With these lines more in `[download]`.
    pub(crate) async fn with(provider: station::Settings, more: &str) -> Self {
        Self::of(provider, more, |_| Vec::new()).await
    }

    /// The same with a target, and beside the panel with a list of films that are HLS: one that can be made one file, two
    /// that cannot, and one of which nothing says that it is HLS. The panel has all of its own as HLS, too. None is so small that
    /// it is taken for a clip.
    pub(crate) async fn with_segments() -> Self {
        let listed = |station: &Station| {
            let (url, there) = (station.url(), station.catalogue().live_id(0));
            let films =
                [("vod", "Segments (2020)"), ("vod,fmp4", "Fragments (2021)"), ("vod,audio", "Sound (2022)")];
            let films = films.map(|(quirks, name)| {
                let film = format!("{url}/origin/{quirks}/station/station/{there}/index.m3u8");
                format!("#EXTINF:-1 tvg-type=\"movie\",{name}\n{film}\n")
            });
            let whole = format!("{url}/origin/vod/station/station/{there}/index.m3u8");
            let master = format!("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000\n{whole}\n");
            station.publish("/disguised.mp4", master, "application/octet-stream", None);
            let last = format!("#EXTINF:-1 tvg-type=\"movie\",Disguised (2023)\n{url}/disguised.mp4\n");
            let list = format!("#EXTM3U\n{}{last}", films.concat());
            station.publish("/films.m3u", list, "audio/x-mpegurl", None);
            let text =
                format!("name = 'list'\nkind = 'm3u'\nurl = '{url}/films.m3u'\nprivate_addresses = true");
            vec![toml::from_str(&text).unwrap()]
        };
        let provider = station::Settings { segmented_films: true, films: 2, ..station::Settings::default() };
        let house = Self::of(provider, "clip = 0", listed).await;
        house.told(&["target", "add", "nas", house.nas.to_str().unwrap()]);
        house
    }

    async fn of(
        provider: station::Settings,
        more: &str,
        others: impl FnOnce(&Station) -> Vec<Source>,
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let provider = station::Settings { film_bytes: SIZE, series: 1, live: 2, ..provider };
        let account = provider.accounts[0].clone();
        let station = Station::start(provider).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (data, nas) = (Data::new(folder.path().join("data")), folder.path().join("nas"));
        fs::create_dir(&nas).unwrap();
        let mut sources = vec![source(&station, &account)];
        sources.extend(others(&station));
        ingest(&data, &sources).await;
        let (server, address) = serve(&data, sources).await;
        let config = folder.path().join("coax.toml");
        let reserve = if more.contains("reserve") { "" } else { "reserve = 0\n" };
        let text =
            format!("data = {:?}\n[download]\nrelay = 'http://{address}'\n{reserve}{more}\n", data.path());
        replace(&config, text.as_bytes(), Access::Owner).unwrap();
        Self { station, data, nas, config, server, address, folder }
    }

    /// The configuration, as it is now.
    pub(crate) fn configuration(&self) -> String {
        fs::read_to_string(&self.config).unwrap()
    }

    /// Adds lines to the configuration.
    pub(crate) fn configure(&self, more: &str) {
        let text = self.configuration() + more;
        replace(&self.config, text.as_bytes(), Access::Owner).unwrap();
    }

    /// Writes other lines in the place of some.
    pub(crate) fn reconfigure(&self, lines: &str, others: &str) {
        let text = self.configuration();
        assert!(text.contains(lines), "{text}");
        replace(&self.config, text.replace(lines, others).as_bytes(), Access::Owner).unwrap();
    }

    /// The same with the folder as a target.
    pub(crate) async fn with_target(more: &str) -> Self {
        let house = Self::with(station::Settings { films: 4, ..station::Settings::default() }, more).await;
        let nas = house.nas.to_str().unwrap();
        house.told(&["target", "add", "nas", nas]);
        house
    }

    /// Where the relay answers.
    pub(crate) fn relay(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Our ids of what is of this kind, in order.
    pub(crate) fn ids(&self, kind: Kind) -> Vec<u32> {
        let releases = Releases::new(self.data.clone());
        let release = Release::open(&releases.folder(releases.current().unwrap())).unwrap();
        let all = release.index.entries(Section::Playables).iter().map(|entry| entry.id);
        let mut ids: Vec<u32> = all.filter(|id| release.playable(*id).unwrap().kind == kind).collect();
        ids.sort_unstable();
        ids
    }

    /// The provider's id and ending of something of ours, and the bytes that it has for it.
    pub(crate) async fn original(&self, id: u32) -> (u32, Vec<u8>) {
        let releases = Releases::new(self.data.clone());
        let release = Release::open(&releases.folder(releases.current().unwrap())).unwrap();
        let playable = release.playable(id).unwrap();
        let path = &playable.upstreams[0].path;
        let there = path.rsplit_once('/').unwrap().1.split_once('.').unwrap().0.parse().unwrap();
        let word = if playable.kind == Kind::Movie { "movie" } else { "series" };
        let url = self.station.stream_url(word, there, &playable.container);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let bytes = client.get(url).send().await.unwrap().bytes().await.unwrap().to_vec();
        self.station.reset();
        (there, bytes)
    }

    /// The program, asked for something.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_download"));
        command.arg("--config").arg(&self.config).arg("--json").args(arguments);
        command.env_remove("COAX_DATA").stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn ask(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it says when all goes well.
    pub(crate) fn told(&self, arguments: &[&str]) -> Value {
        let output = self.ask(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&text).unwrap()
    }

    /// Queues something; the number of its job.
    pub(crate) fn add(&self, id: u32) -> i64 {
        self.told(&["add", &id.to_string()])["added"][0].as_i64().unwrap()
    }

    /// What is known of a job.
    pub(crate) fn job(&self, id: i64) -> Value {
        self.told(&["status", &id.to_string()])[0].take()
    }

    /// Begins to work.
    pub(crate) fn run(&self) -> Running {
        let (running, said) = self.run_as(&[], &[]);
        assert_eq!(said, "ready\n");
        running
    }

    /// The same with other options and another environment; what it says when it is ready.
    pub(crate) fn run_as(&self, options: &[&str], environment: &[(&str, String)]) -> (Running, String) {
        let mut command = self.command(&[&["run"], options].concat());
        command.envs(environment.iter().map(|(name, value)| (name, value))).stderr(Stdio::null());
        Running::started(&mut command)
    }

    /// What was told of a job, and what of it.
    pub(crate) fn events(&self, job: i64, action: &str) -> Vec<String> {
        let events = self.told(&["log", &job.to_string()]);
        let events = events.as_array().unwrap().iter().filter(|event| event["action"] == action);
        events.map(|event| event["details"].as_str().unwrap().to_owned()).collect()
    }

    /// A program of the name `name` in a folder of its own, which does what `script` says.
    pub(crate) fn script(&self, name: &str, script: &str) -> PathBuf {
        let path = self.folder.path().join(format!("bin-{name}")).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        program(&path, script);
        path
    }

    /// Waits until a job is in a state.
    pub(crate) async fn until(&self, id: i64, state: &str) -> Value {
        let mut job = Value::Null;
        let is_there = || {
            job = self.job(id);
            job["state"] == state
        };
        eventually(is_there).await.unwrap_or_else(|()| panic!("{state} is not reached: {job:#}"));
        job
    }

    /// All files at the target but the one by which it is known, as paths below it.
    pub(crate) fn delivered(&self) -> Vec<String> {
        let mut names: Vec<String> = below(&self.nas)
            .iter()
            .map(|path| path.strip_prefix(&self.nas).unwrap().to_str().unwrap().to_owned())
            .filter(|name| name != ".download-target")
            .collect();
        names.sort();
        names
    }

    /// What lies about here.
    pub(crate) fn parts(&self) -> Vec<PathBuf> {
        below(&self.data.downloads().join("temp"))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Running {
    /// One, and what it says when it is ready.
    pub(crate) fn started(command: &mut Command) -> (Self, String) {
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        (Self(child), said)
    }

    /// As an operator stops it.
    pub(crate) fn stop(mut self) -> bool {
        let id = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        self.0.wait().unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something is so.
pub(crate) async fn eventually(mut is_so: impl FnMut() -> bool) -> Result<(), ()> {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > PATIENCE {
            return Err(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// All files below a folder, in order; none if there is no folder.
pub(crate) fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut all: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect();
    all.sort();
    all
}

fn source(station: &Station, account: &station::Account) -> Source {
    let text = format!(
        "name = 'acme'\nurl = '{}'\nusername = '{}'\npassword = '{}'\n\
         requests = {{ parallel = 4, per_second = 1000, per_hour = 1000000 }}",
        station.url(),
        account.username,
        account.password,
    );
    toml::from_str(&text).unwrap()
}

/// Twice, since the second release has the episodes of the series that the first one lists.
async fn ingest(data: &Data, sources: &[Source]) {
    let settings =
        ingest::Settings { retries: 0, details_pause: Duration::ZERO, ..ingest::Settings::default() };
    for _ in 0..2 {
        let report = ingest::run(data, sources, &settings, &ingest::Progress::log()).await.unwrap();
        assert!(report.is_success(), "{report}");
        ingest::fill(data, sources, &settings, &ingest::Progress::log()).await.unwrap();
    }
}

async fn serve(data: &Data, sources: Vec<Source>) -> (tokio::task::JoinHandle<()>, SocketAddr) {
    let settings = relay::Settings {
        film_linger: Duration::from_millis(200),
        slot_patience: Duration::from_millis(300),
        release_delay: Duration::ZERO,
        ..relay::Settings::default()
    };
    let users = Arc::new(Users::new(data.clone()));
    let relay = Relay::new(settings, sources, Follower::start(data.clone()), users).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = move |mut request, peer| {
        let relay = relay.clone();
        relay.strip(&mut request, peer);
        async move { relay.answer(request, peer).await }
    };
    (tokio::spawn(httpd::serve(listener, httpd::Settings::default(), answer, pending())), address)
}

/// Makes an executable that does what `script` says. Another process writes it: where this one does, a child that another test
/// starts meanwhile has the file open for writing until it has its own image, and what is open so cannot be executed
/// (`ETXTBSY`, execve(2)).
pub(crate) fn program(path: &Path, script: &str) {
    let mut writer = Command::new("sh");
    writer.args(["-c", r#"cat >"$0" && chmod 755 "$0""#]).arg(path).stdin(Stdio::piped());
    let mut writer = writer.spawn().unwrap();
    write!(writer.stdin.take().unwrap(), "#!/bin/sh\n{script}\n").unwrap();
    assert!(writer.wait().unwrap().success());
}
