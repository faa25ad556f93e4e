//! The benchmark behind `scripts/bench-download`.
//!
//! ```text
//! throughput   2 GiB from a provider, through a relay and without one   vs   curl, both until it is on the disk
//! kills        200 downloads that are killed at a random moment         no byte is lost or wrong, 64 KiB come again
//! changed      200 films that are exchanged at a random place           never one of two films
//! preemption   100 viewers who need the connection of a download        until it is free: half a second at most
//! titles       titles a second, and how many are read rightly            200 000, 98 %
//! difference   200 000 entries against 200 000                         2 s, 300 MiB
//! queue        jobs begun and ended in a second, of 100 000            1000, where the disk can
//! tmdb         1000 films looked up, twice                             99 % right, nothing asked the second time
//! ```
//!
//! Everything runs on loopback, in processes of its own, which end with the benchmark.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)] // a panic is how a benchmark fails

#[path = "downloading/changed.rs"]
mod changed;
#[path = "downloading/difference.rs"]
mod difference;
#[path = "downloading/fetching.rs"]
mod fetching;
#[path = "downloading/kills.rs"]
mod kills;
#[path = "downloading/preemption.rs"]
mod preemption;
#[allow(dead_code)] // `scripts/bench` uses the rest
#[path = "benchmark/process.rs"]
mod process;
#[path = "downloading/queue.rs"]
mod queue;
#[allow(dead_code)]
#[path = "benchmark/runs.rs"]
mod runs;
#[path = "benchmark/table.rs"]
mod table;
#[path = "downloading/throughput.rs"]
mod throughput;
#[path = "downloading/titles.rs"]
mod titles;
#[path = "downloading/tmdb.rs"]
mod tmdb;

use tokio::runtime::Runtime;

fn main() {
    // Before the first client is built.
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["fetch", url, part, total] = words.as_slice() {
        return fetching::role(url, part, total.parse().ok());
    }
    if let ["difference-of", new, main] = words.as_slice() {
        return difference::role(new, main);
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
    if wanted("titles") {
        titles::measure();
    }
    if wanted("difference") {
        difference::measure(folder.path());
    }
    if wanted("queue") {
        queue::measure(folder.path());
    }
    if wanted("tmdb") {
        runtime.block_on(tmdb::measure(folder.path()));
    }
}
