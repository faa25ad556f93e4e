//! The soak behind `scripts/soak`: everything that can go wrong at a provider, singly and in random pairs, while viewers
//! come, leave, zap and stop reading; and what is left of it in the end, which must be nothing.
//!
//! ```text
//! station ×2 (faults on demand) ──▶ coax up ──▶ guests: TS, HLS, films, on channels with faults; in turns
//!                                         └───▶ residents: two viewers of a channel without faults, from first to last
//! ```
//!
//! In the end, when everybody has left: no channel is received, no slot, seat or session is taken, no connection of a
//! provider is open, no file descriptor is left over, nobody panicked, and the residents missed nothing.
//!
//! Everything runs on loopback, in processes of its own, which end with the soak.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)] // a panic is how a soak fails

#[path = "soaking/guests.rs"]
mod guests;
#[path = "soaking/house.rs"]
mod house;
#[path = "benchmark/process.rs"]
#[allow(dead_code)] // it watches the benchmark's programs too
mod process;

use std::time::{Duration, Instant};

use rand::seq::IndexedRandom;

use crate::guests::Resident;
use crate::house::House;

/// What goes wrong. The addresses of the station tell what each means (`station --help`).
const FAULTS: [&str; 22] = [
    "status:401",
    "status:403",
    "status:404",
    "status:458",
    "status:503",
    "busy:2",
    "html",
    "empty",
    "half",
    "stall:0",
    "stall:700000",
    "cut:0",
    "cut:900000",
    "slow:2500",
    "clip:6",
    "redirect:3",
    "redirect:12",
    "dribble:1000/50",
    "garbage:1000",
    "garbage:200000",
    "slow:30000",
    "cut:100",
];
/// How long a fault lasts.
const ROUND: Duration = Duration::from_secs(8);
/// How long it takes until everything that lingers has gone: sessions of HLS players most of all.
const PARTING: Duration = Duration::from_secs(75);

#[tokio::main]
async fn main() {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let minutes: f64 = std::env::args().nth(1).map_or(30.0, |text| text.parse().unwrap());
    let until = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    let house = House::open();
    let before = house.descriptors();
    let residents: Vec<Resident> = (0..2).map(|_| Resident::settle(&house)).collect();

    let mut singly = FAULTS.iter();
    let (mut rounds, mut random) = (0, rand::rng());
    while Instant::now() < until {
        let faults: Vec<&str> = match singly.next() {
            Some(fault) => vec![*fault],
            None => FAULTS.sample(&mut random, 2).copied().collect(),
        };
        house.afflict(&faults).await;
        let seen = guests::visit(&house, ROUND).await;
        house.heal().await;
        rounds += 1;
        let missed = residents.iter().map(Resident::longest_gap).max().unwrap_or_default();
        println!("{rounds:4}  {:32}  {seen}  residents {:.1} s", faults.join(" + "), missed.as_secs_f64());
    }

    let missed: Vec<Duration> = residents.into_iter().map(Resident::leave).collect();
    let left = house.left_over(before, PARTING).await;
    println!(
        "\n{rounds} rounds; the longest that a resident waited: {:.2} s",
        longest(&missed).as_secs_f64()
    );
    println!("most memory of coax: {:.0} MB", house.peak_memory() as f64 / 1e6);
    left.iter().for_each(|what| println!("left over: {what}"));
    let undisturbed = longest(&missed) < Duration::from_secs(2);
    assert!(undisturbed, "faults of other channels disturbed a resident");
    assert!(left.is_empty(), "something is left over");
    println!("nothing is left over");
}

fn longest(gaps: &[Duration]) -> Duration {
    gaps.iter().copied().max().unwrap_or_default()
}
