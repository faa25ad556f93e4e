//! The benchmark behind `scripts/bench`: every figure stands beside a reference measured in the same run, so that the
//! ratios mean something on any machine.
//!
//! ```text
//! relay     50 to 1000 viewers of one 8 Mbit/s channel   vs   a bare loop writing chunks of that size to the sockets
//! segments  a segment of HLS made of such a channel      vs   nginx serving the same bytes as a file
//! lists     every kind of answer, of 20 000 channels     vs   nginx serving the same bytes as files
//! ingest    20 000 channels, 60 000 films, 10 000 series, a guide of 7 days; CPU, wall and peak memory
//! panel     60 000 channels, 120 000 films, 11 000 series; the same
//! playlist  600 000 entries in 150 MB; the same
//! guide     1 GB of XMLTV, packed                        vs   a bare loop that unpacks it and cuts it into tokens
//! ```
//!
//! Everything runs on loopback, in processes of its own, which end with the benchmark.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)] // a panic is how a benchmark fails

#[path = "benchmark/bare.rs"]
mod bare;
#[path = "benchmark/ingest.rs"]
mod ingest;
#[path = "benchmark/inputs.rs"]
mod inputs;
#[path = "benchmark/lists.rs"]
mod lists;
#[path = "benchmark/load.rs"]
mod load;
#[path = "benchmark/nginx.rs"]
mod nginx;
#[path = "benchmark/process.rs"]
mod process;
#[path = "benchmark/relay.rs"]
mod relay;
#[path = "benchmark/runs.rs"]
mod runs;
#[path = "benchmark/table.rs"]
mod table;
#[path = "benchmark/web.rs"]
mod web;

use std::path::Path;
use std::time::Duration;

/// How long a figure of a server is measured.
const SPAN: Duration = Duration::from_secs(15);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["bare-loop", address] => return relay::bare_loop(address.parse().unwrap()),
        ["bare-guide", path] => return bare::guide(Path::new(path)),
        ["web", folder] => return web::serve(Path::new(folder)),
        _ => {}
    }
    let wanted = |what: &str| words.is_empty() || words.contains(&what);
    let folder = tempfile::tempdir().unwrap();
    println!("{}\n", table::machine());
    println!("| work | Coax | reference | ratio |\n|---|---|---|---|");
    if wanted("relay") {
        relay::measure(folder.path());
    }
    if wanted("segments") {
        relay::segments(folder.path());
    }
    if wanted("lists") {
        ingest::lists(folder.path());
    }
    if wanted("ingest") {
        ingest::provider(folder.path());
    }
    if wanted("panel") {
        ingest::panel(folder.path());
    }
    if wanted("playlist") {
        ingest::playlist(folder.path());
    }
    if wanted("guide") {
        ingest::guide(folder.path());
    }
}
