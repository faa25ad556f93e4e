//! The seeds of the fuzz targets, so that what fuzzing found stays found without the compiler that it needs.
#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::fs;
use std::path::{Path, PathBuf};

use ingest::foreign;

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 7] = [
    ("address", foreign::address),
    ("date", foreign::date),
    ("guide", foreign::guide),
    ("name", foreign::name),
    ("page", foreign::page),
    ("panel", foreign::panel),
    ("playlist", foreign::playlist),
];

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn names(folder: PathBuf) -> Vec<String> {
    let entries =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

#[test]
fn what_is_parsed_of_every_seed_may_be_published() {
    for (name, target) in TARGETS {
        let folder = fuzz().join("seeds").join(name);
        let seeds = names(folder.clone());
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in seeds {
            println!("{name}/{seed}"); // shown when it is the one that fails
            target(&fs::read(folder.join(seed)).unwrap());
        }
    }
}

#[test]
fn every_target_has_its_file_and_its_seeds() {
    let seeds = names(fuzz().join("seeds"));
    let files: Vec<String> = seeds.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names(fuzz().join("targets")), files);
    let text = |name: &String| fs::read_to_string(fuzz().join("targets").join(format!("{name}.rs"))).unwrap();
    let ours: Vec<&String> = seeds.iter().filter(|name| text(name).contains("ingest::")).collect();
    assert_eq!(ours, TARGETS.map(|(name, _)| name), "others are another crate's");
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    assert!(seeds.iter().all(|name| manifest.contains(&format!("name = \"{name}\""))));
}
