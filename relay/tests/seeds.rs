//! The seeds of the relay's fuzz targets, so that what fuzzing found stays found without the compiler that it needs.
#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::fs;
use std::path::Path;

use relay::foreign;

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 2] = [("hls", foreign::hls), ("rewrite", foreign::rewrite)];

#[test]
fn what_is_parsed_of_every_seed_may_be_used() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    for (name, target) in TARGETS {
        let mut seeds = 0;
        for seed in fs::read_dir(fuzz.join("seeds").join(name)).unwrap() {
            let seed = seed.unwrap().path();
            println!("{}", seed.display()); // shown when it is the one that fails
            target(&fs::read(seed).unwrap());
            seeds += 1;
        }
        assert!(seeds > 0, "{name} has no seeds");
    }
}

#[test]
fn every_target_that_calls_the_relay_is_tried_here() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/targets");
    let texts = fs::read_dir(targets).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let ours: Vec<String> = texts.filter(|text| text.contains("relay::foreign::")).collect();
    assert_eq!(ours.len(), TARGETS.len());
    for (name, _) in TARGETS {
        assert!(ours.iter().any(|text| text.contains(&format!("relay::foreign::{name}(bytes)"))), "{name}");
    }
}
