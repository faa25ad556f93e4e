//! The seeds of the fuzz targets, so that what fuzzing found stays found without the compiler that it needs.
//!
//! A part of the tests of every crate that has targets (`tests/seeds.rs`), and of no target.

use std::fs;
use std::path::{Path, PathBuf};

/// A target by its name, and what it calls.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// Gives each target its seeds.
///
/// # Panics
/// A target panics, or has no seeds.
pub(crate) fn every_seed_of(targets: &[Target]) {
    for (name, target) in targets {
        let folder = folder("seeds").join(name);
        let seeds = names(&folder);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in seeds {
            println!("{name}/{seed}"); // shown when it is the one that fails
            target(&fs::read(folder.join(seed)).expect("it is there"));
        }
    }
}

/// # Panics
/// `targets` are not those that call `krate`; or there is a target, of whomever, that nobody builds or that has no seeds.
pub(crate) fn every_target_is_tried(krate: &str, targets: &[Target]) {
    let all = names(&folder("seeds"));
    let files: Vec<String> = all.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names(&folder("targets")), files);
    let manifest = fs::read_to_string(folder("Cargo.toml")).expect("it is there");
    assert!(all.iter().all(|name| manifest.contains(&format!("name = \"{name}\""))));
    let text =
        |name: &str| fs::read_to_string(folder("targets").join(format!("{name}.rs"))).expect("it is there");
    let ours = all.iter().filter(|name| text(name).contains(&format!("{krate}::foreign::")));
    let tried: Vec<&str> = targets.iter().map(|(name, _)| *name).collect();
    assert_eq!(ours.collect::<Vec<_>>(), tried, "in their order");
    for name in tried {
        assert!(text(name).contains(&format!("{krate}::foreign::{name}(bytes)")), "{name} calls another");
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(name)
}

/// What is in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    let names =
        entries.map(|entry| entry.expect("it can be read").file_name().into_string().expect("plain names"));
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}
