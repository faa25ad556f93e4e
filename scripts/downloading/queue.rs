//! How many of a hundred thousand jobs are begun and ended in a second, each of them on the disk before the next. What a disk
//! takes for that is measured beside it; in memory, what is left is our own.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use contract::bundle::Kind;
use contract::disk::Data;
use download::job::{Cause, Wish};
use download::queue::Rules;
use download::store::{By, Limits, Store};
use download::target::{self, Record};

use super::table::row;

const JOBS: u32 = 100_000;
const ROUNDS: u32 = 1000;
/// Jobs that are begun and ended in a second: the bar.
const BAR: f64 = 1000.0;
const LIMITS: Limits = Limits { downloads: 9, per_account: 9, transfers: 3 };
const RULES: Rules = Rules { high_years: 2, low_years: 5, age_days: 7 };

pub(crate) fn measure(folder: &Path) {
    let memory = Path::new("/dev/shm");
    for (place, name) in [(Some(folder), "on this disk"), (memory.is_dir().then_some(memory), "in memory")] {
        let Some(place) = place else { continue };
        let place = tempfile::tempdir_in(place).unwrap();
        let (ours, bare) = (turns(place.path()), promises(place.path()) / 2.0);
        row(
            &format!("of {JOBS} jobs, begun and ended in a second, {name}"),
            &format!("{ours:.0}"),
            &format!("{bare:.0}, twice a page and fdatasync; {BAR:.0}"),
            &format!("{:.2}", ours / bare),
        );
    }
}

fn turns(place: &Path) -> f64 {
    let store = Store::open(&Data::new(place)).unwrap();
    let target = Record { name: "nas".into(), base: "/srv/films".into(), ..Record::new(target::Kind::Dir) };
    let target = store.add_target(&target, &By::command(), 0).unwrap();
    let wishes: Vec<Wish> = (1..=JOBS).map(|number| wish(number, target)).collect();
    for some in wishes.chunks(10_000) {
        store.add(some, &By::command(), &RULES, 0).unwrap();
    }
    let began = Instant::now();
    for _ in 0..ROUNDS {
        let job = store.begin_download(LIMITS, place, "boot", 1).unwrap().unwrap();
        assert!(store.fail(job.id, job.state, Cause::Gone, "it is a measurement", 1).unwrap());
    }
    f64::from(ROUNDS) / began.elapsed().as_secs_f64()
}

fn wish(number: u32, target: i64) -> Wish {
    Wish {
        identity: format!("movie|film {number}|-"),
        account: format!("account-{}", number % 5),
        stream_id: number,
        ext: "mp4".into(),
        user: "bench".into(),
        ..Wish::new(Kind::Movie, format!("Film {number}"), target)
    }
}

/// How often in a second a page is on the disk.
fn promises(place: &Path) -> f64 {
    let path = place.join("promises");
    let mut file = File::create(&path).unwrap();
    let began = Instant::now();
    for number in 0..2 * ROUNDS {
        file.seek(SeekFrom::Start(u64::from(number) * 4096)).unwrap();
        file.write_all(&[number.to_le_bytes()[0]; 4096]).unwrap();
        file.sync_data().unwrap();
    }
    let rate = f64::from(2 * ROUNDS) / began.elapsed().as_secs_f64();
    fs::remove_file(&path).unwrap();
    rate
}
