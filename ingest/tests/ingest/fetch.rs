//! How sources are asked: no more than they tolerate, not again for what did not change, and patiently.

use std::process::Stdio;
use std::time::{Duration, Instant};

use contract::disk::{Access, replace};
use contract::release::Outcome;
use ingest::Verdict;
use station::{Fault, Target};

use crate::kill::program;
use crate::{Bench, UNHURRIED, source, station, with_keys};

const ACCOUNT: &str = "username = 'station'\npassword = 'station'\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_guide_that_did_not_change_is_not_sent_again() {
    let station = station(station::Settings::default()).await;
    let bench = Bench::new();
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    assert_eq!(station.counts().unchanged.get("xmltv"), None);
    let report = bench.run(&sources).await;
    assert_eq!(report.verdict, Verdict::Unchanged(1), "{report}");
    assert_eq!(station.counts().unchanged["xmltv"], 1);
    // Without its last good copy, nothing is known of it.
    std::fs::remove_file(bench.data.state().join("acme/guide")).unwrap();
    let report = bench.run(&sources).await;
    assert_eq!((report.verdict, station.counts().unchanged["xmltv"]), (Verdict::Unchanged(1), 1));
    assert!(bench.data.state().join("acme/guide").is_file());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_never_sees_more_requests_than_its_ledger_has() {
    let station = station(station::Settings { series: 6, ..Default::default() }).await;
    let mut bench = Bench::new();
    bench.settings.details_per_run = 6;
    let keys = format!("{ACCOUNT}requests = {{ parallel = 3, per_second = 5, per_hour = 20 }}");
    let sources = [with_keys("acme", &station.url(), &keys)];
    let report = bench.run(&sources).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    let first = station.counts().accounts["station"];
    assert!(first.asked_in_a_second <= 5 && (8..=20).contains(&first.asked), "{first:?}");
    // The next run is another process as far as the ledger knows; the hour goes on.
    for _ in 0..2 {
        bench.run(&sources).await;
    }
    let report = bench.run(&sources).await;
    assert_eq!(report.sources[0].outcome, Some(Outcome::Kept));
    assert!(report.to_string().contains("nothing may be asked for the next"), "{report}");
    let all = station.counts().accounts["station"];
    assert!(all.asked_in_a_second <= 5 && all.asked <= 20, "{all:?}");
}

/// One fills details, the others make runs; the station knows nothing of processes.
#[tokio::test(flavor = "multi_thread")]
async fn several_processes_on_one_folder_together_ask_no_more_than_the_ledger_has() {
    let station = station(station::Settings { films: 400, ..Default::default() }).await;
    let bench = Bench::new();
    let config = bench.path().join("coax.toml");
    let text = format!(
        "data = {:?}\n[ingest]\ndetails_pause = 0\ndetails_per_run = 0\nretries = 0\n[[source]]\nname = 'acme'\n\
         url = '{}'\n{ACCOUNT}requests = {{ parallel = 1, per_second = 8, per_hour = 60 }}\n",
        bench.data.path(),
        station.url()
    );
    replace(&config, text.as_bytes(), Access::Owner).unwrap();
    assert!(program(&config, &["run"]).output().unwrap().status.success());
    let mut filling =
        program(&config, &["schedule"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut said = String::new();
    for _ in 0..12 {
        let run = tokio::process::Command::from(program(&config, &["run"])).output().await.unwrap();
        said = String::from_utf8_lossy(&run.stdout).into_owned();
        if said.contains("nothing may be asked for the next") {
            break;
        }
    }
    filling.kill().unwrap();
    filling.wait().unwrap();
    assert!(said.contains("nothing may be asked for the next"), "the hour is spent: {said}");
    let counts = station.counts();
    assert!(counts.requests("get_vod_info") > 0 && counts.requests("get_live_streams") > 1, "{counts:?}");
    let all = counts.accounts["station"];
    assert!(all.asked_in_a_second <= 8 && all.asked <= 60, "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_rest_gets_it() {
    let station = station(station::Settings::default()).await;
    let mut bench = Bench::new();
    bench.settings.retries = 1;
    let busy = |seconds| Fault::Busy(seconds);
    station.set_fault_times(Target::Action("account".into()), busy(2), 1);
    let began = Instant::now();
    let report = bench.run(&[source("acme", &station)]).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    assert!(began.elapsed() >= Duration::from_secs(2));
    // Who wants an hour is asked by the next run.
    station.set_fault(Target::Action("account".into()), busy(3600));
    let report = bench.run(&[source("acme", &station)]).await;
    assert!(report.to_string().contains("too many requests"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_address_that_answers_and_the_first_account_that_is_taken_are_used() {
    let station = station(station::Settings::default()).await;
    let bench = Bench::new();
    let keys = format!(
        "url = ['http://127.0.0.1:9', '{}']\nkind = 'xtream'\n{UNHURRIED}\naccounts = [{{ username = 'gone', \
         password = 'gone' }}, {{ username = 'station', password = 'station' }}]",
        station.url()
    );
    let source = toml::from_str(&format!("name = 'acme'\n{keys}")).unwrap();
    let report = bench.run(&[source]).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    assert_eq!(station.counts().requests("account"), 2);
    assert_eq!(station.counts().requests("get_live_streams"), 1);
}
