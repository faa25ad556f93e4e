//! What a stranger learns from the time that logins take, and what it costs when he tries many: the program behind
//! `scripts/logins`.
//!
//! ```text
//! names and passwords, in random order ──one connection──▶ serve ──▶ how long each answer took ──▶ medians, U
//! 10 000 wrong ones from one address ──▶ serve ◀── right ones from another: how long do they wait?
//! ```
//!
//! A pair is *cold* when it comes for the first time: a password is hashed. It is *warm* when it comes again, and what it
//! turned out to be is remembered. Everything runs on loopback, in processes of its own, which end with this one.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)] // a panic is how it fails

#[path = "guessing/asker.rs"]
mod asker;
#[path = "guessing/house.rs"]
mod house;
#[path = "benchmark/process.rs"]
#[allow(dead_code)] // it watches the benchmark's programs too
mod process;
#[path = "guessing/sample.rs"]
mod sample;

use std::time::{Duration, Instant};

use rand::seq::SliceRandom;

use crate::asker::Asker;
use crate::house::{House, Kind};
use crate::sample::{Sample, compare};

/// Wrong passwords of the flood, and what they may take of the processor, in seconds.
const FLOOD: usize = 10_000;
const ALLOWED: f64 = 2.0;
/// Where the flood comes from, and where somebody else does.
const GUESSER: &str = "127.0.0.1";
const NEIGHBOUR: &str = "127.0.0.2";

fn main() {
    let rounds = std::env::args().nth(1).map_or(400, |text| text.parse().unwrap());
    println!("| who | median | mean | of how many |\n|---|---|---|---|");
    let ours = House::with(&[Kind::Ours], rounds, Some(0));
    cold(&ours, &[Kind::Ours], rounds);
    warm(&ours, 50 * rounds);
    // Each of these takes long: a wrong password costs what all kinds cost together.
    let (kinds, rounds) = ([Kind::Ours, Kind::Older, Kind::Bcrypt], rounds / 4);
    cold(&House::with(&kinds, rounds, Some(0)), &kinds, rounds);
    flood(&House::with(&[Kind::Ours], 100, None));
}

/// First questions: every pair is hashed.
fn cold(house: &House, kinds: &[Kind], rounds: usize) {
    let mut asker = Asker::new(house.address(), GUESSER);
    let (mut unknown, mut right) = (Sample::new("unknown name, cold"), Sample::new("right password, cold"));
    let mut wrong: Vec<_> =
        kinds.iter().map(|kind| Sample::new(&format!("wrong password, {}", kind.word()))).collect();
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..kinds.len() + 2).collect();
        order.shuffle(&mut rand::rng());
        for which in order {
            match which {
                0 => unknown.push(asker.login(&format!("nobody-{round:04}"), "password")),
                // Of one whose hash need not be made anew.
                1 => right.push(asker.login(&Kind::Ours.name(1 + round), "password")),
                which => {
                    // Always the same name: who logs in once is known, and has a hash of ours then.
                    let name = kinds[which - 2].name(0);
                    wrong[which - 2].push(asker.login(&name, &format!("guess-{round:04}")));
                }
            }
        }
    }
    unknown.print();
    wrong.iter().chain([&right]).for_each(Sample::print);
    for wrong in &wrong {
        assert!(!compare(&unknown, wrong), "time tells who exists");
    }
    compare(&unknown, &right); // who was right knows it anyway
}

/// The same questions again: what is remembered answers.
fn warm(house: &House, rounds: usize) {
    let mut asker = Asker::new(house.address(), GUESSER);
    let pairs = [("nobody-0000", "password"), ("ours-0000", "guess-0000"), ("ours-0001", "password")];
    let mut samples = ["unknown name, warm", "wrong password, warm", "right password, warm"].map(Sample::new);
    let mut order = [0, 1, 2];
    for _ in 0..rounds {
        order.shuffle(&mut rand::rng());
        for which in order {
            let (name, password) = pairs[which];
            samples[which].push(asker.login(name, password));
        }
    }
    samples.iter().for_each(Sample::print);
    let [unknown, wrong, right] = &samples;
    assert!(!compare(unknown, wrong), "time tells who exists");
    compare(unknown, right);
}

/// Ten thousand wrong passwords from one address, while others log in.
fn flood(house: &House) {
    let mut known = Asker::new(house.address(), GUESSER);
    known.login(&Kind::Ours.name(0), "password");
    let (address, begin, cpu) = (house.address(), Instant::now(), house.cpu());
    let guessing = std::thread::spawn(move || {
        let mut asker = Asker::new(address, GUESSER);
        let names = [Kind::Ours.name(0), "nobody".to_owned()];
        (0..FLOOD).for_each(|guess| {
            asker.login(&names[guess % 2], &format!("guess-{guess}"));
        });
        asker.refused
    });
    let (mut neighbour, mut waits, mut name) = (Asker::new(address, NEIGHBOUR), Vec::new(), 1);
    while !guessing.is_finished() && name < 100 {
        waits.push(neighbour.login(&Kind::Ours.name(name), "password"));
        name += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    let refused = guessing.join().unwrap();
    let (seconds, cpu) = (begin.elapsed().as_secs_f64(), house.cpu() - cpu);
    let slowest = waits.iter().copied().fold(0.0, f64::max);
    known.login(&Kind::Ours.name(0), "password");
    println!(
        "\n{FLOOD} wrong passwords from one address in {seconds:.1} s: {refused} were told to wait; {cpu:.2} s of the \
         processor, of which {} logins of others take {:.2} s; the slowest of those took {:.0} ms",
        waits.len(),
        waits.iter().sum::<f64>() / 1e3,
        slowest
    );
    assert!(refused >= FLOOD - 20, "the address is not held back");
    assert!(neighbour.refused == 0 && neighbour.right == waits.len(), "somebody else was kept out");
    assert!(known.right == 2, "who was right before goes on");
    assert!(cpu < ALLOWED, "it takes too much of the processor");
}
