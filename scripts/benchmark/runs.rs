//! Runs of `ingest`, and what they are configured with.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::process::{Process, Watched, program, watch};
use super::table::median;

/// The account that the station gives out.
pub(crate) const PROVIDER: [&str; 4] = ["--username", "provider-user", "--password", "provider-password"];
/// So that not waiting for a provider's patience is measured.
const IMPATIENT: &str = "requests = { parallel = 4, per_second = 1000, per_hour = 1000000 }\n";

/// The station as a source.
pub(crate) fn panel(station: &Process) -> String {
    format!(
        "[[source]]\nname = \"station\"\nurl = \"http://{}\"\nusername = \"provider-user\"\n\
         password = \"provider-password\"\nmax_connections = 1000\n{IMPATIENT}",
        station.address
    )
}

/// A document as a source, in a file or at an address.
pub(crate) fn document(name: &str, kind: &str, place: &str) -> String {
    let word = if place.starts_with("http") { "url" } else { "file" };
    format!("[[source]]\nname = \"{name}\"\nkind = \"{kind}\"\n{word} = \"{place}\"\n{IMPATIENT}")
}

/// Writes a configuration, with one user `bench`, and its data beside it.
pub(crate) fn configure(folder: &Path, name: &str, sources: &str) -> PathBuf {
    let config = folder.join(format!("{name}.toml"));
    let data = folder.join(name);
    let text = format!("data = {data:?}\n{sources}\n[ingest]\ndetails_per_run = 0\n");
    fs::write(&config, text).unwrap();
    let add = ["user", "--config", config.to_str().unwrap(), "add", "bench", "--password-stdin"];
    let mut command = program("coax");
    command.args(add).args(["--max-connections", "0"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"bench").unwrap();
    assert!(child.wait().unwrap().success());
    config
}

/// `ingest run`, watched from outside. What it says of itself is in the file `NAME.log`.
pub(crate) fn run(config: &Path) -> Watched {
    let mut command = program("ingest");
    let log = fs::File::create(config.with_extension("log")).unwrap();
    command.args(["--log-format", "json", "run", "--config"]).arg(config).env("RUST_LOG", "info");
    watch(command.stdout(Stdio::null()).stderr(log))
}

/// The ids of the channels of what was published.
pub(crate) fn channels(config: &Path) -> Vec<u32> {
    let bundle = fs::read_to_string(config.with_extension("").join("current/bundle.json")).unwrap();
    let ids = bundle.split("\"stream_id\":").skip(1);
    ids.map(|rest| rest.split_once(',').unwrap().0.parse().unwrap()).collect()
}

/// Where the user `bench` watches a channel.
pub(crate) fn path(channel: u32, extension: &str) -> String {
    format!("/live/bench/bench/{channel}.{extension}")
}

/// As it stands in the table: the medians of the times, and the most memory of all.
pub(crate) fn figures(runs: &[Watched]) -> String {
    let cpu = median(runs.iter().map(|run| run.cpu));
    let wall = median(runs.iter().map(|run| run.wall));
    let peak = runs.iter().map(|run| run.peak).max().unwrap();
    format!("{cpu:.1} s, {wall:.1} s, {} MB", peak / 1_000_000)
}
