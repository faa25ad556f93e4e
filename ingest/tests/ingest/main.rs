//! Ingest against the station, through the front door: sources in, releases out.
#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod account;
mod bundle;
mod details;
mod fetch;
mod gate;
mod guides;
mod hostile;
mod identity;
mod kill;
mod listings;
mod proxy;
mod renumbering;
mod rules;
mod schedule;
mod scrape;
mod sources;
mod tape;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use contract::bundle::Section;
use contract::disk::Data;
use contract::release::{Release, Releases};
use contract::source::Source;
use ingest::{Progress, Report, Settings, Verdict};
use station::Station;
use tempfile::TempDir;

/// A data folder and what reads into it.
struct Bench {
    folder: TempDir,
    data: Data,
    settings: Settings,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let settings = Settings {
            first_byte_timeout: Duration::from_secs(5),
            retries: 0,
            retry_pause: Duration::ZERO,
            details_pause: Duration::ZERO,
            ..Settings::default()
        };
        Self { folder, data, settings }
    }

    async fn run(&self, sources: &[Source]) -> Report {
        ingest::run(&self.data, sources, &self.settings, &Progress::log()).await.unwrap()
    }

    async fn fill(&self, sources: &[Source]) -> ingest::Filled {
        ingest::fill(&self.data, sources, &self.settings, &Progress::log()).await.unwrap()
    }

    fn release(&self) -> Release {
        let releases = Releases::new(self.data.clone());
        Release::open(&releases.folder(releases.current().unwrap())).unwrap()
    }

    /// Writes what a source reads.
    fn write(&self, name: &str, text: &str) {
        #[expect(clippy::disallowed_methods, reason = "it is a test's input, no artefact")]
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// A source that reads a playlist of the bench's folder.
    fn playlist(&self, name: &str, file: &str) -> Source {
        let file = self.folder.path().join(file);
        toml::from_str(&format!("name = '{name}'\nkind = 'm3u'\nfile = '{}'", file.display())).unwrap()
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// A small station at an hour that does not end during the test.
async fn station(settings: station::Settings) -> Station {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    Station::start(station::Settings { now: Some(now / 86_400 * 86_400), ..settings }).await.unwrap()
}

fn source(name: &str, station: &Station) -> Source {
    with_account(name, &station.url(), "station", "station")
}

fn with_account(name: &str, url: &str, username: &str, password: &str) -> Source {
    with_keys(name, url, &format!("username = '{username}'\npassword = '{password}'\n{UNHURRIED}"))
}

/// A provider that does not mind how often it is asked.
const UNHURRIED: &str = "requests = { parallel = 4, per_second = 1000, per_hour = 1000000 }";

fn with_keys(name: &str, url: &str, keys: &str) -> Source {
    toml::from_str(&format!("name = '{name}'\nurl = '{url}'\n{keys}")).unwrap()
}

/// The entries of a list section.
fn entries<T: serde::de::DeserializeOwned>(release: &Release, section: Section) -> Vec<T> {
    let found = release.index.entries(section).iter();
    found.map(|entry| serde_json::from_slice(&release.find(section, entry.id).unwrap()).unwrap()).collect()
}

/// Our ids, by what the provider calls them: the upstream path.
fn ids(release: &Release) -> BTreeMap<String, u32> {
    let playables = release.index.entries(Section::Playables).iter();
    playables
        .map(|entry| {
            let upstream = &release.playable(entry.id).unwrap().upstreams[0];
            (format!("{} {}", upstream.account, upstream.path), entry.id)
        })
        .collect()
}

/// Name and content of every artefact of the current release.
fn artefacts(bench: &Bench) -> Vec<(&'static str, Vec<u8>)> {
    contract::release::ARTEFACTS
        .map(|name| (name, std::fs::read(bench.data.current().join(name)).unwrap()))
        .to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_be_spawned() {
    let bench = Bench::new();
    let running = tokio::spawn(async move {
        let station = station(station::Settings { live: 1, films: 0, series: 0, ..Default::default() }).await;
        bench.run(&[source("acme", &station)]).await.verdict
    });
    assert_eq!(running.await.unwrap(), Verdict::Published(1));
}
