//! `ingest run` with more than most providers have.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::inputs;
use super::lists;
use super::process::{Process, Watched, watch};
use super::runs::{PROVIDER, configure, document, figures, panel as station, run};
use super::table::{median, row};

/// What a big provider has.
const BIG: [&str; 10] = [
    "--live",
    "20000",
    "--films",
    "60000",
    "--series",
    "10000",
    "--guide-days",
    "7",
    "--programme-minutes",
    "180",
];
/// Rounds of which the one in the middle counts.
const ROUNDS: usize = 3;
/// Channels of the large guide, and those of them that a playlist names.
const GUIDE: u64 = 18_000;
const WATCHED: u64 = 2000;
/// What memory may be taken, as it stands in the table.
const AIM: &str = "at most 200 MB";

/// A big provider with a guide.
pub(crate) fn provider(folder: &Path) {
    let panel = Process::start("station", &[&PROVIDER[..], &BIG].concat());
    let sources = station(&panel);
    anew(folder, "20 000 / 60 000 / 10 000 of a panel, with 7 days of guide", &sources);
    let config = configure(folder, "again", &sources);
    run(&config);
    again(&config, "the same again, nothing changed");
}

/// What is published of a big provider, against nginx.
pub(crate) fn lists(folder: &Path) {
    let panel = Process::start("station", &[&PROVIDER[..], &BIG].concat());
    let config = configure(folder, "lists", &(station(&panel) + &lists::groups(folder)));
    run(&config);
    drop(panel);
    lists::against_nginx(folder, &config);
}

/// A panel with very long lists.
pub(crate) fn panel(folder: &Path) {
    let size = ["--live", "60000", "--films", "120000", "--series", "11000", "--guide-days", "0"];
    let panel = Process::start("station", &[&PROVIDER[..], &size, &["--guide-past-days", "0"]].concat());
    let sources = station(&panel);
    anew(folder, "60 000 / 120 000 / 11 000 of a panel, no guide", &sources);
    let config = configure(folder, "panel", &sources);
    run(&config);
    again(&config, "the same again, nothing changed");
}

/// A very long playlist.
pub(crate) fn playlist(folder: &Path) {
    let path = folder.join("long.m3u");
    let length = inputs::playlist(&path, 600_000);
    let work = format!("600 000 entries of a playlist of {} MB in a file", length / 1_000_000);
    anew(folder, &work, &document("long", "m3u", path.to_str().unwrap()));
    let web = Process::own(&["web", folder.to_str().unwrap()]);
    let config =
        configure(folder, "long", &document("long", "m3u", &format!("http://{}/long.m3u", web.address)));
    run(&config);
    again(&config, "the same from a server that says 304");
    fs::remove_file(path).unwrap();
}

/// A very large guide.
pub(crate) fn guide(folder: &Path) {
    let path = folder.join("guide.xml.gz");
    let length = inputs::guide(&path, GUIDE);
    inputs::channels(&folder.join("short.m3u"), WATCHED);
    let (mut runs, mut bare, mut read) = (Vec::new(), Vec::new(), Vec::new());
    let sources = |place: &str| {
        document("short", "m3u", &format!("{place}/short.m3u"))
            + &document("guide", "xmltv", &format!("{place}/guide.xml.gz"))
    };
    for round in 0..ROUNDS {
        let mut reference = Command::new(std::env::current_exe().unwrap());
        bare.push(watch(reference.arg("bare-guide").arg(&path).stdout(Stdio::null())));
        let name = format!("guide{round}");
        let config = configure(folder, &name, &sources(folder.to_str().unwrap()));
        runs.push(run(&config));
        read.push(seconds_of_reading(&config));
        fs::remove_dir_all(folder.join(name)).unwrap();
    }
    let of = |figure: fn(&Watched) -> f64, runs: &[Watched]| median(runs.iter().map(figure));
    let megabytes = length / 1_000_000;
    let work = format!("a guide of {megabytes} MB, packed, and {WATCHED} of its {GUIDE} channels");
    let (ours, theirs) = (of(|run| run.cpu, &runs), of(|run| run.cpu, &bare));
    let reference = format!("{theirs:.1} s of CPU (bare unpacking and tokenising); {AIM}");
    row(&work, &figures(&runs), &reference, &format!("{:.2}", theirs / ours));
    let (ours, theirs) = (median(read.into_iter()), of(|run| run.wall, &bare));
    let speed = |seconds: f64| format!("{:.0} MB/s", length as f64 / 1e6 / seconds);
    row("of that, reading the guide", &speed(ours), &speed(theirs), &format!("{:.2}", theirs / ours));

    let web = Process::own(&["web", folder.to_str().unwrap()]);
    let config = configure(folder, "guide", &sources(&format!("http://{}", web.address)));
    run(&config);
    again(&config, "the same from a server that says 304");
}

/// Runs with an empty data folder each time.
fn anew(folder: &Path, work: &str, sources: &str) {
    let mut runs = Vec::new();
    for round in 0..ROUNDS {
        let name = format!("anew{round}");
        runs.push(run(&configure(folder, &name, sources)));
        fs::remove_dir_all(folder.join(name)).unwrap();
    }
    row(&format!("`ingest run`: {work}"), &figures(&runs), AIM, "");
}

/// Runs with what the run before has left.
fn again(config: &Path, work: &str) {
    let runs: Vec<Watched> = (0..ROUNDS).map(|_| run(config)).collect();
    row(work, &figures(&runs), "less than 1 s", "");
}

/// How long the run of `config` says it read its guide.
fn seconds_of_reading(config: &Path) -> f64 {
    let log = fs::read_to_string(config.with_extension("log")).unwrap();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let line = lines.into_iter().find(|line| line["message"] == "guide read").unwrap();
    line["milliseconds"].as_u64().unwrap() as f64 / 1e3
}
