//! The table that is printed.

use std::fs;

/// Says what this is measured on.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().unwrap();
    let memory = fs::read_to_string("/proc/meminfo").unwrap();
    let kilobytes: u64 = memory.split_whitespace().nth(1).unwrap().parse().unwrap();
    format!("{cores} cores, {} GB of memory", (kilobytes + (1 << 19)) >> 20)
}

/// The one in the middle.
pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Prints a line.
pub(crate) fn row(work: &str, ours: &str, reference: &str, ratio: &str) {
    println!("| {work} | {ours} | {reference} | {ratio} |");
}
