//! No credential reaches a log line at any level, a report, or a file.
#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::disk::Data;
use contract::source::Source;
use ingest::{Progress, Settings};
use station::{Account, Fault, Station, Target};
use tracing_subscriber::fmt::MakeWriter;

const USERNAME: &str = "householder77";
const PASSWORD: &str = "opensesame99";

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in [USERNAME, PASSWORD] {
        let line = text.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{what}: {}", line.unwrap_or_default());
    }
}

fn files(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path);
        } else {
            clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_at_trace_level_tells_no_secret() {
    let lines = Lines::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .with_ansi(false)
        .init();
    let account = Account { username: USERNAME.into(), password: PASSWORD.into(), ..Account::default() };
    // The station and the ingest share this process and its log; the station's own lines are its own matter.
    let station =
        Station::start(station::Settings { accounts: vec![account], ..Default::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = Data::new(folder.path());
    let settings = Settings {
        request_timeout: Duration::from_millis(700),
        guide_timeout: Duration::from_millis(700),
        retries: 1,
        retry_pause: Duration::ZERO,
        details_pause: Duration::ZERO,
        ..Settings::default()
    };
    let text = format!(
        "name='acme'\nurl='{}'\nusername='{USERNAME}'\npassword='{PASSWORD}'\nrequests={{per_second=1000,per_hour=1000000}}",
        station.url()
    );
    let mut sources: Vec<Source> = vec![toml::from_str(&text).unwrap()];
    let mut reports = String::new();
    for target in ["account", "get_live_streams", "get_series_info", "get_vod_info", "xmltv"] {
        for fault in ["status:403", "html", "half", "cut:50", "stall:0", "redirect:9", "empty"] {
            station.set_fault(Target::Action(target.into()), fault.parse::<Fault>().unwrap());
            let report = ingest::run(&data, &sources, &settings, &Progress::log()).await.unwrap();
            reports += &format!("{report}\n{}\n", serde_json::to_string(&report).unwrap());
            ingest::fill(&data, &sources, &settings, &Progress::log()).await.unwrap();
            station.clear_fault(Target::Action(target.into()));
        }
    }
    sources.push(
        toml::from_str(&text.replace("acme", "dead").replace(&station.url(), "http://127.0.0.1:9")).unwrap(),
    );
    let report = ingest::run(&data, &sources, &settings, &Progress::log()).await.unwrap();
    assert!(report.is_success(), "{report}");
    reports += &report.to_string();
    clean("reports", reports.as_bytes());
    clean("debug", format!("{sources:?}").as_bytes());
    files(folder.path());
    let log = lines.0.lock().unwrap().clone();
    assert!(!log.is_empty());
    let own: Vec<&str> =
        std::str::from_utf8(&log).unwrap().lines().filter(|line| !line.contains(" station::")).collect();
    clean("log", own.join("\n").as_bytes());
}
