//! The benchmark behind `scripts/bench-download`.
//!
//! ```text
//! throughput   2 GiB from a provider, through a relay and without one   vs   curl, both until it is on the disk
//! kills        200 downloads that are killed at a random moment         no byte is lost or wrong, 64 KiB come again
//! changed      200 films that are exchanged at a random place           never one of two films
//! preemption   100 viewers who need the connection of a download        until it is free: half a second at most
//! ```
//!
//! Everything runs on loopback, in processes of its own, which end with the benchmark.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)] // a panic is how a benchmark fails

#[path = "downloading/changed.rs"]
mod changed;
#[path = "downloading/fetching.rs"]
mod fetching;
#[path = "downloading/kills.rs"]
mod kills;
#[path = "downloading/preemption.rs"]
mod preemption;
#[allow(dead_code)] // `scripts/bench` uses the rest
#[path = "benchmark/process.rs"]
mod process;
#[allow(dead_code)]
#[path = "benchmark/runs.rs"]
mod runs;
#[path = "benchmark/table.rs"]
mod table;
#[path = "downloading/throughput.rs"]
mod throughput;

use tokio::runtime::Runtime;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["fetch", url, part, total] = words.as_slice() {
        return fetching::role(url, part, total.parse().ok());
    }
    let wanted = |what: &str| words.is_empty() || words.contains(&what);
    let folder = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    println!("{}\n", table::machine());
    println!("| work | Coax | reference or bar | ratio |\n|---|---|---|---|");
    if wanted("throughput") {
        throughput::measure(folder.path());
    }
    if wanted("kills") {
        kills::measure(folder.path());
    }
    if wanted("changed") {
        runtime.block_on(changed::measure(folder.path()));
    }
    if wanted("preemption") {
        runtime.block_on(preemption::measure(folder.path()));
    }
}
