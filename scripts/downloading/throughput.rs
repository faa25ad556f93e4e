//! How fast a film comes, and what that costs, beside curl.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::fetching;
use super::process::{Process, Watched, watch};
use super::runs::{PROVIDER, channels, configure, panel, run};
use super::table::{median, row};

/// The size of the film.
const SIZE: u64 = 2 << 30;
const ROUNDS: usize = 3;

pub(crate) fn measure(folder: &Path) {
    let (films, size) = (["--live", "1", "--films", "1", "--series", "0"], SIZE.to_string());
    let sizes = ["--film-bytes", &size, "--max-connections", "0"];
    let station = Process::start("station", &[&PROVIDER[..], &films, &sizes].concat());
    let config = configure(folder, "throughput", &panel(&station));
    run(&config);
    let data = config.with_extension("");
    let ours = channels(&config)[1]; // behind the one channel
    let theirs = film(&format!("http://{}", station.address));
    let arguments = ["--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let relay = Process::start("relay", &arguments);

    let direct = format!("http://{}/movie/provider-user/provider-password/{theirs}.mp4", station.address);
    pair(folder, "without a relay", &direct, &direct, &station);
    let through = format!("http://{}{}", relay.address, fetching::path(&data, ours));
    let viewer = format!("http://{}/movie/bench/bench/{ours}.mp4", relay.address);
    pair(folder, "through a relay", &through, &viewer, &station);
}

/// The provider's id of its film.
fn film(station: &str) -> u64 {
    let url = format!(
        "{station}/player_api.php?username=provider-user&password=provider-password&action=get_vod_streams"
    );
    let list = Command::new("curl").args(["-sS", "--fail", &url]).output().unwrap();
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    list[0]["stream_id"].as_u64().unwrap()
}

/// Requests for films that the station has seen.
fn requests(station: &Process) -> u64 {
    let url = format!("http://{}/_station/counts", station.address);
    let counts = Command::new("curl").args(["-sS", "--fail", &url]).output().unwrap();
    let counts: serde_json::Value = serde_json::from_slice(&counts.stdout).unwrap();
    counts["requests"]["film"].as_u64().unwrap_or(0)
}

fn pair(folder: &Path, way: &str, ours: &str, theirs: &str, station: &Process) {
    let file = folder.join("film");
    let (mut rounds, mut asked) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        let curl = || {
            let began = Instant::now();
            let mut command = Command::new("curl");
            let mut watched = watch(command.args(["-sS", "--fail", "-o"]).arg(&file).arg(theirs));
            File::open(&file).unwrap().sync_data().unwrap();
            watched.wall = began.elapsed().as_secs_f64();
            whole(&file);
            watched
        };
        // Who comes first finds another disk than who comes second.
        let before = (round % 2 == 1).then(curl);
        let requested = requests(station);
        let us = watch(fetching::process(ours, &file, None).stdout(Stdio::null()));
        asked += requests(station) - requested;
        whole(&file);
        rounds.push((us, before.unwrap_or_else(curl)));
    }
    let of = |figure: fn(&Watched) -> f64| {
        let ours = median(rounds.iter().map(|(us, _)| figure(us)));
        let theirs = median(rounds.iter().map(|(_, curl)| figure(curl)));
        (ours, theirs)
    };
    let (wall, curl) = of(|it| it.wall);
    let speed = |seconds: f64| SIZE as f64 / 1e6 / seconds;
    row(
        &format!("2 GiB {way}, on the disk: MB/s"),
        &format!("{:.0}", speed(wall)),
        &format!("{:.0}, curl and fdatasync", speed(curl)),
        &format!("{:.2}", curl / wall),
    );
    let (cpu, curl) = of(|it| it.cpu);
    row(
        &format!("the same {way}: CPU seconds"),
        &format!("{cpu:.2}"),
        &format!("{curl:.2}; at most 1.5 times as many"),
        &format!("{:.2}", cpu / curl),
    );
    let peak = rounds.iter().map(|(us, _)| us.peak).max().unwrap();
    let theirs = rounds.iter().map(|(_, curl)| curl.peak).max().unwrap();
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    row(
        &format!("the same {way}: peak memory of the process, MB; requests per file"),
        &format!("{:.1}; {:.2}", megabytes(peak), asked as f64 / ROUNDS as f64),
        &format!("{:.1}, curl; at most 16.8; 1", megabytes(theirs)),
        "",
    );
}

/// Removes a file, which must be whole.
fn whole(file: &Path) {
    assert_eq!(fs::metadata(file).unwrap().len(), SIZE);
    fs::remove_file(file).unwrap();
}
