//! The churn behind `scripts/churn`: many requests while one release follows the other.
//!
//! ```text
//! four stations ──ingest run / rollback, in turns──▶ releases ──▶ serve ◀── 50 connections, 5000 requests a second
//!                                                       │                        │
//!                                                       └── what each one holds ─┴─ compared with every answer
//! ```
//!
//! A list's validator begins with the hash of the bundle that it is of, that of the guide is its own hash, and a playlist
//! with its places emptied is a file of a release. So an answer that was put together of two releases shows, whatever it
//! says. Everything runs on loopback, in processes of its own, which end with the churn.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)] // a panic is how it fails

#[path = "churning/asker.rs"]
mod asker;
#[path = "churning/known.rs"]
mod known;
#[path = "benchmark/process.rs"]
#[allow(dead_code)] // it watches the benchmark's programs too
mod process;
#[path = "benchmark/runs.rs"]
#[allow(dead_code)]
mod runs;
#[path = "benchmark/table.rs"]
#[allow(dead_code)]
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::disk::Data;
use contract::release::Releases;

use crate::known::Known;
use crate::process::Process;

/// Providers that the one source has in turns: the line-up of each is a little longer than that of the one before.
const PROVIDERS: u32 = 4;
/// A playlist that is another for every release.
const CHANGING: &str = "changing.m3u";
/// How long a release stays: a little longer than it may take until the server looks.
const EACH: Duration = Duration::from_millis(1200);
/// The most memory of its own that serve may have, in MB.
const MOST: f64 = 64.0;
/// Every so many changes one is back to an older release.
const BACK: u32 = 5;

#[tokio::main]
async fn main() {
    let changes = std::env::args().nth(1).map_or(100, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let stations: Vec<Process> = (0..PROVIDERS).map(station).collect();
    let configs = configs(folder.path(), &stations);
    let data = Data::new(configs[0].with_extension(""));
    change(folder.path(), 0);
    runs::run(&configs[0]);
    let known = Arc::new(Known::default());
    known.add(&data.current());
    let serve =
        Process::start("serve", &["--config", configs[0].to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    let asking = asker::start(serve.address, known.clone()).await;

    let (begin, mut backwards, mut memory) = (Instant::now(), 0, Vec::new());
    for at in 1..=changes {
        if at % BACK == 0 {
            backwards += u32::from(roll_back(&data));
        } else {
            change(folder.path(), at);
            runs::run(&configs[(at % PROVIDERS) as usize]);
            known.add(&data.current());
        }
        memory.push(serve.memory().own);
        let next = begin + EACH * at;
        tokio::time::sleep(next.saturating_duration_since(Instant::now())).await;
    }
    let seconds = begin.elapsed().as_secs_f64();
    let done = asking.end().await;
    println!("{changes} changes of the release, {backwards} of them back, in {seconds:.0} s");
    println!(
        "{} answers, {:.0} a second, of {} releases",
        done.answers,
        done.answers as f64 / seconds,
        known.count()
    );
    println!(
        "{} of them known before and the same again, {} compared with a release",
        done.same, done.compared
    );
    let (half, rest) = memory.split_at(memory.len() / 2);
    let most = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    println!(
        "memory of serve: at most {:.0} MB in the first half, {:.0} MB in the second",
        most(half),
        most(rest)
    );
    assert!(done.answers as f64 / seconds > 4750.0, "too slow: something else keeps the machine busy?");
    assert!(most(rest) < most(half) * 1.05 + 2.0, "memory grows");
    assert!(most(&memory) < MOST, "it takes more memory than it may");
}

fn station(number: u32) -> Process {
    let live = (1000 + 10 * number).to_string();
    let sizes = ["--live", &live, "--films", "2000", "--series", "300", "--guide-days", "1"];
    Process::start("station", &[&runs::PROVIDER[..], &sizes].concat())
}

/// One configuration for each of the stations, with the same data.
fn configs(folder: &Path, stations: &[Process]) -> Vec<PathBuf> {
    let changing = runs::document("changing", "m3u", folder.join(CHANGING).to_str().unwrap());
    let first = runs::configure(folder, "churn", &(runs::panel(&stations[0]) + &changing));
    let text = fs::read_to_string(&first).unwrap();
    let others = stations.iter().skip(1).enumerate().map(|(at, station)| {
        let path = folder.join(format!("other{at}.toml"));
        let address = |station: &Process| station.address.to_string();
        fs::write(&path, text.replace(&address(&stations[0]), &address(station))).unwrap();
        path
    });
    [first.clone()].into_iter().chain(others).collect()
}

/// No two releases are the same: one channel tells them apart.
fn change(folder: &Path, number: u32) {
    let text =
        format!("#EXTM3U\n#EXTINF:-1 group-title=\"Changing\",Change {number}\nhttp://change.example/1.ts\n");
    fs::write(folder.join(CHANGING), text).unwrap();
}

/// Makes the oldest release that is kept the current one. Whether that is another.
fn roll_back(data: &Data) -> bool {
    let releases = Releases::new(data.clone());
    let lock = releases.lock().unwrap().expect("no run is going on");
    let oldest = releases.list().unwrap()[0];
    let is_another = releases.current() != Some(oldest);
    releases.rollback(&lock, Some(oldest)).unwrap();
    is_another
}
