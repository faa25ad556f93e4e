//! Downloads that are killed at a random moment.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use download::engine::http::OVERLAP;
use sha2::{Digest, Sha256};
use station::{Settings, Station};
use tokio::runtime::Runtime;

use super::fetching;
use super::table::row;

const KILLS: u32 = 200;
/// The size of the film.
const SIZE: u64 = 256 << 20;

pub(crate) fn measure(folder: &Path) {
    let runtime = Runtime::new().unwrap();
    let settings = Settings { film_bytes: SIZE, ..Settings::default() };
    let station = runtime.block_on(Station::start(settings)).unwrap();
    let url = station.stream_url("movie", station.catalogue().film_id(0), "mp4");
    let original = runtime.block_on(async { reqwest::get(&url).await.unwrap().bytes().await.unwrap() });
    let original = Sha256::digest(&original);
    let part = folder.join(".killed.part");
    let (mut kills, mut films, mut wrong, mut lost, mut total) = (0, 0, 0, 0, None);
    while kills < KILLS || part.exists() {
        let here = fs::metadata(&part).map_or(0, |it| it.len());
        let mut child = fetching::process(&url, &part, total).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        if let Some(Ok(line)) = lines.next() {
            let words: Vec<&str> = line.split(' ').collect();
            assert!(matches!(words[0], "began" | "done"), "{line}");
            if let ["began", have, size] = words[..] {
                // What was here and is fetched again beyond the proof.
                lost = lost.max(here - have.parse::<u64>().unwrap());
                total = size.parse().ok();
            }
        }
        if kills < KILLS {
            sleep(Duration::from_micros(rand::random_range(0..60_000)));
            kills += 1;
            let _ = child.kill();
        }
        if child.wait().unwrap().success() {
            wrong += u32::from(Sha256::digest(fs::read(&part).unwrap()) != original);
            films += 1;
            fs::remove_file(&part).unwrap();
            total = None;
        }
    }
    row(
        &format!(
            "{films} films of 256 MB, killed {kills} times: wrong ones; KiB fetched again for each kill"
        ),
        &format!("{wrong}; {}", (lost + OVERLAP) / 1024),
        "0; at most 64",
        "",
    );
    assert!(wrong == 0 && lost == 0);
}
