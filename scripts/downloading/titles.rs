//! How fast titles are read, and how many of those that nobody looked at when the grammar was written are read rightly.

use std::path::Path;
use std::time::{Duration, Instant};

use contract::library::title::{Hints, Reading, read};
use download::entry::form;

use super::table::{median, row};

/// How long titles are read for a figure.
const SPAN: Duration = Duration::from_secs(1);
const RUNS: usize = 7;
/// Titles a second: the bar.
const BAR: f64 = 200_000.0;

/// The fields of a line: raw, group, address, kind, title, year, season, episode, ...
type Line = Vec<String>;

fn lines(file: &str) -> Vec<Line> {
    let path = Path::new("download/tests/titles").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split('\t').map(String::from).collect()).collect()
}

fn address(line: &Line) -> String {
    match &*line[2] {
        "" => String::new(),
        ending if ending.starts_with('.') => format!("http://h.example/x{ending}"),
        path => format!("http://h.example{path}"),
    }
}

/// Whether title, year, season and episode are as they are labelled.
fn is_exact(line: &Line) -> bool {
    let Reading { title, season, episode, .. } =
        read(&line[0], Hints { form: form(&address(line), "", false), group: &line[1] });
    let number = |number: Option<u32>| number.map_or(String::new(), |number| number.to_string());
    [title.name, title.year, number(season), number(episode)] == line[4..8]
}

pub(crate) fn measure() {
    let (looked_at, held_out) = (lines("looked-at.tsv"), lines("held-out.tsv"));
    let all: Vec<(Line, String)> =
        looked_at.iter().chain(&held_out).map(|line| (line.clone(), address(line))).collect();
    let run = |_| {
        let (start, mut count) = (Instant::now(), 0_usize);
        while start.elapsed() < SPAN {
            for (line, address) in &all {
                let hints = Hints { form: form(address, "", false), group: &line[1] };
                std::hint::black_box(read(std::hint::black_box(&line[0]), hints));
            }
            count += all.len();
        }
        count as f64 / start.elapsed().as_secs_f64()
    };
    let speed = median((0..RUNS).map(run));
    row("titles a second, one thread", &format!("{speed:.0}"), &format!("{BAR:.0}"), &ratio(speed / BAR));
    for (name, lines) in [("looked at", looked_at), ("held out", held_out)] {
        let exact = lines.iter().filter(|line| is_exact(line)).count();
        let share = 100.0 * exact as f64 / lines.len() as f64;
        row(
            &format!("titles exact, {name}"),
            &format!("{exact} of {}, {share:.1} %", lines.len()),
            "the program before 7 of 60, tuliprox 49 of 60 (others' titles)",
            &ratio(share / 98.0),
        );
    }
}

fn ratio(ratio: f64) -> String {
    format!("{ratio:.2}")
}
