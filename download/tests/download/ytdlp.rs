//! yt-dlp, as itself where it is there, and as what it was heard to say.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use download::engine::outlet::Outlet;
use download::engine::{Ended, Known, Order, Reach, Report, ytdlp};
use download::job::{Cause, Wait};
use station::{Fault, Settings, Station};
use tempfile::TempDir;

use crate::house;

fn order(folder: &TempDir, url: &str) -> Order {
    Order {
        url: url.into(),
        headers: vec![("X-Pass".into(), "secret".into())],
        reach: Reach::Anywhere,
        part: folder.path().join(".50%.part"),
        known: Known::default(),
        paces: Vec::new(),
        patience: Duration::from_secs(20),
    }
}

/// A program that says and does what this script does; `$output` is what it was told to make.
fn program(folder: &TempDir, script: &str) -> PathBuf {
    let path = folder.path().join("program");
    let find = r#"while [ "$1" != -o ]; do shift; done; output=$(printf '%s' "$2" | sed 's/%%/%/g; s/%(ext)s/mp4/')"#;
    house::program(&path, &format!("echo \"$@\" > '{}/said'\n{find}\n{script}", folder.path().display()));
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_makes_becomes_the_part_and_its_progress_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"echo 'P {"status": "downloading", "downloaded_bytes": 3, "total_bytes": 6}'
        echo '[download] words for people'
        echo 'P {"status": "finished", "downloaded_bytes": 6, "total_bytes": 6}'
        printf abcdef > "$output"; echo "F \"$output\"""#;
    let order = order(&folder, "http://station.example/list.m3u8");
    let mut told = Vec::new();
    let ended = ytdlp::fetch(&program(&folder, script), &order, &mut |report| told.push(report)).await;
    assert_eq!(ended, Ended::Done { total: 6 });
    assert_eq!(fs::read(&order.part).unwrap(), b"abcdef");
    assert_eq!(told[0], Report::Began { have: 0, total: Some(6), etag: None });
    // How much it is, is known before it has the name of the part.
    let whole = Report::Began { have: 6, total: Some(6), etag: None };
    assert_eq!(told[told.len() - 2..], [whole, Report::Checkpoint { synced: 6 }]);
    let said = fs::read_to_string(folder.path().join("said")).unwrap();
    for needed in ["--ignore-config", "--abort-on-unavailable-fragments", "--continue", "--batch-file -"] {
        assert!(said.contains(needed), "{needed}: {said}");
    }
    assert!(!said.contains("station.example"), "everybody here can read how it was called: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_cannot_do_is_told_and_what_it_did_not_make_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let order = order(&folder, "http://station.example/list.m3u8");
    let attempt = async |script: &str| ytdlp::fetch(&program(&folder, script), &order, &mut |_| {}).await;
    assert!(matches!(attempt("exit 0").await, Ended::Waits { wait: Wait::Retry, .. }));
    let ended = attempt("echo 'usage' >&2; exit 2").await;
    assert!(matches!(ended, Ended::Failed { cause: Cause::Engine, .. }), "{ended:?}");
    let ended = attempt("echo 'ERROR: fragment not found: HTTP Error 404: Not Found' >&2; exit 1").await;
    assert!(matches!(ended, Ended::Failed { cause: Cause::Gone, .. }), "{ended:?}");
    let absent = ytdlp::fetch(Path::new("/nowhere/yt-dlp"), &order, &mut |_| {}).await;
    assert!(matches!(absent, Ended::Waits { wait: Wait::Engine, .. }), "{absent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_it_stops_all_that_it_has_started() {
    let folder = tempfile::tempdir().unwrap();
    let order = order(&folder, "http://station.example/list.m3u8");
    let alive = folder.path().join("alive");
    let script = format!("(while :; do date > '{}'; sleep 0.02; done) & wait", alive.display());
    let program = program(&folder, &script);
    let mut tell = |_| {};
    let attempt = ytdlp::fetch(&program, &order, &mut tell);
    assert!(tokio::time::timeout(Duration::from_secs(2), attempt).await.is_err());
    for _ in 0..200 {
        let _ = fs::remove_file(&alive);
        tokio::time::sleep(Duration::from_millis(100)).await;
        if !alive.exists() {
            return;
        }
    }
    panic!("it goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_outlet_has_refused_counts_until_something_else_is_asked_for() {
    let station = Station::start(Settings::default()).await.unwrap();
    let outlet = Outlet::open(|address| address.to_string() == "127.0.0.1").await.unwrap();
    let proxy = reqwest::Proxy::http(outlet.proxy()).unwrap();
    let client = reqwest::Client::builder().proxy(proxy).build().unwrap();
    let status = async |url: &str| client.get(url).send().await.unwrap().status().as_u16();
    assert!(!outlet.has_refused());
    assert_eq!(status("http://127.0.0.2:9/poster.jpg").await, 403);
    assert!(outlet.has_refused());
    assert_eq!(status(&format!("{}/nothing/of/the/kind", station.url())).await, 404);
    assert!(!outlet.has_refused(), "that there is none is not for the poster's sake");
}

/// Made by `scripts/yt-dlp`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs yt-dlp: scripts/yt-dlp"]
async fn the_real_one_brings_a_list_and_does_not_leave_out_what_is_missing() {
    let program = PathBuf::from(std::env::var_os("YT_DLP").unwrap());
    let station = Station::start(Settings::default()).await.unwrap();
    let channel = station.catalogue().live_id(0);
    let url = format!("{}/origin/vod/station/station/{channel}/index.m3u8", station.url());
    let folder = tempfile::tempdir().unwrap();
    let order = order(&folder, &url);
    let mut told = Vec::new();
    let ended = ytdlp::fetch(&program, &order, &mut |report| told.push(report)).await;
    let Ended::Done { total } = ended else { panic!("{ended:?}") };
    assert_eq!(fs::metadata(&order.part).unwrap().len(), total);
    assert!(told.iter().any(|report| matches!(report, Report::Progress { have } if *have > 0)), "{told:?}");
    fs::remove_file(&order.part).unwrap();
    station.set_fault_after(station::Target::Action("segment".into()), Fault::Status(404), 2);
    let ended = ytdlp::fetch(&program, &order, &mut |_| {}).await;
    assert!(!matches!(ended, Ended::Done { .. }) && !order.part.exists(), "{ended:?}");
    station.clear_fault(station::Target::Action("segment".into()));

    // A stranger's address gets it no further than us.
    let asked = station.counts().requests("segment");
    let stranger = Order { reach: Reach::Internet, headers: Vec::new(), ..order };
    let ended = ytdlp::fetch(&program, &stranger, &mut |_| {}).await;
    assert!(matches!(ended, Ended::Failed { cause: Cause::Gone, .. }), "{ended:?}");
    assert_eq!(station.counts().requests("segment"), asked);
    // Where an outlet leads, it gets everything.
    let outlet = Outlet::open(|_| true).await.unwrap();
    let mut command = tokio::process::Command::new(&program);
    command.args(["--ignore-config", "--quiet", "--no-cache-dir", "--hls-use-mpegts", "--fixup", "never"]);
    let made = folder.path().join("made.ts");
    let status =
        command.args(["--proxy", &outlet.proxy(), "-o"]).arg(&made).arg(&url).status().await.unwrap();
    assert!(status.success() && fs::metadata(&made).unwrap().len() == total);
}
