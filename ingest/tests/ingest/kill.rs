//! The program itself: its exit status, and what is left when it is killed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use contract::details::{Details, Episodes, SeriesFacts, Subject};
use contract::disk::{Access, replace};
use contract::release::{Release, Releases};

use crate::{Bench, UNHURRIED, ids, station};

pub(crate) fn program(config: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingest"));
    command.args(arguments).arg("--config").arg(config).env_remove("XTREAM_BASE_URL");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn configure(bench: &Bench, url: &str, more: &str) -> std::path::PathBuf {
    let path = bench.path().join("coax.toml");
    let text = format!(
        "data = {:?}\n[ingest]\ndetails_pause = 0\nretries = 0\n{more}\n[[source]]\nname = 'acme'\nurl = '{url}'\n\
         username = 'station'\npassword = 'station'\n{UNHURRIED}\n",
        bench.data.path()
    );
    replace(&path, text.as_bytes(), Access::Owner).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_status_says_how_it_went() {
    let station = station(station::Settings::default()).await;
    let bench = Bench::new();
    let config = configure(&bench, &station.url(), "details_per_run = 0");
    let status = |config: &Path, arguments: &[&str]| {
        let output = program(config, arguments).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.code().unwrap(), said)
    };
    let expect = |(code, said): (i32, String), expected: i32, words: &str| {
        assert!(code == expected && said.contains(words), "{code}: {said}");
    };
    let (bad, fine) = (bench.path().join("coax.toml"), "");
    expect(status(&config, &["run"]), 0, "published release 000001");
    expect(status(&config, &["run", "--json"]), 0, "\"unchanged\": 1");
    expect(status(&config, &["verify"]), 0, "all as published");
    expect(status(&config, &["run", "--dry-run"]), 0, "dry run: release 000001 would stay as it is");
    expect(status(&config, &["run", "--dry-run", "--json"]), 0, "\"dry_run\": true");
    expect(status(&config, &["verify", "--json"]), 0, "\"sound\": true");
    expect(status(&config, &["list", "--json"]), 0, "\"current\": true");
    expect(status(&config, &["rollback", "1", "--json"]), 0, "\"current\": 1");
    expect(status(&config, &["diff", "1", "1", "--json"]), 0, "\"added\": 0");
    expect(status(&config, &["diff", "1", "1"]), 0, "nothing is different");
    expect(status(&config, &["diff"]), 1, "there is no release before it");
    let mut both = std::fs::read_to_string(&config).unwrap();
    both.push_str(&format!("[[source]]\nname = 'dead'\nkind = 'm3u'\nurl = '{}/none.m3u'\n", station.url()));
    replace(&config, both.as_bytes(), Access::Owner).unwrap();
    expect(status(&config, &["run"]), 3, "the server answered 404");
    expect(status(&config, &["run", "--dry-run"]), 3, "dead  nothing");
    drop(station);
    expect(status(&config, &["run"]), 1, "refused");
    configure(&bench, "http://127.0.0.1:9", "shedule = 'x'");
    expect(status(&bad, &["run"]), 2, "did you mean `schedule`?");
    configure(&bench, "http://127.0.0.1:9", "schedule = 'often'");
    expect(status(&bad, &["run"]), 2, "expected a cron expression");
    configure(&bench, "http://127.0.0.1:9", fine);
    expect(status(&config, &["rollback"]), 1, "no such release");
    expect(status(&config, &["verify", "7"]), 1, "there is no release 000007: `ingest list` tells");
    expect(status(&config, &["diff", "1", "7"]), 1, "there is no release 000007");
    expect(status(&config, &["rollback", "1"]), 0, "000001");
    expect(status(&config, &["list"]), 0, "current");
    let playlist = bench.data.current().join("live.m3u");
    std::fs::File::options().append(true).open(playlist).unwrap().write_all(b"#\n").unwrap();
    expect(status(&config, &["verify"]), 1, "live.m3u: has ");
}

/// What the hooks are told, as the program tells it.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_gets_a_summary_of_each_run_and_its_failure_is_no_failure_of_the_run() {
    let station = station(station::Settings::default()).await;
    let bench = Bench::new();
    let got = bench.path().join("got");
    let more = format!("command = ['/bin/sh', '-c', 'cat > {}; exit 7']", got.display());
    let config = configure(&bench, &station.url(), &more);
    let output = program(&config, &["run"]).env("XTREAM_PASSWORD", "hunter2").output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("command: exit status: 7"));
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(&got).unwrap()).unwrap();
    assert_eq!(told["report"]["verdict"]["published"], 1);
    assert!(told["text"].as_str().unwrap().contains("published release 000001"));
}

/// SIGUSR1 is a wish, not an end.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_asks_the_schedule_for_a_run() {
    let station = station(station::Settings::default()).await;
    let bench = Bench::new();
    let config = configure(&bench, &station.url(), "");
    let mut running = program(&config, &["schedule"]).stderr(Stdio::null()).spawn().unwrap();
    let asked = |times: u64| {
        let station = &station;
        async move {
            for _ in 0..600 {
                if station.counts().requests("xmltv") >= times {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            panic!("no run");
        }
    };
    asked(1).await;
    let release = Releases::new(bench.data.clone());
    while release.current().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // Until the first run is over a wish is none.
    for _ in 0..100 {
        let sent = Command::new("kill").args(["-USR1", &running.id().to_string()]).status().unwrap();
        assert!(sent.success());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        if station.counts().requests("xmltv") >= 2 {
            break;
        }
    }
    asked(2).await;
    assert!(running.try_wait().unwrap().is_none(), "it goes on");
    assert!(Command::new("kill").arg(running.id().to_string()).status().unwrap().success());
    assert!(running.wait().unwrap().success());
}

/// Fifty times a run is killed at some instant; whenever there is a release, it is whole, and ids never change.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_instant_the_current_release_is_whole() {
    let bench = Bench::new();
    let releases = Releases::new(bench.data.clone());
    let settings = |round: u32| station::Settings {
        live: 30,
        films: 20,
        series: 2,
        guide_days: 1 + round % 2,
        ..Default::default()
    };
    let stations = [station(settings(0)).await, station(settings(1)).await];
    let began = std::time::Instant::now();
    assert!(program(&configure(&bench, &stations[1].url(), ""), &["run"]).output().unwrap().status.success());
    let length = began.elapsed();
    let mut known = std::collections::BTreeMap::new();
    let mut survived = 0;
    for round in 0..50_u32 {
        // Two sources in turn, so that there is always something new to publish.
        let config = configure(&bench, &stations[round as usize % 2].url(), "keep = 3");
        let mut running =
            program(&config, &["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Spread over the length of a run and a little past its end, in an order that is not the calendar's.
        tokio::time::sleep(length * (round * 37 % 50) / 40).await;
        let _ = running.kill();
        survived += u32::from(running.wait().unwrap().success());
        let Some(number) = releases.current() else { continue };
        releases.verify(number).unwrap();
        for (key, id) in ids(&Release::open(&releases.folder(number)).unwrap()) {
            assert_eq!(*known.entry(key).or_insert(id), id);
        }
    }
    let config = configure(&bench, &stations[0].url(), "keep = 3");
    let output = program(&config, &["run"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(releases.verify(releases.current().unwrap()).is_ok());
    let left = std::fs::read_dir(bench.data.releases()).unwrap().flatten();
    assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')));
    assert!((1..50).contains(&survived), "{survived} of 50 runs ended by themselves");
}

/// Details are being filled whenever it is killed: those that are there are whole, and their episodes play.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_details_are_filled_only_whole_ones_are_left() {
    let bench = Bench::new();
    let station = station(station::Settings { live: 1, films: 400, series: 400, ..Default::default() }).await;
    let config = configure(&bench, &station.url(), "details_per_run = 0");
    assert!(program(&config, &["run"]).output().unwrap().status.success());
    let releases = Releases::new(bench.data.clone());
    let release = Release::open(&releases.folder(releases.current().unwrap())).unwrap();
    let (details, late) = (Details::new(&bench.data), Episodes::new(&bench.data));
    let mut found = 0;
    for round in 0..8_u64 {
        let mut running =
            program(&config, &["schedule"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let enough = 40 * (round + 1);
        while station.counts().requests("get_series_info") < enough {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        running.kill().unwrap();
        running.wait().unwrap();
        found = 0;
        for entry in std::fs::read_dir(bench.data.details().join("series")).into_iter().flatten().flatten() {
            let name = entry.file_name().into_string().unwrap();
            let Some(id) = name.strip_suffix(".json").filter(|name| !name.starts_with('.')) else { continue };
            let stored = details.stored::<SeriesFacts>(Subject::Series(id.parse().unwrap())).unwrap();
            assert!(stored.episodes.iter().all(|it| late.playable(&release, it.id).is_some()), "{id}");
            found += 1;
        }
    }
    assert!(found > 0);
    assert!(program(&config, &["verify"]).output().unwrap().status.success());
}

/// A playlist and a guide are being received, and each time another one, whenever it is killed.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_documents_are_received_the_next_run_takes_them_and_nothing_is_left_over() {
    let bench = Bench::new();
    let station = station(station::Settings::default()).await;
    let url = station.url();
    let config = bench.path().join("coax.toml");
    let text = format!(
        "data = {:?}\n[ingest]\nretries = 0\nkeep = 3\n[[source]]\nname = 'list'\nkind = 'm3u'\nurl = '{url}/list.m3u'\n\
         {UNHURRIED}\n[[source]]\nname = 'guide'\nkind = 'xmltv'\nurl = '{url}/guide.xml'\n{UNHURRIED}\n",
        bench.data.path()
    );
    replace(&config, text.as_bytes(), Access::Owner).unwrap();
    let publish = |round: u32| {
        let entry =
            |n: u32| format!("#EXTINF:-1 tvg-id=\"c{n}.example\",Channel {n}\n{url}/{n}.ts?{round}\n");
        let list: String = (0..2_000).map(entry).collect();
        station.publish("/list.m3u", format!("#EXTM3U\n{list}"), "audio/x-mpegurl", None);
        let channels: Vec<String> = (0..200).map(|n| format!("c{n}.example")).collect();
        let channels: Vec<&str> = channels.iter().map(String::as_str).collect();
        let guide = crate::sources::guide(&channels, if round == 21 { 12 } else { 10 + round % 2 });
        station.publish("/guide.xml", guide, "text/xml", None);
    };
    publish(0);
    let began = std::time::Instant::now();
    assert_eq!(program(&config, &["run"]).output().unwrap().status.code(), Some(0));
    let length = began.elapsed();
    let releases = Releases::new(bench.data.clone());
    let mut known = ids(&Release::open(&releases.folder(1)).unwrap()).into_values().collect::<Vec<_>>();
    known.sort_unstable();
    for round in 1..=20_u32 {
        publish(round);
        let mut running =
            program(&config, &["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(length * (round * 7 % 20) / 18).await;
        let _ = running.kill();
        running.wait().unwrap();
        releases.verify(releases.current().unwrap()).unwrap();
    }
    let names = |folder: &Path| -> Vec<std::path::PathBuf> {
        std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect()
    };
    let hidden = |path: &Path| path.file_name().unwrap().to_string_lossy().starts_with('.');
    let folders = ["list", "guide"].map(|name| bench.data.state().join(name));
    // What is young may be somebody's.
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 86_400);
    for left in folders.iter().flat_map(|folder| names(folder)) {
        if hidden(&left) {
            std::fs::File::options().write(true).open(left).unwrap().set_modified(long_ago).unwrap();
        }
    }
    publish(21);
    assert_eq!(program(&config, &["run"]).output().unwrap().status.code(), Some(0));
    assert_eq!(program(&config, &["verify"]).output().unwrap().status.code(), Some(0));
    let left = folders.iter().flat_map(|folder| names(folder)).filter(|it| hidden(it));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<std::path::PathBuf>::new());
    let release = Release::open(&releases.folder(releases.current().unwrap())).unwrap();
    let mut now: Vec<u32> = ids(&release).into_values().collect();
    now.sort_unstable();
    assert!(now == known, "the same channels have the same ids");
    assert!(ids(&release).into_keys().all(|path| path.ends_with("?21")), "the last list");
}
