//! Two lists of 200 000 entries that differ in a tenth.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use download::difference::{Difference, Owned, Preferences};
use download::entry::Entry;
use download::list::{self, Limits};

use super::table::{median, row};

const ENTRIES: usize = 200_000;
const RUNS: usize = 5;
/// Seconds and mebibytes: the bars.
const BARS: (f64, f64) = (2.0, 300.0);
/// Words of titles.
const WORDS: [&str; 12] = [
    "Night",
    "Coração",
    "Straße",
    "Été",
    "River",
    "Último",
    "Garden",
    "Winter",
    "Бригада",
    "قلب",
    "Shadow",
    "Island",
];

/// A list of `ENTRIES` films and episodes, the first of which are others in every `seed`.
fn written(file: &Path, seed: usize) {
    let mut text = String::from("#EXTM3U\n");
    for number in 0..ENTRIES {
        let own = if number < ENTRIES / 10 { number + seed * ENTRIES } else { number };
        let word = |shift: usize| WORDS[(own / shift) % WORDS.len()];
        let (title, year) = (format!("{} {} {own}", word(1), word(12)), 1950 + own % 75);
        let quality = ["", " 4K", " FHD", " [L]"][own % 4];
        let (form, title) = match own % 3 {
            0 => ("movie", format!("{title} ({year}){quality}")),
            1 => ("series", format!("{} {} S{:02}E{:02}", word(1), own / 240, own % 12 + 1, own % 20 + 1)),
            _ => ("movie", format!("PT - {title} - {year}{quality}")),
        };
        let address = format!("http://panel.example:8080/{form}/name/word/{own}.mkv");
        let _ = writeln!(
            text,
            "#EXTINF:-1 tvg-id=\"\" tvg-logo=\"http://logos.example/{own}.png\" group-title=\"Filmes\",{title}\n{address}"
        );
    }
    fs::write(file, text).unwrap();
}

fn read(file: &Path) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(ENTRIES);
    list::read(fs::File::open(file).unwrap(), Limits::default(), |entry| entries.push(entry)).unwrap();
    entries
}

/// Compares two lists, and prints how long reading and comparing took and how much memory all of it.
pub(crate) fn role(new: &str, main: &str) {
    let start = Instant::now();
    let (new, main) = (read(Path::new(new)), read(Path::new(main)));
    let read = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let difference = Difference::of(&new, Owned { main: &main, completed: &[] }, &Preferences::default());
    let compared = start.elapsed().as_secs_f64();
    assert_eq!(difference.classes.len(), ENTRIES);
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: f64 = most.split_whitespace().next().unwrap().parse().unwrap();
    println!("{read} {compared} {}", kilobytes / 1024.0);
}

pub(crate) fn measure(folder: &Path) {
    let (new, main) = (folder.join("new.m3u"), folder.join("main.m3u"));
    written(&main, 0);
    written(&new, 1);
    let run = |_| {
        let program = std::env::current_exe().unwrap();
        let told = Command::new(program).arg("difference-of").args([&new, &main]).output().unwrap();
        assert!(told.status.success());
        let told = String::from_utf8(told.stdout).unwrap();
        told.split_whitespace().map(|figure| figure.parse().unwrap()).collect()
    };
    let runs: Vec<Vec<f64>> = (0..RUNS).map(run).collect();
    let figure = |place: usize| median(runs.iter().map(|run| run[place]));
    let (seconds, memory) = BARS;
    let (read, compared, most) = (figure(0), figure(1), figure(2));
    let tell = |work: &str, ours: f64, unit: &str, bar: f64| {
        row(work, &format!("{ours:.2} {unit}"), &format!("{bar} {unit}"), &format!("{:.2}", ours / bar));
    };
    tell("200 000 entries against 200 000, compared", compared, "s", seconds);
    tell("the same with reading both lists", read + compared, "s", seconds);
    tell("the same, peak memory of the process", most, "MiB", memory);
}
