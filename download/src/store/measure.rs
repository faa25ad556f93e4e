//! How many jobs are begun in a second, by hand: `TMPDIR=... cargo test -p download measure -- --ignored --nocapture`, where the
//! folder is on the disk in question.

use std::path::Path;
use std::time::Instant;

use contract::disk::Data;

use super::tests::{LIMITS, RULES, film, folder};
use super::{Arrived, By, Limits, Store};
use crate::job::Wish;

#[test]
#[ignore = "takes a minute; a measurement"]
fn a_hundred_thousand_jobs() {
    const JOBS: u32 = 100_000;
    const ROUNDS: u32 = 2000;
    // What counts is how long it takes until the disk has everything: where that is in memory, what is left is our own.
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(&Data::new(home.path())).unwrap();
    store.add_target(&folder("/mnt/nas"), &By::command(), 0).unwrap();
    let wishes: Vec<Wish> =
        (1..=JOBS).map(|id| Wish { account: format!("account-{}", id % 5), ..film(id) }).collect();
    let began = Instant::now();
    for some in wishes.chunks(10_000) {
        store.add(some, &By::command(), &RULES, 0).unwrap();
    }
    eprintln!("added in {:.1} s", began.elapsed().as_secs_f64());
    let limits = Limits { downloads: 9, ..LIMITS };
    let began = Instant::now();
    for _ in 0..ROUNDS {
        let job = store.begin_download(limits, Path::new("/tmp"), "boot", 1).unwrap().unwrap();
        let arrived = Arrived { total: 10, sha256: None, measured_h: None, ext: None };
        assert!(store.arrived(&job, &arrived, 1, 1).unwrap());
    }
    let seconds = began.elapsed().as_secs_f64();
    eprintln!(
        "{:.0} picks and {:.0} transitions a second",
        f64::from(ROUNDS) / seconds,
        f64::from(2 * ROUNDS) / seconds
    );
}
